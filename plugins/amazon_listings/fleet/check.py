"""Check connectors against every document at hand, and say what could not be checked."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TYPE_CHECKING, TypeAlias

from amazon_listings.connectors.mapping_syntax import mapping_syntax
from amazon_listings.connectors.problems import MOST_PROBLEMS, LocatedProblem, Problem
from amazon_listings.definitions.refresh import LocaleNotThere, NotAProductType, UnknownVersion
from amazon_listings.errors import AmazonListingsError
from amazon_listings.fleet.accounts import collisions, of_unknown_size, schedule_findings, secret_findings
from amazon_listings.fleet.field_types import misfits
from amazon_listings.fleet.findings import Checked, Finding, NotChecked, finding_of, warning_of
from amazon_listings.fleet.gone import gone_findings
from amazon_listings.fleet.mapping_tests import run_tests
from amazon_listings.fleet.overlaps import overlap_findings
from amazon_listings.ledger.connectors.keys import find_key
from amazon_listings.ledger.items.states import count_states, find_states
from amazon_listings.mapping.faults import Line, MappingErrors
from amazon_listings.messages import Message
from amazon_listings.runs.extract.field_names import FieldNames
from amazon_listings.runs.extract.needed_fields import needed_fields
from amazon_listings.runs.map_fields import compiled, merged_lines
from amazon_product_types import json_pointer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping, Sequence

    from sqlalchemy import Engine

    from amazon_listings.connectors.declaration import Declaration
    from amazon_listings.connectors.model import BrokenConnector, Connector
    from amazon_listings.item import Item
    from amazon_listings.mapping.faults import MappingFault
    from amazon_listings.mapping.mapping import FieldMapping
    from amazon_listings.messages import Catalogue
    from amazon_listings.runs.map_fields import Described
    from amazon_listings.selling_partner.account import Account
    from amazon_listings.sources.port import FieldDescription

#: What a connector asks of Amazon that Amazon does not have: rule of the finding, and place in the document.
_NOT_AT_AMAZON: Mapping[type[AmazonListingsError], tuple[str, str]] = {
    NotAProductType: ("product_type", "/amazon/product_type"),
    UnknownVersion: ("version", "/amazon/product_type_version"),
    LocaleNotThere: ("language", "/amazon/locale"),
}
#: A mapping line: its file, number and key.
_LineKey: TypeAlias = tuple[str, int | None, str]
#: Items whose fields stand for those of the PIM; further ones seldom have others.
_ITEMS_READ = 2_000


def document_findings(broken: BrokenConnector) -> Iterator[Finding]:
    """Yield what is wrong with a connector that cannot be loaded."""
    document = str(broken.where.path) if broken.where.path else None
    for found in broken.problems:
        # What a Variable has wrong is shown at the document that it is laid over.
        yield finding_of("document", broken.id, replace(found, file=found.file or document))


def mapping_findings(
    connector: Connector, declaration: Declaration, definition: Described | None, messages: Catalogue
) -> tuple[list[Finding], FieldMapping | None]:
    """Return what is wrong with a connector's mapping, and the mapping as compiled if nothing is.

    Args:
        connector: The connector.
        declaration: What it was loaded from, to show the lines.
        definition: Its definition; None checks the syntax of its expressions alone.
        messages: In whose language it is said.
    """
    if definition is None:
        wrong = mapping_syntax(connector, declaration)
        return (list(document_findings(wrong)) if wrong else []), None
    try:
        return [], compiled(connector, definition)
    except MappingErrors as errors:
        return [_of_fault("mapping", declaration, fault, messages) for fault in errors.faults], None


def language_findings(connector: Connector, messages: Catalogue) -> Iterator[Finding]:
    """Yield the languages, of values and of labels, that are not those of the connector's marketplace."""
    place = connector.marketplace
    facts = {"marketplace": place.shop, "suggested": list(place.languages)}
    source = connector.source.source
    for language, tag in connector.language_tags:
        if tag not in place.languages:
            sentence = messages.phrase("check.language_elsewhere", language=language, tag=tag, **facts)
            yield warning_of("language", connector, sentence, pointer=f"/{source}/languages")
    locale = connector.amazon.locale
    if locale != "DEFAULT" and locale[:2] not in {tag[:2] for tag in place.languages}:
        sentence = messages.phrase("check.locale_elsewhere", locale=locale, **facts)
        yield warning_of("language", connector, sentence, pointer="/amazon/locale")


def test_findings(
    connector: Connector,
    declaration: Declaration,
    mapping: FieldMapping,
    definition: Described,
    messages: Catalogue,
) -> Iterator[Finding]:
    """Yield the tests of a connector that cannot be run, because of how they are written."""
    if not declaration.tests:
        return
    indexes = [definition.index, *map(definition.index_in, connector.mapping_locales)]
    for one in run_tests(declaration, connector, mapping, indexes, messages):
        if one.problem:
            problem = Problem("", f"{one.name}: {one.problem}")
            found = LocatedProblem(problem, one.file, one.file, one.line)
            yield finding_of("test", connector.id, found, "warning")


def field_findings(
    connector: Connector, declaration: Declaration, names: FieldNames, messages: Catalogue
) -> Iterator[Finding]:
    """Yield the PIM fields that a connector reads and the PIM does not have."""
    for one in names.unknown(connector, everything=True):
        line = connector.where.lines.get(one.pointer)
        file = connector.where.files.get(one.pointer, str(connector.where.path or ""))
        problem = Problem("", messages.word(one.problem))
        found = _located_at(declaration, one.pointer, Line(line, "", file), problem)
        found = found or LocatedProblem(problem, str(connector.where), file or None)
        yield finding_of("field", connector.id, found, meant=one.near[0] if one.near else "")


def type_findings(
    connector: Connector,
    declaration: Declaration,
    mapping: FieldMapping,
    *,
    told: Sequence[FieldDescription],
    ledger: Engine | None,
    messages: Catalogue,
    most_items: int = _ITEMS_READ,
) -> Iterator[Finding]:
    """Yield the PIM fields that are sent as they are, and cannot be what their attribute takes."""
    items = known_items(ledger, connector, most_items) if ledger is not None and most_items else None
    for fault, never in misfits(mapping, told, items or ()):
        yield _of_fault("type", declaration, fault, messages, "error" if never else "warning")


def known_items(ledger: Engine, connector: Connector, most: int = _ITEMS_READ) -> Iterator[Item] | None:
    """Return some of the connector's items as they were read last; None if no run of it is known."""
    key = find_key(ledger, connector.id, connector.was)
    if key is None or not count_states(ledger, key):
        return None
    return (
        state.row  # type: ignore[misc]  # an item as it was read
        for state in islice(find_states(ledger, key), most)
        if state.row is not None
    )


def known_names(
    ledger: Engine | None, connector: Connector, told: Sequence[str], most_items: int = _ITEMS_READ
) -> FieldNames | None:
    """Return the names of the PIM's fields, as it tells them or items have them; None if neither is known.

    Args:
        ledger: The ledger; None if there is none.
        connector: The connector.
        told: The names that the PIM tells; empty if it does not.
        most_items: How many items may be read.
    """
    names = FieldNames()
    names.seen.update(told)
    key = find_key(ledger, connector.id, connector.was) if ledger is not None and most_items else None
    if ledger is None or key is None:
        return names if told else None
    known = False
    for state in islice(find_states(ledger, key), most_items):
        if state.row is None:
            continue
        known = True
        names.see(state.row)  # type: ignore[arg-type]  # an item as it was read
        if state.selected and not told:
            # What was not read may be there.
            names.seen |= set(needed_fields(connector)) - set(state.selected)
    return names if known or told else None


@dataclass(frozen=True)
class Compared:
    """What a comparison of a connector with its definition found; it keeps hold of neither.

    Attributes:
        findings: What is wrong with the connector, or worth a warning.
        attributes: The attributes that it writes.
        skipped: Its optional lines whose field the definition lacks.
        used: Its other lines; without a definition it may use any.
    """

    findings: tuple[Finding, ...]
    attributes: frozenset[str]
    skipped: Mapping[_LineKey, MappingFault]
    used: frozenset[_LineKey]


def _compare(
    connector: Connector,
    declaration: Declaration,
    definition: Described | None,
    *,
    told: Sequence[FieldDescription],
    ledger: Engine | None,
    messages: Catalogue,
    most_items: int,
) -> Compared:
    """Compare a connector with its definition; without one, check the syntax of its expressions alone."""
    skipped = {}
    if definition is not None and connector.is_merged:
        faults = merged_lines(connector, definition).skipped
        skipped = {_line_key(connector, fault): fault for fault in faults}
    wrong, mapping = mapping_findings(connector, declaration, definition, messages)
    found = [*_listed(wrong, connector.id, messages), *language_findings(connector, messages)]
    if mapping is not None and definition is not None:
        found += test_findings(connector, declaration, mapping, definition, messages)
        unfit = type_findings(
            connector,
            declaration,
            mapping,
            told=told,
            ledger=ledger,
            messages=messages,
            most_items=most_items,
        )
        found += _listed(unfit, connector.id, messages)
    return Compared(
        tuple(found),
        frozenset(mapping.attributes if mapping else connector.mapping),
        skipped,
        _lines_of(connector) - skipped.keys(),
    )


@dataclass
class _OptionalLines:
    """Finds the optional lines whose field no connector has: a slip that hides itself."""

    skipped: dict[_LineKey, tuple[Declaration, MappingFault]] = field(default_factory=dict)
    used: set[_LineKey] = field(default_factory=set)

    def see(self, declaration: Declaration, compared: Compared) -> None:
        """Note which optional lines a connector uses, and which it skips."""
        for key, fault in compared.skipped.items():
            self.skipped.setdefault(key, (declaration, fault))
        self.used |= compared.used

    def findings(self, messages: Catalogue) -> Iterator[Finding]:
        """Yield the lines that no connector uses."""
        for key, (declaration, fault) in self.skipped.items():
            if key not in self.used:
                yield _of_fault("mapping", declaration, fault, messages)


def _lines_of(connector: Connector) -> frozenset[_LineKey]:
    return frozenset(
        (part.file or str(connector.where.path or ""), number, key)
        for part in connector.parts
        for key, number in part.numbers.items()
    )


def _line_key(connector: Connector, fault: MappingFault) -> _LineKey:
    return (fault.line.file or str(connector.where.path or ""), fault.line.number, fault.line.key)


def check_fleet(
    connectors: Sequence[Connector],
    broken: Iterable[BrokenConnector],
    declared: Mapping[str, Declaration],
    *,
    definition_of: Callable[[Connector], Described | None],
    ledger: Engine | None,
    messages: Catalogue,
    others: Sequence[Connector] = (),
    all_loaded: bool = False,
    variables_read: bool = False,
    account_of: Callable[[Connector], Account | None] = lambda _: None,
    fields_of: Callable[[Connector], Sequence[FieldDescription]] = lambda _: (),
    most_items: int = _ITEMS_READ,
    known: MutableMapping[str, Compared] | None = None,
) -> Checked:
    """Check connectors against all that is at hand.

    Args:
        connectors: Those to check.
        broken: Those of them that cannot be loaded.
        declared: What all were loaded from, by id.
        definition_of: Gives a connector's definition, as stored or as Amazon tells it; None without both. An
            error of this project, if Amazon was asked and gave none.
        ledger: The ledger; None if there is none.
        messages: The language of sentences about fields.
        others: Further connectors, for overlaps.
        all_loaded: Whether these are all that there are, and none is broken: only then is it known which
            connectors are gone.
        variables_read: Whether Airflow's Variables were laid over the files.
        account_of: Gives a connector's Amazon account, where its connection is at hand.
        fields_of: Gives all fields of the PIM, as it tells them; nothing if it does not. An error of this
            project, if the PIM cannot be read.
        most_items: How many items of each the ledger is read for, to know the fields of the PIM.
        known: Comparisons that need not be made again, by connector id; those that are made are added.
    """
    found = [
        one
        for one_broken in broken
        for one in _listed(document_findings(one_broken), one_broken.id, messages)
    ]
    known = {} if known is None else known
    each = _ConnectorChecks(declared, definition_of, fields_of, ledger, messages, most_items, known)
    for connector in connectors:
        each.check(connector)
    found += each.findings
    found += each.optional.findings(messages)
    chosen = {one.id for one in connectors}
    everyone = each.attributes + [(one, frozenset(one.mapping)) for one in others if one.id not in chosen]
    found += [one for one in overlap_findings(everyone, ledger, messages) if one.connector in chosen]
    if all_loaded:
        ids = {old for one, _ in everyone for old in (one.id, *one.was)}
        found += gone_findings(connectors, ids, ledger, messages)
    together = collisions(connectors, ledger)
    found += schedule_findings(together, messages)
    accounts = {one.amazon.connection: (one, account_of(one)) for one in connectors}
    found += secret_findings(accounts.values(), messages)
    wrong_ids = {one.connector for one in found if one.severity == "error"}
    return Checked(
        right=tuple(one.id for one in connectors if one.id not in wrong_ids),
        findings=tuple(found),
        not_checked=tuple(
            _not_checked(
                each,
                accounts=[name for name, (_, account) in accounts.items() if account is None],
                unsized=of_unknown_size(together) if ledger is not None else [],
                variables=variables_read,
            )
        ),
    )


@dataclass
class _ConnectorChecks:
    """Checks connectors each by itself, and keeps what could not be checked of them."""

    declared: Mapping[str, Declaration]
    definition_of: Callable[[Connector], Described | None]
    fields_of: Callable[[Connector], Sequence[FieldDescription]]
    ledger: Engine | None
    messages: Catalogue
    most_items: int
    known: MutableMapping[str, Compared]
    findings: list[Finding] = field(default_factory=list)
    attributes: list[tuple[Connector, frozenset[str]]] = field(default_factory=list)
    optional: _OptionalLines = field(default_factory=_OptionalLines)
    no_definition: list[str] = field(default_factory=list)
    no_items: list[str] = field(default_factory=list)
    #: Ids of connectors, by the sentence that says why.
    unread: dict[str, list[str]] = field(default_factory=dict)
    refused: dict[str, list[str]] = field(default_factory=dict)

    def check(self, connector: Connector) -> None:
        """Compare a connector with its definition and its PIM."""
        told, unreadable = _told(connector, self.fields_of, self.messages)
        compared = self._compared(connector, told)
        self.optional.see(self.declared[connector.id], compared)
        self.findings += compared.findings
        self.attributes.append((connector, compared.attributes))
        names = known_names(self.ledger, connector, [one.name for one in told], self.most_items)
        if unreadable:
            self.unread.setdefault(unreadable, []).append(connector.id)
        elif names is None:
            self.no_items.append(connector.id)
        if names is not None:
            wrong_fields = field_findings(connector, self.declared[connector.id], names, self.messages)
            self.findings += _listed(wrong_fields, connector.id, self.messages)

    def _compared(self, connector: Connector, told: Sequence[FieldDescription]) -> Compared:
        """Return the comparison with the definition; a known one is not made again."""
        if (compared := self.known.get(connector.id)) is not None:
            return compared
        definition, refusal = _definition(connector, self.definition_of)
        compared = _compare(
            connector,
            self.declared[connector.id],
            definition,
            told=told,
            ledger=self.ledger,
            messages=self.messages,
            most_items=self.most_items,
        )
        if refusal is not None and type(refusal) in _NOT_AT_AMAZON:
            declaration = self.declared[connector.id]
            self.findings.append(_not_at_amazon(declaration, refusal, self.messages))
        elif refusal is not None:
            self.refused.setdefault(refusal.worded(self.messages), []).append(connector.id)
        elif definition is None:
            self.no_definition.append(connector.id)
        else:
            self.known[connector.id] = compared
        return compared


def _definition(
    connector: Connector, definition_of: Callable[[Connector], Described | None]
) -> tuple[Described | None, AmazonListingsError | None]:
    """Return the definition, and why Amazon did not give it; neither where Amazon was not asked."""
    try:
        return definition_of(connector), None
    except AmazonListingsError as error:
        return None, error


def _not_at_amazon(declaration: Declaration, error: AmazonListingsError, messages: Catalogue) -> Finding:
    """Return the finding of something that Amazon does not have, at the line that asks for it."""
    rule, pointer = _NOT_AT_AMAZON[type(error)]
    problem = Problem(pointer, error.message_in(messages), hint=error.action_in(messages))
    near = error.near if isinstance(error, NotAProductType) else ()
    return finding_of(rule, declaration.id, declaration.located(problem), meant=(*near, "")[0])


def _told(
    connector: Connector, fields_of: Callable[[Connector], Sequence[FieldDescription]], messages: Catalogue
) -> tuple[Sequence[FieldDescription], str]:
    """Return the PIM's fields, and why it cannot be read; each is empty where the other is not."""
    try:
        return fields_of(connector), ""
    except AmazonListingsError as error:
        return (), error.worded(messages)


def _listed(found: Iterable[Finding], connector: str, messages: Catalogue) -> Iterator[Finding]:
    """Yield the findings of one kind and connector that are listed, and say where there are more."""
    every = iter(found)
    last = None
    for last in islice(every, MOST_PROBLEMS):
        yield last
    if last is not None and next(every, None) is not None:
        problem = Problem("", messages.phrase("check.cut", most=MOST_PROBLEMS))
        cut = LocatedProblem(problem, last.file or connector, last.file)
        yield finding_of(last.rule, connector, cut, last.severity)


def _not_checked(
    each: _ConnectorChecks, *, accounts: list[str], unsized: list[str], variables: bool
) -> Iterator[NotChecked]:
    messages = each.messages
    if each.no_definition:
        yield NotChecked("definition", tuple(each.no_definition), messages.phrase("check.no_definition"))
    for why, ids in each.refused.items():
        yield NotChecked("definition", tuple(ids), messages.phrase("check.unfetched_definition", why=why))
    if each.no_items:
        yield NotChecked("fields", tuple(each.no_items), messages.phrase("check.no_items"))
    for why, ids in each.unread.items():
        yield NotChecked("fields", tuple(ids), messages.phrase("check.unread_fields", why=why))
    if each.ledger is None:
        yield NotChecked("overlaps", (), messages.phrase("check.no_ledger"))
    if unsized:
        yield NotChecked("schedules", tuple(unsized), messages.phrase("check.no_sizes"))
    if not variables:
        yield NotChecked("variables", (), messages.phrase("check.no_variables"))
    if accounts:
        yield NotChecked("secrets", (), messages.phrase("check.no_accounts", connections=", ".join(accounts)))


def _of_fault(
    rule: str, declaration: Declaration, fault: MappingFault, messages: Catalogue, severity: str = "error"
) -> Finding:
    """Return the finding of a wrong mapping line, with its place and what may have been meant."""
    near = fault.candidates[0] if fault.candidates else ""
    pointer = json_pointer.below("/mapping", fault.line.key)
    problem = Problem(
        pointer,
        messages.value(fault.problem),
        key=True,
        suggestion=near.partition(": ")[0],
        hint="".join(f"\n      - {text}" for text in fault.candidates[1:5]),
    )
    found = _located_at(declaration, pointer, fault.line, problem) or declaration.located(problem)
    meant = fault.problem.facts.get("meant") if isinstance(fault.problem, Message) else None
    return finding_of(rule, declaration.id, found, severity, meant=str(meant[0]) if meant else "")


def _located_at(
    declaration: Declaration, pointer: str, line: Line, problem: Problem
) -> LocatedProblem | None:
    """Return a problem at a line of a layer or document; None if that is not there."""
    for part in declaration.parts:
        if part.file is None or part.line(pointer) != line.number or line.number is None:
            continue
        if line.file in {"", str(part.file.path)}:
            return part.file.located(part.spot(pointer, key=True), problem)
    return None

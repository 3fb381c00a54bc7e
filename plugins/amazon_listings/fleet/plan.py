"""Plan: what a change of the configuration changes, item by item, before anything is sent.

Both states of a connector are compiled, and the attributes whose lines differ are made again from what the
ledger keeps of every item. Where they come out the same, nothing else of the item can differ; only the others
are put together whole, and judged by Amazon's definition, in both states. `evaluate_all` does that for every
item: it gives the same, and is what the tests compare with.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from itertools import groupby
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, cast

import msgspec

from amazon_listings.fleet.plan_records import ConnectorPlan, Cost, Example, FieldChange, ItemChange
from amazon_listings.ledger.connectors import find_key
from amazon_listings.ledger.item_states import find_states
from amazon_listings.mapping.expressions.compiled import ExpressionError, compile_expression
from amazon_listings.mapping.expressions.rows import ItemRow
from amazon_listings.mapping.faults import Line
from amazon_listings.mapping.mapping import FieldMapping
from amazon_listings.messages import catalogue
from amazon_listings.runs.map_fields import compiled, merged_lines
from amazon_listings.runs.notations import source_notation
from amazon_listings.runs.skus import sku_issues
from amazon_listings.selling_partner.forecast import duration, forecast

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from sqlalchemy import Engine

    from amazon_listings.connectors.model import Connector
    from amazon_listings.item import Item
    from amazon_listings.mapping.families.members import FamilyMember
    from amazon_listings.mapping.values.notation import ColumnEvidence
    from amazon_listings.messages import Catalogue
    from amazon_listings.runs.definitions import Definitions
    from amazon_listings.selling_partner.operations import Kind
    from amazon_product_types.rules import RuleCheck

#: Examples that are shown of each attribute.
_EXAMPLES = 3
#: The longest value that is shown of an example.
_SHOWN = 200


@dataclass(frozen=True)
class State:
    """A connector in one state of the configuration, with what its items are judged by.

    `lines` has what each line of the mapping writes, `rules` the rules beyond the definitions.
    """

    connector: Connector
    definitions: Definitions
    mapping: FieldMapping
    lines: Mapping[Line, Any]
    rules: RuleCheck


@dataclass
class _Tally:
    """Collects what becomes of a connector's items."""

    items: int = 0
    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    blocked: list[str] = field(default_factory=list)
    right: list[str] = field(default_factory=list)
    still_blocked: int = 0
    counts: dict[str, Counter[str]] = field(default_factory=dict)
    examples: dict[str, list[Example]] = field(default_factory=dict)
    digest: Any = None
    changes: list[ItemChange] | None = None

    def note(self, pim_id: str, sku: str, before: _Verdict | None, after: _Verdict | None) -> None:
        """Note what becomes of one item; None for an item that is not in the connector's choice."""
        if after is None:
            if before is not None:
                self.removed.append(sku)
                self._sum(sku, "removed")
                self._keep(ItemChange(pim_id, sku, before.attributes, None))
            return
        old = before.attributes if before is not None and before.right else None
        new = after.attributes if after.right else None
        if before is not None and before.right and not after.right:
            self.blocked.append(sku)
        elif before is not None and not before.right and after.right:
            self.right.append(sku)
        if new is not None and old != new:
            (self.added if old is None else self.changed).append(sku)
            self._keep(ItemChange(pim_id, sku, old, new))
        made_before = before.attributes if before is not None else {}
        if old is None and new is None and before is not None:
            self.still_blocked += made_before != after.attributes
            return
        for name in {**made_before, **after.attributes}:
            self._field(sku, name, made_before.get(name), after.attributes.get(name))
        if made_before != after.attributes or (before is None or before.right != after.right):
            self._sum(sku, [after.right, after.attributes])

    def _keep(self, change: ItemChange) -> None:
        if self.changes is not None:
            self.changes.append(change)

    def _field(self, sku: str, name: str, before: Any, after: Any) -> None:
        if before == after:
            return
        kind = "added" if before is None else "removed" if after is None else "changed"
        self.counts.setdefault(name, Counter())[kind] += 1
        examples = self.examples.setdefault(name, [])
        if len(examples) < _EXAMPLES:
            examples.append(Example(sku, _shown(before), _shown(after)))

    def _sum(self, sku: str, what: Any) -> None:
        import hashlib  # noqa: PLC0415 - most items change nothing

        if self.digest is None:
            self.digest = hashlib.sha256()
        self.digest.update(msgspec.json.encode([sku, what], order="deterministic"))


@dataclass(frozen=True)
class _Verdict:
    """An item's payload in one state, and whether it is right by all that can be said here."""

    attributes: dict[str, Any]
    right: bool


def plan_connector(
    base: State | None,
    head: State | None,
    ledger: Engine | None,
    *,
    evaluate_all: bool = False,
    changes: list[ItemChange] | None = None,
    messages: Catalogue | None = None,
) -> ConnectorPlan:
    """Return what a change of the configuration changes of one connector's items.

    Args:
        base: The connector as it was; None if there was none.
        head: The connector as it will be; None if there will be none.
        ledger: The ledger, with the items as they were read last; None if there is none.
        evaluate_all: Judge every item whole, whether anything of it changed or not.
        changes: Gets what becomes of each payload, if it is wanted.
        messages: The language of notes and costs; English if None.
    """
    known = base or head
    if known is None:
        raise ValueError("a connector of neither state")
    connector = (head or known).connector
    messages = messages or catalogue("en")
    tally = _Tally(changes=changes)
    key = find_key(ledger, connector.id, connector.was) if ledger is not None else None
    if key is None and ledger is not None and base is not None:
        key = find_key(ledger, base.connector.id, base.connector.was)
    if ledger is not None and key is not None:
        judge = _every(base, head) if evaluate_all else _affected(base, head)
        for family in _families(ledger, key):
            tally.items += len(family)
            judge(family, tally)
    return ConnectorPlan(
        id=connector.id,
        state="gone" if head is None else "new" if base is None else "changed",
        items=tally.items,
        added=tuple(tally.added),
        changed=tuple(tally.changed),
        removed=tuple(tally.removed),
        newly_blocked=tuple(tally.blocked),
        newly_right=tuple(tally.right),
        still_blocked=tally.still_blocked,
        fields=tuple(
            FieldChange(
                name, counts["added"], counts["changed"], counts["removed"], tuple(tally.examples[name])
            )
            for name, counts in sorted(tally.counts.items())
        ),
        cost=_cost(connector, len(tally.added) + len(tally.changed), messages),
        notes=tuple(messages.phrase(one) for one in _notes(base, head, known=tally.items)),
        hash=tally.digest.hexdigest() if tally.digest is not None else "",
    )


def same_payloads(base: Connector, head: Connector) -> bool:
    """Return whether two states of a connector make the same of every item, as far as documents tell."""
    return base.fingerprint == head.fingerprint and base.id == head.id


def _families(ledger: Engine, key: str) -> Iterator[list[Item]]:
    states = (state for state in find_states(ledger, key) if state.row is not None)
    for _, members in groupby(states, key=lambda state: state.family):
        yield [cast("Item", state.row) for state in members]


def _every(base: State | None, head: State | None) -> Callable[[list[Item], _Tally], None]:
    def judge(family: list[Item], tally: _Tally) -> None:
        before = _verdicts(base, family)
        after = _verdicts(head, family)
        for pim_id, (sku, _) in {**before, **after}.items():
            then = before.get(pim_id)
            now = after.get(pim_id)
            if then is not None and now is not None and then[0] != now[0]:
                # Another SKU is another listing: the old one goes, a new one comes.
                tally.note(pim_id, then[0], then[1], None)
                tally.note(pim_id, now[0], None, now[1])
                continue
            tally.note(pim_id, sku, then[1] if then else None, now[1] if now else None)

    return judge


def _verdicts(state: State | None, family: list[Item]) -> dict[str, tuple[str, _Verdict]]:
    """The verdict of each item of a family in one state, with its SKU, by identity."""
    if state is None:
        return {}
    found: dict[str, tuple[str, _Verdict]] = {}
    members = _in_scope(state, family)
    siblings = [item["variant"] for item in members if item["variant"]]
    for item in state.mapping.expand_family(members):
        mapped = state.mapping.apply(item, siblings=siblings)
        judged = _judged(state, item, mapped.attributes, errors=_errors(mapped.issues))
        found[item["pim_id"]] = (item["sku"] or item["pim_id"], judged)
    return found


def _judged(state: State, item: FamilyMember, made: Mapping[str, Any], *, errors: bool) -> _Verdict:
    """Return what is sent of an item's attributes, and whether it is right."""
    attributes, _ = state.rules.prepared(made)
    right = (
        bool(item["sku"])
        and not errors
        and not sku_issues(state.connector, item["sku"], "en")
        and state.definitions.is_right(attributes)
        and state.rules.is_right(attributes)
    )
    return _Verdict(attributes, right)


def _in_scope(state: State, family: Sequence[Item]) -> list[Item]:
    """The items of a family that the state's `filter` lets through, with the SKUs of its `sku`."""
    return _scope(state)(family)


def _scope(state: State) -> Callable[[Sequence[Item]], list[Item]]:
    known = _SCOPES.get(id(state))
    if known is not None and known[0] is state:
        return known[1]
    connector = state.connector
    language = next(iter(dict(connector.language_tags)), "")
    sku = compile_expression(connector.source.sku)
    wanted = compile_expression(connector.source.filter) if connector.source.filter else None

    def scoped(family: Sequence[Item]) -> list[Item]:
        found: list[Item] = []
        for item in family:
            row = ItemRow(item, language, fallback=connector.source.fallback_language, facts=connector.facts)
            try:
                named = sku.evaluate(row)
                fits = wanted is None or bool(wanted.evaluate(row))
            except ExpressionError:
                continue
            if fits:
                found.append({**item, "sku": None if named is None or named == "" else str(named)})
        return found

    _SCOPES[id(state)] = (state, scoped)
    if len(_SCOPES) > _KEPT:
        _SCOPES.pop(next(iter(_SCOPES)))
    return scoped


#: Compiled scopes of the states in use.
_SCOPES: dict[int, tuple[State, Callable[[Sequence[Item]], list[Item]]]] = {}
_KEPT = 8


def _affected(base: State | None, head: State | None) -> Callable[[list[Item], _Tally], None]:
    """A judge that puts together whole only the items of which a changed line makes something else."""
    every = _every(base, head)
    if base is None or head is None or not _alike(base, head):
        return every
    names = changed_attributes(base, head)
    before, after = (_part(state, names) for state in (base, head))
    rest = _part(head, set(head.mapping.attributes) - names)

    def judge(family: list[Item], tally: _Tally) -> None:
        members = _in_scope(head, family)
        siblings = [item["variant"] for item in members if item["variant"]]
        for item in head.mapping.expand_family(members):
            old = before.apply(item, siblings=siblings)
            new = after.apply(item, siblings=siblings)
            if old.attributes == new.attributes and _errors(old.issues) == _errors(new.issues):
                continue
            common = rest.apply(item, siblings=siblings)
            verdicts = []
            for state, made in ((base, old), (head, new)):
                errors = _errors(common.issues) or _errors(made.issues)
                verdicts.append(_judged(state, item, {**common.attributes, **made.attributes}, errors=errors))
            tally.note(item["pim_id"], item["sku"] or item["pim_id"], *verdicts)

    return judge


def _errors(issues: Iterable[Any]) -> bool:
    return any(issue.severity == "ERROR" for issue in issues)


def _alike(base: State, head: State) -> bool:
    """Whether two states differ in nothing but lines of the mapping, so that items can be judged in part."""
    if base.connector.variations or head.connector.variations:
        return False  # what a family has depends on the payload as a whole
    first, second = base.connector, head.connector
    same_setting = (first.source, first.amazon, first.language_tags, first.facts, first.rules_off) == (
        second.source,
        second.amazon,
        second.language_tags,
        second.facts,
        second.rules_off,
    )
    return same_setting and first.tables == second.tables and base.definitions is head.definitions


def changed_attributes(base: State, head: State) -> set[str]:
    """Return the attributes that two states of a mapping make by different lines."""
    first, second = _content(base), _content(head)
    return {name for name in first.keys() | second.keys() if first.get(name) != second.get(name)}


def _content(state: State) -> dict[str, list[Any]]:
    """What each attribute of a mapping is made of: what its lines write, whatever their places."""
    return {
        name: [
            [
                [leaf.field.path, [[cell.expression.text, state.lines.get(cell.line)] for cell in leaf.cells]]
                for leaf in template.leaves()
            ]
            for template in branch.templates
        ]
        for name, branch in state.mapping.plan.items()
    }


def _part(state: State, names: set[str]) -> FieldMapping:
    """The mapping of a state, for some attributes alone."""
    plan = {name: branch for name, branch in state.mapping.plan.items() if name in names}
    return FieldMapping(plan, state.mapping.setting, None)


def _cost(connector: Connector, items: int, messages: Catalogue) -> Cost:
    if not items:
        return Cost()
    rate = connector.sync.preview_rate
    feed = items >= connector.sync.feed_from
    kinds: tuple[Kind, ...] = ("preview",)
    preview = forecast(items, "patchListingsItem", kinds=kinds, preview_rate=rate)
    sent = forecast(items, "createFeed" if feed else "patchListingsItem")
    previews = connector.sync.preview != "none"
    calls = sent.calls + (preview.calls if previews else 0)
    seconds = sent.seconds + (preview.seconds if previews else 0.0)
    said = messages.phrase("plan.calls", count=calls)
    words = messages.phrase("plan.cost", calls=said, time=messages.word(duration(seconds)))
    return Cost(calls, "feed" if feed else "single", round(seconds / 60, 1), words)


def _notes(base: State | None, head: State | None, *, known: int) -> Iterator[str]:
    if not known:
        yield "plan.note_no_items"
    if base is not None and head is not None:
        if base.connector.source.filter != head.connector.source.filter:
            yield "plan.note_filter"
        if base.connector.quality != head.connector.quality:
            yield "plan.note_quality"


def _shown(value: Any) -> Any:
    if value is None:
        return None
    content = [_plain(one) for one in value] if isinstance(value, list) else value
    text = msgspec.json.encode(content).decode()
    return content if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _plain(element: Any) -> Any:
    if not isinstance(element, dict):
        return element
    kept = {name: value for name, value in element.items() if name not in {"marketplace_id", "language_tag"}}
    return kept["value"] if list(kept) == ["value"] else kept


def state_of(
    connector: Connector,
    definitions: Definitions,
    tables: Mapping[str, Any] | None = None,
    columns: Mapping[str, ColumnEvidence] = MappingProxyType({}),
) -> State:
    """Return a connector's state, compiled.

    Args:
        connector: The connector.
        definitions: Its definitions.
        tables: The rows of its related tables.
        columns: What the columns of its source show of their notation.

    Raises:
        MappingErrors: its mapping is wrong.
    """
    lines: dict[Line, Any] = {}
    merged = None
    if connector.is_merged:
        merged = merged_lines(connector, definitions, source_notation(connector, columns))
        for one in merged.written:
            lines.setdefault(one.line, []).append([one.path, one.value])
    else:
        numbers = connector.where.mapping_lines()
        lines = {Line(numbers.get(key), key): value for key, value in connector.mapping.items()}
    rows = dict(tables) if tables else None
    made = compiled(connector, definitions, rows, columns=columns, merged=merged)
    return State(connector, definitions, made, lines, definitions.rules(connector.rules_off.keys()))

"""What two states of the configuration make of the items of a family, and whether that is right.

Where the states differ in lines of the mapping alone, only the attributes of those lines are made again, and
an item of which they come out the same is done. The other attributes of an item come from the payload that
its last run made, if that run had the same row, mapping, definition, rules and tables; otherwise they are
made too. A payload that its run has found right is not judged again; what changes in it is, by the rules that
can see the change. `judge_every` judges every item whole: it gives the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeAlias

from amazon_listings.fleet.plan_states import differ_by_lines
from amazon_listings.ledger.items.known_good import GOOD
from amazon_listings.runs.extract.siblings import variants_of
from amazon_listings.runs.extract.skus import sku_issues
from amazon_listings.runs.extract.unchanged import family_digest, line_digest, row_digest
from amazon_listings.runs.outcomes import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from amazon_listings.fleet.plan_states import State
    from amazon_listings.item import Item, Record
    from amazon_listings.ledger.items.kept import KeptItem
    from amazon_listings.mapping.families.members import FamilyMember
    from amazon_listings.mapping.mapping import FieldMapping

#: Outcomes of items whose payload has passed the definition and the rules of its run.
_PASSED = frozenset(
    {
        Outcome.UNCHANGED,
        Outcome.READY,
        Outcome.WAITING,
        Outcome.REFUSED,
        Outcome.PENDING,
        Outcome.ACCEPTED_IN_PART,
        Outcome.ACCEPTED,
        Outcome.LIVE,
        Outcome.LIVE_WITH_DIFFERENCES,
        Outcome.SUPPRESSED,
        Outcome.NOT_APPLIED,
    }
)
_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True)
class Verdict:
    """An item's payload in one state, and whether it is right by all that can be said here."""

    attributes: dict[str, Any]
    right: bool


class Note(Protocol):
    """Takes what becomes of one item; None for a state in which it is not in the connector's choice."""

    def __call__(self, pim_id: str, sku: str, before: Verdict | None, after: Verdict | None, /) -> None:
        """Take it."""


def judge_every(
    base: State | None, head: State | None, barred: Collection[str] = ()
) -> Callable[[list[KeptItem], Note], None]:
    """Return what judges every item of a family whole, in both states.

    Args:
        base: The former state.
        head: The state that comes.
        barred: SKUs of items that the last quality check has blocked for what no mapping changes.
    """

    def judge(family: list[KeptItem], note: Note) -> None:
        before = _verdicts(base, family, barred)
        after = _verdicts(head, family, barred)
        for pim_id, (sku, _) in {**before, **after}.items():
            then = before.get(pim_id)
            now = after.get(pim_id)
            if then is not None and now is not None and then[0] != now[0]:
                # Another SKU is another listing: the old one goes, a new one comes.
                note(pim_id, then[0], then[1], None)
                note(pim_id, now[0], None, now[1])
                continue
            note(pim_id, sku, then[1] if then else None, now[1] if now else None)

    return judge


def judge_affected(
    base: State | None, head: State | None, barred: Collection[str] = ()
) -> Callable[[list[KeptItem], Note], None]:
    """Return what judges the items of a family of which a changed line makes something else.

    Args:
        base: The former state.
        head: The state that comes.
        barred: SKUs of items that the last quality check has blocked for what no mapping changes.
    """
    if base is None or head is None or not differ_by_lines(base, head):
        return judge_every(base, head, barred)
    names = base.changed_attributes(head)
    is_current = _currency(base)
    verdicts = _pair_judge(base, head, names, barred)
    judge_made = _made_judge(base, head, names, verdicts)
    judge_unmade = _unmade_judge(base, head, names, verdicts)

    def judge(family: list[KeptItem], note: Note) -> None:
        (judge_made if is_current(family) else judge_unmade)(family, note)

    return judge


def _made_judge(
    base: State, head: State, names: AbstractSet[str], verdicts: _PairJudge
) -> Callable[[list[KeptItem], Note], None]:
    """Return what judges a family whose payloads are those of the former state."""
    after = head.part(names)
    known_right = _known_right(base, head, names)
    # A column is checked by what the mapping reads of it.
    is_checked = names & (base.columns.attributes | head.columns.attributes)
    checked = head.columns if is_checked else None

    def judge(family: list[KeptItem], note: Note) -> None:
        siblings = variants_of([kept.item for kept in family])
        for kept in family:
            item, payload = kept.item, kept.attributes or {}
            now = _made(after, item, siblings)
            then = _Made({name: payload[name] for name in names if name in payload}, errors=False)
            if now == then and checked is None:
                continue
            sku = item["sku"] or item["pim_id"]
            common = {name: value for name, value in payload.items() if name not in names}
            if known_right is not None and kept.outcome in _PASSED:
                judged = known_right(payload, {**common, **now.attributes})
                if now.errors or (checked is not None and any(checked.failing(item, siblings))):
                    judged = Verdict(judged.attributes, right=False)
                note(item["pim_id"], sku, Verdict(payload, right=True), judged)
            else:
                made = _Made(common, errors=False)
                note(item["pim_id"], sku, *verdicts(_Both(item, siblings, _held(kept), made, then, now)))

    return judge


def _unmade_judge(
    base: State, head: State, names: AbstractSet[str], verdicts: _PairJudge
) -> Callable[[list[KeptItem], Note], None]:
    """Return what judges a family of which no payload is known that the former state has made."""
    before, after = (state.part(names) for state in (base, head))
    rest = head.part(set(head.mapping.attributes) - names)
    is_checked = bool(names & (base.columns.attributes | head.columns.attributes))

    def judge(family: list[KeptItem], note: Note) -> None:
        held = {kept.pim_id: _held(kept) for kept in family}
        rows = head.in_scope([kept.item for kept in family])
        siblings = variants_of(rows)
        for item in rows:
            now, then = (_made(one, item, siblings) for one in (after, before))
            if now != then or is_checked:
                common = _made(rest, item, siblings)
                known = held.get(item["pim_id"], _NOTHING)
                judged = verdicts(_Both(item, siblings, known, common, then, now))
                note(item["pim_id"], item["sku"] or item["pim_id"], *judged)

    return judge


class _Made(NamedTuple):
    """Attributes that a mapping made, and whether it found errors on the way."""

    attributes: dict[str, Any]
    errors: bool


class _Both(NamedTuple):
    """What two states make of one item.

    Args:
        item: The item.
        siblings: The variants beside it.
        held: The payload that Amazon has of it.
        common: What both make alike.
        then: What the former state makes of the other attributes.
        now: What the state that comes makes of them.
    """

    item: Item
    siblings: list[Record]
    held: Mapping[str, Any]
    common: _Made
    then: _Made
    now: _Made


#: Judges both payloads of an item that differ in some attributes.
_PairJudge: TypeAlias = "Callable[[_Both], tuple[Verdict, Verdict]]"


def _held(kept: KeptItem) -> Mapping[str, Any]:
    """Return the payload that Amazon has of an item; nothing if it has none."""
    return (kept.outcome in GOOD and kept.attributes) or _NOTHING


def _currency(base: State) -> Callable[[Sequence[KeptItem]], bool]:
    """Return what tells whether the payloads of a family are what a state makes of its rows."""
    notation = base.notation

    def is_current(family: Sequence[KeptItem]) -> bool:
        rows = []
        for kept in family:
            if not kept.is_current or kept.map_errors is not False or kept.attributes is None:
                return False
            rows.append(kept.row_digest)
            # The kept text needs no second encoding where its digest is the one asked for.
            text = kept.row_text
            if text is not None and line_digest(text + b"\n", notation.of(kept.item)) == kept.row_digest:
                continue
            if row_digest(kept.item, notation) != kept.row_digest:
                return False
        whole = family_digest(rows)
        return all(kept.family_digest == whole for kept in family)

    return is_current


def _known_right(
    base: State, head: State, names: AbstractSet[str]
) -> Callable[[dict[str, Any], dict[str, Any]], Verdict] | None:
    """Return what judges a payload some attributes of which change, and which was right before they did.

    None if a run's outcome does not tell that: where only offers go out of items that are wrong, and where
    a part of a listing is judged.
    """
    if base.connector.sync.partial == "offer" or head.connector.contributes:
        return None
    definitions, rules = head.definitions, head.rules
    same_rules = names.isdisjoint(rules.reads)

    def judged(held: dict[str, Any], whole: dict[str, Any]) -> Verdict:
        attributes = whole if same_rules else rules.prepared(whole)[0]
        keeps_rules = same_rules or head.keeps_rules(attributes, held)
        return Verdict(attributes, keeps_rules and definitions.stays_valid(attributes, names))

    return judged


def _pair_judge(base: State, head: State, names: AbstractSet[str], barred: Collection[str]) -> _PairJudge:
    """Return what judges both payloads of an item that differ in some attributes."""
    same_rules = names.isdisjoint(base.rules.reads)

    def verdicts(both: _Both) -> tuple[Verdict, Verdict]:
        item, siblings, held, common, then, now = both
        old, _ = base.rules.prepared({**common.attributes, **then.attributes})
        new, _ = head.rules.prepared({**common.attributes, **now.attributes})
        if common.errors or not _is_sellable(head, item, barred):
            return Verdict(old, right=False), Verdict(new, right=False)
        keeps_rules = base.keeps_rules(old, held)
        if not keeps_rules and same_rules:
            return Verdict(old, right=False), Verdict(new, right=False)
        valid = base.is_valid(old) and not any(base.columns.failing(item, siblings))
        after = not now.errors and (same_rules or head.keeps_rules(new, held))
        if after and valid and not head.connector.contributes:
            after = head.definitions.stays_valid(new, names)
        elif after:
            after = head.is_valid(new)
        after = after and not any(head.columns.failing(item, siblings))
        return Verdict(old, right=not then.errors and keeps_rules and valid), Verdict(new, right=after)

    return verdicts


def _verdicts(
    state: State | None, family: list[KeptItem], barred: Collection[str]
) -> dict[str, tuple[str, Verdict]]:
    """Return the verdict of each item of a family in one state, with its SKU, by identity."""
    if state is None:
        return {}
    found: dict[str, tuple[str, Verdict]] = {}
    held = {kept.pim_id: _held(kept) for kept in family}
    members = state.in_scope([kept.item for kept in family])
    siblings = variants_of(members)
    for item in state.mapping.expand_family(members):
        made = _made(state.mapping, item, siblings)
        judged = _judged(state, made, held.get(item["pim_id"], _NOTHING))
        if judged.right and (
            not _is_sellable(state, item, barred)
            or (item["pim_id"] in held and any(state.columns.failing(item, siblings)))
        ):
            judged = Verdict(judged.attributes, right=False)
        found[item["pim_id"]] = (item["sku"] or item["pim_id"], judged)
    return found


def _judged(state: State, made: _Made, held: Mapping[str, Any]) -> Verdict:
    """Return what is sent of an item's attributes, and whether it is right."""
    attributes, _ = state.rules.prepared(made.attributes)
    right = not made.errors and state.is_valid(attributes) and state.keeps_rules(attributes, held)
    return Verdict(attributes, right)


def _is_sellable(state: State, item: Item | FamilyMember, barred: Collection[str]) -> bool:
    """Return whether an item has a SKU, and nothing is wrong with it or its row that no mapping changes."""
    sku = item["sku"]
    if not sku or sku in barred:
        return False
    return all(issue.severity != "ERROR" for issue in sku_issues(state.connector, sku, "en"))


def _made(mapping: FieldMapping, item: Item, siblings: Sequence[Record]) -> _Made:
    mapped = mapping.apply(item, siblings=siblings)
    return _Made(mapped.attributes, errors=any(issue.severity == "ERROR" for issue in mapped.issues))

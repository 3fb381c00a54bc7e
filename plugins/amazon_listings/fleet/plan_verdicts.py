"""What two states of the configuration make of the items of a family, and whether that is right.

Where the states differ in lines of the mapping alone, only the attributes of those lines are made again, and
an item of which they come out the same is done. The other attributes of an item come from the payload that
its last run made, if that run had the same row, mapping, definition, rules and tables; otherwise they are
made too. `judge_every` judges every item whole: it gives the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, cast

from amazon_listings.fleet.plan_states import differ_by_lines
from amazon_listings.runs.siblings import variants_of
from amazon_listings.runs.skus import sku_issues
from amazon_listings.runs.unchanged import family_digest, row_digest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from collections.abc import Set as AbstractSet

    from amazon_listings.fleet.plan_states import State
    from amazon_listings.item import Item
    from amazon_listings.ledger.item_states import ItemState
    from amazon_listings.mapping.families.members import FamilyMember


@dataclass(frozen=True)
class Verdict:
    """An item's payload in one state, and whether it is right by all that can be said here."""

    attributes: dict[str, Any]
    right: bool


class Note(Protocol):
    """Takes what becomes of one item; None for a state in which it is not in the connector's choice."""

    def __call__(self, pim_id: str, sku: str, before: Verdict | None, after: Verdict | None, /) -> None:
        """Take it."""


def judge_every(base: State | None, head: State | None) -> Callable[[list[ItemState], Note], None]:
    """Return what judges every item of a family whole, in both states."""

    def judge(family: list[ItemState], note: Note) -> None:
        rows = [cast("Item", state.row) for state in family]
        before = _verdicts(base, rows)
        after = _verdicts(head, rows)
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


def judge_affected(base: State | None, head: State | None) -> Callable[[list[ItemState], Note], None]:
    """Return what judges the items of a family of which a changed line makes something else."""
    if base is None or head is None or not differ_by_lines(base, head):
        return judge_every(base, head)
    names = base.changed_attributes(head)
    before, after = (state.part(names) for state in (base, head))
    rest = head.part(set(head.mapping.attributes) - names)
    verdicts = _pair_judge(base, head, names)
    is_current = _currency(base)

    def judge(family: list[ItemState], note: Note) -> None:
        if is_current(family):
            rows = [cast("Item", state.row) for state in family]
            stored: Sequence[dict[str, Any] | None] = [state.attributes for state in family]
        else:
            rows = head.in_scope([cast("Item", state.row) for state in family])
            stored = [None] * len(rows)
        siblings = variants_of(rows)
        for item, kept in zip(rows, stored, strict=True):
            new = after.apply(item, siblings=siblings)
            now = _Made(new.attributes, errors=_errors(new.issues))
            if kept is not None:
                then = _Made({name: kept[name] for name in names if name in kept}, errors=False)
                if now == then:
                    continue
                common = _Made({name: kept[name] for name in kept if name not in names}, errors=False)
            else:
                old = before.apply(item, siblings=siblings)
                then = _Made(old.attributes, errors=_errors(old.issues))
                if now == then:
                    continue
                others = rest.apply(item, siblings=siblings)
                common = _Made(others.attributes, errors=_errors(others.issues))
            note(item["pim_id"], item["sku"] or item["pim_id"], *verdicts(item, common, then, now))

    return judge


class _Made(NamedTuple):
    """Attributes that a mapping made, and whether it found errors on the way."""

    attributes: dict[str, Any]
    errors: bool


def _currency(base: State) -> Callable[[Sequence[ItemState]], bool]:
    """Return what tells whether the payloads of a family are what a state makes of its rows."""
    mapping, definition, rules, tables = (
        base.shared[name] for name in ("mapping", "definition", "rules", "tables")
    )
    notation = base.notation

    def is_current(family: Sequence[ItemState]) -> bool:
        rows = []
        for state in family:
            made_by = state.fingerprint
            if (
                state.map_errors is not False
                or state.attributes is None
                or made_by.mapping != mapping
                or made_by.definition != definition
                or made_by.rules != rules
                or made_by.tables != tables
            ):
                return False
            rows.append(made_by.row)
            if made_by.row != row_digest(cast("Item", state.row), notation):
                return False
        whole = family_digest(rows)
        return all(state.fingerprint.family == whole for state in family)

    return is_current


def _pair_judge(
    base: State, head: State, names: AbstractSet[str]
) -> Callable[[Item, _Made, _Made, _Made], tuple[Verdict, Verdict]]:
    """Return what judges both payloads of an item that differ in some attributes."""
    definitions, rules = base.definitions, base.rules
    same_rules = names.isdisjoint(rules.reads)

    def verdicts(item: Item, common: _Made, then: _Made, now: _Made) -> tuple[Verdict, Verdict]:
        old, _ = rules.prepared({**common.attributes, **then.attributes})
        new, _ = head.rules.prepared({**common.attributes, **now.attributes})
        if not item["sku"] or common.errors or sku_issues(head.connector, item["sku"], "en"):
            return Verdict(old, right=False), Verdict(new, right=False)
        keeps_rules = rules.is_right(old)
        if not keeps_rules and same_rules:
            return Verdict(old, right=False), Verdict(new, right=False)
        valid = definitions.is_valid(old)
        before = not then.errors and keeps_rules and (valid or definitions.is_right(old))
        after = (
            not now.errors
            and (same_rules or head.rules.is_right(new))
            and ((valid and definitions.stays_valid(new, names)) or definitions.is_right(new))
        )
        return Verdict(old, right=before), Verdict(new, right=after)

    return verdicts


def _verdicts(state: State | None, family: list[Item]) -> dict[str, tuple[str, Verdict]]:
    """The verdict of each item of a family in one state, with its SKU, by identity."""
    if state is None:
        return {}
    found: dict[str, tuple[str, Verdict]] = {}
    members = state.in_scope(family)
    siblings = variants_of(members)
    for item in state.mapping.expand_family(members):
        mapped = state.mapping.apply(item, siblings=siblings)
        judged = _judged(state, item, _Made(mapped.attributes, errors=_errors(mapped.issues)))
        found[item["pim_id"]] = (item["sku"] or item["pim_id"], judged)
    return found


def _judged(state: State, item: FamilyMember, made: _Made) -> Verdict:
    """Return what is sent of an item's attributes, and whether it is right."""
    attributes, _ = state.rules.prepared(made.attributes)
    right = (
        bool(item["sku"])
        and not made.errors
        and not sku_issues(state.connector, item["sku"], "en")
        and state.definitions.is_right(attributes)
        and state.rules.is_right(attributes)
    )
    return Verdict(attributes, right)


def _errors(issues: Iterable[Any]) -> bool:
    return any(issue.severity == "ERROR" for issue in issues)

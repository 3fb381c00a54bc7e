"""Issues over runs: new, still there, gone.

An issue's identity within an item is that of `Issue.identity`: the family of its code and its
attribute, so the same trouble is recognised whichever check finds it. Each life of an issue is one row, from
the run that found it first to the run that found it gone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from sqlalchemy import bindparam, delete, func, insert, select, update

from amazon_listings.ledger.columns import IDENTITY, PIM_ID, among
from amazon_listings.ledger.database import CHUNK, chunks, decoding, in_parts, reading
from amazon_listings.ledger.items.causes import cause_of
from amazon_listings.ledger.tables import issues
from amazon_product_types.validation.issue import Issue
from amazon_product_types.validation.merging import WORST

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from sqlalchemy import ColumnElement, Connection, Engine, Row

Life = Literal["new", "still there"]
Identity = tuple[str, str]


@dataclass(frozen=True)
class CheckedItem:
    """An item that a run covered, and what it found.

    Args:
        item: Its SKU, or the PIM's identity where it has none.
        issues: The issues found, merged or not.
        looked: The sources that looked at the item in this run (`Issue.source`). An issue that only
            others had found stays open: a payload that was not sent has no new answer of Amazon's.
    """

    item: str
    issues: Sequence[Issue]
    looked: frozenset[str]


class KnownIssue(NamedTuple):
    """One life of an issue. `resolved_run` is None while it is open."""

    item: str
    issue: Issue
    opened_run: int
    seen_run: int
    resolved_run: int | None


def record_issues(
    ledger: Engine, connector_key: str, run: int, checked: Iterable[CheckedItem]
) -> dict[str, dict[Identity, Life]]:
    """Enter what a run found, and close what it looked for and did not find.

    Items that are not named stay as they are. A run that is repeated after a kill enters the same
    again.

    Args:
        ledger: The open ledger.
        connector_key: Whose items.
        run: The run's number.
        checked: The items covered, of one part of the run; the answer speaks of all of them.

    Returns:
        For each item, each of its issues' identities and whether it is new.
    """
    lives: dict[str, dict[Identity, Life]] = {}
    for chunk in chunks(checked, CHUNK):
        with ledger.begin() as connection:
            lives |= _record(connection, connector_key, run, chunk)
    return lives


def keep_open(ledger: Engine, connector_key: str, run: int, names: Iterable[str]) -> None:
    """Enter that the open issues of items are still there: a run found the items unchanged.

    Args:
        ledger: The open ledger.
        connector_key: Whose items.
        run: The run's number.
        names: Their SKUs; read only if an issue of the connector is open.
    """
    table = issues.c
    open_ = select(table.id).where(table.connector_key == connector_key, table.resolved_run.is_(None))
    with reading(ledger) as connection:
        if connection.scalar(open_.limit(1)) is None:
            return
    for chunk in chunks(names, CHUNK):
        with ledger.begin() as connection:
            connection.execute(
                update(issues)
                .where(
                    table.item.in_(chunk),
                    table.connector_key == connector_key,
                    table.resolved_run.is_(None),
                )
                .values(seen_run=run)
            )


def resolve_uncovered(
    ledger: Engine, connector_key: str, run: int, *, looked: frozenset[str], code: str = ""
) -> int:
    """Close the open issues that a run which covered every item did not see: their items are gone.

    To be called once, after every item of the run was entered by `record_issues`.

    Args:
        ledger: The open ledger.
        connector_key: Whose items.
        run: The run's number; it must have read everything.
        looked: Items are gone for the PIM only: issues that none of these sources found stay open.
        code: Close those of this code only; empty: of every code.

    Returns:
        The number of issues closed.
    """
    closed = last = 0
    table = issues.c
    while True:
        with ledger.begin() as connection:
            rows = connection.execute(
                select(table.id, table.document)
                .where(
                    table.connector_key == connector_key,
                    table.resolved_run.is_(None),
                    table.seen_run != run,
                    table.id > last,
                )
                .order_by(table.id)
                .limit(CHUNK)
            ).all()
            gone = [
                row.id
                for row in rows
                if looked.intersection(row.document["sources"]) and code in {"", row.document["code"]}
            ]
            connection.execute(update(issues).where(table.id.in_(gone)).values(resolved_run=run))
        if not rows:
            return closed
        closed, last = closed + len(gone), rows[-1].id


def gone_issues(ledger: Engine, connector_key: str, run: int) -> Iterator[KnownIssue]:
    """Yield the issues that were open before a run and that it found gone."""
    yield from _known(ledger, (issues.c.connector_key == connector_key) & (issues.c.resolved_run == run))


def open_issues(
    ledger: Engine, connector_key: str, item: str | None = None, *, severity: str | None = None
) -> Iterator[KnownIssue]:
    """Yield the open issues of a connector, or of one of its items; all, or those of a severity."""
    condition = (issues.c.connector_key == connector_key) & issues.c.resolved_run.is_(None)
    if item is not None:
        condition &= issues.c.item == item
    if severity is not None:
        condition &= issues.c.severity == severity
    yield from _known(ledger, condition)


def names_with_open(
    ledger: Engine, connector_key: str, judged: Mapping[str, int], *, source: str
) -> set[str]:
    """Return the items that have an open issue which a source found.

    An issue that a later run closed than the one that judged the item counts as open.

    Args:
        ledger: The open ledger.
        connector_key: Whose items.
        judged: The number of the run that judged each item, by its name (`CheckedItem.item`).
        source: The source of the issues.
    """
    table = issues.c
    found: set[str] = set()
    for chunk in chunks(judged.items(), CHUNK):
        names = {PIM_ID.fitted(name): name for name, _ in chunk}
        with reading(ledger) as connection:
            rows = connection.execute(
                select(table.item, table.document, table.resolved_run).where(
                    table.connector_key == connector_key,
                    among(table.item, names),
                    table.resolved_run.is_(None) | (table.resolved_run > min(run for _, run in chunk)),
                )
            ).all()
        found.update(
            names[row.item]
            for row in rows
            if source in row.document["sources"]
            and (row.resolved_run is None or row.resolved_run > judged[names[row.item]])
        )
    return found


def issue_lives(ledger: Engine, item: str, connector_key: str | None = None) -> Iterator[KnownIssue]:
    """Yield every life of every issue of an item, the open ones too."""
    condition = issues.c.item == item
    if connector_key is not None:
        condition &= issues.c.connector_key == connector_key
    yield from _known(ledger, condition)


def count_issues(ledger: Engine, connector_key: str, run: int) -> dict[str, int]:
    """Return how many issues a run found `new`, `still there` and `gone`, where no later run changed them."""
    table = issues.c
    mine = table.connector_key == connector_key
    with reading(ledger) as connection:

        def number(condition: ColumnElement[bool]) -> int:
            return connection.scalar(select(func.count()).select_from(issues).where(mine, condition)) or 0

        return {
            "new": number(table.opened_run == run),
            "still there": number(
                (table.opened_run < run) & (table.seen_run == run) & table.resolved_run.is_(None)
            ),
            "gone": number(table.resolved_run == run),
        }


@dataclass
class _Comparison:
    """What a run found of some items against what is known of them."""

    run: int
    connector_key: str
    added: list[dict[str, Any]] = field(default_factory=list)
    changed: list[dict[str, Any]] = field(default_factory=list)
    seen: list[int] = field(default_factory=list)
    closed: list[int] = field(default_factory=list)
    erased: list[int] = field(default_factory=list)

    def found(self, item: str, key: str, issue: Issue, row: Row[Any] | None) -> Life:
        """Return an issue that the run found, and its open row."""
        document = issue.to_dict()
        if row is None:
            self.added.append(
                {
                    "connector_key": self.connector_key,
                    "item": item,
                    "identity": key,
                    "severity": issue.severity,
                    "document": document,
                    "cause": cause_of(key, document),
                    "opened_run": self.run,
                    "seen_run": self.run,
                }
            )
        elif row.document == document and row.resolved_run is None:
            self.seen.append(row.id)
        else:
            self.changed.append(
                {
                    "of_id": row.id,
                    "new_severity": issue.severity,
                    "new_document": document,
                    "new_cause": cause_of(key, document),
                }
            )
        return "new" if row is None or row.opened_run == self.run else "still there"

    def missed(self, row: Row[Any]) -> None:
        """An issue that the run looked for and did not find; one of an earlier try of it never was."""
        (self.erased if row.opened_run == self.run else self.closed).append(row.id)

    def write(self, connection: Connection) -> None:
        """Enter the result."""
        table = issues.c
        connection.execute(update(issues).where(table.id.in_(self.seen)).values(seen_run=self.run))
        connection.execute(update(issues).where(table.id.in_(self.closed)).values(resolved_run=self.run))
        connection.execute(delete(issues).where(table.id.in_(self.erased)))
        if self.changed:
            connection.execute(
                update(issues)
                .where(table.id == bindparam("of_id"))
                .values(
                    severity=bindparam("new_severity"),
                    document=bindparam("new_document", type_=table.document.type),
                    cause=bindparam("new_cause"),
                    seen_run=self.run,
                    resolved_run=None,
                ),
                self.changed,
            )
        if self.added:
            connection.execute(insert(issues), self.added)


def _record(
    connection: Connection, connector_key: str, run: int, checked: list[CheckedItem]
) -> dict[str, dict[Identity, Life]]:
    items = _by_name(checked)
    known = _rows(connection, connector_key, run, items)
    comparison = _Comparison(run, connector_key)
    lives: dict[str, dict[Identity, Life]] = {}
    for name, one in items.items():
        before = known.get(name, {})
        lives[one.item] = {
            issue.identity: comparison.found(name, key, issue, before.pop(key, None))
            for key, issue in _worst(one.issues).items()
        }
        for row in before.values():
            if one.looked.intersection(row.document["sources"]):
                comparison.missed(row)
    comparison.write(connection)
    return lives


def _by_name(checked: Iterable[CheckedItem]) -> dict[str, CheckedItem]:
    """Return the items by what their column holds; two of one name (a SKU used twice) are one."""
    items: dict[str, CheckedItem] = {}
    for one in checked:
        name = PIM_ID.fitted(one.item)
        if name in items:
            other = items[name]
            one = CheckedItem(one.item, [*other.issues, *one.issues], other.looked & one.looked)  # noqa: PLW2901 - both in one
        items[name] = one
    return items


def _rows(
    connection: Connection, connector_key: str, run: int, items: Iterable[str]
) -> dict[str, dict[str, Row[Any]]]:
    """Return the open issues of items, by item and identity, and those that this run has closed before."""
    table = issues.c
    rows: Sequence[Row[Any]] = connection.execute(
        select(issues)
        .where(
            table.connector_key == connector_key,
            among(table.item, items),
            table.resolved_run.is_(None) | (table.resolved_run == run),
        )
        # Should there be both of one identity, the open one counts.
        .order_by(table.resolved_run.is_(None), table.id)
    ).all()
    known: dict[str, dict[str, Row[Any]]] = {}
    for row in rows:
        known.setdefault(row.item, {})[row.identity] = row
    return known


def _worst(found: Iterable[Issue]) -> dict[str, Issue]:
    """One issue per identity: the first of the worst severity; places of one attribute are one issue."""
    worst: dict[str, Issue] = {}
    for issue in found:
        key = IDENTITY.fitted("|".join(issue.identity))
        if key not in worst or WORST[issue.severity] < WORST[worst[key].severity]:
            worst[key] = issue
    return worst


def _known(ledger: Engine, condition: ColumnElement[bool]) -> Iterator[KnownIssue]:
    """Yield the rows of a condition, so many at a time, in the order in which they were opened."""
    for row in in_parts(ledger, select(issues).where(condition), issues.c.id):
        with decoding(ledger):
            issue = Issue.from_dict(row.document)
        yield KnownIssue(row.item, issue, row.opened_run, row.seen_run, row.resolved_run)

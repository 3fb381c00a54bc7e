"""Old ids (`was`) that contradict each other: claimed by two connectors, or used by one that is there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from amazon_listings.connectors.declaration import read_file
from amazon_listings.connectors.message import broken_text, entry
from amazon_listings.connectors.model import BrokenConnector
from amazon_listings.connectors.problems import Problem
from amazon_listings.messages import message

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from amazon_listings.connectors.model import Connector


def conflicts_of_old_ids(
    connectors: Sequence[Connector], declared: Collection[str]
) -> dict[str, BrokenConnector]:
    """Return the connectors whose `was` cannot be followed, by id.

    Args:
        connectors: Those that are right otherwise.
        declared: The ids of all that are declared, right or not.
    """
    claims: dict[str, list[Connector]] = {}
    for connector in connectors:
        for old in connector.was:
            claims.setdefault(old, []).append(connector)
    by_id = {connector.id: connector for connector in connectors}
    entries: dict[str, list[str]] = {}
    for old, claimants in claims.items():
        for connector in claimants:
            for problem in _problems(connector, old, claimants, by_id, declared):
                entries.setdefault(connector.id, []).append(_entry(connector, problem))
    return {
        name: BrokenConnector(name, by_id[name].where, broken_text(name, found), tuple(found))
        for name, found in entries.items()
    }


def _problems(
    connector: Connector,
    old: str,
    claimants: Sequence[Connector],
    by_id: dict[str, Connector],
    declared: Collection[str],
) -> Iterator[Problem]:
    if old == connector.id:
        yield Problem("/was", message("document.was_itself", old=old))
    elif old in declared:
        place = str(by_id[old].where) if old in by_id else ""
        code = "document.still_declared_in" if place else "document.still_declared"
        said = message(code, old=old, new=connector.id, place=place)
        yield Problem("/was", said, hint=message("document.remove_was_or_id"))
    others = [one for one in claimants if one is not connector]
    if others:
        named = [message("document.claimant", name=one.id, place=str(one.where)) for one in others]
        yield Problem("/was", message("document.claimed_twice", old=old, others=named))


def _entry(connector: Connector, problem: Problem) -> str:
    where = connector.where
    path = where.path
    if path is None or problem.pointer not in where.lines:
        return entry(str(where), "", problem)
    file = read_file(Path(where.files.get(problem.pointer, path)))
    spot = file.yaml.spot(problem.pointer)  # none where it stands elsewhere in the file: in an override
    place = file.place(spot) if spot else f"{file.path}:{where.lines[problem.pointer]}"
    return entry(place, file.excerpt(spot) if spot else "", problem)

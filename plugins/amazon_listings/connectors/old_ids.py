"""Old ids (`was`) that contradict each other: claimed by two connectors, or used by one that is there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from amazon_listings.connectors.message import broken
from amazon_listings.connectors.problems import LocatedProblem, Problem
from amazon_listings.connectors.texts import read_file
from amazon_listings.messages import message

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from amazon_listings.connectors.model import BrokenConnector, Connector


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
    wrong: dict[str, list[LocatedProblem]] = {}
    for old, claimants in claims.items():
        for connector in claimants:
            for problem in _problems(connector, old, claimants, by_id, declared):
                wrong.setdefault(connector.id, []).append(_located(connector, problem))
    return {name: broken(name, by_id[name].where, found) for name, found in wrong.items()}


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


def _located(connector: Connector, problem: Problem) -> LocatedProblem:
    where = connector.where
    path = where.path
    if path is None or problem.pointer not in where.lines:
        return LocatedProblem(problem, str(where), str(path) if path else None)
    file = read_file(Path(where.files.get(problem.pointer, path)))
    found = file.located(file.yaml.spot(problem.pointer), problem)
    # Where it stands elsewhere in the file, in an override, its line is known.
    return found if found.line else replace(found, line=where.lines[problem.pointer])

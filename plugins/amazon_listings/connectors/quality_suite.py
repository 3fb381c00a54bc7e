"""Suites of Great Expectations beside the connectors: `include/quality/<connector>.json`.

A suite adds to the connector's `quality` what is easier to edit in Great Expectations' own format. It is part
of the connector's document: editing it makes the next run look at every item.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from amazon_listings.connectors.document_limits import MOST_CHARACTERS, text_of
from amazon_listings.connectors.json_document import read_json
from amazon_listings.connectors.message import broken
from amazon_listings.connectors.model import BrokenConnector, Connector
from amazon_listings.connectors.problems import LocatedProblem, Problem
from amazon_listings.messages import Message, message

if TYPE_CHECKING:
    from pathlib import Path


#: The folder of suites, beside that of the connectors.
FOLDER = "quality"


def suite_files(connectors: Path) -> dict[str, Path]:
    """Return the suite files beside a folder of connectors, by the connector's id."""
    folder = connectors.resolve().parent / FOLDER
    return {path.stem: path for path in sorted(folder.glob("*.json"))} if folder.is_dir() else {}


def with_suite(outcome: Connector | BrokenConnector, path: Path | None) -> Connector | BrokenConnector:
    """Return the connector with the expectations of its suite file; broken if the file cannot be used."""
    if path is None or isinstance(outcome, BrokenConnector):
        return outcome
    try:
        entries = _entries(path)
    except _NoSuite as error:
        problem = Problem("", message("document.no_suite", why=error.why))
        return broken(outcome.id, outcome.where, [LocatedProblem(problem, str(path), str(path))])
    quality = [*outcome.quality, *entries]
    return replace(outcome, quality=quality, document=outcome.document | {"quality": quality})


class _NoSuite(Exception):
    """A file is no suite, and why."""

    def __init__(self, why: Message | str) -> None:
        super().__init__(why)
        self.why = why


def _entries(path: Path) -> list[dict[str, Any]]:
    """Return the expectations of a suite, as the connector's `quality` writes them.

    Raises:
        _NoSuite: the file is no suite.
    """
    try:
        with path.open("rb") as file:
            content = file.read(4 * MOST_CHARACTERS + 1)
    except OSError as error:
        raise _NoSuite(error.strerror or type(error).__name__) from error
    text = text_of(content)
    if isinstance(text, Message):
        raise _NoSuite(text)
    read = read_json(text)
    if read.problems:
        spot, why = read.problems[0].spot, read.problems[0].message
        raise _NoSuite(message("document.suite_line", line=spot.line + 1, why=why) if spot else why)
    suite = read.value
    listed = suite.get("expectations") if isinstance(suite, dict) else None
    if not isinstance(listed, list):
        raise _NoSuite(message("document.suite_without_list"))
    return [_entry(number, one, path) for number, one in enumerate(listed, 1)]


def _entry(number: int, one: Any, path: Path) -> dict[str, Any]:
    kwargs = one.get("kwargs", {}) if isinstance(one, dict) else None
    if not isinstance(kwargs, dict) or not isinstance(one.get("type"), str):
        raise _NoSuite(message("document.expectation_form", number=number))
    beside = {key: one[key] for key in ("description", "notes", "severity") if one.get(key)}
    meta = one.get("meta")
    level = (
        {"level": meta["level"]} if isinstance(meta, dict) and meta.get("level") in ("row", "table") else {}
    )
    place = f"{path}, expectation {number}"
    return {"expectation": one["type"], "kwargs": {**kwargs, **beside}, "suite": place, **level}

"""The sources that are there: ours, and those of installed distributions.

Airflow parses connectors all day, so a source's module imports what it reads with only when it is opened.
"""

from __future__ import annotations

import importlib
import logging
import re
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING

from amazon_listings.messages import Message, log_line, message

if TYPE_CHECKING:
    from collections.abc import Iterable

    from amazon_listings.sources.port import Source

GROUP = "amazon_listings.sources"

_OURS = ("amazon_listings.sources.sales_layer.source", "amazon_listings.sources.files.source")
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_NEEDED = ("title", "summary", "settings_schema", "abilities", "connection", "open")

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Registry:
    """The usable sources by name, and of those that are not usable, why."""

    sources: dict[str, Source] = field(default_factory=dict)
    broken: dict[str, Message] = field(default_factory=dict)


@cache
def registry() -> Registry:
    """Return the sources of this installation; read once in each process."""
    return collected(entry_points(group=GROUP))


def sources() -> dict[str, Source]:
    """Return the usable sources, by name."""
    return registry().sources


def source_named(name: str) -> Source:
    """Return the source of that name; a connector that was found right names one that is there."""
    return registry().sources[name]


def collected(found: Iterable[EntryPoint]) -> Registry:
    """Return our sources and those of entry points; what cannot be used spoils nothing else."""
    known = Registry({source.name: source for source in map(_ours, _OURS)})
    for entry in sorted(found, key=lambda each: (each.name, each.value)):
        problem = _taken(entry, known)
        if problem is None:
            try:
                source = entry.load()
            except Exception as error:  # noqa: BLE001 - what another distribution raises when imported
                problem = message("sources.import_fails", error=f"{type(error).__name__}: {error}")
            else:
                problem = _incomplete(entry.name, source)
        if problem is not None:
            facts = {"name": entry.name, "place": entry.value, "reason": problem}
            known.broken.setdefault(entry.name, message("sources.unusable", **facts))
            log.warning("%s", log_line("sources.unusable", **facts))
        else:
            known.sources[entry.name] = source
    return known


def _ours(module: str) -> Source:
    source: Source = importlib.import_module(module).SOURCE
    return source


def _taken(entry: EntryPoint, known: Registry) -> Message | None:
    """Return what is wrong with the name of an entry point, if anything is."""
    if entry.name in known.sources:
        return message("sources.name_taken")
    if not _NAME.fullmatch(entry.name):
        return message("sources.name_wrong")
    return None


def _incomplete(name: str, source: object) -> Message | None:
    """Return what a source lacks, if it lacks anything."""
    missing = [attribute for attribute in _NEEDED if not hasattr(source, attribute)]
    if missing:
        return message("sources.lacks", names=missing)
    if (found := getattr(source, "name", None)) != name:
        return message("sources.other_name", found=str(found))
    return None

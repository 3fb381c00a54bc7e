"""Attempts of runs as pages show them: why one failed is in the reader's language."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from amazon_listings.ledger.runs.history import RunFacts

if TYPE_CHECKING:
    from amazon_listings.ledger.runs.history import RunLine
    from amazon_listings.messages import Catalogue


@dataclass(frozen=True)
class WordedRun(RunFacts):
    """An attempt of a run; `failure` says why it did not come to its end."""

    failure: str | None


def worded_run(line: RunLine, messages: Catalogue) -> WordedRun:
    """Return an attempt with why it failed in a language."""
    return WordedRun(**facts_of(line), failure=line.failure_in(messages))


def facts_of(line: RunFacts) -> dict[str, Any]:
    """Return what all kinds of an attempt have, by name."""
    return {field.name: getattr(line, field.name) for field in fields(RunFacts)}

"""What a page is told after it sent something."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Told:
    """An answer: a sentence, where to go on, and fields of the form that get another value."""

    message: str
    next: str | None = None
    set: dict[str, str] = field(default_factory=dict)

"""The memory of a step: many records that live briefly, beside all that was imported."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def settled_heap() -> Iterator[None]:
    """Keep what exists now out of garbage collections, while a step makes its records.

    Modules and what they have made are searched for cycles again and again otherwise, for each few thousand
    records: a third of the time of a step, once Great Expectations is imported.
    """
    settled = gc.get_freeze_count() == 0  # what a parent process froze stays frozen
    if settled:
        gc.freeze()
    try:
        yield
    finally:
        if settled:
            gc.unfreeze()


@contextmanager
def collections_off() -> Iterator[None]:
    """Search for no cycles while a large library is imported, of which nothing is garbage."""
    on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if on:
            gc.enable()

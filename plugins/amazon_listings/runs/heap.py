"""The memory of a step: many records that live briefly, beside all that was imported."""

from __future__ import annotations

import atexit
import gc
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


#: New objects of a step that are searched for cycles together; Python's 700 are the records of a few items.
YOUNG = 20_000


class _Process:
    """What is known of this process.

    Attributes:
        forked: Whether it was forked from one that may have frozen its heap, as Airflow does before it forks
            the processes of tasks. Python can only tell by counting all that is frozen.
    """

    forked = False


def _after_fork() -> None:
    _Process.forked = True


os.register_at_fork(after_in_child=_after_fork)


@contextmanager
def settled_heap() -> Iterator[None]:
    """Keep what exists now out of garbage collections, while a step makes its records.

    Modules and what they have made are searched for cycles again and again otherwise, for each few thousand
    records: a third of the time of a step, once Great Expectations is imported. In a forked process it stays
    so: what the parent froze would be searched, and with that copied.
    """
    thresholds = gc.get_threshold()
    gc.set_threshold(YOUNG, *thresholds[1:])
    gc.freeze()
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
        if not _Process.forked:
            gc.unfreeze()


def collect_seldom() -> None:
    """Have Python search a process that lives briefly seldom for cycles, and at its end not at all.

    Of what imports make nothing is garbage: to search it takes a seventh of their time. The last search, of
    all that is left, takes a tenth of a short run, or a fifth once Great Expectations is imported.
    """
    gc.set_threshold(YOUNG, *gc.get_threshold()[1:])
    atexit.register(gc.freeze)


@contextmanager
def collections_off() -> Iterator[None]:
    """Search for no cycles while a large library is imported, of which nothing is garbage.

    It is kept out of later collections too: the first one would search all of it.
    """
    on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if on:
            gc.enable()

"""The heap of a step."""

import atexit
import gc
import os
import weakref

from amazon_listings.runs.heap import YOUNG, collect_seldom, collections_off, settled_heap


def test_a_step_leaves_the_heap_as_it_was():
    before = gc.get_threshold()
    with settled_heap():
        assert gc.get_freeze_count()
        assert gc.get_threshold() == (YOUNG, *before[1:])
    assert not gc.get_freeze_count()
    assert gc.get_threshold() == before


def test_a_process_that_lives_briefly_is_searched_seldom():
    before = gc.get_threshold()
    try:
        collect_seldom()
        assert gc.get_threshold() == (YOUNG, *before[1:])
    finally:
        gc.set_threshold(*before)
        atexit.unregister(gc.freeze)


def test_cycles_are_still_found_in_a_step():
    class Record:
        pass

    with settled_heap():
        first = Record()
        first.itself = first
        gone = weakref.ref(first)
        del first
        _made = [[] for _ in range(2 * YOUNG)]
        assert gone() is None


def test_what_was_imported_without_collections_is_not_searched_afterwards():
    try:
        with collections_off():
            assert not gc.isenabled()
            made = [[] for _ in range(1000)]
        assert gc.isenabled()
        assert gc.get_freeze_count() >= len(made)
    finally:
        gc.unfreeze()


def test_what_a_parent_process_froze_stays_frozen():
    gc.freeze()
    try:
        child = os.fork()
        if child == 0:
            with settled_heap():
                pass
            os._exit(0 if gc.get_freeze_count() else 1)
        assert os.waitpid(child, 0)[1] == 0
    finally:
        gc.unfreeze()

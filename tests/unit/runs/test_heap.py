"""The heap of a step."""

import gc
import os

from amazon_listings.runs.heap import settled_heap


def test_a_step_leaves_the_heap_as_it_was():
    with settled_heap():
        assert gc.get_freeze_count()
    assert not gc.get_freeze_count()


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

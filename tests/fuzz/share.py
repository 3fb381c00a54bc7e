"""A share of the fuzz corpus with a fixed seed, as the suite tries it: no raw exception, no hang, one sentence each.

`make fuzz` tries 10,000 of every surface and prints a table. The surfaces are in two files of tests, so that two
processes share them.
"""

import time
from random import Random

from tests.fuzz.surfaces import Surfaces, ours

SEED = 20261128
#: Inputs of a surface, and seconds of processor after which no further one begins: five minutes of all at most.
COUNT, SECONDS = 10_000, 20.0
#: Seconds of processor that one input may take.
MOST_SECONDS = 15.0
DOCUMENTS = (
    "connector files", "Variables", "product values", "expressions", "definitions", "run files", "ledgers",
)  # fmt: skip
ANSWERS = (
    "answers of LWA",
    "answers of SP-API",
    "processing reports",
    "answers of the PIM",
    "export connector",
)


def try_share(surfaces, name):
    """Try the first inputs of a surface; as many as there is time for."""
    ends = time.process_time() + SECONDS
    for number in range(COUNT):
        began = time.process_time()
        if began > ends:
            assert number > 100, f"{name!r} is too slow to be tried"
            return
        try:
            with ours():
                surfaces[name](Random(f"{SEED} {name} {number}"))
        except BaseException as error:
            error.add_note(f"input {number} of {name!r}")
            raise
        assert time.process_time() - began < MOST_SECONDS, f"input {number} of {name!r} took too long"


def made(folder):
    """Return the surfaces by name, all of which are in one of the two files."""
    surfaces = Surfaces(folder).all()
    assert sorted(surfaces) == sorted((*DOCUMENTS, *ANSWERS))
    return surfaces

"""A share of the fuzz corpus with a fixed seed: no raw exception, no hang, one sentence each.

`make fuzz` tries 10,000 of every surface and prints a table.
"""

import time
from random import Random

import pytest

from tests.fuzz.surfaces import Surfaces, ours

SEED = 20261128
#: Inputs of a surface, and seconds after which no further one begins.
COUNT, SECONDS = 250, 6.0
SURFACES = (
    "connector files", "Variables", "product values", "expressions", "answers of LWA", "answers of SP-API",
    "processing reports", "answers of the PIM", "export connector", "run files", "ledgers",
)  # fmt: skip


@pytest.fixture(scope="module")
def surfaces(tmp_path_factory):
    return Surfaces(tmp_path_factory.mktemp("fuzz")).all()


def test_every_surface_is_tried(surfaces):
    assert tuple(surfaces) == SURFACES


@pytest.mark.parametrize("name", SURFACES)
def test_a_surface_takes_anything(surfaces, name):
    ends = time.monotonic() + SECONDS
    for number in range(COUNT):
        if time.monotonic() > ends:
            assert number > 10
            break
        began = time.monotonic()
        try:
            with ours():
                surfaces[name](Random(f"{SEED} {name} {number}"))
        except BaseException as error:
            error.add_note(f"input {number} of {name!r}")
            raise
        assert time.monotonic() - began < 5, f"input {number} of {name!r} took too long"

"""The line of a mistake, and what is shown of a long one."""

import pytest

from amazon_listings.connectors.message import excerpt
from amazon_listings.connectors.yaml_document import Spot

LONG = "".join(f"{number:04}" for number in range(100))


@pytest.mark.parametrize(("column", "first"), [(0, 0), (50, 0), (51, 1), (200, 150), (350, 300), (399, 300)])
def test_of_a_long_line_the_part_around_the_mistake_is_shown(column, first):
    shown, carets = excerpt([LONG], Spot(0, column, column + 1)).split("\n")
    assert shown == f"   1 | {LONG[first : first + 100]}"
    assert carets.index("^") - carets.index("|") - 2 == column - first


def test_a_short_line_is_shown_whole():
    assert excerpt(["title: Lamps"], Spot(0, 7, 12)) == "   1 | title: Lamps\n     |        ^^^^^"

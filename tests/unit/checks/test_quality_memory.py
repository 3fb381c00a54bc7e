"""The check of an extract holds the columns it looks at, not the rows."""

import tracemalloc

import pytest

from amazon_listings.checks.quality import check_quality


@pytest.fixture
def peak():
    """What a call holds at most, beside what was held before it, in bytes."""

    def peak(call):
        tracemalloc.start()
        try:
            call()
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    return peak


def test_rows_of_a_batch_are_not_held_together(
    check, connector, definitions, extracted, folder, item, peak, storage
):
    check([item(1)])  # what is imported and compiled once does not count
    parts = [range(first, first + 100) for first in range(100, 900, 100)]
    extracted(*([item(number, notes={"fr": str(number) * 20_000}) for number in part] for part in parts))
    held = peak(lambda: check_quality(connector(), definitions, folder, storage=storage))
    assert held < 24_000_000  # their texts alone are 48 MB

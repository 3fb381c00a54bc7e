import json
import tracemalloc
import zlib

import pytest

from amazon_listings.ledger.content import inflated, packed, unpacked
from amazon_listings.ledger.exceptions import LedgerDamaged
from amazon_listings.ledger.packing import compressed

CONTENT = {"brand": [{"value": "Lumio \ud83d"}]}


def bomb():
    """256 megabytes of zeros."""
    stream = zlib.compressobj(1)
    return b"".join([*(stream.compress(bytes(1 << 24)) for _ in range(16)), stream.flush()])


def test_a_content_comes_back_as_it_was():
    assert unpacked(packed(CONTENT)) == CONTENT
    assert unpacked(None) is None
    text = json.dumps(CONTENT).encode()
    for each in compressed([text, text], text[:20]):
        assert inflated(each, text[:20]) == text


@pytest.mark.parametrize("at", [0, 5, -1])
def test_a_content_that_is_cut_off_is_damaged(at):
    with pytest.raises(LedgerDamaged):
        unpacked(packed(CONTENT)[:at])


def test_a_content_that_unpacks_without_end_is_damaged_within_bounds():
    content = bomb()
    tracemalloc.start()
    with pytest.raises(LedgerDamaged):
        unpacked(content)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 150 << 20

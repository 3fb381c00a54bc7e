"""What a finished run enters of its items."""

from __future__ import annotations

import pytest

from amazon_listings.runs.extract.notations import RowNotation
from amazon_listings.runs.extract.unchanged import family_digest, row_digest
from amazon_listings.runs.finish.item_states import _rows
from amazon_listings.runs.folder import RunFolder, part_name
from amazon_listings.runs.outcomes import Outcome
from amazon_listings.runs.records import EXTRACT, RESOLVED, ResolvedItem

PART = part_name(1)


def item(number, value):
    record = {"id": str(number), "ref": "r", "status": "V", "modified": None}
    product = record | {"fields": {"width": value}, "texts": {}, "images": {}}
    return {
        "pim_id": f"variants/{number}",
        "group": "products/1",
        "sku": f"S{number}",
        "status": "V",
        "modified": None,
        "product": product,
        "variant": None,
    }


@pytest.mark.parametrize(
    "value", ["é\n\u2028", "\ud800", "\x00", 1.0, 1e16, 0.1 + 0.2, 10**30, 2**64, float("nan"), None, [{}]]
)
def test_a_row_has_the_digest_that_it_had_when_it_was_read(tmp_path, value):
    folder = RunFolder.of(tmp_path, "fr_home", "run", 0)
    items = [item(1, value), item(2, "other")]
    folder.write(EXTRACT, PART, items)
    outcomes = [ResolvedItem(pim_id=one["pim_id"], sku=one["sku"], outcome=Outcome.ACCEPTED) for one in items]
    folder.write(RESOLVED, PART, outcomes)
    read = [row_digest(one, RowNotation({})) for one in items]
    found = list(_rows(folder, [PART], lambda _skus: {}))
    assert [row.digests.row for row in found] == read
    assert {row.digests.family for row in found} == {family_digest(read)}

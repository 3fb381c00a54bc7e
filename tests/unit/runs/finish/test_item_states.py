"""What a finished run enters of its items."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from amazon_listings.ledger.items.states import find_states, record_states
from amazon_listings.mapping.values.notation import ColumnEvidence
from amazon_listings.runs.extract.notations import NotationsNote, RowNotation
from amazon_listings.runs.extract.unchanged import family_digest, row_digest
from amazon_listings.runs.finish.item_states import _MadeStates, _Over, _rows
from amazon_listings.runs.folder import RunFolder, part_name
from amazon_listings.runs.outcomes import Outcome
from amazon_listings.runs.records import EXTRACT, MAPPED, RESOLVED, MappedItem, ResolvedItem
from support.ledgers import ledger_in

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


HOSTILE = ["é\n\u2028", "\ud800", "\x00", 1.0, 1e16, 0.1 + 0.2, 10**30, 2**64, float("nan"), None, [{}]]


@pytest.mark.parametrize("value", HOSTILE)
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


def test_how_a_column_is_read_is_part_of_the_digest(tmp_path):
    folder = RunFolder.of(tmp_path, "fr_home", "run", 0)
    one = item(1, "1,5") | {"variant": item(2, "2")["product"] | {"fields": {"depth": "1"}}}
    folder.write(EXTRACT, PART, [one])
    folder.write(RESOLVED, PART, [ResolvedItem(pim_id=one["pim_id"], sku="S1", outcome=Outcome.ACCEPTED)])
    columns = {name: ColumnEvidence(comma="1,5") for name in ("width", "depth", "other")}
    folder.note(NotationsNote(columns=columns))
    (row,) = _rows(folder, [PART], lambda _skus: {})
    assert row.digests.row == row_digest(one, RowNotation(columns)) != row_digest(one, RowNotation({}))


@pytest.mark.parametrize("value", HOSTILE)
def test_row_and_payload_are_kept_as_they_were(tmp_path, value):
    folder, ledger = RunFolder.of(tmp_path, "fr_home", "run", 0), ledger_in(tmp_path)
    rows = [item(1, value), item(2, "other") | {"variant": item(3, value)["product"]}, item(4, "blocked")]
    sale = {"value_with_tax": 1, "end_at": "2030-01-01T00:00:00Z"}
    payload = {
        "item_name": [{"value": "Lampe"}],
        "main_product_image_locator": [{"media_location": "https://img.example/1.jpg"}],
        "purchasable_offer": [{"discounted_price": [{"schedule": [sale]}]}],
        "width": [{"value": value}],
    }
    folder.write(EXTRACT, PART, rows)
    made = [
        MappedItem(
            pim_id=one["pim_id"],
            sku=one["sku"],
            group=one["group"],
            hash="h",
            requirements="LISTING",
            attributes=payload,
        )
        for one in rows[:2]
    ]
    folder.write(MAPPED, PART, made)
    outcomes = [ResolvedItem(pim_id=one["pim_id"], sku=one["sku"], outcome=Outcome.ACCEPTED) for one in rows]
    folder.write(RESOLVED, PART, outcomes)
    now = datetime(2026, 1, 1, tzinfo=UTC)
    ahead = datetime(2031, 1, 1, tzinfo=UTC)
    states = _MadeStates("live", (), ahead, now, 1, {}, _Over(ended=True))
    record_states(ledger, "fr_home", states(_rows(folder, [PART], lambda _skus: {})))
    kept = list(find_states(ledger, "fr_home"))
    # As text, because NaN is not equal to itself.
    assert [json.dumps(one.row) for one in kept] == [json.dumps(row) for row in rows]
    assert [json.dumps(one.attributes) for one in kept] == [json.dumps(payload)] * 2 + ["null"]
    assert [one.name for one in kept] == ["Lampe", "Lampe", None]
    assert [one.picture for one in kept] == ["https://img.example/1.jpg"] * 2 + [None]
    assert kept[0].next_date == datetime(2030, 1, 1, tzinfo=UTC), "by our clock, not the PIM's"
    assert [one.map_errors for one in kept] == [False, False, None]

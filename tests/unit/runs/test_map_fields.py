"""What a connector says of its source reaches the mapping."""

from __future__ import annotations

import pytest

from amazon_listings.runs.map_fields import map_part
from amazon_listings.runs.records import MAPPED

PART = "part-00001.jsonl"


@pytest.mark.parametrize(("decimal", "sent"), [(",", 1.234), (".", 1234)])
def test_the_decimal_sign_of_the_source(connector, definitions, item, folder, extracted, decimal, sent):
    weight = {"value": "{{ item.heavy }}", "unit": "kilograms"}
    extracted([item(1, heavy="1,234")])
    one = connector(sales_layer={"decimal": decimal}, mapping={"item_weight": weight})
    assert map_part(one, definitions, folder, PART) == {"mapped": 1, "blocked": 0}
    (row,) = folder.read(MAPPED, PART)
    assert row.attributes["item_weight"][0]["value"] == sent


def test_what_could_be_two_numbers_blocks_without_it(connector, definitions, item, folder, extracted):
    extracted([item(1, heavy="1,234")])
    one = connector(mapping={"item_weight": {"value": "{{ item.heavy }}", "unit": "kilograms"}})
    assert map_part(one, definitions, folder, PART)["blocked"] == 1


@pytest.mark.parametrize(("said", "codes"), [("ignore", []), ("warn", ["missing_language"])])
def test_missing_texts(connector, definitions, item, folder, extracted, said, codes):
    one = item(1)
    one["product"]["texts"]["short"] = {"fr": "Lampe"}
    extracted([one])
    source = {"languages": ["fr", "en"], "missing_texts": said}
    made = connector(sales_layer=source, mapping={"item_name": "{{ item.short }}"})
    map_part(made, definitions, folder, PART)
    (row,) = folder.read(MAPPED, PART)
    assert [issue.code for issue in row.issues] == codes

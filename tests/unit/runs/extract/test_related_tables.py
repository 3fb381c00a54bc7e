"""A run's related tables: kept for its tasks, and a reason to look at every item when a row changed."""

from __future__ import annotations

from amazon_listings.checks.quality import check_quality
from amazon_listings.runs.extract.related_tables import keep_tables, load_tables
from amazon_listings.runs.map_fields import map_part
from amazon_listings.runs.records import MAPPED

BRANDS = {"brands": {"fr": [{"code": "LU", "name": "Lumio"}], "en": [{"code": "LU", "name": "Lumio UK"}]}}


def lamps(connector, **changes):
    look = "{{ item.brand | from_table(tables.brands, 'code', 'name') }}"
    return connector(tables={"brands": "brands"}, mapping={"Marque": look}, **changes)


def test_every_task_reads_what_the_first_one_kept(connector, definitions, item, folder, extracted, tmp_path):
    one = lamps(connector)
    keep_tables(one, BRANDS, folder)
    assert load_tables(one, folder) == BRANDS
    extracted([item(1, brand="lu"), item(2, brand="other")])
    check_quality(one, definitions, folder, storage=tmp_path)
    assert map_part(one, definitions, folder, "part-00001.jsonl")["mapped"] == 2
    first, second = folder.read(MAPPED, "part-00001.jsonl")
    assert first.attributes["brand"][0]["value"] == "Lumio"
    assert "brand" not in second.attributes


def test_another_row_is_another_fingerprint(connector, folder):
    one = lamps(connector)
    kept = keep_tables(one, BRANDS, folder)
    other = {"brands": BRANDS["brands"] | {"fr": [{"code": "LU", "name": "Lumio SA"}]}}
    assert kept.fingerprint != one.fingerprint
    assert keep_tables(one, BRANDS, folder).fingerprint == kept.fingerprint
    assert keep_tables(one, other, folder).fingerprint != kept.fingerprint
    assert kept.mapping == one.mapping


def test_without_tables_nothing_is_kept(connector, folder):
    one = connector()
    assert keep_tables(one, {}, folder) is one
    assert load_tables(one, folder) == {}

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amazon_listings.errors import ItemError, RunAbortedError
from amazon_listings.messages import catalogue
from amazon_listings.remarks import sentences, worded
from amazon_listings.runs.extract.needed_fields import needed_fields
from amazon_listings.runs.extract.products import _parts, extract_products
from amazon_listings.runs.extract.siblings import kept_siblings
from amazon_listings.runs.notes import ExtractNote
from amazon_listings.runs.records import EXTRACT, PROBLEMS
from amazon_listings.sources.reading import Reading

BRANDS = ("Acme", "Acme", "Other")


@pytest.fixture
def extract(folder, scope):
    """Extract from items that a reading gives; the selection asked for is kept in `extract.asked`."""

    def extract(connector, items, *, problems=(), fields=(), part_size=10, full=True, **changes):
        def read(selection):
            extract.asked = selection

            def produce(reading):
                yield from items
                reading.full = full
                reading.cursor = "2026-11-23T12:00:00+00:00"
                reading.problems.extend(problems)
                reading.removed.append("products/9")
                reading.fields = frozenset(fields)

            return Reading(produce)

        return extract_products(connector, scope(**changes), read=read, folder=folder, part_size=part_size)

    return extract


def rows(folder):
    return [row for part in folder.parts(EXTRACT) for row in folder.read(EXTRACT, part)]


def test_every_item_gets_its_sku_and_the_selection_is_the_connectors(extract, connector, item, folder):
    one = connector(sales_layer={"fallback_language": "en", "statuses": ["visible", "draft"], "tags": ["x"]})
    since = datetime(2026, 11, 22, tzinfo=UTC)
    summary = extract(one, [item(1), item(2, sku_text="0123")], since=since, kind="changed")
    assert [row["sku"] for row in rows(folder)] == ["A-1", "0123"]
    assert (summary.extracted, summary.cursor, summary.removed) == (
        2,
        "2026-11-23T12:00:00+00:00",
        1,
    )
    asked = extract.asked
    assert (asked.statuses, asked.languages) == (("visible", "draft"), ("fr", "en"))
    assert asked.changed_since == since
    assert folder.noted(ExtractNote).removed_ids == ("products/9",)


def test_the_filter_and_named_skus_narrow_the_scope_and_the_rest_is_counted(extract, connector, item, folder):
    one = connector(sales_layer={"filter": "{{ item.brand == 'Acme' }}"})
    items = [item(1), item(2, brand="Other"), item(3), item(4)]
    summary = extract(one, items, skus=frozenset({"A-1", "A-2", "A-9"}), kind="skus")
    assert [row["sku"] for row in rows(folder)] == ["A-1"]
    assert (summary.extracted, summary.out_of_scope) == (1, 3)
    assert sentences(summary.warnings, catalogue("fr")) == [
        "2 des 3 SKU nommés ne sont pas parmi les articles du connecteur : A-2, A-9.",
    ]


@pytest.mark.parametrize("value", ["{{ item.nom }}", "{{ item.modified }}", "{{ item[language] }}"])
def test_rows_have_the_date_of_a_change_only_where_something_may_read_it(
    extract, connector, item, folder, value
):
    moved = item(1, group="7", variant={"brand": "Acme"})
    for record in (moved, moved["product"], moved["variant"]):
        record["modified"] = "2026-11-23T10:00:00"
    extract(connector(mapping={"Nom du produit": value}), [moved])
    (row,) = rows(folder)
    dates = {record["modified"] for record in (row, row["product"], row["variant"])}
    assert dates == {None if value == "{{ item.nom }}" else "2026-11-23T10:00:00"}
    assert "modified" not in extract.asked.fields


@pytest.fixture
def family(item):
    """Items 1 to 3 of product 7; item 3 is not sold by a connector that wants Acme's."""
    return [item(number, group="7", variant={"brand": brand}) for number, brand in enumerate(BRANDS, 1)]


def test_the_variants_beside_a_named_sku_are_kept_for_the_mapping(extract, connector, item, folder, family):
    one = connector(sales_layer={"filter": "{{ item.brand == 'Acme' }}"})
    summary = extract(one, [*family, item(9)], skus=frozenset({"A-2", "A-9"}), kind="skus")
    assert [row["sku"] for row in rows(folder)] == ["A-2", "A-9"]
    assert kept_siblings(folder) == {"products/7": [family[0]["variant"], family[1]["variant"]]}
    assert (summary.extracted, summary.out_of_scope) == (2, 2)
    extract(one, family)
    assert kept_siblings(folder) == {}, "an extract of everything keeps none"


def test_the_sku_of_a_parent_names_its_family(extract, connector, item, folder, family):
    one = connector(variations={"theme": "COLOR", "parent_sku": "{{ product.brand }}-P"})
    summary = extract(one, [*family, item(9)], skus=frozenset({"Acme-P"}), kind="skus")
    assert [row["sku"] for row in rows(folder)] == ["A-1", "A-2", "A-3"]
    assert (summary.out_of_scope, summary.warnings) == (1, ())
    assert kept_siblings(folder) == {}


def test_over_the_sku_limit_nothing_is_left_and_the_sentence_says_how_to_raise_it(
    extract, connector, item, folder
):
    one = connector(sales_layer={"sku_limit": 3})
    assert extract(one, [item(number) for number in range(3)], part_size=1).extracted == 3
    folder.clear_all()
    with pytest.raises(RunAbortedError) as refused:
        extract(one, [item(number) for number in range(4)], part_size=1)
    assert "may hold 3 SKUs" in str(refused.value)
    assert "Raise `sku_limit` in " in str(refused.value)
    assert "lamps.yaml" in str(refused.value)
    assert folder.parts(EXTRACT) == []
    assert folder.noted(ExtractNote) is None


def test_what_changed_so_that_the_filter_leaves_it_out_has_left_the_selection(
    extract, connector, item, folder
):
    one = connector(sales_layer={"filter": "{{ item.brand == 'Acme' }}"})
    extract(one, [item(1), item(2, brand="Other")], kind="changed", since=datetime(2026, 11, 22, tzinfo=UTC))
    assert folder.noted(ExtractNote).removed_ids == ("products/9", "products/2")
    extract(one, [item(1), item(2, brand="Other")])
    assert folder.noted(ExtractNote).removed_ids == ("products/9",)


def test_what_the_filter_leaves_out_does_not_count_against_the_limit(extract, connector, item):
    one = connector(sales_layer={"sku_limit": 1, "filter": "{{ item.brand == 'Acme' }}"})
    summary = extract(one, [item(1), *(item(number, brand="Other") for number in range(2, 9))])
    assert (summary.extracted, summary.out_of_scope) == (1, 7)


@pytest.mark.parametrize("kind", ["changed", "interval"])
def test_no_change_is_no_mistake(extract, connector, kind):
    assert extract(connector(), [], kind=kind, full=False).extracted == 0


@pytest.mark.parametrize("kind", ["interval", "affected"])
def test_a_backfill_of_a_source_without_dates_is_refused(extract, connector, item, folder, kind):
    """Each of its intervals would take everything."""
    day = {"since": datetime(2026, 1, 1, tzinfo=UTC), "until": datetime(2026, 1, 2, tzinfo=UTC)}
    with pytest.raises(RunAbortedError, match=r"does not say when an item changed.*modified_column"):
        extract(connector(), [item(1)], kind=kind, **day)
    assert folder.parts(EXTRACT) == []


def test_an_empty_extract_is_refused_in_a_sentence(extract, connector, item):
    with pytest.raises(RunAbortedError, match=r"has no item for the connector lamps.*`statuses` .visible."):
        extract(connector(), [])
    with pytest.raises(RunAbortedError, match=r"None of the SKUs.*Z-1.*1 other item was read"):
        extract(connector(), [item(1)], kind="skus", skus=frozenset({"Z-1"}))


def test_what_cannot_be_read_is_counted_and_told(extract, connector, item, folder):
    one = connector(sales_layer={"sku": "{{ item.sku_text | number }}"})
    summary = extract(
        one, [item(1, sku_text="12"), item(2, sku_text="x y")], problems=[ItemError("No id.", sku="row 7")]
    )
    assert (summary.extracted, summary.unreadable) == (3, 2)
    problems = list(folder.read(PROBLEMS, "part-00001.jsonl"))
    assert [one.sku for one in problems] == ["row 7", "products/2"]
    assert "le `sku` ou le `filter` du connecteur échoue" in problems[1].message


def test_a_field_that_no_record_has_is_one_warning_with_what_was_meant(extract, connector, item):
    one = connector(
        sales_layer={"filter": "{{ item.brnd != 'x' }}"},
        mapping={
            "Nom du produit": "{{ item.nom }}",
            "Marque": "{{ item.maker | default('Acme') }}",
            "Image principale": "{{ item.photo or item.reference }}",
        },
    )
    found = extract(one, [item(number) for number in range(5)]).warnings
    warnings = sentences(found, catalogue("fr"))
    assert len(warnings) == 2
    assert warnings[0] == (
        "Le PIM n'envoie aucun champ « brnd », que lit `filter`. Vouliez-vous dire brand ?"
    )
    assert "« nom », que lit « Nom du produit » de la correspondance (ligne " in warnings[1]


def test_only_the_fields_needed_are_asked_for_and_what_was_meant_is_told_all_the_same(
    extract, connector, item
):
    one = connector(mapping={"Nom du produit": "{{ item.nom_court }}"})
    assert "nom_court" in needed_fields(one)
    extract(one, [item(1)])
    assert extract.asked.fields == needed_fields(one)
    (warning,) = extract(one, [item(1)], fields={"nom_courte"}).warnings
    assert "nom_courte" in worded((warning,), catalogue())


def test_the_sku_and_the_filter_read_the_fallback_language_as_the_mapping_does(
    extract, connector, item, folder
):
    one = connector(
        sales_layer={
            "fallback_language": "en",
            "sku": "{{ item.reference }}-{{ item.shade }}",
            "filter": "{{ item.shade == 'Red' }}",
        }
    )
    only_english = item(1)
    only_english["product"]["texts"]["shade"] = {"en": "Red"}
    assert extract(one, [only_english]).out_of_scope == 0
    assert [row["sku"] for row in rows(folder)] == ["A-1-Red"]


def test_a_field_of_variants_is_no_mistake_where_only_products_changed(extract, connector, item):
    one = connector(mapping={"Nom du produit": "{{ item.name }}", "Taille": "{{ item.size }}"})
    assert extract(one, [item(1)], kind="changed").warnings == ()
    assert len(extract(one, [item(1)], kind="everything").warnings) == 1
    family = [item(2, group="9", variant={"size": "M"}), item(1)]
    assert extract(one, family, kind="changed").warnings == ()


@given(st.lists(st.integers(1, 5), max_size=12), st.integers(1, 6))
def test_parts_hold_every_item_once_and_never_split_a_family(families, size):
    items = [
        {"pim_id": (group, n), "group": group} for group, count in enumerate(families) for n in range(count)
    ]
    parts = list(_parts(items, size))
    assert [item for part in parts for item in part] == items
    homes = [{item["group"] for item in part} for part in parts]
    assert sum(map(len, homes)) == len(families)
    assert all(len(part) < size + 5 for part in parts)

import pytest

from amazon_listings.connectors.loader import load_connectors
from amazon_listings.runs.extract.needed_fields import OWN_NAMES, needed_fields
from amazon_listings.sources.extraction import read_items
from amazon_listings.sources.sales_layer.account import SalesLayerAccount
from amazon_listings.sources.sales_layer.connection import PimConnection
from amazon_listings.sources.selection import Selection
from local_airflow.project import PROJECT
from spapi_sandbox.server import running_sandbox


def test_everything_that_names_a_field_is_needed(connector):
    one = connector(
        sales_layer={"sku": "{{ item.code or item.reference }}", "filter": "{{ item.shop == 'x' }}"},
        mapping={"Nom du produit": ["{{ item.nom }}", {"fr": "{{ product['Le nom'] | upper }}"}]},
        variations={"theme": "{{ product.theme }}", "parent_sku": "{{ product.parent }}"},
        quality=[
            {"expectation": "expect_column_values_to_not_be_null", "column": "title_fr"},
            {
                "expectation": "expect_column_pair_values_to_be_equal",
                "kwargs": {"column_A": "a", "column_B": "b"},
            },
        ],
    )
    named = {"code", "shop", "nom", "Le nom", "theme", "parent", "title", "a", "b"}
    assert set(needed_fields(one)) == named


@pytest.mark.parametrize(
    "reading",
    [
        {"mapping": {"Nom du produit": "{{ item.nom if item.modified is modified_after('2026-01-01') }}"}},
        {"sales_layer": {"filter": "{{ product.modified }}"}},
        {"variations": {"theme": "{{ product.theme }}", "parent_sku": "{{ product.modified }}"}},
        {"quality": [{"expectation": "expect_column_values_to_not_be_null", "column": "modified"}]},
    ],
)
def test_the_date_of_a_change_is_needed_where_it_is_read(connector, reading):
    assert "modified" not in needed_fields(connector())
    assert "modified" in needed_fields(connector(**reading))


@pytest.mark.parametrize(
    "value",
    [
        "{{ item[language] }}",
        "{{ item['name_' ~ language] }}",
        "{{ variants | map(attribute=item.which) | join }}",
        "{{ item.nom",
    ],
)
def test_what_names_no_field_needs_them_all(connector, value):
    assert needed_fields(connector())
    assert needed_fields(connector(mapping={"Nom du produit": value})) == ()


@pytest.mark.parametrize(
    "expectation",
    [
        {"expectation": "expect_table_columns_to_match_set", "column_set": ["a"]},
        {
            "expectation": "expect_column_values_to_not_be_null",
            "column": "a",
            "row_condition": 'col("b") == 1',
        },
    ],
)
def test_expectations_of_whatever_columns_need_them_all(connector, expectation):
    assert needed_fields(connector(quality=[expectation])) == ()


def test_the_demo_connectors_lose_nothing_by_reading_only_what_they_need():
    """Against the sandbox: every value that an expression can name is as it is without `$select`."""
    connectors = load_connectors(PROJECT / "include" / "connectors", {}).connectors
    with running_sandbox() as sandbox:
        pim = PimConnection(
            api="rest", base_url=f"{sandbox.url}/sales_layer/rest/Catalog", api_key="sandbox-pim-key"
        )
        for one in connectors:
            needed = needed_fields(one)
            assert needed, one.id
            picked = {"fields": needed, "fields_if_any": tuple(OWN_NAMES)}
            everything, selected = (
                list(read_items(SalesLayerAccount(pim), Selection(languages=one.pim_languages, **more)))
                for more in ({}, picked)
            )
            assert len(everything) == len(selected) > 50
            for whole, part in zip(everything, selected, strict=True):
                for record in ("product", "variant"):
                    for kind in ("fields", "texts", "images"):
                        was, now = ((item[record] or {kind: {}})[kind] for item in (whole, part))
                        assert now.items() <= was.items()
                        assert {name for name in was if name in needed} <= now.keys()
            assert len(selected[0]["product"]["fields"]) < len(everything[0]["product"]["fields"])

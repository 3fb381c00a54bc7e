"""What a connector adds, in Great Expectations' own names."""

import json
import re

import pytest

from amazon_listings.checks.quality import ExtractRefused, UnknownColumn
from amazon_listings.checks.quality.suite import UnknownExpectation
from amazon_listings.connectors.schema import schema as connector_schema
from amazon_listings.errors import ActionRequiredError, RunAbortedError
from amazon_listings.messages import catalogue
from amazon_listings.remarks import worded
from amazon_listings.runs.notes import QualityNote
from local_airflow.project import PROJECT
from support.quality import codes

STOCK = {"expectation": "expect_column_values_to_be_between", "column": "stock", "min_value": 0}


def test_one_row_stops_no_expectation(check, item):
    rows = check(
        [item(n, stock=n) for n in range(1, 40)]
        + [item(90, stock=[1]), item(91, stock=-1), item(92, stock="x")],
        quality=[STOCK],
    )
    assert set(rows) == {"products/90", "products/91", "products/92"}
    assert all(codes(row) == ["expectation"] for row in rows.values())
    assert {row["issues"][0]["keyword"] for row in rows.values()} == {STOCK["expectation"]}
    assert check.counts == {"checked": 42, "blocked": 3}


def test_an_expectation_on_values_blocks_the_items_that_fail_it(check, item):
    rows = check(
        [item(1, stock=-1), item(2, stock=5), item(3)],
        [item(4, stock=10**20)],
        quality=[
            {
                "expectation": "expect_column_values_to_be_between",
                "column": "stock",
                "min_value": 0,
                "max_value": 9,
            }
        ],
    )
    assert {one: row["issues"][0]["found"] for one, row in rows.items()} == {
        "products/1": -1,
        "products/4": 10**20,
    }
    assert (
        "expect_column_values_to_be_between (min_value 0, max_value 9)"
        in rows["products/1"]["issues"][0]["message"]
    )


def test_values_are_what_the_pim_sent_not_what_a_table_makes_of_them(check, item):
    """Whole numbers beside an empty cell stay whole; text that looks like a number stays text."""
    rows = check(
        [item(1, code="0123", n=5), item(2, code=None, n=None)],
        quality=[
            {"expectation": "expect_column_values_to_be_in_set", "column": "code", "value_set": [123]},
            {"expectation": "expect_column_values_to_be_in_set", "column": "n", "value_set": [6]},
        ],
    )
    found = [one["found"] for one in rows["products/1"]["issues"]]
    assert found == ["0123", 5]
    assert type(found[1]) is int
    assert list(rows) == ["products/1"]


def test_texts_are_columns_by_language_and_variants_win_over_products(check, item):
    rows = check(
        [
            item(1, group="7", variant={"color": ""}, color="red"),
            item(2, group="7", variant={"color": "blue"}, color="red"),
        ],
        quality=[
            {"expectation": "expect_column_values_to_be_in_set", "column": "color", "value_set": ["red"]},
            {"expectation": "expect_column_value_lengths_to_be_between", "column": "name_fr", "max_value": 3},
        ],
    )
    assert sorted(one["found"] for one in rows["variants/2"]["issues"]) == ["Lampe", "blue"]
    assert [one["found"] for one in rows["variants/1"]["issues"]] == ["Lampe"]


def test_items_are_compared_over_all_parts(check, item, pages):
    rows = check(
        [item(1, code="x"), item(2, code="y")],
        [item(3, code="x")],
        quality=[
            {"expectation": "expect_column_values_to_be_unique", "column": "code"},
            {"expectation": "expect_compound_columns_to_be_unique", "column_list": ["code", "brand"]},
        ],
    )
    assert sorted(rows) == ["products/1", "products/3"]
    assert rows["products/3"]["issues"][1]["found"] == {"code": "x", "brand": "Acme"}
    assert set(pages()) == {"across", "items"}


def test_a_condition_may_name_columns_that_nothing_else_looks_at(check, item):
    rows = check(
        [item(1, kind="lamp", stock=None), item(2, kind="bulb", stock=None)],
        quality=[
            {
                "expectation": "expect_column_values_to_not_be_null",
                "column": "stock",
                "row_condition": 'kind == "lamp"',
                "condition_parser": "pandas",
            }
        ],
    )
    assert list(rows) == ["products/1"]


def test_a_warning_does_not_block(check, item, folder):
    rows = check(
        [item(1, stock=-1)],
        quality=[
            {
                "expectation": "expect_column_values_to_be_between",
                "column": "stock",
                "min_value": 0,
                "severity": "warning",
                "description": "Nothing in stock.",
            },
            {"expectation": "expect_table_row_count_to_be_between", "min_value": 5, "severity": "info"},
        ],
    )
    assert check.counts["blocked"] == 0
    assert not rows["products/1"]["blocks"]
    assert rows["products/1"]["issues"][0]["message"] == "Nothing in stock."
    said = worded(folder.noted(QualityNote).warnings[:1], catalogue("fr"))
    assert said.startswith("L'extrait dans son ensemble : expect_table_row_count")


@pytest.mark.parametrize(
    "expectation",
    [
        {"expectation": "expect_table_row_count_to_be_between", "min_value": 3},
        {"expectation": "expect_column_values_to_not_be_null", "column": "stock", "level": "table"},
        {"expectation": "expect_column_values_to_not_be_null", "column": "stock", "mostly": 0.9},
        {"expectation": "expect_column_max_to_be_between", "column": "stock", "max_value": 4},
        {"expectation": "expect_column_to_exist", "column": "stok"},
    ],
)
def test_an_expectation_about_the_whole_ends_the_run_in_a_sentence(check, item, expectation, pages):
    with pytest.raises(ExtractRefused) as refused:
        check([item(1, stock=5)], [item(2, stock=None)], quality=[expectation])
    assert isinstance(refused.value, RunAbortedError)
    assert expectation["expectation"] in str(refused.value)
    assert "Nothing was sent" in str(refused.value)
    assert "Failed" in pages()["catalogue"]


def test_mostly_counts_over_all_parts(check, item):
    mostly = {"expectation": "expect_column_values_to_not_be_null", "column": "stock", "mostly": 0.5}
    assert check([item(1, stock=1), item(2, stock=2)], [item(3, stock=None)], quality=[mostly]) == {}


@pytest.mark.parametrize(
    ("name", "arguments", "said"),
    [
        (
            "expect_column_values_to_be_between",
            {"column": "stock", "value_set": [0]},
            "it has no argument 'value_set'",
        ),
        ("expect_column_values_to_be_in_set", {}, "'column' is missing"),
        (
            "expect_column_values_to_be_between",
            {"column": "name_fr", "min_value": 1},
            "cannot be computed on “name_fr”",
        ),
        (
            "expect_column_values_to_match_regex",
            {"column": "brand", "regex": "("},
            "cannot be computed on “brand”",
        ),
        ("expect_table_row_count_to_equal", {"value": 1, "level": "row"}, "cannot have `level: row`"),
        (
            "expect_column_values_to_be_null",
            {"column": "brand", "level": "row", "mostly": 0.5},
            "Leave one of the two out",
        ),
        ("expect_table_row_count_to_equal_other_table", {"other_table_name": "x"}, "asks a database"),
    ],
)
def test_a_wrong_expectation_is_a_clear_sentence_with_its_line(check, item, name, arguments, said):
    with pytest.raises(UnknownExpectation) as caught:
        check([item(1, stock=1)], quality=[{"expectation": name, **arguments}])
    assert isinstance(caught.value, ActionRequiredError)
    assert said in str(caught.value)
    assert "lamps.yaml" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "Traceback" not in str(caught.value)


@pytest.mark.parametrize(
    "arguments", [{"column": "stock", "value": 0}, {"column": "stock", "threshold": 0}, {}]
)
def test_a_wrong_argument_is_told_in_the_reader_s_language(check, item, arguments):
    wrong = {"expectation": "expect_column_values_to_be_in_set", **arguments}
    with pytest.raises(UnknownExpectation) as caught:
        check([item(1, stock=1)], quality=[wrong])
    said = caught.value.worded(catalogue("fr"))
    assert not any(english in said for english in ("it has", "did you", "it takes", "missing"))


def test_an_expectation_on_a_field_that_nobody_has_is_refused_with_what_was_meant(check, item):
    with pytest.raises(UnknownColumn, match=r"line \d+: .* looks at “brnd”.*Did you mean brand"):
        check([item(1)], quality=[{"expectation": "expect_column_values_to_not_be_null", "column": "brnd"}])


def test_what_a_run_that_read_only_changes_says_of_the_whole_is_of_every_item(check, item):
    least = {"expectation": "expect_table_row_count_to_be_between", "min_value": 3}
    changed = {"full": False}
    check.present = lambda: [item(1, stock=1), item(2), item(3), item(4)]
    assert check([item(1, stock=9)], quality=[least], extract=changed) == {}
    unique = {"expectation": "expect_column_values_to_be_unique", "column": "stock"}
    check.present = lambda: [item(1, stock=1), item(2, stock=9)]
    rows = check([item(1, stock=9)], quality=[unique], extract=changed)
    assert [codes(row) for row in rows.values()] == [["expectation"]]  # only of what this run read
    gone = changed | {"removed_ids": ("products/2",)}
    assert check([item(1, stock=9)], quality=[unique], extract=gone) == {}
    check.present = None
    assert check([item(1)], quality=[least], extract=changed) == {}
    with pytest.raises(ExtractRefused):
        check([item(1)], quality=[least])


def test_a_suite_file_in_great_expectations_own_format_adds_to_the_connector(
    check, item, tmp_path, connector
):
    before = connector().fingerprint
    (tmp_path / "quality").mkdir()
    suite = tmp_path / "quality" / "lamps.json"
    arguments = {"column": "stock", "min_value": 0}
    one = {
        "type": "expect_column_values_to_be_between",
        "kwargs": arguments,
        "severity": "critical",
        "meta": {},
    }
    suite.write_text(
        json.dumps({"name": "lamps", "expectations": [one | {"description": "No negative stock."}]})
    )
    assert connector().fingerprint != before
    rows = check([item(1, stock=-1), item(2, stock=1)])
    assert [row["issues"][0]["message"] for row in rows.values()] == ["No negative stock."]
    suite.write_text(json.dumps({"expectations": [one | {"kwargs": arguments | {"minimum": 1}}]}))
    with pytest.raises(UnknownExpectation, match=r"lamps\.json, expectation 1: .* no argument 'minimum'"):
        check([item(1, stock=1)])
    suite.write_text('{"expectations": {}}')
    with pytest.raises(AssertionError, match=r"lamps\.json\s+The suite .* it has no list `expectations`"):
        connector()


def test_the_names_a_connector_may_use_are_great_expectations_own():
    from amazon_listings.checks.quality.engine import list_registered_expectation_implementations

    schema = (PROJECT / "include" / "schemas" / "connector.schema.json").read_text()
    named = set(re.findall(r'"(expect_[a-z_]+)"', schema))
    assert named
    assert named <= set(list_registered_expectation_implementations())


def test_the_arguments_a_connector_may_write_are_great_expectations_own():
    from amazon_listings.checks.quality.engine import get_expectation_impl
    from amazon_listings.checks.quality.suite import _INNER

    entry = connector_schema()["properties"]["quality"]["items"]
    kinds = [get_expectation_impl(name) for name in entry["properties"]["expectation"]["enum"]]
    arguments = {name for kind in kinds for name in kind.__fields__} - _INNER
    assert set(entry["propertyNames"]["enum"]) == arguments | {"expectation", "level", "kwargs"}

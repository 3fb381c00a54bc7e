"""Columns are read in one notation, over runs: remembered, and said where it changes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amazon_listings.ledger.connectors.column_notations import find_notations
from amazon_listings.mapping.values.notation import ColumnEvidence
from amazon_listings.messages import catalogue
from amazon_listings.remarks import sentences
from amazon_listings.runs.extract.notations import (
    ColumnSurvey,
    RowNotation,
    note_notations,
    remember,
    remembered,
    source_notation,
    turns_of,
    with_notation,
)
from amazon_listings.runs.folder import RunFolder
from support.ledgers import ledger_in
from support.sync_runs import lamp


@pytest.fixture
def ledger(tmp_path):
    engine = ledger_in(tmp_path)
    yield engine
    engine.dispose()


@pytest.fixture
def read(ledger, connector, tmp_path):
    """A run over these prices; its note. What it saw is remembered."""
    numbers = iter(range(1, 99))

    def run(*prices, whole=True, decimal="auto"):
        folder = RunFolder.of(tmp_path, "lamps", f"run{next(numbers)}")
        items = [lamp(f"P{number}", price=price) for number, price in enumerate(prices)]
        survey = ColumnSurvey().see_all(items)
        note = note_notations(
            connector(sales_layer={"decimal": decimal}), survey, whole=whole, ledger=ledger, folder=folder
        )
        remember(ledger, "lamps", folder)
        return note

    return run


def said(note):
    return sentences(note.warnings, catalogue())


def test_a_run_of_changes_reads_as_the_run_of_everything_did(read):
    assert read("12,50", "1.500").columns["price"].decimal == ","
    note = read("1.500", whole=False)
    assert (note.columns["price"].decimal, note.warnings) == (",", ())


def test_another_sign_in_the_column_is_said(read):
    read("12,50", "1.500")
    [mixed] = said(read("12.50", whole=False))
    assert "price" in mixed
    assert "12,50" in mixed
    read("12,50")
    [changed] = said(read("12.50", "1.500"))
    assert "price" in changed
    assert "12.50" in changed
    assert "12,50" in changed


@pytest.mark.parametrize("whole", [True, False])
def test_a_column_that_shows_no_sign_any_more_is_read_as_before(read, connector, whole):
    before = read("12,50", "1.500").columns
    note = read("12", "1.500", whole=whole)
    assert (note.columns["price"].decimal, note.warnings) == (",", ())
    assert turns_of("{{ item.price }}", note.columns) == 0
    assert RowNotation(note.columns) == RowNotation(before)
    known = connector().fingerprint
    assert with_notation(known, connector(), note.columns) == with_notation(known, connector(), before)
    assert read(whole=whole).columns["price"].decimal == ","
    [changed] = said(read("12.50"))
    assert "12,50" in changed


def test_a_contradiction_goes_with_the_values_that_showed_it(read):
    read("12,50", "7.25")
    assert read("12", "7").columns == {"price": ColumnEvidence()}


def test_a_decimal_sign_that_the_connector_states_against_the_column_is_said_once(read):
    read("12,50")
    assert read("12,50", decimal=",").warnings == ()
    note = read("12,50", decimal=".")
    [stated] = said(note)
    assert "`.`" in stated
    assert "12,50" in stated
    assert turns_of("{{ item.price }}", note.columns) == 1
    assert read("12,50", decimal=".").warnings == ()
    [changed] = said(read("12,50"))
    assert "12,50" in changed


def test_a_run_of_everything_forgets_what_is_gone(read, ledger):
    read("12,50")
    read("12.50")
    assert find_notations(ledger, "lamps")["price"] == ("", "12.50", "", "", 1)
    assert remembered(ledger, "lamps")["price"].decimal == "."


def test_a_column_that_is_read_otherwise_counts_as_an_edited_line(connector):
    before = ColumnSurvey().see_all([lamp("A", price="12,50")]).columns
    after = ColumnSurvey().see_all([lamp("A", price="12.50")]).columns
    lamps = connector()
    known = lamps.fingerprint
    assert with_notation(known, lamps, {}) == known
    assert len({with_notation(known, lamps, columns) for columns in (before, after, {})}) == 3
    renewed = with_notation(with_notation(known, lamps, before), lamps, after)
    assert renewed == with_notation(known, lamps, after)
    stated = connector(sales_layer={"decimal": ","})
    assert with_notation(known, stated, before) == known


def test_a_line_whose_column_turned_is_not_the_line_that_was_approved(read):
    price = "{{ item.price | round(2) }}"
    assert turns_of(price, read("12", "15").columns) == 0
    assert turns_of(price, read("12,50").columns) == 0
    assert turns_of(price, read("12.50").columns) == 1
    assert turns_of(price, read("7").columns) == 1
    assert turns_of(price, read("8,50").columns) == 2
    assert turns_of(price, read("8", whole=False).columns) == 2
    assert turns_of("{{ item.name }}", read("12,50").columns) == 0


@given(st.lists(st.text("12a .,-/\u066b\uff0c:€", max_size=8), max_size=4))
def test_a_survey_passes_over_no_value_that_shows_something(prices):
    expected = ColumnEvidence()
    for price in prices:
        expected = expected.with_value(price)
    items = [lamp("A", price=price) for price in prices]
    assert ColumnSurvey().see_all(items).columns.get("price", ColumnEvidence()) == expected


def test_a_row_depends_on_the_notation_of_its_own_columns():
    columns = ColumnSurvey().see_all([lamp("A", price="12,50")]).columns
    assert b"price" in RowNotation(columns).of(lamp("B"))
    assert RowNotation({"elsewhere": columns["price"]}).of(lamp("B")) == b""
    assert RowNotation(columns) != RowNotation({"elsewhere": columns["price"]})
    assert RowNotation(columns) != columns


def test_what_the_connector_states_wins(connector):
    stated = {"decimal": ".", "date_order": "month_first", "timezone": "UTC"}
    notation = source_notation(connector(sales_layer=stated), {})
    assert (notation.decimal, notation.dates.month_first, notation.dates.stated) == (".", True, True)
    assert str(notation.dates.zone) == "UTC"
    own = source_notation(
        connector(sales_layer={"decimal": "auto", "date_order": "auto", "timezone": None}), {}
    )
    assert (own.dates.month_first, str(own.dates.zone)) == (False, "Europe/Paris")

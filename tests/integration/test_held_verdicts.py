"""Items of which all that is checked is as it was when they passed are not checked again."""

import csv
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import update

from amazon_listings.ledger.items.issues import open_issues
from amazon_listings.ledger.tables import item_states
from amazon_listings.runs.notes import QualityNote
from amazon_listings.runs.quality_docs import docs_index
from amazon_listings.runs.records import QUALITY
from spapi_sandbox.server import running_sandbox
from support.whole_runs import Home, product

STOCK = {"expectation": "expect_column_values_to_not_be_in_set", "column": "stock", "value_set": ["0"]}


@pytest.fixture(scope="module")
def pair():
    """Two sandboxes, one for each way to run."""
    with running_sandbox(quotas=False) as one, running_sandbox(quotas=False) as other:
        yield one, other


@pytest.fixture
def home(pair, tmp_path):
    pair[0].reset()
    pair[0].control("quotas", enabled=False)
    return Home(pair[0], tmp_path / "home", [product(number) for number in range(6)])


@pytest.fixture
def run(home):
    """Run a connector of the home; the counts that are not 0, and the note of the quality check."""

    def run(connector=None, **params):
        run.summary, run.folder = home.run(connector or home.connector(), params=params)
        assert run.summary["failure"] is None
        counts = {name: count for name, count in run.summary["counts"].items() if count}
        return counts, run.folder.noted(QualityNote)

    return run


def results(home):
    """The results of Great Expectations that are kept."""
    return sorted(home.storage.glob("quality/*/gx/uncommitted/validations/**/*.json"))


def page(run):
    return Path(run.summary["files"]["report.html"]).read_text(encoding="utf-8")


def test_a_price_is_no_reason_to_check_again(home, run):
    assert run()[1].checked == 6
    kept = results(home)
    assert "quality-held" not in page(run)
    home.rows[0]["price"] = "11"
    home.rows[1]["name"] = "Autre lampe"  # that it has a name is all that is checked
    counts, note = run()
    assert counts == {"unchanged": 4, "accepted": 2}
    assert (note.checked, note.blocked, note.held) == (0, 0, 2)
    assert results(home) == kept
    assert [list(run.folder.read(QUALITY, part)) for part in run.folder.parts(QUALITY)] == [[]]
    assert (run.folder.stage("report") / note.docs).exists()
    assert "n'ont pas été refaits pour 2 articles" in page(run).replace("&#39;", "'")
    home.rows[0]["price"] = "12"
    assert run(operation="test")[1].checked == 0, "by a test run too"
    assert run()[1].held == 1, "and after one"


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("ean", "4006381333932", "gtin"),
        ("brand", "", "pim_field_empty"),
        ("reference", "S1", "sku_duplicate"),
        ("reference", "x" * 41, "sku_too_long"),
    ],
)
def test_what_is_wrong_now_is_found_and_stays_found(home, run, field, value, code):
    run()
    for price in ("10", "11"):
        home.rows[0] |= {field: value, "price": price}
        counts, note = run()
        assert (note.held, counts["blocked"]) == (0, note.blocked)
        with Path(run.summary["files"]["issues.csv"]).open(encoding="utf-8-sig", newline="") as lines:
            assert code in {row["code"] for row in csv.DictReader(lines)}


def test_a_warning_is_told_again(home, run):
    connector = home.connector(quality=[STOCK | {"severity": "warning", "description": "Sold out."}])
    home.rows[0]["stock"] = "0"
    for price in ("10", "11"):
        home.rows[0]["price"] = price
        assert run(connector)[1].checked
        assert "Sold out." in page(run)


def test_what_is_expected_of_single_values_counts(home, run):
    connector = home.connector(quality=[STOCK])
    run(connector)
    home.rows[0]["price"] = "11"
    assert run(connector)[1].held == 1
    home.rows[0]["stock"] = "0"
    counts, note = run(connector)
    assert (counts["blocked"], note.held) == (1, 0)
    edited = home.connector(quality=[STOCK | {"value_set": ["0", "3"]}])
    assert run(edited)[0] == {"blocked": 6}, "another expectation is another verdict"


@pytest.mark.parametrize(
    "expectation",
    [
        {"expectation": "expect_column_values_to_be_unique", "column": "reference"},
        {"expectation": "expect_column_values_to_not_be_null", "column": "name", "mostly": 0.5},
        {"expectation": "expect_table_row_count_to_be_between", "min_value": 1},
        STOCK | {"level": "table"},
        {"expectation": "expect_column_values_to_be_dateutil_parseable", "column": "stock"},
        {
            "expectation": "expect_column_pair_values_to_be_equal",
            "column_A": "reference",
            "column_B": "sku",
        },
        STOCK | {"row_condition": "stock.astype('int') > stock.astype('int').mean()"},
        STOCK | {"row_condition": "index > 1"},
    ],
)
def test_what_compares_items_or_values_is_always_checked(home, run, expectation):
    if "row_condition" in expectation:
        expectation = expectation | {"condition_parser": "pandas"}
    connector = home.connector(quality=[expectation])
    run(connector)
    home.rows[0]["price"] = "11"
    assert run(connector)[1].checked


def test_the_condition_of_an_expectation_is_a_part_of_what_it_sees(home, run):
    condition = "(colour == 'Rouge') and (brand in ['Acme'])"
    connector = home.connector(quality=[STOCK | {"row_condition": condition, "condition_parser": "pandas"}])
    home.rows[0] |= {"stock": "0", "colour": "Bleu"}
    run(connector)
    home.rows[0]["price"] = "11"
    assert run(connector)[1].held == 1
    home.rows[0]["colour"] = "Rouge"
    assert run(connector)[0] == {"unchanged": 5, "blocked": 1}


def test_one_item_that_must_be_checked_has_all_checked(home, run):
    run()
    home.rows[0]["price"] = "11"
    home.rows.append(product(6))
    assert run()[1].checked == 2


def test_another_mapping_and_lost_pages_have_all_checked(home, run):
    run()
    assert run(home.connector(mapping={"manufacturer": "Other"}))[1].checked == 6
    home.rows[0]["price"] = "11"
    connector = home.connector(mapping={"manufacturer": "Other"})
    docs_index(home.storage, connector.key).unlink()
    assert run(connector)[1].checked == 1


def test_a_verdict_that_cannot_be_read_is_none(home, run):
    run()
    with home.ledger.begin() as connection:
        damage = update(item_states).where(item_states.c.sku == "S0").values(content=b"no content")
        connection.execute(damage)
    home.rows[0]["price"] = "11"
    counts, note = run()
    assert (counts, note.checked) == ({"unchanged": 5, "accepted": 1}, 1)
    home.rows[0]["price"] = "12"
    assert run()[1].held == 1


#: Fails where `point` is no number, but for that of `product`.
MAY_FAIL = "{{ (1 if item.point == 'Solide' else item.point | number) > 0 }}"


@pytest.mark.parametrize("reference", ["S0", "p0"])
def test_what_was_found_at_a_record_stays_while_it_cannot_be_read(home, run, reference):
    home.rows[0] |= {"stock": "0", "reference": reference}
    connector = home.connector(quality=[STOCK], files={"filter": MAY_FAIL})
    assert run(connector)[0] == {"blocked": 1, "accepted": 5}
    home.rows[0]["point"] = "?"
    run(connector)
    assert run.summary["history"]["gone"] == 0
    home.rows[0]["point"] = "Solide"
    home.rows[1]["price"] = "11"
    counts, note = run(connector)
    assert (counts, note.held) == ({"blocked": 1, "unchanged": 4, "accepted": 1}, 0)
    assert {one.issue.code for one in open_issues(home.ledger, connector.key)} == {"expectation"}


@pytest.mark.parametrize("name", ["variants/p0", "products/p0"])
def test_what_was_found_at_an_item_stays_while_the_source_keeps_it_back(home, run, name):
    home.rows[0]["stock"] = "0"
    connector = home.connector(quality=[STOCK])
    run(connector)
    first = home.rows.pop(0)
    home.kept = {name: "R"}
    run(connector)
    assert run.summary["history"]["gone"] == 0
    home.rows.insert(0, first)
    home.kept = {}
    home.rows[1]["price"] = "11"
    counts, note = run(connector)
    assert (counts, note.held) == ({"blocked": 1, "unchanged": 4, "accepted": 1}, 0)


def test_an_identity_that_is_longer_than_its_column_is_known_again(home, run):
    home.rows[0] |= {"id": "p" * 300, "family": "f" * 300}
    run()
    home.rows[0]["price"] = "11"
    counts, note = run()
    assert (counts, note.held) == ({"unchanged": 5, "accepted": 1}, 1)


def test_a_family_is_judged_together(home, run):
    home.rows[1]["family"] = "p0"
    run()
    home.rows[0]["price"] = "11"
    counts, note = run()
    assert (counts, note.held) == ({"unchanged": 5, "accepted": 1}, 2)
    home.rows[2]["family"] = "p0"
    assert run()[1].checked == 3


NUMBERS = st.integers(0, 5)
EDITS = st.one_of(
    st.tuples(NUMBERS, st.just("price"), st.sampled_from(["11", "12,50", "x"])),
    st.tuples(NUMBERS, st.just("ean"), st.sampled_from(["4006381333931", "1", "", "5901234123457"])),
    st.tuples(NUMBERS, st.just("reference"), st.sampled_from(["S0", "S1", "N1", "N1 ", ""])),
    st.tuples(NUMBERS, st.just("family"), st.sampled_from(["p0", "p3"])),
    st.tuples(NUMBERS, st.sampled_from(["name", "brand"]), st.sampled_from(["", " ", "A", "B"])),
    st.tuples(NUMBERS, st.just("stock"), st.sampled_from(["0", "4", ""])),
    st.tuples(NUMBERS, st.just("colour"), st.sampled_from(["Bleu", ""])),
)


class Twin:
    """A connector with its file; `judged`: its Data Docs are gone before each run, so that all is checked."""

    def __init__(self, sandbox, root, *, judged):
        sandbox.reset()
        sandbox.control("quotas", enabled=False)
        self.home = Home(sandbox, root, [product(number) for number in range(6)])
        self.home.rows[1]["family"] = "p0"
        self.judged = judged

    def edit(self, number, name, value):
        row = next(row for row in self.home.rows if row["id"] == f"p{number}")
        row[name] = value
        self.home.rows.sort(key=lambda one: (one["family"], one["id"]))

    def run(self):
        connector = self.home.connector(quality=[STOCK, STOCK | {"column": "brand", "value_set": ["B"]}])
        if self.judged:
            docs_index(self.home.storage, connector.key).unlink(missing_ok=True)
        summary, folder = self.home.run(connector)
        assert summary["failure"] is None
        note = folder.noted(QualityNote)
        assert not (self.judged and note.held)
        tables = [
            sorted(Path(summary["files"][name]).read_text("utf-8").splitlines())
            for name in ("items.csv", "issues.csv")
        ]
        return summary["counts"], tables


@pytest.mark.timeout(900)
@settings(max_examples=2, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=st.lists(st.lists(EDITS, min_size=1, max_size=3), min_size=2, max_size=2))
def test_the_outcome_is_that_of_a_run_that_checks(pair, tmp_path_factory, steps):
    root = tmp_path_factory.mktemp("held")
    twins = [
        Twin(sandbox, root / str(judged), judged=judged)
        for sandbox, judged in zip(pair, (False, True), strict=True)
    ]
    for twin in twins:
        twin.run()
    for edits in steps:
        ends = []
        for twin in twins:
            for edit in edits:
                twin.edit(*edit)
            ends.append(twin.run())
        assert ends[0] == ends[1]

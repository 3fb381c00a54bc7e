"""A run that lets known-good items go at the extract ends as one that looks at every item."""

import csv
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import update

from amazon_listings import pipeline
from amazon_listings.ledger.items.states import find_states
from amazon_listings.ledger.runs.owed import Owed, owed_families, record_owed
from amazon_listings.ledger.tables import item_states
from amazon_listings.runs.extract.unchanged import unchanged_items
from amazon_listings.runs.records import EXTRACT
from spapi_sandbox.server import running_sandbox
from support.whole_runs import PARAMS, Home, product

NUMBERS = st.integers(0, 7)
#: Edits of the file, the connector, and what other connectors have of the listings.
EDITS = st.one_of(
    st.tuples(st.just("price"), NUMBERS, st.sampled_from(["11", "12", "12,50"])),
    st.tuples(st.just("ean"), NUMBERS, st.sampled_from(["4006381333931", "1", "5901234123457"])),
    st.tuples(st.just("reference"), NUMBERS, st.sampled_from(["S0", "S1", "N1"])),
    st.tuples(st.just("family"), NUMBERS, st.sampled_from(["p0", "p3"])),
    st.tuples(st.just("drop"), NUMBERS, st.none()),
    st.tuples(st.just("add"), st.integers(8, 9), st.none()),
    st.tuples(st.just("mapping"), st.none(), st.sampled_from(["Acme", "Other"])),
    st.tuples(st.just("other"), NUMBERS, st.sampled_from(["Acme", "Third"])),
)


@pytest.fixture(scope="module")
def pair():
    """Two sandboxes, one for each way to run."""
    with running_sandbox(quotas=False) as one, running_sandbox(quotas=False) as other:
        yield one, other


class Twin:
    """A connector with its file, and the connector of another that may write to its listings."""

    def __init__(self, sandbox, root, selection):
        sandbox.reset()
        sandbox.control("quotas", enabled=False)
        self.home = Home(sandbox, root, [product(number) for number in range(6)])
        self.home.rows[1]["family"] = "p0"
        self.selection = selection
        self.maker = "Acme"

    def edit(self, kind, number, value):
        rows = {row["id"]: row for row in self.home.rows}
        row = rows.get(f"p{number}")
        if kind == "mapping":
            self.maker = value
        elif kind == "add":
            rows.setdefault(f"p{number}", product(number))
        elif kind == "drop" and len(rows) > 2:
            rows.pop(f"p{number}", None)
        elif kind == "other" and row is not None:
            self.other(row["reference"], value)
        elif row is not None and kind != "drop":
            row[kind] = value
        # Families arrive side by side.
        self.home.rows = sorted(rows.values(), key=lambda one: (one["family"], one["id"]))

    def other(self, sku, brand):
        connector = self.home.connector(
            id="other", contributes=True, mapping=dict.fromkeys(self.connector().mapping) | {"brand": brand}
        )
        rows, self.home.rows = self.home.rows, [product(90, reference=sku)]
        self.home.run(connector, params={"selection": "everything"})
        self.home.rows = rows

    def connector(self):
        return self.home.connector(
            mapping={"manufacturer": self.maker},
            sync={"when_removed": "zero_quantity"},
            quality=[{"expectation": "expect_column_values_to_be_unique", "column": "sku"}],
        )

    def run(self):
        summary, folder = self.home.run(self.connector(), params={"selection": self.selection})
        assert summary["failure"] is None
        left = list(unchanged_items(folder))
        with Path(summary["files"]["items.csv"]).open(encoding="utf-8-sig", newline="") as lines:
            found = [(row["pim_id"], row["sku"], row["outcome"]) for row in csv.DictReader(lines)]
        found += [(one.pim_id, one.sku, "unchanged") for one in left]
        states = {
            state.pim_id: (state.sku, state.outcome, state.removed, state.attributes)
            for state in find_states(self.home.ledger, "lamps")
        }
        return sorted(found), summary["counts"], states, len(left)


@settings(max_examples=2, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=st.lists(st.lists(EDITS, min_size=1, max_size=3), min_size=2, max_size=2))
def test_the_outcome_is_that_of_a_run_over_everything(pair, tmp_path_factory, steps):
    root = tmp_path_factory.mktemp("unchanged")
    twins = [
        Twin(sandbox, root / selection, selection)
        for sandbox, selection in zip(pair, ("changed", "everything"), strict=True)
    ]
    for twin in twins:
        twin.run()
    for edits in [*steps, []]:
        ends = []
        for twin in twins:
            for edit in edits:
                twin.edit(*edit)
            ends.append(twin.run())
        (found, counts, states, _), (whole, counts_of_whole, states_of_whole, left) = ends
        assert left == 0
        assert (found, counts, states) == (whole, counts_of_whole, states_of_whole)


@pytest.fixture
def home(pair, tmp_path):
    pair[0].reset()
    pair[0].control("quotas", enabled=False)
    return Home(pair[0], tmp_path / "home", [product(number) for number in range(6)])


def test_unchanged_items_leave_with_their_family_and_come_back_with_it(home):
    connector = home.connector()
    home.rows[1]["family"] = "p0"
    home.run(connector)
    home.rows[0]["price"] = "11"
    summary, folder = home.run(connector)
    assert {one.sku for one in unchanged_items(folder)} == {"S2", "S3", "S4", "S5"}
    assert {one["sku"] for part in folder.parts(EXTRACT) for one in folder.read(EXTRACT, part)} == {
        "S0",
        "S1",
    }
    assert (summary["counts"]["accepted"], summary["counts"]["unchanged"]) == (1, 5)
    assert summary["calls"].get("updates") == 1


@pytest.mark.parametrize(("maker", "left"), [("{{ item.brand }}", 6), ("{{ item.changed_at }}", 0)])
def test_a_later_date_alone_makes_no_row_another_unless_the_date_is_read(home, maker, left):
    connector = home.connector(files={"modified_column": "changed_at"}, mapping={"manufacturer": maker})
    for day in ("01", "02"):
        for row in home.rows:
            row["changed_at"] = f"2026-01-{day}T00:00:00Z"
        summary, folder = home.run(connector)
    assert len(list(unchanged_items(folder))) == left
    assert summary["counts"]["accepted" if left == 0 else "unchanged"] == 6


def test_a_file_whose_latest_row_is_gone_is_the_later_reading_all_the_same(home):
    connector = home.connector(files={"modified_column": "modified"})
    for number, row in enumerate(home.rows):
        row["modified"] = f"2024-01-0{number + 1}T00:00:00Z"
    home.run(connector)
    home.rows.pop()
    home.rows[0]["price"] = "11"
    counts = home.run(connector, params={"selection": "everything"})[0]["counts"]
    assert (counts["accepted"], counts["unchanged"]) == (1, 4)
    states = {state.sku: state for state in find_states(home.ledger, connector.key)}
    assert sorted(states) == ["S0", "S1", "S2", "S3", "S4"], "what is gone is not in the selection any more"
    assert states["S0"].row["variant"]["fields"]["price"] == "11"


def test_another_account_has_none_of_what_the_pim_did_not_change(home):
    connector = home.connector(files={"modified_column": "modified"})
    for number, row in enumerate(home.rows):
        row["modified"] = f"2024-01-0{number + 1}T00:00:00Z"
    home.run(connector)

    def kind(attempt):
        run = pipeline.begin(connector, home, run_id=f"begun {attempt}", attempt=0, params=PARAMS)
        return run.scope.kind

    assert kind(1) == "changed"
    other = replace(home.shop.client.account, seller_id="A2OTHERSELLER")
    home.account = lambda _: other
    assert kind(2) == "everything"


def test_what_is_owed_is_found_again_by_an_identity_that_no_column_holds(home):
    long = "p" * 300
    connector = home.connector(files={"modified_column": "modified"})
    for row in home.rows:
        row["modified"] = "2024-01-02T00:00:00Z"
    home.rows[0] |= {"id": long, "family": long}
    home.run(connector)
    owed = Owed("item", f"variants/{long}", f"products/{long}", "failed")
    record_owed(home.ledger, connector.key, "live", 1, [owed])
    home.rows[0] |= {"price": "13", "modified": "2024-01-01T00:00:00Z"}
    assert home.run(connector)[0]["counts"]["accepted"] == 1
    assert owed_families(home.ledger, connector.key, "live") == frozenset()


def test_a_test_run_lets_nothing_go_that_a_live_run_would_send(home):
    connector = home.connector()
    for _ in range(2):
        _, folder = home.run(connector, params={"operation": "test"})
        assert not list(unchanged_items(folder))
    home.run(connector)
    _, folder = home.run(connector, params={"operation": "test"})
    assert len(list(unchanged_items(folder))) == 6


def test_an_item_of_which_a_rule_changes_its_verdict_comes_back_on_that_day(home):
    sale = {
        "purchasable_offer.our_price.schedule.value_with_tax": "{{ item.price }}",
        "purchasable_offer.discounted_price.schedule.value_with_tax": "{{ 9 }}",
        "purchasable_offer.discounted_price.schedule.start_at": "2026-01-01T00:00:00Z",
        "purchasable_offer.discounted_price.schedule.end_at": "{{ item.point }}",
    }
    connector = home.connector(mapping=sale | {"bullet_point": ["Solide"]})
    for row in home.rows:
        row["point"] = "2999-01-01T00:00:00Z"
    home.run(connector)
    _, folder = home.run(connector)
    assert len(list(unchanged_items(folder))) == 6
    assert all(state.next_date is not None for state in find_states(home.ledger, connector.key))
    with home.ledger.begin() as connection:
        yesterday = datetime.now(UTC) - timedelta(days=1)
        table = item_states
        connection.execute(update(table).where(table.c.sku == "S2").values(next_date=yesterday))
    _, folder = home.run(connector)
    assert {one.sku for one in unchanged_items(folder)} == {"S0", "S1", "S3", "S4", "S5"}


def test_a_backfill_of_what_is_affected_takes_what_changed_in_its_interval(home):
    files = {"modified_column": "changed_at"}
    for number, row in enumerate(home.rows):
        row["changed_at"] = f"2026-01-0{number + 1}T00:00:00Z"
    home.run(home.connector(files=files))
    line = "{{ 'Other' if item.reference in ['S1', 'S3'] else 'Acme' }}"
    connector = home.connector(files=files, mapping={"manufacturer": line})
    params = PARAMS | {"selection": "affected"}
    found = {}
    for day in range(1, 6):
        interval = datetime(2026, 1, day, tzinfo=UTC), datetime(2026, 1, day + 1, tzinfo=UTC)
        begun = pipeline.begin(
            connector, home, run_id=f"backfill {day}", attempt=0, params=params, interval=interval
        )
        note = pipeline.extract(begun, home)
        items = [one for part in note.parts for one in begun.folder.read(EXTRACT, part)]
        found[day] = [item["sku"] for item in items]
    assert found == {1: [], 2: ["S1"], 3: [], 4: ["S3"], 5: []}


def test_a_column_that_is_called_modified_is_read_as_it_was_written(home):
    maker = "{{ product.modified }} {{ item.modified }}"
    connector = home.connector(files={"modified_column": "modified"}, mapping={"manufacturer": maker})
    for row in home.rows:
        row |= {"modified": "2026-01-01", "family": "p0"}
    home.run(connector)
    states = find_states(home.ledger, connector.key)
    assert {one.attributes["manufacturer"][0]["value"] for one in states} == {"2026-01-01 2026-01-01"}

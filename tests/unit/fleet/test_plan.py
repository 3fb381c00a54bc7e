"""The plan: what an edit changes, and that judging only what is affected gives the same as judging all."""

from __future__ import annotations

import datetime as dt
import json
import shutil
import subprocess

import msgspec
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from amazon_listings.cli import app
from amazon_listings.connectors import load_connectors
from amazon_listings.fleet.plan import plan_connector
from amazon_listings.fleet.plan_states import state_of
from amazon_listings.fleet.plan_text import plan_markdown
from amazon_listings.ledger.connectors.keys import resolve_key
from amazon_listings.ledger.items.issues import CheckedItem, record_issues
from amazon_listings.ledger.items.states import Fingerprint, ItemState, find_states, record_states
from amazon_listings.mapping.values.notation import ColumnEvidence
from amazon_listings.messages import catalogue
from amazon_listings.runs.extract.notations import RowNotation
from amazon_listings.runs.extract.unchanged import row_digest
from amazon_listings.runs.map_fields import mapped_family
from amazon_product_types.validation.issue import Issue
from support.ledgers import ledger_in
from tests.unit.fleet.conftest import COMPANY, write
from tests.unit.fleet.conftest import LAMPS as BARE

#: What makes a lamp whole; a backpack lacks more.
LAMPS = (
    BARE
    + """\
  product_description: "{{ item.title }}"
  bullet_point: "{{ item.title }}"
  supplier_declared_dg_hz_regulation: not_applicable
  condition_type: new_new
  purchasable_offer.our_price.schedule.value_with_tax: "10"
  merchant_suggested_asin: B000000000
  merchant_shipping_group: standard-template
  main_product_image_locator: https://example.com/a.jpg
  fulfillment_availability: {fulfillment_channel_code: DEFAULT, quantity: 3}
  item_package_weight: {value: 1, unit: kilograms}
  lamp_type: {value: desk_lamp, optional: true}
  light_source_type: {value: incandescent, optional: true}
"""
)

DAY = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)


def item(number, **fields):
    record = {"id": str(number), "ref": f"A{number}", "status": "visible", "modified": None, "images": {}}
    return {
        "pim_id": f"products/{number}",
        "group": f"products/{number}",
        "sku": f"A{number}",
        "modified": None,
        "product": {**record, "texts": {}, "fields": fields},
        "variant": None,
    }


def keep(ledger, connector_id, items, selected=()):
    key = resolve_key(ledger, connector_id)
    states = [
        ItemState(
            pim_id=one["pim_id"],
            sku=one["sku"],
            family=one["group"],
            run=1,
            operation="live",
            outcome="accepted",
            read_at=DAY,
            row=one,
            selected=selected,
        )
        for one in items
    ]
    record_states(ledger, key, states)


@pytest.fixture
def ledger(tmp_path):
    return ledger_in(tmp_path)


ITEMS = [item(n, title=f"Luna {n}", weight="1.5", origin="FR", base="e27") for n in range(1, 4)]


@pytest.fixture
def run(folder, storage, ledger, tmp_path):
    """Runs the command against the folder as it was before the edit."""
    write(folder, lamps=LAMPS)
    for name in ("fr_lamp", "de_lamp"):
        keep(ledger, name, ITEMS)
    shutil.copytree(folder, tmp_path / "base")

    def run(*words, **edits):
        write(folder, **edits)
        return CliRunner().invoke(
            app, ["plan", "--base-dir", str(tmp_path / "base"), "--folder", str(folder), *words]
        )

    return run


def plans(result):
    assert result.exit_code == 0, result.output
    return {one["id"]: one for one in json.loads(result.stdout)}


def test_nothing_edited_changes_nothing(run):
    result = run()
    assert result.exit_code == 0
    assert "No item of 0 connectors changes" in result.stdout


def test_an_edit_of_a_layer(run):
    edited = LAMPS + "  brand: ACME\n"
    found = plans(run("--json", lamps=edited))
    assert set(found) == {"de_backpack", "de_lamp", "fr_backpack", "fr_lamp"}
    lamp = found["fr_lamp"]
    assert lamp["items"] == 3
    assert lamp["changed"] == ["A1", "A2", "A3"]
    assert lamp["cost"]["way"] == "single"
    assert lamp["cost"]["calls"] == 6  # previews and updates
    (field,) = lamp["fields"]
    assert (field["name"], field["changed"]) == ("brand", 3)
    assert field["examples"][0] == {"sku": "A1", "before": ["Acme Lumière"], "after": ["ACME"]}
    assert "The ledger knows no item of it" in found["fr_backpack"]["notes"][0]
    text = run("--select", "fr_lamp").stdout
    assert 'A1: ["Acme Lumière"] → ["ACME"]' in text
    assert "| `brand` | 3 changed | A1 |" in run("--select", "fr_lamp", "--markdown").stdout


def test_items_that_become_blocked_or_right(run):
    blocked = plans(
        run("--json", "--select", "fr_lamp", lamps=LAMPS.replace("desk_lamp", '"{{ item.base }}"'))
    )
    assert blocked["fr_lamp"]["newly_blocked"] == ["A1", "A2", "A3"]
    assert blocked["fr_lamp"]["changed"] == []
    text = run("--select", "fr_lamp").stdout
    assert "3 newly blocked: A1, A2, A3" in text


def test_a_mistake_is_no_plan_without_changes(run, folder, tmp_path):
    wrong = run(lamps=LAMPS + '  brand: "{{ item.title | uppercase }}"\n')
    assert wrong.exit_code == 1
    assert "4 connectors cannot be used." in wrong.stdout
    assert "No item" not in wrong.stdout
    assert wrong.stdout.count("No filter named 'uppercase'") == 1, "once for all that have it"
    assert "de_backpack, fr_backpack, de_lamp, fr_lamp  broken" in wrong.stdout
    markdown = run("--markdown").stdout
    assert markdown.count("<details>") == 1
    shutil.copytree(folder, tmp_path / "base", dirs_exist_ok=True)
    mended = run(lamps=LAMPS)
    assert mended.exit_code == 0
    assert "Of 4 connectors it is not known what changes." in mended.stdout
    assert "What it was before the change cannot be used" in mended.stdout


def test_a_document_that_cannot_be_read_is_told_with_its_line(run):
    wrong = run("--select", "fr_lamp", lamps=LAMPS + "onwer: x\n")
    assert wrong.exit_code == 1
    assert "lamps.yaml:19: onwer: unknown key. Did you mean 'owner'?" in wrong.stdout
    assert "1 connector cannot be used." in wrong.stdout
    assert "4 connectors cannot be used." in run().stdout


def test_items_that_no_run_has_read_are_not_unchanged(run):
    text = run("--select", "country:FR", lamps=LAMPS + "  brand: ACME\n").stdout
    assert "1 connector: 3 payloads changed" in text
    assert "Of 1 connector it is not known what changes." in text


def test_a_comment_has_room_for_a_fleet(state_with, ledger):
    base, head = state_with({}), state_with({"brand": "ACME"})
    keep_run(ledger, base, ITEMS, ["payload"] * 3)
    one = plan_connector(base, head, ledger)
    for count in (240, 2_000):
        fleet = [msgspec.structs.replace(one, id=f"connector_{number}") for number in range(count)]
        text = plan_markdown(fleet, catalogue("en"))
        assert len(text) < 65_000
        assert f"{count:,} connectors: {3 * count:,} payloads changed" in text
        assert "connector_0" in text
        assert "more connectors: `amazon-listings plan` shows them" in text


def test_choices(run):
    edited = LAMPS + "  brand: ACME\n"
    assert set(plans(run("--json", "--select", "country:DE", lamps=edited))) == {"de_backpack", "de_lamp"}
    both = plans(run("--json", "--select", "country:DE,product_type:LAMP", lamps=edited))
    assert set(both) == {"de_lamp"}
    assert set(plans(run("--json", "--select", "layer:lighting,fr_*", lamps=edited))) == {
        "fr_backpack",
        "fr_lamp",
    }
    wrong = run("--select", "contry:DE", lamps=edited)
    assert wrong.exit_code == 1
    assert "country" in wrong.stderr


def test_a_connector_that_goes(run):
    found = plans(
        run("--json", lamps=LAMPS.replace("[FR, DE]", "[FR]"), layers__company=COMPANY.split("overrides")[0])
    )
    assert found["de_lamp"]["state"] == "gone"
    assert len(found["de_lamp"]["removed"]) == 3


def test_a_base_in_git(run, folder, tmp_path):
    def git(*words):
        subprocess.run(["git", "-C", str(tmp_path), *words], check=True, capture_output=True)

    git("init", "-q")
    git("add", "connectors")
    git("-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "-qm", "one")
    write(folder, lamps=LAMPS + "  brand: ACME\n")
    result = CliRunner().invoke(app, ["plan", "--folder", str(folder), "--select", "fr_lamp", "--json"])
    assert plans(result)["fr_lamp"]["fields"][0]["name"] == "brand"
    wrong = CliRunner().invoke(app, ["plan", "--folder", str(folder), "--base", "nowhere"])
    assert wrong.exit_code == 1
    assert "knows no commit 'nowhere'" in wrong.stderr


@pytest.mark.parametrize("sync", ["{}", "{partial: offer}", "{partial: offer, full_replace: true}"])
def test_offers_of_blocked_items_go_out_alone(state_with, ledger, sync):
    base, head = state_with({}), state_with({"lamp_type": '"{{ item.base }}"'}, more=f"sync: {sync}\n")
    keep_run(ledger, base, ITEMS, ["payload"] * 3)
    for evaluate_all in (False, True):
        found = plan_connector(base, head, ledger, evaluate_all=evaluate_all)
        assert len(found.newly_blocked) == 3
        told = ["accepted in part" in note for note in found.notes]
        assert told == ([True] if sync == "{partial: offer}" else [])
    assert plan_connector(head, head, ledger).notes == ()


LINES = st.fixed_dictionaries(
    {},
    optional={
        "brand": st.sampled_from(
            ['"ACME"', '"{{ item.title }}"', '"{{ item.missing_or_not | default(item.base) }}"']
        ),
        "item_weight": st.sampled_from(
            ['"{{ item.weight }}"', '{value: "{{ item.weight }}", unit: grams}', "null"]
        ),
        "item_name": st.sampled_from(
            ['"{{ item.title | upper }}"', '"{{ connector.country }} {{ item.title }}"']
        ),
        "bullet_point": st.sampled_from(['["{{ item.title }}", "{{ item.base }}"]', '"x"']),
        "bulb_base": st.sampled_from(["e14", '"{{ item.base }}"', "null"]),
        "country_of_origin": st.sampled_from(['"{{ item.origin }}"', "DE"]),
        "purchasable_offer.our_price.schedule.value_with_tax": st.sampled_from(['"{{ item.price }}"', "0"]),
    },
)
FIELDS = st.fixed_dictionaries(
    {
        "title": st.sampled_from(["Luna", "", None]),
        "weight": st.sampled_from(["1.5", "1,5 kg", "heavy", None]),
        "origin": st.sampled_from(["FR", "Atlantis", ""]),
        "base": st.sampled_from(["e27", "e99", None]),
        "price": st.sampled_from(["10", "10.999", "0"]),
    }
)


#: What the ledger has of an item beside its row: nothing, the payload of its last run, or an outdated one.
KEPT = st.sampled_from(["row", "payload", "other_row", "other_mapping", "other_notation"])


def keep_run(ledger, state, rows, kinds):
    """Enter what a run of a state leaves, each item with what a kind of `KEPT` says."""
    other = {"mapping": 1}
    states = []
    for row, kind in zip(rows, kinds, strict=True):
        (made,) = mapped_family(state.connector, state.mapping, state.rules, [row])
        columns = {"title": ColumnEvidence(comma="1,5")} if kind == "other_notation" else {}
        digest = row_digest({**row, "sku": "other"} if kind == "other_row" else row, RowNotation(columns))
        shared = {**state.shared, **(other if kind == "other_mapping" else {})}
        whole = kind != "row"
        right = not made.blocked and state.is_valid(made.attributes) and state.rules.is_right(made.attributes)
        states.append(
            ItemState(
                pim_id=row["pim_id"],
                sku=row["sku"],
                family=row["group"],
                run=1,
                operation="live",
                outcome="accepted" if right else "blocked",
                read_at=DAY,
                row=row,
                attributes=made.attributes if whole else None,
                map_errors=made.blocked if whole else None,
                fingerprint=Fingerprint(**shared, row=digest, family=digest) if whole else Fingerprint(),
            )
        )
    with ledger.begin() as connection:
        connection.exec_driver_sql("DELETE FROM item_states")
    record_states(ledger, resolve_key(ledger, state.connector.id), states)


@pytest.fixture
def state_with(folder, definitions):
    """Compiles the connector with some lines; states of one test have the same definitions."""
    judged = []

    def state_with(lines, *, more=""):
        mapping = ", ".join(f"{name}: {value}" for name, value in lines.items())
        text = LAMPS + f"overrides: [{{when: {{country: FR}}, mapping: {{{mapping}}}}}]\n{more}"
        (connector,) = load_connectors(write(folder, lamps=text), {}, only="fr_lamp").connectors
        judged.append(judged[0] if judged else definitions(connector))
        return state_of(connector, judged[0])

    return state_with


@hypothesis_settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    before=LINES,
    after=LINES,
    rows=st.lists(st.tuples(FIELDS, KEPT), min_size=1, max_size=5),
    whole=st.booleans(),
)
def test_what_is_affected_is_all_that_changes(state_with, ledger, before, after, rows, whole):
    more = 'files: {sku: "{{ item.reference }}-{{ item.base }}", filter: "{{ item.origin }}"}\n'
    states = [state_with(before), state_with(after, more=more if whole else "")]
    items = [item(number, **fields) for number, (fields, _) in enumerate(rows)]
    keep_run(ledger, states[0], items, [kind for _, kind in rows])
    changes, of_all = [], []
    assert plan_connector(*states, ledger, changes=changes) == plan_connector(
        *states, ledger, evaluate_all=True, changes=of_all
    )
    assert changes == [one for one in of_all if one.before != one.after]


def test_what_the_last_run_made_is_not_made_again(state_with, ledger):
    base, head = state_with({}), state_with({"brand": "ACME"})
    keep_run(ledger, base, ITEMS, ["payload", "other_row", "payload"])
    kept = list(find_states(ledger, resolve_key(ledger, "fr_lamp")))
    marked = [
        msgspec.structs.replace(
            one,
            attributes={
                **one.attributes,
                "manufacturer": [{**one.attributes["manufacturer"][0], "value": "kept"}],
            },
        )
        for one in kept
    ]
    record_states(ledger, resolve_key(ledger, "fr_lamp"), marked)
    changes = []
    plan_connector(base, head, ledger, changes=changes)
    made = [one.after["manufacturer"][0]["value"] for one in changes]
    assert made == ["kept", "FR-Acme", "kept"]


#: A connector that adds prices to listings of another one.
PRICES = """\
for: {country: [FR], product_type: [LAMP]}
id: "prices_{country}"
contributes: true
files: {path: "products.csv", languages: [fr], sku: "{{ item.reference }}"}
mapping:
  purchasable_offer.our_price.schedule.value_with_tax: "{{ item.price | default('10') }}"
"""


def test_a_part_of_a_listing_is_not_blocked_by_what_it_leaves_to_others(
    folder, definitions, ledger, tmp_path
):
    def state(text):
        (connector,) = load_connectors(write(folder, prices=text), {}, only="prices_fr").connectors
        judged.append(judged[0] if judged else definitions(connector))
        return state_of(connector, judged[0])

    judged = []
    states = [state(PRICES), state(PRICES.replace("'10'", "'12'"))]
    keep(ledger, "prices_fr", [item(1), item(2, price="0.001")])
    for evaluate_all in (False, True):
        found = plan_connector(*states, ledger, evaluate_all=evaluate_all)
        assert (found.changed, found.still_blocked) == (("A1",), 0)


def test_a_title_that_amazon_has_is_no_reason_to_block(state_with, ledger):
    base, head = state_with({}), state_with({"brand": "ACME"})
    if "title_differentiation" not in base.definitions.document["properties"]:
        pytest.skip("the sandbox's lamp has titles of one part")
    long = [{"value": "x" * 90, "language_tag": "fr_FR", "marketplace_id": "A13V1IB3VIYZZH"}]
    highlights = {"title_differentiation": long[:1], "item_name": long}
    assert not head.keeps_rules(highlights, {})
    assert head.keeps_rules(highlights, highlights)
    assert not head.keeps_rules(highlights, {**highlights, "item_name": []})


def test_items_that_were_read_without_a_field_are_counted_apart(state_with, ledger):
    base, head = state_with({}), state_with({"brand": '"{{ item.marque }}"'})
    keep_run(ledger, base, ITEMS, ["payload"] * 3)
    key = resolve_key(ledger, "fr_lamp")
    kept = list(find_states(ledger, key))
    record_states(ledger, key, [msgspec.structs.replace(one, selected=("title", "weight")) for one in kept])
    found = plan_connector(base, head, ledger)
    assert (found.items, found.changed, found.newly_blocked) == (3, (), ())
    assert "3 items were read without a field" in found.notes[0]
    known = ("base", "marque", "origin", "title", "weight")
    record_states(ledger, key, [msgspec.structs.replace(one, selected=known) for one in kept])
    assert plan_connector(base, head, ledger).notes == ()


def test_broken_texts_of_a_source_are_planned(state_with, ledger):
    base, head = state_with({}), state_with({"brand": '"{{ item.title }}"'})
    keep_run(ledger, base, [item(1, title="a\ud800", weight=float("nan"), origin="FR")], ["payload"])
    found = plan_connector(base, head, ledger)
    assert found == plan_connector(base, head, ledger, evaluate_all=True)
    assert found.items == 1


def test_what_the_quality_check_blocks_stays_blocked(state_with, ledger):
    base, head = state_with({}), state_with({"brand": "ACME"})
    picture = state_with({"main_product_image_locator": '"{{ item.picture }}"'})
    items = [*ITEMS[:2], item(3, title="Luna 3", weight="1.5", origin="FR", base="e27", picture="ftp:/a")]
    keep_run(ledger, base, items, ["payload"] * 3)
    key = resolve_key(ledger, "fr_lamp")
    twice = Issue(
        code="sku_duplicate",
        severity="ERROR",
        source="quality",
        message="Two items have the SKU.",
        label="SKU",
    )
    second = list(find_states(ledger, key))[1]
    record_states(ledger, key, [msgspec.structs.replace(second, outcome="blocked")])
    record_issues(ledger, key, 1, [CheckedItem("A2", [twice], frozenset({"quality"}))])
    for evaluate_all in (False, True):
        found = plan_connector(base, head, ledger, evaluate_all=evaluate_all)
        assert (found.changed, found.still_blocked) == (("A1", "A3"), 1)
        found = plan_connector(head, picture, ledger, evaluate_all=evaluate_all)
        assert "A3" in found.newly_blocked

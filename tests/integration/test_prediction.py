"""What a draft is predicted to do is what the next run finds, item by item, where the PIM says the same."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from amazon_listings.checks.predicted import Known, Predicted
from amazon_listings.checks.remapped import Remapped
from amazon_listings.ledger.items.issues import open_issues
from amazon_listings.ledger.items.states import find_states
from amazon_listings.web.drafts.drafted import effect_of, families
from spapi_sandbox.server import running_sandbox
from support.whole_runs import Home, product

#: Lines that a draft changes, by what they bring.
DRAFTS = {
    "a field that is empty gets a value": {"brand": "{{ item.brand or 'Lumio' }}"},
    "a number that is wrong is not sent": {
        "externally_assigned_product_identifier.type": None,
        "externally_assigned_product_identifier.value": None,
        "supplier_declared_has_product_identifier_exemption": True,
    },
    "a required line goes": {"brand": None},
    "another PIM field, which is empty": {"manufacturer": "{{ item.point }}"},
    "a title that is too long": {"item_name": "{{ item.name * 60 }}"},
    "a picture that has no address": {"main_product_image_locator": "{{ item.name }}"},
    "nothing that matters": {"color": "Bleu"},
    "a text that had to be repaired is another one": {"bullet_point": "{{ item.name }}"},
}


@pytest.fixture(scope="module")
def sandbox():
    with running_sandbox(quotas=False) as running:
        yield running


@pytest.fixture(scope="module")
def home(sandbox, tmp_path_factory):
    """Products of which each is wrong in its own way: in the PIM, by the definition, by an expectation."""
    rows = [
        product(0),
        product(1, family="p0"),
        product(2, brand=""),
        product(3, ean="4006381333932"),
        product(4, reference="S5"),
        product(5, point="LumiÃ¨re douce"),
        product(6, stock="9999"),
        product(7, point=""),
        product(8, reference=""),
        product(9, brand="", ean="1"),
        product(10, stock="9999", brand=""),
        product(11, reference="S" * 41),
        product(12, colour="", point="LumiÃ¨re"),
    ]
    return Home(sandbox, tmp_path_factory.mktemp("prediction") / "home", rows)


def connector(home, changes=()):
    expected = [
        {"expectation": "expect_column_value_lengths_to_be_between", "column": "stock", "max_value": 3}
    ]
    return home.connector(mapping=dict(changes), quality=expected)


def outcomes(home, one):
    """Run a connector as a test over everything; the items by whether they are blocked."""
    summary, _ = home.run(one, params={"operation": "test", "selection": "everything"})
    assert summary["failure"] is None
    return {
        state.sku or state.pim_id: state.outcome == "blocked" for state in find_states(home.ledger, one.key)
    }


def warnings(home, one):
    """Return the warnings of the last run that a replay finds too, each with its item."""
    return {
        (known.item, known.issue.identity)
        for known in open_issues(home.ledger, one.key, severity="WARNING")
        if known.issue.source in {"mapping", "schema"}
    }


@pytest.fixture(scope="module")
def before(home):
    found = outcomes(home, connector(home))
    assert any(found.values())
    assert not all(found.values())
    return found


def test_items_that_are_mapped_as_before_are_not_replayed(home, before):
    now = connector(home)
    assert outcomes(home, now) == before
    then = connector(home, DRAFTS["a field that is empty gets a value"])
    known = Known(home.ledger, now.key, home.shop.definitions(now), {}, {})
    remapped = Remapped(Predicted(now, known), Predicted(then, known))
    stored = list(families(home.ledger, now.key))
    changed = [item["sku"] for family in remapped.of(stored) for item in family]
    assert 0 < len(changed) < len(stored)
    settings = replace(then, rules_off={"gtin": "a reason"})
    assert Remapped(Predicted(now, known), Predicted(settings, known)).of(stored) == stored


@pytest.mark.parametrize("draft", DRAFTS)
def test_the_next_run_finds_what_was_predicted(home, before, draft):
    now = connector(home)
    assert outcomes(home, now) == before
    warned = warnings(home, now)
    then = connector(home, DRAFTS[draft])
    effect = effect_of(
        home.ledger, now.key, now=now, then=then, definitions=home.shop.definitions(now), count=len(before)
    )
    assert (effect.items, effect.of) == (13, 13)
    blocked = {name for name, is_so in before.items() if is_so}
    predicted = (blocked - set(effect.freed)) | set(effect.blocked)
    assert set(effect.freed) <= blocked
    assert not set(effect.blocked) & blocked
    found = outcomes(home, then)
    assert predicted == {name for name, is_so in found.items() if is_so}
    assert effect.cleared == Counter(identity for _, identity in warned - warnings(home, then))


def test_a_draft_says_how_many_warnings_it_ends(home, before):
    now = connector(home)
    assert outcomes(home, now) == before
    then = connector(home, DRAFTS["a text that had to be repaired is another one"])
    effect = effect_of(
        home.ledger, now.key, now=now, then=then, definitions=home.shop.definitions(now), count=len(before)
    )
    assert effect.cleared == {("repaired", "bullet_point"): 2}
    assert not effect.freed

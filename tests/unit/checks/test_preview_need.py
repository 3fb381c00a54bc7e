"""Which of an item's shapes is to blame when Amazon refuses it."""

import pytest

from amazon_listings.checks.preview_need import Need, PreviewNeed
from amazon_listings.ledger.items.payloads import ListingScope
from amazon_product_types.validation.issue import Issue

LAMP, CORD, FRESH = {1: "lamp_type"}, {2: "cord_length"}, {3: "brand"}


@pytest.fixture
def need(ledger):
    return need_of(ledger, "A1SELLER")


def need_of(ledger, seller):
    return PreviewNeed(ledger, ListingScope("lamps", seller, "A13V1IB3VIYZZH", "LAMP"), "definition", 100)


def error(attribute):
    return Issue(code="4000001", severity="ERROR", source="preview", message="No.", attribute=attribute)


def passed(need, *shapes):
    for _ in range(3):
        need.passed({number: name for one in shapes for number, name in one.items()})


def test_what_passed_is_not_to_blame_for_what_is_new(need):
    """A lamp without a cord: Amazon names the kind of lamp, of which others passed."""
    passed(need, LAMP)
    need.refused(LAMP | CORD, [error("lamp_type")])
    assert need.of(LAMP) is Need.NONE
    assert need.reason(LAMP | CORD) == ("cord_length", "No.")


def test_the_attribute_that_amazon_names_is_to_blame_before_others(need):
    need.refused(LAMP | CORD, [error("lamp_type")])
    assert need.reason(LAMP) == ("lamp_type", "No.")
    assert need.reason(CORD) == ("", "")


def test_where_nothing_is_new_the_attribute_is_previewed_again(need):
    passed(need, LAMP, FRESH)
    need.refused(LAMP | FRESH, [error("brand")])
    assert need.of(LAMP) is Need.NONE
    assert need.of(FRESH) is Need.PREVIEW
    need.refused(LAMP | FRESH, [error("brand")])
    assert need.reason(FRESH) == ("", ""), "both were previewed together"
    assert need.chosen([FRESH]) == [0]
    need.refused(FRESH, [error("brand")])
    assert need.reason(FRESH) == ("brand", "No."), "it has not passed since"


@pytest.mark.parametrize("attribute", ["", "lamp_type"])
def test_what_passed_in_another_item_holds_no_item_back(ledger, attribute):
    """Two values that Amazon refuses together: each passes, so items with one of them are sent."""
    need = PreviewNeed(ledger, need_of(ledger, "A1SELLER").listings, "definition", 3)
    lamp, cord = LAMP | FRESH, CORD | FRESH
    need.passed(lamp)
    need.passed(cord)
    need.refused(LAMP | CORD, [error(attribute)])
    assert need.of(lamp) is Need.USED_UP
    assert need.of(cord) is Need.USED_UP


def test_what_passed_again_holds_no_item_back_however_often_it_is_refused_with_something_else(need):
    passed(need, LAMP)
    passed(need, CORD)
    need.refused(LAMP | CORD, [error("lamp_type")])
    need.chosen([LAMP])
    need.passed(LAMP)
    for _ in range(2):
        need.refused(LAMP | CORD, [error("lamp_type")])
        assert need.chosen([LAMP]) == [0]
        assert need.reason(LAMP) == ("", "")


def test_what_was_refused_has_no_more_than_its_share_of_the_previews(need):
    for _ in range(8):  # each time twice as many are chosen together
        need.refused(FRESH, [error("brand")])
    assert need.asked_of_refused == 7
    assert len(need.chosen([dict(FRESH) for _ in range(200)])) == 43


def test_what_passed_for_one_account_is_asked_for_another(ledger, need):
    passed(need, LAMP)
    need.keep()
    assert need_of(ledger, "A1SELLER").of(LAMP) is Need.NONE
    assert need_of(ledger, "A2SELLER").of(LAMP) is Need.PREVIEW

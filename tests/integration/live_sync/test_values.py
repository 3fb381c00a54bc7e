"""Values that make no sense, or could be two: what is sent to Amazon, and what a person reads."""

import pytest

from amazon_listings.runs.outcomes import Outcome
from support.sync_runs import lamp

SALE = {
    "purchasable_offer.our_price.schedule.value_with_tax": None,
    "offers": {
        "price": "{{ item.price }}",
        "sale": {"price": "{{ item.sale }}", "from": "{{ item.a }}", "to": "{{ item.b }}"},
    },
}


def dated(sku, price="20", sale="15", a="01/12/2099", b="10/12/2099"):
    return lamp(sku, price=price, sale=sale, a=a, b=b)


def issues(run, sku):
    return {issue.code: issue for issue in run.items()[sku].issues}


def schedule(held, name):
    return held["purchasable_offer"][0][name][0]["schedule"][0]


def test_a_point_before_three_digits_is_sent_only_where_the_column_decides(shop):
    connector = shop.connector()
    rows = [lamp("P1", price="1.500"), lamp("P2", stock="1.000"), lamp("P3", price="1'500")]
    run = shop.run(connector, rows)
    assert run.outcomes() == {"P1": Outcome.BLOCKED, "P2": Outcome.BLOCKED, "P3": Outcome.ACCEPTED}
    said = issues(run, "P1")["not_convertible"].message
    assert "1500" in said
    assert "1.500" in said
    decided = shop.run(connector, [*rows, lamp("P4", price="12,50", stock="2,0")])
    assert decided.outcomes()["P1"] == Outcome.ACCEPTED
    assert schedule(shop.held(connector, "P1"), "our_price")["value_with_tax"] == 1500
    assert shop.held(connector, "P2")["fulfillment_availability"][0]["quantity"] == 1000


@pytest.mark.parametrize(
    ("item", "code"),
    [
        (dated("S", sale="25"), "sale_below_price"),
        (dated("S", sale="0"), "price_positive"),
        (dated("S", a="10/12/2099", b="01/12/2099"), "sale_dates"),
        (dated("S", price="0", sale=""), "price_positive"),
        (dated("S", price="-5", sale=""), "price_positive"),
        (dated("S", price="19,999", sale=""), "not_convertible"),
        (dated("S", price="19,9999", sale=""), "price_decimals"),
        (dated("S", a="12/15/2099"), "not_convertible"),
    ],
)
def test_offers_that_make_no_sense_are_not_sent(shop, item, code):
    run = shop.run(shop.connector(mapping=SALE), [item])
    assert run.outcomes() == {"S": Outcome.BLOCKED}
    assert code in issues(run, "S")
    assert shop.held(run.connector, "S") is None


def test_a_sale_that_is_over_is_left_out_with_a_notice(shop):
    connector = shop.connector(mapping=SALE)
    run = shop.run(connector, [dated("S", a="01/01/2020", b="10/01/2020")])
    assert run.outcomes() == {"S": Outcome.ACCEPTED}
    assert issues(run, "S")["sale_over"].severity == "INFO"
    assert "discounted_price" not in shop.held(connector, "S")["purchasable_offer"][0]


def test_a_moment_is_in_the_zone_of_the_connector(shop):
    connector = shop.connector(mapping=SALE)
    shop.run(connector, [dated("S", a="2099-12-01 00:00:00", b="2099-12-10 23:59:59")])
    held = schedule(shop.held(connector, "S"), "discounted_price")
    assert (held["start_at"], held["end_at"]) == ("2099-12-01", "2099-12-10T23:59:59+01:00")


@pytest.mark.parametrize("sku", ["1,23457E+11", '="00124"', "'00125", "NULL", "12345.0", "A\u200b1"])
def test_a_sku_that_a_spreadsheet_made_is_no_listing(shop, sku):
    run = shop.run(shop.connector(), [lamp(sku)])
    assert run.outcomes() == {sku: Outcome.BLOCKED}
    assert "bad_sku" in issues(run, sku)


def test_debris_is_not_published(shop):
    rows = [lamp("S1", brand="#N/A"), lamp("S2", brand="NULL"), lamp("S3", name="NaN Bread")]
    run = shop.run(shop.connector(), rows)
    assert run.outcomes() == {"S1": Outcome.BLOCKED, "S2": Outcome.BLOCKED, "S3": Outcome.ACCEPTED}
    assert "tableur" in issues(run, "S1")["not_convertible"].message
    off = shop.connector(rules_off={"null_words": "The brand is called NULL."})
    assert shop.run(off, [lamp("S2", brand="NULL")]).outcomes()["S2"] == Outcome.ACCEPTED

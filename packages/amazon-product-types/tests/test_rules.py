"""Rules beyond the definition: what they find, what they let pass, and how they are turned off."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from amazon_product_types.messages import languages
from amazon_product_types.rules import (
    MODULAR_HIGHLIGHTS,
    MODULAR_NAME,
    RULES,
    RuleCheck,
    in_force,
    next_change,
    takes_no_listing,
    without_past_sales,
)

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
FRANCE = "A13V1IB3VIYZZH"
ATTRIBUTES = ("item_name", "title_differentiation", "purchasable_offer", "gpsr_manufacturer_reference")
DEFINITION = {"properties": {name: {} for name in ATTRIBUTES}}


def rules(**options):
    return RuleCheck(DEFINITION, lambda path: path, now=NOW, **options)


def scheduled(value, **dates):
    return [{"schedule": [{"value_with_tax": value, **dates}]}]


def offer(price=20, *, currency="EUR", audience="ALL", **more):
    prices = {} if price is None else {"our_price": scheduled(price)}
    return {"currency": currency, "audience": audience, **prices, **more}


def found(*offers, **attributes):
    issues = rules().issues({"purchasable_offer": list(offers), **attributes})
    return [(issue.code, issue.severity) for issue in issues]


def sale(price, start="2026-12-01", end="2026-12-10"):
    return {"discounted_price": scheduled(price, start_at=start, end_at=end)}


def tiers(*levels, kind="fixed"):
    level = [{"lower_bound": bound, "value": value} for bound, value in levels]
    return {"quantity_discount_plan": [{"schedule": [{"discount_type": kind, "levels": level}]}]}


def limits(floor=None, ceiling=None):
    named = {"minimum_seller_allowed_price": floor, "maximum_seller_allowed_price": ceiling}
    return {name: scheduled(price) for name, price in named.items() if price is not None}


@pytest.mark.parametrize(
    ("offers", "codes"),
    [
        ([offer(20)], []),
        ([offer(0)], ["price_positive"]),
        ([offer(-5)], ["price_positive"]),
        ([offer(19.99)], []),
        ([offer(1.299)], ["price_decimals"]),
        ([offer(19.999)], ["price_decimals"]),
        ([offer(1500, currency="JPY")], []),
        ([offer(15.5, currency="JPY")], ["price_decimals"]),
        ([offer(1.255, currency="KWD")], []),
        ([offer(20, **sale(15))], []),
        ([offer(20, **sale(25))], ["sale_below_price"]),
        ([offer(20, **sale(20))], ["sale_below_price"]),
        ([offer(20, **sale(0))], ["price_positive"]),
        ([offer(20, **sale(15, "2026-12-10", "2026-12-01"))], ["sale_dates"]),
        ([offer(20, **sale(15, "2026-12-10", "2026-12-10"))], []),
        ([offer(20, **sale(15, "2026-12-10T10:00:00+01:00", "2026-12-10T09:00:00Z"))], ["sale_dates"]),
        ([offer(20, start_at={"value": "2026-12-02"}, end_at={"value": "2026-12-01"})], ["offer_dates"]),
        ([offer(20, **limits(10, 30))], []),
        ([offer(20, **limits(20, 20))], []),
        ([offer(20, **limits(21))], ["price_limits"]),
        ([offer(20, **limits(None, 19))], ["price_limits"]),
        ([offer(20, **limits(30, 10))], ["price_limits"]),
        ([offer(20, **limits(15), **sale(14))], ["price_limits"]),
        ([offer(20, **tiers((5, 18), (10, 16)))], []),
        ([offer(20, **tiers((5, 25)))], ["quantity_tiers"]),
        ([offer(20, **tiers((10, 18), (5, 16)))], ["quantity_tiers"]),
        ([offer(20, **tiers((5, 16), (10, 18)))], ["quantity_tiers"]),
        ([offer(20, **tiers((5, 5), (10, 10), kind="percent"))], []),
        ([offer(20, **tiers((5, 10), (10, 5), kind="percent"))], ["quantity_tiers"]),
        ([offer(20, **tiers((5, 100), kind="percent"))], ["quantity_tiers"]),
        ([offer(20), offer(18, audience="B2B")], []),
        ([offer(20), offer(22, audience="B2B")], ["business_price"]),
        ([offer(20), offer(18, audience="B2B", **tiers((5, 19)))], ["quantity_tiers"]),
        ([offer(20), offer(None, audience="B2B", **tiers((5, 21)))], ["quantity_tiers"]),
        ([offer(20), offer(-1, audience="B2B")], ["price_positive"]),
        ([offer(None), "no offer", {"our_price": 3}, {"our_price": [{"schedule": [{}]}]}], []),
    ],
)
def test_offers(offers, codes):
    assert [code for code, _ in found(*offers)] == codes


def test_other_prices_than_the_offers():
    assert found(list_price=[{"value_with_tax": 0, "currency": "EUR"}]) == [("price_positive", "ERROR")]
    assert found(cost_price=[{"value": 7.125, "currency": "EUR"}]) == [("price_decimals", "ERROR")]


def title(text, language="fr_FR"):
    return [{"value": text, "language_tag": language, "marketplace_id": FRANCE}]


@pytest.mark.parametrize(
    ("name", "highlights", "expected"),
    [
        (75, 125, []),
        (76, 0, [("modular_title_name", "WARNING")]),
        (76, 10, [("modular_title_name", "ERROR")]),
        (75, 126, [("modular_title_highlights", "ERROR")]),
    ],
)
def test_titles_of_two_parts(name, highlights, expected):
    attributes = {"item_name": title("x" * name), "gpsr_manufacturer_reference": [{}]}
    if highlights:
        attributes["title_differentiation"] = title("y" * highlights)
    assert found(**attributes) == expected
    plain = RuleCheck({"properties": {"item_name": {}}}, lambda path: path, now=NOW)
    assert plain.issues({"item_name": title("x" * 200)}) == []


def test_a_market_of_the_union_asks_who_answers_for_a_product():
    assert found(item_name=title("Lampe")) == [("gpsr_contacts", "WARNING")]
    assert found(item_name=title("Lampe"), gpsr_manufacturer_reference=[{"value": "a@b.fr"}]) == []
    assert found(item_name=[{"value": "Lamp", "marketplace_id": "ATVPDKIKX0DER"}]) == []
    assert found(offer(20, marketplace_id=FRANCE)) == []


@pytest.mark.parametrize(("market", "codes"), [(FRANCE, ["gpsr_contacts"]), ("ATVPDKIKX0DER", [])])
def test_a_definition_of_a_marketplace_outside_the_union_asks_for_no_contacts(market, codes):
    named = {"marketplace_id": {"type": "string", "anyOf": [{"type": "string"}, {"enum": [market]}]}}
    check = RuleCheck({**DEFINITION, "$defs": named}, lambda path: path, now=NOW)
    assert [issue.code for issue in check.issues({"item_name": title("Lampe")})] == codes


def test_a_sale_without_a_price_beside_it_is_checked_too():
    assert found(offer(None, **sale(0, "2026-12-10", "2026-12-01"))) == [
        ("price_positive", "ERROR"),
        ("sale_dates", "ERROR"),
    ]


@pytest.mark.parametrize(
    ("price", "codes"),
    [
        (1500.0, []),
        (1e-7, ["price_decimals"]),
        (1e23, []),
        (10**30, []),
        (Decimal("19.9900"), []),
        (Decimal("19.991"), ["price_decimals"]),
        (float("nan"), []),
        (float("inf"), []),
        (Decimal("NaN"), []),
        (True, []),
        ("19.999", []),
    ],
)
def test_numbers_of_every_kind(price, codes):
    assert [code for code, _ in found(offer(price))] == codes


@given(
    st.floats(1e-9, 1e18)
    | st.builds(lambda whole, places: whole / 10**places, st.integers(1, 10**12), st.integers(0, 5)),
    st.sampled_from(["EUR", "JPY", "KWD"]),
)
@example(1.005, "EUR")
@example(2.675, "EUR")
@example(0.285, "EUR")
def test_a_price_has_as_many_decimals_as_one_reads(price, currency):
    places = -Decimal(repr(price)).normalize().as_tuple().exponent
    wrong = places > {"EUR": 2, "JPY": 0, "KWD": 3}[currency]
    assert found(offer(price, currency=currency)) == [("price_decimals", "ERROR")] * wrong


def test_a_sale_that_is_over_is_left_out_with_a_notice():
    attributes = {"purchasable_offer": [offer(20, **sale(25, "2026-11-01", "2026-11-27"))]}
    kept, [notice] = rules().prepared(attributes)
    assert kept == {"purchasable_offer": [offer(20)]}
    assert (notice.code, notice.severity, notice.found) == ("sale_over", "INFO", "2026-11-27")
    assert "discounted_price" in attributes["purchasable_offer"][0]
    assert rules(without={"sale_over"}).prepared(attributes) == (attributes, [])


@pytest.mark.parametrize(
    ("end", "over"),
    [
        ("2026-11-28", False),
        ("2026-11-27", True),
        ("2026-11-28T11:59:59Z", True),
        ("2026-11-28T13:30:00+01:00", False),
        ("someday", False),
    ],
)
def test_a_day_lasts_to_its_end(end, over):
    attributes = {"purchasable_offer": [offer(20, **sale(15, "2026-11-01", end))]}
    assert bool(without_past_sales(attributes, NOW)[1]) is over


def test_a_day_lasts_until_it_is_over_in_the_last_marketplace():
    attributes = {"purchasable_offer": [offer(20, **sale(15, "2026-11-01", "2026-11-28"))]}
    evening, night = (datetime(2026, 11, 29, hour, tzinfo=UTC) for hour in (7, 8))  # of amazon.com
    assert not without_past_sales(attributes, evening)[1]
    assert next_change(attributes, evening) < night
    assert without_past_sales(attributes, night)[1]


@pytest.mark.parametrize(
    ("start", "expected"), [("2026-12-01", [("sale_dates", "ERROR")]), ("2026-11-20", []), ("2026-11-27", [])]
)
def test_a_sale_that_ends_before_a_beginning_to_come_is_a_mistake_and_not_over(start, expected):
    attributes = {"purchasable_offer": [offer(20, **sale(15, start, "2026-11-01"))]}
    kept, notices = rules().prepared(attributes)
    assert (found(**kept), bool(notices)) == (expected, not expected)
    assert (next_change(attributes, NOW) is not None) == bool(expected)


def test_the_next_change_is_the_end_of_the_next_sale():
    attributes = {"purchasable_offer": [offer(20, **sale(15)), offer(18, **sale(12, end="2026-12-05"))]}
    assert next_change(attributes, NOW).date() == date(2026, 12, 5)
    assert next_change({}, NOW) is None


def test_a_rule_is_in_force_from_its_first_day():
    names = {rule.name for rule in in_force(date(2026, 7, 26))}
    assert not names & {MODULAR_NAME.name, MODULAR_HIGHLIGHTS.name}
    assert {MODULAR_NAME, MODULAR_HIGHLIGHTS} <= set(in_force(date(2026, 7, 27)))


def test_a_rule_is_turned_off_by_its_name():
    assert rules(without={"price_positive"}).issues({"purchasable_offer": [offer(0)]}) == []
    with pytest.raises(ValueError, match="no rule is called titles"):
        in_force(date(2026, 12, 1), without=frozenset({"titles"}))


def test_what_stands_where_a_text_belongs_is_no_finding_of_a_rule():
    nothing = {"marketplace_id": {"value": [FRANCE]}, "language_tag": ["fr_FR"], "value": {}}
    given = {"item_name": [nothing], "title_differentiation": [nothing], "purchasable_offer": [nothing]}
    assert rules().issues(given) == []


def test_every_rule_has_a_name_of_its_own_and_a_source():
    assert len({rule.name for rule in RULES}) == len(RULES)
    assert all(rule.source for rule in RULES)


@pytest.mark.parametrize("language", languages())
def test_every_finding_is_worded_in_every_language(language):
    wrong = [
        offer(0),
        offer(1.299, **sale(5, "2026-12-10", "2026-12-01"), **limits(10, 30), **tiers((5, 3))),
        offer(20, audience="B2B", **tiers((5, 3), (4, 2))),
        offer(20, **limits(30, 10)),
        offer(
            20,
            **sale(30),
            **limits(None, 10),
            start_at={"value": "2027-01-01"},
            end_at={"value": "2026-01-01"},
        ),
    ]
    attributes = {"purchasable_offer": wrong, "item_name": title("x" * 80)}
    for issue in rules().issues(attributes, language):
        assert issue.message.endswith(".")
        assert issue.action.endswith(".")
        assert "{" not in issue.message


def test_product_types_for_offers_alone():
    assert takes_no_listing("PRODUCT", "LISTING")
    assert not takes_no_listing("PRODUCT", "LISTING_OFFER_ONLY")
    assert not takes_no_listing("LAMP", "LISTING")

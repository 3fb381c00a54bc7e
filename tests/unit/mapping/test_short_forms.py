"""Offers, stock, pictures, trade numbers and modular titles, written short."""

import pytest

from amazon_listings.mapping.faults import MappingErrors
from support.small_definition import values


def prices(mapped):
    return values(mapped, "purchasable_offer")


def schedule(value):
    return [{"schedule": [{"value_with_tax": value}]}]


def test_a_price_alone_is_an_offer_to_all_in_the_marketplaces_currency(small):
    assert prices(small.map({"offers": "{{ item.p }}"}, small.item(fields={"p": "19,90"}))) == [
        {"currency": "EUR", "audience": "ALL", "our_price": schedule(19.9)}
    ]


def test_several_currencies_audiences_sales_and_quantity_discounts(small):
    item = small.item(
        fields={
            "eur": 20,
            "gbp": "17.50",
            "b2b": 18,
            "sale": 15,
            "from": "01/12/2026",
            "to": "2026-12-10",
            "ten": 16,
        }
    )
    mapped = small.map(
        {
            "offers": [
                {
                    "price": "{{ item.eur }}",
                    "minimum": 10,
                    "sale": {"price": "{{ item.sale }}", "from": "{{ item.from }}", "to": "{{ item.to }}"},
                    "business": {
                        "price": "{{ item.b2b }}",
                        "quantity_discounts": {"type": "fixed", "levels": {5: 17, 10: "{{ item.ten }}"}},
                    },
                },
                {"price": "{{ item.gbp }}", "currency": "GBP"},
            ]
        },
        item,
    )
    assert mapped.issues == []
    assert prices(mapped) == [
        {
            "currency": "EUR",
            "audience": "ALL",
            "our_price": schedule(20),
            "minimum_seller_allowed_price": schedule(10),
            "discounted_price": [
                {"schedule": [{"value_with_tax": 15, "start_at": "2026-12-01", "end_at": "2026-12-10"}]}
            ],
        },
        {
            "currency": "EUR",
            "audience": "B2B",
            "our_price": schedule(18),
            "quantity_discount_plan": [
                {
                    "schedule": [
                        {
                            "discount_type": "fixed",
                            "levels": [{"lower_bound": 5, "value": 17}, {"lower_bound": 10, "value": 16}],
                        }
                    ]
                }
            ],
        },
        {"currency": "GBP", "audience": "ALL", "our_price": schedule(17.5)},
    ]


def test_a_sale_without_a_price_leaves_the_offer_as_it_is(small):
    mapping = {
        "offers": {
            "price": 20,
            "sale": {"price": "{{ item.sale }}", "from": "{{ item.a }}", "to": "{{ item.a }}"},
        }
    }
    assert prices(small.map(mapping, small.item(fields={"sale": "", "a": "2026-12-01"}))) == [
        {"currency": "EUR", "audience": "ALL", "our_price": schedule(20)}
    ]


@pytest.mark.parametrize(
    ("offers", "said"),
    [
        ({"prise": 1}, "no 'prise'"),
        ({"price": 1, "sale": {"price": 1}}, "needs from and to too"),
        ({"price": 1, "sale": 3}, "a price and its dates"),
        ({"price": 1, "quantity_discounts": {"levels": 3}}, "quantity discounts are"),
        ({"price": 1, "audience": "FRIENDS"}, "not among the options"),
    ],
)
def test_a_wrong_offer_says_what_is_right(small, offers, said):
    with pytest.raises(MappingErrors, match=said):
        small.compile({"offers": offers})


def test_business_prices_need_an_account_that_has_them(small):
    audience = small.definition["properties"]["purchasable_offer"]["items"]["properties"]["audience"]
    audience["enum"], audience["enumNames"] = ["ALL"], ["Tous"]
    with pytest.raises(MappingErrors, match="Amazon Business"):
        small.compile({"offers": {"price": 1, "business": 2}})


def test_a_marketplace_without_audiences_has_offers_to_all(small):
    del small.definition["properties"]["purchasable_offer"]["items"]["properties"]["audience"]
    assert small.compile({"offers": {"price": 1, "audience": "ALL"}})
    for audience in ("B2B", "A2B"):
        with pytest.raises(MappingErrors, match="one audience"):
            small.compile({"offers": {"price": 1, "audience": audience}})


def test_stock_of_the_merchant_and_of_amazon(small):
    item = small.item(fields={"q": "12", "back": "1.5.2026"})
    own = small.map(
        {"stock": {"quantity": "{{ item.q }}", "handling_days": 2, "restock": "{{ item.back }}"}}, item
    )
    assert own.attributes["fulfillment_availability"] == [
        {
            "fulfillment_channel_code": "DEFAULT",
            "quantity": 12,
            "lead_time_to_ship_max_days": 2,
            "restock_date": "2026-05-01",
        }
    ]
    assert small.map({"stock": {"channel": "AMAZON_EU"}}, item).attributes["fulfillment_availability"] == [
        {"fulfillment_channel_code": "AMAZON_EU"}
    ]


BY_COUNTRY = {"stock": {"by_country": {"FR": "{{ item.fr }}", "DE": "{{ item.de }}", "GB": "{{ item.gb }}"}}}


class TestQuantitiesByMarket:
    def test_each_market_takes_its_own(self, small):
        item = small.item(fields={"fr": 4, "de": "4,0", "gb": 9})
        assert values(small.map(BY_COUNTRY, item), "fulfillment_availability")[0]["quantity"] == 4
        assert (
            values(
                small.map(BY_COUNTRY, item, country="GB", languages={"en": "en_GB"}),
                "fulfillment_availability",
            )[0]["quantity"]
            == 9
        )

    def test_contradicting_quantities_in_the_union_are_refused(self, small):
        mapped = small.map(BY_COUNTRY, small.item(fields={"fr": 4, "de": 0, "gb": 9}))
        assert mapped.attributes == {}
        assert "FR 4, DE 0" in mapped.issues[0].message
        assert mapped.issues[0].severity == "ERROR"

    def test_a_market_without_a_quantity_is_a_mistake(self, small):
        with pytest.raises(MappingErrors, match="needs a quantity for FR"):
            small.compile({"stock": {"by_country": {"DE": 1}}})


def test_prices_of_vendors_need_no_currency(small):
    item = small.item(fields={"cost": "7,20", "msrp": 20})
    mapped = small.map({"cost_price": "{{ item.cost }}", "list_price": "{{ item.msrp }}"}, item)
    assert values(mapped, "cost_price") == [{"value": 7.2, "currency": "EUR"}]
    assert values(mapped, "list_price") == [{"value_with_tax": 20, "currency": "EUR"}]


def test_an_offer_on_an_existing_asin(small):
    mapping = {"asin": "{{ item.asin }}", "condition_type": "Neuf", "offers": "{{ item.p }}", "stock": 3}
    mapped = small.map(mapping, small.item(fields={"asin": " b0abcdefgh", "p": 9}))
    assert values(mapped, "merchant_suggested_asin") == [{"value": "B0ABCDEFGH"}]
    assert set(mapped.attributes) == {
        "merchant_suggested_asin",
        "condition_type",
        "purchasable_offer",
        "fulfillment_availability",
    }


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        ("4006381333931", "ean"),
        ("036000291452", "upc"),
        ("40063813", "ean"),
        ("14006381333938", "gtin"),
        ("4 006381-333931", "ean"),
        (4006381333931, "ean"),
    ],
)
def test_a_trade_number_tells_its_kind_and_keeps_its_zeros(small, number, kind):
    [element] = values(
        small.map({"gtin": "{{ item.g }}"}, small.item(fields={"g": number})),
        "externally_assigned_product_identifier",
    )
    assert element == {"type": kind, "value": str(number).replace(" ", "").replace("-", "")}


def test_a_trade_number_of_a_wrong_length_is_an_issue(small):
    mapped = small.map({"gtin": "{{ item.g }}"}, small.item(fields={"g": "12345"}))
    assert mapped.attributes == {}
    assert "has 5 digits" in mapped.issues[0].message


def test_the_exemption_alone_or_only_where_there_is_no_number(small):
    name = "supplier_declared_has_product_identifier_exemption"
    assert values(small.map({"gtin_exemption": True}), name) == [{"value": True}]
    mapping = {"gtin": {"value": "{{ item.g }}", "exempt_when_empty": True}}
    without = small.map(mapping, small.item(fields={"g": ""}))
    assert set(without.attributes) == {name}
    assert name not in small.map(mapping, small.item(fields={"g": "4006381333931"})).attributes


PICTURES = [
    {"url": f"https://cdn.example/{n}.jpg", "sizes": {"BIG": f"https://cdn.example/{n}b.jpg"}}
    for n in range(6)
]
PLACES = ["main_product_image_locator", *(f"other_product_image_locator_{n}" for n in (1, 2, 3))]


class TestPictures:
    def addresses(self, mapped):
        return [
            mapped.attributes[name][0]["media_location"].rpartition("/")[2]
            if name in mapped.attributes
            else None
            for name in PLACES
        ]

    def test_a_list_is_spread_and_what_is_too_much_is_said(self, small):
        mapped = small.map({"images": "{{ item.p }}"}, small.item(images={"p": PICTURES}))
        assert self.addresses(mapped) == ["0.jpg", "1.jpg", "2.jpg", "3.jpg"]
        assert [(i.code, i.severity) for i in mapped.issues] == [("left_out", "WARNING")]
        assert mapped.issues[0].message == "There is room for 4 pictures; 6 were given. Left out: the last 2."

    @pytest.mark.parametrize("key", ["other_product_image_locator", "URL d'une autre image", "Autre image"])
    def test_the_others_alone_by_name_or_by_their_common_label(self, small, key):
        mapped = small.map({key: "{{ item.p | images('BIG') }}"}, small.item(images={"p": PICTURES[:2]}))
        assert self.addresses(mapped) == [None, "0b.jpg", "1b.jpg", None]

    def test_several_fields_one_after_the_other(self, small):
        mapped = small.map(
            {"images": ["{{ item.front }}", "{{ item.none }}", "{{ item.p }}"]},
            small.item(fields={"front": "https://cdn.example/f.jpg", "none": ""}, images={"p": PICTURES[:2]}),
        )
        assert self.addresses(mapped) == ["f.jpg", "0.jpg", "1.jpg", None]
        assert mapped.origins["other_product_image_locator_1/0/media_location"].key == "images"

    def test_two_items_do_not_share_pictures(self, small):
        mapping = small.compile({"images": "{{ item.p }}"})
        first = mapping.apply(small.item(images={"p": PICTURES[:1]}))
        second = mapping.apply(small.item(images={"p": PICTURES[1:2]}))
        assert (self.addresses(first)[0], self.addresses(second)[0]) == ("0.jpg", "1.jpg")


def test_a_modular_title(small):
    title = (
        "Chaise haute évolutive en hêtre massif, réglable en hauteur,"
        " coussin lavable inclus, de 6 mois à 10 ans"
    )
    mapped = small.map({"modular_title": "{{ item.t }}"}, small.item(texts={"t": {"fr": title}}))
    assert values(mapped, "item_name") == [
        {"value": "Chaise haute évolutive en hêtre massif, réglable en hauteur"}
    ]
    assert values(mapped, "title_differentiation") == [
        {"value": "coussin lavable inclus, de 6 mois à 10 ans"}
    ]
    short = small.map({"modular_title": "Chaise"})
    assert "title_differentiation" not in short.attributes


def test_a_modular_title_says_what_did_not_fit(small):
    mapped = small.map({"modular_title": "{{ item.t }}"}, small.item(fields={"t": "très belle chaise " * 20}))
    assert [issue.code for issue in mapped.issues] == ["left_out"]
    assert "très belle" in mapped.issues[0].message


def test_a_definition_before_modular_titles_says_so(small):
    del small.definition["properties"]["title_differentiation"]
    with pytest.raises(MappingErrors, match="27 Jul 2026"):
        small.compile({"modular_title": "{{ item.t }}"})

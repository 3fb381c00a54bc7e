import pytest
from amazon_client import Amazon, lamp
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spapi_sandbox.clock import Clock
from spapi_sandbox.marketplaces import MARKETPLACES
from spapi_sandbox.server import running_sandbox

FR, DE = MARKETPLACES["FR"].id, MARKETPLACES["DE"].id
STOCK = {"fulfillment_channel_code": "DEFAULT"}


def codes(answer):
    return {(issue["code"], *issue["attributeNames"]) for issue in answer["issues"]}


def summary(amazon, sku, country="FR"):
    found = amazon.item("GET", sku, country=country).json()["summaries"]
    return found[0] if found else None


def issues(amazon, sku, **query):
    return amazon.item("GET", sku, includedData="issues", **query).json()["issues"]


def test_a_preview_changes_nothing_and_names_the_asin(amazon):
    preview = amazon.put("S1", lamp(), mode="VALIDATION_PREVIEW", includedData="identifiers")
    assert preview["status"] == "VALID"
    assert "issues" not in preview
    assert amazon.item("GET", "S1").status_code == 404
    amazon.put("S1", lamp())
    assert preview["identifiers"] == [{"marketplaceId": FR, "asin": summary(amazon, "S1")["asin"]}]
    same = amazon.put("S2", lamp("DE"), "DE", mode="VALIDATION_PREVIEW", includedData="identifiers")
    assert same["identifiers"][0]["asin"] == preview["identifiers"][0]["asin"]
    assert "errors" in amazon.put("S1", lamp(), includedData="identifiers")


def test_put_replaces_the_whole(amazon):
    amazon.put("S1", lamp(size=[{"value": "L", "language_tag": "fr_FR"}]))
    assert "size" in amazon.attributes("S1")
    amazon.put("S1", lamp())
    assert "size" not in amazon.attributes("S1")


def stocks(amazon, *countries):
    found = [amazon.attributes("S1", country).get("fulfillment_availability", [{}]) for country in countries]
    return [elements[0].get("quantity") for elements in found]


def test_one_stock_is_that_of_the_sku_in_the_region(amazon):
    amazon.put("S1", lamp("DE", fulfillment_availability=[{**STOCK, "quantity": 9}]), "DE")
    amazon.patch("S1", ("replace", "brand", lamp()["brand"]))
    assert stocks(amazon, "DE", "FR") == [9, 9], "a listing that names none has that of the others"
    amazon.put("S1", lamp(fulfillment_availability=[{**STOCK, "quantity": 2}]))
    assert stocks(amazon, "DE", "FR") == [2, 2]
    amazon.patch("S1", ("merge", "fulfillment_availability", [{**STOCK, "quantity": 0}]))
    assert stocks(amazon, "DE", "FR") == [0, 0]
    assert amazon.attributes("S1", "DE")["fulfillment_availability"][0]["marketplace_id"] == DE
    assert amazon.attributes("S1", "DE")["item_name"][0]["marketplace_id"] == DE


def test_an_invalid_put_changes_nothing(amazon):
    amazon.put("S1", lamp())
    before = amazon.attributes("S1")
    assert amazon.put("S1", lamp(brand=None))["status"] == "INVALID"
    assert amazon.attributes("S1") == before


def test_attributes_come_back_with_amazons_defaults(amazon):
    offer = {"currency": "EUR", "our_price": [{"schedule": [{"value_with_tax": 80}]}]}
    amazon.put("S1", lamp(purchasable_offer=[offer], fulfillment_availability=[{**STOCK, "quantity": 1}]))
    held = amazon.attributes("S1")
    assert held["purchasable_offer"][0]["audience"] == "ALL"
    assert held["fulfillment_availability"][0]["marketplace_id"] == FR
    text = amazon.item("GET", "S1", includedData="attributes").text
    assert '"value_with_tax": 80.0' in text


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"brand": None}, {("90220", "brand")}),
        ({"item_weight": [{"value": 1}]}, {("99022", "item_weight")}),
        ({"bullet_point": []}, {("99022", "bullet_point")}),
        ({"item_weight": [{"value": "1", "unit": "grams"}]}, {("4000001", "item_weight")}),
        ({"item_weight": [{"value": 1, "unit": "stones"}]}, {("90244", "item_weight")}),
        ({"item_weight": [{"value": -1, "unit": "grams"}]}, {("90004114", "item_weight")}),
        ({"item_weight": {"value": 1, "unit": "grams"}}, {("4000001", "item_weight")}),
        ({"bogus": [{"value": 1}]}, {("90000900", "bogus")}),
        ({"brand": [{"value": "x", "language_tag": "fr_FR", "color": "red"}]}, {("90000900", "brand")}),
        ({"title_differentiation": [{"value": "x", "language_tag": "fr_FR"}]}, set()),
        (
            {
                "title_differentiation": [{"value": "x", "language_tag": "fr_FR"}],
                "item_name": [{"value": "x" * 76, "language_tag": "fr_FR"}],
            },
            {("100476", "title_differentiation")},
        ),
        (
            {"generic_keyword": [{"value": "é" * 126, "language_tag": "fr_FR"}]},
            {("4000001", "generic_keyword")},
        ),
    ],
)
def test_issues(amazon, changes, found):
    answer = amazon.put("S1", lamp(**changes), mode="VALIDATION_PREVIEW")
    assert codes(answer) == found
    assert answer["status"] == ("INVALID" if found else "VALID")


@pytest.mark.parametrize(
    ("locale", "text"),
    [
        ("en_US", "'Brand' is required but not supplied."),
        ("es_ES", "'Marca' es obligatorio, pero no se ha proporcionado."),
        ("fr_FR", "« Marque » est obligatoire mais n'a pas été fourni."),
        ("de_DE", "'Marke' ist erforderlich, wurde aber nicht angegeben."),
        ("ja_JP", "'Brand' is required but not supplied."),
    ],
)
def test_issue_texts_follow_the_issue_locale(amazon, locale, text):
    answer = amazon.put("S1", lamp(brand=None), issueLocale=locale)
    assert [issue["message"] for issue in answer["issues"]] == [text]


def test_a_patch_of_an_unknown_sku_is_accepted_and_makes_a_partial_listing(amazon):
    answer = amazon.patch("TYPO", ("replace", "brand", [{"value": "x", "language_tag": "fr_FR"}]))
    assert answer["status"] == "ACCEPTED"
    assert set(amazon.attributes("TYPO")) == {"brand"}
    assert summary(amazon, "TYPO") is None


def test_a_patch_changes_its_attributes_only_and_checks_them(amazon):
    amazon.put("S1", lamp())
    before = amazon.attributes("S1")
    refused = amazon.patch("S1", ("replace", "item_weight", [{"value": 1}]))
    assert (refused["status"], codes(refused)) == ("INVALID", {("99022", "item_weight")})
    unknown = amazon.patch("S1", ("replace", "purchaseable_offer", [{"currency": "EUR"}]))
    assert codes(unknown) == {("90000900", "purchaseable_offer")}
    amazon.patch(
        "S1", ("merge", "fulfillment_availability", [{**STOCK, "quantity": 3}]), product_type="PRODUCT"
    )
    after = amazon.attributes("S1")
    assert after.pop("fulfillment_availability") == [
        {**before.pop("fulfillment_availability")[0], "quantity": 3, "marketplace_id": FR}
    ]
    assert after == before
    assert summary(amazon, "S1")["productType"] == "LAMP"


def test_a_patch_may_set_prices_in_several_marketplaces(amazon):
    amazon.put("S1", lamp())
    amazon.put("S1", lamp("DE"), "DE")
    prices = {FR: 70.0, DE: 65.0}
    value = [
        {"marketplace_id": place, "currency": "EUR", "our_price": [{"schedule": [{"value_with_tax": price}]}]}
        for place, price in prices.items()
    ]
    amazon.patch("S1", ("replace", "purchasable_offer", value), marketplaceIds=f"{FR},{DE}")
    shown = amazon.item("GET", "S1", marketplaceIds=f"{FR},{DE}", includedData="offers,summaries").json()
    assert {entry["marketplaceId"]: float(entry["price"]["amount"]) for entry in shown["offers"]} == prices
    assert [entry["marketplaceId"] for entry in shown["summaries"]] == [FR, DE]


def test_vendors_repeat_the_cost_price_and_preview_does_not_tell(frozen, amazon):
    amazon.seller = frozen.vendor_code
    cost = [{"currency": "EUR", "value": 31.5}]
    offers = ("condition_type", "fulfillment_availability", "purchasable_offer", "merchant_shipping_group")
    amazon.put("V1", lamp(cost_price=cost, **dict.fromkeys(offers)))
    change = ("replace", "brand", [{"value": "New", "language_tag": "fr_FR"}])
    assert amazon.patch("V1", change, mode="VALIDATION_PREVIEW")["status"] == "VALID"
    refused = amazon.patch("V1", change)
    assert (refused["status"], codes(refused)) == ("INVALID", {("90220", "cost_price")})
    assert amazon.patch("V1", change, ("replace", "cost_price", cost))["status"] == "ACCEPTED"
    shown = amazon.item(
        "GET", "V1", includedData="summaries,procurement,offers,fulfillmentAvailability"
    ).json()
    assert shown["procurement"] == [{"costPrice": {"currencyCode": "EUR", "amount": "31.50"}}]
    assert shown["summaries"][0]["status"] == ["DISCOVERABLE"]
    assert not {"offers", "fulfillmentAvailability"} & set(shown)
    assert codes(amazon.put("V2", lamp())) >= {("90000900", "purchasable_offer"), ("90220", "cost_price")}
    assert "errors" in amazon.put("V1", lamp("JP"), "JP")  # the vendor does not sell there


def test_what_is_accepted_shows_later(frozen, amazon):
    frozen.control("settings", read_delay=60, asin_delay=600)
    amazon.put("S1", lamp())
    assert amazon.item("GET", "S1").status_code == 404
    frozen.advance(61)
    assert summary(amazon, "S1") is None
    frozen.advance(600)
    assert summary(amazon, "S1")["status"] == ["BUYABLE", "DISCOVERABLE"]
    amazon.patch("S1", ("merge", "fulfillment_availability", [{**STOCK, "quantity": 0}]))
    amazon.patch("S1", ("merge", "fulfillment_availability", [{**STOCK, "restock_date": "2027-01-01"}]))
    assert amazon.attributes("S1")["fulfillment_availability"][0]["quantity"] == 12
    frozen.advance(61)
    stock = amazon.attributes("S1")["fulfillment_availability"][0]
    assert (stock["quantity"], stock["restock_date"]) == (0, "2027-01-01")
    amazon.item("DELETE", "S1")
    assert amazon.item("GET", "S1").status_code == 200
    frozen.advance(61)
    assert amazon.item("GET", "S1").status_code == 404


def test_amazon_finds_more_after_acceptance(amazon):
    bad = [{"type": "ean", "value": "4006381333930"}]
    assert amazon.put("S1", lamp(externally_assigned_product_identifier=bad))["status"] == "ACCEPTED"
    assert [issue["code"] for issue in issues(amazon, "S1")] == ["8572"]
    assert summary(amazon, "S1") is None
    child = {
        "parentage_level": [{"value": "child"}],
        "variation_theme": [{"name": "COLOR"}],
        "child_parent_sku_relationship": [{"child_relationship_type": "variation", "parent_sku": "P1"}],
        "color": [{"value": "Noir", "language_tag": "fr_FR"}],
    }
    amazon.put("C1", lamp(**child))
    assert [issue["code"] for issue in issues(amazon, "C1")] == ["8008"]
    amazon.patch("P1", ("replace", "parentage_level", [{"value": "parent"}]))
    assert issues(amazon, "C1") == []
    related = amazon.item("GET", "P1", includedData="relationships").json()["relationships"][0][
        "relationships"
    ]
    assert related == [{"type": "VARIATION", "childSkus": ["C1"]}]


def test_an_injected_issue_suppresses(frozen, amazon):
    amazon.put("S1", lamp())
    issue = {
        "code": "18027",
        "message": "text on the image",
        "severity": "ERROR",
        "categories": ["INVALID_IMAGE"],
        "enforcements": {
            "actions": [{"action": "LISTING_SUPPRESSED"}],
            "exemption": {"status": "NOT_EXEMPT"},
        },
    }
    assert frozen.control("issues", seller_id=amazon.seller, sku="S1", marketplace_id=FR, issue=issue) == {
        "added": True
    }
    assert issues(amazon, "S1") == [{**issue, "marketplaceIds": [FR]}]
    assert summary(amazon, "S1")["status"] == ["DISCOVERABLE"]


def test_search_filters_and_orders(frozen, amazon):
    path = f"/listings/2021-08-01/items/{amazon.seller}"

    def search(**query):
        answer = amazon.call("GET", path, marketplaceIds=FR, **query)
        return [item["sku"] for item in answer.json()["items"]]

    for number in range(3):
        amazon.put(f"S{number}", lamp())
        frozen.advance(10)
    second = summary(amazon, "S1")["createdDate"]
    amazon.patch("S0", ("merge", "fulfillment_availability", [{**STOCK, "quantity": 0}]))
    assert search() == ["S0", "S2", "S1"]
    assert search(sortBy="sku", sortOrder="ASC") == ["S0", "S1", "S2"]
    assert search(sortBy="createdDate") == ["S2", "S1", "S0"]
    assert search(withStatus="BUYABLE", sortBy="sku", sortOrder="ASC") == ["S1", "S2"]
    assert search(withoutStatus="BUYABLE") == ["S0"]
    assert search(createdAfter=second, sortBy="sku", sortOrder="ASC") == ["S1", "S2"]
    assert search(identifiers="S1,S9", identifiersType="SKU") == ["S1"]
    assert len(search(identifiers="4006381333931", identifiersType="EAN")) == 3
    assert amazon.call("GET", path, marketplaceIds=FR, identifiers="S1").status_code == 400
    assert amazon.call("GET", path, marketplaceIds=FR, pageSize=21).status_code == 400


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["value", "unit", "language_tag", "schedule", "our_price"]), inner, max_size=3
        )
    ),
    max_leaves=8,
)
NAMES = st.sampled_from(
    ["item_weight", "purchasable_offer", "fulfillment_availability", "item_name", "brand", "x"]
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    attributes=st.dictionaries(NAMES, JSON, max_size=4), op=st.sampled_from(["replace", "merge", "delete"])
)
def test_whatever_is_sent_is_answered(amazon, attributes, op):
    body = {"productType": "LAMP", "attributes": lamp() | attributes}
    assert (
        amazon.item("PUT", "S1", body, mode="VALIDATION_PREVIEW", includedData="identifiers").status_code
        == 200
    )
    assert amazon.item("PUT", "S1", body).status_code == 200
    patches = [
        {"op": op, "path": f"/attributes/{name}", "value": value} for name, value in attributes.items()
    ]
    answer = amazon.item("PATCH", "S1", {"productType": "LAMP", "patches": patches})
    assert answer.status_code in {200, 400}
    everything = "summaries,attributes,issues,offers,fulfillmentAvailability,relationships,productTypes"
    assert amazon.item("GET", "S1", includedData=everything).status_code in {200, 404}


def test_listings_survive_a_restart(tmp_path):
    file = tmp_path / "state.db"
    for start in (True, False):
        with running_sandbox(storage=file, clock=Clock(frozen_at=1_800_000_000.0)) as sandbox:
            amazon = Amazon(sandbox)
            amazon.sign_in()
            if start:
                amazon.put("S/1", lamp())
                amazon.put("S2", lamp())
                amazon.item("DELETE", "S2")
                amazon.call("POST", "/feeds/2021-06-30/documents", {"contentType": "a"})
            assert amazon.attributes("S/1")["brand"][0]["value"] == "Atelier Nord"
            assert amazon.item("GET", "S2").status_code == 404

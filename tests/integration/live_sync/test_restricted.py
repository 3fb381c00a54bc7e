"""Products of Amazon's catalogue that the account may not sell: said before an offer is made."""

import pytest

from support.sync_runs import PRODUCT, lamp

ASIN, LINK = "B000LAMP01", "https://sellercentral.example/approve?asin=B000LAMP01"


@pytest.fixture
def offers(shop):
    """A connector of offers alone, on the products that its items name."""
    asked = {"item_weight", "item_package_weight", "country_of_origin", "supplier_declared_dg_hz_regulation"}
    mapping = dict.fromkeys(PRODUCT.keys() - asked) | {"merchant_suggested_asin": "{{ item.asin }}"}
    return shop.connector(amazon={"requirements": "LISTING_OFFER_ONLY"}, mapping=mapping)


def restrict(shop, **more):
    message = "Vous avez besoin d'une autorisation."
    shop.sandbox.control("restrictions", **({"asin": ASIN, "message": message} | more))


@pytest.mark.parametrize(
    ("reason", "link", "code", "says"),
    [
        ("APPROVAL_REQUIRED", LINK, "asin_needs_approval", LINK),
        ("NOT_ELIGIBLE", "", "asin_not_allowed", "aucun moyen"),
        ("APPROVAL_REQUIRED", "javascript:alert(1)", "asin_not_allowed", "aucun moyen"),
        ("ASIN_NOT_FOUND", "", "asin_not_found", "Corrigez l'ASIN"),
    ],
)
def test_an_offer_that_may_not_be_sold_is_said_and_not_sent(shop, offers, reason, link, code, says):
    restrict(shop, reason=reason, link=link)
    run = shop.run(offers, [lamp("A", asin=ASIN), lamp("B", asin="B000LAMP02")])
    assert run.outcomes() == {"A": "blocked", "B": "accepted"}
    (issue,) = (one for one in run.items()["A"].issues if one.severity == "ERROR")
    assert issue.code == code
    assert "autorisation" in issue.message
    assert says in issue.action
    assert run.calls()["restrictions"] == 2
    assert shop.held(offers, "A") is None


def test_a_test_run_says_it_and_asks_once_for_each_product_with_its_type(shop, offers):
    restrict(shop, link=LINK)
    shop.sandbox.control("recording", on=True)
    run = shop.run(offers, [lamp(sku, asin=ASIN) for sku in "ABC"], operation="test")
    assert set(run.outcomes().values()) == {"blocked"}
    (asked,) = (one for one in shop.sandbox.requests() if one["operation"] == "getListingsRestrictions")
    for part in (f"asin={ASIN}", "productType=LAMP", "conditionType=new_new", "reasonLocale=fr_FR"):
        assert part in asked["query"]


def test_what_is_sold_already_or_no_offer_alone_is_not_asked_about(shop, offers):
    shop.run(offers, [lamp("A", asin=ASIN)])
    restrict(shop, link=LINK)
    run = shop.run(offers, [lamp("A", asin=ASIN, price=11)])
    assert run.outcomes() == {"A": "accepted"}
    assert "restrictions" not in run.calls()
    run = shop.run(shop.connector(id="whole"), [lamp("W")])
    assert "restrictions" not in run.calls()


@pytest.mark.parametrize("status", [403, 404, 500])
def test_without_an_answer_the_preview_and_the_submission_decide(shop, offers, status):
    shop.sandbox.fault("getListingsRestrictions", "status", status=status, times=20)
    run = shop.run(offers, [lamp("A", asin=ASIN), lamp("B", asin="B000LAMP02")])
    assert run.outcomes() == {"A": "accepted", "B": "accepted"}

from __future__ import annotations

from dataclasses import replace

import pytest

from amazon_listings.errors import ActionRequiredError
from amazon_listings.marketplaces import marketplace
from amazon_listings.messages import catalogue
from amazon_listings.selling_partner import sellers
from amazon_listings.selling_partner.calls.client import SellingPartner
from amazon_listings.selling_partner.faults.exceptions import (
    CredentialsRejected,
    MalformedAnswer,
    WrongAccount,
    WrongMarketplace,
)

FR = marketplace("FR")
TYPES = {"productTypes": [], "productTypeVersion": "v"}


def entry(country, *, participating=True, suspended=False):
    place = marketplace(country)
    return {
        "marketplace": {
            "id": place.id, "name": place.name, "countryCode": country, "defaultCurrencyCode": place.currency,
            "defaultLanguageCode": place.languages[0], "domainName": "www.amazon.x",
        },
        "participation": {"isParticipating": participating, "hasSuspendedListings": suspended},
        "storeName": "Shop",
    }  # fmt: skip


def checked(client, place):
    return " ".join(map(catalogue("en").word, sellers.check_account(client, place)))


def test_participations_are_read(amazon, client):
    amazon.say(body={"payload": [entry("FR"), entry("DE", participating=False)]})
    assert [(one.country, one.participating) for one in sellers.participations(client)] == [
        ("FR", True),
        ("DE", False),
    ]


@pytest.mark.parametrize(
    "body", [{}, {"payload": {}}, {"payload": [{}]}, {"payload": [{"marketplace": {}, "participation": {}}]}]
)
def test_other_shapes_are_refused(amazon, client, body):
    amazon.default = body
    with pytest.raises(MalformedAnswer):
        sellers.participations(client)


def test_a_right_connection_says_what_was_found(amazon, client):
    amazon.say(body={"payload": [entry("FR")]})
    amazon.say(body=TYPES)
    amazon.say_error(404, "NOT_FOUND")
    sentence = checked(client, FR)
    assert sentence == "Seller A1SELLER may list on amazon.fr: token, role and marketplace are right."


def test_inactive_listings_are_mentioned(amazon, client):
    amazon.say(body={"payload": [entry("FR", suspended=True)]})
    amazon.say(body=TYPES)
    amazon.say_error(404, "NOT_FOUND")
    assert "inactive" in checked(client, FR)


def test_the_list_of_marketplaces_is_not_needed(amazon, client):
    amazon.say_error(403, "Unauthorized", times=2)
    amazon.say(body=TYPES)
    amazon.say_error(404, "NOT_FOUND")
    assert "does not let this application read" in checked(client, FR)


def test_a_vendor_is_checked_by_its_code(amazon, account, tokens, time):
    client = SellingPartner(replace(account, vendor=True, seller_id="ABCDE"), tokens=tokens, sleep=time.sleep)
    amazon.say(body=TYPES)
    amazon.say_error(404, "NOT_FOUND")
    assert checked(client, FR).startswith("Vendor code ABCDE")
    amazon.say(body=TYPES)
    amazon.say_error(400, "InvalidInput", "Invalid 'sellerId' and 'marketplaceId' combination provided.")
    with pytest.raises(WrongAccount):
        sellers.check_account(client, FR)


@pytest.mark.parametrize(
    ("vendor", "code", "words"), [(False, "ABCD1", "vendor code"), (True, "A2SANDBOXSELL", "merchant token")]
)
def test_a_code_in_the_wrong_field_is_told_before_amazon_is_asked(
    amazon, account, tokens, time, vendor, code, words
):
    client = SellingPartner(replace(account, vendor=vendor, seller_id=code), tokens=tokens, sleep=time.sleep)
    with pytest.raises(WrongAccount, match=f"{code} in the field.*{words}"):
        sellers.check_account(client, FR)
    assert not amazon.calls


def test_wrong_credentials_country_and_region_each_say_who_must_act(amazon, client):
    with pytest.raises(WrongMarketplace, match="region NA"):
        sellers.check_account(client, marketplace("US"))
    amazon.say(body={"payload": [entry("DE"), entry("IT")]})
    with pytest.raises(WrongMarketplace, match=r"it sells on: amazon\.de, amazon\.it") as caught:
        sellers.check_account(client, FR)
    assert isinstance(caught.value, ActionRequiredError)


def test_rejected_credentials_end_the_check(amazon, client):
    amazon.say_token(401, {"error": "invalid_client", "error_description": "Client authentication failed"})
    with pytest.raises(CredentialsRejected):
        sellers.check_account(client, FR)
    assert not amazon.calls

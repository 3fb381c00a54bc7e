from __future__ import annotations

import base64
import hashlib
from urllib.parse import parse_qs, urlsplit

import pytest

from amazon_listings.selling_partner import definitions
from amazon_listings.selling_partner.definitions import Link
from amazon_listings.selling_partner.faults.exceptions import (
    DocumentDamaged,
    LinkExpired,
    MalformedAnswer,
    Unavailable,
    UnknownProductType,
)

FR = "A13V1IB3VIYZZH"
DOCUMENT = b'{"$id": "x"}'
CHECKSUM = base64.b64encode(hashlib.md5(DOCUMENT).digest()).decode()  # noqa: S324 - Amazon's checksum


def answer(url, **changes):
    return {
        "schema": {
            "link": {"resource": f"{url}/schema?X-Amz-Signature=s", "verb": "GET"},
            "checksum": CHECKSUM,
        },
        "requirements": "LISTING",
        "requirementsEnforced": "ENFORCED",
        "propertyGroups": {"offer": {"title": "Offre", "propertyNames": ["list_price"]}},
        "locale": "fr_FR",
        "marketplaceIds": [FR],
        "productType": "HOME",
        "displayName": "Maison",
        "productTypeVersion": {"version": "v1", "latest": True},
        **changes,
    }


def test_get_asks_and_reads_as_amazons_model_says(amazon, client):
    amazon.say(body=answer(amazon.url))
    got = definitions.get(client, "HOME", FR, locale="fr_FR")
    assert (got.product_type, got.version, got.latest, got.locale) == ("HOME", "v1", True, "fr_FR")
    assert got.property_groups["offer"]["propertyNames"] == ["list_price"]
    assert got.meta_schema is None
    assert "Signature" not in repr(got)
    asked = parse_qs(urlsplit(amazon.calls[0].path).query)
    assert asked == {
        "marketplaceIds": [FR],
        "sellerId": ["A1SELLER"],
        "productTypeVersion": ["LATEST"],
        "requirements": ["LISTING"],
        "requirementsEnforced": ["ENFORCED"],
        "locale": ["fr_FR"],
    }


@pytest.mark.parametrize(
    "change",
    [
        {"schema": None},
        {"schema": {"link": {"resource": "file:///etc/passwd"}, "checksum": "x"}},
        {"schema": {"link": {"resource": "/schema"}, "checksum": "x"}},
        {"schema": {"link": {"resource": "http://x/"}}},
        {"metaSchema": {"link": 1}},
        {"productTypeVersion": "v1"},
        {"propertyGroups": []},
        {"marketplaceIds": FR},
        {"locale": ""},
    ],
)
def test_an_answer_without_its_parts_is_refused(amazon, client, change):
    amazon.default = answer(amazon.url, **change)
    with pytest.raises(MalformedAnswer, match="getDefinitionsProductType"):
        definitions.get(client, "HOME", FR)


def test_an_unknown_product_type_says_so(amazon, client):
    amazon.say_error(404, "NOT_FOUND", "…")
    with pytest.raises(UnknownProductType, match="correct `product_type` in the connector"):
        definitions.get(client, "HOUSE", FR)


def test_search_lists_product_types(amazon, client):
    amazon.say(
        body={
            "productTypes": [{"name": "HOME", "displayName": "Maison", "marketplaceIds": [FR]}],
            "productTypeVersion": "v",
        }
    )
    assert definitions.search(client, [FR], keywords=["lampe", "bois"]) == [("HOME", "Maison", (FR,))]
    assert parse_qs(urlsplit(amazon.calls[0].path).query)["keywords"] == ["lampe,bois"]
    amazon.default = {"productTypeVersion": "v"}
    with pytest.raises(MalformedAnswer):
        definitions.search(client, [FR])


def link(amazon):
    return Link(f"{amazon.url}/schema?X-Amz-Signature=secret", CHECKSUM)


def test_a_document_is_loaded_without_the_token(amazon, client):
    amazon.say(body=DOCUMENT)
    assert definitions.download(client, link(amazon)) == DOCUMENT
    assert "x-amz-access-token" not in amazon.calls[0].headers


def test_a_document_with_another_checksum_is_never_used(amazon, client):
    amazon.say(body=b"{}", times=9)
    with pytest.raises(DocumentDamaged, match="checksum"):
        definitions.download(client, link(amazon))
    assert len(amazon.calls) == 2


@pytest.mark.parametrize(
    "fault", [{"status": 503}, {"fault": "reset"}, {"body": DOCUMENT[:4], "fault": "cut"}]
)
def test_a_document_outlives_blips_and_says_no_address(amazon, client, fault):
    amazon.say(times=2, **fault)
    amazon.say(body=DOCUMENT)
    assert definitions.download(client, link(amazon)) == DOCUMENT
    amazon.say(times=9, **fault)
    with pytest.raises((Unavailable, DocumentDamaged)) as caught:
        definitions.download(client, link(amazon))
    assert "secret" not in str(caught.value)


def test_an_expired_link_asks_for_a_new_one(amazon, client):
    amazon.say(403, b"<Error><Code>AccessDenied</Code></Error>")
    with pytest.raises(LinkExpired):
        definitions.download(client, link(amazon))
    assert len(amazon.calls) == 1

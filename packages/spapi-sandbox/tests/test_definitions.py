import base64
import hashlib
from urllib.parse import parse_qs, urlsplit

import pytest
from amazon_client import lamp

FR, US = "A13V1IB3VIYZZH", "ATVPDKIKX0DER"
TYPES = "/definitions/2020-09-01/productTypes"


def names(answer):
    return [entry["name"] for entry in answer.json()["productTypes"]]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, ["BACKPACK", "DRINKING_CUP", "LAMP", "PRODUCT"]),
        ({"keywords": "rucksack", "searchLocale": "de_DE"}, ["BACKPACK"]),
        ({"keywords": "mochila,lámpara", "searchLocale": "es_ES"}, ["BACKPACK", "LAMP"]),
        ({"keywords": "rucksack", "searchLocale": "fr_FR"}, []),
        ({"itemName": "Grand gobelet en porcelaine"}, ["DRINKING_CUP"]),
    ],
)
def test_search(amazon, query, found):
    assert names(amazon.call("GET", TYPES, marketplaceIds=FR, **query)) == found


def test_display_names_follow_the_locale(amazon):
    answer = amazon.call(
        "GET", TYPES, marketplaceIds=FR, keywords="lamp", searchLocale="en_US", locale="es_ES"
    )
    assert [entry["displayName"] for entry in answer.json()["productTypes"]] == ["Lámpara"]


def test_keywords_and_item_name_exclude_each_other(amazon):
    assert amazon.call("GET", TYPES, marketplaceIds=FR, keywords="a", itemName="b").status_code == 400


def definition(amazon, product_type="LAMP", marketplace=FR, **query):
    return amazon.call("GET", f"{TYPES}/{product_type}", marketplaceIds=marketplace, **query)


@pytest.mark.parametrize(
    ("marketplace", "asked", "given", "title"),
    [
        (FR, "DEFAULT", "fr_FR", "Nom du produit"),
        (FR, "de_DE", "de_DE", "Produktname"),
        (FR, "en", "en", "Item Name"),
        (US, "es_US", "es_US", "Nombre del producto"),
        ("AMEN7PMS3EDWL", "DEFAULT", "fr_BE", "Nom du produit"),
        ("APJ6JRA9NG5V4", "it_IT", "en", "Item Name"),
    ],
)
def test_locales(amazon, marketplace, asked, given, title):
    answer = definition(amazon, marketplace=marketplace, locale=asked).json()
    assert answer["locale"] == given
    document = amazon.session.get(answer["schema"]["link"]["resource"], timeout=10).json()
    assert document["properties"]["item_name"]["title"] == title
    assert document["$defs"]["marketplace_id"]["default"] == marketplace


def test_codes_of_another_locale_are_refused(amazon):
    def style(value):
        return lamp(style=[{"value": value, "language_tag": "fr_FR"}])

    foreign = amazon.document(locale="en_US")["properties"]["style"]["items"]["properties"]["value"]["enum"]
    own = amazon.document()["properties"]["style"]["items"]["properties"]["value"]["enum"]
    assert "rustic" in foreign
    assert "rustique" in own
    assert amazon.put("S1", style("rustique"))["status"] == "ACCEPTED"
    refused = amazon.put("S1", style("rustic"))
    assert [issue["code"] for issue in refused["issues"]] == ["90244"]


def test_documents_are_signed_checked_and_expire(frozen, amazon):
    answer = definition(amazon).json()
    link, checksum = answer["schema"]["link"]["resource"], answer["schema"]["checksum"]
    content = amazon.session.get(link, timeout=10).content
    assert base64.b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode() == checksum
    other = parse_qs(urlsplit(answer["metaSchema"]["link"]["resource"]).query)["signature"][0]
    mine = parse_qs(urlsplit(link).query)["signature"][0]
    assert amazon.session.get(link.replace(mine, other), timeout=10).status_code == 403
    frozen.advance(7 * 24 * 3600 - 1)
    assert amazon.session.get(link, timeout=10).status_code == 200
    frozen.advance(2)
    refused = amazon.session.get(link, timeout=10)
    assert (refused.status_code, "Request has expired" in refused.text) == (403, True)
    amazon.sign_in()
    assert definition(amazon).json()["schema"]["checksum"] == checksum


def test_versions(amazon):
    version = definition(amazon).json()["productTypeVersion"]
    assert version["latest"] is True
    assert definition(amazon, productTypeVersion=version["version"]).status_code == 200
    assert definition(amazon, productTypeVersion="RELEASE_CANDIDATE").status_code == 200
    assert definition(amazon, productTypeVersion="U000=").status_code == 400


def test_unknown_types_and_locales(amazon):
    refused = definition(amazon, "TOASTER")
    assert refused.status_code == 400
    assert "TOASTER" in refused.json()["errors"][0]["details"]
    assert definition(amazon, locale="fr_BE").status_code == 400


def test_a_vendor_gets_a_vendors_definition(frozen, amazon):
    assert "cost_price" in amazon.document(sellerId=frozen.vendor_code)["required"]
    assert "cost_price" not in amazon.document(sellerId=frozen.seller_id)["properties"]
    assert definition(amazon, sellerId="NOBODY").status_code == 400


def test_a_folder_of_definitions(tmp_path):
    from spapi_sandbox.definitions.library import DefinitionLibrary, Key
    from spapi_sandbox.definitions.product_type_files import Variant
    from spapi_sandbox.marketplaces import MARKETPLACES

    rule = '{"if": {}, "then": {"required": ["purchasable_offer"]}}'
    properties = '{"a": {"title": "%s"}, "purchasable_offer": {}}'
    schema = f'{{"required": ["a"], "properties": {properties}, "allOf": [{rule}]}}'
    for version in ("2025-01", "2026-01"):
        (tmp_path / f"TOASTER.FR.fr_FR.{version}.json").write_text(schema % version, encoding="utf-8")
    (tmp_path / "TOASTER.FR.en_US.2026-01.json").write_text(schema % "english", encoding="utf-8")
    (tmp_path / "README.json").write_text("{", encoding="utf-8")
    library = DefinitionLibrary(tmp_path)

    def found(country="FR", language="fr", version="LATEST", **variant):
        return library.find(Key("TOASTER", Variant(MARKETPLACES[country], language, **variant), version))

    assert found().document["properties"]["a"]["title"] == "2026-01"
    assert found().content == (tmp_path / "TOASTER.FR.fr_FR.2026-01.json").read_bytes()
    assert found(language="en").document["properties"]["a"]["title"] == "english"
    assert found(country="US") is None
    assert found(requirements="LISTING_PRODUCT_ONLY").document.get("allOf", []) == []
    assert found(requirements="LISTING_OFFER_ONLY").document["required"] == []
    assert found(enforced=False).document["required"] == []
    assert found(version=found().version) is not None
    assert found(version="other") is None
    assert "TOASTER" in [name for name, *_ in library.product_types(MARKETPLACES["FR"], "fr")]
    assert "TOASTER" not in [name for name, *_ in library.product_types(MARKETPLACES["US"], "en")]

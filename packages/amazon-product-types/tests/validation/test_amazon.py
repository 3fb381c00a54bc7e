import json
from importlib.resources import files

import pytest

from amazon_product_types.messages import catalogue, languages, texts
from amazon_product_types.validation import amazon_issues

DATA = json.loads(
    (files("amazon_product_types.validation") / "amazon_codes.json").read_text(encoding="utf-8")
)
#: Codes that integrators meet, from Amazon's own examples and the answers in public threads.
MET = """
    90220 99022 90000900 4000001 4000000 90244 90004114 8541 8542 8560 8566 8571 8572 5665 5461 6024
    8005 8008 8032 8015 8105 13013 18027 20000 18448 99300 18155 18742 100476 8057 8115 8026 8059
    990100 4002006 4002008 BAD_REQUEST 99001 99010 90057 99038
"""


@pytest.mark.parametrize("code", MET.split())
def test_each_code_that_is_met_is_explained(code):
    assert DATA["codes"][code]["family"]


@pytest.mark.parametrize("language", languages())
def test_each_code_and_category_is_explained_in_each_language(language):
    found = texts("amazon_product_types", language).entries
    named = {
        f"amazon.{entry.get('explained_as', name)}"
        for entries in (DATA["codes"], DATA["categories"])
        for name, entry in entries.items()
    }
    assert {(code, variant) for code in named for variant in ("", "action")} - found.keys() == set()
    effects = ("amazon.enforcement.", "amazon.exemption.")
    explained = {code for code, _ in found if code.startswith("amazon.") and not code.startswith(effects)}
    assert explained == named, "explains a code that is not known"


def test_an_issue_is_explained_in_the_language_of_its_reader():
    """Each language of the catalogue, none by English: Italian was forgotten in a list of its own once."""
    enforcements = {"actions": [{"action": "SEARCH_SUPPRESSED"}], "exemption": {"status": "EXEMPT"}}
    issue = {"code": "99001", "message": "m", "severity": "ERROR", "enforcements": enforcements}
    found = {one: amazon_issues([issue], source="preview", language=one)[0] for one in languages()}
    assert (
        len({one.why for one in found.values()}) == len({one.action for one in found.values()}) == len(found)
    )
    assert found["it"].action.startswith("Compili tutti i campi")
    assert found["it"].why.endswith("L'inserzione non compare nelle ricerche. Per ora ne è esente.")
    assert found["en"].in_language(catalogue("it_CH")) == found["it"]


def test_an_issue_of_the_listings_api():
    (issue,) = amazon_issues(
        [
            {
                "code": "90220",
                "message": "'Item Weight' is required but not supplied.",
                "severity": "ERROR",
                "attributeNames": ["item_weight"],
                "categories": ["MISSING_ATTRIBUTE"],
            }
        ],
        source="preview",
        language="es_ES",
        labels={"item_weight": "Peso del artículo"},
    )
    assert (issue.code, issue.family, issue.attribute, issue.path) == (
        "90220",
        "missing",
        "item_weight",
        "item_weight",
    )
    assert issue.label == "Peso del artículo"
    assert issue.message == "'Item Weight' is required but not supplied."
    assert issue.why == "Falta un atributo obligatorio."
    assert issue.action.startswith("Rellene")
    assert issue.sources == ("preview",)


def test_an_issue_of_a_feed_report():
    (issue,) = amazon_issues(
        [
            {
                "messageId": 1,
                "code": "99022",
                "severity": "ERROR",
                "message": "m",
                "attributeName": "item_weight.unit",
            }
        ],
        source="submission",
    )
    assert (issue.attribute, issue.path, issue.family) == ("item_weight", "item_weight/unit", "missing")


def test_several_attributes_are_one_issue():
    (issue,) = amazon_issues(
        [{"code": "100898", "severity": "ERROR", "message": "m", "attributeNames": ["brand", "owner"]}],
        source="listing",
        labels={"brand": "Marke"},
    )
    assert (issue.attribute, issue.others, issue.label) == ("brand", ("owner",), "Marke, owner")


def test_what_amazon_does_about_it():
    enforcements = {
        "actions": [{"action": "SEARCH_SUPPRESSED"}, {"action": "SOMETHING_NEW"}],
        "exemption": {"status": "EXEMPT_UNTIL_EXPIRY_DATE", "expiryDate": "2026-12-01T00:00:00Z"},
    }
    (issue,) = amazon_issues(
        [
            {
                "code": "18027",
                "severity": "WARNING",
                "message": "m",
                "categories": [],
                "enforcements": enforcements,
            }
        ],
        source="listing",
    )
    assert issue.enforcements == ("SEARCH_SUPPRESSED", "SOMETHING_NEW")
    assert issue.exemption == "EXEMPT_UNTIL_EXPIRY_DATE 2026-12-01T00:00:00Z"
    assert issue.why.endswith(
        "The listing does not show in searches. This takes effect on 2026-12-01T00:00:00Z."
    )


def test_an_unknown_code_is_understood_by_its_category():
    (issue,) = amazon_issues(
        [{"code": "77", "severity": "ERROR", "message": "m", "categories": ["NEW", "INVALID_IMAGE"]}],
        source="preview",
    )
    assert (issue.family, issue.action) == ("image", "Replace the image.")


@pytest.mark.parametrize(
    "issue", [{}, {"code": None, "severity": "CRITICAL", "message": None}, {"code": 4, "enforcements": None}]
)
def test_an_issue_that_says_little_still_blocks(issue):
    (found,) = amazon_issues([issue], source="preview")
    assert found.severity == "ERROR"
    assert found.code


def test_a_place_inside_an_attribute_has_its_own_label():
    report = {"code": "99022", "severity": "ERROR", "message": "m", "attributePath": "item_weight.unit"}
    labels = {"item_weight": "Poids", "item_weight.unit": "Unité de poids"}
    (issue,) = amazon_issues(
        [report | {"attributeNames": ["item_weight"]}], source="submission", labels=labels
    )
    assert (issue.attribute, issue.path, issue.label) == ("item_weight", "item_weight/unit", "Unité de poids")
    (issue,) = amazon_issues(
        [report | {"attributePath": "item_weight.other"}], source="submission", labels=labels
    )
    assert (issue.path, issue.label) == ("item_weight/other", "Poids")

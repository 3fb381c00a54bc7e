"""Issues that were kept, in the language of another reader."""

import json
from dataclasses import replace

import pytest

from amazon_product_types.messages import catalogue, languages
from amazon_product_types.messages.facts import Message, as_data, from_data
from amazon_product_types.validation import compile_definition
from amazon_product_types.validation.amazon import amazon_issues
from amazon_product_types.validation.issue import Issue
from amazon_product_types.validation.merging import merge_issues

#: What makes an issue, by the attribute that is changed.
WRONG = {
    "too long": {"item_name": [{"value": "é" * 55, "language_tag": "en_GB", "marketplace_id": "A1"}]},
    "no option": {"theme": [{"value": "x"}]},
    "missing": {"item_name": None},
    "unknown": {"voltage": 1},
    "wrong type": {"item_name": 3},
}


def issues(lamp, payload, changes, language):
    then = {name: value for name, value in {**payload, **changes}.items() if value is not None}
    return compile_definition(lamp).issues(then, language=language)


def kept(issue):
    """Return an issue as a file or a database gives it back."""
    return Issue.from_dict(json.loads(json.dumps(issue.to_dict())))


def sentences(issue):
    return issue.message, issue.action, issue.why


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("changes", WRONG.values(), ids=WRONG)
def test_a_kept_issue_says_what_it_would_have_said(lamp, payload, changes, language):
    found, wanted = (issues(lamp, payload, changes, one) for one in ("fr", language))
    assert found
    for before, then in zip(found, wanted, strict=True):
        assert sentences(kept(before).in_language(catalogue(language))) == sentences(then)


def test_why_a_rule_applies_is_said_in_the_readers_language():
    document = {
        "properties": {name: {"type": "array", "title": name} for name in ("alpha", "beta")},
        "allOf": [{"if": {"required": ["alpha"]}, "then": {"required": ["beta"]}}],
    }
    (found,) = compile_definition(document).issues({"alpha": []}, language="en")
    assert found.why == "required because “alpha” is given"
    (wanted,) = compile_definition(document).issues({"alpha": []}, language="de")
    assert kept(found).in_language(catalogue("de")).why == wanted.why != found.why


def test_an_issue_without_facts_keeps_its_sentences(lamp, payload):
    (issue,) = issues(lamp, payload, WRONG["too long"], "fr")
    old = replace(issue, phrases=None)
    assert old.in_language(catalogue("de")) == old


@pytest.mark.parametrize(
    "phrase",
    [
        {"code": "of_another_version", "facts": {}},
        {"code": "too_long", "facts": {}},
        {"code": "too_long", "facts": []},
        {"unheard_of": []},
        {"code": []},
        7,
    ],
)
def test_facts_that_make_no_sentence_leave_it_as_it_is(lamp, payload, phrase):
    (issue,) = issues(lamp, payload, WRONG["too long"], "fr")
    odd = replace(issue, phrases={"message": phrase})
    assert odd.in_language(catalogue("de")).message == issue.message


def test_a_sentence_that_another_source_lent_keeps_its_facts(lamp, payload):
    (ours,) = issues(lamp, payload, WRONG["missing"], "fr")
    raw = {"code": "90220", "message": "m", "severity": "ERROR", "attributeNames": ["item_name"]}
    theirs = {one: amazon_issues([raw], source="preview", language=one)[0] for one in ("fr", "de")}
    bare = replace(ours, action="", why="", phrases={"message": ours.phrases["message"]})
    (merged,) = merge_issues([bare, theirs["fr"]])
    again = kept(merged).in_language(catalogue("de"))
    assert (again.action, again.why) == (theirs["de"].action, theirs["de"].why)
    assert again.message == issues(lamp, payload, WRONG["missing"], "de")[0].message


def test_what_amazon_wrote_stays_and_its_explanation_is_worded():
    raw = {"code": "90220", "message": "'Farbe' fehlt", "severity": "ERROR", "attributeNames": ["color"]}
    raw["enforcements"] = {
        "actions": [{"action": "LISTING_SUPPRESSED"}],
        "exemption": {"status": "EXEMPT_UNTIL_EXPIRY_DATE", "expiryDate": "2026-12-31"},
    }
    found, wanted = (amazon_issues([raw], source="listing", language=one)[0] for one in ("fr", "es"))
    assert found.why != wanted.why
    assert kept(found).in_language(catalogue("es")) == wanted


def test_a_message_survives_as_data():
    message = Message("a", {"n": 1.5, "infinite": float("inf"), "other": object, "inner": Message("b")}, "v")
    again = from_data(json.loads(json.dumps(as_data(message), allow_nan=False)))
    assert (again.code, again.variant) == ("a", "v")
    assert again.facts["inner"] == Message("b")
    assert (again.facts["n"], again.facts["infinite"]) == (1.5, "inf")

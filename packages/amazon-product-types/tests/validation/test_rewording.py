"""Issues that were kept, in the language of another reader."""

from dataclasses import replace

import pytest

from amazon_product_types.messages import catalogue, languages
from amazon_product_types.validation import compile_definition
from amazon_product_types.validation.amazon import amazon_issues
from amazon_product_types.validation.rewording import reworded

KNOWN = [catalogue(one) for one in languages()]
#: What makes an issue, by the attribute that is changed.
WRONG = {
    "too long": {"item_name": [{"value": "é" * 55, "language_tag": "en_GB", "marketplace_id": "A1"}]},
    "no option": {"theme": [{"value": "x"}]},
    "missing": {"item_name": None},
    "unknown": {"voltage": 1},
}


def issues(lamp, payload, changes, language):
    then = {name: value for name, value in {**payload, **changes}.items() if value is not None}
    return compile_definition(lamp).issues(then, language=language)


@pytest.mark.parametrize("changes", WRONG.values(), ids=WRONG)
def test_an_issue_says_what_it_would_have_said(lamp, payload, changes):
    kept, wanted = (issues(lamp, payload, changes, language) for language in ("fr", "de"))
    assert kept
    for before, then in zip(kept, wanted, strict=True):
        again = reworded(before, catalogue("de"), KNOWN)
        assert again.message in {then.message, before.message}
        if before.code in {"too_long", "not_an_option", "missing_attribute"}:
            assert (again.message, again.action) == (then.message, then.action)
        assert reworded(then, catalogue("de"), KNOWN) == then


def test_a_sentence_that_the_rest_does_not_make_stays(lamp, payload):
    (issue,) = issues(lamp, payload, WRONG["too long"], "fr")
    several = replace(issue, message=f"{issue.message} Deux autres endroits.")
    assert reworded(several, catalogue("de"), KNOWN) == several
    unlike = replace(issue, measured=None)
    assert reworded(unlike, catalogue("de"), KNOWN) == unlike


def test_what_amazon_wrote_stays_and_its_explanation_is_worded():
    raw = {"code": "90220", "message": "'Farbe' fehlt", "severity": "ERROR", "attributeNames": ["color"]}
    raw["enforcements"] = {
        "actions": [{"action": "LISTING_SUPPRESSED"}],
        "exemption": {"status": "EXEMPT_UNTIL_EXPIRY_DATE", "expiryDate": "2026-12-31"},
    }
    (kept,), (wanted,) = (amazon_issues([raw], source="listing", language=one) for one in ("fr", "es"))
    assert kept.why != wanted.why
    assert reworded(kept, catalogue("es"), KNOWN) == wanted
    ours = replace(kept, code="like_refused", categories=())
    assert reworded(ours, catalogue("es"), KNOWN) == ours

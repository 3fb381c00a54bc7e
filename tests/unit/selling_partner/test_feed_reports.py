from __future__ import annotations

import json

import pytest

from amazon_listings.selling_partner.faults.exceptions import MalformedAnswer
from amazon_listings.selling_partner.feed_reports import outcomes, read_report

SKUS = ("A", "B", "C", "D")


def error(**where):
    return {"code": "90220", "severity": "ERROR", "message": "…", **where}


def report(issues=(), *, processed=4, accepted=4, invalid=0, **more):
    summary = {
        "errors": 0,
        "warnings": 0,
        "messagesProcessed": processed,
        "messagesAccepted": accepted,
        "messagesInvalid": invalid,
    }
    return json.dumps(
        {
            "header": {"sellerId": "S", "version": "2.0", "feedId": "f"},
            "issues": issues if issues is None else list(issues),
            "summary": summary,
            **more,
        }
    ).encode()


def read(*issues, **counts):
    return {one.sku: one.outcome for one in outcomes(read_report(report(issues, **counts)), SKUS)}


def test_absence_of_an_error_is_success_when_the_counts_agree():
    assert read() == dict.fromkeys(SKUS, "ACCEPTED")
    assert read(error(messageId=2), accepted=3, invalid=1) == {
        "A": "ACCEPTED",
        "B": "INVALID",
        "C": "ACCEPTED",
        "D": "ACCEPTED",
    }
    assert read({**error(messageId=3), "severity": "WARNING"})["C"] == "ACCEPTED"


def test_more_refusals_than_named_leave_the_others_unknown():
    assert read(error(messageId=2), accepted=2, invalid=2) == {
        "A": "UNKNOWN",
        "B": "INVALID",
        "C": "UNKNOWN",
        "D": "UNKNOWN",
    }


@pytest.mark.parametrize(
    "counts",
    [
        {"processed": 3, "accepted": 3},
        {"processed": 0, "accepted": 0},
        {"processed": 5, "accepted": 5},
        {"accepted": 3},
    ],
)
def test_counts_that_do_not_add_up_are_never_success(counts):
    assert set(read(**counts).values()) == {"UNKNOWN"}


def test_an_error_of_the_whole_feed_refuses_all_when_none_was_accepted():
    assert set(read(error(), processed=0, accepted=0).values()) == {"INVALID"}
    assert set(read(error(), processed=4, accepted=2).values()) == {"UNKNOWN"}
    shown = next(outcomes(read_report(report([error(attributeName="x.y")], processed=0, accepted=0)), SKUS))
    assert shown.issues[0]["code"] == "90220"


def test_a_message_is_found_by_number_else_by_sku():
    assert read(error(sku="C"), accepted=3, invalid=1)["C"] == "INVALID"
    assert read(error(messageId=99, sku="C"), accepted=3, invalid=1)["C"] == "INVALID"
    contradicted = read(error(messageId=1, sku="C"), accepted=3, invalid=1)
    assert (contradicted["A"], contradicted["C"]) == ("INVALID", "UNKNOWN")


def test_attribute_names_become_those_of_the_api():
    issue = error(messageId=1, attributeName="purchasable_offer.our_price")
    first = next(outcomes(read_report(report([issue], accepted=3, invalid=1)), SKUS))
    assert first.issues == [
        {
            "code": "90220",
            "message": "…",
            "severity": "ERROR",
            "categories": [],
            "attributeNames": ["purchasable_offer"],
            "attributePath": "purchasable_offer.our_price",
        }
    ]


def test_the_items_own_state_is_kept():
    assert read_report(report(items=[{"sku": "A", "issues": []}])).items == [{"sku": "A", "issues": []}]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{}",
        report()[:-5],
    ],
)
def test_an_unreadable_report_is_pending_never_success(content):
    with pytest.raises(MalformedAnswer, match="pending"):
        read_report(content)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b'{"header": {}, "summary": {}}', "UNKNOWN"),
        (report(issues=None, items=None), "ACCEPTED"),
        (report(issues=["x"]), "ACCEPTED"),
        (report(processed=None), "ACCEPTED"),
        (report(accepted=None), "ACCEPTED"),
        (report(processed=None, accepted=None, invalid=None), "UNKNOWN"),
        (
            report(
                accepted=3,
                invalid=1,
                issues=[
                    {"messageId": 1, "code": "1", "severity": "ERROR", "message": "No."},
                    {"messageId": 2, "code": "2", "severity": "NOTICE", "message": "New."},
                ],
            ),
            ["INVALID", "UNKNOWN", "ACCEPTED", "ACCEPTED"],
        ),
    ],
)
def test_what_is_odd_in_a_report_unsettles_only_what_it_is_about(content, expected):
    wanted = [expected] * 4 if isinstance(expected, str) else expected
    assert [one.outcome for one in outcomes(read_report(content), SKUS)] == wanted

# ruff: noqa: E501 - Amazon's texts as they are
from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amazon_listings.errors import ActionRequiredError, ItemError, RetryableError
from amazon_listings.incoming.http_reader import NoReply, Why
from amazon_listings.messages import catalogue, message
from amazon_listings.selling_partner.calls.answers import no_answer
from amazon_listings.selling_partner.faults.exceptions import (
    AccessDenied,
    ListingRefused,
    NotFound,
    RequestRefused,
    SecretExpired,
    Throttled,
    Unavailable,
    UnknownProductType,
    WrongAccount,
    WrongMarketplace,
)
from amazon_listings.selling_partner.faults.refusals import Refusal, classify, error_of
from amazon_listings.selling_partner.faults.table import BROKEN_OFF, FAULTS, NOT_AMAZON, Action

#: What Amazon answers, as its documentation and staff quote it → what it must become.
QUOTED = [
    (403, "Unauthorized", "Access to requested resource is denied. The LWA secret token you provided has expired.", "putListingsItem", SecretExpired, Action.PERSON),
    (403, "Unauthorized", "Access to requested resource is denied. The access token you provided is revoked, malformed or invalid.", "putListingsItem", AccessDenied, Action.REFRESH),
    (403, "Unauthorized", "Access to requested resource is denied.", "putListingsItem", AccessDenied, Action.REFRESH),
    (401, "Unauthorized", "", "getFeed", AccessDenied, Action.REFRESH),
    (403, "InvalidInput", "The marketplaces you provided are not valid for region", "putListingsItem", WrongMarketplace, Action.PERSON),
    (400, "InvalidInput", "Invalid 'sellerId' and 'marketplaceId' combination provided.", "putListingsItem", WrongAccount, Action.PERSON),
    (400, "BAD_REQUEST", "Invalid 'accountId' provided.", "createFeed", WrongAccount, Action.PERSON),
    (400, "InvalidInput", "Invalid productType 'SHOOES'", "getDefinitionsProductType", UnknownProductType, Action.PERSON),
    (404, "NOT_FOUND", "", "getDefinitionsProductType", UnknownProductType, Action.PERSON),
    (404, "NOT_FOUND", "SKU 'x' not found", "getListingsItem", NotFound, Action.FAIL),
    (400, "InvalidInput", "Invalid input", "putListingsItem", ListingRefused, Action.FAIL),
    (413, "", "", "putListingsItem", ListingRefused, Action.FAIL),
    (415, "", "", "putListingsItem", RequestRefused, Action.PERSON),
    (429, "QuotaExceeded", "You exceeded your quota for the requested resource.", "putListingsItem", Throttled, Action.WAIT),
    (500, "InternalFailure", "We encountered an internal error.", "putListingsItem", Unavailable, Action.RETRY),
    (504, "", "", "getFeed", Unavailable, Action.RETRY),
    (302, "", "", "getFeed", RequestRefused, Action.PERSON),
]  # fmt: skip


@pytest.mark.parametrize(("status", "code", "text", "operation", "kind", "action"), QUOTED)
def test_amazons_answers_become_named_errors(status, code, text, operation, kind, action):
    refusal = Refusal("api", operation, status, code, text, "req-7")
    assert classify(refusal).action is action
    error = error_of(refusal, sku="S1")
    assert type(error) is kind
    assert "req-7" in str(error)
    assert operation in str(error)
    assert error.hint
    assert (error.status, error.amazon_code, error.operation) == (status, code, operation)


def test_without_an_item_a_refused_request_needs_a_person():
    assert isinstance(error_of(Refusal("api", "createFeed", 400, "InvalidInput")), ActionRequiredError)


def test_a_person_is_named_wherever_a_person_must_act():
    for fault in FAULTS:
        if issubclass(fault.error, ActionRequiredError):
            assert " must " in catalogue().action(fault.message), fault
        assert issubclass(fault.error, ActionRequiredError | RetryableError | ItemError)
        assert (fault.action in {Action.RETRY, Action.WAIT}) == issubclass(fault.error, RetryableError)


@given(
    st.sampled_from(["token", "api"]),
    st.integers(0, 999),
    st.text(max_size=20),
    st.text(max_size=60),
    st.text(max_size=20),
)
def test_every_answer_has_a_row(side, status, code, text, operation):
    error = error_of(Refusal(side, operation, status, code, text), sku="S1")
    assert isinstance(error, ActionRequiredError | RetryableError | ItemError)


def test_every_row_is_reached_by_some_answer():
    """A row behind a wider one would be dead."""
    texts = [text for _, _, text, *_ in QUOTED]
    codes = [
        "",
        "invalid_client",
        "unauthorized_client",
        "invalid_grant",
        "server_error",
        NOT_AMAZON,
        BROKEN_OFF,
        *(row[1] for row in QUOTED),
    ]
    operations = ["putListingsItem", "getDefinitionsProductType", "createFeed"]
    reached = {
        id(classify(Refusal(side, operation, status, code, text)))
        for side in ("token", "api")
        for operation in operations
        for status in (0, 302, 400, 401, 403, 404, 413, 415, 429, 500)
        for code in codes
        for text in texts
    }
    assert reached == {id(fault) for fault in FAULTS}


@pytest.mark.parametrize("why", get_args(Why))
def test_what_came_instead_of_an_answer_is_said_in_each_language(why):
    ours = no_answer(NoReply("https://api.amazon.com/x", why))
    error = error_of(Refusal("api", "getFeed", 0, "ConnectionError", ours=ours))
    said = [error.worded(catalogue(language)) for language in ("de", "en", "es", "fr", "it")]
    assert len(set(said)) == 5
    english = message(f"reason.{why}")
    assert [catalogue("en").word(english) in one for one in said] == [False, True, False, False, False]
    assert all("api.amazon.com" in one for one in said)

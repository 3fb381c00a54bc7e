"""The documents of live sync, held to Amazon's own schema of listings feeds (draft-07)."""

from __future__ import annotations

import json

import pytest
from amazon_models import shared
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from amazon_listings.planning.wanted import PlannedWrite, WantedItem
from amazon_listings.runs.plan import Method, Plan
from amazon_listings.selling_partner import feed_messages
from amazon_listings.writes.feeds.buffer import message_of

ELEMENT = {"value": "Lampe", "language_tag": "fr_FR", "marketplace_id": "A13V1IB3VIYZZH"}
names = st.from_regex(r"[a-z_]{1,20}", fullmatch=True)
elements = st.lists(
    st.just(ELEMENT) | st.dictionaries(names, st.text() | st.integers() | st.none()), min_size=1, max_size=2
)
attributes = st.dictionaries(names, elements, min_size=1, max_size=4)
patches = st.lists(
    st.builds(
        lambda op, name, value: {"op": op, "path": f"/attributes/{name}", "value": value},
        st.sampled_from(["merge", "replace", "delete"]),
        names,
        elements,
    ),
    min_size=1,
    max_size=4,
)
plans = st.one_of(
    st.builds(
        lambda body: PlannedWrite(Plan("S", Method.PUT), body, None, existed=False, after=body), attributes
    ),
    st.builds(
        lambda body: PlannedWrite(Plan("S", Method.PATCH), body, None, existed=True, after={}), patches
    ),
    st.just(PlannedWrite(Plan("S", Method.DELETE), None, {}, existed=True, after={})),
)
skus = st.text(min_size=1, max_size=40)


@pytest.fixture(scope="module")
def validator():
    folder = shared() / "amazon" / "feeds"
    schema = json.loads((folder / "listings-feed-schema-v2.json").read_text())
    message = json.loads((folder / "listings-feed-message-schema-v2.json").read_text())
    return Draft7Validator(schema), Draft7Validator(message)


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(skus, plans, min_size=1, max_size=6), st.integers(1, 4))
def test_every_document_is_valid_by_amazons_schema(validator, planned, most):
    whole, single = validator
    rows = [
        (
            message_of(WantedItem(pim_id=sku, sku=sku, payload={}, requirements="LISTING"), plan, "LAMP"),
            sku,
        )
        for sku, plan in planned.items()
    ]
    documents = list(
        feed_messages.documents(
            (feed_messages.encoded(message) for message, _ in rows),
            feed_messages.header("A1SELLER", issue_locale="fr_FR"),
            refused=pytest.fail,
            most_messages=most,
        )
    )
    assert [sku for document in documents for sku in document.skus] == list(planned)
    for document in documents:
        content = json.loads(document.content)
        assert [error.message for error in whole.iter_errors(content)] == []
        assert len(content["messages"]) <= most
        for message in content["messages"]:
            assert [error.message for error in single.iter_errors(message)] == []


def test_the_validator_knows_what_is_wrong(validator):
    whole, _ = validator
    message = {"messageId": 1, "sku": "A", "operationType": "PATCH", "productType": "LAMP", "attributes": {}}
    content = {"header": {"sellerId": "A1", "version": "2.0"}, "messages": [message]}
    assert not whole.is_valid(content)

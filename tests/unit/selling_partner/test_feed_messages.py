from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amazon_listings.selling_partner import feed_messages
from amazon_listings.selling_partner.feed_messages import ItemTwiceInFeed, documents, encoded

HEAD = feed_messages.header("A1SELLER", issue_locale="fr_FR")


def split(messages, **limits):
    refused = []
    return list(documents(map(encoded, messages), HEAD, refused=refused.append, **limits)), refused


@given(st.lists(st.text(max_size=60), max_size=40), st.integers(1, 8), st.integers(330, 900))
def test_documents_keep_both_limits_and_lose_no_message(texts, most_messages, most_bytes):
    messages = [
        feed_messages.patch(
            f"S{number}", "HOME", [{"op": "replace", "path": "/attributes/a", "value": [{"value": text}]}]
        )
        for number, text in enumerate(texts)
    ]
    made, refused = split(messages, most_messages=most_messages, most_bytes=most_bytes)
    seen = []
    for document in made:
        assert len(document.content) < most_bytes
        body = json.loads(document.content)
        assert body["header"] == HEAD
        assert 1 <= len(body["messages"]) <= most_messages
        assert [message.pop("messageId") for message in body["messages"]] == list(
            range(1, len(body["messages"]) + 1)
        )
        assert [message["sku"] for message in body["messages"]] == list(document.skus)
        seen += body["messages"]
    assert seen == [message for message in messages if message["sku"] not in {error.sku for error in refused}]


def test_a_full_feed_has_25000_messages():
    made, _ = split(feed_messages.delete(f"S{number}") for number in range(25_001))
    assert [len(document.skus) for document in made] == [25_000, 1]


def test_an_item_that_fits_no_feed_is_refused_alone():
    big = feed_messages.update("BIG", "HOME", {"a": [{"value": "x" * 600}]}, "LISTING")
    made, refused = split([feed_messages.delete("A"), big, feed_messages.delete("B")], most_bytes=600)
    assert [document.skus for document in made] == [("A",), ("B",)] or [
        document.skus for document in made
    ] == [("A", "B")]
    assert [error.sku for error in refused] == ["BIG"]


def test_a_sku_twice_in_a_run_is_refused_also_across_documents():
    with pytest.raises(ItemTwiceInFeed, match="'A'"):
        split(
            [feed_messages.delete("A"), feed_messages.delete("B"), feed_messages.delete("A")], most_messages=1
        )


def test_documents_are_made_one_at_a_time():
    taken = []

    def messages():
        for number in range(100):
            taken.append(number)
            yield feed_messages.delete(f"S{number}")

    next(documents(map(encoded, messages()), HEAD, refused=print, most_messages=10))
    assert len(taken) == 11


def test_operations_say_what_amazons_schema_allows():
    assert feed_messages.update("S", "HOME", {"a": []}, "LISTING") == {
        "sku": "S",
        "operationType": "UPDATE",
        "productType": "HOME",
        "requirements": "LISTING",
        "attributes": {"a": []},
    }
    assert feed_messages.partial_update("S", "HOME", {"a": []}).keys() == {
        "sku",
        "operationType",
        "productType",
        "attributes",
    }
    assert feed_messages.delete("S") == {"sku": "S", "operationType": "DELETE"}
    with pytest.raises(ValueError, match="JSON"):
        split([feed_messages.partial_update("S", "HOME", {"a": [{"value": float("inf")}]})])

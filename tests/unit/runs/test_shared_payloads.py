"""Payloads that share the attributes that they have alike."""

import json

from amazon_listings.runs.records import MAPPED, MappedItem, encode
from amazon_listings.runs.shared_payloads import _PASSED_OVER, _UNLIKE, SharedPayloads


def item(**attributes):
    return MappedItem(
        pim_id="p",
        sku="S",
        role="child",
        parent_sku="P",
        group="g",
        modified="2026-11-29",
        hash="h",
        requirements="LISTING",
        attributes={name: [{"value": value}] for name, value in attributes.items()},
    )


def test_items_are_read_as_they_were_written():
    payloads = SharedPayloads()
    written = [item(color="Rouge", power=power, name=f"Lampe {n}") for n, power in enumerate((1, 1.0, True))]
    for line in map(encode, [*written, *written]):
        found = payloads.decode(line)
        assert found == MAPPED.decode(line)
        assert encode(found) == line


def test_an_attribute_that_was_met_twice_is_one_object():
    payloads = SharedPayloads()
    read = [payloads.decode(encode(item(color="Rouge", name=f"Lampe {n}"))) for n in range(3)]
    first, second, third = (one.attributes["color"] for one in read)
    assert second is third
    assert payloads.holds(third)
    assert not payloads.holds(first)
    assert not any(payloads.holds(one.attributes["name"]) for one in read)


def test_an_attribute_that_no_two_items_share_is_not_compared_for_a_while():
    payloads = SharedPayloads()

    def shares_names():
        read = [payloads.decode(encode(item(color="Rouge", name="Lampe"))) for _ in range(3)]
        assert read[0].attributes["color"] is read[2].attributes["color"]
        assert [one.attributes["name"] for one in read] == [[{"value": "Lampe"}]] * 3
        return payloads.holds(read[2].attributes["name"])

    for number in range(_UNLIKE):
        assert payloads.decode(encode(item(color="Rouge", name=str(number)))).attributes["name"]
    assert not shares_names()
    for number in range(_PASSED_OVER):
        payloads.decode(encode(item(color="Rouge", name=str(number))))
    assert shares_names()


def test_equal_values_of_two_attributes_are_two_objects():
    payloads = SharedPayloads()
    read = [payloads.decode(encode(item(brand="Acme", manufacturer="Acme"))) for _ in range(3)]
    assert read[2].attributes["brand"] is not read[2].attributes["manufacturer"]


def test_what_only_python_reads_is_read():
    """Half of a surrogate pair, and numbers that JSON has no form for."""
    payloads = SharedPayloads()
    line = encode(item(name="\ud83d", power=float("inf")))
    read = payloads.decode(line)
    assert read.attributes["name"] == [{"value": "\ud83d"}]
    assert json.dumps(read.attributes["power"]) == '[{"value": Infinity}]'

"""The record of a plan: its changes, their origin, and a hash that only what is written changes."""

import hashlib
import json
from dataclasses import replace
from itertools import product
from pathlib import Path

import msgspec
import pytest

from amazon_listings.connectors.loader import load_connectors
from amazon_listings.runs.map_fields import compiled
from amazon_listings.runs.plan import (
    Change,
    Displaced,
    Fate,
    MappingLine,
    Method,
    Plan,
    changes_between,
    displaced,
    hash_of,
    line_behind,
    question_hash,
)
from amazon_listings.selling_partner.content.leaves import Layout, Leaf

FR = "A13V1IB3VIYZZH"
DEFAULTS = {"marketplace_id": FR, "audience": "ALL", "currency": "EUR", "language_tag": "fr_FR"}
NAME = Leaf(FR, "item_name", (("language_tag", "fr_FR"),), ("value",))
PRICE = Leaf(FR, "purchasable_offer", (("audience", "ALL"), ("currency", "EUR")), ("our_price",))
LINE = MappingLine("lamps.yaml", 12, "Item Name")

LAYOUT = Layout(
    properties={
        "item_name": Layout(("marketplace_id", "language_tag"), single=True),
        "item_weight": Layout(("marketplace_id",), single=True),
    }
)


def plan(*changes, sku="S", method=Method.PATCH):
    return Plan(sku, method, changes)


BASE = plan(Change(NAME, "a", "b", LINE), Change(PRICE, [1], [2]))


@pytest.mark.parametrize(
    "other",
    [
        plan(*reversed(BASE.changes)),
        plan(Change(NAME, "other", "b", LINE), Change(PRICE, None, [2])),
        plan(Change(NAME, "a", "b", MappingLine("lamps.yaml", 99)), Change(PRICE, [1], [2])),
    ],
    ids=["order", "before", "line"],
)
def test_the_hash_stays_where_the_same_is_written(other):
    assert other.hash == BASE.hash


@pytest.mark.parametrize(
    "other",
    [
        plan(*BASE.changes, sku="T"),
        plan(*BASE.changes, method=Method.PUT),
        plan(BASE.changes[0]),
        plan(Change(NAME, "a", "B", LINE), BASE.changes[1]),
        plan(Change(NAME, "a", None, LINE), BASE.changes[1]),
        plan(Change(Leaf(FR, "item_name", (), ("value",)), "a", "b"), BASE.changes[1]),
        plan(Change(NAME, "a", "b"), Change(PRICE, [1], ["2"])),
    ],
    ids=["sku", "method", "fewer", "after", "removed", "leaf", "type"],
)
def test_the_hash_differs_where_something_else_is_written(other):
    assert other.hash != BASE.hash


def test_leaves_that_are_equal_and_have_other_texts_have_other_hashes():
    # 1, 1.0 and true are equal in Python; people have approved hashes, so their form stays.
    for value, path in product(("1", 1, True, 1.0, "1"), ((), ("value",))):
        leaf = Leaf(FR, "item_weight", (("number_of_items", value),), path)
        text = json.dumps([leaf, 2], sort_keys=True, default=msgspec.to_builtins)
        whole = json.dumps(["S", "PATCH", [text]])
        assert plan(Change(leaf, 1, 2)).hash == hashlib.sha256(whole.encode()).hexdigest()


def test_the_hash_does_not_depend_on_the_order_of_keys_inside_a_value():
    left = plan(Change(PRICE, None, [{"schedule": [1], "audience": "ALL"}]))
    right = plan(Change(PRICE, None, [{"audience": "ALL", "schedule": [1]}]))
    assert left.hash == right.hash


def test_a_plan_survives_being_written_down():
    assert msgspec.json.decode(msgspec.json.encode(BASE), type=Plan) == BASE


@pytest.mark.parametrize("empty", [Change(NAME), MappingLine(""), Displaced(NAME, 1, Fate.REMOVED)])
def test_what_is_empty_is_not_written_down(empty):
    assert {"before", "after", "origin", "line", "key"}.isdisjoint(msgspec.to_builtins(empty))


def test_the_attributes_of_a_plan_are_those_of_its_changes():
    assert BASE.attributes == {"item_name", "purchasable_offer"}


def test_a_line_names_its_file_or_its_variable():
    assert str(LINE) == "lamps.yaml:12"
    assert str(MappingLine("Variable amazon_lamps")) == "Variable amazon_lamps"


def test_the_line_behind_a_leaf_is_of_the_file_that_holds_it(connector, definitions):
    owner = connector(mapping={"item_name": "{{ item.name }}"})
    mapping, file = compiled(owner, definitions), str(owner.where.path)
    lines = Path(file).read_text().splitlines()
    found = line_behind(NAME, mapping, owner.where)
    assert (found.document, found.key) == (file, "item_name")
    assert lines[found.line - 1].strip() == "item_name: '{{ item.name }}'"
    assert line_behind(NAME, mapping, replace(owner.where, variable="more")) == found
    assert line_behind(msgspec.structs.replace(NAME, attribute="model_year"), mapping, owner.where) is None


def test_a_line_that_no_file_holds_is_of_the_variable(connector, definitions):
    owner = connector(mapping={"item_name": "{{ item.name }}"})
    changed = {f"amazon_connector_{owner.id}": json.dumps({"mapping": {"item_name": "{{ item.brand }}"}})}
    (loaded,) = load_connectors(owner.where.path.parent, changed).connectors
    found = line_behind(NAME, compiled(loaded, definitions), loaded.where)
    assert found == MappingLine(f"Variable {loaded.where.variable}", None, "item_name")


def test_a_question_is_told_apart_by_what_the_listing_had_before():
    asked = [
        question_hash("q", [Change(PRICE, before, 2)]) for before in (None, "10", [{"value": 10}], 10, 10.5)
    ]
    assert len({question_hash("q"), question_hash("r"), *asked}) == len(asked) + 2


def test_a_number_is_the_same_before_as_amazon_writes_it():
    for sent, written in ((10, 10.0), ([{"value": 10}], [{"value": 10.0}])):
        one, two = (question_hash("q", [Change(PRICE, before, 2)]) for before in (sent, written))
        assert one == two


def weight(**properties):
    return {"item_weight": [{"marketplace_id": FR} | properties]}


def changed(before, after, **more):
    found = changes_between(before, after, layout=LAYOUT, defaults=DEFAULTS, **more)
    return [(str(change.leaf).rpartition("/")[2], change.before, change.after) for change in found]


def test_only_leaves_that_differ_are_changes():
    before, after = weight(value=1, unit="kg"), weight(value=2, unit="kg")
    assert changed(before, after) == [("value", 1, 2)]
    assert changed(after, after) == []
    assert changed(before, weight(value=1)) == [("unit", "kg", None)]
    assert changed({}, weight(value=1)) == [("value", None, 1)]


def test_what_is_sent_again_is_a_change_although_it_is_as_it_should_be():
    same = weight(value=1, unit="kg")
    assert changed(same, same, forced=True) == [("value", 1, 1), ("unit", "kg", "kg")]
    # What is removed is not sent twice.
    assert changed(same, weight(value=1), forced=True) == [("value", 1, 1), ("unit", "kg", None)]


def test_what_amazon_fills_in_is_no_change():
    assert changed(weight(value=1, language_tag="fr_FR"), weight(value=1)) == []
    assert changed(weight(value=1, language_tag="de_DE"), weight(value=1)) == [
        ("language_tag", "de_DE", None)
    ]


def test_each_change_has_the_line_that_makes_it():
    lines = {"value": LINE}
    found = changes_between(
        {},
        weight(value=1, unit="kg"),
        layout=LAYOUT,
        defaults=DEFAULTS,
        line_of=lambda leaf: lines.get(leaf.path[-1]),
    )
    assert [change.origin for change in found] == [LINE, None]


def offer(price):
    return {"audience": "ALL", "our_price": [{"schedule": [{"value_with_tax": price}]}]}


ONE, TWO, THREE = (offer(number) for number in (1, 2, 3))


@pytest.mark.parametrize(
    ("before", "after", "fate", "found"),
    [
        (None, [ONE], None, None),
        ([ONE], [ONE], None, None),
        ([ONE], [ONE, TWO], None, None),
        ([ONE, TWO], [TWO, ONE, THREE], None, None),
        ([ONE], None, Fate.REMOVED, [ONE]),
        ("a", None, Fate.REMOVED, "a"),
        ("a", "b", Fate.REPLACED, "a"),
        (1, [ONE], Fate.REPLACED, 1),
        ([], [ONE], None, None),
        # A list of one element on each side: one value takes the place of the other.
        ([ONE], [TWO], Fate.REPLACED, [ONE]),
        # Of longer lists, only the elements that are not among ours are lost.
        ([ONE, TWO], [ONE, THREE], Fate.DROPPED, [TWO]),
        ([ONE, TWO], [THREE], Fate.DROPPED, [ONE, TWO]),
        ([ONE], [TWO, THREE], Fate.DROPPED, [ONE]),
    ],
)
def test_what_a_change_displaces_and_how(before, after, fate, found):
    expected = Displaced(PRICE, found, fate, after) if fate else None
    assert displaced(Change(PRICE, before, after), DEFAULTS) == expected


def test_the_hash_is_that_of_a_json_document():
    """Plans of earlier versions were approved by it."""
    texts = ['["b", "\\u00e9"]', '["a", 1]', 'é"\\']
    document = json.dumps(['S "1" é', "PUT", sorted(texts)])
    assert hash_of('S "1" é', Method.PUT, texts) == hashlib.sha256(document.encode()).hexdigest()
    assert hash_of("S", Method.PUT, []) == hashlib.sha256(b'["S", "PUT", []]').hexdigest()

"""Why a rule applies to this item: the conditions of its `if` that hold, told apart by real validation."""

from __future__ import annotations

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amazon_product_types.conditions.evaluation import term_holds
from amazon_product_types.conditions.naming import Naming
from amazon_product_types.conditions.reasons import Reasons
from amazon_product_types.conditions.wording import clause
from amazon_product_types.definition import Definition
from amazon_product_types.messages import catalogue


def attribute(title, **value):
    members = {"value": {"type": "string", **value}, "weight": {"type": "number", "title": f"{title} weight"}}
    item = {"type": "object", "properties": members, "additionalProperties": False}
    return {
        "type": "array",
        "title": title,
        "maxUniqueItems": 1,
        "selectors": ["marketplace_id"],
        "items": item,
    }


PROPERTIES = {
    "a": attribute("Alpha", enum=["x", "y", "z"], enumNames=["Ex", "Why", "Zed"]),
    "b": attribute("Beta"),
    "c": attribute("Gamma", enum=["true", "false"]),
}


def is_(name, *values):
    value = {"required": ["value"], "properties": {"value": {"enum": list(values)}}}
    return {"required": [name], "properties": {name: {"contains": value}}}


def given_(name):
    return {"required": [name], "properties": {name: {"items": {"required": ["value"]}}}}


def document(condition, branch="then"):
    rule = {"if": condition, branch: {"required": ["d"]}}
    return {"type": "object", "properties": PROPERTIES, "allOf": [rule]}


def told(condition, payload, *, branch="then"):
    definition = Definition(document(condition, branch))
    term = Reasons(definition).of(("allOf", 0, branch, "required"), (), payload)
    found = clause("required", term, Naming(definition), catalogue("en"))
    return catalogue("en").word(found) if found else ""


def one(value):
    return [{"value": value}]


@pytest.mark.parametrize(
    ("condition", "payload", "text"),
    [
        (given_("b"), {"b": one("1")}, "required because “Beta” is given"),
        (is_("a", "x", "y"), {"a": one("y")}, "required because “Alpha” is Why"),
        ({"allOf": [given_("a"), is_("a", "x")]}, {"a": one("x")}, "required because “Alpha” is Ex"),
        ({"not": is_("a", "x")}, {}, "required unless “Alpha” is Ex"),
        (
            {"not": {"anyOf": [is_("a", "x"), given_("b")]}},
            {},
            "required unless “Alpha” is Ex or “Beta” is given",
        ),
        (
            {"anyOf": [{"allOf": [given_("a"), given_("b")]}, is_("c", "true")]},
            {"a": one("x"), "b": one("1"), "c": one("true")},
            "required because “Gamma” is true",
        ),
        (
            {"allOf": [is_("a", "x"), {"not": given_("b")}]},
            {"a": one("x")},
            "required because “Alpha” is Ex, unless “Beta” is given",
        ),
        (
            {"required": ["b"], "properties": {"b": {"contains": {"required": ["weight"]}}}},
            {"b": [{"weight": 1}]},
            "required because “Beta weight” is given",
        ),
        (True, {}, ""),
    ],
)
def test_the_conditions_of_this_item_in_words(condition, payload, text):
    assert told(condition, payload) == text


def test_an_else_hangs_on_what_is_not_so():
    assert told(given_("b"), {}, branch="else") == "required unless “Beta” is given"
    assert told({"not": given_("b")}, {"b": one("1")}, branch="else") == "required because “Beta” is given"


def test_a_limit_is_said_and_judged():
    heavy = {"properties": {"weight": {"minimum": 5}}, "required": ["weight"]}
    condition = {"required": ["b"], "properties": {"b": {"contains": heavy}}}
    assert told(condition, {"b": [{"weight": 5}]}) == "required because “Beta weight” is at least 5"


def test_an_item_of_another_shape_is_said_to_be_so():
    assert told(given_("b"), {"b": "text"}) == "required because the item meets a condition"


CONDITIONS = st.recursive(
    st.sampled_from([is_("a", "x"), is_("a", "x", "y"), given_("a"), given_("b"), is_("c", "false")]),
    lambda inner: st.one_of(
        st.builds(lambda parts: {"allOf": parts}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda parts: {"anyOf": parts}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda part: {"not": part}, inner),
    ),
    max_leaves=6,
)
PAYLOADS = st.fixed_dictionaries(
    {},
    optional={
        "a": st.sampled_from(["x", "y", "z"]).map(one),
        "b": st.just(one("1")),
        "c": st.sampled_from(["true", "false"]).map(one),
    },
)


@settings(max_examples=300)
@given(CONDITIONS, PAYLOADS)
def test_what_is_told_holds_of_the_item_and_makes_the_rule_apply(condition, payload):
    """The told conditions are true, and every payload of which they are true meets the `if`."""
    judge = jsonschema_rs.Draft201909Validator(condition)
    definition = Definition(document(condition))
    branch = "then" if judge.is_valid(payload) else "else"
    definition = Definition(document(condition, branch))
    term = Reasons(definition).of(("allOf", 0, branch, "required"), (), payload)
    assert term_holds(term, payload, {})
    for a in (None, "x", "y", "z"):
        for b in (None, "1"):
            for c in (None, "true", "false"):
                known = {"a": a, "b": b, "c": c}
                other = {name: one(value) for name, value in known.items() if value is not None}
                if term_holds(term, other, {}):
                    assert judge.is_valid(other) is (branch == "then")

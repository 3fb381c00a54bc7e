import json

import jsonschema_rs
from hypothesis import given, settings
from hypothesis import strategies as st

from amazon_product_types.validation.engine import Engine
from amazon_product_types.validation.factoring import factored

NAMES = "abc"
fragments = st.one_of(
    st.sampled_from(NAMES).map(lambda name: {"required": [name]}),
    st.tuples(st.sampled_from(NAMES), st.integers(0, 2)).map(
        lambda pair: {"required": [pair[0]], "properties": {pair[0]: {"enum": [pair[1]]}}}
    ),
    st.tuples(st.sampled_from(NAMES), st.integers(0, 2)).map(
        lambda pair: {"properties": {pair[0]: {"items": {"enum": [pair[1]]}}}}
    ),
    st.booleans(),
)
conditions = st.recursive(
    fragments,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"allOf": parts}),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"anyOf": parts}),
        inner.map(lambda part: {"not": part}),
    ),
    max_leaves=6,
)
rules = st.recursive(
    fragments,
    lambda inner: st.one_of(
        st.tuples(conditions, inner).map(lambda pair: {"if": pair[0], "then": pair[1]}),
        st.tuples(conditions, inner, inner).map(
            lambda part: {"if": part[0], "then": part[1], "else": part[2]}
        ),
        st.lists(inner, min_size=1, max_size=4).map(lambda parts: {"allOf": parts}),
        st.tuples(st.sampled_from(NAMES), inner).map(lambda pair: {"properties": {pair[0]: pair[1]}}),
        inner.map(lambda part: {"items": part}),
        inner.map(lambda part: {"type": "object", "anyOf": [{"type": "object"}, part]}),
    ),
    max_leaves=12,
)
values = st.recursive(
    st.integers(0, 2),
    lambda inner: st.one_of(
        st.dictionaries(st.sampled_from(NAMES), inner, max_size=3), st.lists(inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(deadline=None)
@given(st.lists(rules, min_size=1, max_size=5), st.lists(values, min_size=1, max_size=6))
def test_the_factored_schema_accepts_exactly_the_same(parts, instances):
    schema = {"allOf": parts}
    whole, smaller = (jsonschema_rs.Draft201909Validator(one) for one in (schema, factored(schema)))
    for instance in instances:
        assert smaller.is_valid(instance) is whole.is_valid(instance)


def test_a_condition_that_a_hundred_rules_share_is_tested_once():
    shared, names = {"not": {"required": ["a"]}}, [f"n{number}" for number in range(100)]
    schema = {
        "allOf": [
            {"if": {"allOf": [shared, {"required": [name]}]}, "then": {"required": ["b"]}} for name in names
        ]
    }
    assert json.dumps(factored(schema)).count(json.dumps(shared)) == 1


def test_a_condition_is_not_asked_where_what_it_requires_is_there():
    condition = {"anyOf": [{"allOf": [{"required": ["a"]}, {"required": [name]}]} for name in "bc"]}
    either = {"anyOf": [{"required": ["b"]}, {"required": ["c"]}]}
    rule = {"if": condition, "then": {"required": ["d"]}}
    assert factored({"allOf": [rule]}) == {
        "allOf": [{"anyOf": [{"required": ["d"]}, {"not": {"allOf": [{"required": ["a"]}, either]}}]}]
    }


def test_rules_that_reach_into_one_attribute_reach_in_once():
    schema = {"allOf": [{"properties": {"a": {"items": {"maximum": number}}}} for number in range(20)]}
    assert json.dumps(factored(schema)).count('"properties"') == 1


def test_a_list_of_suggestions_is_not_looked_through():
    suggested = {"type": "string", "anyOf": [{"type": "string"}, {"type": "string", "enum": ["a"]}]}
    assert factored(suggested) == {"type": "string"}
    closed = {"type": "string", "anyOf": [{"maxLength": 1}, {"enum": ["ab"]}]}
    assert factored(closed) == closed


requirements = st.lists(st.sampled_from("abcd"), max_size=3, unique=True)
whole_documents = st.fixed_dictionaries(
    {"properties": st.just({"a": {}, "b": {"minimum": 1}, "c": {"items": {"maximum": 1}}})},
    optional={
        # Only names that `properties` has: where additionalProperties is false, jsonschema-rs 0.60 calls a
        # required name that it has not missing even if it is there. No definition of Amazon's has one.
        "required": st.lists(st.sampled_from("abc"), max_size=3, unique=True),
        "additionalProperties": st.booleans(),
        "allOf": st.lists(
            st.one_of(
                rules,
                st.tuples(conditions, requirements).map(
                    lambda pair: {"if": pair[0], "then": {"required": pair[1]}}
                ),
            ),
            min_size=1,
            max_size=4,
        ),
    },
)
payloads = st.one_of(st.dictionaries(st.sampled_from("abcd"), values, max_size=4), values)


@settings(deadline=None)
@given(whole_documents, payloads)
def test_what_is_judged_apart_fails_at_the_same_places(document, payload):
    engine = Engine(document)
    errors = jsonschema_rs.Draft201909Validator(document).iter_errors(payload)
    expected = {(tuple(error.instance_path), tuple(error.evaluation_path)) for error in errors}
    got = list(engine.failures(payload))
    assert {(failure.path, failure.pointer) for failure in got} == expected
    assert engine.is_valid(payload) is not bool(expected)

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft201909Validator
from jsonschema.validators import extend

from spapi_sandbox.definitions.library import DefinitionLibrary
from spapi_sandbox.definitions.passed_checks import PassedChecks
from spapi_sandbox.definitions.vocabulary import validator
from spapi_sandbox.marketplaces import MARKETPLACES

LAMP = json.loads(Path(__file__).with_name("lamp.json").read_text())
DOCUMENT = (
    DefinitionLibrary()
    .in_force("LAMP", MARKETPLACES["FR"], "LISTING", enforced=True, partner="seller")
    .document
)
REMEMBERING = validator(DOCUMENT)
PLAIN = extend(
    type(REMEMBERING), {name: Draft201909Validator.VALIDATORS[name] for name in ("properties", "allOf")}
)(DOCUMENT, format_checker=REMEMBERING.format_checker)
VALUES = st.recursive(
    st.sampled_from([None, True, False, 0, 1, 1.0, -0.0, 0.0, "", "1", "led", "parent", "fr_FR", "DEFAULT"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["value", "language_tag", "unit", "quantity", "fulfillment_channel_code"]), inner
        )
    ),
    max_leaves=6,
)


def described(found):
    return [
        (one.validator, list(one.absolute_path), list(one.absolute_schema_path), one.message) for one in found
    ]


@given(
    st.dictionaries(st.sampled_from(sorted(DOCUMENT["properties"])), VALUES, max_size=4),
    st.sets(st.sampled_from(sorted(LAMP)), max_size=4),
)
def test_errors_are_those_of_jsonschema_alone(changed, left_out):
    """Compare the first time and the second, when other payloads have passed too."""
    payload = {name: value for name, value in (LAMP | changed).items() if name not in left_out}
    expected = described(PLAIN.iter_errors(payload))
    assert described(REMEMBERING.iter_errors(payload)) == expected
    assert described(REMEMBERING.iter_errors(payload)) == expected
    assert REMEMBERING.is_valid(payload) == (not expected)


def counting(schema):
    """Return a validator of `schema`, and the values that its keyword `counted` has seen."""
    seen = []

    def counted(_validator, _wanted, instance, _schema):
        seen.append(instance)
        yield from ()

    passed = PassedChecks([*Draft201909Validator.VALIDATORS, "counted"])
    keywords = {"counted": counted, "properties": passed.properties, "allOf": passed.all_of}
    return extend(Draft201909Validator, keywords)(schema), seen


def test_a_value_is_checked_once():
    checked, seen = counting({"properties": {"a": {"counted": True}}})
    for value in (1, 1, 1.0, True, "1", 1):
        assert checked.is_valid({"a": value, "b": value})
    assert [repr(value) for value in seen] == ["1", "1.0", "True", "'1'"]


def test_what_failed_is_checked_each_time():
    checked, seen = counting({"properties": {"a": {"counted": True, "type": "string"}}})
    assert not checked.is_valid({"a": 1})
    assert not checked.is_valid({"a": 1})
    assert seen == [1, 1]


@pytest.mark.parametrize(
    ("rule", "checks"),
    [
        ({"properties": {"a": {"items": {"counted": True}}}}, 1),
        ({"if": {"required": ["b"]}, "then": {"properties": {"a": {"contains": {"counted": True}}}}}, 1),
        ({"anyOf": [{"required": ["a"]}], "counted": True}, 4),
    ],
)
def test_a_condition_is_checked_where_what_it_reads_differs(rule, checks):
    """Skip nothing that has a keyword which may read anything."""
    checked, seen = counting({"allOf": [rule]})
    for payload in ({"a": [1]}, {"a": [1], "b": 1}, {"a": [1], "b": 2}, {"a": [1], "c": 3}):
        assert checked.is_valid(payload)
    assert len(seen) == checks


def test_a_condition_sees_what_came_and_went():
    checked = validator({"allOf": [{"if": {"required": ["b"]}, "then": {"required": ["c"]}}]})
    assert checked.is_valid({"a": 1})
    assert not checked.is_valid({"b": 1})
    assert checked.is_valid({"b": 1, "c": 1})
    assert not checked.is_valid({"b": 1})


def test_memory_is_limited():
    checked = validator({"properties": {"a": {"type": "integer"}}})
    for number in range(50_000):
        assert checked.is_valid({"a": number})
    assert not checked.is_valid({"a": "x"})

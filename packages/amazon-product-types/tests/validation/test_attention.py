"""The engine's quick verdicts and the plain ways, pass by pass and node by node, agree on every payload."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amazon_product_types.definition import Definition
from amazon_product_types.dialect import keywords
from amazon_product_types.validation.advice import advice, against
from amazon_product_types.validation.attention import Attention
from amazon_product_types.validation.payload import is_sendable
from amazon_product_types.validation.validator import Validator

ANY = True
LEAVES = {
    "open": {"type": "string", "anyOf": [{"type": "string"}, {"type": "string", "enum": ["a", "b"]}]},
    "old": {"type": "string", "enum": ["a", "b"], "$lifecycle": {"enumDeprecated": ["b"]}},
    "bytes": {"type": "string", "minUtf8ByteLength": 2, "maxUtf8ByteLength": 5},
    "plain": {"type": "string"},
    "number": {"type": "number"},
}


def definition(**limits):
    """A definition of two attributes, closed as Amazon's are."""
    element = {"type": "object", "additionalProperties": False, "properties": LEAVES}
    attribute = {"type": "array", "items": element, "selectors": ["plain"], **limits}
    return {"type": "object", "additionalProperties": False, "properties": {"x": attribute, "y": attribute}}


elements = st.fixed_dictionaries(
    {},
    optional={
        "open": st.sampled_from("abz"),
        "old": st.sampled_from("ab"),
        "bytes": st.sampled_from(("", "a", "ab", "abcde", "abcdef", "éé", "ééé", "𝄞")),
        "plain": st.sampled_from("ab"),
        "number": st.integers(),
    },
)
payloads = st.dictionaries(st.sampled_from("xy"), st.lists(elements, max_size=3))
limits = st.fixed_dictionaries(
    {}, optional={"minUniqueItems": st.integers(0, 2), "maxUniqueItems": st.integers(0, 2)}
)


@settings(deadline=None)
@given(limits, payloads)
def test_whatever_breaks_a_limit_or_goes_against_advice_is_noticed(limits, payload):
    document = definition(**limits)
    rule, advised = keywords.rule(document), advice(Definition(document))
    attention = Attention(Definition(document), ANY, rule, advised)
    told = {advice.path[0] for advice in against(advised, payload)}
    broken = {path[0] for path, _ in keywords.failures(rule, payload)}
    assert attention.noticed(payload) >= told | broken
    assert attention.reads_every_text


suggestion = {"type": "string", "anyOf": [{"type": "string"}, {"type": "string", "enum": ["a"]}]}
members = st.sampled_from(
    [
        {"$ref": "#/$defs/suggestion"},
        {"$ref": "#/$defs/suggestion", "maxLength": 1},
        {"$ref": "#/$defs/again"},
        {**suggestion, "minLength": 2},
        {"type": "string", "enum": ["a", "b"], "maxLength": 0},
        {"type": "string", "then": False, **suggestion},
        {"type": ["string", "integer"], "maxUtf8ByteLength": 8},
        {"type": "string", "maxUtf8ByteLength": 8, "maxLength": 9, "not": {"enum": ["ab"]}},
        {"type": "array", "items": {"type": "string"}, "minUniqueItems": 1},
        False,
    ]
)
elements_of = st.tuples(
    st.dictionaries(st.sampled_from("ab"), members, max_size=2),
    st.sampled_from(
        [
            {},
            {"required": ["a"]},
            {"additionalProperties": False},
            {"unevaluatedProperties": False},
            {"patternProperties": {"^b": {"type": "string", "maxLength": 1}}},
            {"anyOf": [{"type": "object"}, {"required": ["b"]}]},
        ]
    ),
).map(lambda parts: {"type": "object", "properties": parts[0], **parts[1]})
texts = st.sampled_from(("", "a", "b", "ab", "abc", "é" * 5, "\ud800"))
values = st.one_of(texts, st.integers(0, 1), st.lists(texts, max_size=2))


@settings(deadline=None, max_examples=300)
@given(
    st.dictionaries(st.sampled_from("xy"), elements_of, max_size=2),
    st.dictionaries(
        st.sampled_from("xyz"),
        st.lists(st.dictionaries(st.sampled_from("abc"), values, max_size=3), max_size=2),
    ),
    limits,
    st.sampled_from([{}, {"additionalProperties": False}, {"minProperties": 1}]),
)
def test_one_pass_gives_the_verdict_of_all(attributes, payload, limits, more):
    document = {
        "type": "object",
        "$defs": {"suggestion": suggestion, "again": {"$ref": "#/$defs/suggestion"}},
        "properties": {
            name: {"type": "array", "items": items, **limits} for name, items in attributes.items()
        },
        **more,
    }
    validator = Validator(document, None, "")
    sendable = is_sendable(payload)
    wrong = any(issue.severity == "ERROR" for issue in validator.issues(payload))
    assert wrong is not (sendable and validator.is_valid(payload))


def test_nothing_is_noticed_of_what_is_usual():
    document = definition(maxUniqueItems=1)
    attention = Attention(Definition(document), ANY, keywords.rule(document), advice(Definition(document)))
    payload = {"x": [{"open": "a", "old": "a", "plain": "é", "number": 1}], "y": []}
    assert attention.noticed(payload) == set()


@pytest.mark.parametrize("payload", [{}, {"x": "a", "y": 1}, [], [{"x": 1}], "x"])
@pytest.mark.parametrize("kind", ["array", "string"])
def test_a_definition_of_no_object_is_no_trouble(kind, payload):
    document = {"type": kind, "items": {"type": "string"}, "minUniqueItems": 2, "maxUtf8ByteLength": 1}
    document |= {"enum": ["a"], "$lifecycle": {"enumDeprecated": ["a"]}}
    attention = Attention(Definition(document), ANY, keywords.rule(document), advice(Definition(document)))
    assert attention.noticed(payload) <= {"x", "y"}


@pytest.mark.parametrize("text", ["\ud800", "ab\ud800", "abcdefgh\ud800"])
@pytest.mark.parametrize("name", ["open", "old", "bytes", "plain"])
def test_half_a_surrogate_pair_is_noticed_in_every_text(name, text):
    document = definition()
    attention = Attention(Definition(document), ANY, keywords.rule(document), advice(Definition(document)))
    try:
        noticed = attention.noticed({"x": [{name: text}]})
    except ValueError:
        return
    assert noticed == {"x"}


def test_half_a_surrogate_pair_is_found_in_an_attribute_that_was_noticed_for_something_else():
    validator = Validator(definition(), None, "")
    for _ in range(2):
        [issue] = validator.issues({"x": [{"bytes": "abcde", "plain": "\ud800"}]})
        assert issue.path == "x/0/plain"


def test_what_was_noticed_before_says_nothing_of_the_next_payload():
    document = definition()
    attention = Attention(Definition(document), ANY, keywords.rule(document), advice(Definition(document)))
    usual, open_text = {"x": [{"open": "a"}], "y": [{"open": "b"}]}, {"x": [{"open": "z"}], "y": []}
    for payload, noticed in [(usual, set()), (open_text, {"x"}), (usual, set()), (open_text, {"x"})]:
        before = dict(payload)
        assert attention.noticed(payload) == noticed
        assert payload == before


def test_of_a_definition_that_is_no_object_no_text_counts_as_read():
    attention = Attention(Definition({"type": "string"}), ANY, None, advice(Definition({"type": "string"})))
    assert not attention.reads_every_text


@pytest.mark.parametrize(
    "attribute",
    [
        {"type": "array", "items": {"type": "object", "properties": LEAVES}},
        {"type": "array", "items": {"type": "array", "items": {"type": "string"}}},
        {"type": "array", "items": {"properties": LEAVES, "additionalProperties": False}},
        {"type": "object"},
        {},
    ],
)
def test_texts_may_be_left_unread_where_a_definition_does_not_declare_all(attribute):
    document = {"type": "object", "additionalProperties": False, "properties": {"x": attribute}}
    attention = Attention(Definition(document), ANY, keywords.rule(document), advice(Definition(document)))
    assert not attention.reads_every_text


def test_what_the_engine_cannot_look_at_is_always_noticed():
    attribute = {"type": ["array", "string"], "maxUniqueItems": 1, "items": {"type": "string"}}
    document = {"type": "object", "additionalProperties": False, "properties": {"x": attribute}}
    attention = Attention(Definition(document), ANY, keywords.rule(document), advice(Definition(document)))
    assert attention.noticed({"x": "a"}) == {"x"}

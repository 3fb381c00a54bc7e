"""A payload of which some attributes changed is judged as a payload as a whole is."""

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from amazon_product_types.validation.engine import Engine

NAMES = "abc"
parts = st.sampled_from(
    [
        {"enum": [0, 1]},
        {"minimum": 1},
        {"maxUtf8ByteLength": 1},
        {"type": "integer"},
        {"maxUniqueItems": 1},
        True,
    ]
)
facts = st.tuples(st.sampled_from(NAMES), st.integers(0, 1)).map(
    lambda pair: {"required": [pair[0]], "properties": {pair[0]: {"enum": [pair[1]]}}}
)
conditions = st.tuples(facts, facts).map(lambda pair: {"if": pair[0], "then": pair[1]})
beside = st.sampled_from(
    [
        {},
        {"additionalProperties": False},
        {"minProperties": 2},
        {"if": {"required": ["a"]}, "then": {"required": ["b"]}},
        {"dependentRequired": {"a": ["c"]}},
        {"patternProperties": {"^b": {"maximum": 1}}},
        {"propertyNames": {"enum": ["a", "b"]}},
        {"unevaluatedProperties": False},
        {"required": ["a"]},
    ]
)
payloads = st.dictionaries(
    st.sampled_from(NAMES), st.sampled_from([0, 1, 2, "x", "xx", [{"v": 1}, {"v": 1}]]), max_size=3
)


@settings(deadline=None, max_examples=300)
@given(
    st.dictionaries(st.sampled_from(NAMES), parts, max_size=3),
    st.lists(conditions, max_size=3),
    beside,
    payloads,
    payloads,
)
def test_what_stays_valid_is_valid(properties, rules, more, before, after):
    engine = Engine({"type": "object", "properties": properties, "allOf": rules or [True], **more})
    assume(engine.is_valid(before))
    changed = {name for name in NAMES if before.get(name) != after.get(name)}
    assert engine.stays_valid(after, changed) is engine.is_valid(after)

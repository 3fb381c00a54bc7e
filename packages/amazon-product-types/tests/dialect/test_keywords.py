import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amazon_product_types.dialect import keywords
from amazon_product_types.validation.engine import Engine


def accepts(schema, value):
    engine = Engine({"properties": {"a": schema}})
    verdict = engine.is_valid({"a": value})
    assert verdict is not any(engine.failures({"a": value}))
    return verdict


ONE = {"selectors": ["m", "l"], "maxUniqueItems": 1}


@pytest.mark.parametrize(
    ("items", "valid"),
    [
        ([{"m": 1, "l": "a"}], True),
        ([{"m": 1, "l": "a", "v": 1}, {"m": 1, "l": "b", "v": 1}, {"m": 2, "l": "a"}], True),
        ([{"m": 1, "l": "a", "v": 1}, {"m": 1, "l": "a", "v": 2}], False),
        # A missing selector is left out of the key: it differs from one that is there …
        ([{"m": 1}, {"m": 1, "l": "a"}], True),
        # … and equals another one that misses it.
        ([{"m": 1, "v": 1}, {"m": 1, "v": 2}], False),
        ([{"l": 1}, {"m": 1}], True),
        # Only objects are counted.
        (["x", "x", 3, None], True),
        ([{"m": 1, "l": "a"}, "x", "x"], True),
        ([{"m": True}, {"m": 1}], True),
        ([{"m": {"b": 1, "c": 2}}, {"m": {"c": 2, "b": 1}}], False),
        ([], True),
        ("no array", True),
    ],
)
def test_one_item_for_each_combination_of_selectors(items, valid):
    assert accepts(ONE, items) is valid


def test_one_combination_may_occur_n_times_however_many_combinations_there_are():
    schema = {"selectors": ["m"], "maxUniqueItems": 2}
    assert accepts(schema, [{"m": number // 2} for number in range(20)])
    assert not accepts(schema, [{"m": number // 3} for number in range(20)])


def test_without_selectors_all_properties_form_the_key():
    assert accepts({"maxUniqueItems": 1}, [{"a": 1, "b": 1}, {"a": 1, "b": 2}])
    assert not accepts({"maxUniqueItems": 1}, [{"a": 1, "b": 1}, {"b": 1, "a": 1}])


@pytest.mark.parametrize(
    ("items", "valid"),
    [
        ([{"m": 1}, {"m": 2}], True),
        ([{"m": 1}, {"m": 1}], False),
        ([], False),
        (["x", "y"], False),
        (7, True),
    ],
)
def test_least_number_of_different_combinations(items, valid):
    assert accepts({"selectors": ["m"], "minUniqueItems": 2}, items) is valid


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        ("x" * 8, True),
        ("x" * 9, False),
        ("é" * 4, True),
        ("é" * 4 + "x", False),
        ("宝宝x", True),
        ("😀😀", True),
        ("😀😀x", False),
        ("x", False),
        ("é", True),
        (5, True),
        (["x" * 99], True),
    ],
)
def test_bytes_not_characters_are_counted(text, valid):
    assert accepts({"minUtf8ByteLength": 2, "maxUtf8ByteLength": 8}, text) is valid


WRONG = [{"m": 1}, {"m": 1}]
STATED = {"selectors": ["m"], "maxUniqueItems": 1}


@pytest.mark.parametrize(
    ("schema", "valid"),
    [
        ({"allOf": [STATED]}, False),
        ({"anyOf": [STATED, {"maxItems": 1}]}, False),
        ({"anyOf": [STATED, {"maxItems": 2}]}, True),
        ({"oneOf": [STATED, {"maxItems": 2}]}, True),
        ({"not": STATED}, True),
        ({"if": STATED, "then": {"maxItems": 1}}, True),
        ({"if": STATED, "else": {"maxItems": 1}}, False),
        ({"if": True, "then": STATED}, False),
        ({"$ref": "#/properties/other"}, False),
    ],
)
def test_the_keywords_hold_under_conditions_too(schema, valid):
    engine = Engine({"properties": {"a": schema, "other": STATED}})
    assert engine.is_valid({"a": WRONG}) is valid
    assert any(engine.failures({"a": WRONG})) is not valid


def test_the_keywords_hold_in_shared_definitions():
    engine = Engine(
        {"$defs": {"short": {"maxUtf8ByteLength": 2}}, "properties": {"a": {"$ref": "#/$defs/short"}}}
    )
    assert engine.is_valid({"a": "é"})
    assert not engine.is_valid({"a": "éa"})
    assert [failure.keyword for failure in engine.failures({"a": "éa"})] == ["maxUtf8ByteLength"]


values = st.recursive(
    st.one_of(st.integers(0, 2), st.text("aé宝😀", max_size=6), st.booleans(), st.none()),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.sampled_from("mlv"), inner, max_size=3)
    ),
    max_leaves=12,
)
limits = st.fixed_dictionaries(
    {},
    optional={
        "selectors": st.lists(st.sampled_from("ml"), max_size=2, unique=True),
        "minUniqueItems": st.integers(0, 2),
        "maxUniqueItems": st.integers(1, 2),
        "minUtf8ByteLength": st.integers(0, 3),
        "maxUtf8ByteLength": st.integers(0, 8),
    },
)
schemas = st.recursive(
    limits,
    lambda inner: st.builds(
        lambda stated, properties, items: {
            **stated,
            "properties": properties,
            **({"items": items} if items else {}),
        },
        limits,
        st.dictionaries(st.sampled_from("mlv"), inner, max_size=2),
        st.none() | inner,
    ),
    max_leaves=6,
)


@settings(deadline=None)
@given(schemas, values)
def test_the_quick_look_agrees_with_the_exact_count(schema, value):
    rule = keywords.rule(schema)
    if rule is not None:
        assert keywords.holds(rule, value) is not any(keywords.failures(rule, value))


@settings(deadline=None)
@given(schemas, values)
def test_the_walk_agrees_with_the_engines_callbacks(schema, value):
    walked = Engine({"properties": {"a": schema}})
    called = Engine({"properties": {"a": {"anyOf": [schema]}}})
    assert walked.is_valid({"a": value}) is called.is_valid({"a": value})


@pytest.mark.parametrize(("letters", "valid"), [(1, False), (2, True), (4, True), (5, False)])
def test_a_text_just_at_a_byte_limit_keeps_it(letters, valid):
    schema = {"minUtf8ByteLength": 4, "maxUtf8ByteLength": 8}
    assert accepts(schema, "é" * letters) is valid
    assert accepts(schema, "e" * 2 * letters) is valid


def test_one_byte_too_many_or_too_few_names_its_limit():
    engine = Engine({"properties": {"a": {"minUtf8ByteLength": 4, "maxUtf8ByteLength": 8}}})
    found = {
        text: [failure.keyword for failure in engine.failures({"a": text})]
        for text in ("eé", "éé", "éééé", "ééééx")
    }
    assert found == {"eé": ["minUtf8ByteLength"], "éé": [], "éééé": [], "ééééx": ["maxUtf8ByteLength"]}

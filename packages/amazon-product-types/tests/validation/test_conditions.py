import jsonschema_rs
from hypothesis import given, settings
from hypothesis import strategies as st

from amazon_product_types.validation.conditions import Condition, read, reasons

compiled = jsonschema_rs.Draft201909Validator


def is_(name, *values):
    value = {"required": ["value"], "properties": {"value": {"enum": list(values)}}}
    return {"required": [name], "properties": {name: {"contains": value}}}


def given_(name):
    return {"required": [name], "properties": {name: {"items": {"required": ["value"]}}}}


def told(schema, instance, *, wanted=True):
    return sorted(reasons(read(schema, compiled), instance, wanted=wanted))


def a(*values):
    return [{"value": value} for value in values]


def test_given_and_is():
    assert told(given_("a"), {"a": a(1)}) == [Condition("a", "given")]
    assert told(is_("a", "x", "y"), {"a": a("y")}) == [Condition("a", "is", ('"x"', '"y"'))]


def test_a_field_is_named_with_its_attribute():
    schema = {"required": ["b"], "properties": {"b": {"contains": {"required": ["weight"]}}}}
    assert told(schema, {"b": [{"weight": 1}]}) == [Condition("b.weight", "given")]


def test_what_another_condition_implies_is_not_told():
    schema = {"allOf": [given_("a"), is_("a", "x"), is_("a", "x", "y")]}
    assert told(schema, {"a": a("x")}) == [Condition("a", "is", ('"x"',))]


def test_not_given_or_not_parent_is_just_not_parent():
    schema = {"anyOf": [{"not": given_("a")}, {"not": is_("a", "parent")}]}
    assert told(schema, {}) == [Condition("a", "is", ('"parent"',), wanted=False)]


def test_only_the_branch_that_is_true_of_the_item():
    schema = {"anyOf": [{"allOf": [given_("a"), given_("b")]}, given_("c")]}
    assert told(schema, {"a": a(1), "c": a(1)}) == [Condition("c", "given")]
    assert told(schema, {"a": a(1), "b": a(1)}) == [Condition("a", "given"), Condition("b", "given")]


def test_not_given_widens_to_the_value_that_is_as_good():
    schema = {"anyOf": [{"not": given_("a")}, is_("a", True)]}
    assert told(schema, {}) == [Condition("a", "is", ("false",), wanted=False)]
    schema = {"anyOf": [{"not": given_("a")}, is_("a", "NA")]}
    assert told(schema, {}) == [Condition("a", "other_than", ('"NA"',), wanted=False)]


def test_not_given_does_not_widen_where_the_branch_asks_for_more():
    schema = {"anyOf": [{"not": given_("a")}, {"allOf": [is_("a", True), given_("b")]}]}
    assert told(schema, {}) == [Condition("a", "given", wanted=False)]


def test_else():
    assert told({"allOf": [given_("a"), given_("b")]}, {"a": a(1)}, wanted=False) == [
        Condition("b", "given", wanted=False)
    ]


def test_other_keywords_are_one_condition():
    schema = {"properties": {"a": {"minItems": 2}}, "minProperties": 1}
    assert [condition.asks for condition in told(schema, {"a": [1, 2]})] == ["other", "other"]


def test_what_is_always_true_has_no_reason():
    assert told({}, {}) == []
    assert told({"allOf": [{}, True]}, {}) == []


leaves = st.one_of(
    st.sampled_from("ab").map(given_),
    st.tuples(st.sampled_from("ab"), st.sampled_from("xy")).map(lambda pair: is_(*pair)),
    st.sampled_from("ab").map(lambda name: is_(name, "x", "y")),
)
schemas = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"allOf": parts}),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"anyOf": parts}),
        inner.map(lambda part: {"not": part}),
    ),
    max_leaves=7,
)
one = st.sampled_from([None, a("x"), a("y"), a("z"), a("x", "z")])
instances = st.builds(lambda **parts: {name: part for name, part in parts.items() if part}, a=one, b=one)


def schema_of(condition):
    """The condition as a schema again."""
    values = [{'"x"': "x", '"y"': "y"}[value] for value in condition.values]
    schema = given_(condition.name) if condition.asks == "given" else is_(condition.name, *values)
    if condition.asks == "other_than":
        schema = {"allOf": [given_(condition.name), {"not": schema}]}
    return schema if condition.wanted else {"not": schema}


@settings(max_examples=300, deadline=None)
@given(schemas, instances)
def test_what_is_told_is_true_and_enough(schema, instance):
    """Each condition told holds on the item, and together they make the `if` true for any item."""
    wanted = compiled(schema).is_valid(instance)
    term = reasons(read(schema, compiled), instance, wanted=wanted)
    for condition in term:
        assert compiled(schema_of(condition)).is_valid(instance)
    enough = compiled({"allOf": [{}, *map(schema_of, term)]})
    for first in (None, a("x"), a("y"), a("z")):
        for second in (None, a("x"), a("y"), a("z")):
            other = {name: part for name, part in (("a", first), ("b", second)) if part}
            if enough.is_valid(other):
                assert compiled(schema).is_valid(other) is wanted

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from amazon_product_types.conditions.evaluation import true_of
from amazon_product_types.conditions.formulas import (
    ALWAYS,
    NEVER,
    ONE,
    Fact,
    Hop,
    Literal,
    both,
    either,
    negated,
    shortest,
)

#: What each name may hold: a yes/no value has no third, which the shortest form makes use of.
VALUES = {"a": ("x", "y", "z"), "b": ("x", "y"), "c": (True, False)}


def in_(name, values):
    return Fact((Hop(name, ONE),), "in", frozenset(map(json.dumps, values)))


facts = st.sampled_from(sorted(VALUES)).flatmap(
    lambda name: st.one_of(
        st.just(Fact((Hop(name, ONE),))),
        st.lists(st.sampled_from(VALUES[name]), min_size=1, max_size=2).map(lambda values: in_(name, values)),
    )
)
literals = st.builds(Literal, facts, st.booleans())
formulas = st.frozensets(st.frozensets(literals, max_size=4), max_size=5)
payloads = st.fixed_dictionaries(
    {}, optional={name: st.sampled_from(values) for name, values in VALUES.items()}
)


@given(formulas, payloads)
def test_the_shortest_form_means_the_same(formula, payload):
    short = shortest(formula)
    assert true_of(short, payload, {}) == true_of(formula, payload, {})
    assert shortest(short) == short
    assert sum(map(len, short)) <= sum(map(len, formula)) or len(short) <= len(formula)


@given(formulas, formulas, payloads)
def test_and_or_not_mean_what_they_say(one, two, payload):
    def holds(formula):
        return true_of(formula, payload, {})

    assert holds(both(one, two)) == (holds(one) and holds(two))
    assert holds(either(one, two)) == (holds(one) or holds(two))
    assert holds(negated(one)) is not holds(one)


@given(formulas)
def test_contradiction_and_tautology_are_recognised(formula):
    assert both(formula, NEVER) == NEVER
    assert either(formula, ALWAYS) == ALWAYS
    assert both(formula, ALWAYS) == shortest(formula)

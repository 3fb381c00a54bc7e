"""Ours and the reference agree: same verdict, same failing places, on every definition at hand."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest
from fields_documents import ALL_NAMES, REAL_NAMES, document
from validation_payloads import Payloads
from validation_reference import Reference

from amazon_product_types.validation import compile_definition
from amazon_product_types.validation.causes import causes

if TYPE_CHECKING:
    from amazon_product_types.validation.validator import Validator

SEED = 20261123


def compare(document, definition: Validator, reference: Reference, *, count: int, seed: int) -> list[str]:
    """Disagreements over `count` payloads, a quarter of them as generated and the rest mutated."""
    payloads = Payloads(document, seed)
    sizes = random.Random(seed)
    found = []
    for number in range(count):
        payload = payloads.valid(sizes.randint(5, 45))
        if number % 4:
            payload = payloads.mutant(payload, sizes.choice([1, 1, 2, 5]))
        expected = reference.failing(payload)
        issues = [issue for issue in definition.failures(payload) if issue.severity == "ERROR"]
        got = {(issue.path, issue.keyword) for issue in issues}
        if got != expected or definition.is_valid(payload) is bool(expected):
            found.append(f"payload {number}: missed {expected - got}, invented {got - expected}")
        explained = [issue for issue in definition.issues(payload) if issue.severity == "ERROR"]
        if bool(explained) is not bool(expected) or len(explained) > len(issues):
            found.append(f"payload {number}: {len(explained)} issues for {len(issues)} failing places")
    return found


@pytest.mark.parametrize("name", ALL_NAMES)
def test_same_verdict_and_same_failing_places(name):
    definition = document(name)
    count = 100 if name in REAL_NAMES else 60  # thousands of the real ones in `make soak`
    assert not compare(
        definition, compile_definition(definition), Reference(definition), count=count, seed=SEED
    )


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("name", REAL_NAMES)
def test_same_verdict_and_same_failing_places_thousands_of_times(name):
    definition = document(name)
    assert not compare(definition, compile_definition(definition), Reference(definition), count=5000, seed=7)


@pytest.mark.parametrize("name", REAL_NAMES)
def test_every_failing_place_belongs_to_exactly_one_cause(name):
    definition = document(name)
    compiled = compile_definition(definition)
    payloads = Payloads(definition, SEED)
    for _ in range(60):
        payload = payloads.mutant(payloads.valid(30), 4)
        failures = list(compiled._engine.failures(payload))
        found = causes(failures, definition, payload)
        explained = [(failure.path, failure.keyword) for cause in found for failure in cause.failures]
        excluded = [cause.path for cause in found if cause.code == "not_allowed"]
        for failure in failures:
            below_excluded = any(failure.path[: len(path)] == path for path in excluded)
            assert (failure.path, failure.keyword) in explained or below_excluded

"""What fields say of being required is what the definition's own rules say, payload by payload.

The judge is python-jsonschema on the untouched document; the formulas behind the sentences must
find missing, and not allowed, exactly what it finds.
"""

from __future__ import annotations

import os
from functools import cache

import pytest
from fields_documents import ALL_NAMES, document
from fields_payloads import Payloads
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

EXAMPLES = int(os.environ.get("AMAZON_LISTINGS_EXAMPLES", "12"))


@cache
def payloads(name):
    return Payloads(document(name))


@pytest.mark.parametrize("name", ALL_NAMES)
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 2**32))
def test_missing_members_are_those_of_the_schema(name, seed):
    known = payloads(name)
    payload = known.payload(seed)
    assert known.derived(known.rules.needed, payload, there=False) == known.missing(payload)


@pytest.mark.parametrize("name", ALL_NAMES)
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 2**32))
def test_members_not_allowed_are_those_of_the_schema(name, seed):
    known = payloads(name)
    payload = known.payload(seed)
    assert known.derived(known.rules.forbidden, payload, there=True) == known.refused(payload)


def test_the_payloads_do_trigger_rules():
    """Guards the two tests above against payloads in which nothing is missing or refused."""
    known = payloads("sandbox LAMP LISTING")
    found = [known.payload(seed) for seed in range(20)]
    assert sum(len(known.missing(payload)) for payload in found) > 100
    assert sum(len(known.refused(payload)) for payload in found) > 5

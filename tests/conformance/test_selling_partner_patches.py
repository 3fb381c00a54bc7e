"""Our patches, applied by the sandbox's rules, over Amazon's own definitions and the sandbox's."""

from __future__ import annotations

import json
import random

import pytest
from fields_documents import ALL_NAMES, document
from hypothesis import given, settings
from hypothesis import strategies as st

from amazon_listings.marketplaces import marketplace
from amazon_listings.selling_partner.patches import build_patches
from spapi_sandbox.listings import patches as rules

FR = marketplace("FR")
VALUES = [
    *("0123", "1e5", "Infinity", "true", "é", 123, 123.5, True, False),
    *({"value": 1, "unit": "kilograms"}, {"value": 1}, [{"schedule": [{"value_with_tax": 1}]}], []),
]
CHOICES = {
    "marketplace_id": [FR.id],
    "language_tag": ["fr_FR", "nl_BE"],
    "currency": ["EUR", "USD"],
    "audience": ["ALL", "B2B"],
    "fulfillment_channel_code": ["DEFAULT", "AMAZON_EU"],
}
DEFAULTS = {"marketplace_id": FR.id, "audience": "ALL", "currency": "EUR"}


def elements(schema, chance):
    """Random elements with the selectors and properties of an attribute."""
    selectors = schema.get("selectors") or []
    inner = sorted(set(schema["items"]["properties"]) - set(selectors))
    several = schema.get("maxUniqueItems", 1) > 1
    made = {}
    for number in range(chance.randint(0, 3)):
        element = {one: chance.choice(CHOICES.get(one, ["x", "y"])) for one in selectors}
        element |= {one: chance.choice(VALUES) for one in inner if chance.random() < 0.6}
        if element:
            made[number if several else tuple(element.get(one) for one in selectors)] = element
    return list(made.values())


def listing(schemas, chance):
    drawn = {name: elements(schemas[name], chance) for name in chance.sample(sorted(schemas), 8)}
    return {name: found for name, found in drawn.items() if found}


def held(attributes, schemas):
    """As the sandbox keeps a document."""
    return {
        name: [rules.with_defaults(name, element, schemas[name], FR) for element in found]
        for name, found in attributes.items()
    }


def canonical(attributes):
    return {
        name: sorted(json.dumps(element, sort_keys=True) for element in found)
        for name, found in attributes.items()
        if found
    }


@pytest.mark.parametrize("name", ALL_NAMES)
@settings(max_examples=100, deadline=None)
@given(seed=st.integers(0, 2**32), from_amazon=st.booleans())
def test_a_listing_ends_as_wanted_and_what_others_own_stays(name, seed, from_amazon):
    schemas = document(name)["properties"]
    chance = random.Random(seed)
    before, wanted = listing(schemas, chance), listing(schemas, chance)
    for attribute in chance.sample(sorted(before), len(before) // 2):
        wanted[attribute] = chance.sample(before[attribute], chance.randint(1, len(before[attribute])))
    foreign = set(chance.sample(sorted(schemas), 5)) - set(wanted)
    attributes = held(before, schemas)
    patches = build_patches(
        attributes if from_amazon else before,
        wanted,
        selectors={attribute: schema.get("selectors", []) for attribute, schema in schemas.items()},
        owned=set(schemas) - foreign,
        defaults=DEFAULTS,
    )
    if patches:
        rules.check(patches)
    for patch in patches:
        attributes = rules.apply(attributes, patch, schemas[rules.attribute_of(patch)], FR)
    left = {attribute: found for attribute, found in before.items() if attribute in foreign}
    assert canonical(attributes) == canonical(held({**left, **wanted}, schemas))

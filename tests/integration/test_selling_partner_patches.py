"""Our patches applied by the sandbox's rules, over the definitions that the sandbox serves."""

from __future__ import annotations

import json
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amazon_listings.marketplaces import marketplace
from amazon_listings.sandbox import patches as rules
from amazon_listings.sandbox.server import running_sandbox
from amazon_listings.selling_partner import Account, SellingPartner, definitions
from amazon_listings.selling_partner.patches import build_patches

FR = marketplace("FR")
VALUES = [
    "0123",
    123,
    123.5,
    "1e5",
    "Infinity",
    "true",
    True,
    False,
    "é",
    {"value": 1, "unit": "kilograms"},
    {"value": 1},
    [{"schedule": [{"value_with_tax": 1}]}],
    [],
]
CHOICES = {
    "marketplace_id": [FR.id],
    "language_tag": ["fr_FR", "nl_BE"],
    "currency": ["EUR", "USD"],
    "audience": ["ALL", "B2B"],
    "fulfillment_channel_code": ["DEFAULT", "AMAZON_EU"],
}


@pytest.fixture(scope="module")
def schemas():
    with running_sandbox() as sandbox:
        client = SellingPartner(
            Account(
                client_id=sandbox.client_id,
                client_secret=sandbox.client_secret,
                refresh_token=sandbox.refresh_token,
                seller_id=sandbox.seller_id,
                region="EU",
                endpoint=sandbox.url,
                token_url=sandbox.token_url,
            )
        )
        found = {}
        for product_type in ("LAMP", "DRINKING_CUP", "BACKPACK"):
            answer = definitions.get(client, product_type, FR.id, locale="fr_FR")
            found |= json.loads(definitions.download(client, answer.schema))["properties"]
    return found


def document(schemas, chance):
    """A random document over the real selectors and properties of a definition."""
    made = {}
    for name in chance.sample(sorted(schemas), 8):
        schema = schemas[name]
        selectors = schema.get("selectors") or []
        inner = sorted(set(schema["items"]["properties"]) - set(selectors))
        elements = {}
        for _ in range(chance.randint(0, 3)):
            element = {one: chance.choice(CHOICES.get(one, ["x", "y"])) for one in selectors}
            element |= {one: chance.choice(VALUES) for one in inner if chance.random() < 0.6}
            if element:
                several = schema.get("maxUniqueItems", 1) > 1
                elements[
                    len(elements) if several else json.dumps([element.get(one) for one in selectors])
                ] = element
        if elements:
            made[name] = list(elements.values())
    return made


def held(elements_by_name, schemas):
    """As the sandbox keeps a document."""
    return {
        name: [rules.with_defaults(name, element, schemas[name], FR) for element in elements]
        for name, elements in elements_by_name.items()
    }


def canonical(attributes):
    return {
        name: sorted(json.dumps(element, sort_keys=True) for element in elements)
        for name, elements in attributes.items()
        if elements
    }


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32), st.booleans())
def test_the_sandbox_ends_with_what_is_wanted(schemas, seed, from_amazon):
    chance = random.Random(seed)
    before, wanted = document(schemas, chance), document(schemas, chance)
    for name in chance.sample(sorted(before), len(before) // 2):
        if chance.random() < 0.7:
            wanted[name] = chance.sample(before[name], chance.randint(1, len(before[name])))
    foreign = set(chance.sample(sorted(schemas), 5)) - set(wanted)
    attributes = held(before, schemas)
    patches = build_patches(
        attributes if from_amazon else before,
        wanted,
        selectors={name: schema.get("selectors", []) for name, schema in schemas.items()},
        owned=set(schemas) - foreign,
        defaults={"marketplace_id": FR.id, "audience": "ALL", "currency": "EUR"},
    )
    if patches:
        rules.check(patches)
    for patch in patches:
        attributes = rules.apply(attributes, patch, schemas[rules.attribute_of(patch)], FR)
    left = {name: elements for name, elements in before.items() if name in foreign}
    assert canonical(attributes) == canonical(held({**left, **wanted}, schemas))

"""Our patches, applied by the sandbox's rules, over Amazon's own definitions and the sandbox's.

Every reading of what Amazon leaves open is tried: a patch has the same effect under each.
"""

from __future__ import annotations

import random

import pytest
from fields_documents import ALL_NAMES, document
from hypothesis import example, given, settings
from hypothesis import strategies as st

from amazon_listings.marketplaces import marketplace
from amazon_listings.selling_partner.content.leaves import Layout, split
from amazon_listings.selling_partner.content.overlay import sendable
from amazon_listings.selling_partner.content.patches import build_patches
from spapi_sandbox.listings import patches as rules

FR, DE = marketplace("FR"), marketplace("DE")
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


def elements(schema, chance, place):
    """Random elements with the selectors and properties of an attribute."""
    selectors = schema.get("selectors") or []
    inner = sorted(set(schema["items"]["properties"]) - set(selectors))
    several = schema.get("maxUniqueItems", 1) > 1
    made = {}
    for number in range(chance.randint(0, 3)):
        element = {one: chance.choice(CHOICES.get(one, ["x", "y"])) for one in selectors}
        if "marketplace_id" in selectors:
            element["marketplace_id"] = place.id
        element |= {one: chance.choice(VALUES) for one in inner if chance.random() < 0.6}
        if element:
            made[number if several else tuple(element.get(one) for one in selectors)] = element
    return list(made.values())


def listing(schemas, names, chance, place):
    drawn = {name: elements(schemas[name], chance, place) for name in names}
    return {name: found for name, found in drawn.items() if found}


def held(attributes, schemas, place):
    """As the sandbox keeps a document."""
    return {
        name: [rules.with_defaults(name, element, schemas[name], place) for element in found]
        for name, found in attributes.items()
    }


class Shop:
    """One SKU in two marketplaces of a region, as the sandbox keeps it."""

    def __init__(self, schemas, readings):
        self.schemas = schemas
        self.readings = readings
        self.places = {FR.id: {}, DE.id: {}}

    def write(self, patches, places):
        """Apply patches as a request for some marketplaces does."""
        rules.check(patches)
        for place in places:
            for patch in patches:
                part = rules.for_marketplace(patch, place, FR)
                if part is not None:
                    schema = self.schemas[rules.attribute_of(patch)]
                    now = rules.apply(self.places[place.id], part, schema, place, self.readings)
                    self.places[place.id] = now
        if self.readings.replace_drops_marketplaces:
            here = {place.id for place in places}
            for patch in patches:
                name = rules.attribute_of(patch)
                if patch["op"] == "replace" and "marketplace_id" in self.schemas[name].get("selectors", []):
                    for place in self.places.keys() - here:
                        self.places[place].pop(name, None)

    def read(self, *places):
        found = {}
        for place in places:
            for name, some in self.places[place.id].items():
                known = list(found.setdefault(name, []))
                found[name] += [one for one in some if one not in known]
        return found


def leaves(attributes, layout, place):
    cleaned = {
        name: sendable(found, layout.properties[name], {"marketplace_id": place.id})
        for name, found in attributes.items()
    }
    return split(cleaned, layout, {**DEFAULTS, "marketplace_id": place.id})


def within(leaf, others):
    """Whether a leaf is one of others, contains one of them or lies in one."""
    return any(
        (leaf.attribute, leaf.marketplace_id, leaf.selectors)
        == (other.attribute, other.marketplace_id, other.selectors)
        and (leaf.path[: len(other.path)] == other.path or other.path[: len(leaf.path)] == leaf.path)
        for other in others
    )


@pytest.mark.parametrize("name", ALL_NAMES)
@settings(max_examples=60, deadline=None)
@example(seed=803, readings=rules.Readings(*[False] * 5))
@example(seed=277982, readings=rules.Readings(*[False] * 5))
@given(seed=st.integers(0, 2**32), readings=st.builds(rules.Readings, *[st.booleans()] * 5))
def test_every_leaf_that_the_mapping_does_not_write_stays_as_it_was(name, seed, readings):
    """Random content of others, random mappings, any sequence of runs, under every reading."""
    schemas = document(name)["properties"]
    layout = Layout.of(document(name))
    chance = random.Random(seed)
    shop = Shop(schemas, readings)
    names = chance.sample(sorted(schemas), min(8, len(schemas)))
    shop.places[FR.id] = held(listing(schemas, names, chance, FR), schemas, FR)
    shop.places[DE.id] = held(listing(schemas, names, chance, DE), schemas, DE)
    owned = {}
    for _ in range(chance.randint(1, 4)):
        wanted = listing(schemas, chance.sample(names, chance.randint(1, len(names))), chance, FR)
        before = {place.id: leaves(shop.places[place.id], layout, place) for place in (FR, DE)}
        how = {"owned": owned, "layout": layout, "defaults": DEFAULTS, "forced": chance.random() < 0.2}
        read = not owned or chance.random() < 0.5
        patches = build_patches(shop.read(FR) if read else owned, wanted, read=read, **how)
        if patches.carries:
            patches = build_patches(shop.read(FR, DE), wanted, **how)
        others = [place for place in (DE,) if place.id in patches.marketplaces]
        if patches.operations:
            shop.write(patches.operations, [FR, *others])
        ours = [*leaves(wanted, layout, FR), *leaves(owned, layout, FR)]
        regional = {leaf.attribute for leaf in ours if leaf.marketplace_id is None}
        for place in (FR, DE):
            now = leaves(shop.places[place.id], layout, place)
            for leaf, value in before[place.id].items():
                if not within(leaf, ours) and not (place is DE and leaf.attribute in regional):
                    assert now.get(leaf) == value, (leaf, patches.operations)
        # Leaves of ours that nobody else has changed are as wanted.
        again = build_patches(shop.read(FR), wanted, owned=wanted, layout=layout, defaults=DEFAULTS)
        # What belongs to the whole region is one value at Amazon, but one for each marketplace in this shop.
        doubtful = {one for one in wanted if "marketplace_id" not in layout.properties[one].selectors}
        assert [one for one in again.operations if rules.attribute_of(one) not in doubtful] == []
        owned = wanted
        if chance.random() < 0.5:
            changed = listing(schemas, chance.sample(names, 1), chance, FR)
            theirs = held(changed, schemas, FR)
            if not any(within(leaf, leaves(owned, layout, FR)) for leaf in leaves(theirs, layout, FR)):
                shop.places[FR.id] |= {
                    attribute: found for attribute, found in theirs.items() if attribute not in owned
                }

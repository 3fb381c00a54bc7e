"""Listings as a definition allows them, for property tests: the structure is right, the values are not."""

import json

from hypothesis import strategies as st

from amazon_listings.selling_partner.content.leaves import Layout

FR, DE = "A13V1IB3VIYZZH", "A1PA6795UKMFR9"


def resolved(node, root):
    while "$ref" in node:
        reference = root
        for part in node["$ref"].removeprefix("#/").split("/"):
            reference = reference[part]
        node = reference
    return node


def values_of(schema, root):
    """Values that have the structure which a schema allows."""
    schema = resolved(schema, root)
    if schema.get("type") == "array":
        keys = schema.get("selectors", ())
        most = 2 if keys else 3
        unique = (lambda one: json.dumps([one.get(key) for key in keys])) if keys else None
        if schema.get("maxUniqueItems", 1) != 1:
            unique = None
        elements = values_of(schema.get("items", {}), root)
        if isinstance(keys, list) and keys:
            elements = st.builds(lambda element, chosen: element | chosen, elements, selections(keys))
        return st.lists(elements, min_size=1, max_size=most, unique_by=unique)
    properties = schema.get("properties")
    if properties:
        some = dict(sorted(properties.items())[:4])
        parts = {name: values_of(below, root) for name, below in some.items()}
        first = next(iter(parts))
        return st.fixed_dictionaries({first: parts.pop(first)}, optional=parts)
    return st.one_of(st.text(max_size=3), st.integers(0, 9), st.booleans(), st.just(1.5))


def selections(keys):
    markets, words = st.sampled_from([FR, DE]), st.sampled_from(["a", "b"])
    return st.fixed_dictionaries({key: markets if key == "marketplace_id" else words for key in keys})


@st.composite
def listings(draw, documents):
    """A listing of one of some definitions, with the layout of that definition."""
    document = draw(st.sampled_from(documents))
    names = draw(st.lists(st.sampled_from(sorted(document["properties"])), max_size=5, unique=True))
    attributes = {name: draw(values_of(document["properties"][name], document)) for name in names}
    return attributes, Layout.of(document)


def shuffled(value, key):
    """The value with the keys of all objects in another order."""
    if isinstance(value, dict):
        return {name: shuffled(value[name], key) for name in sorted(value, key=key)}
    if isinstance(value, list):
        return [shuffled(element, key) for element in value]
    return value


def in_no_order(attributes):
    """Attributes whose elements of different selectors have no order; texts, so that types count."""
    return {
        name: sorted(json.dumps(one, sort_keys=True) for one in some) for name, some in attributes.items()
    }

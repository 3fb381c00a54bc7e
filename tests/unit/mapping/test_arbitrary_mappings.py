"""Whatever a mapping or an item holds, the answer is a payload, an issue or a list of mistakes."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amazon_listings.mapping.faults import MappingErrors
from amazon_listings.mapping.mapping import compile_mapping
from amazon_listings.mapping.short_forms.forms import SHORT_FORMS
from amazon_listings.marketplaces import marketplace
from amazon_product_types.definition import Definition
from amazon_product_types.fields import fields
from amazon_product_types.labels import FieldIndex
from support.small_definition import DEFINITION, make_item

INDEX = FieldIndex(fields(Definition(DEFINITION)))
WORDS = st.sampled_from(
    [
        "{{ item.x }}",
        "{{ item.x | number }}",
        "{{ item.x.y }}",
        "{{ item.x",
        "{% if %}",
        "x",
        "",
        "kg",
        "Oui",
        "5",
    ]
)
NAMES = st.sampled_from([
    "value", "unit", "type", "price", "sale", "from", "to", "business", "quantity_discounts", "levels",
    "truncate", "html", "by_country", "FR", "quantity", "channel", "exempt_when_empty", "currency",
    "schedule", "x", "5", "list",
])  # fmt: skip
SCALARS = st.none() | st.booleans() | st.integers(-9, 99) | st.floats(allow_nan=True) | WORDS
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)
KEYS = st.sampled_from(
    [*SHORT_FORMS, *DEFINITION["properties"], *(item.path for item in INDEX.fields), "Puce", ""]
)


def compiled(mapping, variations=None):
    return compile_mapping(
        mapping,
        index=INDEX,
        definition=DEFINITION,
        marketplace=marketplace("FR"),
        languages={"fr": "fr_FR"},
        variations=variations,
    )


@settings(max_examples=250, deadline=None)
@given(mapping=st.dictionaries(KEYS, VALUES, min_size=1, max_size=3), x=VALUES)
def test_any_mapping_on_any_item(mapping, x):
    try:
        made = compiled(mapping)
    except MappingErrors:
        return
    mapped = made.apply(make_item(fields={"x": x}))
    json.dumps(mapped.attributes, allow_nan=False)
    assert all(mapped.attributes.values())
    json.dumps([issue.to_dict() for issue in mapped.issues], allow_nan=False)
    made.explain(make_item(fields={"x": x}))


@settings(max_examples=80, deadline=None)
@given(
    variations=st.dictionaries(st.sampled_from(["theme", "parent_sku", "shared", "attributes", "x"]), VALUES)
)
def test_any_variations(variations):
    try:
        made = compiled({"brand": "Acme"}, variations)
    except MappingErrors:
        return
    item = make_item(variant=make_item()["product"])
    for member in made.expand_family([item]):
        made.apply(member)


@pytest.mark.parametrize("field", INDEX.fields, ids=lambda field: field.path)
def test_text_never_becomes_another_type(field):
    """A text in the PIM is sent as text wherever the definition wants text."""
    if field.json_type != "string" or field.options or field.type != "string":
        return
    for text in ("0123", "1e5", "Infinity", "NAN", "true", "Null"):
        mapped = compiled({field.path: "{{ item.x }}"}).apply(make_item(fields={"x": text}))
        assert f'"{text}"' in json.dumps(mapped.attributes)

"""What is written into a new connector's file means what it should, whatever a PIM or Amazon sends."""

import re

import yaml
from hypothesis import given
from hypothesis import strategies as st

from amazon_listings.authoring.starter import StarterLine
from amazon_listings.authoring.starter_file import file_text, scalar
from amazon_listings.connectors.yaml_document import read_yaml
from amazon_product_types.definition import Definition
from amazon_product_types.fields import fields

#: What a connector's file may hold: no control characters, which its reader refuses.
WRITABLE = st.characters(exclude_categories=("Cc", "Cs"))
KEYS = st.text(WRITABLE, min_size=1, max_size=6)
VALUES = st.recursive(
    st.text(WRITABLE, max_size=12) | st.booleans() | st.integers(-99, 99),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=6,
)


@given(VALUES)
def test_any_value_is_read_as_it_was(value):
    read = read_yaml(f"key: {scalar(value)}\n")
    assert read.problems == []
    assert read.value == {"key": value}


@given(st.text(max_size=60))
def test_no_text_of_amazon_or_the_pim_leaves_its_comment(text):
    members = {"value": {"type": "string", "title": text, "description": text}}
    attribute = {"type": "array", "title": text, "items": {"type": "object", "properties": members}}
    (only,) = fields(Definition({"type": "object", "properties": {"brand": attribute}}))
    lines = [
        StarterLine("required", "Marque", None, (only,)),
        StarterLine("conditional", "Modèle", None, (only,), active=False),
    ]
    document = yaml.safe_load(file_text({"id": "x"}, {}, lines, [text]))
    assert document == {"id": "x", "mapping": {"Marque": ""}}


def test_settings_that_hold_anyway_stand_there_as_comments_and_hold_as_they_are():
    head = {"id": "x", "sync": {"operation": "test"}}
    defaults = {"sync": {"when_removed": "keep"}, "guards": {"price_fall": 0.4, "vanished_share": None}}
    text = file_text(head, defaults, [], [])
    assert yaml.safe_load(text) == head | {"mapping": None}
    turned_on = re.sub(r"^( *)# (?=\S+:| )", r"\1", text.partition("\n")[2], flags=re.MULTILINE)
    assert yaml.safe_load(turned_on) == {
        "id": "x",
        "sync": {"operation": "test", "when_removed": "keep"},
        "guards": defaults["guards"],
        "mapping": None,
    }

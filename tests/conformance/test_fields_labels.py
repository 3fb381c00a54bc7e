"""How many fields of real definitions can be named by a label, by a chain, only by path."""

from __future__ import annotations

import sys
from collections import Counter
from functools import cache

import pytest
from fields_documents import ALL_NAMES, document
from hypothesis import given, settings
from hypothesis import strategies as st

from amazon_listings.authoring.relabelling import relabel
from amazon_product_types.definition import Definition
from amazon_product_types.fields import fields
from amazon_product_types.labels import AmbiguousField, FieldIndex
from amazon_product_types.matching import chain, normal

#: Least share of fields that a label alone, or a label or chain, must name: measured, see docs/fields.md.
SHARES = {
    "BRACELET.US.en_US.2026-05": (0.83, 0.98),
    "HOME.FR.fr_FR.2025-01": (0.89, 0.93),
    "HOME.US.en_US.2025-01": (0.92, 0.96),
    "PRODUCT.GB.en_GB.LISTING_OFFER_ONLY.2024-09": (0.93, 0.93),
    "PRODUCT.GB.en_GB.LISTING_OFFER_ONLY.2025-09": (0.95, 0.95),
}


@cache
def index_of(name):
    return FieldIndex(fields(Definition(document(name))))


def how_named(index, field):
    for how, name in (
        ("label", field.label),
        ("chain", chain(field.labels)),
        ("chain", " > ".join(field.labels)),
    ):
        try:
            found = index.find(name)
        except AmbiguousField:
            continue
        if found.field is field:
            return how
    return "path"


@pytest.mark.parametrize("name", SHARES)
def test_share_of_fields_that_labels_name(name, record_property):
    """Shown by `pytest -s`."""
    index = index_of(name)
    counts = Counter(how_named(index, field) for field in index.fields)
    found = {how: counts[how] / len(index.fields) for how in ("label", "chain", "path")}
    record_property("shares", found)
    sys.stdout.write(f"{name} { ({how: f'{share:.1%}' for how, share in found.items()}) }\n")
    least_label, least_chain = SHARES[name]
    assert found["label"] >= least_label
    assert found["label"] + found["chain"] >= least_chain


@pytest.mark.parametrize("name", ALL_NAMES)
def test_every_name_leads_back_to_its_field(name):
    index = index_of(name)
    for field in index.fields:
        for key in (index.name(field.path), field.path, field.pointer):
            assert index.find(key).field is field


@pytest.mark.parametrize("name", ALL_NAMES)
def test_a_label_of_several_fields_lists_them_all(name):
    index = index_of(name)
    for field in index.fields:
        alike = [other for other in index.fields if normal(other.label) == normal(field.label)]
        if len(alike) == 1:
            assert index.find(field.label).field is field
        else:
            with pytest.raises(AmbiguousField) as refused:
                index.find(field.label)
            assert {candidate.path for candidate in refused.value.candidates} == {one.path for one in alike}


PAIRS = {
    "real HOME": lambda: (
        fields(Definition(document("HOME.FR.fr_FR.2025-01"))),
        fields(Definition(document("HOME.FR.fr_FR.2025-01"), labels=document("HOME.US.en_US.2025-01"))),
    ),
    "sandbox LAMP": lambda: (
        fields(Definition(document("sandbox LAMP LISTING", "fr"))),
        fields(
            Definition(document("sandbox LAMP LISTING", "fr"), labels=document("sandbox LAMP LISTING", "es"))
        ),
    ),
}


@cache
def indexes_of(pair):
    return [FieldIndex(found) for found in PAIRS[pair]()]


@pytest.mark.parametrize("pair", PAIRS)
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_a_relabelled_mapping_means_the_same(pair, data):
    here, there = indexes_of(pair)
    places = data.draw(st.lists(st.integers(0, len(here.fields) - 1), max_size=12, unique=True))
    mapping = {}
    for field in (here.fields[place] for place in places):
        how = data.draw(st.sampled_from(["name", "path"]))
        values = [*(option.name for option in field.options), "{{ item.x }}", "free text"]
        value = values[data.draw(st.integers(0, len(values) - 1))]
        mapping[here.name(field.path) if how == "name" else field.path] = value
    result = relabel(mapping, here, there)
    assert result.unknown == ()
    assert len(result.mapping) == len(mapping)
    for (key, value), (new_key, new_value) in zip(mapping.items(), result.mapping.items(), strict=True):
        assert there.find(new_key).path == here.find(key).path
        assert meaning(there, new_key, new_value) == meaning(here, key, value)
    assert relabel(result.mapping, there, here).unknown == ()


def meaning(index, key, value):
    """The codes that a constant stands for."""
    field = index.find(key).field
    return {option.value for option in field.options if value in {option.value, option.name}} or value

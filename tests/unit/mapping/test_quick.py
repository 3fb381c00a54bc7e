"""The quick way through a plan gives what the complete one gives."""

import copy

from hypothesis import given, settings
from hypothesis import strategies as st

from amazon_listings.mapping import compile_mapping
from amazon_listings.mapping.plan.interpreter import Work
from amazon_listings.marketplaces import marketplace
from amazon_product_types.definition import Definition
from amazon_product_types.fields import fields
from amazon_product_types.labels import FieldIndex
from support.small_definition import DEFINITION, make_item

MAPPING = {
    "item_name": {"value": "{{ item.name }} {{ item.a }}", "truncate": "words"},
    "brand": "Acme",
    "style": "{{ item.a }}",
    "product_description": "{{ item.name }}",
    "bullet_point": ["{{ item.name }}", "{{ item.a }}", "{{ item.b }}"],
    "color": "{{ item.b }}",
    "item_weight": {"value": "{{ item.a }}", "unit": "{{ item.b }}"},
    "list_price": "{{ item.a }}",
    "number_of_items": "{{ item.b }}",
    "item_dimensions": {
        "length": {"value": "{{ item.a }}", "unit": "cm"},
        "width": {"value": "{{ item.b }}", "unit": "cm"},
    },
    "unit_count": {"value": "{{ item.b }}", "type": {"value": "{{ item.name }}"}},
    "battery.material.value": "{{ item.a }}",
    "num_batteries": {"quantity": "{{ item.a }}", "type": "aa"},
    "batteries_required": "{{ item.b }}",
    "country_of_origin": "{{ item.a }}",
    "release_date": "{{ item.b }}",
    "images": "{{ item.pictures }}",
    "offers": {"price": "{{ item.a }}", "minimum": "{{ item.b }}"},
    "stock": {"quantity": "{{ item.a }}", "handling_days": 2},
    "gtin": "{{ item.b }}",
    "features.list": "{{ item.a }}",
    "size": "{{ item.typo }}",
}
MAPPINGS = [
    compile_mapping(
        MAPPING,
        index=FieldIndex(fields(Definition(DEFINITION))),
        definition=DEFINITION,
        marketplace=marketplace("FR"),
        **options,
    )
    for options in (
        {"languages": {"fr": "fr_FR"}},
        {"languages": {"fr": "fr_FR", "de": "de_DE"}},
        {"languages": {"de": "de_DE"}, "fallback_language": "fr"},
        {"languages": {"fr": "fr_FR"}, "report_missing_languages": True},
    )
]
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 10**6),
    st.floats(0, 999).map(lambda f: round(f, 2)),
    st.text(max_size=10),
    st.sampled_from(
        [
            "",
            " ",
            "1,5 kg",
            "2",
            "12,5",
            "kilograms",
            "Grammes",
            "CN",
            "Chine",
            "oui",
            "2026-05-01",
            "4006381333931",
            "<b>x</b> y",
            "moderne",
        ]
    ),
    st.lists(st.sampled_from(["Doux", "hard", "", "x", "3"]), max_size=7),
)
TEXTS = st.dictionaries(st.sampled_from(["fr", "de"]), st.text(max_size=90), max_size=2)
PICTURES = st.lists(st.builds(lambda n: {"url": f"https://x/{n}.jpg"}, st.integers(0, 9)), max_size=6)


@settings(max_examples=120, deadline=None)
@given(a=VALUES, b=VALUES, name=TEXTS, pictures=PICTURES, which=st.integers(0, len(MAPPINGS) - 1))
def test_both_ways_agree(a, b, name, pictures, which):
    mapping = MAPPINGS[which]
    item = make_item(fields={"a": a, "b": b}, texts={"name": name}, images={"pictures": pictures})
    before = copy.deepcopy(item)
    mapped = mapping.apply(item)
    work = Work(mapping.setting, mapping._rows(item, ()))
    complete = {name: made for name, plan in mapping.plan.items() if (made := work.attribute(plan))}
    assert mapped.attributes == complete
    assert mapped.issues == work.issues
    assert item == before
    leaves = {path.partition("/")[0] for path in mapped.origins}
    assert leaves == set(complete)

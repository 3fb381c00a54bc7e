"""The compiled plan: what it sends for every shape of value, and that its trace tells exactly that."""

import copy
import json
import tracemalloc

from hypothesis import given, settings
from hypothesis import strategies as st

from amazon_listings.mapping.mapping import compile_mapping
from amazon_listings.marketplaces import marketplace
from amazon_product_types.definition import Definition
from amazon_product_types.fields import fields
from amazon_product_types.labels import FieldIndex
from support.small_definition import DEFINITION, make_item

HERE = {"marketplace_id": "A13V1IB3VIYZZH"}
FR, DE = {"language_tag": "fr_FR", **HERE}, {"language_tag": "de_DE", **HERE}
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
OPTIONS = (
    {"languages": {"fr": "fr_FR"}},
    {"languages": {"fr": "fr_FR", "de": "de_DE"}},
    {"languages": {"de": "de_DE"}, "fallback_language": "fr"},
    {"languages": {"de": "de_DE", "fr": "fr_FR"}, "fallback_language": "fr"},
    {"languages": {"fr": "fr_FR"}, "report_missing_languages": True},
)


def compiled(mapping, *, definition=DEFINITION, **options):
    return compile_mapping(
        mapping,
        index=FieldIndex(fields(Definition(definition))),
        definition=definition,
        marketplace=marketplace("FR"),
        **({"languages": {"fr": "fr_FR"}} | options),
    )


MAPPINGS = [compiled(MAPPING, **options) for options in OPTIONS]
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 10**6),
    st.floats(0, 999).map(lambda f: round(f, 2)),
    st.text(max_size=10),
    st.sampled_from(
        ["", " ", "1,5 kg", "2", "12,5", "kilograms", "Grammes", "CN", "Chine", "oui", "2026-05-01",
         "4006381333931", "<b>x</b> y", "moderne"]
    ),
    st.lists(st.sampled_from(["Doux", "hard", "", "x", "3"]), max_size=7),
)  # fmt: skip
TEXTS = st.dictionaries(st.sampled_from(["fr", "de"]), st.text(max_size=90), max_size=2)
PICTURES = st.lists(st.builds(lambda n: {"url": f"https://x/{n}.jpg"}, st.integers(0, 9)), max_size=6)


def leaves(value, path=""):
    """The leaves of a payload by path, without what the engine writes; a list of plain values is one leaf."""
    if isinstance(value, dict):
        for name, below in value.items():
            if name not in {"marketplace_id", "language_tag"}:
                yield from leaves(below, f"{path}/{name}" if path else name)
    elif isinstance(value, list) and any(isinstance(one, dict) for one in value):
        for number, below in enumerate(value):
            yield from leaves(below, f"{path}/{number}")
    else:
        yield path, value


@settings(max_examples=150, deadline=None)
@given(a=VALUES, b=VALUES, name=TEXTS, pictures=PICTURES, which=st.integers(0, len(MAPPINGS) - 1))
def test_the_trace_tells_of_every_leaf_and_changes_none(a, b, name, pictures, which):
    mapping = MAPPINGS[which]
    item = make_item(fields={"a": a, "b": b}, texts={"name": name}, images={"pictures": pictures})
    before = copy.deepcopy(item)
    mapped, trace = mapping.apply(item), mapping.explain(item)
    assert item == before
    told = {}
    for made in trace:
        told.setdefault(made.path, []).append(made.value)
    for path, value in leaves(mapped.attributes):
        assert (told.pop(path) == value) if isinstance(value, list) else (told.pop(path)[-1] == value), path
    assert told == {}
    for attribute in mapping.attributes:
        of_name = [made for made in trace if made.path.split("/")[0] == attribute]
        assert mapping.explain(item, attribute=attribute) == of_name
    assert {issue.attribute for issue in mapped.issues if issue.severity == "ERROR"}.isdisjoint(
        mapped.attributes
    ) or mapping.setting.fallback


@settings(max_examples=150, deadline=None)
@given(a=VALUES, b=VALUES, name=TEXTS, pictures=PICTURES, which=st.sampled_from((2, 3)))
def test_values_of_which_nothing_is_to_be_noted_make_the_same_payload(a, b, name, pictures, which):
    kept = {"fields": {"a": a, "b": b}, "images": {"pictures": pictures}}
    texts = {"name": {"de": "Tisch", **name}}
    # A text that only the fallback language has is noted for each value, read by a line or not.
    plain = MAPPINGS[which].apply(make_item(texts=texts, **kept))
    noted = MAPPINGS[which].apply(make_item(texts={**texts, "unread": {"fr": "x"}}, **kept))
    assert json.dumps(plain.attributes) == json.dumps(noted.attributes)
    assert plain.issues == noted.issues


def sent(line, item, **options):
    mapped = compiled(line, **options).apply(item)
    return mapped.attributes, [(issue.code, issue.severity) for issue in mapped.issues]


def test_one_value_a_list_and_several_lines_are_elements_of_one_shape():
    one = make_item(fields={"a": "x", "l": ["x", "", "y"]}, texts={"name": {"fr": "Nom"}})
    assert sent({"bullet_point": "{{ item.a }}"}, one)[0] == {"bullet_point": [{"value": "x", **FR}]}
    both = [{"value": "x", **FR}, {"value": "y", **FR}]
    assert sent({"bullet_point": "{{ item.l }}"}, one)[0] == {"bullet_point": both}
    lines = ["{{ item.name }}", "{{ item.none }}", "{{ item.l }}"]
    assert sent({"bullet_point": lines}, one)[0] == {"bullet_point": [{"value": "Nom", **FR}, *both]}


def test_elements_given_one_at_a_time_take_numbers_as_well_as_texts():
    line = {"num_batteries": [{"quantity": "{{ item.a }}"}, {"quantity": "{{ item.b }}"}]}
    item = make_item(fields={"a": 2, "b": "3"})
    assert sent(line, item)[0] == {"num_batteries": [{"quantity": 2, **HERE}, {"quantity": 3, **HERE}]}


def test_each_line_of_a_list_that_fails_is_an_issue():
    lines = ["{{ item.a / 0 }}", "{{ item.name }}", "{{ item.a - item.name }}"]
    item = make_item(fields={"a": 1}, texts={"name": {"fr": "Nom"}})
    assert sent({"bullet_point": lines}, item) == ({}, [("expression_failed", "ERROR")] * 2)


def test_a_value_with_its_unit_fills_the_unit_that_is_empty_and_agrees_with_one_that_is_there():
    line = {"item_weight": {"value": "{{ item.a }}", "unit": "{{ item.u }}"}}
    weight = [{"value": 1.5, "unit": "kilograms", **HERE}]
    for unit in ("", None, " ", "kg", "Kilogrammes"):
        item = make_item(fields={"a": "1,5 kg", "u": unit})
        assert sent(line, item) == ({"item_weight": weight}, [])
        trace = compiled(line).explain(item)
        assert sorted(made.path for made in trace) == ["item_weight/0/unit", "item_weight/0/value"]
    wrong = sent(line, make_item(fields={"a": "1,5 kg", "u": "g"}))
    assert wrong == ({}, [("not_convertible", "ERROR")])


def test_one_value_that_does_not_fit_leaves_out_its_attribute_alone():
    item = make_item(fields={"a": "two", "b": "x"})
    attributes, issues = sent({"list_price": "{{ item.a }}", "color": "{{ item.b }}"}, item)
    assert attributes == {"color": [{"value": "x", **FR}]}
    assert issues == [("not_convertible", "ERROR")]


def test_blanks_are_no_text_even_where_any_text_is_taken():
    assert sent({"style": "{{ item.a }}"}, make_item(fields={"a": " \t"})) == ({}, [])
    assert sent({"style": "{{ item.a }}"}, make_item(fields={"a": [" ", "x"]}))[0] == {
        "style": [{"value": "x", **FR}]
    }


def test_the_fallback_stands_in_only_where_a_text_is_missing():
    options = {"languages": {"de": "de_DE"}, "fallback_language": "fr"}
    line = {"color": "{{ item.name }}"}
    there = make_item(texts={"name": {"de": "Rot", "fr": "Rouge"}})
    assert sent(line, there, **options) == ({"color": [{"value": "Rot", **DE}]}, [])
    missing = make_item(texts={"name": {"de": " ", "fr": "Rouge"}})
    assert sent(line, missing, **options) == (
        {"color": [{"value": "Rouge", **FR}]},
        [("fallback_language", "WARNING")],
    )


def test_the_fallback_is_left_out_where_its_language_is_sent_anyway():
    options = {"languages": {"de": "de_DE", "fr": "fr_FR"}, "fallback_language": "fr"}
    item = make_item(texts={"name": {"fr": "Rouge"}})
    attributes, issues = sent({"color": "{{ item.name }}"}, item, **options)
    assert attributes == {"color": [{"value": "Rouge", **FR}]}
    assert issues == [("fallback_language", "WARNING")]


def test_a_text_inside_an_element_keeps_the_language_it_is_in():
    options = {"languages": {"de": "de_DE"}, "fallback_language": "fr"}
    line = {"unit_count": {"value": 2, "type": {"value": "{{ item.name }}"}}}
    attributes, issues = sent(line, make_item(texts={"name": {"fr": "pièce"}}), **options)
    assert attributes["unit_count"] == [
        {"value": 2, "type": {"value": "pièce", "language_tag": "fr_FR"}, **HERE}
    ]
    assert issues == [("fallback_language", "WARNING")]


def test_a_text_of_the_fallback_deep_in_an_element_is_reported_of_the_element():
    options = {"languages": {"de": "de_DE"}, "fallback_language": "fr"}
    line = {"purchasable_offer.quantity_discount_plan.schedule.discount_type": "{{ item.name }}"}
    mapped = compiled(line, **options).apply(make_item(texts={"name": {"fr": "Fixe"}}))
    [offer] = mapped.attributes["purchasable_offer"]
    assert offer["quantity_discount_plan"] == [{"schedule": [{"discount_type": "fixed"}]}]
    assert [(issue.code, issue.path) for issue in mapped.issues] == [
        ("fallback_language", "purchasable_offer")
    ]


def test_constants_are_the_same_for_each_item_and_shared_by_none():
    lines = {
        "item_weight": "1,5 kg",
        "brand": "Acme",
        "bullet_point": ["Doux", "Solide"],
        "unit_count": {"value": 3, "type": {"value": "pièce"}},
    }
    mapping = compiled(lines, languages={"fr": "fr_FR", "de": "de_DE"})
    first, second, third = (mapping.apply(make_item()) for _ in range(3))
    once = compiled(lines, languages={"fr": "fr_FR", "de": "de_DE"}).apply(make_item()).attributes
    assert first.attributes["item_weight"] == [{"unit": "kilograms", "value": 1.5, **HERE}]
    assert [one["language_tag"] for one in first.attributes["brand"]] == ["fr_FR", "de_DE"]
    for elements in second.attributes.values():
        for element in elements:
            element.clear()
    assert json.dumps(first.attributes) == json.dumps(third.attributes) == json.dumps(once)
    assert first.attributes == mapping.apply(make_item()).attributes
    [kg] = mapping.explain(make_item(), attribute="item_weight")[:1]
    assert (kg.path, kg.value) == ("item_weight/0/unit", "kilograms")


def test_constants_that_are_cut_are_an_issue_of_each_item():
    mapping = compiled({"bullet_point": [f"Point {number}" for number in range(20)]})
    first, *others = (mapping.apply(make_item()) for _ in range(3))
    assert [one.attribute for one in first.issues] == ["bullet_point"]
    assert all((one.attributes, one.issues) == (first.attributes, first.issues) for one in others)


def test_an_attribute_that_takes_no_element_gets_none_and_says_so():
    definition = copy.deepcopy(DEFINITION)
    for name in ("brand", "item_weight"):
        definition["properties"][name]["maxUniqueItems"] = 0
    line = {"brand": "{{ item.a }}", "item_weight": {"value": "{{ item.b }}", "unit": "{{ item.u }}"}}
    item = make_item(fields={"a": "Acme", "b": 2, "u": "kg"})
    assert sent(line, item, definition=definition) == ({}, [("left_out", "WARNING")] * 2)


def test_elements_with_selectors_of_their_own_are_kept_however_many_there_are():
    item = make_item(fields={"asins": [f"B{number:09}" for number in range(300)]})
    attributes, issues = sent({"merchant_suggested_asin": "{{ item.asins }}"}, item)
    assert (len(attributes["merchant_suggested_asin"]), issues) == (300, [])


def test_an_empty_value_of_the_only_column_makes_no_element_of_constants():
    plan = "purchasable_offer.quantity_discount_plan.schedule"
    line = {
        f"{plan}.discount_type": "fixed",
        f"{plan}.levels": {"lower_bound": "{{ item.from }}", "value": 9.5},
    }
    attributes, issues = sent(line, make_item(fields={"from": ["5", "", "10"]}))
    [offer] = attributes["purchasable_offer"]
    assert offer["quantity_discount_plan"][0]["schedule"][0]["levels"] == [
        {"lower_bound": 5, "value": 9.5},
        {"lower_bound": 10, "value": 9.5},
    ]
    assert issues == []


def test_a_member_may_be_given_as_an_object_too():
    line = {"color": {"value": {"value": "{{ item.a }}", "html": "keep"}}}
    item = make_item(fields={"a": "<b>Rouge</b>"})
    assert sent(line, item)[0] == {"color": [{"value": "<b>Rouge</b>", **FR}]}


def test_the_currency_beside_prices_of_several_lines_is_of_the_first():
    prices = ("our_price", "minimum_seller_allowed_price")
    first, second = (f"purchasable_offer.{name}.schedule.value_with_tax" for name in prices)
    mapping = compiled({first: "{{ item.a }}", second: "{{ item.b }}"})
    mapped = mapping.apply(make_item(fields={"a": 5, "b": 4}))
    assert mapped.origins["purchasable_offer/0/currency"].key == first


def test_a_missing_language_is_told_with_the_first_field_of_a_list():
    line = {"bullet_point": ["{{ item.name }}", "{{ item.a }}"]}
    [issue] = compiled(line, report_missing_languages=True).apply(make_item()).issues
    assert (issue.code, issue.origin.field) == ("missing_language", "name")


def test_the_trace_of_a_list_that_was_cut_has_the_positions_of_the_payload():
    item = make_item(fields={"asins": ["B1", "B1", "B2"]})
    trace = compiled({"merchant_suggested_asin": "{{ item.asins }}"}).explain(item)
    assert [(made.path, made.value) for made in trace] == [
        ("merchant_suggested_asin/0/value", "B1"),
        ("merchant_suggested_asin/1/value", "B2"),
    ]


def test_a_constant_beside_an_empty_value_is_not_sent_alone():
    line = {"fulfillment_availability": {"quantity": "{{ item.a }}", "lead_time_to_ship_max_days": 2}}
    assert sent(line, make_item(fields={"a": ""})) == ({}, [])


def test_what_only_qualifies_others_is_not_sent_alone():
    plan = "purchasable_offer.quantity_discount_plan.schedule"
    line = {f"{plan}.discount_type": "{{ item.b }}", f"{plan}.levels.lower_bound": "{{ item.a }}"}
    assert sent(line, make_item(fields={"a": "", "b": "fixed"})) == ({}, [])
    [offer] = sent(line, make_item(fields={"a": 2, "b": "fixed"}))[0]["purchasable_offer"]
    assert offer["quantity_discount_plan"][0]["schedule"] == [
        {"discount_type": "fixed", "levels": [{"lower_bound": 2}]}
    ]


def test_a_blank_member_leaves_those_after_it_alone():
    line = {"cost_price": {"currency": "{{ item.c }}", "value": "{{ item.a }}"}}
    item = make_item(fields={"c": " ", "a": 5})
    assert sent(line, item)[0] == {"cost_price": [{"value": 5, **HERE}]}


def test_no_language_is_missing_of_what_has_none():
    line = {"model_number": "{{ item.a }}"}
    assert sent(line, make_item(), report_missing_languages=True) == ({}, [])


def test_the_fields_a_mapping_reads_are_known_without_an_item():
    reads = MAPPINGS[0].reads()
    assert reads.fields == {"name", "a", "b", "pictures", "typo"}
    assert not reads.any_field


def test_values_that_only_look_alike_are_told_apart_however_often_they_come():
    mapping = compiled({"style": "{{ item.a }}", "batteries_required": "{{ item.b }}"})

    def made(value):
        mapped = mapping.apply(make_item(fields={"a": value, "b": value}))
        return {name: elements[0]["value"] for name, elements in mapped.attributes.items()}

    for _ in range(2):
        assert made("1") == {"style": "1", "batteries_required": True}
        assert made(1) == {"style": "1", "batteries_required": True}
        assert made(value=True) == {"batteries_required": True}
        assert made("x" * 99) == {"style": "x" * 99}


def test_memory_stays_flat_whatever_is_converted():
    plan = compiled({"brand": "{{ item.a }}"}).plan
    (leaf,) = plan["brand"].templates[0].leaves()
    tracemalloc.start()
    for number in range(20_000):
        assert leaf.converter.convert(f" {number}") == str(number)
        assert len(leaf.converter.convert(f"{number} long" * 100)) > 500
    grown = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert grown < 500_000


def with_lists(*, elements, values):
    """The small definition with as many `features` as said, each with a list of values, a label and parts."""
    definition = copy.deepcopy(DEFINITION)
    features = definition["properties"]["features"]
    features["maxUniqueItems"] = elements
    members = features["items"]["properties"]
    members["list"] = {"type": "array", "maxItems": values, "items": {"type": "string", "title": "Atout"}}
    members["label"] = {"type": "string", "title": "Étiquette"}
    words = {"type": "array", "maxItems": values, "items": {"type": "string", "title": "Mot"}}
    part = {"words": words, "rank": {"type": "integer", "title": "Rang"}}
    members["parts"] = {"type": "array", "items": {"type": "object", "properties": part}}
    return definition


def test_a_leaf_that_is_a_list_takes_its_values_in_one_element():
    item = make_item(fields={"f": ["x", "", "y", "z"], "l": "L"})
    whole = {"list": ["x", "y", "z"], **HERE}
    for elements in (1, 4):
        definition = with_lists(elements=elements, values=9)
        alone = {"features.list": "{{ item.f }}"}
        assert sent(alone, item, definition=definition) == ({"features": [whole]}, [])
        constant = {"features.list": ["x", "y", "z"]}
        assert sent(constant, item, definition=definition) == ({"features": [whole]}, [])
        beside = {**alone, "features.label": "{{ item.l }}"}
        assert sent(beside, item, definition=definition) == ({"features": [{**whole, "label": "L"}]}, [])
        one = make_item(fields={"f": "x", "l": "L"})
        assert sent(beside, one, definition=definition)[0] == {
            "features": [{"list": ["x"], "label": "L", **HERE}]
        }


def test_a_list_beside_a_leaf_that_repeats_its_element_stands_in_each():
    item = make_item(fields={"f": ["x", "y"], "l": ["L", "M"]})
    line = {"features.list": "{{ item.f }}", "features.label": "{{ item.l }}"}
    attributes, issues = sent(line, item, definition=with_lists(elements=4, values=9))
    assert attributes == {"features": [{"list": ["x", "y"], "label": label, **HERE} for label in ("L", "M")]}
    assert issues == []


def test_a_list_in_an_array_inside_an_element_repeats_neither():
    line = {"features.parts.words": "{{ item.f }}", "features.parts.rank": "{{ item.r }}"}
    definition = with_lists(elements=4, values=9)
    for rank in (1, [1, 2]):
        item = make_item(fields={"f": ["x", "y", "z"], "r": rank})
        ranks = rank if isinstance(rank, list) else [rank]
        parts = [{"words": ["x", "y", "z"], "rank": one} for one in ranks]
        assert sent(line, item, definition=definition) == ({"features": [{"parts": parts, **HERE}]}, [])


def test_what_a_list_of_values_does_not_take_is_reported_once():
    definition = with_lists(elements=4, values=2)
    item = make_item(fields={"f": ["x", "y", "z"]})
    assert sent({"features.list": "{{ item.f }}"}, item, definition=definition) == (
        {"features": [{"list": ["x", "y"], **HERE}]},
        [("left_out", "WARNING")],
    )
    wrong = sent({"features.list": ["x", "{{ item.f / 0 }}"]}, item, definition=definition)
    assert wrong == ({}, [("expression_failed", "ERROR")])


WORDS = st.lists(st.sampled_from(["x", "y", "z", ""]), max_size=5)


@settings(max_examples=100, deadline=None)
@given(f=WORDS, labels=WORDS, elements=st.integers(1, 4), values=st.integers(1, 4))
def test_elements_with_a_list_are_those_written_by_hand(f, labels, elements, values):
    line = {"features.list": "{{ item.f }}", "features.label": "{{ item.l }}"}
    item = make_item(fields={"f": f, "l": labels})
    given = [one for one in f if one]
    listed = {"list": given[:values]} if given else {}
    repeated = [label for label in labels if label] or [""]
    made = [{**listed, **({"label": label} if label else {}), **HERE} for label in repeated]
    made = [element for element in made if element != HERE]
    cut = [len(given) > values] * len(repeated)
    attributes, issues = sent(line, item, definition=with_lists(elements=elements, values=values))
    assert attributes == ({"features": made[:elements]} if made else {})
    assert len(issues) == sum(cut) + (len(made) > elements)

"""Changes of a mapping that free items: tables of values, numbers read out of texts."""

from hypothesis import given
from hypothesis import strategies as st

from amazon_listings.authoring.mending import ValueTable, mend_of, value_table
from amazon_listings.mapping.expressions.compiled import compile_expression
from amazon_listings.mapping.expressions.rows import ItemRow
from amazon_product_types.definition import Definition
from amazon_product_types.fields import fields
from amazon_product_types.labels import FieldIndex
from amazon_product_types.validation.issue import Issue, Origin
from support.small_definition import DEFINITION, make_item

TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=12)


@given(st.dictionaries(TEXT, TEXT, min_size=1, max_size=4))
def test_a_table_of_values_is_read_as_it_was_written(table):
    written = ValueTable("item.x", table)
    assert value_table(written.text) == written


def test_a_table_gives_what_stands_for_a_value_and_leaves_others_as_they_are():
    expression = compile_expression(ValueTable("item.bulb", {"LED": "LED intégrée", 'a"b': "c"}).text)
    rows = [ItemRow(make_item(fields={"bulb": bulb}), "fr") for bulb in ("LED", 'a"b', "E27")]
    assert [expression.evaluate(row) for row in rows] == ["LED intégrée", "c", "E27"]


def test_what_is_no_table_is_none():
    for text in ("{{ item.x }}", '{{ {"a": "b"}[item.x] or item.y }}', "{{ {'a': 1}[item.x] }}", None, 7):
        assert value_table(text) is None


def proposed(attribute, found, value, code="not_convertible", severity="ERROR"):
    issue = Issue(
        code=code,
        severity=severity,
        source="mapping",
        message="",
        attribute=attribute,
        found=found,
        origin=Origin(None, "key", "field", ""),
    )
    index = FieldIndex(fields(Definition(DEFINITION)))
    return mend_of(issue, "key", value, index=index, known=[], name="name")


def test_a_value_that_is_no_option_gets_the_closest_one_beside_those_known_already():
    mend = proposed("country_of_origin", "Chin", "{{ item.origin }}")
    assert mend.value == '{{ {"Chin": "Chine"}[item.origin] or item.origin }}'
    wider = proposed("country_of_origin", "Frence", mend.value)
    assert value_table(wider.value).table == {"Chin": "Chine", "Frence": "France"}
    assert proposed("country_of_origin", "Chin", mend.value) is None
    assert proposed("country_of_origin", "qqqqq", "{{ item.origin }}") is None


def test_a_value_that_amazon_may_take_is_replaced_by_what_is_meant_alone():
    line = "{{ item.origin }}"
    near = proposed("country_of_origin", "Frence", line, severity="WARNING")
    assert value_table(near.value).table == {"Frence": "France"}
    part = proposed("country_of_origin", "République de Chine", line, severity="WARNING")
    assert value_table(part.value).table == {"République de Chine": "Chine"}
    assert proposed("country_of_origin", "Chili", line, severity="WARNING") is None


def test_a_number_is_read_out_of_a_text_where_a_number_is_wanted():
    assert proposed("cost_price", "219,00 €", "{{ item.price }}").value == "{{ item.price | extract_number }}"
    assert proposed("cost_price", "on request", "{{ item.price }}") is None
    assert proposed("cost_price", "219,00 €", "{{ item.price | number }}") is None


def test_a_line_of_other_form_is_left_to_a_person():
    for value in ({"value": "{{ item.price }}"}, "{{ item.a }} {{ item.b }}", "fixed", None):
        assert proposed("country_of_origin", "Chin", value) is None

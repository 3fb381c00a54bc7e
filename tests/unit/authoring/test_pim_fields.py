from hypothesis import given
from hypothesis import strategies as st

from amazon_listings.authoring.pim_fields import access, pim_fields
from amazon_listings.mapping.expressions.compiled import compile_expression
from support.small_definition import make_item


def described(*values, texts=None):
    items = [make_item(number=n, fields={"x": value}, texts=texts or {}) for n, value in enumerate(values)]
    return next(one for one in pim_fields(items) if one.name == "x")


def test_what_values_look_like():
    assert described("1,2 kg", "3 kg", "").has_units
    assert not described("1,2", "3").has_units
    assert described("1,2", 3).is_numeric
    assert described(*[True, False]).is_yes_no
    assert described("Ja", "nein").is_yes_no
    assert not described("Jacke").is_yes_no


def test_the_share_of_items_counts_an_item_once_and_an_empty_value_not_at_all():
    assert described("a", "", None, "b").filled == 0.5
    assert described(*[0, False]).filled == 1


def test_a_numbered_series_is_one_field_more():
    items = [make_item(fields={"feature_2": "b", "feature_1": "a", "iso9001": "x"})]
    known = {one.name: one for one in pim_fields(items, {"feature_1": ["Feature 1"]})}
    assert known["feature"].series == ("feature_1", "feature_2")
    assert (known["feature"].kind, known["feature"].titles) == ("list", ("Feature",))
    assert "iso" not in known


@given(st.text(min_size=1, max_size=12))
def test_any_field_name_can_be_read(name):
    item = make_item(fields={name: "the value"})
    if not name.isidentifier():
        assert compile_expression(f"{{{{ {access(name)} }}}}")(item, "fr") == "the value"

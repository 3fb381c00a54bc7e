"""The texts that the contract checks at once are those that it would find one by one."""

from hypothesis import given
from hypothesis import strategies as st

from amazon_listings.mapping.values.debris import sku_debris
from amazon_listings.runs.extract.pim_contract import _plain_texts, _texts, field_value

names = st.sampled_from("abc")
values = st.sampled_from(["", " ", "long text", "x", None, 3, ["x"], []])
records = st.fixed_dictionaries(
    {
        "fields": st.dictionaries(names, values),
        "texts": st.dictionaries(names, st.dictionaries(st.just("fr"), st.sampled_from(["", "texte"]))),
        "images": st.dictionaries(names, st.just([{"url": "https://c/a"}])),
    }
)


@given(st.fixed_dictionaries({"product": records, "variant": st.none() | records}))
def test_a_plain_text_is_all_that_an_item_says_of_a_field(item):
    for name, text in _plain_texts(item).items():
        assert field_value(item, name) == text
        assert list(_texts(item, name)) == [text]


@given(st.text(st.characters(max_codepoint=126, min_codepoint=32)))
def test_a_sku_of_printable_ascii_has_nothing_that_is_not_seen(sku):
    assert sku_debris(sku) not in {"debris_invisible", "debris_blank"}

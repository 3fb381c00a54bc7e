import pytest

from amazon_product_types.matching import closest, normal, shared, similarity, words


@pytest.mark.parametrize(
    ("typed", "same"),
    [("  Größe\u00a0XL ", "grosse xl"), ("L\u2019ÉTÉ", "l ete"), ("item_name", "item name"), ("Œuf", "oeuf")],
)
def test_what_people_type_differently_is_the_same(typed, same):
    assert normal(typed) == same


def test_japanese_marks_are_other_letters():
    assert normal("が") != normal("か")


def test_the_most_alike_comes_first_and_unlike_ones_never():
    known = ["color", "colour_map", "size", "Color_Name"]
    assert closest("colr", known) == ["color"]
    assert closest("colour", known, most=2) == ["color", "colour_map"]
    assert closest("weight", known) == []
    assert closest("x", []) == []


def test_a_limit_that_is_just_reached_counts():
    assert similarity("abcde", "abcdx") == pytest.approx(0.8)
    assert closest("abcde", ["abcdx"], alike=0.8) == ["abcdx"]
    assert closest("abcde", ["abcdx"], alike=0.81) == []


def test_of_texts_equally_alike_the_one_that_begins_the_same_comes_first():
    assert closest("fr_BE", ["ar_AE", "fr_FR"], most=2) == ["fr_FR", "ar_AE"]


def test_words_match_with_another_ending():
    assert shared(words("Länge der Lampen"), words("lampe lange")) == 1
    assert shared(words("Länge der Lampen"), words("lampe")) == 0.5
    assert shared(words("a b"), words("lampe")) == 0

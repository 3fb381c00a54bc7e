"""Where an expression is wrong, with a caret below it."""

import pytest

from amazon_listings.mapping.expressions.places import pointed_at, wrong_place


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("{{ item.brand | uper }}", (0, 16)),
        ("{{ item.a b }}", (0, 10)),
        ("{{ item.a # }}", (0, 10)),
        ("{{ item.a } }", (0, 10)),
        ("{{ (item.a }}", (0, 11)),
        ("{{ 'a }}", (0, 3)),
        ("{{ item.", (0, 8)),
        ("x {{ item.foo }} {{ foo }}", (0, 20)),
        ("{{ item.é | nö }}", (0, 12)),
        ("a\n{{ item.b | nope }}", (1, 12)),
        ("a\r\n{{ item.b c }}", (1, 10)),
        ("{% if item.a %}x", (0, 16)),
        ("{{ item.a }}", None),
        ("no braces", None),
        ("{{" + "(" * 3000, None),
    ],
)
def test_the_place_is_that_of_what_is_wrong(text, place):
    assert wrong_place(text) == place


def test_of_a_long_line_the_part_around_the_place_is_shown():
    text = "{{ item." + "a" * 90 + " | uper }}"
    line, caret = pointed_at(text, wrong_place(text), 34).split("\n")
    assert len(line) == 34
    assert line[caret.index("^") :].startswith("uper")

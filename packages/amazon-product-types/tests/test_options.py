import json
import random

import pytest

from amazon_product_types.options import OptionList

COUNTRIES = [
    "Deutschland",
    "Frankreich",
    "Österreich",
    "Spanien",
    "Italien",
    "Schweden",
    "Côte d'Ivoire",
    "Polen",
]


def options(values=COUNTRIES, names=()):
    return OptionList(
        list(values), {json.dumps(value): name for value, name in zip(values, names, strict=False)}
    )


@pytest.mark.parametrize(
    ("written", "nearest"),
    [
        ("deutschlnd", "Deutschland"),
        ("OSTERREICH", "Österreich"),
        ("cote divoire", "Côte d'Ivoire"),
        ("pole", "Polen"),
    ],
)
def test_case_accents_and_slips_do_not_matter(written, nearest):
    assert options().nearest(written)[0]["value"] == nearest


def test_the_displayed_name_finds_its_code():
    codes = [f"c{number}" for number in range(300)]
    names = [f"Farbe Nummer {number}" for number in range(299)] + ["Himmelblau"]
    assert options(codes, names).nearest("himmelblau")[0] == {"value": "c299", "name": "Himmelblau"}


def test_at_most_five_and_a_short_list_whole():
    assert len(options(map(str, range(1700))).nearest("17")) == 5
    assert [one["value"] for one in options(["b", "a"]).nearest("zzz")] == ["b", "a"]


def test_nothing_alike_gives_the_first():
    assert options().nearest("??") == options().options[:5]
    assert options([]).nearest("x") == []


def test_repeated_values_count_once_and_types_stay_apart():
    assert len(options(["a", "a", 1, True, "1"])) == 4


def test_close_is_a_slip_of_the_pen():
    assert options().close("Deutschlant") == ["Deutschland"]
    assert options().close("Germany") == []


def test_the_nearest_are_the_same_in_any_order_of_asking():
    written = ["polen", "spain", "itali"]
    first = options()
    expected = {text: first.nearest(text) for text in written}
    second = options()
    random.Random(1).shuffle(written)
    assert {text: second.nearest(text) for text in written} == expected

"""What is wrong with the form of overrides."""

from amazon_listings.connectors.overrides import override_problems

GOOD = {"when": {"country": "FR"}, "title": "Lampes"}


def test_a_good_override_has_no_problems():
    assert override_problems([GOOD, GOOD]) == []


def test_what_is_no_object_is_named_by_its_place():
    assert [one.pointer for one in override_problems([GOOD, "when"])] == ["/overrides/1"]


def test_a_key_near_to_when_is_taken_for_it_and_none_where_when_stands():
    (misspelt,) = override_problems([{"whne": {"country": "FR"}}])
    assert (misspelt.pointer, misspelt.suggestion) == ("/overrides/0/whne", "when")
    (empty,) = override_problems([{"when": {}, "wen": 1}])
    assert (empty.pointer, empty.suggestion) == ("/overrides/0", "")

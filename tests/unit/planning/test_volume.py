import pytest

from amazon_listings.messages import catalogue
from amazon_listings.planning.volume import MEASURED, MOST_PARTS, Volume, measured_of, some_of


def test_few_go_one_by_one():
    volume = Volume(1500, "zero_quantity", readings=3, creations=2, updates=1, leaving=1)
    assert catalogue("en").value(volume) == (
        "one by one, 1 search, less than a minute; 2 submissions, less than a minute; "
        "1 update, less than a minute; 1 update, less than a minute"
    )
    assert "2 envois, moins d'une minute ; 1 mise à jour," in catalogue("fr").value(volume)
    assert catalogue("en").value(Volume(1500, "keep")) == "nothing"


def test_many_go_by_feeds_but_for_the_few_parents():
    volume = Volume(1500, "delete", readings=40_000, creations=30_000, updates=20_000, parents=300)
    assert catalogue("en").value(volume) == (
        "by feeds, 2,000 searches, about 7 minutes; 3 feeds, less than a minute, for 49,700 items; "
        "one by one, 300 submissions, less than a minute"
    )
    assert volume.by_feeds
    assert not volume.parents_by_feeds


def test_many_that_leave_go_by_feeds_of_their_own():
    volume = Volume(1500, "delete", updates=3, leaving=1500)
    assert catalogue("en").value(volume) == (
        "by feeds, 75 searches, less than a minute; 1 feed, less than a minute, for 1,500 listings that are "
        "removed; one by one, 3 updates, less than a minute"
    )


@pytest.mark.parametrize(("number", "by_feeds"), [(9, False), (10, True), (11, True)])
def test_feeds_are_made_from_so_many_listings_on(number, by_feeds):
    assert Volume(10, "delete", creations=4, updates=number - 4).by_feeds == by_feeds
    assert Volume(10, "delete", parents=number).parents_by_feeds == by_feeds
    assert ("createFeed" in Volume(10, "delete", leaving=number).calls) == by_feeds


def test_the_seconds_are_those_of_feeds_and_of_single_calls():
    feeds, single = Volume(1500, "delete", leaving=1600), Volume(1500, "delete", creations=20, updates=30)
    both = Volume(1500, "delete", creations=20, updates=30, leaving=1600)
    assert both.seconds == feeds.seconds + single.seconds
    assert min(feeds.seconds, single.seconds) > 0


@pytest.mark.parametrize("count", [0, 1, 9, 10, 11, 19, 20, 21, 100, 101])
def test_messages_are_measured_in_a_few_parts_from_all_over_a_run(count):
    parts = [f"part-{number:05d}" for number in range(count)]
    chosen = some_of(parts)
    assert list(chosen) == sorted(chosen)
    assert min(count, MOST_PARTS // 2) <= len(chosen) <= MOST_PARTS
    assert measured_of(chosen) * len(chosen) >= MEASURED or not parts
    if parts:
        assert parts.index(chosen[0]) == 0
        assert parts.index(chosen[-1]) >= count * 2 // 3

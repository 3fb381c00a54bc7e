"""What an item's outcome says of itself."""

import pytest

from amazon_listings.messages import catalogue, languages
from amazon_listings.runs.outcomes import ENDS, OWED, REPORTED, Outcome


def test_an_outcome_is_its_text():
    assert f"{Outcome.NOT_APPLIED}" == "not_applied" == Outcome.NOT_APPLIED
    assert Outcome("pending") is Outcome.PENDING
    assert (Outcome.PENDING.stage, Outcome.PENDING.mood, Outcome.PENDING.final) == ("live", "warn", False)


def test_an_item_ends_as_anything_but_undecided():
    assert set(Outcome) - set(REPORTED) == {Outcome.EXTRACTED}
    assert set(REPORTED) - set(ENDS) == {Outcome.OUT_OF_SCOPE}
    assert set(ENDS) > OWED


@pytest.mark.parametrize("language", languages())
def test_every_outcome_has_a_name_and_a_meaning(language):
    messages = catalogue(language)
    for outcome in REPORTED:
        assert all(messages.message(f"outcome.{outcome}", variant) for variant in ("", "many", "meaning"))

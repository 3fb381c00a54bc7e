"""What an item's outcome says of itself."""

import pytest
import yaml

from amazon_listings.runs.outcomes import ENDS, OWED, REPORTED, Outcome


def test_an_outcome_is_its_text():
    assert f"{Outcome.NOT_APPLIED}" == "not_applied" == Outcome.NOT_APPLIED
    assert Outcome("pending") is Outcome.PENDING
    assert (Outcome.PENDING.stage, Outcome.PENDING.mood, Outcome.PENDING.final) == ("live", "warn", False)


def test_an_item_ends_as_anything_but_undecided():
    assert set(Outcome) - set(REPORTED) == {Outcome.EXTRACTED}
    assert set(REPORTED) - set(ENDS) == {Outcome.OUT_OF_SCOPE}
    assert set(ENDS) > OWED


@pytest.mark.parametrize("language", ["en", "es", "fr", "de"])
def test_every_outcome_has_a_name_and_a_meaning(language):
    from importlib.resources import files

    text = (files("amazon_listings.runs.report") / "texts.yaml").read_text(encoding="utf-8")
    assert set(yaml.safe_load(text)[language]["outcomes"]) == set(REPORTED)

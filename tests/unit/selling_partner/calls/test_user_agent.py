from __future__ import annotations

import pytest

from amazon_listings.selling_partner.calls.user_agent import default_user_agent, user_agent


def test_amazons_example():
    assert (
        user_agent("My Tool", "2.0", {"Language": "Python/3.12", "Platform": "Linux"})
        == "My Tool/2.0 (Language=Python/3.12; Platform=Linux)"
    )


def test_special_characters_are_escaped_where_amazon_asks():
    assert user_agent("a/b\\", "1(2", {"k=": "v);w"}) == "a\\/b\\\\/1\\(2 (k\\==v\\)\\;w)"


def test_more_than_500_characters_or_a_line_break_are_refused():
    assert len(user_agent("n" * 492, "1", {"a": "b"})) == 500
    with pytest.raises(ValueError, match="501"):
        user_agent("n" * 493, "1", {"a": "b"})
    with pytest.raises(ValueError, match="header"):
        user_agent("n\n", "1", {"a": "b"})


def test_the_default_names_package_and_language():
    assert default_user_agent().startswith("AmazonListingsForAirflow/")
    assert "Language=Python/3." in default_user_agent()

from __future__ import annotations

import pytest

from amazon_listings.messages import catalogue
from amazon_listings.selling_partner.forecast import forecast


@pytest.mark.parametrize(
    ("items", "operation", "kinds", "words"),
    [
        (4812, "putListingsItem", ["preview"], "4,812 previews, about 80 minutes"),
        (1, "putListingsItem", [], "1 submission, less than a minute"),
        (0, "patchListingsItem", [], "0 updates, less than a minute"),
        (400, "patchListingsItem", [], "400 updates, about a minute"),
        (100_000, "putListingsItem", [], "100,000 submissions, about 5.6 hours"),
        (25_001, "createFeed", [], "2 feeds, less than a minute"),
        (25_000, "createFeed", [], "1 feed, less than a minute"),
        (1000, "getListingsItem", [], "1,000 readings, about 3 minutes"),
    ],
)
def test_calls_way_and_time_in_words(items, operation, kinds, words):
    assert catalogue("en").value(forecast(items, operation, kinds=kinds)) == words


def test_feeds_are_counted_by_bytes_too_and_draw_on_two_buckets():
    # 10 MiB hold 3,880 messages of 2,700 bytes and a comma: 26 feeds.
    cost = forecast(100_000, "createFeed", size=2_700)
    assert cost.calls == 26
    # Of all feeds, 15 at once and then 0.0083 a second; of listings feeds, 5 and then one a minute.
    assert cost.seconds == pytest.approx(max((26 - 15) / 0.0083, (26 - 5) * 60))
    assert forecast(40_000, "createFeed", size=2_700).seconds == pytest.approx((11 - 5) * 60)
    # Parts of 2,000 items stay together: 4 times 24,000 items in 7 feeds, 4,000 in 2.
    assert forecast(100_000, "createFeed", size=2_700, together=24_000).calls == 30
    assert forecast(0, "createFeed", size=2_700).calls == 0
    assert forecast(3, "createFeed", size=20_000_000).calls == 3


def test_the_connectors_preview_rate_counts():
    assert forecast(3002, "putListingsItem", kinds=["preview"], preview_rate=5).seconds == pytest.approx(
        599, abs=3
    )
    assert forecast(302, "putListingsItem", kinds=["preview"], preview_rate=50).calls == 302


def test_a_forecast_is_worded_in_the_language_of_its_reader():
    cost = forecast(4812, "putListingsItem", kinds=["preview"])
    assert catalogue("de").value(cost) == "4.812 Vorprüfungen, etwa 80 Minuten"
    assert catalogue("it").value(forecast(1, "getListingsItem")) == "1 lettura, meno di un minuto"

from datetime import date, timedelta

import pytest

from amazon_listings.messages import catalogue
from amazon_listings.runs.secret_age import secret_warning
from amazon_listings.selling_partner.account import Account

TODAY = date(2026, 11, 23)


def warning(age, language="en"):
    created = None if age is None else TODAY - timedelta(days=age)
    account = Account(
        client_id="client",
        client_secret="secret",
        refresh_token="Atzr|grant",
        seller_id="A1SELLER",
        region="EU",
        secret_created=created,
    )
    said = secret_warning(account, TODAY)
    return None if said is None else catalogue(language).word(said)


@pytest.mark.parametrize("age", [None, 0, 149])
def test_nothing_is_said_before_the_last_30_days(age):
    assert warning(age) is None


@pytest.mark.parametrize(
    ("age", "said"),
    [(150, "expires on 23 Dec 2026"), (179, "expires on 24 Nov 2026"), (180, "past its 180 days")],
)
def test_then_every_report_says_until_when(age, said):
    assert said in warning(age)


def test_in_the_readers_language():
    assert "läuft am 23.12.2026 ab" in warning(150, "de_DE")

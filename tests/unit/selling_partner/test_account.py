from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from amazon_listings.selling_partner.account import (
    AccountIncomplete,
    secret_days_left,
)


def test_secrets_are_not_in_the_repr(account):
    shown = repr(account)
    assert "verysecret" not in shown
    assert "refreshsecret" not in shown
    assert "A1SELLER" in shown


@pytest.mark.parametrize("field", ["client_id", "client_secret", "refresh_token", "seller_id"])
@pytest.mark.parametrize("value", ["", "abc\n", " abc", "a bc", "abc\u200b", "ä"])
def test_unusable_text_names_the_field_and_not_the_value(account, field, value):
    with pytest.raises(AccountIncomplete) as caught:
        replace(account, **{field: value})
    assert field.replace("_", " ") in str(caught.value)


def test_region_and_vendor_group_id_are_refused(account):
    with pytest.raises(AccountIncomplete, match="NA, EU, FE"):
        replace(account, region="XX")
    with pytest.raises(AccountIncomplete, match="vendor code"):
        replace(account, seller_id="amzn1.vg.123")


def test_amazons_own_addresses_are_the_default(account):
    assert replace(account, endpoint=None).base_url == "https://sellingpartnerapi-eu.amazon.com"


TODAY = date(2026, 11, 23)


@pytest.mark.parametrize(("age", "left"), [(0, 180), (149, 31), (179, 1), (180, 0), (200, -20)])
def test_a_secret_lives_for_180_days(account, age, left):
    aged = replace(account, secret_created=TODAY - timedelta(days=age))
    assert secret_days_left(aged, TODAY) == left


def test_the_days_of_a_secret_of_unknown_age_are_not_known(account):
    assert secret_days_left(account, TODAY) is None

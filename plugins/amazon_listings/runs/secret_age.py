"""The client secret's last days, in every report: Amazon lets a secret live for 180 days."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amazon_listings.messages import message
from amazon_listings.selling_partner.account import SECRET_LIFE, secret_days_left

if TYPE_CHECKING:
    from datetime import date

    from amazon_listings.messages import Message
    from amazon_listings.selling_partner.account import Account

#: Days before the end from which every report says so.
WARN_FROM = 30


def secret_warning(account: Account, today: date) -> Message | None:
    """Return a warning from 30 days before the client secret expires, else None."""
    left = secret_days_left(account, today)
    if left is None or left > WARN_FROM or account.secret_created is None:
        return None
    name = "secret_expires" if left > 0 else "secret_expired"
    return message(f"note.{name}", client=account.client_id, day=account.secret_created + SECRET_LIFE)

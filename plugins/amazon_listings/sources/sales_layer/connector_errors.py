"""The connector API's error codes: what each means, and what happens next.

Source: "API connector: error codes" of Sales Layer and its PHP SDK. Which of them pass by
themselves is our reading: 10, 11 and 14 say so in their texts, 5 to 8 only inform.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from amazon_listings.messages import message
from amazon_listings.sources.errors import (
    ClockRefused,
    CredentialsRefused,
    PimBusy,
    UnexpectedAnswer,
)
from amazon_listings.sources.sales_layer.redaction import redacted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amazon_listings.sources.sales_layer.connection import PimConnection

#: Code 5: the date was not understood and everything is returned.
BAD_LAST_UPDATE = 5

#: Codes of notices beside an answer: an API version, an output mode, a compression that is not known.
INFORMATIVE = frozenset({BAD_LAST_UPDATE, 6, 7, 8})
BUSY = frozenset({10, 11, 14})
#: The field of the connection that is wrong, by code.
CREDENTIALS = {2: "code", 3: "secret", 4: "secret", 9: "secret", 105: "code"}
CLOCK = frozenset({12, 13})


def error_code(body: Mapping[str, Any]) -> int:
    """Return the answer's error code, 0 if it has none.

    Raises:
        UnexpectedAnswer: `error` is not a number.
    """
    given = body.get("error") or 0
    try:
        return int(given)
    except (TypeError, ValueError):
        pass
    raise UnexpectedAnswer("sales_layer.sales_layer_answers_error")


def raise_for_code(body: Mapping[str, Any], connection: PimConnection) -> int:
    """Return the answer's error code if the answer can be used (0, or one that only informs).

    Raises:
        PimBusy: it passes by itself.
        CredentialsRefused: code or secret is wrong.
        ClockRefused: our time is not accepted.
        UnexpectedAnswer: any other code.
    """
    code = error_code(body)
    if code == 0 or code in INFORMATIVE:
        return code
    if code in BUSY:
        raise PimBusy("sales_layer.sales_layer_asks_us", busy=message(f"sales_layer.code_{code}"), code_=code)
    if code in CREDENTIALS:
        raise CredentialsRefused(
            "sales_layer.sales_layer_refuses_connector",
            text=message(f"sales_layer.code_{code}"),
            code_=code,
            field=connection.field(CREDENTIALS[code]),
        )
    if code in CLOCK:
        raise ClockRefused(
            "sales_layer.sales_layer_does_not",
            clock=message(f"sales_layer.code_{code}"),
            code_=code,
        )
    said = redacted(str(body.get("error_message") or "")[:200], connection.secrets)
    raise UnexpectedAnswer(
        "sales_layer.error" if said else "sales_layer.error_without_text", number=code, said=said
    )

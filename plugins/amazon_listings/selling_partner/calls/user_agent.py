"""The User-Agent header in the form Amazon asks for.

Source: "Include a User-Agent header in all requests" in the SP-API documentation:
`AppId/Version (Language=Python/3.11; Platform=Linux)`, special characters escaped with a
backslash, at most 500 characters or the request is refused.
"""

from __future__ import annotations

import platform
import re
from importlib.metadata import PackageNotFoundError, version

LONGEST = 500
NAME = "AmazonListingsForAirflow"


def user_agent(name: str, number: str, attributes: dict[str, str]) -> str:
    """Return a User-Agent header value.

    Raises:
        ValueError: it would be longer than 500 characters, or holds a control or non-ASCII character.
    """
    pairs = "; ".join(f"{_escape(key, '=')}={_escape(value, ');')}" for key, value in attributes.items())
    header = f"{_escape(name, '/')}/{_escape(number, '(')} ({pairs})"
    if len(header) > LONGEST:
        raise ValueError(f"The User-Agent has {len(header)} characters; Amazon refuses more than {LONGEST}.")
    if not (header.isascii() and header.isprintable()):
        raise ValueError(f"The User-Agent {header!r} holds characters that a header can not carry.")
    return header


def default_user_agent() -> str:
    """Return this package's name and version, Python's version and the platform."""
    try:
        number = version("amazon-listings")
    except PackageNotFoundError:
        number = "0"
    return user_agent(
        NAME,
        number,
        {"Language": f"Python/{platform.python_version()}", "Platform": platform.system() or "unknown"},
    )


def _escape(text: str, special: str) -> str:
    return re.sub(rf"([\\{re.escape(special)}])", r"\\\1", text)

"""Keeping credentials out of logs and messages."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_SIGNED = re.compile(r"(?i)\b(code|time|unique|key256|key)=[^&\s\"'#]+")


def redacted(text: str, secrets: Iterable[str] = ()) -> str:
    """Return the text without the parameters of a signed query and without the given secrets."""
    for secret in secrets:
        text = text.replace(secret, "***")
    return _SIGNED.sub(r"\1=***", text)


class SignedQueryFilter(logging.Filter):
    """Removes signed queries from urllib3's debug lines, which print every address asked for."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite the record's arguments; keep every record."""
        if isinstance(record.args, tuple):
            record.args = tuple(redacted(str(arg)) if "key256=" in str(arg) else arg for arg in record.args)
        return True


def guard_http_logs() -> None:
    """Attach the filter to urllib3's loggers, once."""
    for name in ("urllib3.connectionpool", "urllib3.util.retry"):
        logger = logging.getLogger(name)
        if not any(isinstance(each, SignedQueryFilter) for each in logger.filters):
            logger.addFilter(SignedQueryFilter())

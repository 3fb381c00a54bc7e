"""Errors that SP-API answers with: status, code, message, details.

Where each text is from stands in `refusal_sources.csv` beside this module.
"""

from __future__ import annotations

from typing import Any

#: A body that is no JSON, or of another shape than the model's.
UNPARSED = "Request has missing or invalid parameters and cannot be parsed."
_DEFAULTS = {
    400: ("InvalidInput", "Invalid input"),
    401: ("Unauthorized", "Access to requested resource is denied."),
    403: ("Unauthorized", "Access to requested resource is denied."),
    404: ("NOT_FOUND", "The requested resource was not found."),
    413: ("RequestTooLarge", "The request size exceeded the maximum accepted size."),
    415: (
        "UnsupportedMediaType",
        "The entity of the request is in a format not supported by the requested resource.",
    ),
    429: ("QuotaExceeded", "You exceeded your quota for the requested resource."),
    500: ("InternalFailure", "We encountered an internal error. Please try again."),
    503: ("ServiceUnavailable", "Temporary overloading or maintenance of the server."),
}


class Refusal(Exception):
    """An HTTP answer that is not a success.

    Args:
        status: HTTP status.
        message: Text of the error; the usual one of the status if empty.
        code: Code of the error; the usual one of the status if empty.
        details: Further text; empty as Amazon often leaves it.
    """

    def __init__(self, status: int, message: str = "", *, code: str = "", details: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.body = error_body(status, message, code=code, details=details)


def error_body(status: int, message: str = "", *, code: str = "", details: str = "") -> dict[str, Any]:
    """Return the body of an error answer."""
    default_code, default_message = _DEFAULTS.get(status, ("InternalFailure", "Internal failure"))
    error = {"code": code or default_code, "message": message or default_message, "details": details}
    return {"errors": [error]}

"""Reading answers: no shape is trusted; what Amazon's model promises is checked where it is used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from amazon_listings.messages import message
from amazon_listings.selling_partner.faults.refusals import Refusal, malformed

if TYPE_CHECKING:
    from amazon_listings.selling_partner.calls.answers import Answer


class Shape:
    """The body of an answer, read key by key; every key that is not as promised is a named error.

    Args:
        answer: A success.
        operation: Amazon's operation name, for the error.
    """

    def __init__(self, answer: Answer, operation: str) -> None:
        self.body: dict[str, Any] = answer.body
        self.request_id = answer.request_id
        self.refusal = Refusal("api", operation, answer.status, "", "", answer.request_id)

    def text(self, key: str, within: dict[str, Any] | None = None) -> str:
        """Return a text that must be there and not empty."""
        value = (self.body if within is None else within).get(key)
        if not isinstance(value, str) or not value:
            self.bad("amazon.bad.missing", key=key)
        return str(value)

    def optional_text(self, key: str, within: dict[str, Any] | None = None) -> str | None:
        """Return a text that may be missing."""
        holder = self.body if within is None else within
        return None if holder.get(key) is None else self.text(key, holder)

    def object(self, key: str, within: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return an object that must be there."""
        value = (self.body if within is None else within).get(key)
        if not isinstance(value, dict):
            self.bad("amazon.bad.not_object", key=key)
            return {}
        return value

    def objects(self, key: str, within: dict[str, Any] | None = None) -> list[dict[str, Any]]:
        """Return a list of objects; missing means empty."""
        value = (self.body if within is None else within).get(key)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
            self.bad("amazon.bad.not_objects", key=key)
        return list(value)

    def number(self, key: str, within: dict[str, Any] | None = None) -> int | None:
        """Return a count; None if it is missing or none."""
        value = (self.body if within is None else within).get(key)
        return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None

    def optional_object(self, key: str) -> dict[str, Any]:
        """Return an object that informs: whatever else is there counts as empty."""
        value = self.body.get(key)
        return value if isinstance(value, dict) else {}

    def repaired_objects(self, key: str, within: dict[str, Any] | None = None) -> list[dict[str, Any]]:
        """Return a list that informs: its objects, one object alone as a list of one, nothing else."""
        value = (self.body if within is None else within).get(key)
        if isinstance(value, dict):
            return [value] if value else []
        return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []

    def repaired_text(self, key: str, within: dict[str, Any] | None = None) -> str | None:
        """Return a text that informs; whatever else is there counts as missing."""
        value = (self.body if within is None else within).get(key)
        return value if isinstance(value, str) and value else None

    def texts(self, key: str, within: dict[str, Any] | None = None) -> list[str]:
        """Return a list of texts that must be there."""
        value = (self.body if within is None else within).get(key)
        if not isinstance(value, list) or not all(isinstance(entry, str) for entry in value):
            self.bad("amazon.bad.not_texts", key=key)
            return []
        return value

    def bad(self, code: str, /, **facts: Any) -> None:
        """Refuse the answer; the code's text completes "because …".

        Raises:
            MalformedAnswer: always.
        """
        raise malformed(self.refusal, message(code, **facts))

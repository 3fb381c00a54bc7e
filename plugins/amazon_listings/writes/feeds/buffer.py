"""The messages of a feed on their way into documents, each with what the ledger remembers of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from amazon_listings.runs.records import Stage, encode
from amazon_listings.selling_partner import feed_messages as messages

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from amazon_listings.writes.planner import PlannedWrite


#: The messages that are being made into documents.
OUTBOX: Stage[dict[str, Any], dict[str, Any]] = Stage("outbox", dict, dict, task="live_sync")


def message_line(row: dict[str, Any], write: PlannedWrite, product_type: str, part: str) -> bytes:
    """A message with what the ledger remembers of it."""
    message = message_of(row, write, product_type)
    return encode(
        {
            "part": part,
            "sku": row["sku"],
            "pim_id": row["pim_id"],
            "hash": row["hash"],
            "method": message["operationType"],
            "body": message.get("patches", message.get("attributes")),
            "wanted": None if write.method == "PUT" else write.after,
            "before": write.before,
            "existed": write.existed,
            "removal": row.get("removal"),
            "approval": row.get("approval", ""),
            "message": message,
        }
    )


def message_of(row: Mapping[str, Any], write: PlannedWrite, product_type: str) -> dict[str, Any]:
    """The message that does what a single submission of the plan would do."""
    if write.method == "DELETE":
        return messages.delete(row["sku"])
    if write.method == "PUT":
        return messages.update(row["sku"], product_type, write.body, row["requirements"])
    if all(patch["op"] == "replace" for patch in write.body):
        whole = {patch["path"].removeprefix("/attributes/"): patch["value"] for patch in write.body}
        if len(whole) == len(write.body):
            return messages.partial_update(row["sku"], product_type, whole)
    return messages.patch(row["sku"], product_type, write.body)


def message_size(
    row: Mapping[str, Any], plan: Callable[[Mapping[str, Any], Any], PlannedWrite] | None, product_type: str
) -> int:
    """Return the bytes of a row's message: of one that is read before it is planned, of all its attributes.

    Args:
        row: The row, with what is known of its listing as `current`.
        plan: Plans it; None if its listing is read before.
        product_type: The connector's.
    """
    if plan is None:
        return len(encode(row["attributes"])) + len(encode(messages.update(row["sku"], product_type, {}, "")))
    return len(encode(message_of(row, plan(row, row["current"]), product_type)))


def entries_of(lines: Iterator[dict[str, Any]], skus: Sequence[str]) -> Iterator[dict[str, Any]]:
    """The lines of a document's messages; those that fitted into no document are passed over."""
    for sku in skus:
        yield next(line for line in lines if line["sku"] == sku)

"""The messages of a feed on their way into documents, each with what the ledger remembers of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from amazon_listings.ledger.submissions import LedgerWrite
from amazon_listings.runs.records import RunRecord, Stage, encode
from amazon_listings.selling_partner import feed_messages as messages

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from amazon_listings.planning.wanted import DueItem, PlannedWrite, Plans, WantedItem


class BufferedMessage(RunRecord, frozen=True, kw_only=True):
    """A message on its way into a document.

    Attributes:
        part: The part of the run that its item is in.
        write: What the ledger remembers of it, without the body, which the message has.
        approval: The hash of what a person approved; empty if nothing had to be asked.
        message: The message, as Amazon takes it.
    """

    part: str
    write: LedgerWrite
    approval: str = ""
    message: dict[str, Any]

    @property
    def pim_id(self) -> str:
        """The PIM's identity of the item."""
        return self.write.pim_id or ""

    @property
    def sku(self) -> str:
        """Its SKU."""
        return self.write.sku

    @property
    def entry(self) -> LedgerWrite:
        """What the ledger remembers of it."""
        body = self.message.get("patches", self.message.get("attributes"))
        return msgspec.structs.replace(self.write, body=body)


#: The messages that are being made into documents.
OUTBOX = Stage("outbox", BufferedMessage, BufferedMessage, task="live_sync")


def message_line(row: WantedItem, write: PlannedWrite, product_type: str, part: str) -> bytes:
    """Return the line of a message with what the ledger remembers of it."""
    message = message_of(row, write, product_type)
    return encode(
        BufferedMessage(
            part=part,
            write=LedgerWrite(
                sku=row.sku,
                pim_id=row.pim_id,
                hash=row.hash,
                method=message["operationType"],
                body=None,
                wanted=None if write.method == "PUT" else write.after,
                before=write.before,
                existed=write.existed,
                removal=row.removal,
            ),
            approval=row.approval,
            message=message,
        )
    )


def message_of(row: WantedItem, write: PlannedWrite, product_type: str) -> dict[str, Any]:
    """Return the message that does what a single submission of the plan would do."""
    if write.method == "DELETE":
        return messages.delete(row.sku)
    if write.method == "PUT":
        return messages.update(row.sku, product_type, write.body, row.requirements)
    if all(patch["op"] == "replace" for patch in write.body):
        whole = {patch["path"].removeprefix("/attributes/"): patch["value"] for patch in write.body}
        if len(whole) == len(write.body):
            return messages.partial_update(row.sku, product_type, whole)
    return messages.patch(row.sku, product_type, write.body)


def message_size(row: DueItem, plan: Plans | None, product_type: str) -> int:
    """Return the bytes of an item's message: of one that is read before it is planned, of all it wants.

    Args:
        row: The item.
        plan: Plans it; None if its listing is read before.
        product_type: The connector's.
    """
    if plan is None:
        return len(encode(row.wanted.attributes)) + len(
            encode(messages.update(row.sku, product_type, {}, ""))
        )
    return len(encode(message_of(row.wanted, plan(row.wanted, row.current), product_type)))


def entries_of(lines: Iterator[BufferedMessage], skus: Sequence[str]) -> Iterator[LedgerWrite]:
    """Yield what the ledger remembers of a document's messages; what fitted into none is passed over."""
    for sku in skus:
        yield next(line.entry for line in lines if line.sku == sku)

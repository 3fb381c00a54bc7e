"""The messages of a feed on their way into documents, each with what the ledger remembers of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from amazon_listings.ledger.writes.submissions import LedgerWrite
from amazon_listings.runs.records import RunRecord, Stage, encode
from amazon_listings.selling_partner import feed_messages as messages

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from amazon_listings.planning.wanted import DueItem, PlannedWrite, Plans, WantedItem


class BufferedMessage(RunRecord, frozen=True, kw_only=True):
    """A message on its way into a document.

    What a message carries and what a listing had is JSON in texts: it goes on as it is, into the document and
    the ledger, and is not parsed for either.

    Attributes:
        part: The part of the run that its item is in.
        write: What the ledger remembers of it, without contents.
        approval: The hash of what a person approved; empty if nothing had to be asked.
        head: The message, as Amazon takes it, without what it carries.
        carried: The name of what it carries, `attributes` or `patches`; empty if it carries nothing.
        body: What it carries.
        wanted: All attributes that it leads to, if that is not what it carries.
        before: The attributes that the listing had.
    """

    part: str
    write: LedgerWrite
    approval: str = ""
    head: str
    carried: str = ""
    body: str | None = None
    wanted: str | None = None
    before: str | None = None

    @property
    def pim_id(self) -> str:
        """The PIM's identity of the item."""
        return self.write.pim_id or ""

    @property
    def sku(self) -> str:
        """Its SKU."""
        return self.write.sku

    @property
    def message(self) -> messages.EncodedMessage:
        """The message, as Amazon takes it."""
        whole = f'{self.head[:-1]},"{self.carried}":{self.body}}}' if self.carried else self.head
        return messages.EncodedMessage(self.sku, whole.encode())

    @property
    def entry(self) -> LedgerWrite:
        """What the ledger remembers of it."""
        return msgspec.structs.replace(
            self.write, body=_raw(self.body), wanted=_raw(self.wanted), before=_raw(self.before)
        )


def _raw(text: str | None) -> msgspec.Raw | None:
    return None if text is None else msgspec.Raw(text.encode("utf-8", "surrogatepass"))


#: The messages that are being made into documents.
OUTBOX = Stage("outbox", BufferedMessage, BufferedMessage, task="live_sync")


def message_line(row: WantedItem, write: PlannedWrite, product_type: str, part: str) -> bytes:
    """Return the line of a message with what the ledger remembers of it.

    Raises:
        ValueError: the message holds what JSON can not carry (NaN, infinity).
    """
    message = message_of(row, write, product_type)
    carried = next((name for name in ("attributes", "patches") if name in message), "")
    body = message.pop(carried) if carried else None
    return encode(
        BufferedMessage(
            part=part,
            write=LedgerWrite(
                sku=row.sku,
                pim_id=row.pim_id,
                hash=row.hash,
                method=message["operationType"],
                body=None,
                existed=write.existed,
                removal=row.removal,
            ),
            approval=row.approval,
            head=messages.encode(message),
            carried=carried,
            body=messages.encode(body) if carried else None,
            wanted=None if write.method == "PUT" else messages.encode(write.after),
            before=None if write.before is None else messages.encode(write.before),
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

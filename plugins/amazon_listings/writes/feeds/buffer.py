"""The messages of a feed on their way into documents, each with what the ledger remembers of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from amazon_listings.ledger.columns import PIM_ID
from amazon_listings.ledger.content import packed
from amazon_listings.ledger.writes.submissions import LedgerWrite
from amazon_listings.runs.records import RunRecord, Stage, encode
from amazon_listings.selling_partner import feed_messages as messages

if TYPE_CHECKING:
    from amazon_listings.planning.wanted import DueItem, PlannedWrite, Plans, WantedItem


class BufferedMessage(RunRecord, frozen=True, kw_only=True):
    """A message on its way into a document.

    What a message carries and what a listing had is JSON that goes on as it is, into the document and the
    ledger; it is parsed for neither.

    Attributes:
        write: What the ledger remembers of it, without contents.
        approval: The hash of what a person approved; empty if nothing had to be asked.
        head: The message, as Amazon takes it, without what it carries.
        carried: The name of what it carries, `attributes` or `patches`.
        body: What it carries, if it does.
        wanted: All attributes that it leads to, if that is not what it carries.
        before: The attributes that the listing had, if they are known.
    """

    write: LedgerWrite
    approval: str = ""
    head: msgspec.Raw
    carried: str = ""
    body: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    wanted: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    before: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET

    @property
    def sku(self) -> str:
        """Its SKU."""
        return self.write.sku

    @property
    def message(self) -> messages.EncodedMessage:
        """The message, as Amazon takes it."""
        content = bytes(self.head)
        if self.body is not msgspec.UNSET:
            content = b'%b,"%b":%b}' % (content[:-1], self.carried.encode(), bytes(self.body))
        return messages.EncodedMessage(self.sku, content)

    @property
    def entry(self) -> LedgerWrite:
        """What the ledger remembers of it, with its contents packed."""
        contents = {"body": self.body, "wanted": self.wanted, "before": self.before}
        known = {name: packed(content) for name, content in contents.items() if content is not msgspec.UNSET}
        return msgspec.structs.replace(self.write, **known)


#: The messages that are being made into documents.
OUTBOX = Stage("outbox", BufferedMessage, BufferedMessage, task="live_sync")
_encoder = msgspec.json.Encoder()


def message_line(row: WantedItem, write: PlannedWrite, product_type: str) -> bytes:
    """Return the line of a message with what the ledger remembers of it.

    Raises:
        ValueError: the message holds what JSON can not carry (NaN, infinity).
    """
    message = message_of(row, write, product_type)
    carried = next((name for name in ("attributes", "patches") if name in message), "")
    body = message.pop(carried) if carried else None
    line = BufferedMessage(
        write=LedgerWrite(
            sku=row.sku,
            pim_id=PIM_ID.fitted(row.pim_id),
            hash=row.hash,
            method=message["operationType"],
            existed=write.existed,
            removal=row.removal,
        ),
        approval=row.approval,
        head=_raw(message),
        carried=carried,
        body=_raw(body) if carried else msgspec.UNSET,
        wanted=msgspec.UNSET if write.method == "PUT" else _raw(write.after),
        before=msgspec.UNSET if write.before is None else _raw(write.before),
    )
    return _encoder.encode(line) + b"\n"


def _raw(content: object) -> msgspec.Raw:
    if isinstance(content, msgspec.Raw):
        return content
    return msgspec.Raw(messages.encode(content))


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

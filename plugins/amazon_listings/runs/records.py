"""What passes between the stages of a run: one class per stage, and their codec.

A stage is a folder of parts; a part is a file of JSON Lines, one record a line. Where a record
carries a payload (what the PIM sent, what goes to Amazon), its class extends that of its line in the
index file beside the part, which has everything else: steps that need no payload read only the index.
`Any` stands for JSON that is the PIM's or Amazon's.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar, cast

import msgspec

from amazon_listings.incoming.json_text import written_fast
from amazon_listings.item import Item
from amazon_listings.item import Record as PimRecord
from amazon_listings.remarks import Remarks, remark_as_is
from amazon_listings.runs.outcomes import Outcome  # noqa: TC001 - msgspec reads the annotations
from amazon_listings.runs.payload import attributes_of
from amazon_listings.runs.plan import Change, Displaced, Plan  # noqa: TC001 - msgspec reads the annotations
from amazon_product_types.validation.issue import Issue, Source  # noqa: TC001 - msgspec reads the annotations

if TYPE_CHECKING:
    from collections.abc import Iterator

#: The version of what this module and `runs.folder` write. A folder of another version is refused.
FORMAT = 1

Role = Literal["", "parent", "child"]
Record = TypeVar("Record")
Index = TypeVar("Index")


class RunRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One line of a stage's part; what is as by default is not written.

    Records are trees: the garbage collector need not search the many of them for cycles.
    """


class ItemRecord(RunRecord, frozen=True, kw_only=True):
    """A record about one item.

    Attributes:
        pim_id: The PIM's identity of the item (`variants/501`); empty where it is not known.
        sku: Its SKU; None if the PIM gives it none.
    """

    pim_id: str
    sku: str | None


class ExtractedIndex(ItemRecord, frozen=True, kw_only=True):
    """An extracted item without what the PIM sent; `group` is the identity of its family."""

    group: str


class UnchangedItem(ExtractedIndex, frozen=True, kw_only=True):
    """An item that left the run at the extract; `parent`: the mapping made it as the parent of a family."""

    parent: bool = False


class ReadingProblem(RunRecord, frozen=True, kw_only=True):
    """A row of the PIM that could not become an item: `sku` names it as well as it can be named.

    Attributes:
        sku: What names it.
        message: What is wrong.
        action: What to do.
        phrases: What both are worded from, see `Issue.phrases`.
    """

    sku: str | None
    message: str
    action: str
    phrases: dict[str, Any] | None = None


class Siblings(RunRecord, frozen=True, kw_only=True):
    """The variants of a product of which a run takes some: a mapping may read them all.

    Attributes:
        group: Identity of the product.
        variants: All that the connector sells, in the PIM's order, those that the run takes included.
    """

    group: str
    variants: list[PimRecord]


class QualityRecord(ItemRecord, frozen=True, kw_only=True):
    """What the quality check found of an item; `blocks`: one of the issues is an error."""

    blocks: bool = False
    issues: tuple[Issue, ...] = ()


class Member(ItemRecord, frozen=True, kw_only=True):
    """An item and its place in a family at Amazon: none, `parent`, or `child` of `parent_sku`."""

    role: Role = ""
    parent_sku: str | None = None


class MappedIndex(Member, frozen=True, kw_only=True):
    """A mapped item without its payload.

    Attributes:
        group: The identity of its family in the PIM.
        modified: When the PIM changed the item, as the PIM writes it.
        hash: The payload's hash.
        issues: What the mapping found.
    """

    group: str
    modified: str | None = None
    hash: str
    issues: tuple[Issue, ...] = ()

    @property
    def blocked(self) -> bool:
        """Whether the mapping found an error."""
        return any(issue.severity == "ERROR" for issue in self.issues)


class MappedItem(MappedIndex, frozen=True, kw_only=True):
    """A mapped item with its payload: the attributes, and how complete Amazon wants them."""

    requirements: str
    attributes: dict[str, Any]


class PackedItem(MappedIndex, frozen=True, kw_only=True):
    """A mapped item whose attributes are JSON, which goes on as it is or is read where it is needed."""

    requirements: str
    attributes: msgspec.Raw


class TestedIndex(Member, frozen=True, kw_only=True):
    """An item after the test sync, without its plan.

    Attributes:
        outcome: `extracted` as long as Amazon has to be asked.
        note: Remarks on the outcome.
        asin: Amazon's number of the listing, if it is known.
        hash: The hash of the payload that was judged.
        issues: What the local checks and the preview found.
        forced: Send everything, although it is unchanged.
        sent_before: The same payload was accepted before.
        previewed: Amazon's preview has judged it.
        unpreviewed: Why Amazon was not asked about it, where others like it were.
        plan_hash: What its plan is known by, empty without one: its hash, or, where it makes a listing, the
            payload's.
        makes: Its plan makes a listing of the whole payload where there was nothing.
        due: A live run would send it: it is ready, or passed before and was never accepted.
        only: The attributes that go out alone, because the rest has errors; empty: all go.
        whole: The outcome of the item as a whole, where only some of it goes out.
    """

    __test__ = False

    outcome: Outcome
    note: Remarks = ()
    asin: str | None = None
    hash: str = ""
    issues: tuple[Issue, ...] = ()
    forced: bool = False
    sent_before: bool = False
    previewed: bool = False
    unpreviewed: Remarks = ()
    plan_hash: str = ""
    makes: bool = False
    due: bool = False
    only: tuple[str, ...] = ()
    whole: Outcome | None = None


class TestedItem(TestedIndex, frozen=True, kw_only=True):
    """An item after the test sync, with the plan that was made of it, if one was made.

    Attributes:
        plan: The plan; None where it `makes` a listing: `TestedPlans` has the plans of all.
        displaced: What others put into the listing and the plan replaces or drops.
    """

    plan: Plan | None = None
    displaced: tuple[Displaced, ...] = ()


class ApprovedIndex(ItemRecord, frozen=True, kw_only=True):
    """What was decided about an item that passed the test sync, without its changes.

    Attributes:
        outcome: `ready`: its plan may be carried out now; `waiting` or `refused`: nothing may be sent.
        note: Remarks on what waits.
        plan_hash: What the plan that may be carried out is known by; empty: any plan.
        approval: The hash of the changes that a person approved; empty if nothing had to be asked.
        waits: Other changes of the item wait, or were refused.
    """

    outcome: Outcome
    note: Remarks = ()
    plan_hash: str = ""
    approval: str = ""
    waits: bool = False


class ApprovedItem(ApprovedIndex, frozen=True, kw_only=True):
    """A decided item with its changes.

    Attributes:
        withheld: The changes that may not be made.
        guarded: The changes that were approved for what the listing had before, and for nothing else.
    """

    withheld: tuple[Change, ...] = ()
    guarded: tuple[Change, ...] = ()


class WrittenItem(ItemRecord, frozen=True, kw_only=True):
    """What became of a write to a listing: a line of `live`, and of `removed` once it is dealt with.

    An item that left the PIM's selection is `ready` in the stage `removed` until its listing is dealt with.

    Attributes:
        outcome: What became of the write.
        note: Remarks on the outcome.
        submission_id: Amazon's number of the submission.
        issues: What Amazon found.
        only: The attributes that went out alone after Amazon had rejected the whole; empty: all went.
        approval: The hash of the removal that a person approved; empty if nothing had to be asked.
        remark: Why a listing is to be taken off sale, if its item did not merely leave the selection.
    """

    outcome: Outcome
    note: Remarks = ()
    submission_id: str | None = None
    issues: tuple[Issue, ...] = ()
    approval: str = ""
    only: tuple[str, ...] = ()
    remark: Remarks = ()


class ConfirmedItem(ItemRecord, frozen=True, kw_only=True):
    """What was seen of an accepted listing later."""

    outcome: Outcome
    note: Remarks = ()
    asin: str = ""
    issues: tuple[Issue, ...] = ()


class FeedMessage(RunRecord, frozen=True, kw_only=True):
    """What a feed's report says of one message.

    Attributes:
        sku: Of which item.
        issues: Amazon's issues with the message.
        item: The listing after the message was processed, with the parts that the feed asked for, as
            `getListingsItem` shows it; None where the report does not show it, or shows it as it was before.
    """

    sku: str
    issues: list[dict[str, Any]] = []
    item: dict[str, Any] | None = None


class ResolvedItem(ItemRecord, frozen=True, kw_only=True):
    """One item at the end of a run.

    Attributes:
        outcome: What became of it.
        asin: Amazon's number of the listing; empty if it is not known.
        note: Remarks on the outcome.
        issues: Everything that was found, by whomever.
        parent: It was not extracted: the mapping made it as the parent of a family.
        removed: It was not extracted: it left the PIM's selection, and its listing is dealt with.
        answered: The calls by which Amazon has judged it in this run.
        new: The identities (family of the code, attribute) of the issues that no earlier run found.
    """

    outcome: Outcome
    asin: str = ""
    note: Remarks = ()
    issues: tuple[Issue, ...] = ()
    parent: bool = False
    removed: bool = False
    answered: tuple[Source, ...] = ()
    new: tuple[tuple[str, str], ...] = ()


class GoneIssue(RunRecord, frozen=True, kw_only=True):
    """An issue of an earlier run that this one looked for and did not find."""

    sku: str
    issue: Issue


class TableRows(RunRecord, frozen=True, kw_only=True):
    """The rows of a related table in one language."""

    language: str
    rows: list[dict[str, Any]]


class Stage(Generic[Record, Index]):
    """A stage of a run: the name of its folder, and the types of its lines.

    Args:
        name: The name of the folder.
        record: The type of a line of a part.
        index: The type of a line of the index beside it; that of the record if it carries no payload.
        task: The task that writes it, from which the run is cleared if a file is damaged.
    """

    def __init__(self, name: str, record: type[Record], index: type[Index], *, task: str) -> None:
        self.name = name
        self.task = task
        self.has_index = cast("type", index) is not record
        self._record = record
        self._records: msgspec.json.Decoder[Record] = msgspec.json.Decoder(record)
        self._index = index
        self._indices: msgspec.json.Decoder[Index] = msgspec.json.Decoder(index)
        self._payload = _payload_fields(record, index)

    def decode(self, line: bytes) -> Record:
        """Return the record of a line.

        Raises:
            ValueError: the line is no record of this stage.
        """
        return decode(line, self._records)

    def decode_index(self, line: bytes) -> Index:
        """Return the record of a line of the index.

        Raises:
            ValueError: the line is no record of this stage's index.
        """
        return decode(line, self._indices)

    def index_of(self, record: Record) -> Index:
        """Return what the index says of a record."""
        if not self.has_index:
            return cast("Index", record)
        return msgspec.convert(_fields(record), self._index, from_attributes=True)

    def index_line(self, record: Record, line: bytes) -> bytes:
        """Return the line of the index for a record.

        Args:
            record: The record.
            line: Its own line, which says the same where the record has no payload.
        """
        if self._payload and not any(getattr(record, name) for name in self._payload):
            return line
        return encode(self.index_of(record))


def _payload_fields(record: type, index: type) -> tuple[str, ...]:
    """Return the fields that a record has beside those of its index line; none of an item of the PIM."""
    if not (issubclass(record, RunRecord) and issubclass(index, RunRecord)):
        return ()
    return tuple(name for name in record.__struct_fields__ if name not in index.__struct_fields__)


def _fields(record: object) -> object:
    """Return what an index line is made from: an item of the PIM has other names than a record."""
    if isinstance(record, dict):
        item = cast("Item", record)
        return {"pim_id": item["pim_id"], "sku": item["sku"], "group": item["group"]}
    return record


_encoder = msgspec.json.Encoder()
#: The fields of records and notes that hold remarks, by the names of those in which earlier versions wrote
#: sentences.
_NOTES = {
    "note": "note",
    "unpreviewed": "unpreviewed",
    "remark": "remark",
    "warnings": "warnings",
    "sentence": "why",
}
_NO_MARKETPLACE = b'"marketplace_id":null'
#: Refuses NaN and infinity; what only msgspec can write (a date, say) is no number.
_finite = json.JSONEncoder(allow_nan=False, check_circular=False, ensure_ascii=False, default=str)


def encode(record: object) -> bytes:
    """Return a record as a line of JSON with its line break.

    Broken text of a PIM (half a surrogate pair) and numbers that JSON has no form for (NaN) survive:
    `decode` gives back what was written.
    """
    if record.__class__ is dict:
        line = written_fast(record)
        return _spelled_out(record) if line is None else line + b"\n"
    try:
        line = _encoder.encode(record)
    except UnicodeEncodeError:
        return _spelled_out(record)
    # msgspec writes NaN and infinity as null, which would turn a wrong value into none.
    # The marketplace of a leaf is a name or none.
    nulls = line.count(b"null")
    if nulls and nulls > line.count(_NO_MARKETPLACE) and not _is_finite(msgspec.to_builtins(record)):
        return _spelled_out(record)
    return line + b"\n"


def decode(line: bytes, decoder: msgspec.json.Decoder[Record]) -> Record:
    """Return what `encode` wrote.

    Raises:
        ValueError: the line is not JSON, or not of the decoder's type.
    """
    try:
        return decoder.decode(line)
    except msgspec.DecodeError:
        return msgspec.convert(_with_remarks(json.loads(line)), decoder.type)


def _with_remarks(document: Any) -> object:
    """Return a line with the sentences that earlier versions wrote as remarks."""
    if not isinstance(document, dict):
        return document
    return document | {
        now: to_json(tuple(remark for one in sentences for remark in remark_as_is(one)))
        for name, now in _NOTES.items()
        if (sentences := _sentences(document.get(name)))
    }


def _sentences(kept: object) -> list[str]:
    """Return the sentences that an earlier version kept; none, where remarks are kept."""
    found: list[Any] = kept if isinstance(kept, list) else [kept]
    return found if all(isinstance(one, str) for one in found) else []


def to_json(record: object) -> object:
    """Return a record as JSON data, for an XCom or a message."""
    return msgspec.to_builtins(record, str_keys=True)


def lines_of(data: bytes) -> Iterator[bytes]:
    """Yield the lines of a part."""
    yield from data.splitlines()


def _spelled_out(record: object) -> bytes:
    return f"{json.dumps(msgspec.to_builtins(record), separators=(',', ':'))}\n".encode()


def _is_finite(document: object) -> bool:
    """Return whether every number of a JSON document has a form in JSON; the walk over it is in C."""
    try:
        _finite.encode(document)
    except ValueError:
        return False
    return True


def unpacked(item: PackedItem | MappedItem) -> MappedItem:
    """Return a mapped item with its attributes."""
    if isinstance(item, MappedItem):
        return item
    fields = {name: getattr(item, name) for name in MappedItem.__struct_fields__}
    return MappedItem(**fields | {"attributes": attributes_of(item.attributes)})


class _Packed(Stage[PackedItem | MappedItem, MappedIndex]):
    """The stage `mapped`, read without its attributes, except where only Python reads them (NaN)."""

    def __init__(self) -> None:
        super().__init__("mapped", MappedItem, MappedIndex, task="map_fields")
        self._packed = msgspec.json.Decoder(PackedItem)

    def decode(self, line: bytes) -> PackedItem | MappedItem:
        """Return the record of a line.

        Raises:
            ValueError: the line is no record of this stage.
        """
        try:
            return self._packed.decode(line)
        except msgspec.DecodeError:
            return super().decode(line)


EXTRACT = Stage("extract", Item, ExtractedIndex, task="extract_products")
UNCHANGED = Stage("unchanged", UnchangedItem, UnchangedItem, task="extract_products")
PROBLEMS = Stage("problems", ReadingProblem, ReadingProblem, task="extract_products")
SIBLINGS = Stage("siblings", Siblings, Siblings, task="extract_products")
QUALITY = Stage("quality", QualityRecord, QualityRecord, task="check_quality")
MAPPED = Stage("mapped", MappedItem, MappedIndex, task="map_fields")
PACKED = _Packed()
TESTED = Stage("tested", TestedItem, TestedIndex, task="test_sync")
APPROVED = Stage("approved", ApprovedItem, ApprovedIndex, task="approve")
REMOVED = Stage("removed", WrittenItem, WrittenItem, task="test_sync")
LIVE = Stage("live", WrittenItem, WrittenItem, task="live_sync")
FEEDS = Stage("feeds", FeedMessage, FeedMessage, task="live_sync")
CONFIRMED = Stage("confirmed", ConfirmedItem, ConfirmedItem, task="live_sync")
RESOLVED = Stage("resolved", ResolvedItem, ResolvedItem, task="report")
GONE = Stage("gone", GoneIssue, GoneIssue, task="report")
TABLES = Stage("tables", TableRows, TableRows, task="refresh_definition")

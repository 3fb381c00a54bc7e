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

from amazon_listings.item import Item
from amazon_listings.runs.outcomes import Outcome  # noqa: TC001 - msgspec reads the annotations
from amazon_product_types.validation.issue import Issue  # noqa: TC001 - msgspec reads the annotations

if TYPE_CHECKING:
    from collections.abc import Iterator

#: The version of what this module and `runs.folder` write. A folder of another version is refused.
FORMAT = 1

Role = Literal["", "parent", "child"]
Method = Literal["PUT", "PATCH", "DELETE", "NOTHING"]
Record = TypeVar("Record")
Index = TypeVar("Index")


class RunRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line of a stage's part; what is as by default is not written."""


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


class ReadingProblem(RunRecord, frozen=True, kw_only=True):
    """A row of the PIM that could not become an item: `sku` names it as well as it can be named."""

    sku: str | None
    message: str
    action: str


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


class PlanOutline(RunRecord, frozen=True, kw_only=True):
    """What a preview is remembered by: a PUT's attributes are those of the mapped item."""

    method: Method
    patches: list[dict[str, Any]] = []


class TestedIndex(Member, frozen=True, kw_only=True):
    """An item after the test sync, without the outline of what was previewed.

    Attributes:
        outcome: `extracted` as long as Amazon has to be asked.
        note: A remark on the outcome.
        asin: Amazon's number of the listing, if it is known.
        hash: The hash of the payload that was judged.
        issues: What the local checks and the preview found.
        forced: Send everything, although it is unchanged.
        sent_before: The same payload was accepted before.
        previewed: Amazon's preview has judged it.
    """

    __test__ = False

    outcome: Outcome
    note: str = ""
    asin: str | None = None
    hash: str = ""
    issues: tuple[Issue, ...] = ()
    forced: bool = False
    sent_before: bool = False
    previewed: bool = False


class TestedItem(TestedIndex, frozen=True, kw_only=True):
    """An item after the test sync, with the outline of the plan that the preview judged."""

    plan: PlanOutline | None = None


class WrittenItem(ItemRecord, frozen=True, kw_only=True):
    """What became of a write to a listing: a line of `live`, and of `removed` once it is dealt with.

    An item that left the PIM's selection is `ready` in the stage `removed` until its listing is dealt with.
    """

    outcome: Outcome
    note: str = ""
    submission_id: str | None = None
    issues: tuple[Issue, ...] = ()


class ConfirmedItem(ItemRecord, frozen=True, kw_only=True):
    """What was seen of an accepted listing later."""

    outcome: Outcome
    note: str = ""
    asin: str = ""
    issues: tuple[Issue, ...] = ()


class FeedMessageIssues(RunRecord, frozen=True, kw_only=True):
    """What a feed's report says of one message; `issues` are Amazon's own."""

    sku: str
    issues: list[dict[str, Any]]


class NewIssuesOfItem(ItemRecord, frozen=True, kw_only=True):
    """The identities (family of the code, attribute) of an item's issues that no earlier run found."""

    new: tuple[tuple[str, str], ...]


class GoneIssue(RunRecord, frozen=True, kw_only=True):
    """An issue of an earlier run that this one looked for and did not find."""

    sku: str
    issue: Issue


class TableRows(RunRecord, frozen=True, kw_only=True):
    """The rows of a related table in one language, by the value that links to them."""

    language: str
    rows: dict[str, Any]


class Stage(Generic[Record, Index]):
    """A stage of a run: the name of its folder, and the types of its lines.

    Args:
        name: The name of the folder.
        record: The type of a line of a part.
        index: The type of a line of the index beside it; None if its records carry no payload.
        task: The task that writes it, from which the run is cleared if a file is damaged.
    """

    def __init__(self, name: str, record: type[Record], index: type[Index] | None, *, task: str) -> None:
        self.name = name
        self.task = task
        self.has_index = index is not None
        self._record = record
        self._records: msgspec.json.Decoder[Record] = msgspec.json.Decoder(record)
        self._index = index
        self._indices = msgspec.json.Decoder(index) if index is not None else None

    def decode(self, line: bytes) -> Record:
        """Return the record of a line.

        Raises:
            ValueError: the line is no record of this stage.
        """
        return decode(line, self._records)

    def decode_index(self, line: bytes) -> Index:
        """Return the record of a line of the index; of a stage without one, the record of the part.

        Raises:
            ValueError: the line is no record of this stage's index.
        """
        if self._indices is None:
            return cast("Index", self.decode(line))
        return decode(line, self._indices)

    def index_of(self, record: Record) -> Index:
        """Return what the index says of a record."""
        if self._index is None:
            return cast("Index", record)
        return msgspec.convert(_fields(record), self._index, from_attributes=True)


def _fields(record: object) -> object:
    """Return what an index line is made from: an item of the PIM has other names than a record."""
    if isinstance(record, dict):
        item = cast("Item", record)
        return {"pim_id": item["pim_id"], "sku": item["sku"], "group": item["group"]}
    return record


_encoder = msgspec.json.Encoder()


def encode(record: object) -> bytes:
    """Return a record as a line of JSON with its line break.

    Broken text of a PIM (half a surrogate pair) and numbers that JSON has no form for (NaN) survive:
    `decode` gives back what was written.
    """
    try:
        line = _encoder.encode(record)
    except UnicodeEncodeError:
        return _spelled_out(record)
    # msgspec writes NaN and infinity as null, which would turn a wrong value into none.
    if b"null" in line and not _is_finite(msgspec.to_builtins(record)):
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
        return msgspec.convert(json.loads(line), decoder.type)


def to_json(record: object) -> Any:
    """Return a record as JSON data, for an XCom or a message."""
    return msgspec.to_builtins(record, str_keys=True)


def lines_of(data: bytes) -> Iterator[bytes]:
    """Yield the lines of a part."""
    yield from data.splitlines()


def _spelled_out(record: object) -> bytes:
    return f"{json.dumps(msgspec.to_builtins(record), separators=(',', ':'))}\n".encode()


def _is_finite(document: object) -> bool:
    try:
        json.dumps(document, allow_nan=False)
    except ValueError:
        return False
    return True


EXTRACT = Stage("extract", Item, ExtractedIndex, task="extract_products")
PROBLEMS = Stage("problems", ReadingProblem, ReadingProblem, task="extract_products")
QUALITY = Stage("quality", QualityRecord, QualityRecord, task="check_quality")
MAPPED = Stage("mapped", MappedItem, MappedIndex, task="map_fields")
TESTED = Stage("tested", TestedItem, TestedIndex, task="test_sync")
REMOVED = Stage("removed", WrittenItem, WrittenItem, task="test_sync")
LIVE = Stage("live", WrittenItem, WrittenItem, task="live_sync")
FEEDS = Stage("feeds", FeedMessageIssues, FeedMessageIssues, task="live_sync")
CONFIRMED = Stage("confirmed", ConfirmedItem, ConfirmedItem, task="live_sync")
HISTORY = Stage("history", NewIssuesOfItem, NewIssuesOfItem, task="report")
GONE = Stage("history", GoneIssue, GoneIssue, task="report")
TABLES = Stage("tables", TableRows, TableRows, task="refresh_definition")

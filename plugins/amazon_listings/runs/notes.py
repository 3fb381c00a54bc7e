"""The small documents that the tasks of a run leave beside its stages, one class each."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import msgspec

from amazon_listings.definitions.stored import DefinitionKey  # noqa: TC001 - msgspec reads the annotations
from amazon_listings.remarks import Remarks  # noqa: TC001 - msgspec reads the annotations
from amazon_listings.runs.records import FORMAT


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """A note; `file` is the name of its file, `task` the task that leaves it."""

    file: ClassVar[str]
    task: ClassVar[str]

    format: int = FORMAT


class DefinitionsNote(Note, frozen=True, kw_only=True):
    """The definitions of a run.

    Attributes:
        key: What they are loaded by.
        country: The marketplace's country.
        checksum: Checksum of the one that judges.
        labels_checksum: Checksum of the one with the labels.
        version: Amazon's version of the one that judges.
        fetched_at: When it was fetched.
        warnings: What the report warns of.
        pins: Checksums of all its documents, those of other locales and of families too, as the store names
            them: what is fetched while the run goes on is for the next one.
    """

    file: ClassVar[str] = "definitions"
    task: ClassVar[str] = "refresh_definition"

    key: DefinitionKey
    country: str
    checksum: str
    labels_checksum: str
    version: str
    fetched_at: str
    warnings: Remarks = ()
    pins: dict[str, str] = msgspec.field(default_factory=dict)


class ChangesNote(Note, frozen=True, kw_only=True):
    """What changed in Amazon's definition since the run before, as `Drift.to_json` gives it."""

    file: ClassVar[str] = "changes"
    task: ClassVar[str] = "refresh_definition"

    drift: dict[str, Any]


class ExtractNote(Note, frozen=True, kw_only=True):
    """What the extract read; written last: without it, no part of the extract counts.

    Attributes:
        parts: The names of the parts.
        extracted: Items in scope, with records that could not become items.
        out_of_scope: Items that were read and are not in scope.
        unreadable: Records that could not become items.
        cursor: Where the next run continues in the PIM.
        opened: The PIM's clock when the reading began, if it tells it.
        full: Everything was read, not only what changed.
        unchanged: Of the items in scope, those that left at the extract.
        removed: How many items the PIM named as removed.
        removed_ids: The PIM's identities of what left the selection.
        kept_ids: Those of what was not read and did not leave: its status has no known meaning.
        warnings: What the report warns of.
        fields: The PIM fields that items had.
        selected: The PIM fields that were asked for; empty: all.
        read_at: When the reading began, by our clock.
    """

    file: ClassVar[str] = "extract"
    task: ClassVar[str] = "extract_products"

    parts: tuple[str, ...]
    extracted: int
    out_of_scope: int
    unreadable: int = 0
    cursor: str | None = None
    opened: str | None = None
    full: bool = False
    unchanged: int = 0
    removed: int = 0
    removed_ids: tuple[str, ...] = ()
    kept_ids: tuple[str, ...] = ()
    warnings: Remarks = ()
    fields: tuple[str, ...] = ()
    selected: tuple[str, ...] = ()
    read_at: str | None = None


class QualityNote(Note, frozen=True, kw_only=True):
    """What the quality check found.

    Attributes:
        checked: How many items it checked.
        blocked: How many of them it blocked.
        held: How many items it need not check: what is checked of them is as it was when they passed.
        warnings: What the report warns of.
        docs: The link from the report to its pages.
    """

    file: ClassVar[str] = "quality"
    task: ClassVar[str] = "check_quality"

    checked: int
    blocked: int
    held: int = 0
    warnings: Remarks = ()
    docs: str = ""


class MappingNote(Note, frozen=True, kw_only=True):
    """What of the mapping as a whole is worth a warning."""

    file: ClassVar[str] = "mapping"
    task: ClassVar[str] = "map_fields"

    warnings: Remarks


class TestedNote(Note, frozen=True, kw_only=True):
    """The calls of the test sync by kind, their forecast, and how many items left the selection.

    `unpreviewed`: how many items were judged by what Amazon has said of others.
    """

    __test__ = False
    file: ClassVar[str] = "tested"
    task: ClassVar[str] = "test_sync"

    calls: dict[str, int]
    forecast: str = ""
    removed: int = 0
    unpreviewed: int = 0


class ForeseenNote(Note, frozen=True, kw_only=True):
    """What a live run would ask about, where the operation is test.

    Attributes:
        waiting: Items that would wait for an answer.
        reasons: How many of them for each reason; an item can have several.
    """

    file: ClassVar[str] = "foreseen"
    task: ClassVar[str] = "approve"

    waiting: int
    reasons: dict[str, int]


class ApprovalNote(Note, frozen=True, kw_only=True):
    """What was decided about the items that passed; without one, nothing may be sent.

    Attributes:
        ready: Items and removals that may go now.
        waiting: Those that wait for an answer.
        refused: Those that a person refused.
        question: The number of the question that this run asked; None if it had nothing new to ask.
        decision: What a person decided about the run as a whole: nothing of it is sent.
    """

    file: ClassVar[str] = "approval"
    task: ClassVar[str] = "approve"

    ready: int = 0
    waiting: int = 0
    refused: int = 0
    question: int | None = None
    decision: Literal["", "waiting", "refused"] = ""


class StopNote(Note, frozen=True, kw_only=True):
    """Why a run stopped sending."""

    file: ClassVar[str] = "stop"
    task: ClassVar[str] = "live_sync"

    why: Remarks


class LiveNote(Note, frozen=True, kw_only=True):
    """The calls of the live sync by kind, and their forecast."""

    file: ClassVar[str] = "live"
    task: ClassVar[str] = "live_sync"

    calls: dict[str, int]
    forecast: str = ""


class RemovalsNote(Note, frozen=True, kw_only=True):
    """The calls made for listings whose items left the PIM's selection, by kind."""

    file: ClassVar[str] = "removals"
    task: ClassVar[str] = "live_sync"

    calls: dict[str, int]


class FailureNote(Note, frozen=True, kw_only=True):
    """Why a task of the run failed."""

    file: ClassVar[str] = "failure"
    task: ClassVar[str] = "refresh_definition"

    failed: str
    why: Remarks


class ReportNote(Note, frozen=True, kw_only=True):
    """The report's summary, from which it is written again when more is known."""

    file: ClassVar[str] = "report"
    task: ClassVar[str] = "report"

    summary: dict[str, Any]

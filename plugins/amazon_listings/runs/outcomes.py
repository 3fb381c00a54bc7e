"""What becomes of one item in a run, from the extract to the last reading back of its listing."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Literal, Self

from amazon_listings.messages import Message, message

if TYPE_CHECKING:
    from collections.abc import Mapping

#: The part of a run that decides an outcome.
Decider = Literal["extract", "test", "approve", "live", "confirm"]
#: How an outcome is shown: good, a matter for attention, bad, or neither.
Mood = Literal["good", "warn", "bad", ""]


class Outcome(StrEnum):
    """The outcome of one item; as text it is its value (`not_applied`).

    The members stand in the order of an item's life. Their names and meanings for people are with
    the report's texts.

    Attributes:
        stage: The part of a run that decides it.
        mood: How it is shown.
        final: Whether nothing more becomes of the item in this run, readings back included.
    """

    stage: Decider
    mood: Mood
    final: bool

    def __new__(cls, value: str, stage: Decider = "live", mood: Mood = "", *final: bool) -> Self:
        """Create a member from a line of the table below."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.stage, member.mood, member.final = stage, mood, all(final)
        return member

    #: Read from the PIM, and no check has decided on it yet.
    EXTRACTED = "extracted", "extract", "", False
    #: Read, and not what this run was asked for: other SKUs, or left out by the filter.
    OUT_OF_SCOPE = "out_of_scope", "extract", "", True
    #: Quality, mapping, rules or local validation found an error; Amazon was not asked.
    BLOCKED = "blocked", "test", "bad", True
    #: The same payload passed (test) or was accepted (live) before; nothing was sent.
    UNCHANGED = "unchanged", "test", "", True
    #: Amazon's preview or submission answered INVALID; nothing changed at Amazon.
    REJECTED = "rejected", "test", "bad", True
    #: Passed every check; a test run ends here.
    READY = "ready", "test", "good", False
    #: Passed, and waits for a person's approval.
    WAITING = "waiting", "approve", "warn", True
    #: Passed, and a person refused it.
    REFUSED = "refused", "approve", "bad", True
    #: A write is under way whose answer is not known: a feed without a report, an unanswered call.
    PENDING = "pending", "live", "warn", False
    #: Amazon took some of what was submitted.
    ACCEPTED_IN_PART = "accepted_in_part", "live", "warn", False
    #: Amazon took the submission; not yet a live listing.
    ACCEPTED = "accepted", "live", "good", False
    #: No answer after all retries; the next run tries again.
    FAILED = "failed", "live", "bad", True
    #: Read back: the listing holds what was sent, and shows.
    LIVE = "live", "confirm", "good", True
    #: Read back: the listing is there, but not all of it as sent.
    LIVE_WITH_DIFFERENCES = "live_with_differences", "confirm", "warn", True
    #: Read back: Amazon keeps the listing out of sight or off sale.
    SUPPRESSED = "suppressed", "confirm", "bad", True
    #: Read back: Amazon did not carry the submission out; the next run sends it again.
    NOT_APPLIED = "not_applied", "confirm", "bad", True
    #: Read back: the listing is off sale, as it was to be.
    REMOVED = "removed", "confirm", "good", True
    #: Read back: there is no listing any more.
    GONE = "gone", "confirm", "bad", True


#: What a report counts: every outcome but the one that says "not decided".
REPORTED = tuple(outcome for outcome in Outcome if outcome is not Outcome.EXTRACTED)
#: What an item that was extracted may end as.
ENDS = tuple(outcome for outcome in REPORTED if outcome is not Outcome.OUT_OF_SCOPE)
#: What the next run must take up again: the cursor in the PIM does not pass it.
OWED = frozenset(
    {
        Outcome.FAILED,
        Outcome.PENDING,
        Outcome.WAITING,
        Outcome.REFUSED,
        Outcome.ACCEPTED_IN_PART,
        Outcome.NOT_APPLIED,
    }
)


def counted_outcomes(counts: Mapping[str, int], none: str = "log.no_items") -> Message:
    """Return counts by outcome as a message: `3 accepted, 1 failed`; that of the code `none` without any."""
    named = [
        message("log.counted", count=number, outcome=Message(f"outcome.{name}", {}, "many" * (number != 1)))
        for name, number in counts.items()
        if number
    ]
    return message("log.counts", counts=named) if named else message(none)

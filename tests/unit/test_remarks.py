"""Notes of items: kept as codes with facts, worded in the language of each reader."""

from datetime import UTC, date, datetime

import msgspec
import pytest

from amazon_listings.errors import ActionRequiredError, RetryableError
from amazon_listings.mapping.faults import Line, MappingErrors, MappingFault
from amazon_listings.mapping.values.invalid import InvalidValue
from amazon_listings.messages import Joined, LogLine, catalogue, message
from amazon_listings.remarks import Remark, Remarks, remark, remark_as_is, remarks_of, sentences, worded
from amazon_product_types.candidates import Candidate, UnknownField


def kept(note):
    """A note as a file of a run, or the ledger, gives it back."""
    return msgspec.json.decode(msgspec.json.encode(note), type=Remarks)


def test_a_note_is_worded_in_any_language_after_it_was_kept():
    note = kept(remark("note.removed_delete", "found") + remark("note.living_children", skus=["A", "B", "C"]))
    assert worded(note, catalogue("en")) == (
        "left the PIM's selection: Amazon no longer has the listing, so nothing was sent; "
        "it is the parent of listings that stay (A, B and C), so it is not deleted"
    )
    assert "(A, B e C)" in worded(note, catalogue("it"))
    assert " ; " in worded(note, catalogue("fr"))


def test_messages_and_errors_among_the_facts_are_worded_too():
    feed = message("feed.by_number", number=1200)
    note = kept(remark("note.feed_awaited", feed=feed))
    assert worded(note, catalogue("de")) == catalogue("de").phrase("note.feed_awaited", feed=feed)
    assert worded(note, catalogue("de")) != worded(note, catalogue("en"))


def test_days_and_moments_are_written_as_each_reader_writes_them():
    note = kept(remark("note.secret_expires", client="c", day=date(2026, 12, 23)))
    assert "23 Dec 2026" in worded(note, catalogue("en"))
    assert "23.12.2026" in worded(note, catalogue("de"))
    moment = kept(remark_as_is(datetime(2026, 12, 23, 8, 5, tzinfo=UTC)))
    assert worded(moment, catalogue("de")) == "23.12.2026, 08:05"


def test_each_warning_is_a_sentence_of_its_own():
    found = kept(remarks_of([message("note.vanished"), LogLine("log.no_action_needed", {})]))
    assert sentences(found, catalogue("it")) == [
        catalogue("it").phrase("note.vanished"),
        catalogue("it").phrase("log.no_action_needed"),
    ]


@pytest.mark.parametrize("language", ["en", "fr", "it"])
@pytest.mark.parametrize(
    "error",
    [
        MappingErrors(
            [
                MappingFault(Line(1200, "Nmae", "b.yaml"), message("mapping.no_images"), ("Name", "Brand")),
                MappingFault(Line(None, "x"), InvalidValue("mapping.no_images"), tuple(map(str, range(12)))),
            ],
            connector="lamps",
        ),
        UnknownField("Nmae", [Candidate("Name", "item_name", "")] * 12),
        ActionRequiredError("quality.extract_refused", connector="x", refused=Joined(("a", 1200)), place="p"),
        ActionRequiredError("runs.vendor_quantity", connector="lamps"),
        RetryableError("runs.no_answers", silent=20, trouble=RetryableError("No route.")),
        RetryableError("runs.vendor_quantity", connector="x", hint=message("note.vanished")),
        RetryableError(
            "amazon.outcome_unknown", reason=RetryableError("runs.no_answers", silent=1, trouble="-")
        ),
        RetryableError("Written by hand."),
    ],
)
def test_an_error_says_what_failed_and_what_to_do(error, language):
    assert worded(kept(remark_as_is(error)), catalogue(language)) == error.worded(catalogue(language))


def test_a_message_stands_for_itself_and_nothing_for_nothing():
    assert remark_as_is(message("note.vanished")) == remark("note.vanished")
    assert remark_as_is("") == remark_as_is(None) == ()
    assert worded((), catalogue("en")) == ""


def test_a_text_with_braces_is_shown_as_it_is():
    assert worded(remark_as_is("{sku} <b>"), catalogue("fr")) == "{sku} <b>"


@pytest.mark.parametrize(
    "odd",
    [
        Remark("note.parent_failed"),
        Remark("note.parent_failed", {"other": 1}),
        Remark("note.feed_awaited", {"feed": {"unheard": 1}}),
    ],
)
def test_what_another_version_kept_does_not_break_a_page(odd):
    assert worded((odd, *remark("note.vanished")), catalogue("en")).startswith(f"{odd.code}; Amazon does not")
    assert worded((Remark("note.of_later"),), catalogue("en")) == "note.of_later"


def test_most_notes_take_little_room():
    assert msgspec.json.encode(remark("note.passed_before")) == b'[{"code":"note.passed_before"}]'

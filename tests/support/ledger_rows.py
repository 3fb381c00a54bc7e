"""Rows of the ledger from plain dictionaries, of which each function takes what it knows."""

from __future__ import annotations

from amazon_listings.ledger.items import payloads as items
from amazon_listings.ledger.items.payloads import ItemPayload
from amazon_listings.ledger.writes import feeds, submissions
from amazon_listings.ledger.writes.submissions import LedgerAnswer, LedgerWrite


def write_of(row):
    """The write of a row."""
    return LedgerWrite(**{name: row[name] for name in LedgerWrite.__struct_fields__ if name in row})


def payload_of(row):
    """The payload of a row."""
    return ItemPayload(
        row["sku"],
        row["pim_id"],
        row["hash"],
        row.get("attributes", {}),
        group=row.get("group"),
        asin=row.get("asin"),
    )


def record_submissions(ledger, listings, run, rows):
    """Add writes with their answers; a second one of the same payload once the first has its answer."""
    left = list(rows)
    while left:
        batch = list({(row["sku"], row["hash"]): row for row in reversed(left)}.values())[::-1]
        left = [row for row in left if not any(row is one for one in batch)] if len(batch) < len(left) else []
        submissions.announce_submissions(ledger, listings, run, map(write_of, batch))
        record_answers(ledger, run, [row for row in batch if row["status"] != submissions.UNANSWERED])


def record_answers(ledger, run, rows):
    """Enter the answers of writes that were announced."""
    submissions.record_answers(
        ledger,
        run,
        [
            LedgerAnswer(row["sku"], row["hash"], row["status"], row["submission_id"], row["request_id"])
            for row in rows
        ],
    )


def announce_submission(ledger, listings, run, row):
    """Announce a write."""
    submissions.announce_submissions(ledger, listings, run, [write_of(row)])


def record_accepted(ledger, listings, rows, **facts):
    """Remember payloads that Amazon accepted."""
    items.record_accepted(ledger, listings, map(payload_of, rows), **facts)


def record_tested(ledger, listings, definition, rows):
    """Remember payloads that passed Amazon's preview."""
    items.record_tested(ledger, listings, definition, map(payload_of, rows))


def open_feed(ledger, listings, run, document_id, rows, **facts):
    """Open a feed with the messages of some rows."""
    return feeds.open_feed(ledger, listings, run, document_id, map(write_of, rows), **facts)

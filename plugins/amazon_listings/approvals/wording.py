"""Word a question for the person who answers it: counts, reasons, and the largest price changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amazon_listings.approvals.asked_changes import changes_of
from amazon_listings.approvals.touched import PRICES, PriceChange, largest, price_changes
from amazon_listings.ledger.approvals.progress import ApprovalFilter, find_approvals, largest_price_moves

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from amazon_listings.ledger.approvals.open_questions import Question
    from amazon_listings.ledger.approvals.progress import State
    from amazon_listings.messages import Catalogue

#: Items that are shown.
ITEMS = 20


def largest_prices(ledger: Engine, where: ApprovalFilter) -> list[PriceChange]:
    """Return the largest changes of what buyers pay, of what is asked."""
    rows = largest_price_moves(ledger, where, PRICES)
    return largest(one for row in rows for one in price_changes(row.sku, changes_of(row)))


def subject(question: Question, messages: Catalogue) -> str:
    """Return the headline of a question."""
    return messages.phrase("approval.subject", connector=question.connector_id, count=question.items)


def body(ledger: Engine, question: Question, messages: Catalogue, *, cost: str = "") -> str:
    """Return the text of a question in Markdown.

    Args:
        ledger: The open ledger.
        question: The question.
        messages: In whose words.
        cost: What it takes to send what is asked about; empty if that is not known.
    """
    asked: tuple[State, ...] = ("asked",)
    of_question = ApprovalFilter(
        connectors=(question.connector_key,), questions=(question.number,), states=asked
    )
    rows = find_approvals(ledger, of_question, changes=True, most=ITEMS)
    kinds = [
        messages.phrase(f"cli.kind_{kind}", count=question.counts[kind])
        for kind in ("create", "change", "remove")
        if question.counts.get(kind)
    ]
    lines = [", ".join(kinds) + ".", ""]
    for reason, count in sorted(question.reasons.items(), key=lambda pair: -pair[1]):
        lines.append(f"- {count:,}: " + messages.phrase(f"approval.reason_{reason}"))
    if cost:
        lines += ["", messages.phrase("approval.cost", cost=cost)]
    prices = largest_prices(ledger, of_question)
    if prices:
        lines += ["", messages.phrase("approval.prices"), "", "| SKU | | |", "|---|---:|---:|"]
        lines += [
            f"| {_cell(one.sku)} | {messages.value(one.before)} | {messages.value(one.after)} |"
            for one in prices
        ]
    lines += ["", messages.phrase("approval.items"), "", "| SKU | | |", "|---|---|---:|"]
    lines += [
        f"| {_cell(row.sku)} | {messages.phrase(f'cli.kind_{row.kind}', count=1)} | {len(changes_of(row))} |"
        for row in rows
    ]
    lines += ["", messages.phrase("approval.whole", number=question.number)]
    return "\n".join(lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")

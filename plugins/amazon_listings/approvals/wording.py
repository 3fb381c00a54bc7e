"""Word a question for the person who answers it: counts, reasons, and the largest price changes."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import TYPE_CHECKING

from amazon_listings.approvals.asked_changes import changes_of
from amazon_listings.approvals.prices import buyer_prices
from amazon_listings.ledger.approvals.progress import ApprovalFilter, find_approvals

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sqlalchemy import Engine

    from amazon_listings.ledger.approvals.open_questions import Question
    from amazon_listings.messages import Catalogue
    from amazon_listings.runs.plan import Change

#: Price changes and items that are shown.
PRICES, ITEMS = 10, 20


@dataclass(frozen=True)
class PriceChange:
    """What a buyer pays for an item before and after.

    `share` is by which share that changes, -0.5 for half.
    """

    sku: str
    before: float
    after: float
    share: float


def largest(prices: Iterable[PriceChange]) -> list[PriceChange]:
    """Return the largest of some price changes, as many as are shown."""
    return heapq.nlargest(PRICES, prices, key=lambda one: abs(one.share))


def price_changes(sku: str, changes: Sequence[Change]) -> Iterator[PriceChange]:
    """Yield the changes of what a buyer pays for an item, of all that is asked about it."""
    before = {change.leaf: change.before for change in changes if change.before is not None}
    after = {change.leaf: change.after for change in changes if change.after is not None}
    for price in buyer_prices(before, after).values():
        if price.before is not None and price.after is not None and price.change:
            yield PriceChange(sku, price.before, price.after, price.change)


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
    of_question = ApprovalFilter(questions=(question.number,))
    rows = [row for row in find_approvals(ledger, of_question, changes=True) if row.state == "asked"]
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
    prices = largest(one for row in rows for one in price_changes(row.sku, changes_of(row)))
    if prices:
        lines += ["", messages.phrase("approval.prices"), "", "| SKU | | |", "|---|---:|---:|"]
        lines += [
            f"| {_cell(one.sku)} | {messages.value(one.before)} | {messages.value(one.after)} |"
            for one in prices
        ]
    lines += ["", messages.phrase("approval.items"), "", "| SKU | | |", "|---|---|---:|"]
    lines += [
        f"| {_cell(row.sku)} | {messages.phrase(f'cli.kind_{row.kind}', count=1)} | {len(changes_of(row))} |"
        for row in rows[:ITEMS]
    ]
    lines += ["", messages.phrase("approval.whole", number=question.number)]
    return "\n".join(lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")

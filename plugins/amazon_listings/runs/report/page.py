"""The report as one self-contained HTML page, written as it is rendered."""

from __future__ import annotations

import secrets
from datetime import datetime
from functools import cache
from typing import IO, TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from amazon_listings.messages import catalogue
from amazon_listings.remarks import worded
from amazon_listings.runs.compiled_templates import compiled_templates
from amazon_listings.runs.outcomes import Outcome
from amazon_product_types.messages.printable import as_json
from amazon_product_types.validation.merging import WORST

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from jinja2 import Template

    from amazon_listings.messages import Catalogue
    from amazon_listings.runs.notes import QualityNote
    from amazon_listings.runs.records import ResolvedItem
    from amazon_product_types.validation.issue import Issue

#: A page of more items is slow in a browser; the CSV files have them all.
SHOWN = 1000
#: Characters of a value; the CSV files have more of it.
LONGEST_VALUE = 200

#: How outcomes and severities look.
MOODS = {
    **{str(outcome): outcome.mood for outcome in Outcome},
    "ERROR": "bad",
    "WARNING": "warn",
    "INFO": "",
}
#: Outcomes that the page shows only where an item has one.
SELDOM = frozenset(str(outcome) for outcome in Outcome if outcome.stage in {"approve", "confirm"}) | {
    Outcome.PENDING,
    Outcome.ACCEPTED_IN_PART,
}


def kind_of(issue: Issue) -> str:
    """Return what makes two issues of different items the same kind."""
    return " ".join(issue.identity)


def short(value: object, messages: Catalogue) -> str:
    """Return a value for the page: one that is long is cut, and says how long it is."""
    text = value if isinstance(value, str) else as_json(value)
    if len(text) <= LONGEST_VALUE:
        return text
    return text[:LONGEST_VALUE] + messages.phrase("report.cut", length=len(text))


def write_page(
    out: IO[str],
    summary: Mapping[str, Any],
    items: Iterable[ResolvedItem],
    gone: Sequence[tuple[str, Issue]],
    *,
    language: str,
    quality: QualityNote | None = None,
) -> None:
    """Write the page.

    Args:
        out: Where to.
        summary: What `report.write_report` returns.
        items: The items to show, at most `SHOWN` of them.
        gone: The issues that are gone, each with its SKU, at most `SHOWN` of them.
        language: Language of the page's own texts.
        quality: What the quality check found, with the link to its pages; None if it was not made.
    """
    messages = catalogue(language)
    context = {
        "summary": summary,
        "items": items,
        "gone": gone,
        "messages": messages,
        "phrase": messages.phrase,
        "severities": tuple(WORST),
        "shown": SHOWN,
        "moods": MOODS,
        "seldom": SELDOM,
        "kind": kind_of,
        "worst_first": lambda issues: sorted(issues, key=lambda issue: WORST[issue.severity]),
        "sentence": lambda clause: clause[:1].upper() + clause[1:].rstrip(".") + ".",
        "number": messages.value,
        "moment": lambda text: f"{messages.value(datetime.fromisoformat(text))} UTC",
        "short": lambda value: short(value, messages),
        "note": lambda item: worded(item.note, messages),
        "quality": quality,
        "nonce": secrets.token_urlsafe(16),
    }
    for piece in _template().generate(context):
        out.write(piece)


@cache
def _template() -> Template:
    loader = PackageLoader("amazon_listings.runs.report", ".")
    # Autoescape is what keeps product data from being markup; nothing in the template is marked safe.
    environment = Environment(
        loader=loader,
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        bytecode_cache=compiled_templates(),
    )
    return environment.get_template("page.html")

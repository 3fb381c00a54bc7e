"""The report as one self-contained HTML page, written as it is rendered."""

from __future__ import annotations

from functools import cache
from typing import IO, TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from amazon_listings.sync.outcome import OUTCOMES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from jinja2 import Template

    from amazon_listings.sync.settle import SettledItem

#: A page of more rows is slow in a browser; the CSV files have them all.
SHOWN = 2000


@cache
def _template() -> Template:
    loader = PackageLoader("amazon_listings.sync.report", ".")
    # Autoescape is what keeps product data from being markup; nothing in the template is marked safe.
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined).get_template("page.html")


def write_page(out: IO[str], summary: Mapping[str, Any], items: Iterable[SettledItem]) -> None:
    """Write the page.

    Args:
        out: Where to.
        summary: What `report.write_report` returns.
        items: The items to show, at most `SHOWN` of them.
    """
    context = {"summary": summary, "items": items, "outcomes": OUTCOMES, "shown": SHOWN}
    for piece in _template().generate(context):
        out.write(piece)

"""Products as the PIM has them now, for a connector that is being made: counts, titles, a first sample."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from amazon_listings.airflow_adapter.connections import AirflowAccess
from amazon_listings.authoring.pim_fields import pim_fields
from amazon_listings.authoring.proposals import called
from amazon_listings.connectors.schema import defaults
from amazon_listings.sources.extraction import open_source, read_items
from amazon_listings.sources.selection import ALL, Selection
from amazon_listings.sources.settings import settings_of
from amazon_listings.web.waiting import kept

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from amazon_listings.item import Item

#: Items that are kept to look at, and those among them of one status.
SEEN, OF_STATUS = 900, 300


@dataclass(frozen=True)
class ProductsSeen:
    """What the PIM holds.

    `counts` are items by status; `items` some of each status; `titles` what the PIM calls its fields.
    """

    counts: dict[str, int]
    items: list[Item]
    titles: dict[str, list[str]]

    def of(self, statuses: Sequence[str]) -> list[Item]:
        """Return the items of some statuses."""
        return [item for item in self.items if ALL in statuses or item["status"] in statuses]

    def names(self, language: str, most: int) -> list[str]:
        """Return titles of different products."""
        found = called("item_name", pim_fields(self.items, self.titles))
        names: dict[str, None] = {}
        for item in self.items if found else ():
            for record in (item["variant"], item["product"]):
                texts = record["texts"].get(found[0].name, {}) if record else {}
                plain = record["fields"].get(found[0].name) if record else None
                text = texts.get(language) or next(iter(texts.values()), None) or plain
                if isinstance(text, str) and text.strip():
                    names[text.strip()[:200]] = None
                    break
        spread = list(names)
        return spread[:: max(1, len(spread) // most)][:most]


def products_seen(
    source: str, content: Mapping[str, Any], languages: Sequence[str], seconds: float
) -> ProductsSeen:
    """Return what the PIM holds; it is read whole once, and the answer kept for some minutes.

    Args:
        source: The source's name.
        content: Its settings, such as `connection`.
        languages: Languages of the values.
        seconds: How long to wait.

    Raises:
        TookLong: the PIM is still being read; asking again later finds it.
        RetryableError, ActionRequiredError: it cannot be read.
    """
    key = (source, repr(sorted(content.items())), tuple(languages))
    return kept(key, lambda: _read(source, content, languages), seconds)


def _read(source: str, content: Mapping[str, Any], languages: Sequence[str]) -> ProductsSeen:
    settings = settings_of(source, defaults(source) | dict(content) | {"languages": list(languages)})
    opened = open_source(settings, AirflowAccess())
    counts: Counter[str] = Counter()
    items: list[Item] = []
    for item in read_items(opened, Selection(statuses=(ALL,), languages=tuple(languages))):
        counts[item["status"]] += 1
        if counts[item["status"]] <= OF_STATUS and len(items) < SEEN:
            items.append(item)
    titles = {field.name: list(field.titles) for field in opened.fields()}
    return ProductsSeen(dict(counts), items, titles)

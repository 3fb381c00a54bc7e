"""What every source of products is configured with, beside what is its own."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Settings of every source, as JSON Schemas by name.
_SHARED = Path(__file__).with_name("settings.schema.json")


@dataclass(frozen=True)
class SourceSettings:
    """The block of a connector that says where its products come from.

    The defaults are those of the JSON Schema, which is where people read them; a test holds the two together.

    Args:
        source: The block's name, which is that of a registered source.
        languages: The PIM's codes of the value languages, in the order written.
        statuses: Which items are taken, by their status in the PIM.
        fallback_language: Language whose text is taken where the wanted one is empty.
        missing_texts: What happens where a value language has no text.
        decimal: Decimal sign of numbers that the PIM writes as text.
        date_order: How dates without a year first begin; `auto`: as the marketplace writes them.
        timezone: Where moments without a zone are; None: where the marketplace is.
        filter: Expression over the item; only items for which it is true are in scope.
        sku: Expression that gives each item its SKU.
        owner: Who keeps the products there; None: the connector's owner.
        item_url: Address of an item in the PIM, with `{id}` and `{reference}`; None: no link.
        sku_limit: Most items that the connector may hold.
        own: The settings that only this source has, defaults filled in; `connection` is one of them.
    """

    source: str
    languages: tuple[str, ...]
    statuses: tuple[str, ...] = ("visible",)
    fallback_language: str | None = None
    missing_texts: Literal["ignore", "warn"] = "ignore"
    decimal: Literal["auto", ",", "."] = "auto"
    date_order: Literal["auto", "day_first", "month_first"] = "auto"
    timezone: str | None = None
    filter: str | None = None
    sku: str = "{{ item.reference }}"
    owner: str | None = None
    item_url: str | None = None
    sku_limit: int = 1000
    own: Mapping[str, Any] = field(default_factory=dict, hash=False)

    @property
    def connection(self) -> str | None:
        """Id of the Airflow connection, for a source that has one."""
        return self.own.get("connection")


@cache
def shared_settings() -> dict[str, Any]:
    """Return the JSON Schema of each setting that every source has, by its name; not to be changed."""
    found: dict[str, Any] = json.loads(_SHARED.read_text(encoding="utf-8"))
    return found


def settings_of(source: str, block: Mapping[str, Any]) -> SourceSettings:
    """Return the settings of a valid block with defaults filled in.

    Args:
        source: The block's name.
        block: Its content; lists become tuples, and languages with Amazon's tags the languages alone.
    """
    frozen: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in block.items()
    }
    frozen["languages"] = tuple(block["languages"])
    shared = {key: value for key, value in frozen.items() if key in shared_settings()}
    return SourceSettings(
        source=source, own={key: value for key, value in frozen.items() if key not in shared}, **shared
    )

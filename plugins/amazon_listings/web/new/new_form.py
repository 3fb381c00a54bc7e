"""The form of a new connector: what is asked, what is wrong with an answer, and the document it makes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from zoneinfo import available_timezones

from pydantic import BaseModel

from amazon_listings.connectors.problems import MOST_PROBLEMS
from amazon_listings.connectors.schema import schema
from amazon_listings.connectors.schema_problems import schema_problems
from amazon_listings.marketplaces import MARKETPLACES, marketplace
from amazon_listings.sources.registry import sources

if TYPE_CHECKING:
    from collections.abc import Mapping

#: An id of a connector, of an Airflow connection, and a product type.
ID, CONNECTION = re.compile(r"[a-z][a-z0-9_]{0,63}"), re.compile(r"[A-Za-z0-9_.-]{1,200}")
PRODUCT_TYPE = re.compile(r"[A-Z][A-Z0-9_]{0,127}")
REQUIREMENTS = ("LISTING", "LISTING_PRODUCT_ONLY", "LISTING_OFFER_ONLY")
#: What is read as a number.
_NUMBER = re.compile(r"[0-9]{1,9}")
#: More than any account has.
MOST_SKUS = 10_000_000
PERIODS = ("", "@hourly", "@daily", "@weekly", "@monthly")
#: Where a problem of the document belongs in the form.
_PLACES = {
    "/id": "id",
    "/title": "title",
    "/amazon/connection": "connection",
    "/amazon/country": "country",
    "/amazon/locale": "locale",
    "/amazon/product_type": "product_type",
    "/amazon/requirements": "requirements",
    "/amazon/requirements_enforced": "enforced",
    "/sync/schedule": "schedule",
    "/sync/timezone": "timezone",
    "/sync/operation": "operation",
}
#: The same below the block of a source.
_OF_SOURCE = {"connection": "pim_connection", "path": "path", "languages": "languages"}


class Asked(BaseModel, frozen=True):
    """What the form holds; everything as it was typed."""

    connection: str = ""
    country: str = ""
    locale: str = ""
    product_type: str = ""
    words: str = ""
    requirements: str = "LISTING"
    enforced: str = "ENFORCED"
    source: str = ""
    pim_connection: str = ""
    path: str = ""
    statuses: list[str] | str = ["visible"]
    item_url: str = ""
    operation: str = "test"
    schedule: str = ""
    cron: str = ""
    timezone: str = ""
    languages: str = ""
    sku_limit: str = "1000"
    title: str = ""
    id: str = ""

    @property
    def chosen_source(self) -> str:
        """Return the source's name; the first one where none was asked for."""
        return self.source if self.source in sources() else next(iter(sources()))

    @property
    def language_list(self) -> list[str]:
        """Return the languages of the values."""
        return list(dict.fromkeys(self.languages.replace(",", " ").replace(";", " ").split()))

    @property
    def status_list(self) -> list[str]:
        """Return the statuses; `all` stands alone."""
        chosen = [self.statuses] if isinstance(self.statuses, str) else list(dict.fromkeys(self.statuses))
        return ["all"] if "all" in chosen else chosen

    @property
    def type_name(self) -> str:
        """Return the product type that was chosen, or typed by its name."""
        typed = self.words.strip()
        return self.product_type or (typed if PRODUCT_TYPE.fullmatch(typed) else "")

    @property
    def connector_id(self) -> str:
        """Return the id: as asked for, or made of country and product type."""
        return self.id.strip() or f"{self.country}_{self.type_name}".lower()[:64]

    @property
    def source_content(self) -> dict[str, Any]:
        """Return the settings that reach the source."""
        known = sources()[self.chosen_source].settings_schema.get("properties", {})
        given = {"connection": self.pim_connection.strip(), "path": self.path.strip()}
        return {name: value for name, value in given.items() if value and name in known}

    @property
    def can_be_read(self) -> bool:
        """Return whether all is given without which the source cannot be read."""
        needed = [name for name in ("connection", "path") if _needs(self, name)]
        return bool(self.language_list) and all(self.source_content.get(name) for name in needed)


def document_of(asked: Asked, selection: Mapping[str, str], mapping: Mapping[str, Any]) -> dict[str, Any]:
    """Return the connector's document.

    Args:
        asked: The form.
        selection: The source's settings that choose items and name their SKUs.
        mapping: The first mapping.
    """
    period: str | None = asked.cron.strip() if asked.schedule == "cron" else asked.schedule
    source = {
        **asked.source_content,
        "statuses": asked.status_list,
        "languages": asked.language_list,
        **selection,
        **({"item_url": asked.item_url.strip()} if asked.item_url.strip() else {}),
        "sku_limit": int(asked.sku_limit) if _is_limit(asked.sku_limit) else asked.sku_limit,
    }
    amazon = {
        "connection": asked.connection.strip(),
        "country": asked.country,
        "locale": asked.locale,
        "product_type": asked.type_name,
        "requirements": asked.requirements,
        "requirements_enforced": asked.enforced,
    }
    head: dict[str, Any] = {"id": asked.connector_id}
    if asked.title.strip():
        head["title"] = asked.title.strip()
    sync = {"operation": asked.operation, "schedule": period or None, "timezone": asked.timezone.strip()}
    return {**head, "amazon": amazon, asked.chosen_source: source, "sync": sync, "mapping": dict(mapping)}


def wrong_fields(asked: Asked) -> list[str]:
    """Return the fields of the form whose answer cannot be right, in the form's order."""
    found = {
        "connection": not CONNECTION.fullmatch(asked.connection.strip()),
        "country": asked.country not in MARKETPLACES,
        "locale": asked.locale not in schema()["properties"]["amazon"]["properties"]["locale"]["enum"],
        "product_type": not PRODUCT_TYPE.fullmatch(asked.type_name),
        "requirements": asked.requirements not in REQUIREMENTS,
        "pim_connection": _needs(asked, "connection") and not asked.source_content.get("connection"),
        "path": _needs(asked, "path") and not asked.source_content.get("path"),
        "statuses": not asked.status_list,
        "timezone": asked.timezone.strip() not in available_timezones(),
        "languages": not asked.language_list,
        "sku_limit": not _is_limit(asked.sku_limit),
        "id": not ID.fullmatch(asked.connector_id),
    }
    wrong = [name for name, is_wrong in found.items() if is_wrong]
    for problem in schema_problems(document_of(asked, {}, {}), MOST_PROBLEMS):
        name = _place_of(problem.pointer, asked.chosen_source)
        if name and name not in wrong:
            wrong.append(name)
    order = list(Asked.model_fields)
    # An id that is made of country and product type is not what is wrong.
    if not asked.id.strip() and {"country", "product_type"} & set(wrong):
        wrong = [name for name in wrong if name != "id"]
    return sorted(wrong, key=order.index)


def usual(country: str, language: str) -> dict[str, str]:
    """Return what a country suggests: languages of the values, time zone, and labels for a reader.

    Args:
        country: The marketplace's country.
        language: The reader's language.
    """
    place = marketplace(country)
    return {
        "languages": place.languages[0][:2],
        "timezone": place.timezone,
        "locale": labels_for(country, language),
    }


def labels_for(country: str, language: str) -> str:
    """Return the locale of Amazon's labels that a reader is likely to want."""
    known: list[str] = schema()["properties"]["amazon"]["properties"]["locale"]["enum"]
    place = marketplace(country) if country else None
    if place and place.locale[:2] == language[:2] and place.locale in known:
        return place.locale
    code = language[:2]
    return next((one for one in (f"{code}_{code.upper()}", "en_GB", code) if one in known), "DEFAULT")


def _is_limit(text: str) -> bool:
    return bool(_NUMBER.fullmatch(text.strip())) and 0 < int(text) <= MOST_SKUS


def _needs(asked: Asked, setting: str) -> bool:
    described = sources()[asked.chosen_source].settings_schema
    node = described.get("properties", {}).get(setting, {})
    if setting == "connection":
        return bool(node.get("type") == "string")
    return setting == "path" and "path" in described.get("properties", {})


def _place_of(pointer: str, source: str) -> str:
    if pointer in _PLACES:
        return "cron" if pointer == "/sync/schedule" else _PLACES[pointer]
    head, _, rest = pointer.removeprefix("/").partition("/")
    name = rest.partition("/")[0]
    if head == source and name:
        return _OF_SOURCE.get(name, name if name in Asked.model_fields else "")
    return ""

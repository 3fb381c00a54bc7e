"""What a JSON Schema cannot say about a connector.

Each check looks at a document that may be wrong elsewhere, so that all problems are found at
once; what has the wrong type has been reported by the schema and is passed over here.
"""

from __future__ import annotations

import datetime as dt
import zoneinfo
from typing import TYPE_CHECKING, Any

import jinja2

from amazon_listings.connectors.languages import language_tags
from amazon_listings.connectors.problems import Problem, nearest, shown
from amazon_listings.marketplaces import ALIASES, MARKETPLACES, marketplace
from amazon_listings.messages import message
from amazon_listings.sources.registry import sources
from amazon_listings.sources.related_tables import is_file
from amazon_product_types import json_pointer
from amazon_product_types.rules import takes_no_listing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

#: Ids that would give a connector the id of another DAG of this project.
_DAGS_OF_OUR_OWN = ("approvals", "confirm", "product_types")
_ANY_DAY = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
#: Characters of an expression: longer is no expression that a person wrote.
LONGEST_EXPRESSION = 20_000
_SYNTAX = jinja2.Environment(autoescape=False)  # noqa: S701 - parses only, renders nothing


def rule_problems(document: dict[str, Any]) -> list[Problem]:
    """Return every problem that the rules below find."""
    return [problem for check in _CHECKS for problem in check(document)]


def template_problem(text: str, pointer: str) -> Problem | None:
    """Return what Jinja says against a template's syntax, if anything."""
    if len(text) > LONGEST_EXPRESSION:
        return Problem(pointer, message("document.expression_too_long", length=len(text)))
    try:
        _SYNTAX.parse(text)
    except RecursionError:
        return Problem(pointer, message("document.expression_too_deep", value=shown(text)))
    except ValueError:  # Python reads no number of more than 4,300 digits
        return Problem(pointer, message("document.too_many_digits", value=shown(text)))
    except jinja2.TemplateSyntaxError as error:
        return Problem(
            pointer,
            message("document.no_expression", value=shown(text), said=error.message),
        )
    return None


def _at(document: object, *keys: str) -> object:
    for key in keys:
        document = document.get(key) if isinstance(document, dict) else None
    return document


def _sources(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name in sources():
        if isinstance(document.get(name), dict):
            yield f"/{name}", document[name]


def _reserved(document: dict[str, Any]) -> Iterator[Problem]:
    if document.get("id") in _DAGS_OF_OUR_OWN:
        yield Problem(
            "/id",
            message("document.reserved_id", id=document["id"]),
        )


def _statuses(document: dict[str, Any]) -> Iterator[Problem]:
    for pointer, source in _sources(document):
        statuses = source.get("statuses")
        if isinstance(statuses, list) and "all" in statuses and len(statuses) > 1:
            yield Problem(f"{pointer}/statuses", message("document.all_statuses"))


def _templates(document: dict[str, Any]) -> Iterator[Problem]:
    texts = [("/variations/parent_sku", _at(document, "variations", "parent_sku"))]
    for pointer, source in _sources(document):
        texts += [(f"{pointer}/{key}", source.get(key)) for key in ("sku", "filter")]
    for pointer, text in texts:
        if not isinstance(text, str) or not text:
            continue
        problem = template_problem(text, pointer)
        if problem:
            yield problem
        elif "{{" not in text and "{%" not in text:
            yield Problem(
                pointer,
                message("document.constant", value=shown(text)),
                suggestion=f"{{{{ item.{text} }}}}" if text.isidentifier() else "",
            )


def _schedule(document: dict[str, Any]) -> Iterator[Problem]:
    schedule = _at(document, "sync", "schedule")
    if isinstance(schedule, str) and len(schedule.split()) == 5:  # noqa: PLR2004 - fields of cron; else the schema's
        import croniter  # type: ignore[import-untyped]  # noqa: PLC0415 - most schedules are presets

        try:
            croniter.croniter(schedule, _ANY_DAY).get_next()  # "0 0 30 2 *" has the form, but never comes
        except (ValueError, KeyError) as error:
            yield Problem(
                "/sync/schedule",
                message("document.no_cron", value=shown(schedule), said=str(error)),
                allowed=message("document.cron_fields"),
            )
    yield from _zone("/sync/timezone", _at(document, "sync", "timezone"))
    for pointer, source in _sources(document):
        yield from _zone(f"{pointer}/timezone", source.get("timezone"))


def _zone(pointer: str, name: object) -> Iterator[Problem]:
    if not isinstance(name, str) or not name:
        return
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        yield Problem(
            pointer,
            message("document.no_zone", value=shown(name)),
            allowed=message("document.zones"),
            suggestion=nearest(name, zoneinfo.available_timezones()),
        )


def _languages(document: dict[str, Any]) -> Iterator[Problem]:
    country = _at(document, "amazon", "country")
    country = ALIASES.get(country, country) if isinstance(country, str) else None
    for pointer, source in _sources(document):
        languages = source.get("languages")
        if country not in MARKETPLACES or not isinstance(languages, list | dict):
            continue
        if not all(
            isinstance(text, str)
            for text in (languages.values() if isinstance(languages, dict) else languages)
        ):
            continue
        seen: dict[str, str] = {}
        for position, (language, tag) in enumerate(language_tags(languages, marketplace(country))):
            below = json_pointer.below(
                f"{pointer}/languages", language if isinstance(languages, dict) else str(position)
            )
            if tag is None:
                example = f"{{{language}: {marketplace(country).languages[0]}}}"
                yield Problem(below, message("document.no_tag", value=shown(language), example=example))
            elif tag in seen and seen[tag] != language:
                yield Problem(
                    below,
                    message("document.same_tag", value=shown(language), other=shown(seen[tag]), tag=tag),
                )
            else:
                seen[tag] = language


def _offer_only(document: dict[str, Any]) -> Iterator[Problem]:
    if _at(document, "amazon", "requirements") == "LISTING_OFFER_ONLY" and document.get("variations"):
        yield Problem(
            "/variations",
            message("document.offer_variations"),
            key=True,
        )


def _tables(document: dict[str, Any]) -> Iterator[Problem]:
    """Yield a problem for a table that is no file, where the source has no tables of its own."""
    tables = document.get("tables")
    named = [source for name, source in sources().items() if isinstance(document.get(name), dict)]
    if not isinstance(tables, dict) or len(named) != 1 or named[0].abilities.tables:
        return
    for name, place in tables.items():
        if isinstance(place, str) and not is_file(place):
            yield Problem(
                json_pointer.below("/tables", name),
                message("document.no_table_file", value=shown(place), source=named[0].name),
            )


def _offers_alone(document: dict[str, Any]) -> Iterator[Problem]:
    product_type = _at(document, "amazon", "product_type")
    requirements = _at(document, "amazon", "requirements") or "LISTING"
    off = document.get("rules_off")
    if isinstance(off, dict) and "listing_type" in off:
        return
    if isinstance(product_type, str) and takes_no_listing(product_type, str(requirements)):
        yield Problem(
            "/amazon/product_type",
            message("document.offers_alone", value=shown(product_type), requirements=requirements),
        )


def _version(document: dict[str, Any]) -> Iterator[Problem]:
    """Find a misspelt name of a version. Ids are Amazon's own: only Amazon knows whether one is right."""
    version = _at(document, "amazon", "product_type_version")
    if isinstance(version, str) and version not in _VERSIONS:
        near = nearest(version, _VERSIONS)
        if near:
            yield Problem(
                "/amazon/product_type_version",
                message("document.no_version", value=shown(version)),
                allowed=message("document.versions", names=", ".join(_VERSIONS)),
                suggestion=near,
            )


_VERSIONS = ("LATEST", "RELEASE_CANDIDATE")
_CHECKS: tuple[Callable[[dict[str, Any]], Iterator[Problem]], ...] = (
    _reserved,
    _statuses,
    _templates,
    _schedule,
    _languages,
    _offer_only,
    _offers_alone,
    _version,
    _tables,
)

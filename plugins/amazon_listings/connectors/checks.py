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
    """Every problem that the rules below find."""
    return [problem for check in _CHECKS for problem in check(document)]


def template_problem(text: str, pointer: str) -> Problem | None:
    """What Jinja says against a template's syntax, if anything."""
    if len(text) > LONGEST_EXPRESSION:
        return Problem(pointer, f"an expression of {len(text):,} characters")
    try:
        _SYNTAX.parse(text)
    except RecursionError:
        return Problem(pointer, f"{shown(text)} is nested too deeply", hint="Use fewer parentheses.")
    except ValueError:  # Python reads no number of more than 4,300 digits
        return Problem(pointer, f"{shown(text)} holds a number with too many digits")
    except jinja2.TemplateSyntaxError as error:
        return Problem(
            pointer,
            f"{shown(text)} is not an expression: {error.message}",
            hint='An expression stands between {{ and }}, as in "{{ item.reference }}".',
        )
    return None


def _at(document: Any, *keys: str) -> Any:
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
            f"the DAG amazon_{document['id']} is one of this project's own",
            hint=f"Choose another id, such as {document['id']}_fr.",
        )


def _statuses(document: dict[str, Any]) -> Iterator[Problem]:
    for pointer, source in _sources(document):
        statuses = source.get("statuses")
        if isinstance(statuses, list) and "all" in statuses and len(statuses) > 1:
            yield Problem(
                f"{pointer}/statuses", "'all' is every status already", hint="Write [all], or name them."
            )


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
                f"{shown(text)} is a constant: it would be the same for every item",
                suggestion=f"{{{{ item.{text} }}}}" if text.isidentifier() else "",
                hint='Write an expression, such as "{{ item.reference }}".',
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
                f"{shown(schedule)} is not a cron expression: {error}",
                allowed="five fields: minute 0-59, hour 0-23, day of month 1-31, month 1-12, day of week 0-6",
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
            f"{shown(name)} is not a time zone",
            allowed="a name of the IANA list, such as Europe/Paris or UTC",
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
                yield Problem(
                    below,
                    f"no Amazon language tag is known for {shown(language)}",
                    hint=f"Give it yourself: languages: {{{language}: {marketplace(country).languages[0]}}}.",
                )
            elif tag in seen and seen[tag] != language:
                yield Problem(
                    below,
                    f"{shown(language)} and {shown(seen[tag])} both become {tag}",
                    hint="A listing holds one text per language tag: keep one, or give another tag.",
                )
            else:
                seen[tag] = language


def _offer_only(document: dict[str, Any]) -> Iterator[Problem]:
    if _at(document, "amazon", "requirements") == "LISTING_OFFER_ONLY" and document.get("variations"):
        yield Problem(
            "/variations",
            "an offer has no variations",
            key=True,
            hint="With LISTING_OFFER_ONLY the family is Amazon's: remove variations, or use LISTING.",
        )


def _tables(document: dict[str, Any]) -> Iterator[Problem]:
    """A source without tables of its own leaves files."""
    tables = document.get("tables")
    named = [source for name, source in sources().items() if isinstance(document.get(name), dict)]
    if not isinstance(tables, dict) or len(named) != 1 or named[0].abilities.tables:
        return
    for name, place in tables.items():
        if isinstance(place, str) and not is_file(place):
            yield Problem(
                json_pointer.below("/tables", name),
                f"{shown(place)} is no .csv, .jsonl or .parquet file",
                hint=f"With `{named[0].name}`, a related table is a file.",
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
            f"{shown(product_type)} takes offers alone, not {requirements}",
            hint="Set requirements: LISTING_OFFER_ONLY, or name the products' own type.",
        )


def _version(document: dict[str, Any]) -> Iterator[Problem]:
    """Find a misspelt name of a version. Ids are Amazon's own: only Amazon knows whether one is right."""
    version = _at(document, "amazon", "product_type_version")
    if isinstance(version, str) and version not in _VERSIONS:
        near = nearest(version, _VERSIONS)
        if near:
            yield Problem(
                "/amazon/product_type_version",
                f"{shown(version)} is no version",
                allowed=f"{', '.join(_VERSIONS)}, or the id of a version",
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

"""Overrides: what a layer or a document says only for some connectors, chosen by `when`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from amazon_listings.connectors.languages import language_tags
from amazon_listings.connectors.problems import Problem, nearest, shown
from amazon_listings.marketplaces import ALIASES, MARKETPLACES, marketplace
from amazon_listings.messages import message
from amazon_listings.sources.registry import sources
from amazon_product_types import json_pointer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

#: What a condition may ask for, and how the connector's document calls it.
CONDITIONS = ("country", "product_type", "language", "requirements", "tags")
_EXAMPLE = message("document.write_override")


@dataclass(frozen=True)
class Facts:
    """What conditions compare with: the values of one connector by the name of the condition."""

    values: Mapping[str, frozenset[str]]

    def match(self, when: Mapping[str, Any]) -> bool:
        """Return whether a condition holds: every name of it, with any of its values."""
        return all(
            self.values.get(name, frozenset()) & {normal(name, one) for one in _listed(wanted)}
            for name, wanted in when.items()
        )


def facts(document: Mapping[str, Any]) -> Facts:
    """Return the facts of a connector's document, merged but for its overrides."""
    amazon = document.get("amazon")
    amazon = amazon if isinstance(amazon, dict) else {}
    country = amazon.get("country")
    tags = document.get("tags")
    return Facts(
        {
            "country": _set("country", [country]),
            "product_type": _set("product_type", [amazon.get("product_type")]),
            "requirements": _set("requirements", [amazon.get("requirements", "LISTING")]),
            "tags": _set("tags", tags if isinstance(tags, list) else []),
            "language": _set("language", list(_languages(document, country))),
        }
    )


def normal(name: str, value: object) -> str:
    """Return a value as conditions compare it: letter case aside where it says nothing, GB for UK."""
    text = str(value)
    if name == "country":
        return ALIASES.get(text.upper(), text.upper())
    if name == "language":
        return text.replace("-", "_").lower()
    return text.upper() if name in {"product_type", "requirements"} else text


def override_problems(overrides: object) -> list[Problem]:
    """Return what is wrong with the form of a document's `overrides`."""
    if not isinstance(overrides, list):
        return [Problem("/overrides", message("document.no_list", value=shown(overrides)), hint=_EXAMPLE)]
    return [
        problem for number, one in enumerate(overrides) for problem in _problems(one, f"/overrides/{number}")
    ]


def _problems(one: object, pointer: str) -> Iterator[Problem]:
    if not isinstance(one, dict):
        yield Problem(pointer, message("document.no_object", value=shown(one)), hint=_EXAMPLE)
        return
    for key in sorted(one.keys() & {"id", "extends", "for", "overrides", "tests"}):
        yield Problem(
            json_pointer.below(pointer, key),
            message("document.override_cannot_set", key=key),
            key=True,
            hint=_EXAMPLE,
        )
    when = one.get("when")
    if not isinstance(when, dict) or not when:
        near = nearest("when", one) if "when" not in one else ""
        yield Problem(
            json_pointer.below(pointer, near) if near else pointer,
            message("document.override_without_when"),
            key=True,
            suggestion="when" if near else "",
            hint=_EXAMPLE,
        )
        return
    yield from _condition_problems(when, f"{pointer}/when")


def _condition_problems(when: dict[str, Any], pointer: str) -> Iterator[Problem]:
    for name, wanted in when.items():
        below = json_pointer.below(pointer, name)
        if name not in CONDITIONS:
            yield Problem(
                below,
                message("document.unknown_condition"),
                key=True,
                allowed=", ".join(CONDITIONS),
                suggestion=nearest(name, CONDITIONS),
            )
            continue
        listed = _listed(wanted)
        for number, value in enumerate(listed):
            place = f"{below}/{number}" if isinstance(wanted, list) else below
            if not isinstance(value, str) or not value:
                yield Problem(place, message("document.no_text", value=shown(value)))
            elif name == "country" and normal(name, value) not in MARKETPLACES:
                yield Problem(
                    place,
                    message("document.no_marketplace", value=shown(value)),
                    allowed=", ".join(MARKETPLACES),
                    suggestion=nearest(value, MARKETPLACES),
                )
        if not listed:
            yield Problem(below, message("document.empty"), hint=_EXAMPLE)


def never_matched(when: Mapping[str, Any], known: Mapping[str, set[str]], pointer: str) -> Problem:
    """Return the problem of an override that fits no connector.

    Args:
        when: Its condition.
        known: The values that the connectors have, by the name of the condition.
        pointer: The place of the override.
    """
    for name, wanted in when.items():
        values = {normal(name, one) for one in _listed(wanted)}
        have = known.get(name, set())
        if not values & have:
            listed = sorted(have)
            return Problem(
                f"{pointer}/when/{name}",
                message(
                    "document.override_fits_none",
                    name=name.replace("_", " "),
                    values=list(map(shown, _listed(wanted))),
                ),
                allowed=", ".join(listed) if listed else "",
                suggestion=nearest(str(next(iter(_listed(wanted)))), listed),
            )
    return Problem(
        f"{pointer}/when",
        message("document.override_meets_none"),
    )


def _listed(wanted: object) -> list[Any]:
    return wanted if isinstance(wanted, list) else [wanted]


def _set(name: str, values: list[Any]) -> frozenset[str]:
    return frozenset(normal(name, value) for value in values if isinstance(value, str))


def _languages(document: Mapping[str, Any], country: object) -> Iterator[str]:
    """Yield the value languages as the PIM calls them, and by Amazon's tags, with and without the country."""
    code = normal("country", country) if isinstance(country, str) else ""
    if code not in MARKETPLACES:
        return
    for name in sources():
        block = document.get(name)
        languages = block.get("languages") if isinstance(block, dict) else None
        if isinstance(languages, str):
            languages = [languages]
        if not isinstance(languages, list | dict) or not all(isinstance(one, str) for one in languages):
            continue
        if isinstance(languages, dict) and not all(isinstance(tag, str) for tag in languages.values()):
            continue
        for language, tag in language_tags(languages, marketplace(code)):
            yield language
            if tag:
                yield tag
                yield tag.partition("_")[0]

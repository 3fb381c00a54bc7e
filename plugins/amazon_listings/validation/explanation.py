"""A cause in words: the issue that a person reads."""

from __future__ import annotations

import json
import math
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from amazon_listings.validation.advice import Advised, current, replacements, suggestions
from amazon_listings.validation.causes import Cause, json_type, value_at
from amazon_listings.validation.document import Pointer, at
from amazon_listings.validation.issue import Issue
from amazon_listings.validation.options import Options
from amazon_listings.validation.reasons import Reasons, in_words
from amazon_listings.validation.vocabulary import combinations, size_in_bytes

if TYPE_CHECKING:
    from amazon_listings.validation.conditions import Term
    from amazon_listings.validation.places import Places
    from amazon_listings.validation.words import Words

#: Kind of trouble by code; Amazon's codes have the same families (see `amazon.py`). `invalid` if not listed.
FAMILIES = {
    "empty_value": "missing",
    "missing_attribute": "missing",
    "missing_entry": "missing",
    "missing_field": "missing",
    "missing_one_of": "missing",
    "too_few_values": "missing",
    "not_editable": "fixed",
}
#: Code of a warning by the keyword that gives the advice.
ADVISED = {"enum": "not_suggested", "enumDeprecated": "deprecated_option", "editable": "not_editable"}
#: What the limit of a keyword is called in `Issue.allowed`.
LIMITS = {
    "exclusiveMaximum": "below",
    "exclusiveMinimum": "above",
    "format": "format",
    "maxItems": "max_items",
    "maxLength": "max_characters",
    "maxUniqueItems": "max_items",
    "maxUtf8ByteLength": "max_bytes",
    "maximum": "maximum",
    "minItems": "min_items",
    "minLength": "min_characters",
    "minUniqueItems": "min_items",
    "minUtf8ByteLength": "min_bytes",
    "minimum": "minimum",
    "multipleOf": "multiple_of",
    "pattern": "pattern",
    "type": "type",
}
REQUIRED = frozenset(("missing_attribute", "missing_field", "missing_one_of", "missing_entry"))
LONGEST_FOUND = 200
LONGEST_SAID = 60
MEMORY = 4096


class Explainer:
    """Turns causes into issues, for one definition.

    Args:
        document: The definition.
        places: Its labels and names.
    """

    def __init__(self, document: dict[str, Any], places: Places) -> None:
        self._document = document
        self._places = places
        self._reasons = Reasons(document)
        self._options: dict[Pointer, Options] = {}
        self._warn = lru_cache(MEMORY)(self._warning)

    def why(self, cause: Cause, attributes: Any) -> Term:
        """The conditions that made the rule apply; empty for a rule without condition."""
        return self._reasons.of(cause.main.pointer, cause.main.path, attributes)

    def issue(self, cause: Cause, attributes: Any, words: Words, term: Term) -> Issue:
        """The issue of a cause.

        Args:
            cause: The cause.
            attributes: The payload.
            words: The language.
            term: What `why` said.
        """
        main, code, path = cause.main, cause.code, cause.path
        value = value_at(attributes, path)
        label = self._places.label(path) or words.word("item")
        allowed, said = self._allowed(cause, value, words)
        values: dict[str, Any] = {
            "label": label,
            "parent": self._places.label(path[:-1]) or words.word("item"),
            "name": str(path[-1]) if path else "",
            "found": quoted(value),
            "keyword": main.keyword,
            **said,
        }
        variant = "nearest" if said.get("nearest") else "message"
        message = words.message(code, variant, **values) or words.message(code, **values)
        if cause.elsewhere:
            message = words.word("more_places", message=message, count=cause.elsewhere)
        kind = "required" if code in REQUIRED else "forbidden" if code.startswith("not_allowed") else "rule"
        return Issue(
            code=code,
            severity="ERROR",
            source="schema",
            message=message,
            keyword=main.keyword,
            attribute=str(path[0]) if path else "",
            path=joined(path),
            label=label,
            why=in_words(term, attributes, words, kind=kind),
            allowed=allowed or None,
            found=None if code in REQUIRED else shown(value),
            measured=measured(value) if code in MEASURED else None,
            action=words.message(code, "action", **values),
            family=FAMILIES.get(code, "invalid"),
        )

    def warning(self, advised: Advised, attributes: Any, words: Words, *, elsewhere: int = 0) -> Issue:
        """A warning about a place that goes against advice.

        Args:
            advised: The place and the keyword that gives the advice.
            attributes: The payload.
            words: The language.
            elsewhere: How many further places have the same value for the same reason.
        """
        value = value_at(attributes, advised.path)
        # Colours and materials repeat all over a catalogue.
        warn = self._warn if isinstance(value, str) else self._warning
        return warn(advised, value, words, elsewhere)

    def _warning(self, advised: Advised, value: Any, words: Words, elsewhere: int) -> Issue:
        path, keyword = advised
        code = ADVISED[keyword]
        label = self._places.label(path)
        values: dict[str, Any] = {"label": label, "found": quoted(value)}
        allowed = None
        if code != "not_editable":
            allowed = self._advised(code, path, value)
            values |= {"options": _named(allowed["options"]), "total": allowed["options_total"]}
        variant = "single" if values.get("total") == 1 else "message"
        message = words.message(code, variant, **values) or words.message(code, **values)
        if elsewhere:
            message = words.word("more_places", message=message, count=elsewhere)
        return Issue(
            code=code,
            severity="WARNING",
            source="schema",
            message=message,
            keyword=keyword,
            attribute=str(path[0]) if path else "",
            path=joined(path),
            label=label,
            allowed=allowed,
            found=shown(value),
            action=words.message(code, "action", **values) if variant == "message" else "",
            family=FAMILIES.get(code, "invalid"),
        )

    def _advised(self, code: str, path: Pointer, value: Any) -> dict[str, Any]:
        key = (code, *self._places.general(path))
        options = self._options.get(key)
        node = self._places.schema(path)
        if options is None:
            listed = suggestions(node) if code == "not_suggested" else current(node)
            options = self._listed(key, listed, path)
        named = [{"value": new, "name": str(new)} for new in replacements(node, value)]
        return {"options": named or options.nearest(str(value)), "options_total": len(options)}

    def _listed(self, key: Pointer, values: list[Any], path: Pointer) -> Options:
        options = self._options.get(key)
        if options is None:
            options = self._options[key] = Options(values, self._places.names(path))
        return options

    def _allowed(self, cause: Cause, value: Any, words: Words) -> tuple[dict[str, Any], dict[str, Any]]:
        """What would be right: as data, and as values for the sentences."""
        said = at(self._document, cause.main.pointer)
        if cause.code == "not_an_option":
            return self._choice(cause, said, value)
        if cause.code.startswith("unknown"):
            return self._known_names(cause.main.path, cause.path)
        if cause.code == "wrong_type":
            return self._types(cause, value, words)
        if cause.code == "missing_one_of":
            return self._one_of(cause, said, words)
        if cause.code == "missing_entry":
            return {}, {"condition": _entry(said)}
        return self._limits(cause, said, value, words)

    def _choice(self, cause: Cause, said: Any, value: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        options = self._listed(cause.main.pointer, said if isinstance(said, list) else [said], cause.path)
        nearest = options.nearest(value if isinstance(value, str) else _json(value))
        named = _named(nearest)
        return (
            {"options": nearest, "options_total": len(options)},
            {"options": named, "total": len(options), "nearest": len(nearest) < len(options)},
        )

    def _known_names(self, holder: Pointer, path: Pointer) -> tuple[dict[str, Any], dict[str, Any]]:
        key = ("properties", *self._places.general(holder))
        options = self._options.get(key)
        if options is None:
            names = list(self._places.schema(holder).get("properties", ()))
            labels = {json.dumps(name): self._places.label((*holder, name)) for name in names}
            options = self._options[key] = Options(names, labels)
        written = str(path[-1])
        return (
            {"options": options.nearest(written), "options_total": len(options)},
            {"nearest": ", ".join(f"`{value}`" for value in options.close(written))},
        )

    def _types(self, cause: Cause, value: Any, words: Words) -> tuple[dict[str, Any], dict[str, Any]]:
        failing = next((failure for failure in cause.failures if failure.keyword == "type"), None)
        if failing is not None:
            said = at(self._document, failing.pointer)
        else:
            said = [branch["type"] for branch in at(self._document, cause.main.pointer)]
        types = list(dict.fromkeys([said] if isinstance(said, str) else said))
        expected = words.any_of(words.word(kind) for kind in types)
        return {"type": types}, {"expected": expected, "actual": words.word(json_type(value))}

    def _one_of(self, cause: Cause, said: Any, words: Words) -> tuple[dict[str, Any], dict[str, Any]]:
        branches = [{"required": one.names} for one in cause.failures] if cause.main.names else said
        names = list(dict.fromkeys(name for branch in branches for name in branch["required"]))
        labels = [self._places.label((*cause.main.path, name)) for name in names]
        return {"one_of": names}, {"labels": words.any_of(labels)}

    def _limits(
        self, cause: Cause, said: Any, value: Any, words: Words
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        allowed = {
            LIMITS[failure.keyword]: at(self._document, failure.pointer)
            for failure in cause.failures
            if failure.keyword in LIMITS and failure.path == cause.path
        }
        sizes = [
            words.word(unit, count=allowed[f"{end}_{unit}"])
            for end in ("max", "min")
            for unit in ("characters", "bytes")
            if f"{end}_{unit}" in allowed
        ]
        values = {
            **(measured(value) or {}),
            "limit": words.all_of(sizes) or next(iter(allowed.values()), said),
            "pattern": allowed.get("pattern", ""),
        }
        if cause.code == "too_many_alike":
            selectors = at(self._document, cause.main.pointer[:-1])["selectors"]
            most = max(combinations(value, tuple(selectors)).values())
            values |= {"items": most, "selectors": words.all_of(f"`{name}`" for name in selectors)}
        return allowed, values


MEASURED = frozenset(("too_long", "too_short", "too_many_values", "too_many_alike", "too_few_values"))


def measured(value: Any) -> dict[str, int] | None:
    """Size of a value: characters and UTF-8 bytes of a text, items of a list."""
    if isinstance(value, str):
        return {"characters": len(value), "bytes": size_in_bytes(value)}
    return {"items": len(value)} if isinstance(value, list) else None


def joined(path: Pointer) -> str:
    """A place as text: `item_weight/0/unit`."""
    return "/".join(map(str, path))


def shown(value: Any) -> Any:
    """A value as it may stand in an issue: JSON data, long ones as cut text."""
    if isinstance(value, str):
        text = value.encode("utf-8", "replace").decode()
        return text if len(text) <= LONGEST_FOUND else f"{text[: LONGEST_FOUND - 1]}…"
    if value is None or isinstance(value, bool | int) or (isinstance(value, float) and math.isfinite(value)):
        return value
    text = _json(value)
    return value if len(text) <= LONGEST_FOUND and text.startswith(("[", "{")) else shown(text)


def quoted(value: Any) -> str:
    """A value inside a sentence: one line, cut, texts in quotes."""
    text = " ".join(shown(value).split()) if isinstance(value, str) else _json(value)
    text = text if len(text) <= LONGEST_SAID else f"{text[: LONGEST_SAID - 1]}…"
    return f"“{text}”" if isinstance(value, str) else text


def _json(value: Any) -> str:
    try:
        text = json.dumps(value, ensure_ascii=False, default=repr)
    except (RecursionError, TypeError, ValueError):
        return f"({type(value).__name__})"
    return text.encode("utf-8", "replace").decode()


def _named(options: list[dict[str, Any]]) -> str:
    return ", ".join(
        f"`{option['value']}`"
        if str(option["value"]) == option["name"]
        else f"`{option['value']}` ({option['name']})"
        for option in options
    )


def _entry(said: Any) -> str:
    """`contains` in words, for the form Amazon uses: an element whose field is one of some values."""
    properties = said.get("properties", {}) if isinstance(said, dict) else {}
    return (
        ", ".join(
            f"`{name}` = {' / '.join(map(str, part['enum'] if 'enum' in part else [part['const']]))}"
            for name, part in properties.items()
            if isinstance(part, dict) and ("enum" in part or "const" in part)
        )
        or json.dumps(said)[:LONGEST_SAID]
    )

"""What would be right: options with their names, limits, types, names of attributes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from amazon_product_types.definition import general
from amazon_product_types.dialect.keywords import combinations
from amazon_product_types.dialect.schemas import at
from amazon_product_types.messages import Message, message
from amazon_product_types.messages.facts import all_of, any_of, quoted
from amazon_product_types.messages.printable import as_json, plain
from amazon_product_types.options import OptionList
from amazon_product_types.validation.advice import current, replacements, suggestions
from amazon_product_types.validation.causes import Cause, json_type
from amazon_product_types.validation.values import measured, named

if TYPE_CHECKING:
    from collections.abc import Mapping

    from amazon_product_types.definition import Definition, Node
    from amazon_product_types.json_pointer import Pointer

Allowed = tuple[dict[str, Any], dict[str, Any]]
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


class Allowances:
    """What one definition allows, place by place; long lists are indexed once, on first use.

    Args:
        definition: The definition, with the labels and names that people read.
    """

    def __init__(self, definition: Definition) -> None:
        self._definition = definition
        self._document = definition.document
        self._options: dict[Pointer, OptionList] = {}

    def advised(self, code: str, path: Pointer, value: object) -> dict[str, Any]:
        """Return the values that a warning offers instead: options and their total.

        Args:
            code: `not_suggested` or `deprecated_option`.
            path: The place.
            value: What stands there.
        """
        key = (code, *general(path))
        options = self._options.get(key)
        node = self._definition.node_at(path)
        if node is None:
            return {"options": [], "options_total": 0}
        if options is None:
            listed = suggestions(node) if code == "not_suggested" else current(node)
            options = self._listed(key, listed, path)
        instead = [{"value": new, "name": str(new)} for new in replacements(node, value)]
        return {"options": instead or options.nearest(str(value)), "options_total": len(options)}

    def _listed(self, key: Pointer, values: list[Any], path: Pointer) -> OptionList:
        options = self._options.get(key)
        if options is None:
            options = self._options[key] = OptionList(values, self._definition.names_at(path))
        return options

    def allowed(self, cause: Cause, value: object) -> Allowed:
        """Return what would be right in place of a cause's value.

        Args:
            cause: The cause.
            value: What stands at its place.

        Returns:
            It as data (`Issue.allowed`), and as facts of the sentences of the cause's code.
        """
        said = at(self._document, cause.main.pointer)
        if cause.code == "not_an_option":
            return self._choice(cause, said, value)
        if cause.code.startswith("unknown"):
            return self._known_names(cause.main.path, cause.path)
        if cause.code == "wrong_type":
            return self._types(cause, value)
        if cause.code == "missing_one_of":
            return self._one_of(cause, said)
        if cause.code == "missing_entry":
            return {}, {"condition": _entry(said)}
        return self._limits(cause, said, value)

    def _choice(self, cause: Cause, said: object, value: object) -> Allowed:
        options = self._listed(cause.main.pointer, said if isinstance(said, list) else [said], cause.path)
        nearest = options.nearest(value if isinstance(value, str) else as_json(value))
        return (
            {"options": nearest, "options_total": len(options)},
            {"options": named(nearest), "total": len(options), "nearest": len(nearest) < len(options)},
        )

    def _known_names(self, holder: Pointer, path: Pointer) -> Allowed:
        key = ("properties", *general(holder))
        options = self._options.get(key)
        if options is None:
            names = list(self._members(holder))
            labels = {json.dumps(name): self._definition.label_at((*holder, name)) for name in names}
            options = self._options[key] = OptionList(names, labels)
        written = str(path[-1])
        return (
            {"options": options.nearest(written), "options_total": len(options)},
            {"nearest": ", ".join(f"`{value}`" for value in options.close(written))},
        )

    def _members(self, holder: Pointer) -> Mapping[str, Node]:
        node = self._definition.node_at(holder)
        return node.members if node else {}

    def _types(self, cause: Cause, value: object) -> Allowed:
        failing = next((failure for failure in cause.failures if failure.keyword == "type"), None)
        if failing is not None:
            said = at(self._document, failing.pointer)
        else:
            branches = at(self._document, cause.main.pointer)
            named = [branch["type"] for branch in branches if isinstance(branch, dict)]
            said = [one for kind in named for one in ([kind] if isinstance(kind, str) else kind)]
        types = list(dict.fromkeys([said] if isinstance(said, str) else said))
        expected = any_of(Message(f"type.{kind}") for kind in types)
        return {"type": types}, {"expected": expected, "actual": Message(f"type.{json_type(value)}")}

    def _one_of(self, cause: Cause, said: Any) -> Allowed:
        branches = [{"required": one.names} for one in cause.failures] if cause.main.names else said
        names = list(dict.fromkeys(name for branch in branches for name in branch["required"]))
        labels = [quoted(self._definition.label_at((*cause.main.path, name))) for name in names]
        return {"one_of": names}, {"labels": any_of(labels)}

    def _limits(self, cause: Cause, said: Any, value: Any) -> Allowed:
        allowed = {
            LIMITS[failure.keyword]: at(self._document, failure.pointer)
            for failure in cause.failures
            if failure.keyword in LIMITS and failure.path == cause.path
        }
        sizes = [
            message(f"phrase.{unit}", count=allowed[f"{end}_{unit}"])
            for end in ("max", "min")
            for unit in ("characters", "bytes")
            if f"{end}_{unit}" in allowed
        ]
        values = {
            **(measured(value) or {}),
            "limit": all_of(sizes) if sizes else next(iter(allowed.values()), said),
            "pattern": allowed.get("pattern", ""),
        }
        if cause.code == "too_many_alike":
            selectors = at(self._document, cause.main.pointer[:-1])["selectors"]
            most = max(combinations(value, tuple(selectors)).values())
            values |= {"items": most, "selectors": all_of(f"`{name}`" for name in selectors)}
        return allowed, values


def _entry(said: object) -> str:
    """`contains` in catalogue, for the form Amazon uses: an element whose field is one of some values."""
    properties = said.get("properties", {}) if isinstance(said, dict) else {}
    return ", ".join(
        f"`{name}` = {' / '.join(map(str, part['enum'] if 'enum' in part else [part['const']]))}"
        for name, part in properties.items()
        if isinstance(part, dict) and ("enum" in part or "const" in part)
    ) or plain(as_json(said))

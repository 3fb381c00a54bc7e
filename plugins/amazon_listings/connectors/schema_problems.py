"""From the validator's errors to problems that a person can act on, one for each cause."""

from __future__ import annotations

import itertools
import json
import re
from typing import TYPE_CHECKING, Any

from amazon_listings.connectors.problems import Problem, is_credential_key, nearest, shown
from amazon_listings.connectors.schema import resolved, schema, subschema, validator
from amazon_listings.messages import Joined, message
from amazon_listings.sources.registry import registry, sources
from amazon_product_types import json_pointer
from amazon_product_types.messages.facts import any_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    import jsonschema_rs

    from amazon_listings.messages import Message

#: A longer list of allowed values is not printed; what was meant is the nearest of them.
_MOST_OPTIONS_SHOWN = 40
_KINDS = {
    "string": "kind.text",
    "number": "kind.number",
    "integer": "kind.whole_number",
    "boolean": "kind.boolean",
    "array": "kind.list",
    "object": "kind.object",
    "null": "kind.null",
}
_LIMITS = {
    "exclusiveMinimum": "limit.more_than",
    "minimum": "limit.at_least",
    "maximum": "limit.at_most",
    "maxLength": "limit.characters",
}


def schema_problems(document: object, most: int) -> list[Problem]:
    """Return what the schema says against a document.

    Args:
        document: The document.
        most: How many of the validator's errors, and of the unknown keys of one object, are explained.
    """
    if validator().is_valid(document):
        return []
    errors = itertools.islice(validator().iter_errors(document), most)
    found = [problem for error in errors for problem in _explained(error, document, most)]
    misspelt = {(problem.pointer.rpartition("/")[0], problem.suggestion) for problem in found if problem.key}
    return [
        problem
        for problem in found
        if not problem.missing or (problem.pointer, problem.missing) not in misspelt
    ]


def _explained(error: jsonschema_rs.ValidationError, document: Any, most: int) -> Iterator[Problem]:
    pointer = ""
    value = document
    for part in error.instance_path:
        pointer = json_pointer.below(pointer, str(part))
        value = value[int(part)] if isinstance(value, list) else value[str(part)]  # a key "2" is told as 2
    keyword = str(error.schema_path[-1])
    node = subschema(error.schema_path[:-1])
    limits = error.kind.as_dict()
    if "propertyNames" in error.schema_path:
        yield _wrong_key(pointer, str(limits["error"].instance), node)
    elif keyword == "additionalProperties" and "unexpected" in limits:
        # One error names them all, however many there are, and each costs a search for what is alike.
        unexpected = itertools.islice(limits["unexpected"], most)
        yield from (_unknown_key(pointer, str(key), node) for key in unexpected)
    elif keyword == "required":
        yield _missing_key(pointer, limits["property"], node)
    elif keyword == "oneOf":
        yield _source_problem(document)
    elif keyword == "anyOf":
        yield from _no_branch(pointer, value, node, limits["context"], document, most=most)
    else:
        yield _wrong_value(pointer, value, keyword, node)


def _wrong_key(pointer: str, name: str, node: dict[str, Any]) -> Problem:
    said = message("document.key_not_allowed", value=shown(name))
    return Problem(
        json_pointer.below(pointer, name),
        said if name else message("document.key_without_name"),
        key=True,
        allowed=_allowed(node) if name else "",
        suggestion=nearest(name, list(_options(node))),
    )


def _unknown_key(pointer: str, key: str, node: dict[str, Any]) -> Problem:
    below = json_pointer.below(pointer, key)
    if is_credential_key(key):
        return Problem(below, message("document.credential"), key=True)
    if not pointer and (why := registry().broken.get(key)):
        return Problem(below, message("document.source_unusable"), key=True, hint=why)
    suggestion = nearest(key, node.get("properties", {}))
    others = [] if suggestion else [name for name in _sections_with(key) if name != pointer.lstrip("/")]
    elsewhere = [name or message("document.itself") for name in others]
    return Problem(
        below,
        message("document.unknown_key"),
        key=True,
        allowed=", ".join(node.get("properties", {})),
        suggestion=suggestion,
        hint=message("document.key_of", key=shown(key), places=elsewhere) if elsewhere else "",
    )


def _sections_with(key: str) -> list[str]:
    """Return the parts of a document that have a key; the document itself is empty."""
    sections = {"": schema()} | schema()["properties"]
    return [name for name, node in sections.items() if key in resolved(node).get("properties", {})]


def _missing_key(pointer: str, key: str, node: dict[str, Any]) -> Problem:
    wanted = resolved(node.get("properties", {}).get(key, {}))
    example = next(iter(wanted.get("examples", ())), None)
    described: Message | str = wanted.get("description", "")
    if isinstance(example, str):
        described = message("document.example", described=described, example=f"{key}: {example}")
    return Problem(pointer, message("document.key_missing", key=key), key=True, missing=key, hint=described)


def _source_problem(document: dict[str, Any]) -> Problem:
    known = sources()
    given = [name for name in document if name in known]
    allowed = message("document.exactly_one_of", names=", ".join(known))
    if given:
        return Problem(
            f"/{given[-1]}",
            message("document.two_sources", other=given[0]),
            key=True,
            allowed=allowed,
        )
    blocks = [
        message("document.source_block", name=source.name, summary=source.summary)
        for source in known.values()
    ]
    return Problem(
        "",
        message("document.no_source", sources=blocks),
        key=True,
        missing=next(iter(known)),
        allowed=allowed,
    )


def _no_branch(
    pointer: str,
    value: object,
    node: dict[str, Any],
    branches: list[list[Any]],
    document: object,
    *,
    most: int,
) -> Iterator[Problem]:
    """An anyOf that fails is told once: by the branch meant, if the value's type shows which."""
    depth = pointer.count("/")
    meant = [
        errors
        for errors in branches
        if not any(error.schema_path[-1] == "type" and len(error.instance_path) == depth for error in errors)
    ]
    if len(meant) == 1 and isinstance(value, dict | list):
        for error in meant[0]:
            yield from _explained(error, document, most)
    else:
        yield _wrong_value(pointer, value, "anyOf", node)


def _wrong_value(pointer: str, value: object, keyword: str, node: dict[str, Any]) -> Problem:
    if value is None:
        return Problem(pointer, message("document.no_value"), allowed=_allowed(node))
    options = list(_options(node))
    said = {
        "uniqueItems": message("document.holds_twice"),
        "minItems": message("document.empty"),
        "minProperties": message("document.empty"),
        "minLength": message("document.too_short", value=shown(value))
        if value
        else message("document.empty"),
        "maxLength": message("document.too_long", value=shown(value)),
        "type": message("document.wrong_kind", value=shown(value), found=_kind(value), wanted=_kinds(node)),
    }
    hint: Message | str = "" if options else node.get("description", "")
    if keyword == "type" and isinstance(value, str) and _without_quotes(value, node):
        hint = message("document.without_quotes", value=value)
    return Problem(
        pointer,
        said.get(keyword, message("document.not_allowed", value=shown(value))),
        allowed="" if keyword in {"uniqueItems", "minProperties", "type"} else _allowed(node),
        suggestion=_suggestion(value, options, node) if isinstance(value, str) else "",
        hint=hint,
    )


def _suggestion(value: str, options: list[str], node: dict[str, Any]) -> str:
    """Return the nearest option; where a form is asked for, the same text in other letters."""
    if "pattern" in node:
        others = (change(value.strip()).replace(" ", "_") for change in (str.upper, str.lower))
        return next((text for text in others if text != value and re.search(node["pattern"], text)), "")
    return nearest(value, options)


def _without_quotes(value: str, node: dict[str, Any]) -> bool:
    """Return whether a text would be right if it had no quotes around it."""
    try:
        plain = json.loads(value)
    except ValueError:
        return False
    kinds = {bool: {"boolean"}, int: {"integer", "number"}, float: {"number"}}
    return node["type"] in kinds.get(type(plain), ())


def _options(node: dict[str, Any]) -> Iterator[str]:
    yield from node.get("enum", ())
    for branch in node.get("anyOf", ()):
        yield from _options(resolved(branch))


def _allowed(node: dict[str, Any]) -> Any:
    if "anyOf" in node:
        return Joined(tuple(branch.get("title") or _allowed(branch) for branch in node["anyOf"]))
    if "patternErrorMessage" in node:
        return str(node["patternErrorMessage"])
    if "enum" in node:
        options = node["enum"]
        if len(options) <= _MOST_OPTIONS_SHOWN:
            return ", ".join(options)
        return message("document.one_of_names", count=len(options))
    title = str(node.get("title", ""))
    if title[:1].islower():  # a branch of an anyOf is titled by what it takes, a key by its name
        return title
    limits = [message(code, number=node[key]) for key, code in _LIMITS.items() if key in node]
    return message("document.limits", limits=limits) if limits else any_of(_kinds(node))


def _kinds(node: dict[str, Any]) -> list[Message]:
    types = node.get("type", [])
    return [message(_KINDS[kind]) for kind in ([types] if isinstance(types, str) else types)]


def _kind(value: object) -> Message:
    if isinstance(value, bool):
        return message("kind.boolean")
    if isinstance(value, int | float):
        return message("kind.number")
    named = {"str": "kind.text", "list": "kind.list", "dict": "kind.some_object"}
    return message(named[type(value).__name__])

"""From the validator's errors to problems that a person can act on, one for each cause."""

from __future__ import annotations

import itertools
import json
import re
from typing import TYPE_CHECKING, Any

from amazon_listings.connectors.problems import Problem, is_credential_key, nearest, shown
from amazon_listings.connectors.schema import resolved, schema, subschema, validator
from amazon_listings.sources.registry import registry, sources
from amazon_product_types import json_pointer

if TYPE_CHECKING:
    from collections.abc import Iterator

    import jsonschema_rs

#: Errors that are put into words.
_MOST_ERRORS = 100
#: A longer list of allowed values is not printed; what was meant is the nearest of them.
_MOST_OPTIONS_SHOWN = 40
_KINDS = {
    "string": "text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "array": "a list",
    "object": "an object (key: value)",
    "null": "null",
}
_LIMITS = {
    "exclusiveMinimum": "more than {}",
    "minimum": "at least {}",
    "maximum": "at most {}",
    "maxLength": "at most {} characters",
}


def schema_problems(document: Any) -> list[Problem]:
    """Everything the schema says against a document."""
    if validator().is_valid(document):
        return []
    errors = itertools.islice(validator().iter_errors(document), _MOST_ERRORS)
    found = [problem for error in errors for problem in _explained(error, document)]
    misspelt = {(problem.pointer.rpartition("/")[0], problem.suggestion) for problem in found if problem.key}
    return [
        problem
        for problem in found
        if not problem.missing or (problem.pointer, problem.missing) not in misspelt
    ]


def _explained(error: jsonschema_rs.ValidationError, document: Any) -> Iterator[Problem]:
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
        unexpected = itertools.islice(limits["unexpected"], _MOST_ERRORS)
        yield from (_unknown_key(pointer, str(key), node) for key in unexpected)
    elif keyword == "required":
        yield _missing_key(pointer, limits["property"], node)
    elif keyword == "oneOf":
        yield _source_problem(document)
    elif keyword == "anyOf":
        yield from _no_branch(pointer, value, node, limits["context"], document)
    else:
        yield _wrong_value(pointer, value, keyword, node)


def _wrong_key(pointer: str, name: str, node: dict[str, Any]) -> Problem:
    message = f"{shown(name)} is not allowed as a key here" if name else "a key without a name"
    return Problem(
        json_pointer.below(pointer, name), message, key=True, allowed=_allowed(node) if name else ""
    )


def _unknown_key(pointer: str, key: str, node: dict[str, Any]) -> Problem:
    below = json_pointer.below(pointer, key)
    if is_credential_key(key):
        return Problem(
            below,
            "credentials do not belong in a connector",
            key=True,
            hint="Put them in an Airflow connection and name its id under `connection`. "
            "If this text was shared or committed, renew the credential.",
        )
    if not pointer and (why := registry().broken.get(key)):
        return Problem(below, "this source is installed, but not usable", key=True, hint=why)
    suggestion = nearest(key, node.get("properties", {}))
    elsewhere = [] if suggestion else [name for name in _sections_with(key) if name != pointer.lstrip("/")]
    return Problem(
        below,
        "unknown key",
        key=True,
        allowed=", ".join(node.get("properties", {})),
        suggestion=suggestion,
        hint=f"{shown(key)} is a key of {' and of '.join(elsewhere)}." if elsewhere else "",
    )


def _sections_with(key: str) -> list[str]:
    sections = {"the document itself": schema()} | schema()["properties"]
    return [name for name, node in sections.items() if key in resolved(node).get("properties", {})]


def _missing_key(pointer: str, key: str, node: dict[str, Any]) -> Problem:
    wanted = resolved(node.get("properties", {}).get(key, {}))
    example = next(iter(wanted.get("examples", ())), None)
    return Problem(
        pointer,
        f"the key {key!r} is missing",
        key=True,
        missing=key,
        hint=wanted.get("description", "")
        + (f" Example: {key}: {example}" if isinstance(example, str) else ""),
    )


def _source_problem(document: dict[str, Any]) -> Problem:
    known = sources()
    given = [name for name in document if name in known]
    allowed = f"exactly one of {', '.join(known)}"
    if given:
        return Problem(
            f"/{given[-1]}",
            f"a connector has one source, and {given[0]} is given too",
            key=True,
            allowed=allowed,
            hint="Remove one of them, or make a second connector.",
        )
    *others, last = [f"{source.name}: (products from {source.summary})" for source in known.values()]
    return Problem(
        "",
        "there is no source of products",
        key=True,
        missing=next(iter(known)),
        allowed=allowed,
        hint=f"Add {', '.join(others)} or {last}." if others else f"Add {last}.",
    )


def _no_branch(
    pointer: str, value: Any, node: dict[str, Any], branches: list[list[Any]], document: Any
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
            yield from _explained(error, document)
    else:
        yield _wrong_value(pointer, value, "anyOf", node)


def _wrong_value(pointer: str, value: Any, keyword: str, node: dict[str, Any]) -> Problem:
    if value is None:
        return Problem(
            pointer, "has no value", allowed=_allowed(node), hint="Give it one, or remove the line."
        )
    options = list(_options(node))
    messages = {
        "uniqueItems": "holds something twice",
        "minItems": "is empty",
        "minProperties": "is empty",
        "minLength": "is empty",
        "maxLength": f"{shown(value)} is too long",
        "type": f"{shown(value)} is {_kind(value)}, not {_kinds(node)}",
    }
    hint = "" if options else node.get("description", "")
    if keyword == "type" and isinstance(value, str) and _without_quotes(value, node):
        hint = f"Write {value} without quotes."
    return Problem(
        pointer,
        messages.get(keyword, f"{shown(value)} is not allowed"),
        allowed="" if keyword in {"uniqueItems", "minProperties", "type"} else _allowed(node),
        suggestion=_suggestion(value, options, node) if isinstance(value, str) else "",
        hint=hint,
    )


def _suggestion(value: str, options: list[str], node: dict[str, Any]) -> str:
    """The nearest option; where a form is asked for, the same text in other letters."""
    if "pattern" in node:
        others = (change(value.strip()).replace(" ", "_") for change in (str.upper, str.lower))
        return next((text for text in others if text != value and re.search(node["pattern"], text)), "")
    return nearest(value, options)


def _without_quotes(value: str, node: dict[str, Any]) -> bool:
    """Whether a text would be right if it had no quotes around it."""
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


def _allowed(node: dict[str, Any]) -> str:
    if "anyOf" in node:
        return "; ".join(branch.get("title") or _allowed(branch) for branch in node["anyOf"])
    if "patternErrorMessage" in node:
        return str(node["patternErrorMessage"])
    if "enum" in node:
        options = node["enum"]
        return ", ".join(options) if len(options) <= _MOST_OPTIONS_SHOWN else f"one of {len(options)} names"
    title = str(node.get("title", ""))
    if title[:1].islower():  # a branch of an anyOf is titled by what it takes, a key by its name
        return title
    return ", ".join(text.format(node[key]) for key, text in _LIMITS.items() if key in node) or _kinds(node)


def _kinds(node: dict[str, Any]) -> str:
    types = node.get("type", [])
    return " or ".join(_KINDS[kind] for kind in ([types] if isinstance(types, str) else types))


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, int | float):
        return "a number"
    return {"str": "text", "list": "a list", "dict": "an object"}[type(value).__name__]

"""What is wrong with a connector document, in words: from schema errors to `Problem`s."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from amazon_listings.connectors.schema import resolved, schema, subschema, validator
from amazon_listings.connectors.yaml_document import below_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import jsonschema_rs

_CREDENTIAL_KEY = re.compile(r"secret|token|passw|api_?key|credential|client_id", re.IGNORECASE)
_CREDENTIAL_VALUE = re.compile(r"Atz[arc]\||amzn1\.(oa2|application-oa2)|-----BEGIN")
_LONGEST_SHOWN = 60


@dataclass(frozen=True)
class Problem:
    """One thing wrong, at a JSON pointer; `key` when the key is wrong rather than its value.

    `missing` names a key that is not there, below the pointer. `hint` is what to do or what is meant, `allowed` what would be right, `suggestion` the
    nearest right thing.
    """

    pointer: str
    message: str
    key: bool = False
    missing: str = ""
    allowed: str = ""
    suggestion: str = ""
    hint: str = ""


def schema_problems(document: Any) -> list[Problem]:
    """Everything the schema says against a document, one problem for each cause."""
    if validator().is_valid(document):
        return []
    return [problem for error in validator().iter_errors(document) for problem in _explained(error, document)]


def nearest(found: str, allowed: Iterable[str]) -> str:
    """The allowed text closest to what was found, letter case aside; empty when none is close."""
    by_folded = {text.casefold(): text for text in allowed}
    close = difflib.get_close_matches(found.casefold(), by_folded, n=1, cutoff=0.6)
    return by_folded[close[0]] if close else ""


def shown(value: Any) -> str:
    """A value as an error message shows it: short, one line, and never a credential."""
    text = repr(value) if isinstance(value, str) else _json_like(value)
    if _CREDENTIAL_VALUE.search(text):
        return "(a credential, not shown)"
    return text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 1] + "…"


def is_credential_key(key: str) -> bool:
    """Whether a key's name says that its value is a secret, which no message may show."""
    return bool(_CREDENTIAL_KEY.search(key))


def hides_credential(text: str) -> bool:
    """Whether a text looks like one of Login with Amazon's tokens, ids or secrets."""
    return bool(_CREDENTIAL_VALUE.search(text))


def _json_like(value: Any) -> str:
    plain = {True: "true", False: "false", None: "null"}
    if value is None or isinstance(value, bool):
        return plain[value]
    if isinstance(value, dict):
        return "an object" if value else "an empty object"
    if isinstance(value, list):
        return "a list" if value else "an empty list"
    return repr(value)


def _explained(error: jsonschema_rs.ValidationError, document: Any) -> Iterator[Problem]:
    pointer = ""
    value = document
    for part in error.instance_path:
        pointer = below_key(pointer, str(part))
        value = value[part] if isinstance(value, list) else value[str(part)]  # a key "2" is reported as 2
    keyword = str(error.schema_path[-1])
    node = subschema(error.schema_path[:-1])
    limits = error.kind.as_dict()
    if keyword == "additionalProperties" and "unexpected" in limits:
        yield from (_unknown_key(pointer, str(key), node) for key in limits["unexpected"])
    elif keyword == "required":
        yield _missing_key(pointer, limits["property"], node)
    elif keyword == "oneOf":
        yield _sources(document)
    elif keyword == "anyOf":
        yield from _no_branch(pointer, value, node, limits["context"], document)
    elif "propertyNames" in error.schema_path:
        name = str(limits["error"].instance)
        message = f"{shown(name)} is not allowed as a key here" if name else "a key without a name"
        yield Problem(below_key(pointer, name), message, key=True, allowed=_allowed(node))
    elif keyword == "minProperties":
        yield Problem(pointer, "is empty", hint=node.get("description", ""))
    elif keyword == "type" and value is None:
        yield Problem(
            pointer, "has no value", allowed=_allowed(node), hint="Give it one, or remove the line."
        )
    else:
        yield _wrong_value(pointer, value, keyword, node)


def _unknown_key(pointer: str, key: str, node: dict[str, Any]) -> Problem:
    here = node.get("properties", {})
    below = below_key(pointer, key)
    if is_credential_key(key):
        return Problem(
            below,
            "credentials do not belong in a connector",
            key=True,
            hint="Put them in an Airflow connection and name its id under `connection`. "
            "If this text was shared or committed, renew the credential.",
        )
    suggestion = nearest(key, here)
    elsewhere = [] if suggestion else [name for name in _sections_with(key) if name != pointer.lstrip("/")]
    return Problem(
        below,
        f"unknown key {shown(key)}",
        key=True,
        allowed=", ".join(here),
        suggestion=suggestion,
        hint=f"{key!r} is a key of {' and of '.join(elsewhere)}." if elsewhere else "",
    )


def _sections_with(key: str) -> list[str]:
    sections = {"the document itself": schema()} | schema()["properties"]
    return [name for name, node in sections.items() if key in resolved(node).get("properties", {})]


def _missing_key(pointer: str, key: str, node: dict[str, Any]) -> Problem:
    wanted = resolved(node.get("properties", {}).get(key, {}))
    example = wanted.get("examples", [None])[0]
    return Problem(
        pointer,
        f"the key {key!r} is missing",
        key=True,
        missing=key,
        allowed=_allowed(wanted),
        hint=" ".join(
            part
            for part in (
                wanted.get("description", ""),
                f"Example: {key}: {example}" if isinstance(example, str | int) else "",
            )
            if part
        ),
    )


def _sources(document: dict[str, Any]) -> Problem:
    both = "sales_layer" in document and "files" in document
    return Problem(
        "/files" if both else "",
        "both sales_layer and files are given" if both else "there is no source of products",
        key=True,
        allowed="exactly one of sales_layer, files",
        hint="A connector reads one source; make a second connector for the other."
        if both
        else "Add sales_layer: (products from Sales Layer) or files: (CSV, JSON Lines or Parquet).",
    )


def _no_branch(
    pointer: str, value: Any, node: dict[str, Any], branches: list[list[Any]], document: Any
) -> Iterator[Problem]:
    """An anyOf that fails is told once: by the branch meant, if the value's type shows which."""
    depth = pointer.count("/")
    meant = [
        errors
        for errors in branches
        if not any(
            str(error.schema_path[-1]) == "type" and len(error.instance_path) == depth for error in errors
        )
    ]
    if len(meant) == 1 and isinstance(value, dict | list):
        for error in meant[0]:
            yield from _explained(error, document)
        return
    yield _wrong_value(pointer, value, "anyOf", node)


def _wrong_value(pointer: str, value: Any, keyword: str, node: dict[str, Any]) -> Problem:
    options = list(_options(node))
    message = {
        "uniqueItems": "holds something twice",
        "minItems": "is empty",
        "minLength": "is empty",
        "maxLength": f"{shown(value)} is too long",
        "format": f"{shown(value)} is not a date",
    }.get(keyword, f"{shown(value)} is not allowed")
    if keyword == "type":
        message = f"{shown(value)} is {_kind(value)}, not {_kinds(node)}"
    return Problem(
        pointer,
        message,
        allowed=_allowed(node),
        suggestion=nearest(value, options) if isinstance(value, str) else "",
        hint="" if options else node.get("description", ""),
    )


def _options(node: dict[str, Any]) -> Iterator[str]:
    yield from (option for option in node.get("enum", ()) if isinstance(option, str))
    for branch in node.get("anyOf", ()):
        yield from _options(resolved(branch))


def _allowed(node: dict[str, Any]) -> str:
    if "anyOf" in node:
        return "; ".join(_allowed(resolved(branch)) or branch.get("title", "") for branch in node["anyOf"])
    if "enum" in node:
        return ", ".join(node["enum"])
    if node.get("title", "")[:1].islower():  # branches of an anyOf are titled by what they take
        return str(node["title"])
    limits = [
        text
        for key, text in (
            ("exclusiveMinimum", "more than {}"),
            ("minimum", "at least {}"),
            ("maximum", "at most {}"),
            ("maxLength", "at most {} characters"),
        )
        if key in node
        for text in [text.format(node[key])]
    ]
    return ", ".join([*limits, *([_form(node)] if "pattern" in node else [])]) or _kinds(node)


def _form(node: dict[str, Any]) -> str:
    example = next(iter(node.get("examples", ())), "")
    return f"text of the form {node['pattern']}" + (f", such as {example}" if example else "")


_KINDS = {
    "string": "text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "array": "a list",
    "object": "an object (key: value)",
    "null": "null",
}


def _kinds(node: dict[str, Any]) -> str:
    types = node.get("type", [])
    return " or ".join(_KINDS[kind] for kind in ([types] if isinstance(types, str) else types))


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, int | float):
        return "a number"
    return {str: "text", list: "a list", dict: "an object"}.get(type(value), "null")

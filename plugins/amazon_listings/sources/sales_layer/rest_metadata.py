"""What a REST API resource looks like in this account, from its `$metadata`.

`$metadata` is a JSON Schema per resource. Field names differ between accounts; which field is
the status, the id, the reference and the date of change is told by Sales Layer's extensions
where they are present, else by type and by the account's own naming: the status is the field
that can be V or I, and `prod_stat` stands beside `prod_id`, `prod_ref` and `prod_modify`.
Source: "Get products and metadata" of Sales Layer's REST API 2.0 documentation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from amazon_listings.incoming.values import printable
from amazon_listings.sources.errors import UnexpectedAnswer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

#: Status letters of the REST API. R is in its metadata too, without a meaning anywhere.
STATUSES = {"V": "visible", "I": "invisible", "D": "draft"}


@dataclass(frozen=True)
class Resource:
    """A resource's fields by what they are for; None where the account has no such field.

    `texts` are the multi-language fields, `images` image and file fields, `cultures` the
    account's languages, `codes` the status values that the account knows. `numbered`: the identifier is
    a number.
    """

    name: str
    properties: frozenset[str]
    identifier: str
    reference: str
    status: str | None
    modified: str | None
    texts: frozenset[str]
    images: frozenset[str]
    cultures: tuple[str, ...]
    codes: tuple[str, ...]
    numbered: bool = True

    @property
    def unclear_codes(self) -> tuple[str, ...]:
        """Status values that the account knows and Sales Layer documents nowhere (R)."""
        return tuple(code for code in self.codes if code.upper() not in STATUSES)

    def is_clear(self, word: str) -> bool:
        """Return True if a status in words is one whose meaning is known."""
        return self.status is None or word in STATUSES.values()

    def status_word(self, code: object) -> str:
        """Return the status in words; a code without a known meaning as it is."""
        text = printable(code[:100]) if isinstance(code, str) else str(code if code is not None else "")[:100]
        return STATUSES.get(text.upper(), text)


def describe(body: Mapping[str, Any], name: str) -> Resource:
    """Return the resource `Products` or `Variants`.

    Raises:
        UnexpectedAnswer: the metadata describes no such resource, or no reference to know its
            records by.
    """
    schema = _schema(body, name)
    properties = {str(key): each for key, each in schema["properties"].items() if isinstance(each, dict)}
    status = _named(schema, "x-storage-object-status-attribute", properties) or _status(properties)
    marked = _named(schema, "x-storage-object-identifier-attribute", properties)
    prefix = (status or marked or next(iter(schema.get("required") or []), "")).rpartition("_")[0]
    identifier = next((key for key in (f"{prefix}_id", marked) if key in properties), f"{prefix}_id")
    reference = next(
        (key for key in (f"{prefix}_ref", *(schema.get("required") or []), marked) if key in properties), None
    )
    if reference is None:
        raise UnexpectedAnswer("sales_layer.sales_layer_metadata_names_2", name=name)
    texts = {key: _cultures(each) for key, each in properties.items() if is_multilingual(each)}
    cultures = [str(code) for code in schema.get("x-cultures") or []]
    for codes in texts.values():
        cultures += [code for code in codes if code not in cultures]
    return Resource(
        name=name,
        properties=frozenset(properties),
        identifier=str(identifier),
        reference=str(reference),
        status=status,
        modified=next((key for key in (f"{prefix}_modify", f"{prefix}_modified") if key in properties), None),
        texts=frozenset(texts),
        images=frozenset(key for key, each in properties.items() if _is_media(each)),
        cultures=tuple(cultures),
        codes=tuple(str(code) for code in (properties.get(status or "", {}).get("enum") or [])),
        numbered=_is_number(properties.get(str(identifier), {})),
    )


def _schema(body: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return the schema of the resource; a resource's metadata brings its relatives' along."""
    given = body.get("value")
    schemas = [
        each
        for each in (given if isinstance(given, list) else [])
        if isinstance(each, dict) and isinstance(each.get("properties"), dict)
    ]
    singular = name.removesuffix("s").lower()
    for schema in schemas:
        names = {str(schema.get(key, "")).lower() for key in ("title", "x-storage-object-name")}
        if names & {singular, name.lower()} or f"/{singular}/" in str(schema.get("$id", "")).lower():
            return schema
    if len(schemas) == 1:
        return schemas[0]
    raise UnexpectedAnswer("sales_layer.sales_layer_metadata_does_2", name=name)


def _named(schema: Mapping[str, Any], extension: str, properties: Mapping[str, Any]) -> str | None:
    given = schema.get(extension)
    if isinstance(given, list) and given:
        given = given[0]
    if isinstance(given, str) and given in properties:
        return given
    return next((key for key, each in properties.items() if each.get(extension) is True), None)


def _status(properties: Mapping[str, dict[str, Any]]) -> str | None:
    typed = (key for key, each in properties.items() if each.get("x-custom-type") == "status")
    listed = (key for key, each in properties.items() if {"V", "I"} <= set(_texts(each.get("enum"))))
    return next(typed, None) or next(listed, None)


def _texts(values: object) -> list[str]:
    return [each for each in values if isinstance(each, str)] if isinstance(values, list) else []


def _is_number(each: Mapping[str, Any]) -> bool:
    """Return whether a field holds numbers; one of which nothing is said is taken to."""
    given = each.get("type")
    kinds = {given} if isinstance(given, str) else set(_texts(given))
    return not kinds or bool(kinds & {"integer", "number"})


def is_multilingual(each: Mapping[str, Any]) -> bool:
    """Return whether a property has a text for each language."""
    items = each.get("items")
    if isinstance(items, dict) and "culture" in (items.get("properties") or {}):
        return True
    return bool(each.get("x-cultures"))


def _cultures(each: Mapping[str, Any]) -> Sequence[str]:
    items = each.get("items")
    culture = (items.get("properties") or {}).get("culture") if isinstance(items, dict) else None
    return _texts(each.get("x-cultures")) or _texts(
        culture.get("enum") if isinstance(culture, dict) else None
    )


def _is_media(each: Mapping[str, Any]) -> bool:
    kind = str(each.get("x-custom-type") or "").lower()
    return "image" in kind or "file" in kind

"""Rows of the REST API become records."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from amazon_listings.sources.errors import UnusableRow
from amazon_listings.sources.record import identifier, new_record
from amazon_listings.sources.sales_layer.images import loose_images
from amazon_listings.sources.selection import Selection, plain_language

if TYPE_CHECKING:
    from amazon_listings.item import Record
    from amazon_listings.sources.sales_layer.rest_metadata import Resource


def rest_record(row: object, resource: Resource, selection: Selection, language: str | None) -> Record:
    """Return the record of a row.

    Args:
        row: As the API sent it.
        resource: What the row's fields mean.
        selection: Which languages to keep, and which fields are needed.
        language: The language that was asked for; a multi-language field that comes as a bare
            text is in that language.

    Raises:
        UnusableRow: the row is no object, or has neither id nor reference.
    """
    if not isinstance(row, Mapping):
        raise UnusableRow("row.not_an_object")
    reference = identifier(row.get(resource.reference))
    identity = identifier(row.get(resource.identifier)) or reference
    if identity is None:
        raise UnusableRow(
            "row.no_id_nor_reference", identifier=resource.identifier, reference=resource.reference
        )
    record = new_record(identity)
    record["ref"] = reference or identity
    record["status"] = resource.status_word(row.get(resource.status)) if resource.status else ""
    record["modified"] = identifier(row.get(resource.modified)) if resource.modified else None
    # A date that moves with every edit is a field only where it is needed.
    left_out = None if selection.needs(resource.modified) else resource.modified
    for name, value in row.items():
        if "@" in name or name == left_out:
            continue
        if name in resource.texts or (name not in resource.properties and is_by_language(value, resource)):
            record["texts"][name] = _texts(value, selection, language)
        elif name in resource.images:
            _put_images(record, name, value, resource)
        else:
            record["fields"][name] = value
    return record


def is_by_language(value: object, resource: Resource) -> bool:
    """True if a value is an object whose every key is a language of the account."""
    known = {plain_language(code) for code in resource.cultures}
    return isinstance(value, dict) and bool(value) and all(plain_language(key) in known for key in value)


def languages_in(value: object) -> int:
    """In how many languages a multi-language value came."""
    return len(value) if isinstance(value, dict | list) else 0


def _texts(value: object, selection: Selection, language: str | None) -> dict[str, Any]:
    if isinstance(value, list):
        value = {
            each["culture"]: each.get("value")
            for each in value
            if isinstance(each, dict) and "culture" in each
        }
    elif value is not None and not isinstance(value, dict):
        value = {language or "": value}
    texts = {}
    for code, text in (value or {}).items():
        wanted = selection.language(str(code))
        if wanted is not None and text is not None and text != "":
            texts[wanted] = text
    return texts


def _put_images(record: Record, name: str, value: object, resource: Resource) -> None:
    if is_by_language(value, resource) and isinstance(value, dict):
        value = next((each for each in value.values() if each), None)
    images = loose_images(value)
    if images or not value:
        record["images"][name] = images
    else:
        record["fields"][name] = value  # a shape we do not know is better shown than lost

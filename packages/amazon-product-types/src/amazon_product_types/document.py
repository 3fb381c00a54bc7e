"""Is this document a product type definition, and which one?"""

from __future__ import annotations

import gzip
import hashlib
import json
from typing import Any

from amazon_product_types.dialect.meta_schema import misshapen
from amazon_product_types.errors import ProductTypeError

CUT = 80
#: Levels of a definition that are read; Amazon's have some forty.
MOST_LEVELS = 250


class DefinitionError(ProductTypeError, ValueError):
    """The document is not a product type definition; the message says what it is."""


def parse_definition(content: str | bytes) -> dict[str, Any]:
    """Return the document in `content`, checked to be a product type definition.

    Args:
        content: What was downloaded or read: JSON text, or its UTF-8 bytes, gzipped or not.

    Raises:
        DefinitionError: it is HTML, XML, cut off, or JSON of another kind.
    """
    if isinstance(content, bytes):
        content = _decoded(content)
    text = content.lstrip("\ufeff \t\r\n")
    if not text:
        raise DefinitionError("definition_document.empty")
    if text.startswith("<"):
        kind = "HTML" if "<html" in text[:2000].lower() else "XML"
        raise DefinitionError("definition_document.markup", kind=kind, text=_cut(text))
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        if error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated"):
            raise DefinitionError("definition_document.cut_off", characters=len(text)) from None
        raise DefinitionError("definition_document.not_json", reason=error) from None
    except ValueError as error:  # a number with thousands of digits
        raise DefinitionError("definition_document.not_json", reason=str(error).partition(";")[0]) from None
    except RecursionError:
        raise DefinitionError("definition_document.too_deep") from None
    check_definition(document)
    return document  # type: ignore[no-any-return]  # check_definition refuses what is no dict


def check_definition(document: object) -> None:
    """Refuse what is not a product type definition.

    Raises:
        DefinitionError: the document is the answer that links to a definition, or no object, or
            an object without attributes, or one whose keywords have other values than JSON Schema and Amazon
            give them.
    """
    if not isinstance(document, dict):
        raise DefinitionError("definition_document.no_object", found=_json(document))
    if "errors" in document and "properties" not in document:
        raise DefinitionError("definition_document.error_answer", errors=_json(document["errors"]))
    schema = document.get("schema")
    if ("link" in document and "checksum" in document) or (isinstance(schema, dict) and "link" in schema):
        raise DefinitionError("definition_document.only_link")
    properties = document.get("properties")
    if not isinstance(properties, dict) or not properties:
        raise DefinitionError("definition_document.no_properties")
    for name, node in properties.items():
        if not isinstance(node, dict | bool):
            raise DefinitionError("definition_document.no_schema", name=name, found=_json(node))
    if "$vocabulary" in document:
        raise DefinitionError("definition_document.meta_schema")
    _check_form(document)


def _check_form(document: dict[str, Any]) -> None:
    if _is_deep(document):
        raise DefinitionError("definition_document.too_deep")
    try:
        json.dumps(document, ensure_ascii=False).encode()
    except UnicodeError as error:  # half a character, which JSON can escape
        raise DefinitionError("definition_document.not_text", reason=error) from None
    wrong = misshapen(document)
    if wrong:
        raise DefinitionError("definition_document.breaks_schema", path=wrong.path, reason=wrong.reason)


def _is_deep(document: dict[str, Any]) -> bool:
    level: list[Any] = [document]
    for _ in range(MOST_LEVELS):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, dict | list)
        ]
    return bool(level)


def checksum(*documents: object) -> str:
    """Fingerprint of the documents' content; the order of keys counts."""
    return hashlib.sha256(json.dumps(documents, default=repr).encode()).hexdigest()


def _decoded(content: bytes) -> str:
    try:
        if content.startswith(b"\x1f\x8b"):
            content = gzip.decompress(content)
        return content.decode("utf-8-sig")
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise DefinitionError("definition_document.not_text", reason=error) from None


def _json(value: object) -> str:
    return _cut(json.dumps(value, default=repr))


def _cut(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= CUT else text[: CUT - 1] + "…"

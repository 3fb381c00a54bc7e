"""Is this document a product type definition, and which one?"""

from __future__ import annotations

import gzip
import hashlib
import json
from typing import Any, NoReturn

CUT = 80


class DefinitionError(ValueError):
    """The document is not a product type definition; the text says what it is, in one sentence."""


def parse_definition(content: str | bytes) -> dict[str, Any]:
    """The document in `content`, checked to be a product type definition.

    Args:
        content: What was downloaded or read: JSON text, or its UTF-8 bytes, gzipped or not.

    Raises:
        DefinitionError: it is HTML, XML, cut off, or JSON of another kind.
    """
    if isinstance(content, bytes):
        content = _decoded(content)
    text = content.lstrip("\ufeff \t\r\n")
    if not text:
        _refuse("is empty")
    if text.startswith("<"):
        kind = "HTML page" if "<html" in text[:2000].lower() else "XML document"
        _refuse(f"is an {kind}, perhaps an error page or an expired link: {_cut(text)}")
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        if error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated"):
            _refuse(f"is cut off after {len(text):,} characters: the download did not finish")
        _refuse(f"is not JSON: {error}")
    except RecursionError:
        _refuse("is nested too deeply to be read")
    check_definition(document)
    return document  # type: ignore[no-any-return]  # check_definition refuses what is no dict


def check_definition(document: object) -> None:
    """Refuse what is not a product type definition.

    Raises:
        DefinitionError: the document is the answer that links to a definition, or no object, or
            an object without attributes.
    """
    if not isinstance(document, dict):
        _refuse(f"is no JSON object but {_json(document)}")
    if "errors" in document and "properties" not in document:
        _refuse(f"is an error answer of the Selling Partner API: {_json(document['errors'])}")
    schema = document.get("schema")
    if ("link" in document and "checksum" in document) or (isinstance(schema, dict) and "link" in schema):
        _refuse("only links to the definition (`link`, `checksum`): download the document behind the link")
    properties = document.get("properties")
    if not isinstance(properties, dict) or not properties:
        _refuse("has no `properties`, so it describes no attribute")
    for name, node in properties.items():
        if not isinstance(node, dict | bool):
            _refuse(f"describes the attribute `{name}` by {_json(node)}, which is no schema")
    if "$vocabulary" in document:
        _refuse("is the meta-schema, not a definition of a product type")


def checksum(*documents: object) -> str:
    """Fingerprint of the documents' content; the order of keys counts."""
    return hashlib.sha256(json.dumps(documents, default=repr).encode()).hexdigest()


def _decoded(content: bytes) -> str:
    try:
        if content.startswith(b"\x1f\x8b"):
            content = gzip.decompress(content)
        return content.decode("utf-8-sig")
    except (OSError, EOFError, UnicodeDecodeError) as error:
        _refuse(f"is not UTF-8 text: {error}")


def _json(value: Any) -> str:
    return _cut(json.dumps(value, default=repr))


def _cut(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= CUT else text[: CUT - 1] + "…"


def _refuse(reason: str) -> NoReturn:
    raise DefinitionError(f"This is not a product type definition: it {reason}.")

"""The product type definitions that the sandbox serves: its own and those of a folder.

Files of the folder are named `TYPE.COUNTRY.locale[.REQUIREMENTS][.version].json` and served byte
for byte; where only the whole `LISTING` document is there, the other variants are cut from it.
"""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from spapi_sandbox.definitions import dialect, product_type_files
from spapi_sandbox.definitions.files import (
    DefinitionFile,
    cut_variant,
    definition_files,
    property_groups,
)
from spapi_sandbox.definitions.vocabulary import validator

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from spapi_sandbox.marketplaces import Marketplace


class Key(NamedTuple):
    """What identifies one document."""

    product_type: str
    variant: product_type_files.Variant
    version: str = "LATEST"


@dataclass(frozen=True, eq=False)  # one object per document: identity is what caches need
class Definition:
    """One document with what `getDefinitionsProductType` says about it."""

    product_type: str
    locale: str
    version: str
    latest: bool
    display_name: str
    property_groups: dict[str, Any]
    content: bytes = field(repr=False)

    @cached_property
    def document(self) -> dict[str, Any]:
        """The document, parsed."""
        return dict(json.loads(self.content))

    @cached_property
    def validator(self) -> Any:
        """Validator of payloads against the document."""
        return validator(self.document)


def checksum(content: bytes) -> str:
    """Base64 of the MD5 of the exact bytes, as Amazon computes it."""
    return base64.b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode()


class DefinitionLibrary:
    """Finds, builds and keeps definitions; safe to use from several threads.

    Args:
        folder: Folder of real definition files, served besides the sandbox's own types.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._files = sorted(definition_files(folder), key=lambda file: file.version) if folder else []
        self._kept: dict[Key, Definition | None] = {}
        self._lock = threading.Lock()

    def product_types(self, marketplace: Marketplace, language: str) -> list[tuple[str, str, list[str]]]:
        """Return the types of a marketplace: (name, display name, words to be found by)."""
        found = {
            name: (
                name,
                product_type_files.text(declared["display_name"], language),
                list(_words(name, declared, language)),
            )
            for name in product_type_files.product_type_names()
            for declared in (product_type_files.read(name),)
        }
        for file in self._files:
            if file.country == marketplace.country:
                name = file.product_type
                display = name.replace("_", " ").title()
                found[name] = (name, display, display.lower().split())
        return [found[name] for name in sorted(found)]

    def version(self) -> str:
        """Return the version of the whole list of types."""
        names = ",".join(
            [*product_type_files.product_type_names(), *(file.path.name for file in self._files)]
        )
        return _version_of(names.encode())

    def find(self, key: Key) -> Definition | None:
        """Return the definition for `key`; `None` where the type is not sold or the version unknown."""
        with self._lock:
            if key not in self._kept:
                self._kept[key] = self._build(key)
            return self._kept[key]

    def in_force(
        self, product_type: str, marketplace: Marketplace, requirements: str, *, enforced: bool, partner: str
    ) -> Definition | None:
        """Return the definition that submissions are judged by: in the marketplace's own locale."""
        language = marketplace.languages[0][:2]
        variant = product_type_files.Variant(marketplace, language, requirements, enforced, None, partner)
        return self.find(Key(product_type, variant))

    def _build(self, key: Key) -> Definition | None:
        place = (key.product_type, key.variant.marketplace.country)
        files = [file for file in self._files if (file.product_type, file.country) == place]
        found = _from_files(files, key)
        if found is None and key.product_type in product_type_files.product_type_names():
            found = _own(key)
        return found


def _own(key: Key) -> Definition | None:
    document, groups = dialect.compile_document(key.product_type, key.variant)
    declared = product_type_files.read(key.product_type)
    version = _version_of(json.dumps([declared, product_type_files.read("attributes")]).encode())
    if key.version not in {"LATEST", "RELEASE_CANDIDATE", version}:
        return None
    language = key.variant.language
    return Definition(
        product_type=key.product_type,
        locale=language if language in product_type_files.LANGUAGES else "en",
        version=version,
        latest=True,
        display_name=product_type_files.text(declared["display_name"], language),
        property_groups=groups,
        content=_written(document),
    )


def _from_files(files: list[DefinitionFile], key: Key) -> Definition | None:
    wanted, offered = key.variant.requirements, files
    if key.version not in {"LATEST", "RELEASE_CANDIDATE"}:
        files = [file for file in files if _version_of(file.path.name.encode()) == key.version]
    same = [file for file in files if file.requirements == wanted] or [
        file for file in files if file.requirements == "LISTING"
    ]
    if not same:
        return None
    spoken = [file for file in same if file.locale[:2] == key.variant.language] or same
    file = spoken[-1]
    content = file.path.read_bytes()
    document = json.loads(content)
    if file.requirements != wanted or not key.variant.enforced:
        document = cut_variant(
            document, wanted if file.requirements != wanted else "", enforced=key.variant.enforced
        )
        content = _written(document)
    return Definition(
        product_type=key.product_type,
        locale=file.locale,
        version=_version_of(file.path.name.encode()),
        latest=file.version == max(one.version for one in offered if one.requirements == file.requirements),
        display_name=file.product_type.replace("_", " ").title(),
        property_groups=property_groups(list(document["properties"])),
        content=content,
    )


def _words(name: str, declared: dict[str, Any], language: str) -> Iterator[str]:
    yield name.lower().replace("_", " ")
    position = product_type_files.LANGUAGES.index(language) if language in product_type_files.LANGUAGES else 0
    yield from declared["keywords"][position]


def _version_of(content: bytes) -> str:
    digest = hashlib.sha256(content).digest()
    return "U" + base64.urlsafe_b64encode(digest).decode().rstrip("=")[:36] + "="


def _written(document: dict[str, Any]) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode()

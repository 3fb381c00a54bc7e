"""Indexing a folder of connectors: which ids each document declares, and a digest of all that is read."""

from __future__ import annotations

import json
from hashlib import blake2b
from typing import TYPE_CHECKING

from amazon_listings.connectors.assembly import Assembly
from amazon_listings.connectors.layers import Layers, layer_files
from amazon_listings.connectors.loader import document_files, put_together
from amazon_listings.connectors.quality_suite import suite_files
from amazon_listings.connectors.shares import Document, Index, digest_of
from amazon_listings.connectors.texts import content_of, read_file

if TYPE_CHECKING:
    from pathlib import Path


def indexed(folder: Path, known: Index) -> Index:
    """Return the index of a folder as it is now; documents that did not change are not read again.

    Args:
        folder: The folder of connectors.
        known: An earlier index of it, or an empty one.

    Raises:
        ActionRequiredError: the folder is missing or cannot be read.
    """
    paths = document_files(folder)
    layers = digest_of(json.dumps([[name, _of_file(path)] for name, path in layer_files(folder).items()]))
    shared = Layers(folder)
    documents = {}
    for path in paths:
        digest = _of_file(path)
        kept = known.documents.get(path.name)
        if kept is None or kept.digest != digest or (kept.extends and layers != known.layers):
            kept = _document(shared, path, digest)
        documents[path.name] = kept
    return Index(documents, layers, {name: _of_file(path) for name, path in suite_files(folder).items()})


def _document(shared: Layers, path: Path, digest: str) -> Document:
    file = read_file(path)
    # An assembly of its own: one for all would keep every file that has overrides as it is parsed.
    found = list(put_together(Assembly(shared), file, {}))
    value = file.yaml.value
    return Document(
        digest,
        tuple(one.id for one in found),
        extends=isinstance(value, dict) and "extends" in value,
        claims=any("was" in part.patch for one in found for part in one.parts),
    )


def _of_file(path: Path) -> str:
    """Return the digest of what is read of a file; of one that cannot be read, why."""
    try:
        return blake2b(content_of(path), digest_size=16).hexdigest()
    except OSError as error:
        return error.strerror or type(error).__name__

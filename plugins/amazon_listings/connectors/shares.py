"""Shares of a folder's connectors, so that several DAG files make the DAGs of all side by side.

A connector belongs to a share by its id, whatever declares it: so documents and Variables that declare one id
meet in one share. Which documents a share has to read, and whether they changed, stands in an index of the
folder (`indexing.py` makes it).
"""

from __future__ import annotations

import json
import zlib
from dataclasses import asdict, dataclass, field
from hashlib import blake2b

#: What the texts of an index say; another one is made from the documents again.
_FORM = 1


@dataclass(frozen=True)
class Share:
    """One of so many shares of all connectors; a share beyond the last has none.

    Attributes:
        number: Which, from 1.
        of: How many there are.
    """

    number: int
    of: int

    def has(self, connector_id: str) -> bool:
        """Return whether a connector belongs to the share; the same in every process."""
        return zlib.crc32(connector_id.encode("utf-8", "surrogatepass")) % self.of == self.number - 1


@dataclass(frozen=True)
class Document:
    """What an index knows of a document.

    Attributes:
        digest: The digest of its bytes.
        ids: The ids that it declares, each as often as it does.
        extends: Whether it extends layers.
        claims: Whether one of its connectors names ids that it had before, as far as the files say.
    """

    digest: str
    ids: tuple[str, ...]
    extends: bool
    claims: bool


@dataclass(frozen=True)
class Index:
    """What a folder's documents declare.

    Attributes:
        documents: The documents by file name, in the order in which they are read.
        layers: The digest of all layers.
        suites: The digests of the suites of expectations, by the connector's id.
    """

    documents: dict[str, Document] = field(default_factory=dict)
    layers: str = ""
    suites: dict[str, str] = field(default_factory=dict)

    @property
    def ids(self) -> list[str]:
        """The ids that documents declare, each once."""
        return list(dict.fromkeys(name for one in self.documents.values() for name in one.ids))

    def names(self, share: Share) -> list[str]:
        """Return the names of the documents that declare a connector of the share."""
        return [name for name, one in self.documents.items() if any(map(share.has, one.ids))]

    def state(self, share: Share | None) -> str:
        """Return the digest of all that the outcome of a share depends on; without a share, of all."""
        names = list(self.documents) if share is None else self.names(share)
        if any(self.documents[name].claims for name in names):
            share, names = None, list(self.documents)  # any other connector may contradict it
        layers = self.layers if any(self.documents[name].extends for name in names) or share is None else ""
        suites = {name: one for name, one in self.suites.items() if share is None or share.has(name)}
        return digest_of(
            json.dumps([[[name, self.documents[name].digest] for name in names], layers, suites])
        )

    def text(self) -> str:
        """Return the index as text, for `index_of_text`."""
        return json.dumps({"form": _FORM, **asdict(self)})


def index_of_text(text: str) -> Index:
    """Return the index of a text; an empty one where the text is none, or of another version."""
    try:
        kept = json.loads(text)
        if kept.pop("form") != _FORM:
            return Index()
        documents = {
            name: Document(**one | {"ids": tuple(one["ids"])}) for name, one in kept.pop("documents").items()
        }
        return Index(documents, **kept)
    except (ValueError, TypeError, KeyError, AttributeError):
        return Index()


def digest_of(text: str) -> str:
    """Return the digest of a text."""
    return blake2b(text.encode(), digest_size=16).hexdigest()

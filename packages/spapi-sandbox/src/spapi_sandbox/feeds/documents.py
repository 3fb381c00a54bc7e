"""Documents behind pre-signed links: product type schemas, feed uploads, feed reports.

Links are `/documents/<id>?expires=…&signature=…`, refused once expired, as S3 refuses them.
"""

from __future__ import annotations

import hashlib
import hmac
import threading
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from spapi_sandbox.clock import Clock
    from spapi_sandbox.storage import StateFile


class Document(NamedTuple):
    """Bytes with the content type they were stored under; `encoding` is `gzip` if they are."""

    content: bytes
    content_type: str
    encoding: str = ""


class Documents:
    """The documents and the signing of their links; safe to use from several threads.

    Args:
        clock: Expires links.
        seed: Key of the signatures.
        state_file: Where uploads and reports survive a restart.
    """

    def __init__(self, clock: Clock, seed: int, state_file: StateFile) -> None:
        self._clock = clock
        self._key = f"documents {seed}".encode()
        self._file = state_file
        self._lock = threading.Lock()
        self._documents: dict[str, Document] = {}
        for name, value in state_file.all("document"):
            self._documents[name] = Document(
                value["content"].encode("latin-1"), value["type"], value["encoding"]
            )

    def clear(self) -> None:
        """No documents."""
        with self._lock:
            self._documents.clear()

    def store(self, name: str, document: Document, *, lasting: bool = True) -> None:
        """Keeps a document under `name`."""
        with self._lock:
            self._documents[name] = document
        if lasting:
            value = {
                "content": document.content.decode("latin-1"),
                "type": document.content_type,
                "encoding": document.encoding,
            }
            self._file.put("document", name, value)

    def find(self, name: str) -> Document | None:
        """Return the document of that name."""
        with self._lock:
            return self._documents.get(name)

    def link(self, base: str, name: str, seconds: float, **more: str) -> str:
        """Return a link to `name` that works for `seconds`."""
        expires = f"{self._clock.now() + seconds:.3f}"
        query = "".join(f"&{key}={value}" for key, value in more.items())
        return f"{base}/documents/{name}?expires={expires}&signature={self._sign(name, expires)}{query}"

    def refusal(self, name: str, query: Any) -> str:
        """Return why a link does not work (S3's error code), or an empty string."""
        expires, signature = query.get("expires", ""), query.get("signature", "")
        if not hmac.compare_digest(self._sign(name, expires), signature):
            return "SignatureDoesNotMatch"
        return "AccessDenied" if float(expires) < self._clock.now() else ""

    def _sign(self, name: str, expires: str) -> str:
        return hmac.new(self._key, f"{name} {expires}".encode(), hashlib.sha256).hexdigest()

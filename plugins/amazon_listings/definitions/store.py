"""Where definitions are kept: one record per key, one file per document, named by its checksum.

    <root>/definitions/<product type>/<marketplace>/<locale>-<key digest>.json
    <root>/definitions/<product type>/<marketplace>/<locale>-<key digest>.refused   when Amazon gave nothing
    <root>/documents/<MD5 of the document in hex>.json

A document is only ever written under the name of its own content, so that a failed download
cannot replace a good one and workers that fetch at the same time write the same thing.
"""

from __future__ import annotations

import base64
import contextlib
import fcntl
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from tempfile import NamedTemporaryFile
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from amazon_listings.definitions.stored import (
    DefinitionDamaged,
    DefinitionKey,
    NoDefinition,
    StoredDefinition,
)
from amazon_listings.messages import message

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from amazon_listings.messages import Message

#: How many earlier versions a record remembers; their documents are kept for `diff`.
_REMEMBERED = 20


class DefinitionStore:
    """Definitions under a folder: a `pathlib.Path`, or Airflow's `ObjectStoragePath`.

    Args:
        root: The folder; it is made when first written to.
        pins: Checksums by the name of a key (`name_of`): of these keys that version is read.
    """

    def __init__(self, root: Path, pins: Mapping[str, str] = MappingProxyType({})) -> None:
        self.root = _local(root) or root
        self._pins = pins

    @staticmethod
    def name_of(key: DefinitionKey) -> str:
        """Return the name by which a key can be pinned."""
        return f"{key.locale}-{key.digest}"

    def load(self, key: DefinitionKey) -> StoredDefinition:
        """Return the stored definition of a key.

        Raises:
            NoDefinition: there is none, or its record can not be read.
        """
        record = self._record(key)
        if record is None:
            raise NoDefinition(
                "definitions.none_stored",
                key=key,
            )
        return self._stored(key, record)

    def find(self, key: DefinitionKey) -> StoredDefinition | None:
        """Return the stored definition of a key if its document is there and whole, else None."""
        record = self._record(key)
        if record is None:
            return None
        stored = self._stored(key, record)
        try:
            _ = stored.document
        except (OSError, DefinitionDamaged):
            return None
        return stored

    def keep(self, key: DefinitionKey, content: bytes | None, about: dict[str, Any]) -> StoredDefinition:
        """Remember Amazon's answer, and its document where it is new.

        Args:
            key: What was asked.
            content: The document; None if the stored one has the checksum of the answer.
            about: `checksum`, `version`, `latest`, `locale`, `display_name`, `property_groups`.
        """
        now = datetime.now(UTC).isoformat()
        before = self._record(key) or {}
        changed = before.get("checksum") != about["checksum"]
        if content is not None:
            self._write(self._file(about["checksum"]), content)
        earlier = before.get("earlier", [])
        if changed and before:
            earlier = [{k: before[k] for k in ("checksum", "version", "fetched_at")}, *earlier][:_REMEMBERED]
        latest_until = None if about["latest"] else before.get("outdated_since") or now
        record = about | {
            "key": vars(key),
            "fetched_at": now if content is not None or not before else before["fetched_at"],
            "checked_at": now,
            "outdated_since": latest_until,
            "earlier": earlier,
        }
        self._write(self._place(key), json.dumps(record, ensure_ascii=False, indent=1).encode())
        return self._stored(key, record)

    def keep_same(self, key: DefinitionKey, other: StoredDefinition) -> StoredDefinition:
        """Remember that Amazon gives nothing of its own for a key, and that another's document counts.

        Args:
            key: What was asked.
            other: The definition whose document counts.
        """
        names = ("checksum", "version", "latest", "locale", "display_name", "property_groups")
        return self.keep(key, None, {name: getattr(other, name) for name in names})

    def keep_refusal(self, key: DefinitionKey) -> None:
        """Remember that Amazon gives nothing for a key now."""
        self._write(self._refusal(key), datetime.now(UTC).isoformat().encode())

    def was_refused(self, key: DefinitionKey, since: datetime) -> bool:
        """Return whether Amazon gave nothing for a key since a moment."""
        try:
            refused = datetime.fromisoformat(self._refusal(key).read_bytes().decode())
        except (OSError, ValueError):
            return False
        return since <= refused <= datetime.now(UTC)

    def earlier(self, key: DefinitionKey) -> list[StoredDefinition]:
        """Return the versions that this key had before, the newest first; their documents are kept."""
        record = self._record(key)
        if record is None:
            return []
        return [
            self._stored(key, record | entry | {"latest": False, "outdated_since": None})
            for entry in record["earlier"]
        ]

    def keys(self) -> Iterator[DefinitionKey]:
        """Yield every key that has a record."""
        folder = self.root / "definitions"
        if not folder.exists():
            return
        for product_type in sorted(folder.iterdir(), key=str):
            for marketplace in sorted(product_type.iterdir(), key=str):
                for file in sorted(marketplace.iterdir(), key=str):
                    record = _read(file) if file.name.endswith(".json") else None
                    if record is not None:
                        yield DefinitionKey(**record["key"])

    @contextlib.contextmanager
    def alone(self, key: DefinitionKey) -> Iterator[None]:
        """Hold others off this key: on one machine one worker fetches and the rest wait for it.

        Object storage has no locks; there, workers that fetch at once write the same documents.
        The operating system frees the lock of a process that dies.
        """
        if not isinstance(self.root, Path):
            yield
            return
        place = self._place(key).with_suffix(".lock")
        place.parent.mkdir(parents=True, exist_ok=True)
        with place.open("w") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield

    def _place(self, key: DefinitionKey) -> Path:
        name = f"{self.name_of(key)}.json"
        return self.root / "definitions" / _safe(key.product_type) / _safe(key.marketplace_id) / name

    def _refusal(self, key: DefinitionKey) -> Path:
        return self._place(key).parent / f"{self.name_of(key)}.refused"

    def _file(self, base64_md5: str) -> Path:
        return self.root / "documents" / f"{base64.b64decode(base64_md5).hex()}.json"

    def _record(self, key: DefinitionKey) -> dict[str, Any] | None:
        record = _read(self._place(key))
        if record is None or record["key"] != vars(key):
            return None
        pin = self._pins.get(self.name_of(key), record["checksum"])
        return record if pin == record["checksum"] else _as_it_was(record, pin)

    def _stored(self, key: DefinitionKey, record: dict[str, Any]) -> StoredDefinition:
        stored = StoredDefinition(
            key=key,
            checksum=record["checksum"],
            version=record["version"],
            latest=record["latest"],
            locale=record["locale"],
            display_name=record["display_name"],
            fetched_at=datetime.fromisoformat(record["fetched_at"]),
            checked_at=datetime.fromisoformat(record["checked_at"]),
            property_groups=record["property_groups"],
            file=self._file(record["checksum"]),
        )
        if key.version not in {"LATEST", "RELEASE_CANDIDATE"} and record["outdated_since"]:
            since = datetime.fromisoformat(record["outdated_since"])
            stored = stored.warned(
                message(
                    "definition.pin_outdated",
                    product_type=key.product_type,
                    version=key.version,
                    since=since.date(),
                    age=age(since),
                )
            )
        return stored

    def _write(self, file: Path, content: bytes) -> None:
        if not isinstance(file, Path):
            # A PUT to object storage is there whole, or not at all.
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
            return
        file.parent.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile(dir=file.parent, prefix=f".{file.name}.", delete=False) as handle:
            handle.write(content)
            handle.flush()
            os.fsync(handle.fileno())
        Path(handle.name).replace(file)


def _as_it_was(record: dict[str, Any], checksum: str) -> dict[str, Any]:
    """Return a record with a version that it had before; those before that one are its earlier ones."""
    earlier: list[dict[str, Any]] = record["earlier"]
    place = next((at for at, entry in enumerate(earlier) if entry["checksum"] == checksum), None)
    if place is None:  # longer ago than is remembered; its document is kept
        return record | {"checksum": checksum, "earlier": []}
    return record | earlier[place] | {"earlier": earlier[place + 1 :]}


def age(since: datetime) -> Message:
    """Return how long ago, to be worded: `3 days`, `5 hours`."""
    seconds = int((datetime.now(UTC) - since).total_seconds())
    for size, name in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= size:
            return message(f"definition.age_{name}s", count=seconds // size)
    return message("duration.seconds")


def _read(file: Path) -> dict[str, Any] | None:
    """Return the record in a file; None if there is none or it can not be read."""
    try:
        record = json.loads(file.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    whole = {"key", "checksum", "version", "fetched_at", "checked_at", "property_groups", "earlier"}
    return record if isinstance(record, dict) and whole <= set(record) else None


def _local(root: Path) -> Path | None:
    """Return the local folder behind a `file://` path of Airflow, which can do what `pathlib` can."""
    if isinstance(root, Path) and not hasattr(root, "protocol"):
        return root
    if getattr(root, "protocol", None) in {"file", "local", ""}:
        return Path(str(getattr(root, "path", root)))
    return None


def _safe(name: str) -> str:
    """Return a name of Amazon's as a folder's name: nothing in it may lead elsewhere."""
    return "".join(mark if mark.isalnum() or mark in "_-" else "_" for mark in name) or "_"

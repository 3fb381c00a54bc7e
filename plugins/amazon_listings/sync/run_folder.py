"""Where the items of one run are kept: parts of JSON Lines in object storage.

A run's folder holds one folder per stage (`extract`, `quality`, `mapped`, `tested`, `live`), and in
each the same parts: `part-00001.jsonl` of every stage speaks of the same items in the same order.
So every later stage reads part by part, and memory stays flat in the number of items.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

STAGES = ("extract", "problems", "quality", "mapped", "tested", "live", "report")


def safe_name(text: str) -> str:
    """`text` as one path segment: readable, and different for different texts.

    A DAG run id may hold anything (`manual__2026-11-23T12:00:00+00:00`, `../x`).
    """
    readable = re.sub(r"[^A-Za-z0-9_.-]+", "-", text).strip(".-")[:80]
    if readable == text:
        return text
    return f"{readable}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


@dataclass(frozen=True)
class RunFolder:
    """The folder of one run; `root` is a `pathlib.Path` or an object storage path."""

    root: Path

    @classmethod
    def of(cls, storage: Path, connector_id: str, run_id: str) -> RunFolder:
        """The folder of a connector's run below `storage`."""
        return cls(storage / "runs" / safe_name(connector_id) / safe_name(run_id))

    def stage(self, stage: str) -> Path:
        """The folder of a stage; it exists after this call."""
        folder = self.root / stage
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def parts(self, stage: str = "extract") -> list[str]:
        """Names of the parts of a stage, in order."""
        folder = self.root / stage
        if not folder.exists():
            return []
        return sorted(path.name for path in folder.iterdir() if path.name.endswith(".jsonl"))

    def read(self, stage: str, part: str) -> Iterator[Any]:
        """The rows of one part; nothing if the stage has no such part."""
        path = self.root / stage / part
        if not path.exists():
            return
        with path.open(encoding="utf-8") as lines:
            for line in lines:
                yield json.loads(line)

    def write(self, stage: str, part: str, rows: Iterable[Any]) -> int:
        """Write one part whole; the number of rows. An earlier part of that name is replaced."""
        count = 0
        with (self.stage(stage) / part).open("w", encoding="utf-8") as out:
            for row in rows:
                out.write(json.dumps(row, ensure_ascii=False, separators=(",", ":")))
                out.write("\n")
                count += 1
        return count

    def clear(self, *stages: str) -> None:
        """Forget what earlier tries of this run left in these stages."""
        for stage in stages:
            folder = self.root / stage
            if folder.exists():
                for path in folder.iterdir():
                    if path.is_file():
                        path.unlink()

    def clear_all(self) -> None:
        """Forget everything earlier tries of this run left."""
        self.clear(*STAGES)
        if self.root.exists():
            for path in self.root.iterdir():
                if path.name.endswith(".json"):
                    path.unlink()

    def note(self, name: str, document: dict[str, Any]) -> None:
        """Keep a small document beside the stages (`extract.json`, `failure.json`)."""
        self.root.mkdir(parents=True, exist_ok=True)
        (self.root / f"{name}.json").write_text(json.dumps(document, ensure_ascii=False, indent=1))

    def noted(self, name: str) -> dict[str, Any] | None:
        """The document kept under that name, if there is one."""
        path = self.root / f"{name}.json"
        return json.loads(path.read_text()) if path.exists() else None


def part_name(number: int) -> str:
    """The name of the n-th part, counted from 1."""
    return f"part-{number:05d}.jsonl"

"""Reads the files of `data/catalogue`, without expanding them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from spapi_sandbox.catalogue.entry import TABLES, Field, Table
from spapi_sandbox.data_files import read_yaml

FOLDER = Path(__file__).resolve().parents[1] / "data" / "catalogue"
FAMILIES = ("lamp", "backpack", "drinking_cup")


@dataclass(frozen=True)
class CatalogueFiles:
    """What the folder says, unexpanded."""

    words: dict[str, Any]
    families: list[dict[str, Any]]
    mistakes: list[dict[str, Any]]
    fields: dict[Table, dict[str, Field]]
    languages: tuple[str, ...]
    company: dict[str, Any]


@cache
def read_files(folder: Path = FOLDER) -> CatalogueFiles:
    """Return the catalogue's files, read once."""
    words = read_yaml(folder / "words.yaml")
    languages = tuple(words["languages"])
    return CatalogueFiles(
        words=words,
        families=[read_yaml(folder / f"{name}.yaml") for name in FAMILIES],
        mistakes=read_yaml(folder / "mistakes.yaml"),
        fields=_fields(read_yaml(folder / "fields.yaml"), languages),
        languages=languages,
        company=words["company"],
    )


def _fields(document: dict[str, Any], languages: tuple[str, ...]) -> dict[Table, dict[str, Field]]:
    return {
        table: {
            name: Field(
                name=name,
                type=kind.rstrip("*"),
                per_language=kind.endswith("*"),
                titles=dict(zip(languages, map(str, titles), strict=True)),
                rest_name=document["rest_names"][table].get(name, name),
            )
            for name, (kind, *titles) in document[table].items()
        }
        for table in TABLES
    }


@dataclass(frozen=True)
class Plan:
    """One product of a family as it is written: the row from which its entries are made."""

    files: CatalogueFiles
    family: dict[str, Any]
    row: dict[str, Any]

    @property
    def kind(self) -> dict[str, Any]:
        """What its family says about products of its kind."""
        kind: dict[str, Any] = self.family["kinds"][self.row["kind"]]
        return kind

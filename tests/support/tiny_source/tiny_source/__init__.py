"""A PIM in one JSON file, behind a password."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from amazon_listings.sources.errors import CredentialsRefused
from amazon_listings.sources.port import (
    Abilities,
    ConnectionFields,
    ConnectionType,
    FieldDescription,
    OpenedSource,
    Source,
)
from amazon_listings.sources.record import new_record

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from amazon_listings.sources.port import Access, Rows
    from amazon_listings.sources.reading import Reading
    from amazon_listings.sources.selection import Selection
    from amazon_listings.sources.settings import SourceSettings
    from amazon_listings.sources.staging import StagingStore

PASSWORD = "open sesame"


class TinyPim(OpenedSource):
    """The file of one connection, `host`, and the season that a connector takes from it."""

    def __init__(self, found: ConnectionFields, season: str | None = None) -> None:
        self._found = found
        self._season = season

    def fill(self, store: StagingStore, selection: Selection, reading: Reading) -> None:
        """Put every product of the season into the store."""
        document = self._read()
        reading.cursor = document["now"]
        for number, product in enumerate(document["products"]):
            if self._season in {None, product["season"]}:
                record = new_record(str(number))
                record |= {"ref": product["code"], "status": "visible", "modified": document["now"]}
                record["fields"] = {key: value for key, value in product.items() if key != "title"}
                record["texts"] = {"title": product["title"]}
                store.put_product(str(number), record, shown=selection.takes("visible"))

    def check(self) -> str:
        """Count the products."""
        return f"{len(self._read()['products'])} products."

    def fields(self) -> Iterable[FieldDescription]:
        """Return the one field that has a title."""
        yield FieldDescription("title", ("Name of the product",), "text")

    def tables(self, wanted: Mapping[str, str], languages: Sequence[str]) -> dict[str, Rows]:
        """Return the rows of the file's tables, the same in every language."""
        document = self._read()
        return {name: dict.fromkeys(languages, document[place]) for name, place in wanted.items()}

    def _read(self) -> dict[str, Any]:
        if self._found.password != PASSWORD:
            raise CredentialsRefused(
                "The tiny PIM refuses the password.", hint="Correct it in the connection."
            )
        document: dict[str, Any] = json.loads(Path(self._found.host).read_text(encoding="utf-8"))
        return document


SETTINGS = {
    "title": "Tiny PIM",
    "description": "Take the products from a tiny PIM.",
    "properties": {
        "connection": {
            "title": "Connection",
            "description": "Id of the Airflow connection of type tiny_pim.",
            "type": "string",
            "default": "tiny_pim",
        },
        "season": {
            "title": "Season",
            "description": "Only the products of this season.",
            "enum": ["summer", "winter"],
        },
    },
}


class _Tiny(Source):
    name = "tiny_pim"
    title = "Tiny PIM"
    summary = "a tiny PIM"
    settings_schema = SETTINGS
    abilities = Abilities(tables=True)
    connection: ConnectionType | None = ConnectionType(
        "tiny_pim",
        "Tiny PIM",
        lambda found: TinyPim(found).check(),
        behaviour={"hidden-fields": ["port", "schema", "login", "extra"], "relabeling": {"host": "File"}},
    )

    def open(self, settings: SourceSettings, access: Access) -> TinyPim:
        """Return the PIM of the connection that the settings name."""
        found = access.connection(settings.own["connection"], "tiny_pim")
        return TinyPim(found, settings.own.get("season"))


SOURCE: Source = _Tiny()

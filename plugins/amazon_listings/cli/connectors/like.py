"""Write connectors that are like another one: a file for each country, or countries of its matrix."""

from __future__ import annotations

from typing import TYPE_CHECKING

from amazon_listings.cli.inputs.configured import connector_of, declarations_in
from amazon_listings.cli.inputs.definitions import marketplace_of
from amazon_listings.cli.output.refusals import end, refuse, say

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from amazon_listings.connectors import Connector


def write_like(like: str, countries: Sequence[str], connector_id: str | None, folder: Path | None) -> None:
    """Write what a connector is for one country for others, and print the files.

    Raises:
        ActionRequiredError: the folder cannot be read, or the connector's matrix cannot be extended.
    """
    from amazon_listings.authoring.like import extended
    from amazon_listings.authoring.like import like as likeness

    found = connector_of(like, folder)
    path = found.where.path
    places = [marketplace_of(name) for name in countries]
    if path is None or not places:
        refuse("cli.like_needs_country", like=like)
    declared = declarations_in(folder, {})[found.id]
    text = path.read_text(encoding="utf-8-sig")
    if declared.file is not None and "for" in declared.file.yaml.value:
        _checked(path, extended(text, [place.country for place in places]), folder)
        say("new.for_too", path=path, countries=[place.country for place in places])
        return
    for place in places:
        name = connector_id if connector_id and len(places) == 1 else _id_like(found, place.country)
        new = path.with_name(f"{name}.yaml")
        if new.exists():
            refuse("cli.file_exists", path=new)
        _checked(new, likeness(text, found, place, name), folder)
        say("new.like", path=new, connector=name, like=found.id, locale=found.amazon.locale)


def _id_like(connector: Connector, country: str) -> str:
    """Return the id with the country in the place of the other's, or before it."""
    old = connector.amazon.country.lower()
    parts = connector.id.split("_")
    if old in parts:
        parts[parts.index(old)] = country.lower()
        return "_".join(parts)
    return f"{country.lower()}_{connector.id}"


def _checked(path: Path, text: str, folder: Path | None) -> None:
    """Write a file, and take it back if it makes a connector that cannot be used."""
    from amazon_listings.cli.inputs.configured import connectors_in

    before = path.read_bytes() if path.exists() else None
    wrong = {one.id for one in connectors_in(folder, {}).broken}
    path.write_text(text, encoding="utf-8")
    broken = [one for one in connectors_in(folder, {}).broken if one.id not in wrong]
    if broken:
        if before is None:
            path.unlink()
        else:
            path.write_bytes(before)
        end(broken[0].text)

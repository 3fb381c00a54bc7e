"""Image and file fields: from either API's shape to the record's.

The connector API sends a list of positional entries, the original among other sizes. How the
REST API shows an `image_pack` is not documented, so every plausible shape is read: an address,
an object with addresses or with an object per size, or the positional entries.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from amazon_listings.item import Image

#: Names under which the original stands; the connector API says ORG, its file fields FILE.
ORIGINALS = ("org", "original", "file")
#: Names under which an object holds its address: no size, and taken even where it is no address,
#: so that a quality check can say so.
ADDRESSES = ("url", "src", "source", "href", "link")
UNCHANGED = "U"
DELETED = "D"


def is_unchanged(value: object) -> bool:
    """True if the connector API says only that the media is the same as at `last_update`."""
    return isinstance(value, list) and bool(value) and value[0] == UNCHANGED


def is_unfinished(value: object, columns: Sequence[str]) -> bool:
    """True if an entry of a connector API field is there and has no address yet: it is still being made."""
    entries = value if isinstance(value, list) and not is_unchanged(value) else []
    return any(
        isinstance(entry, list)
        and len(entry) > 1
        and entry[0] not in {DELETED, UNCHANGED}
        and not positional_images([entry], columns, {})
        for entry in entries
    )


def positional_images(value: object, columns: Sequence[str], areas: Mapping[str, int]) -> list[Image]:
    """Return the images of a connector API field.

    Args:
        value: A list of entries `[status, id, address, address …]`.
        columns: What stands at each place of an entry, e.g. `["STATUS", "ID", "ORG", "TH"]`.
        areas: Width times height by size code, where the API tells.
    """
    if isinstance(value, str):
        value = [value] if value else []
    images = []
    for entry in value if isinstance(value, list) else []:
        if isinstance(entry, list):
            cells = dict(zip(columns, entry, strict=False))
            if cells.get("STATUS") == DELETED:
                continue
            sizes = {
                name: cell
                for name, cell in cells.items()
                if name not in {"STATUS", "ID"} and isinstance(cell, str) and cell
            }
            images += _image(sizes, areas)
        else:
            images += loose_images(entry)
    return images


def loose_images(value: object) -> list[Image]:
    """Return the images of a value whose shape is not documented; empty if none is recognised."""
    if isinstance(value, str):
        return [{"url": value}] if value else []
    if isinstance(value, list):
        if value and isinstance(value[0], str) and not _is_address(value[0]) and len(value) > 2:  # noqa: PLR2004 - id, format, address
            return _image({str(n): cell for n, cell in enumerate(value) if _is_address(cell)}, {})
        return [image for entry in value for image in loose_images(entry)]
    return _from_object(value) if isinstance(value, dict) else []


def _from_object(value: Mapping[str, Any]) -> list[Image]:
    nested = value.get("sizes")
    everything = {**value, **nested} if isinstance(nested, dict) else value
    plain = next((everything[name] for name in ADDRESSES if _is_text(everything.get(name))), None)
    sizes, areas = _sizes(everything)
    images = _image(sizes, areas)
    if plain:
        images = [{"url": plain, "sizes": sizes} if sizes else {"url": plain}]
    for image in images:
        _describe(image, value)
    return images


def _sizes(value: Mapping[str, Any]) -> tuple[dict[str, str], dict[str, int]]:
    """Address and area by size code, of an object with an address or an object per size."""
    sizes: dict[str, str] = {}
    areas: dict[str, int] = {}
    for name, cell in value.items():
        if name in ADDRESSES:
            continue
        if _is_address(cell):
            sizes[name] = cell
        elif isinstance(cell, dict):
            address = next((each for each in cell.values() if _is_address(each)), None)
            if address:
                sizes[name], areas[name] = address, area(cell)
    return sizes, areas


def _describe(image: Image, value: Mapping[str, Any]) -> None:
    if isinstance(value.get("name"), str):
        image["name"] = value["name"]
    if isinstance(value.get("mime"), str):
        image["mime"] = value["mime"]
    if isinstance(value.get("width"), int):
        image["width"] = value["width"]
    if isinstance(value.get("height"), int):
        image["height"] = value["height"]


def _image(sizes: Mapping[str, str], areas: Mapping[str, int]) -> list[Image]:
    if not sizes:
        return []
    named = {name.lower(): address for name, address in sizes.items()}
    original = next((named[name] for name in ORIGINALS if name in named), None)
    if original is None:
        original = sizes[max(sizes, key=lambda name: areas.get(name, 0))]
    return [{"url": original, "sizes": dict(sizes)}]


def area(size: object) -> int:
    """Width times height of a size's description, 0 if unknown."""
    if not isinstance(size, Mapping):
        return 0
    try:
        return int(size.get("width", 0)) * int(size.get("height", 0))
    except (TypeError, ValueError):
        return 0


def _is_text(cell: object) -> bool:
    return isinstance(cell, str) and bool(cell)


def _is_address(cell: object) -> bool:
    return isinstance(cell, str) and cell.startswith(("http://", "https://", "//"))

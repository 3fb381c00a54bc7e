"""Images and files, by position and size."""

from __future__ import annotations

from typing import Any

from amazon_listings.mapping.formulas.limits import check_list

#: Names of the original picture: Sales Layer's `.org` and `.source`.
_ORIGINAL = frozenset(("", "ORG", "SOURCE", "URL"))
_FACTS = ("name", "mime", "width", "height")


def image(value: object, position: int = 1, what: str = "ORG") -> object:
    """`{field.2.org}`: the picture at a position (from 1), as the URL of a size or a fact (`width`)."""
    pictures = _pictures(value)
    return picture(pictures[position - 1], what) if 1 <= position <= len(pictures) else None


def images(value: object, what: str = "ORG") -> list[Any]:
    """`{field.all.org}`: the URLs (or a fact) of all pictures, in the PIM's order."""
    return [found for one in _pictures(value) if (found := picture(one, what)) is not None]


def picture(one: Any, what: str = "ORG") -> object:
    """Return the URL of a picture in a size (the original without one), or one of its facts."""
    if isinstance(one, str):
        return one if what.upper() in _ORIGINAL else None
    if what.lower() in _FACTS:
        return one.get(what.lower())
    if what.upper() in _ORIGINAL:
        return one.get("url") or None
    sizes = {code.upper(): url for code, url in (one.get("sizes") or {}).items()}
    return sizes.get(what.upper())


def _pictures(value: object) -> list[Any]:
    if value is None:
        return []
    pictures = value if isinstance(value, list | tuple) else [value]
    check_list(len(pictures))
    return [one for one in pictures if one and isinstance(one, str | dict)]


FILTERS = {"image": image, "images": images}

"""The sizes in which the PIM offers an image, and their addresses."""

from __future__ import annotations

from typing import Any

SIZES: dict[str, int] = {"ORG": 1000, "IMD": 500, "THM": 150}
"""Edge in pixels by size code: original, intermediate, thumbnail."""


def address(image: dict[str, Any], base_url: str, size: str = "ORG") -> str:
    """Return the absolute address of an image in a size; an address of elsewhere stays as it is."""
    url: str = image["url"]
    return base_url + url.replace("/ORG/", f"/{size}/", 1) if url.startswith("/") else url


def sizes_of(image: dict[str, Any], base_url: str) -> dict[str, dict[str, Any]]:
    """Address and edge lengths by size code."""
    return {
        size: {"url": address(image, base_url, size), "width": edge, "height": edge}
        for size, edge in SIZES.items()
    }

"""Reads `data/product_types`: the product types written for the sandbox, in four languages."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from spapi_sandbox.data_files import read_yaml

if TYPE_CHECKING:
    from spapi_sandbox.marketplaces import Marketplace

FOLDER = Path(__file__).resolve().parents[1] / "data" / "product_types"
LANGUAGES = ("en", "es", "fr", "de")


class Variant(NamedTuple):
    """Which document of a product type: what `getDefinitionsProductType` was asked for.

    `partner` is `seller` or `vendor`, `parentage` is `None` or one of `NONE`, `CHILD`, `PARENT`.
    """

    marketplace: Marketplace
    language: str
    requirements: str = "LISTING"
    enforced: bool = True
    parentage: str | None = None
    partner: str = "seller"


@cache
def product_type_names() -> tuple[str, ...]:
    """Return the product types written for the sandbox, sorted."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.yaml") if path.stem.isupper()))


@cache
def read(name: str) -> dict[str, Any]:
    """Return one file of the folder: a product type, `attributes` or `vocabularies`."""
    return dict(read_yaml(FOLDER / f"{name}.yaml"))


def text(texts: list[str] | tuple[str, ...], language: str) -> str:
    """Return the text of `language` (`fr`); English where the sandbox does not speak the language."""
    return texts[LANGUAGES.index(language) if language in LANGUAGES else 0]

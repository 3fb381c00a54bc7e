"""The definitions that fields are held to: Amazon's own, where they are at hand, and the sandbox's."""

from __future__ import annotations

import json
import os
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from amazon_listings.marketplaces import marketplace
from spapi_sandbox.definitions.library import DefinitionLibrary, Key
from spapi_sandbox.definitions.product_type_files import Variant, product_type_names

ROOT = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("AMAZON_LISTINGS_SHARED", ROOT.parent / "shared"))
REAL = SHARED / "amazon" / "product_types"

REAL_NAMES = (
    "BRACELET.US.en_US.2026-05",
    "HOME.FR.fr_FR.2025-01",
    "HOME.US.en_US.2025-01",
    "PRODUCT.GB.en_GB.LISTING_OFFER_ONLY.2024-09",
    "PRODUCT.GB.en_GB.LISTING_OFFER_ONLY.2025-09",
)
SANDBOX_NAMES = tuple(
    f"sandbox {name} {requirements}"
    for name in product_type_names()
    for requirements in ("LISTING", "LISTING_OFFER_ONLY")
)
ALL_NAMES = (*REAL_NAMES, *SANDBOX_NAMES)


def document(name: str, language: str = "fr") -> dict[str, Any]:
    """The definition of that name; skips the test where Amazon's files are not at hand."""
    if name.startswith("sandbox "):
        return _sandbox(name, language)
    if not REAL.is_dir():
        pytest.skip(f"Amazon's definitions are not at {REAL}; set AMAZON_LISTINGS_SHARED to their folder")
    return _real(name)


@cache
def _real(name: str) -> dict[str, Any]:
    return json.loads((REAL / f"{name}.json").read_bytes())


@cache
def _sandbox(name: str, language: str) -> dict[str, Any]:
    _, product_type, requirements = name.split()
    found = DefinitionLibrary().find(Key(product_type, Variant(marketplace("FR"), language, requirements)))
    assert found is not None
    return found.document

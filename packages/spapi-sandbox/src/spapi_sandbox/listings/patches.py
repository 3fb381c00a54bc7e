"""What PATCH does to a listing's attributes ("Listings Items API v2021-08-01", `PatchOperation`).

Only whole attributes are addressed. `add` and `replace` set an attribute, `merge` sets fields of
the element with the same selector values (a field set to null goes), `delete` drops the elements
whose selector values are given.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from spapi_sandbox.admission.refusals import Refusal
from spapi_sandbox.definitions.vocabulary import selector_key

if TYPE_CHECKING:
    from spapi_sandbox.marketplaces import Marketplace

Attributes = dict[str, Any]
Patch = dict[str, Any]
_ABSENT: tuple[Any, ...] = (None, "")
_RELATIONSHIP = {"parentage_level", "child_parent_sku_relationship", "variation_theme"}


def check(patches: Any) -> list[Patch]:
    """The patches of a request; refused with Amazon's texts where their shape is wrong."""
    if not isinstance(patches, list) or not patches:
        raise Refusal(400, "Missing required 'patches' in the request body.")
    for number, patch in enumerate(patches):
        if not isinstance(patch, dict) or patch.get("op") not in {"add", "replace", "merge", "delete"}:
            raise Refusal(400, f"Invalid operation provided in patch at index of {number}.")
        path = patch.get("path")
        if not isinstance(path, str) or not path.startswith("/attributes/") or path.count("/") != 2:  # noqa: PLR2004 - /attributes/name
            raise Refusal(400, f"Invalid path provided in patch at index of {number}.")
        value = patch.get("value")
        if (
            not isinstance(value, list)
            or not value
            or not all(isinstance(element, dict) for element in value)
        ):
            raise Refusal(400, f"Invalid empty value provided in patch at index of {number}.")
    return patches


def attribute_of(patch: Patch) -> str:
    """The attribute that a checked patch addresses."""
    return str(patch["path"].removeprefix("/attributes/").replace("~1", "/").replace("~0", "~"))


def for_marketplace(patch: Patch, marketplace: Marketplace, first: Marketplace) -> Patch | None:
    """The part of a patch that concerns one marketplace; elements without an id are for `first`, or all."""
    elements = [
        element
        for element in patch["value"]
        if element.get("marketplace_id", first.id if _tells(patch) else marketplace.id) == marketplace.id
    ]
    return {**patch, "value": elements} if elements else None


def _tells(patch: Patch) -> bool:
    return any("marketplace_id" in element for element in patch["value"])


def apply(
    attributes: Attributes, patch: Patch, schema: dict[str, Any], marketplace: Marketplace
) -> Attributes:
    """`attributes` after one checked patch; `schema` is the attribute's own (empty if unknown)."""
    name = attribute_of(patch)
    given = [with_defaults(name, element, schema, marketplace) for element in patch["value"]]
    if patch["op"] in {"add", "replace"}:
        return {**attributes, name: given}
    selectors = schema.get("selectors")
    for element in given:
        absent = [selector for selector in selectors or [] if element.get(selector, "") in _ABSENT]
        if absent:
            raise Refusal(400, "Invalid parameters provided.", details=f"'{name}' needs {', '.join(absent)}.")
    current = [with_defaults(name, element, schema, marketplace) for element in attributes.get(name, [])]
    changed = (
        _merged(current, given, selectors) if patch["op"] == "merge" else _left(current, given, selectors)
    )
    if changed:
        return {**attributes, name: changed}
    return {other: value for other, value in attributes.items() if other != name}


def _merged(current: list[Any], given: list[Any], selectors: list[str] | None) -> list[Any]:
    merged = copy.deepcopy(current)
    for element in given:
        key = selector_key(element, selectors or [])
        target = next((entry for entry in merged if selector_key(entry, selectors or []) == key), None)
        if target is None:
            target = {}
            merged.append(target)
        target.update(copy.deepcopy(element))
        for field in [field for field, value in target.items() if value is None]:
            del target[field]
    return merged


def _left(current: list[Any], given: list[Any], selectors: list[str] | None) -> list[Any]:
    if selectors:
        gone = {selector_key(element, selectors) for element in given}
        return [element for element in current if selector_key(element, selectors) not in gone]
    return [element for element in current if not any(wanted.items() <= element.items() for wanted in given)]


def with_defaults(
    name: str, element: dict[str, Any], schema: dict[str, Any], marketplace: Marketplace
) -> Any:
    """An element as Amazon keeps it: with marketplace, currency and audience, prices as decimals."""
    if not isinstance(element, dict):
        return element
    kept = copy.deepcopy(element)
    if name not in _RELATIONSHIP:
        kept.setdefault("marketplace_id", marketplace.id)
    if name == "purchasable_offer":
        kept.setdefault("audience", "ALL")
        kept.setdefault("currency", marketplace.currency)
        _to_decimals(kept)
    if "language_tag" in schema.get("selectors", []):
        kept.setdefault("language_tag", marketplace.languages[0])
    return kept


def _to_decimals(value: Any) -> None:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "value_with_tax" and isinstance(inner, int) and not isinstance(inner, bool):
                value[key] = float(inner)
            else:
                _to_decimals(inner)
    elif isinstance(value, list):
        for inner in value:
            _to_decimals(inner)

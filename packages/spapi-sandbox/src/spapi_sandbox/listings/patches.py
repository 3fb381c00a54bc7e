"""What PATCH does to a listing's attributes ("Listings Items API v2021-08-01", `PatchOperation`).

Only whole attributes are addressed. `add` and `replace` set an attribute, `merge` sets fields of
the element with the same selector values (a field set to null goes), `delete` drops the elements
whose selector values are given.
"""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any, NamedTuple

from spapi_sandbox.admission.refusals import UNPARSED, Refusal
from spapi_sandbox.definitions.vocabulary import selector_key

if TYPE_CHECKING:
    from spapi_sandbox.marketplaces import Marketplace

Attributes = dict[str, Any]
Patch = dict[str, Any]
_ABSENT: tuple[Any, ...] = (None, "")
_RELATIONSHIP = {"parentage_level", "child_parent_sku_relationship", "variation_theme"}


class Readings(NamedTuple):
    """How a patch is read where Amazon does not say; each is a setting of the sandbox.

    Args:
        replace_keeps_selectors: `replace` leaves elements of other selectors than those given.
        replace_drops_marketplaces: `replace` takes an attribute's elements out of other marketplaces.
        merge_is_deep: `merge` reaches into nested objects; else it sets whole properties.
        merge_keeps_nulls: `merge` ignores a null; else it removes the property.
        takes_one_by_one: Of elements with equal selectors `replace` and `delete` take one for each given.
    """

    replace_keeps_selectors: bool = False
    replace_drops_marketplaces: bool = False
    merge_is_deep: bool = False
    merge_keeps_nulls: bool = False
    takes_one_by_one: bool = False


USUAL = Readings()


def check(patches: object) -> list[Patch]:
    """Return the patches of a request; refused with Amazon's texts where their shape is wrong."""
    if patches is not None and not isinstance(patches, list):
        raise Refusal(400, UNPARSED)
    if not patches:
        raise Refusal(400, "Missing required 'patches' in the request body.")
    for number, patch in enumerate(patches):
        if not isinstance(patch, dict) or patch.get("op") not in {"add", "replace", "merge", "delete"}:
            raise Refusal(400, f"Invalid operation provided in patch at index of {number}.")
        path = patch.get("path")
        if not isinstance(path, str) or not path.startswith("/attributes/") or path.count("/") != 2:  # noqa: PLR2004 - /attributes/name
            raise Refusal(400, f"Invalid path provided in patch at index of {number}.")
        value = patch.get("value")
        if value is None:
            raise Refusal(400, f"Value is missing for patch at index of {number}.")
        if (
            not isinstance(value, list)
            or not value
            or not all(isinstance(element, dict) for element in value)
        ):
            raise Refusal(400, f"Invalid empty value provided in patch at index of {number}.")
    return patches


def attribute_of(patch: Patch) -> str:
    """Return the attribute that a checked patch addresses."""
    return str(patch["path"].removeprefix("/attributes/").replace("~1", "/").replace("~0", "~"))


def for_marketplace(patch: Patch, marketplace: Marketplace, first: Marketplace) -> Patch | None:
    """Return the part of a patch that concerns one marketplace.

    Elements without an id are for `first`, or all.
    """
    elements = [
        element
        for element in patch["value"]
        if element.get("marketplace_id", first.id if _tells(patch) else marketplace.id) == marketplace.id
    ]
    return {**patch, "value": elements} if elements else None


def _tells(patch: Patch) -> bool:
    return any("marketplace_id" in element for element in patch["value"])


def apply(
    attributes: Attributes,
    patch: Patch,
    schema: dict[str, Any],
    marketplace: Marketplace,
    readings: Readings = USUAL,
) -> Attributes:
    """`attributes` after one checked patch; `schema` is the attribute's own (empty if unknown)."""
    name = attribute_of(patch)
    given = [with_defaults(name, element, schema, marketplace) for element in patch["value"]]
    current = [with_defaults(name, element, schema, marketplace) for element in attributes.get(name, [])]
    selectors = schema.get("selectors")
    if patch["op"] in {"add", "replace"}:
        kept = _replaced(current, given, selectors, readings) if readings.replace_keeps_selectors else given
        return {**attributes, name: kept}
    for element in given:
        absent = [selector for selector in selectors or [] if element.get(selector, "") in _ABSENT]
        if absent:
            raise Refusal(400, "Invalid parameters provided.", details=f"'{name}' needs {', '.join(absent)}.")
    changed = (
        _merged(current, given, selectors, readings)
        if patch["op"] == "merge"
        else _left(current, given, selectors, readings)
    )
    if changed:
        return {**attributes, name: changed}
    return {other: value for other, value in attributes.items() if other != name}


def _key(element: Any, selectors: list[str] | None) -> Any:
    """Return what tells an element from others: its selectors; everything it has, where there are none."""
    if selectors:
        return selector_key(element, selectors)
    return json.dumps(element, sort_keys=True)


def _replaced(
    current: list[Any], given: list[Any], selectors: list[str] | None, readings: Readings
) -> list[Any]:
    """Return the elements given in place of those with the same selectors; all others stay."""
    keys = [_key(element, selectors) for element in given]
    if not readings.takes_one_by_one:
        return [element for element in current if _key(element, selectors) not in keys] + given
    left = list(zip(keys, given, strict=True))
    result = []
    for element in current:
        match = next((one for one in left if one[0] == _key(element, selectors)), None)
        result.append(element if match is None else match[1])
        if match is not None:
            left.remove(match)
    return result + [element for _, element in left]


def _merged(
    current: list[Any], given: list[Any], selectors: list[str] | None, readings: Readings
) -> list[Any]:
    merged = copy.deepcopy(current)
    for element in given:
        key = selector_key(element, selectors or [])
        target = next((entry for entry in merged if selector_key(entry, selectors or []) == key), None)
        if target is None:
            target = {}
            merged.append(target)
        _set(target, copy.deepcopy(element), readings)
    return merged


def _set(target: dict[str, Any], properties: dict[str, Any], readings: Readings) -> None:
    for name, value in properties.items():
        if value is None:
            if not readings.merge_keeps_nulls:
                target.pop(name, None)
        elif readings.merge_is_deep and isinstance(value, dict) and isinstance(target.get(name), dict):
            _set(target[name], value, readings)
        else:
            target[name] = value


def _left(current: list[Any], given: list[Any], selectors: list[str] | None, readings: Readings) -> list[Any]:
    left = list(current)
    for wanted in given:
        found = [
            element
            for element in left
            if (
                selector_key(element, selectors) == selector_key(wanted, selectors)
                if selectors
                else wanted.items() <= element.items()
            )
        ]
        gone = found[:1] if readings.takes_one_by_one else found
        left = [element for element in left if not any(element is one for one in gone)]
    return left


def with_defaults(
    name: str, element: dict[str, Any], schema: dict[str, Any], marketplace: Marketplace
) -> Any:
    """Return an element as Amazon keeps it: with marketplace, currency and audience, prices as decimals."""
    if not isinstance(element, dict):
        return element
    kept = dict(element)
    if name not in _RELATIONSHIP:
        kept.setdefault("marketplace_id", marketplace.id)
    if name == "purchasable_offer":
        kept.setdefault("audience", "ALL")
        kept.setdefault("currency", marketplace.currency)
        kept = _with_decimals(kept)
    if "language_tag" in schema.get("selectors", []):
        kept.setdefault("language_tag", marketplace.languages[0])
    return kept


def _with_decimals(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: float(inner)
            if key == "value_with_tax" and isinstance(inner, int) and not isinstance(inner, bool)
            else _with_decimals(inner)
            for key, inner in value.items()
        }
    return [_with_decimals(inner) for inner in value] if isinstance(value, list) else value

"""One submission of one SKU: PUT, PATCH or DELETE, by the API or in a feed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from spapi_sandbox.admission.refusals import Refusal
from spapi_sandbox.listings import catalog, patches
from spapi_sandbox.listings.judgement import Finding, findings, issue_of, issues
from spapi_sandbox.marketplaces import MARKETPLACES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from spapi_sandbox.account.accounts import Account
    from spapi_sandbox.definitions.library import Definition
    from spapi_sandbox.listings.state import ListingsState
    from spapi_sandbox.listings.store import Version
    from spapi_sandbox.marketplaces import Marketplace

Attributes = dict[str, Any]
#: The merchant's stock: Amazon keeps one for a SKU in all marketplaces of an account's region.
STOCK = "fulfillment_availability"
REQUIREMENTS = ("LISTING", "LISTING_PRODUCT_ONLY", "LISTING_OFFER_ONLY")


class Target(NamedTuple):
    """Whose SKU, where, and in which language issues are written (`fr`)."""

    account: Account
    sku: str
    marketplaces: Sequence[Marketplace]
    language: str


def put(state: ListingsState, target: Target, body: dict[str, Any], *, preview: bool) -> dict[str, Any]:
    """Full replacement; the answer of `putListingsItem`."""
    attributes = body.get("attributes")
    requirements = body.get("requirements", "LISTING")
    if not isinstance(attributes, dict):
        raise Refusal(400, "Missing required 'attributes' in the request body.")
    if requirements not in REQUIREMENTS:
        raise Refusal(400, "Invalid 'requirements' provided.")
    marketplace = target.marketplaces[0]
    definition = _definition(state, body, target, requirements, enforced=True)
    if definition is None:
        return _answer(state, target, "INVALID", [_unsupported(body, target)])
    found = [*findings(definition, attributes), *_known_to_amazon_alone(state, attributes)]
    kept = {
        name: [
            patches.with_defaults(name, element, _schema(definition, name), marketplace)
            for element in elements
        ]
        if isinstance(elements, list)
        else elements
        for name, elements in attributes.items()
    }
    kept = _stock_elsewhere(state, target) | kept
    return _settle(state, target, definition, found, {marketplace.id: kept}, preview=preview)


def patch(state: ListingsState, target: Target, body: dict[str, Any], *, preview: bool) -> dict[str, Any]:
    """Changes of attributes; the answer of `patchListingsItem`. An unknown SKU gets a partial listing."""
    asked = patches.check(body.get("patches"))
    definition = _definition(state, body, target, "LISTING", enforced=False)
    if definition is None:
        return _answer(state, target, "INVALID", [_unsupported(body, target)])
    touched = {patches.attribute_of(entry) for entry in asked}
    found: list[Finding] = []
    written = {}
    for marketplace in target.marketplaces:
        current = state.listings.submitted(target.account.id, target.sku, marketplace.id)
        attributes: Attributes = current.attributes if current else _stock_elsewhere(state, target)
        for entry in asked:
            part = patches.for_marketplace(entry, marketplace, target.marketplaces[0])
            if part is not None:
                name = patches.attribute_of(part)
                attributes = patches.apply(
                    attributes, part, _schema(definition, name), marketplace, state.readings
                )
        written[marketplace.id] = attributes
        changed = {
            name: _as_sent(attributes[name], definition, name) for name in touched if name in attributes
        }
        found += [*findings(definition, changed), *_known_to_amazon_alone(state, changed)]
    found += [Finding("90000900", name) for name in sorted(touched - set(definition.document["properties"]))]
    if target.account.partner == "vendor" and not preview and "cost_price" not in touched:
        found.append(Finding("90220", "cost_price"))  # Amazon's preview does not notice
    if state.readings.replace_drops_marketplaces:
        written |= _dropped_elsewhere(state, target, definition, asked)
    return _settle(state, target, definition, found, written, preview=preview)


def _known_to_amazon_alone(state: ListingsState, attributes: Attributes) -> Iterator[Finding]:
    """Find the values that Amazon was told to refuse, though no definition says so."""
    for name, refused in state.refused_values.items():
        elements = attributes.get(name)
        for element in elements if isinstance(elements, list) else ():
            if isinstance(element, dict) and refused.intersection(map(str, element.values())):
                yield Finding("4000001", name)


def _dropped_elsewhere(
    state: ListingsState, target: Target, definition: Definition, asked: Sequence[dict[str, Any]]
) -> dict[str, Attributes]:
    """Return the other marketplaces' listings, without the elements of attributes that are replaced here."""
    replaced = {
        patches.attribute_of(entry)
        for entry in asked
        if entry["op"] in {"add", "replace"}
        and "marketplace_id" in _schema(definition, patches.attribute_of(entry)).get("selectors", [])
    }
    found = {}
    for marketplace, current in _elsewhere(state, target):
        attributes = current.attributes
        if replaced & attributes.keys():
            found[marketplace.id] = {
                name: value for name, value in attributes.items() if name not in replaced
            }
    return found


def _elsewhere(state: ListingsState, target: Target) -> Iterator[tuple[Marketplace, Version]]:
    """Yield the SKU's listings in the other marketplaces of the region."""
    here = {marketplace.id for marketplace in target.marketplaces}
    for marketplace in MARKETPLACES.values():
        if marketplace.region == target.marketplaces[0].region and marketplace.id not in here:
            current = state.listings.submitted(target.account.id, target.sku, marketplace.id)
            if current is not None:
                yield marketplace, current


def _stock_elsewhere(state: ListingsState, target: Target) -> Attributes:
    """Return the stock that the SKU has already, for a marketplace that is told none."""
    first = target.marketplaces[0]
    for _, version in _elsewhere(state, target):
        if STOCK in version.attributes:
            return {STOCK: _stock_in(first.id, version.attributes)}
    return {}


def _stock_in(marketplace_id: str, attributes: Attributes) -> list[Any]:
    """Return the stock of a listing as another marketplace's listing has it."""
    return [
        {**element, "marketplace_id": marketplace_id} if "marketplace_id" in element else element
        for element in attributes.get(STOCK, [])
    ]


def _with_one_stock(
    state: ListingsState, target: Target, written: dict[str, Attributes]
) -> dict[str, Attributes]:
    """Return what is written, and the listings elsewhere in the region that have another stock than that.

    Source: reports of sellers that a quantity for one country of Europe became that of all.
    """
    told = written[target.marketplaces[0].id]
    found = dict(written)
    for marketplace, version in _elsewhere(state, target):
        stock, attributes = _stock_in(marketplace.id, told), found.get(marketplace.id, version.attributes)
        if attributes.get(STOCK, []) != stock:
            others = {name: value for name, value in attributes.items() if name != STOCK}
            found[marketplace.id] = others | ({STOCK: stock} if stock else {})
    return found


def delete(state: ListingsState, target: Target) -> dict[str, Any]:
    """Removal from one marketplace; accepted whether or not the SKU is known."""
    key = (target.account.id, target.sku, target.marketplaces[0].id)
    state.listings.write(key, "", None, read_delay=state.read_delay, asin_delay=0.0)
    return _answer(state, target, "ACCEPTED", [])


def _settle(
    state: ListingsState,
    target: Target,
    definition: Definition,
    found: Sequence[Finding],
    written: dict[str, Attributes],
    *,
    preview: bool,
) -> dict[str, Any]:
    first = target.marketplaces[0]

    def label(attribute: str) -> str:
        return state.label(definition.product_type, first.id, attribute, target.language)

    reported = issues(found, label, target.language)
    refused = any(issue["severity"] == "ERROR" for issue in reported)
    if refused or preview:
        return _answer(state, target, "INVALID" if refused else "VALID", reported)
    for marketplace_id, attributes in _with_one_stock(state, target, written).items():
        key = (target.account.id, target.sku, marketplace_id)
        current = state.listings.submitted(*key)
        product_type = definition.product_type
        elsewhere = marketplace_id not in {marketplace.id for marketplace in target.marketplaces}
        if current is not None and (product_type == "PRODUCT" or elsewhere):
            product_type = current.product_type
        state.listings.write(
            key, product_type, attributes, read_delay=state.read_delay, asin_delay=state.asin_delay
        )
    return _answer(state, target, "ACCEPTED", reported)


def _answer(
    state: ListingsState, target: Target, status: str, reported: list[dict[str, Any]]
) -> dict[str, Any]:
    return {"sku": target.sku, "status": status, "submissionId": state.submission_id(), "issues": reported}


def identifiers(target: Target, attributes: Attributes) -> list[dict[str, str]]:
    """Return the ASINs Amazon would match, for the preview's `identifiers`."""
    asin = catalog.asin_of(target.account.id, target.sku, attributes)
    if asin is None:
        return []
    return [{"marketplaceId": marketplace.id, "asin": asin} for marketplace in target.marketplaces]


def _definition(
    state: ListingsState, body: dict[str, Any], target: Target, requirements: str, *, enforced: bool
) -> Definition | None:
    """Return the definition that judges; None where Amazon has no such product type in the marketplace."""
    product_type = body.get("productType")
    if not isinstance(product_type, str) or not product_type:
        raise Refusal(400, "Missing required 'productType' in the request body.")
    current = state.listings.submitted(target.account.id, target.sku, target.marketplaces[0].id)
    if product_type == "PRODUCT" and not enforced and current is not None:
        product_type = current.product_type  # the generic type is allowed for changes of any listing
    return state.library.in_force(
        product_type, target.marketplaces[0], requirements, enforced=enforced, partner=target.account.partner
    )


def _unsupported(body: dict[str, Any], target: Target) -> dict[str, Any]:
    """Return the issue of a product type that Amazon does not have.

    The answer is a 200, as of any other mistake.

    Source: models#2427.
    """
    return issue_of(Finding("4000003", "", str(body["productType"])), "", target.language)


def _schema(definition: Definition, name: str) -> dict[str, Any]:
    return dict(definition.document["properties"].get(name, {}))


def _as_sent(elements: object, definition: Definition, name: str) -> Any:
    """Stored elements without the marketplace id that the schema does not know of."""
    fields = _schema(definition, name).get("items", {}).get("properties", {})
    if "marketplace_id" in fields or not isinstance(elements, list):
        return elements
    return [
        {key: value for key, value in element.items() if key != "marketplace_id"}
        if isinstance(element, dict)
        else element
        for element in elements
    ]

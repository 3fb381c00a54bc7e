"""What a connector needs from the PIM, as an Open Data Contract (ODCS 3.1), and what breaks it.

Source: the Open Data Contract Standard of Bitol (Linux Foundation), version 3.1.0: fundamentals, schema,
data quality, team and custom properties.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Any

import msgspec

from amazon_listings.mapping.values.value import is_empty
from amazon_listings.runs.needed_fields import OWN_NAMES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from amazon_listings.connectors.model import Connector
    from amazon_listings.item import Item
    from amazon_listings.mapping.mapping import FieldMapping
    from amazon_listings.mapping.plan.tree import Cell, PlanLeaf

API_VERSION = "v3.1.0"
#: The logical types of the standard by the kinds of Amazon's fields.
_TYPES = {"number": "number", "integer": "integer", "boolean": "boolean", "date": "date"}
#: A longer list of allowed values does not help the person who fills a field.
_MOST_VALUES = 200


class NeededField(msgspec.Struct, frozen=True, kw_only=True):
    """A PIM field that a connector reads.

    Attributes:
        name: The field.
        attributes: What it feeds: labels of Amazon's fields.
        type: `string`, `number`, `integer`, `boolean` or `date`; `string` where an expression makes another.
        required: Whether Amazon requires an attribute that this field alone feeds.
        text: Whether it is read by language.
        values: The values that are allowed, where the field is sent as it is; empty for any.
        longest: The most characters, where the field is sent as it is.
    """

    name: str
    attributes: tuple[str, ...]
    type: str = "string"
    required: bool = False
    text: bool = False
    values: tuple[str, ...] = ()
    longest: int | None = None


class Breach(msgspec.Struct, frozen=True):
    """A field of which the PIM does not keep the contract.

    Attributes:
        field: The field.
        rule: `missing` or `values`.
        items: How many items break it.
        examples: SKUs of a few.
        owner: Whom to tell.
    """

    field: str
    rule: str
    items: int
    examples: tuple[str, ...]
    owner: str


def needed(mapping: FieldMapping) -> list[NeededField]:
    """Return the PIM fields that a mapping reads, by name."""
    uses: dict[str, list[tuple[PlanLeaf, Cell]]] = {}
    for branch in mapping.plan.values():
        for template in branch.templates:
            for leaf in template.leaves():
                for cell in leaf.cells:
                    for name in cell.expression.fields:
                        if name not in OWN_NAMES:
                            uses.setdefault(name, []).append((leaf, cell))
    return [_needed(name, found, mapping) for name, found in sorted(uses.items())]


def _needed(name: str, found: list[tuple[PlanLeaf, Cell]], mapping: FieldMapping) -> NeededField:
    plain = [leaf for leaf, cell in found if cell.expression.text.replace(" ", "") == f"{{{{item.{name}}}}}"]
    kinds = {_TYPES.get(leaf.field.type, "string") for leaf in plain}
    closed = [leaf for leaf in plain if leaf.field.options and not leaf.field.open]
    options = closed[0].field.options if closed else ()
    longest = [leaf.field.max for leaf in plain if leaf.field.type == "string" and leaf.field.max is not None]
    alone = any(
        leaf.field.attribute in mapping.setting.required and cell.expression.fields == (name,)
        for leaf, cell in found
    )
    return NeededField(
        name=name,
        attributes=tuple(dict.fromkeys(leaf.field.label for leaf, _ in found)),
        type=kinds.pop() if len(kinds) == 1 else "string",
        required=alone,
        text=any(leaf.field.language for leaf, _ in found),
        values=tuple(str(one.value) for one in options) if len(options) <= _MOST_VALUES else (),
        longest=math.floor(min(longest)) if longest else None,
    )


def contract(connector: Connector, mapping: FieldMapping, *, version: str) -> dict[str, Any]:
    """Return the contract between the PIM and a connector, as the standard writes it.

    Args:
        connector: The connector.
        mapping: Its compiled mapping.
        version: The contract's version: what stands for the connector's document.
    """
    languages = list(dict(connector.language_tags))
    return {
        "apiVersion": API_VERSION,
        "kind": "DataContract",
        "id": f"amazon-listings-{connector.id}",
        "name": connector.title,
        "version": version,
        "status": "active",
        "domain": "product",
        "dataProduct": connector.dag_id,
        "tags": [*connector.tags, connector.amazon.country, connector.amazon.product_type],
        "description": {
            "purpose": f"Products that are listed on Amazon in {connector.marketplace.name} "
            f"as {connector.amazon.product_type}.",
            "usage": "Read by the connector's runs; each field feeds the attributes in its description.",
        },
        "schema": [
            {
                "name": connector.source.source,
                "logicalType": "object",
                "physicalType": "table",
                "description": "One row for each item that is sold.",
                "properties": [_property(one, languages) for one in needed(mapping)],
                "quality": [_check(number, one) for number, one in enumerate(connector.quality, 1)],
            }
        ],
        "team": {"name": connector.owner, "members": [{"username": connector.owner, "role": "owner"}]},
        "customProperties": [
            {"property": "languages", "value": languages},
            {"property": "skuExpression", "value": connector.source.sku},
            {"property": "filterExpression", "value": connector.source.filter or ""},
        ],
    }


def _property(field: NeededField, languages: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = {
        "name": field.name,
        "logicalType": field.type,
        "physicalType": "text" if field.type == "string" else field.type,
        "required": field.required,
        "description": f"Feeds {', '.join(field.attributes)}.",
    }
    if field.longest is not None and field.type == "string":
        found["logicalTypeOptions"] = {"maxLength": field.longest}
    checks: list[dict[str, Any]] = []
    if field.required:
        checks.append({"type": "library", "metric": "missingValues", "mustBe": 0, "unit": "rows"})
    if field.values:
        checks.append(
            {
                "type": "library",
                "metric": "invalidValues",
                "arguments": {"validValues": list(field.values)},
                "mustBe": 0,
                "unit": "rows",
            }
        )
    if checks:
        found["quality"] = checks
    if field.text:
        found["customProperties"] = [{"property": "languages", "value": languages}]
    return found


def _check(number: int, entry: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": f"{entry['expectation']}_{number}",
        "type": "custom",
        "engine": "greatExpectations",
        "implementation": msgspec.to_builtins(entry),
    }


def breaches(connector: Connector, mapping: FieldMapping, items: Iterable[Item]) -> Iterator[Breach]:
    """Yield the fields of which items break the contract: required ones that are empty."""
    wanted = [field for field in needed(mapping) if field.required]
    missing: Counter[str] = Counter()
    examples: dict[str, list[str]] = {}
    for item in items:
        for field in wanted:
            if is_empty(_value(item, field.name)):
                missing[field.name] += 1
                examples.setdefault(field.name, []).append(item["sku"] or item["pim_id"])
    for name, count in missing.items():
        yield Breach(name, "missing", count, tuple(examples[name][:5]), connector.owner)


def _value(item: Item, name: str) -> Any:
    """The value of an item's field: the variant's, or else its product's; a text in any language."""
    for record in (item["variant"], item["product"]):
        if record is None:
            continue
        for kind in (record["fields"], record["images"]):
            if not is_empty(kind.get(name)):
                return kind[name]
        text = next((one for one in record["texts"].get(name, {}).values() if not is_empty(one)), None)
        if text is not None:
            return text
    return None

"""What a connector needs from the PIM, as an Open Data Contract (ODCS 3.1).

Source: the Open Data Contract Standard of Bitol (Linux Foundation), version 3.1.0: fundamentals, schema,
data quality, team and custom properties.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from amazon_listings.connectors.languages import language_of
from amazon_listings.messages import catalogue
from amazon_listings.runs.extract.pim_contract import needed

if TYPE_CHECKING:
    from amazon_listings.connectors.model import Connector
    from amazon_listings.mapping.mapping import FieldMapping
    from amazon_listings.messages import Catalogue
    from amazon_listings.runs.extract.pim_contract import NeededField

API_VERSION = "v3.1.0"


def contract(connector: Connector, mapping: FieldMapping, *, version: str) -> dict[str, Any]:
    """Return the contract between the PIM and a connector, in the language of its report.

    Args:
        connector: The connector.
        mapping: Its compiled mapping.
        version: The contract's version: what stands for the connector's document.
    """
    # Not in the language of the command: the file is kept, and those who keep the PIM read it.
    messages = catalogue(language_of(connector))
    languages = list(dict(connector.language_tags))
    owner = connector.source.owner or connector.owner
    members = [{"username": owner, "role": "owner"}]
    if owner != connector.owner:
        members.append({"username": connector.owner, "role": "consumer"})
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
            "purpose": messages.phrase(
                "contract.purpose",
                shop=connector.marketplace.shop,
                product_type=connector.amazon.product_type,
            ),
            "usage": messages.phrase("contract.usage"),
        },
        "schema": [
            {
                "name": connector.source.source,
                "logicalType": "object",
                "physicalType": "table",
                "description": messages.phrase("contract.rows"),
                "properties": [_property(one, languages, messages) for one in needed(mapping)],
                "quality": [_check(number, one) for number, one in enumerate(connector.quality, 1)],
            }
        ],
        "team": {"name": owner, "members": members},
        "customProperties": [
            {"property": "languages", "value": languages},
            {"property": "skuExpression", "value": connector.source.sku},
            {"property": "filterExpression", "value": connector.source.filter or ""},
        ],
    }


def _property(field: NeededField, languages: list[str], messages: Catalogue) -> dict[str, Any]:
    found: dict[str, Any] = {
        "name": field.name,
        "logicalType": field.type,
        "physicalType": "text" if field.type == "string" else field.type,
        "required": field.required,
        "description": messages.phrase("contract.feeds", attributes=field.attributes),
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

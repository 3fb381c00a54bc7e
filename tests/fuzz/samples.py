"""Right inputs of every surface, which the mutations start from."""

from __future__ import annotations

import gzip
from typing import Any

import yaml

from tests.support.small_definition import DEFINITION

DOCUMENT = {
    "id": "zz",
    "amazon": {"connection": "amazon_fr", "country": "FR", "product_type": "HOME"},
    "sales_layer": {
        "languages": ["fr"],
        "sku": "{{ item.reference }}",
        "filter": "{{ item.stock | number > 0 }}",
    },
    "sync": {"schedule": "@daily", "operation": "test", "preview_rate": 1},
    "mapping": {
        "Nom du produit": "{{ item.name }}",
        "item_weight": {"value": "{{ item.w }}", "unit": "grams"},
    },
}
RIGHT = yaml.safe_dump(DOCUMENT | {"id": "right"})
PRODUCT = {
    "id": "A-1", "brand": "Lumio", "price": 12.5, "name_en": "Lamp", "tags": ["a", "b"], "stock": 3,
    "dimensions": [{"w": 1, "h": 2}], "html": "<p>Warm &amp; bright</p>", "on": True, "nothing": None,
}  # fmt: skip
SUBMISSION = {
    "sku": "S1",
    "status": "ACCEPTED",
    "submissionId": "1",
    "issues": [],
    "identifiers": [{"asin": "B0"}],
}
LISTING = {
    "sku": "S1",
    "summaries": [{"marketplaceId": "A13V1IB3VIYZZH", "asin": "B0", "status": ["BUYABLE"]}],
    "attributes": {"item_name": [{"value": "Lamp", "language_tag": "fr_FR"}]},
    "issues": [
        {
            "code": "90220",
            "message": "No.",
            "severity": "ERROR",
            "attributeNames": ["brand"],
            "categories": ["DUPLICATE"],
            "marketplaceIds": ["A13V1IB3VIYZZH"],
            "enforcements": {
                "actions": [{"action": "LISTING_SUPPRESSED"}],
                "exemption": {"status": "EXEMPT_UNTIL_EXPIRY_DATE", "expiryDate": "2026-12-31T00:00:00Z"},
            },
        }
    ],
    "offers": [
        {
            "marketplaceId": "A13V1IB3VIYZZH",
            "offerType": "B2C",
            "price": {"amount": "1.0", "currencyCode": "EUR"},
        }
    ],
    "fulfillmentAvailability": [{"fulfillmentChannelCode": "DEFAULT", "quantity": 3}],
    "relationships": [
        {"marketplaceId": "A13V1IB3VIYZZH", "relationships": [{"type": "VARIATION", "parentSkus": ["P"]}]}
    ],
    "productTypes": [{"marketplaceId": "A13V1IB3VIYZZH", "productType": "HOME"}],
}
FEED = {
    "feedId": "1",
    "processingStatus": "DONE",
    "createdTime": "2026-11-28T00:00:00Z",
    "resultFeedDocumentId": "r",
}
DEFINITION_ANSWER = {
    "metaSchema": {"link": {"resource": "http://127.0.0.1:1/m", "verb": "GET"}, "checksum": "c"},
    "schema": {"link": {"resource": "http://127.0.0.1:1/s", "verb": "GET"}, "checksum": "c"},
    "requirements": "LISTING",
    "requirementsEnforced": "ENFORCED",
    "propertyGroups": {"offer": {"title": "Offer", "propertyNames": ["brand"]}},
    "locale": "fr_FR",
    "marketplaceIds": ["A13V1IB3VIYZZH"],
    "productType": "LAMP",
    "displayName": "Lampe",
    "productTypeVersion": {"version": "v", "latest": True, "releaseCandidate": False},
}
#: More than an answer may be, packed small.
BOMB = gzip.compress(bytes(1 << 21))
REPORT = {
    "header": {"sellerId": "S", "version": "2.0", "feedId": "1"},
    "issues": [
        {"messageId": 1, "code": "8541", "severity": "ERROR", "message": "No.", "attributeName": "brand"}
    ],
    "summary": {
        "errors": 1,
        "warnings": 0,
        "messagesProcessed": 3,
        "messagesAccepted": 2,
        "messagesInvalid": 1,
    },
    "items": [LISTING],
}
#: A definition with the rules that Amazon's have: a condition, codes that go away, suggestions.
SCHEMA: dict[str, Any] = {
    **DEFINITION,
    "properties": {name: DEFINITION["properties"][name] for name in ("item_name", "item_weight", "style", "purchasable_offer", "features")}
    | {
        "gone": {
            "title": "Gone", "type": "array", "items": {"type": "object", "properties": {"value": {"type": "string"}}},
            "$lifecycle": {"replacedBy": ["2/item_name"], "enumDeprecated": ["a"]}, "examples": ["a"], "editable": False,
        }
    },
    "allOf": [
        {
            "if": {"required": ["style"], "properties": {"style": {"contains": {"properties": {"value": {"enum": ["modern"]}}}}}},
            "then": {"required": ["item_weight"]},
            "else": {"not": {"required": ["features"]}},
        }
    ],
}  # fmt: skip
PAYLOAD = {
    "item_name": [{"value": "Lampe", "language_tag": "fr_FR"}],
    "style": [{"value": "modern"}],
    "item_weight": [{"value": "1", "unit": "tons"}],
    "gone": [{"value": "a"}],
}
METADATA = {
    "value": [
        {
            "title": "product",
            "required": ["prod_ref"],
            "properties": {
                "prod_id": {"type": "integer"},
                "prod_ref": {"type": "string"},
                "prod_stat": {"enum": ["V", "I", "D"]},
                "prod_modify": {"type": "string"},
                "name": {"x-cultures": ["en", "fr"]},
                "photo": {"x-custom-type": "image_pack"},
            },
        }
    ]
}
PAGE = {
    "@count": 2,
    "value": [
        {"prod_id": 1, "prod_ref": "A", "prod_stat": "V", "name": "Lamp", "photo": ["https://a/b.jpg"]},
        {
            "prod_id": 2,
            "prod_ref": "B",
            "prod_stat": "V",
            "name": {"en": "Lamp", "fr": "Lampe"},
            "photo": None,
        },
    ],
}
EXPORT = {
    "time": 1_700_000_000, "action": "update", "error": 0,
    "schema": {"languages": ["en", "fr"], "sanitized_table_names": {"products": "products"}},
    "data_schema": {
        "catalogue": ["STATUS", "ID", "ID_PARENT", "REF"],
        "products": ["STATUS", "ID", "ID_catalogue", "REF", "name_en", {"photo": ["STATUS", "ID", "ORG", {"field": "TH"}]}],
        "variants": ["STATUS", "ID", "ID_products", "REF", "ean"],
    },
    "data_schema_info": {
        "products": {
            "name_en": {"type": "string", "language_code": "en", "basename": "name"},
            "photo": {"type": "image", "sizes": {"ORG": {"width": 9, "height": 9}}},
        }
    },
    "data": {
        "catalogue": [["M", 7, 0, "C"]],
        "products": [["M", 1, [7], "A", "Lamp", [["M", "i", "https://a/b.jpg", ""]]], ["D", 9], ["M", 2, [7], "B", "x", ["U"]]],
        "variants": [["M", 11, 1, "V", "0840"], ["D", 12]],
    },
    "waiting": {"images": {"total": 1, "partial": 0}, "files": 0},
    "page_count": 1,
}  # fmt: skip
EXPRESSIONS = (
    "{{ item.html | clean_html }}", "{{ item.name ~ item.brand | upper }}", "{{ item.tags | join(', ') }}",
    "{% for t in item.tags %}{{ t }}{% endfor %}", "{{ item.price | number * 3 }}", "{{ item.brand[:3] | default('x') }}",
    "{{ item.dimensions | map(attribute='w') | sum }}", "{{ item.html | replace('a', 'b') | truncate(5) }}",
)  # fmt: skip

"""What Airflow is told about this package: connection types, their forms and their hooks.

Referenced by the entry point `apache_airflow_provider` in pyproject.toml. Airflow reads it in
every process, so it imports next to nothing.
"""

from __future__ import annotations

from typing import Any

from amazon_listings.marketplaces import MARKETPLACES

_HOOKS = "amazon_listings.airflow_adapter.hooks"


def _text(label: str, description: str, **schema: Any) -> dict[str, Any]:
    return {
        "label": label,
        "description": description,
        "schema": {"type": ["string", "null"], **schema},
    }


# Airflow shows fields as *** whose name holds "token", "secret" or "password": so only secrets are named so.
AMAZON_SELLING_PARTNER = {
    "connection-type": "amazon_selling_partner",
    "hook-name": "Amazon Selling Partner",
    "hook-class-name": f"{_HOOKS}.SellingPartnerHook",
    "ui-field-behaviour": {
        "hidden-fields": ["host", "port", "schema", "extra"],
        "relabeling": {"login": "LWA client ID", "password": "LWA client secret"},
        "placeholders": {"login": "amzn1.application-oa2-client.…"},
    },
    "conn-fields": {
        "refresh_token": _text(
            "LWA refresh token",
            "From authorising your own app: Seller or Vendor Central, Develop Apps, Authorise.",
            format="password",
        ),
        "seller_id": _text(
            "Merchant token (sellers)",
            "Seller Central, Settings, Account Info, Merchant Token. Leave empty for a vendor account.",
        ),
        "vendor_code": _text(
            "Vendor code (vendors)",
            "For example ABCDE, not amzn1.vg.…. Leave empty for a seller account.",
        ),
        "country": _text(
            "Country",
            "Country of the Seller or Vendor Central account, e.g. FR; the Test button checks it. "
            "A connector may sell in any country of the same region.",
            enum=[*sorted(MARKETPLACES), None],
        ),
        "secret_created": _text(
            "Secret created on",
            "The day the client secret was created (YYYY-MM-DD). Amazon refuses it 180 days later; "
            "every run warns from 30 days before.",
            format="date",
        ),
        "endpoint": _text(
            "SP-API endpoint override",
            "Only for a sandbox or a proxy, e.g. http://127.0.0.1:9700. Empty: the region of the country.",
        ),
        "lwa_url": _text(
            "Token URL override",
            "Only for a sandbox, e.g. http://127.0.0.1:9700/auth/o2/token. Empty: Login with Amazon.",
        ),
    },
}

SALES_LAYER = {
    "connection-type": "sales_layer",
    "hook-name": "Sales Layer (PIM)",
    "hook-class-name": f"{_HOOKS}.SalesLayerHook",
    "ui-field-behaviour": {
        "hidden-fields": ["port", "schema", "extra", "login"],
        "relabeling": {"host": "Base URL", "password": "API key, or the connector's secret key"},
        "placeholders": {"host": "empty: Sales Layer's own address"},
    },
    "conn-fields": {
        "api": {
            "label": "API",
            "description": "rest: REST API 2.0 with an API key. connector: API 1.18 of an export connector, "
            "with its code and secret key.",
            "schema": {"type": "string", "enum": ["rest", "connector"], "default": "rest"},
        },
        "code": _text("Connector code", "Only for the connector API, e.g. CN000H0000C000."),
    },
}


def get_provider_info() -> dict[str, Any]:
    """The provider description, in the form of Airflow's `provider_info.schema.json`."""
    return {
        "package-name": "airflow-provider-amazon-listings",
        "name": "Amazon Listings",
        "description": "Publish products from a PIM as Amazon listings.",
        "connection-types": [AMAZON_SELLING_PARTNER, SALES_LAYER],
    }

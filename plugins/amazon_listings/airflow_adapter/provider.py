"""Describes the provider to Airflow: connection types, their forms and their hooks.

Referenced by the entry point `apache_airflow_provider` in pyproject.toml. Airflow reads it in
every process, so it imports next to nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from amazon_listings.marketplaces import MARKETPLACES
from amazon_listings.sources.registry import sources

if TYPE_CHECKING:
    from collections.abc import Iterator

_HOOKS = "amazon_listings.airflow_adapter.hooks"


def _text(label: str, description: str, **schema: Any) -> dict[str, Any]:
    return {
        "label": label,
        "description": description,
        "schema": {"type": ["string", "null"], **schema},
    }


# Airflow shows fields as *** whose name contains "token", "secret" or "password": only secrets are named so.
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


def hook_name(source: str) -> str:
    """Return the class name of a source's hook: `my_pim` has `MyPimHook`."""
    return f"{source.title().replace('_', '')}Hook"


def _source_types() -> Iterator[dict[str, Any]]:
    """Yield the types of connection that the sources bring."""
    for name, source in sources().items():
        kind = source.connection
        if kind is not None:
            yield {
                "connection-type": kind.name,
                "hook-name": kind.title,
                "hook-class-name": f"{_HOOKS}.{hook_name(name)}",
                "ui-field-behaviour": dict(kind.behaviour),
                "conn-fields": dict(kind.fields),
            }


def get_provider_info() -> dict[str, Any]:
    """Return the description of the provider, in the form of Airflow's `provider_info.schema.json`."""
    return {
        "package-name": "airflow-provider-amazon-listings",
        "name": "Amazon Listings",
        "description": "Publish products from a PIM as Amazon listings.",
        "connection-types": [AMAZON_SELLING_PARTNER, *_source_types()],
    }

"""What commands work with: connectors, definitions stored or in files, Amazon; and plain errors."""

from __future__ import annotations

import json
import logging
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from amazon_listings.connectors import Connector
    from amazon_listings.marketplaces import Marketplace
    from amazon_listings.product_types.definition import DefinitionPair
    from amazon_listings.product_types.store import DefinitionStore
    from amazon_listings.selling_partner.client import SellingPartner


def connector_of(connector_id: str, folder: Path | None) -> Connector:
    """The connector of that id, from files alone.

    Raises:
        PersonMustAct: there is none, or it is broken.
    """
    from amazon_listings.connectors import load_connectors
    from amazon_listings.settings import settings

    loaded = load_connectors(folder or settings().connectors, {}, only=connector_id)
    if loaded.broken:
        raise refusal(loaded.broken[0].text)
    if not loaded.connectors:
        raise refusal(f"There is no connector {connector_id!r} in {folder or settings().connectors}.")
    return loaded.connectors[0]


def pair_of(connector: Connector) -> DefinitionPair:
    """The connector's definitions: the stored ones, else fetched from Amazon."""
    from amazon_listings.product_types.definition import DefinitionKey
    from amazon_listings.product_types.refresh import load_pair, pair_keys, refresh_pair

    amazon, place, kept = connector.amazon, connector.marketplace, definition_store()
    wanted = DefinitionKey(
        product_type=amazon.product_type,
        marketplace_id=place.id,
        requirements=amazon.requirements,
        requirements_enforced=amazon.requirements_enforced,
        locale=amazon.locale,
        version=amazon.product_type_version,
    )
    known = set(kept.keys())
    for seller_id in {key.seller_id for key in known}:
        key = replace(wanted, seller_id=seller_id)
        if set(pair_keys(key, place)) <= known:
            return load_pair(kept, key, place)
    client = selling_partner(amazon.connection, amazon.country)
    return refresh_pair(client, kept, replace(wanted, seller_id=client.account.seller_id), place)


def definition_store() -> DefinitionStore:
    """Where runs keep definitions."""
    from amazon_listings.product_types.store import DefinitionStore

    return DefinitionStore(run_storage() / "definitions")


def run_storage() -> Path:
    """Where runs keep their files: a local folder, or object storage through Airflow."""
    from amazon_listings.settings import settings

    location = settings().storage
    if "://" not in location:
        return Path(location)
    from amazon_listings.airflow_adapter.connections import storage

    return cast("Path", storage())


def selling_partner(connection: str, country: str) -> SellingPartner:
    """A client for an Airflow connection, in the region of a country."""
    from amazon_listings.airflow_adapter.hooks import SellingPartnerHook

    # The ledger, which keeps the quotas, tells of its migrations; a command's output is its own.
    logging.getLogger("alembic").setLevel(logging.WARNING)
    return SellingPartnerHook(connection, country).get_conn()


def marketplace_of(country: str) -> Marketplace:
    """The marketplace of a country code in any case."""
    from amazon_listings.marketplaces import MARKETPLACES, marketplace

    try:
        return marketplace(country.upper())
    except KeyError:
        raise refusal(
            f"Amazon has no marketplace {country!r}. There are {', '.join(MARKETPLACES)}."
        ) from None


def definition_file(path: Path) -> dict[str, Any]:
    """The definition in a file."""
    from amazon_listings.product_types.definition import parsed

    return parsed(_content(path), str(path))


def json_file(path: Path) -> dict[str, Any]:
    """The JSON object in a file; an empty one if it holds something else."""
    try:
        found = json.loads(_content(path))
    except ValueError as error:
        raise refusal(f"{path} is not JSON: {error}.") from None
    return found if isinstance(found, dict) else {}


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise refusal(f"{path} cannot be read: {error.strerror}.") from None


def refusal(message: str) -> Exception:
    """The exception for a mistake that `plain_errors` tells the user."""
    from amazon_listings.errors import PersonMustAct

    return PersonMustAct(message)


@contextmanager
def plain_errors() -> Iterator[None]:
    """What a person can put right is a sentence on stderr, never a traceback."""
    from amazon_listings.errors import AmazonListingsError

    try:
        yield
    except AmazonListingsError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None

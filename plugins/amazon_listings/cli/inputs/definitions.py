"""What commands work with: connectors, definitions stored or in files, Amazon."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from amazon_listings.cli.output.refusals import refuse, spoken

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from amazon_listings.connectors import Connector
    from amazon_listings.definitions.store import DefinitionStore
    from amazon_listings.definitions.stored import DefinitionKey, DefinitionPair
    from amazon_listings.marketplaces import Marketplace
    from amazon_listings.selling_partner.calls.client import SellingPartner
    from amazon_product_types.fields import Field
    from amazon_product_types.labels import FieldIndex


def pair_of(connector: Connector, locale: str | None = None) -> DefinitionPair:
    """Return the connector's definitions, with the labels of its locale or another.

    They are read from the store, or from Amazon if they are not there.
    """
    from amazon_listings.definitions.refresh import refresh_pair

    stored = stored_pair(connector, locale)
    if stored is not None:
        return stored
    amazon = connector.amazon
    client = selling_partner(amazon.connection, amazon.country)
    key = replace(_key(connector, locale), seller_id=client.account.seller_id)
    return refresh_pair(client, definition_store(), key, connector.marketplace)


def stored_pair(connector: Connector, locale: str | None = None) -> DefinitionPair | None:
    """Return the connector's definitions as they are stored; None where they are not."""
    from amazon_listings.definitions.refresh import load_pair, pair_keys

    wanted, place, kept = _key(connector, locale), connector.marketplace, definition_store()
    known = set(kept.keys())
    for seller_id in {key.seller_id for key in known}:
        key = replace(wanted, seller_id=seller_id)
        if set(pair_keys(key, place)) <= known:
            return load_pair(kept, key, place)
    return None


def stored_definition(connector: Connector) -> Described | None:
    """Return the connector's definition as stored, in every locale of its labels.

    Returns None where one is missing.
    """
    pairs = {name: stored_pair(connector, name) for name in connector.mapping_locales}
    pair = stored_pair(connector)
    if pair is None or None in pairs.values():
        return None
    return Described(
        pair.index,
        pair.index.fields,
        pair.validation.document,
        in_locale=lambda locale: (pairs.get(locale) or pair).index,
    )


def _key(connector: Connector, locale: str | None) -> DefinitionKey:
    from amazon_listings.definitions.stored import DefinitionKey

    amazon = connector.amazon
    return DefinitionKey(
        product_type=amazon.product_type,
        marketplace_id=connector.marketplace.id,
        requirements=amazon.requirements,
        requirements_enforced=amazon.requirements_enforced,
        locale=locale or amazon.locale,
        version=amazon.product_type_version,
    )


@dataclass(frozen=True)
class Described:
    """A definition to map with.

    `index` has the fields by label and path, `fields` all of them with who recommends them; `document` is the
    one that judges, `language` that of issues.
    """

    index: FieldIndex
    fields: Sequence[Field]
    document: dict[str, Any]
    language: str = "en"
    in_locale: Callable[[str], FieldIndex] | None = None

    def index_in(self, locale: str) -> FieldIndex:
        """Return the fields by their labels in another locale; of files, by those that were given."""
        return self.index if self.in_locale is None else self.in_locale(locale)


def described(connector: Connector, definition: Path | None, locale_definition: Path | None) -> Described:
    """Return the connector's definition, or one in files.

    It comes in the marketplace's own locale, and with the labels.
    """
    from amazon_product_types.definition import Definition
    from amazon_product_types.fields import fields
    from amazon_product_types.labels import FieldIndex

    if definition is None:
        pair = pair_of(connector)
        relevant = relevant_attributes(connector.id)
        return Described(
            pair.index,
            pair.fields(relevant, language=spoken()),
            pair.validation.document,
            spoken(),
            in_locale=lambda locale: pair_of(connector, locale).index,
        )
    document = definition_file(definition)
    labels = definition_file(locale_definition) if locale_definition else None
    known = fields(Definition(document, labels=labels), language=spoken())
    index = FieldIndex(known, requirements=connector.amazon.requirements)
    return Described(index, known, document, spoken())


def relevant_attributes(connector_id: str) -> frozenset[str]:
    """Return the attributes that Amazon is known to call relevant for a connector's items (issue 18448)."""
    from amazon_listings.cli.inputs.ledger_access import known_ledger
    from amazon_listings.ledger.connectors.keys import find_key
    from amazon_listings.ledger.items.issues import open_issues

    ledger = known_ledger()
    key = find_key(ledger, connector_id) if ledger is not None else None
    if ledger is None or key is None:
        return frozenset()  # no run yet
    known = [one.issue for one in open_issues(ledger, key)]
    return frozenset(
        name for issue in known if issue.code == "18448" for name in (issue.attribute, *issue.others) if name
    )


def definition_store() -> DefinitionStore:
    """Return where runs keep definitions."""
    from amazon_listings.definitions.store import DefinitionStore

    return DefinitionStore(run_storage() / "definitions")


def run_storage() -> Path:
    """Return where runs keep their files: a local folder, or object storage through Airflow."""
    from amazon_listings.settings import settings

    location = settings().storage
    if "://" not in location:
        return Path(location)
    from amazon_listings.airflow_adapter.connections import storage

    return cast("Path", storage())


def selling_partner(connection: str, country: str) -> SellingPartner:
    """Return a client for an Airflow connection, in the region of a country."""
    from amazon_listings.airflow_adapter import connections

    return connections.client(connection, country)


def marketplace_of(country: str) -> Marketplace:
    """Return the marketplace of a country code in any case."""
    from amazon_listings.marketplaces import MARKETPLACES, marketplace

    try:
        return marketplace(country.upper())
    except KeyError:
        refuse("cli.unknown_marketplace", country=country, marketplaces=MARKETPLACES)


def definition_file(path: Path) -> dict[str, Any]:
    """Return the definition in a file."""
    from amazon_listings.definitions.stored import parsed

    return parsed(_content(path), str(path))


def json_file(path: Path) -> dict[str, Any]:
    """Return the JSON object in a file; an empty one if it holds something else."""
    try:
        found = json.loads(_content(path))
    except ValueError as error:
        refuse("cli.not_json", path=path, reason=error)
    return found if isinstance(found, dict) else {}


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        refuse("cli.file_unreadable", path=path, reason=error.strerror)

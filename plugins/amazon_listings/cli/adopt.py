"""The commands `adopt` and `release`: what of the listings at Amazon is a connector's."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from amazon_listings.cli.inputs.ledger_access import LedgerUrl, opened_ledger
from amazon_listings.cli.output.refusals import messages, plain_errors, refuse, say, speak
from amazon_listings.cli.output.tables import clean
from amazon_listings.runs.listings.value_text import value_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Engine

    from amazon_listings.authoring.adoption import Adoption
    from amazon_listings.connectors.model import Connector
    from amazon_listings.ledger.items.payloads import ListingScope
    from amazon_listings.mapping.mapping import FieldMapping
    from amazon_listings.runs.definitions import Definitions
    from amazon_listings.selling_partner.calls.client import SellingPartner

#: Longest value shown.
LONGEST = 120
#: Listings that are shown one by one.
SHOWN = 50


def register(app: typer.Typer) -> None:
    """Add this module's commands to `app`."""
    app.command()(adopt)
    app.command()(release)


class _Setting(NamedTuple):
    connector: Connector
    mapping: FieldMapping
    definitions: Definitions
    client: SellingPartner
    ledger: Engine
    listings: ListingScope


def adopt(
    connector: Annotated[str, typer.Argument(help="The connector whose the listings become.")],
    sku: Annotated[list[str] | None, typer.Option(help="Only this SKU; may be repeated.")] = None,
    source: Annotated[
        str | None, typer.Option("--from", help="Take over what this other connector owns.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    ledger: LedgerUrl = None,
) -> None:
    """Make what listings hold in mapped fields the connector's: it removes what it no longer writes."""
    from amazon_listings.authoring import adoption
    from amazon_listings.ledger.connectors.keys import find_key
    from amazon_listings.runs.listings.ownership import mapping_lines

    with plain_errors():
        at = _setting(connector, ledger)
        other = find_key(at.ledger, source) if source else None
        if source and other is None:
            refuse("cli.connector_never_ran", connector=source)
        if other is None:
            found = list(
                adoption.adoptions(
                    at.connector,
                    at.mapping,
                    at.definitions.layout,
                    client=at.client,
                    ledger=at.ledger,
                    listings=at.listings,
                    skus=sku or (),
                )
            )
        else:
            found = [
                one
                for one in adoption.take_over(
                    at.connector,
                    at.mapping,
                    at.definitions.layout,
                    ledger=at.ledger,
                    listings=at.listings,
                    other_key=other,
                )
                if not sku or one.sku in sku
            ]
        if not found:
            say("adopt.nothing", err=True)
            raise typer.Exit(1)
        _show(found, connector)
        _confirm(yes, "adopt.ask", connector=connector, count=len(found))
        lines = mapping_lines(at.connector, at.mapping)
        if other is None:
            adoption.adopt(at.ledger, at.listings, found, lines)
        else:
            adoption.hand_over(
                at.ledger, at.listings, other, found, layout=at.definitions.layout, lines=lines
            )
    say("adopt.done", connector=connector, count=len(found))


def release(
    connector: Annotated[str, typer.Argument(help="The connector that gives its listings up.")],
    sku: Annotated[list[str] | None, typer.Option(help="Only this SKU; may be repeated.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    ledger: LedgerUrl = None,
) -> None:
    """Forget that listings are the connector's: it removes and deletes nothing of them any more."""
    from amazon_listings.authoring import adoption
    from amazon_listings.ledger.items.leavers import listed_skus_of

    with plain_errors():
        at = _setting(connector, ledger)
        unknown = sorted(set(sku or ()).difference(listed_skus_of(at.ledger, at.listings)))
        if unknown:
            refuse("cli.no_such_listing", connector=connector, skus=unknown)
        owned = adoption.releasable(at.ledger, at.listings, sku or ())
        if not owned:
            say("adopt.nothing_owned", connector=connector)
            return
        _confirm(
            yes, "adopt.ask_release" if sku else "adopt.ask_release_all", connector=connector, skus=owned
        )
        adoption.release(at.ledger, at.listings, owned)
    say("adopt.given_up", connector=connector, count=len(owned))


def _confirm(yes: bool, code: str, **facts: object) -> None:
    """Ask before the ledger is changed, unless `--yes` was said; end the command if the answer is no."""
    if not yes and not typer.confirm(messages().phrase(code, **facts)):
        say("adopt.unchanged")
        raise typer.Exit(1)


def _setting(connector_id: str, url: str | None) -> _Setting:
    """Return the connector as it is now, its account, definition and mapping."""
    from amazon_listings.airflow_adapter import connections
    from amazon_listings.airflow_adapter.configured import connector_named
    from amazon_listings.definitions.refresh import load_pair
    from amazon_listings.definitions.store import DefinitionStore
    from amazon_listings.ledger.connectors.keys import keyed
    from amazon_listings.ledger.items.payloads import ListingScope
    from amazon_listings.runs.definitions import Definitions, definition_key
    from amazon_listings.runs.map_fields import compiled

    engine = opened_ledger(url)
    connector = keyed(engine, connector_named(connector_id))
    speak(connector=connector)
    client = connections.client(connector.amazon.connection, connector.amazon.country)
    store = DefinitionStore(connections.storage() / "definitions")
    pair = load_pair(store, definition_key(connector, client.account.seller_id), connector.marketplace)
    definitions = Definitions(pair)
    listings = ListingScope.of(connector, client.account.seller_id)
    return _Setting(connector, compiled(connector, definitions), definitions, client, engine, listings)


def _show(found: Iterable[Adoption], connector: str) -> None:
    every = list(found)
    for one in islice(every, SHOWN):
        print(clean(messages().phrase("adopt.listing", sku=one.sku, count=len(one.leaves))))
        for leaf, value in one.leaves.items():
            print(clean(f"    {leaf}: {value_text(value, messages(), LONGEST)}"))
    if len(every) > SHOWN:
        say("adopt.more", count=len(every) - SHOWN)
    say("adopt.found", connector=connector, count=len(every), values=sum(len(one.leaves) for one in every))

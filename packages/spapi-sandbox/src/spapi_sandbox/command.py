"""The command `spapi-sandbox`, which is also `amazon-listings sandbox` where both are installed."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - typer reads the annotations
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

if TYPE_CHECKING:
    from spapi_sandbox.state import SandboxState


def main() -> None:
    """Run the command; the entry point of the console script."""
    typer.run(sandbox)


def sandbox(
    *,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port; 0 takes a free one.", min=0, max=65535)] = 0,
    seed: Annotated[int, typer.Option(help="Makes identifiers, tokens and stock repeatable.")] = 1,
    definitions: Annotated[
        Path | None,
        typer.Option(
            help="Folder of real definitions to serve too: TYPE.COUNTRY.locale[.REQUIREMENTS][.version].json"
        ),
    ] = None,
    state: Annotated[Path | None, typer.Option(help="SQLite file that keeps listings and feeds.")] = None,
    items: Annotated[
        int, typer.Option(help="Generate a catalogue of this many items; 0 serves the demo catalogue.", min=0)
    ] = 0,
    with_existing: Annotated[
        bool, typer.Option("--with-existing", help="Start with listings that people made.")
    ] = False,
    region: Annotated[
        str, typer.Option(help="Play one region (NA, EU, FE) and refuse marketplaces of others.")
    ] = "",
    lenient: Annotated[
        bool, typer.Option("--lenient", help="Tolerate what Amazon tolerates in a query.")
    ] = False,
    quotas: Annotated[bool, typer.Option(help="Refuse requests over Amazon's rates with 429.")] = True,
    quota_factor: Annotated[
        float, typer.Option(help="Multiplies Amazon's rates and bursts.", min=0.001)
    ] = 1.0,
) -> None:
    """Play Sales Layer, Login with Amazon and the Selling Partner API on this machine."""
    from spapi_sandbox.catalogue.catalogue import generate, load
    from spapi_sandbox.listings.by_hand import add_listings_by_hand
    from spapi_sandbox.marketplaces import MARKETPLACES
    from spapi_sandbox.server import serve
    from spapi_sandbox.state import SandboxState

    if definitions is not None and not definitions.is_dir():
        _exit_with(f"The folder of definitions {definitions} does not exist.")
    if state is not None and not state.parent.is_dir():
        _exit_with(f"The folder of the state file {state} does not exist.")
    if region not in {"", *(entry.region for entry in MARKETPLACES.values())}:
        _exit_with(f"There is no region {region!r}; the regions are NA, EU and FE.")
    memory = SandboxState(seed=seed, definitions=definitions, storage=state, region=region, lenient=lenient)
    if with_existing:
        add_listings_by_hand(memory.listings)
    memory.buckets.enabled = quotas
    memory.buckets.factor = quota_factor
    try:
        url, server, listener = serve(
            memory, host=host, port=port, catalogue=generate(items, seed) if items else load(seed=seed)
        )
    except OSError as error:
        _exit_with(f"Cannot listen on {host}:{port}: {error.strerror}.")
    typer.echo(_introduction(url, memory))
    try:
        server.run(sockets=[listener])
    finally:
        memory.close()


def _exit_with(message: str) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(1)


def _introduction(url: str, memory: SandboxState) -> str:
    from spapi_sandbox.account import accounts
    from spapi_sandbox.marketplaces import MARKETPLACES

    types = ", ".join(name for name, _, _ in memory.library.product_types(MARKETPLACES["FR"], "en"))
    return f"""\
Sandbox at {url}   (control: {url}/_control, stop: Ctrl+C)

  Selling Partner API   {url}/definitions/2020-09-01, /listings/2021-08-01, /feeds/2021-06-30, /sellers/v1
  Login with Amazon     {url}/auth/o2/token
    client id           {accounts.CLIENT_ID}
    client secret       {accounts.CLIENT_SECRET}
    refresh token       {accounts.REFRESH_TOKEN}
    seller id           {accounts.SELLER_ID}   (vendor code: {accounts.VENDOR_CODE})
    product types       {types}   (as sold in France)
  Sales Layer REST 2.0  {url}/sales_layer/rest/Catalog   (API key: sandbox-pim-key)
  Sales Layer API 1.18  {url}/sales_layer/connector      (code: CNSANDBOX, secret: sandbox-connector-secret)
"""

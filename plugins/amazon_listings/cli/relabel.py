"""Command: write a connector's mapping in another locale's labels."""

from __future__ import annotations

from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING, Annotated, Any

import typer

from amazon_listings.cli.configured import Folder, connector_of
from amazon_listings.cli.connectors import connectors_app
from amazon_listings.cli.definitions import pair_of
from amazon_listings.cli.refusals import plain_errors, refuse

if TYPE_CHECKING:
    from amazon_listings.connectors import Connector
    from amazon_listings.product_types.relabelling import Relabelled


def register(app: typer.Typer) -> None:  # noqa: ARG001 - the command belongs to `connectors`
    """Add this module's command to the group `connectors`."""
    connectors_app.command(name="relabel")(relabel)


def relabel(
    connector: Annotated[str, typer.Argument(metavar="ID", help="Id of the connector.")],
    *,
    locale: Annotated[str, typer.Option(help="Locale of the new labels, such as es_ES.")],
    folder: Folder = None,
    dry_run: Annotated[bool, typer.Option(help="Print what would change and change nothing.")] = False,
) -> None:
    """Rewrite the labels of a connector's file for another locale; the mapping means the same."""
    from amazon_listings.connectors.rewriting import rewritten

    with plain_errors():
        found = connector_of(connector, folder)
        path = found.where.path
        if path is None:
            refuse(f"{connector} is declared in {found.where}: only a file can be rewritten.")
        text = path.read_text(encoding="utf-8")
        written, result = _relabelled(found, text, locale)
        if written.get("amazon", {}).get("locale") is None:
            refuse(f"{path} does not say `locale`: it comes from {found.where}. Change it there.")
        wanted = {
            "/amazon/locale": (written["amazon"]["locale"], locale),
            "/mapping": (written["mapping"], result.mapping),
        }
        new = rewritten(text, wanted)
        for old_key, new_key in result.keys.items():
            print(f"{old_key}  ->  {new_key}")
        for key in result.unknown:
            typer.echo(f"left as it is, it names no one field: {key}", err=True)
        if dry_run:
            return
        _replace(path, new)
        print(f"{path}: {len(result.keys)} labels in {locale}, {len(result.mapping)} lines, same meaning.")


def _relabelled(found: Connector, text: str, locale: str) -> tuple[dict[str, Any], Relabelled]:
    """The file's own document, and its mapping in `locale`."""
    from dataclasses import replace

    from amazon_listings.connectors.yaml_document import read_yaml
    from amazon_listings.product_types.relabelling import relabel as in_labels_of

    written = read_yaml(text).value
    here = pair_of(found)
    there = pair_of(replace(found, amazon=replace(found.amazon, locale=locale)))
    return written, in_labels_of(written.get("mapping", {}), here.index, there.index)


def _replace(path: Path, text: str) -> None:
    """Write the file whole, or not at all."""
    with NamedTemporaryFile(
        "w", dir=path.parent, prefix=f".{path.name}.", delete=False, encoding="utf-8"
    ) as new:
        new.write(text)
    Path(new.name).chmod(path.stat().st_mode)
    Path(new.name).replace(path)

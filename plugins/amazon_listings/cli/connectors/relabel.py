"""Command: write a connector's mapping in another locale's labels."""

from __future__ import annotations

from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING, Annotated, Any

import typer

from amazon_listings.cli.connectors.commands import connectors_app
from amazon_listings.cli.inputs.configured import Folder, connector_of
from amazon_listings.cli.inputs.definitions import pair_of
from amazon_listings.cli.output.refusals import plain_errors, refuse, say, speak

if TYPE_CHECKING:
    from amazon_listings.authoring.relabelling import Relabelled
    from amazon_listings.connectors import Connector


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
    from amazon_listings.connectors.yaml_document import read_yaml

    with plain_errors():
        found = connector_of(connector, folder)
        speak(connector=found)
        path = found.where.path
        if path is None:
            refuse("cli.only_files_rewritten", connector=connector, where=found.where)
        text = path.read_text(encoding="utf-8")
        written = read_yaml(text).value
        if written.get("amazon", {}).get("locale") is None:
            refuse("cli.locale_elsewhere", path=path, where=found.where)
        parts = _relabelled(found, written, locale)
        wanted = {f"/{name}": (written[name], part.mapping) for name, part in parts.items()}
        new = rewritten(text, {"/amazon/locale": (written["amazon"]["locale"], locale), **wanted})
        for part in parts.values():
            for old_key, new_key in part.keys.items():
                print(f"{old_key}  ->  {new_key}")
            for key in part.unknown:
                say("relabel.unknown", err=True, key=key)
        if dry_run:
            return
        _replace(path, new)
        labels = sum(len(part.keys) for part in parts.values())
        say("relabel.done", path=path, labels=labels, locale=locale, lines=len(found.mapping))


def _relabelled(found: Connector, written: dict[str, Any], locale: str) -> dict[str, Relabelled]:
    """Return the parts of the file's own document that have labels, in `locale`."""
    from dataclasses import replace

    from amazon_listings.authoring.relabelling import relabel as in_labels_of
    from amazon_listings.authoring.relabelling import relabel_variations
    from amazon_listings.mapping.short_forms.forms import SHORT_FORMS

    here = pair_of(found).index
    there = pair_of(replace(found, amazon=replace(found.amazon, locale=locale))).index
    parts = {"mapping": in_labels_of(written.get("mapping", {}), here, there, short_forms=SHORT_FORMS)}
    if written.get("variations"):
        parts["variations"] = relabel_variations(written["variations"], here, there)
    return parts


def _replace(path: Path, text: str) -> None:
    """Write the file whole, or not at all."""
    with NamedTemporaryFile(
        "w", dir=path.parent, prefix=f".{path.name}.", delete=False, encoding="utf-8"
    ) as new:
        new.write(text)
    Path(new.name).chmod(path.stat().st_mode)
    Path(new.name).replace(path)

"""Command: what Amazon changed in a product type, and whom it concerns."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from amazon_listings.cli.inputs.configured import Folder, Variables, connectors_in, exported
from amazon_listings.cli.inputs.definitions import definition_file, definition_store, marketplace_of
from amazon_listings.cli.inputs.ledger_access import known_ledger
from amazon_listings.cli.output.refusals import Language, plain_errors, refuse, say, speak
from amazon_listings.cli.product_types.commands import RequirementSet, product_types_app

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from amazon_listings.connectors import Connector
    from amazon_listings.definitions.stored import StoredDefinition
    from amazon_listings.marketplaces import Marketplace
    from amazon_listings.messages import Message
    from amazon_listings.watch.drift import Drift


def register(app: typer.Typer) -> None:  # noqa: ARG001 - the command belongs to `product-types`
    """Add this module's command to the group `product-types`."""
    product_types_app.command()(diff)


def diff(
    old: Annotated[
        str, typer.Argument(help="A definition file, or a product type whose versions are stored.")
    ],
    new: Annotated[str | None, typer.Argument(help="The newer definition file.")] = None,
    *,
    country: Annotated[str | None, typer.Option(help="Marketplace of the stored product type.")] = None,
    locale: Annotated[str | None, typer.Option(help="Language of labels of the stored one.")] = None,
    requirements: Annotated[
        RequirementSet | None,
        typer.Option(help="Of the stored one: LISTING by default. With files: only connectors with these."),
    ] = None,
    language: Language = None,
    folder: Folder = None,
    variables: Variables = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say in words what changed between two versions, and which mapping lines it touches."""

    def connectors(product_type: str) -> Iterator[Connector]:
        return _connectors(folder, variables, product_type, requirements)

    language = speak(language)
    with plain_errors():
        if new is not None:
            found = _file_drift(Path(old), Path(new), connectors, language)
        elif country is not None:
            stored = _stored(old, marketplace_of(country), locale, requirements or "LISTING")
            found = _version_drift(stored, connectors, language)
        else:
            refuse("cli.two_definitions_needed")
    if as_json:
        document = {
            "changes": [one._asdict() | {"breaking": one.breaking} for one in found.changes],
            "touched": [one._asdict() for one in found.touched],
            "failing": {one: failing._asdict() for one, failing in found.failing.items()},
        }
        print(json.dumps(document, ensure_ascii=False, indent=2))
        return
    for line in found.told():
        print(line)


def _file_drift(
    old: Path, new: Path, connectors: Callable[[str], Iterator[Connector]], language: str
) -> Drift:
    """Return the drift between two files, for the connectors of the same product type and marketplace."""
    from amazon_listings.messages import message
    from amazon_listings.watch.drift import Documents, drift

    before, after = definition_file(old), definition_file(new)
    product_type = str(after.get("$id", "")).rstrip("/").rpartition("/")[2]
    place, locale = (_default(after, name) for name in ("marketplace_id", "language_tag"))
    mapped = []
    for connector in connectors(product_type):
        if place not in {None, connector.marketplace.id}:
            continue
        if locale not in {None, connector.amazon.locale}:
            labels = message("diff.other_labels", labels=connector.amazon.locale, locale=locale)
            _not_judged(connector, labels)
            continue
        mapped.append(connector)
    return drift(
        Documents(before, before), Documents(after, after), mapped, known_ledger(), language=language
    )


def _default(document: dict[str, Any], name: str) -> str | None:
    """Return the marketplace or the language that a definition is of, as its `$defs` say."""
    found = document.get("$defs", {}).get(name, {}).get("default")
    return found if isinstance(found, str) else None


def _version_drift(
    stored: StoredDefinition, connectors: Callable[[str], Iterator[Connector]], language: str
) -> Drift:
    """Return the drift between the last two stored versions; each connector in the locale of its labels."""
    from amazon_listings.definitions.stored import NoDefinition
    from amazon_listings.watch.drift import Documents, drift, stored_drift

    kept, key = definition_store(), stored.key
    earlier = kept.earlier(key)
    if not earlier:
        refuse("cli.only_one_version_stored", key=key, version=stored.version, fetched_at=stored.fetched_at)
    before, after = earlier[0].document, stored.document
    found = drift(Documents(before, before), Documents(after, after), [], language=language)
    for connector in connectors(key.product_type):
        amazon = connector.amazon
        if (connector.marketplace.id, amazon.requirements) != (key.marketplace_id, key.requirements):
            continue
        spoken = replace(key, locale=amazon.locale)
        try:
            own = stored_drift(kept, spoken, [connector], known_ledger(), language=language)
        except NoDefinition as error:
            _not_judged(connector, error)
            continue
        if own is not None:
            found.touched.extend(own.touched)
            found.failing.update(own.failing)
    return found


def _not_judged(connector: Connector, reason: Message | Exception) -> None:
    say("diff.not_judged", err=True, connector=connector.id, reason=reason)


def _stored(product_type: str, place: Marketplace, locale: str | None, requirements: str) -> StoredDefinition:
    """Return the stored definition of a type, whichever account it was fetched with."""
    kept = definition_store()
    wanted = (product_type, place.id, locale or place.locale, requirements)
    for key in kept.keys():  # noqa: SIM118 - not a dict
        if (key.product_type, key.marketplace_id, key.locale, key.requirements) == wanted:
            return kept.load(key)
    return refuse(
        "cli.no_definition_stored",
        product_type=product_type,
        place=place.shop,
        locale=locale or place.locale,
        country=place.country,
    )


def _connectors(
    folder: Path | None, variables: Path | None, product_type: str, requirements: str | None
) -> Iterator[Connector]:
    """Yield the connectors of a product type; none where there is no folder of them."""
    from amazon_listings.errors import ActionRequiredError

    try:
        loaded = connectors_in(folder, exported(variables))
    except ActionRequiredError:
        return
    for connector in loaded.connectors:
        amazon = connector.amazon
        if amazon.product_type == product_type and requirements in {None, amazon.requirements}:
            yield connector

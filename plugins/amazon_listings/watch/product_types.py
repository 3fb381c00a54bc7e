"""The daily look at the product types in use: what Amazon changed since the look before."""

from __future__ import annotations

import json
import secrets
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar

from jinja2 import Environment, PackageLoader, StrictUndefined

from amazon_listings.definitions.refresh import load_pair
from amazon_listings.definitions.store import DefinitionStore
from amazon_listings.definitions.stored import DefinitionDamaged, NoDefinition
from amazon_listings.messages import catalogue
from amazon_listings.remarks import sentences
from amazon_listings.runs.definitions import definition_key, refresh_definitions
from amazon_listings.runs.folder import RunFolder
from amazon_listings.runs.notes import Note
from amazon_listings.watch.drift import Drift, Used, stored_drift
from amazon_product_types.errors import ProductTypeError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from jinja2 import Template
    from sqlalchemy import Engine

    from amazon_listings.connectors.model import Connector
    from amazon_listings.definitions.stored import DefinitionKey
    from amazon_listings.selling_partner.calls.client import SellingPartner

#: The name of a look's folder among the runs; no connector can be called so.
WATCH = "product_types"
#: SKUs named in a sentence; the page has more.
_SHOWN = 5


class SeenPair(Note, frozen=True, kw_only=True):
    """The documents of a pair, by the checksums of both: before and after the check of `run`."""

    file: ClassVar[str] = "seen"
    task: ClassVar[str] = "check"

    run: str | None = None
    before: tuple[str, str] | None = None
    now: tuple[str, str] | None = None


class CheckedPair(Note, frozen=True, kw_only=True):
    """What the check's report says of a pair."""

    file: ClassVar[str] = "pair"
    task: ClassVar[str] = "check"

    found: dict[str, Any]


def pairs(connectors: Iterable[Connector]) -> list[list[str]]:
    """Return the ids of connectors that work with the same two documents, for each such pair of documents."""
    found: dict[tuple[str, ...], list[str]] = {}
    for one in connectors:
        if one.enabled:
            amazon = one.amazon
            asked = (
                amazon.connection,
                amazon.country,
                amazon.locale,
                amazon.product_type,
                amazon.requirements,
                amazon.requirements_enforced,
                amazon.product_type_version,
            )
            found.setdefault(asked, []).append(one.id)
    return list(found.values())


def look(
    connectors: Sequence[Connector], client: SellingPartner, storage: Path, ledger: Engine, run_id: str
) -> tuple[dict[str, Any], Drift | None]:
    """Refresh the documents that these connectors share, and say what changed since the look before.

    A look that is repeated under the same run id compares with the same look before.

    Args:
        connectors: One element of `pairs`.
        client: The account they ask with.
        storage: Where runs and definitions are kept.
        ledger: Knows the connectors' items.
        run_id: Airflow's DAG run id.

    Returns:
        What the look's report says of this pair (kept for it too): `product_type`, `country`, `locale`,
        `connectors` (ids), `version`, `warnings` and `changes` (`Drift.to_json`, or None); and the drift.

    Raises:
        ActionRequiredError: Amazon has no such product type, or refuses the account.
        RetryableError: Amazon does not answer, and no copy is stored.
    """
    first = connectors[0]
    note = refresh_definitions(first, client, storage)
    key = definition_key(first, client.account.seller_id)
    store, memory = DefinitionStore(storage / "definitions"), RunFolder(storage / WATCH)
    known = memory.noted(SeenPair, key.digest) or SeenPair()
    before = known.before if known.run == run_id else known.now
    messages, drift = catalogue(key.locale), None
    warnings = sentences(note.warnings, messages)
    if before is not None:
        try:
            drift = stored_drift(store, key, connectors, ledger, since=Used(*before))
        except (NoDefinition, DefinitionDamaged) as error:
            warnings.append(error.worded(messages))
    told = {
        "product_type": key.product_type,
        "country": first.marketplace.country,
        "locale": key.locale,
        "connectors": [one.id for one in connectors],
        "version": note.version,
        "warnings": [*warnings, *_renamed(connectors, store, key)],
        "changes": drift.to_json() if drift else None,
    }
    RunFolder.of(storage, WATCH, run_id).note(CheckedPair(found=told), key.digest)
    now = (note.checksum, note.labels_checksum)
    memory.note(SeenPair(run=run_id, before=before, now=now), key.digest)
    return told, drift


def _renamed(connectors: Sequence[Connector], store: DefinitionStore, key: DefinitionKey) -> Iterator[str]:
    """Yield a sentence for each mapping line that still goes by a label which Amazon has changed."""
    index, messages = load_pair(store, key, connectors[0].marketplace).index, catalogue(key.locale)
    for one in connectors:
        lines = one.where.mapping_lines()
        for name in one.mapping:
            try:
                now = index.find(name).renamed_to
            except ProductTypeError:
                continue  # a mistake, or a short form of the mapping: not what this is about
            if now is not None:
                place = (
                    messages.phrase("change.line", connector=one.id, line=lines[name])
                    if name in lines
                    else one.id
                )
                yield messages.phrase("change.renamed_label", line=place, before=name, now=now)


def write_look(storage: Path, run_id: str, pairs_of_run: Sequence[Sequence[str]]) -> dict[str, Any]:
    """Write the page and the JSON of a look, for all pairs.

    Args:
        storage: Where runs are kept.
        run_id: Airflow's DAG run id.
        pairs_of_run: What `pairs` gave for this run.

    Returns:
        `pairs` (what each look returned), `missing` (ids of connectors whose documents could not be
        refreshed), `person` (all sentences that need a person) and `file` (the page's place).
    """
    folder = RunFolder.of(storage, WATCH, run_id)
    looked = sorted(_noted(folder), key=lambda one: (one["product_type"], one["country"], one["locale"]))
    seen = {connector for one in looked for connector in one["connectors"]}
    found = {
        "pairs": looked,
        "missing": [name for ids in pairs_of_run for name in ids if name not in seen],
        "person": [sentence for one in looked for sentence in needs_a_person(one["changes"] or {})],
        "file": str(folder.stage("report") / "report.html"),
    }
    with folder.writing("report", "report.json") as out:
        out.write(json.dumps(found, ensure_ascii=False, indent=1).encode())
    page = _template().render(**found, run_id=run_id, catalogue=catalogue, nonce=secrets.token_urlsafe(16))
    with folder.writing("report", "report.html") as out:
        out.write(page.encode(errors="replace"))
    return found


def needs_a_person(changes: Mapping[str, Any]) -> Iterator[str]:
    """Yield the sentences of a section `changes` that a person must act on."""
    yield from changes.get("person", ())
    messages = catalogue(changes.get("language", "en"))
    for connector, found in changes.get("failing", {}).items():
        if found["failing_now"]:
            shown = [sku for sku, _ in found["skus"][:_SHOWN]]
            shown += ["…"] if found["failing_now"] > len(shown) else []
            yield messages.phrase(
                "change.failing_now",
                connector=connector,
                failing=found["failing_now"],
                items=found["items"],
                skus=", ".join(shown),
            )


def _noted(folder: RunFolder) -> Iterator[dict[str, Any]]:
    if folder.root.exists():
        for path in folder.root.iterdir():
            if path.name.startswith("pair-") and path.name.endswith(".json"):
                note = folder.noted(CheckedPair, path.name.removeprefix("pair-").removesuffix(".json"))
                yield note.found if note is not None else {}


@cache
def _template() -> Template:
    loader = PackageLoader("amazon_listings.runs.report", ".")
    # Autoescape is what keeps Amazon's and people's texts from being markup.
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template("product_types.html")

"""What a changed definition means for a connector: its mapping lines and its last items."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from amazon_listings.definitions.refresh import pair_keys
from amazon_listings.definitions.store import DefinitionStore
from amazon_listings.definitions.stored import NoDefinition
from amazon_listings.errors import RunAbortedError
from amazon_listings.ledger.connectors.keys import find_key
from amazon_listings.ledger.items.states import count_states, find_states
from amazon_listings.ledger.runs.history import run_before
from amazon_listings.runs.folder import RunFolder
from amazon_listings.runs.notes import DefinitionsNote
from amazon_listings.watch.impact import Mapped, NewlyFailing, Touched, impact, newly_failing
from amazon_product_types.changes import KINDS, Change, changes, told
from amazon_product_types.definition import Definition
from amazon_product_types.fields import fields
from amazon_product_types.labels import FieldIndex
from amazon_product_types.messages import catalogue
from amazon_product_types.validation import compile_definition

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from sqlalchemy import Engine

    from amazon_listings.connectors.model import Connector
    from amazon_listings.definitions.stored import DefinitionKey, StoredDefinition


@dataclass(frozen=True)
class Documents:
    """One version of a definition: the document that judges, and the one with the labels."""

    judge: dict[str, Any]
    labels: dict[str, Any]
    version: str = ""


class Used(NamedTuple):
    """The documents that a run worked with, by checksum; no `labels` where they were not noted."""

    judge: str
    labels: str | None = None


@dataclass(frozen=True)
class Drift:
    """The changes between two versions, the lines they touch, the items that would now fail.

    `failing` is by connector id, for those of which the ledger knows items. `language` is that of
    the sentences.
    """

    changes: list[Change]
    touched: list[Touched]
    failing: dict[str, NewlyFailing]
    before: str = ""
    after: str = ""
    language: str = "en"

    @property
    def needs_a_person(self) -> bool:
        """Whether anybody must act."""
        return any(line.person for line in self.touched) or any(
            found.failing_now for found in self.failing.values()
        )

    def told(self) -> Iterator[str]:
        """Yield all of it as lines of text."""
        messages = catalogue(self.language)
        yield from told(self.changes, self.language)
        for heading, person in (("person", True), ("no_action", False)):
            lines = [line.told(self.language) for line in self.touched if line.person is person]
            if lines:
                yield from ("", messages.phrase(f"change.{heading}"), *(f"  {line}" for line in lines))
        if self.failing:
            yield from ("", messages.phrase("change.would_fail"))
        for connector_id, found in self.failing.items():
            counts = messages.phrase(
                "change.failing", failing=found.failing_now, items=found.items, before=found.failed_before
            )
            yield f"  {connector_id}: {counts}"
            yield from (f"    {sku}: {', '.join(paths)}" for sku, paths in found.skus)

    def to_json(self) -> dict[str, Any]:
        """Return the section `changes` of a report.

        Returns:
            `language`, `before` and `after` (versions), `kinds` (heading and changes of each kind, worst
            first), `person` (mapping lines and fields that a person must look at, as sentences), `kept`
            (lines that go on meaning the same) and `failing` (by connector: its `items`,
            `failed_before`, `failing_now`, `skus`).
        """
        messages = catalogue(self.language)
        return {
            "language": self.language,
            "before": self.before,
            "after": self.after,
            "kinds": [
                {
                    "kind": kind,
                    "heading": messages.phrase(f"change.kind_{kind}"),
                    "changes": [one._asdict() for one in self.changes if one.kind == kind],
                }
                for kind in KINDS
                if any(one.kind == kind for one in self.changes)
            ],
            "person": [line.told(self.language) for line in self.touched if line.person],
            "kept": [line.told(self.language) for line in self.touched if not line.person],
            "failing": {name: found._asdict() for name, found in self.failing.items()},
        }


def drift(
    old: Documents,
    new: Documents,
    connectors: Sequence[Connector],
    ledger: Engine | None = None,
    *,
    language: str = "en",
) -> Drift:
    """Return what the step from one version to another means.

    Args:
        old: The version before.
        new: The version now.
        connectors: Those that use the definition.
        ledger: Knows the connectors' items; None judges none.
        language: Of the sentences: en, es, fr, de or it.
    """
    versions = [Definition(version.judge, labels=version.labels) for version in (old, new)]
    found = changes(*versions, language=language)
    before, after = (FieldIndex(fields(version)) for version in versions)
    mapped = [Mapped(one.id, one.mapping, one.where.mapping_lines()) for one in connectors]
    failing: dict[str, NewlyFailing] = {}
    if ledger is not None and any(change.breaking for change in found):
        judges = compile_definition(old.judge), compile_definition(new.judge)
        for one in connectors:
            key = find_key(ledger, one.id, one.was)
            if key is not None and count_states(ledger, key):
                failing[one.id] = newly_failing(_payloads(ledger, key), *judges)
    touched = impact(found, mapped, before, after, language=language)
    return Drift(found, touched, failing, old.version, new.version, language)


def stored_drift(
    store: DefinitionStore,
    key: DefinitionKey,
    connectors: Sequence[Connector],
    ledger: Engine | None = None,
    *,
    since: Used | None = None,
    language: str | None = None,
) -> Drift | None:
    """Return the drift from an earlier version to the one stored now; None if they are the same.

    Args:
        store: Where definitions are kept.
        key: What the connectors ask Amazon for, in the locale of their labels.
        connectors: Those that use this key.
        ledger: Knows the connectors' items; None judges none.
        since: What was used before; the version stored before this one if None.
        language: Of the sentences; that of the labels if None.

    Raises:
        NoDefinition: what was used before is not kept any more.
    """
    if not connectors:
        return None
    own, spoken = pair_keys(key, connectors[0].marketplace)
    if since is None and not store.earlier(own) and not store.earlier(spoken):
        return None
    judges, labels = _versions(store, own), _versions(store, spoken)
    if since is None:
        since = Used(judges[1 if len(judges) > 1 else 0].checksum)
    judge = _of(judges, since.judge)
    spoke = _of(labels, since.labels) if since.labels else _spoken_with(labels, judge)
    if (judge.checksum, spoke.checksum) == (judges[0].checksum, labels[0].checksum):
        return None
    old = Documents(judge.document, spoke.document, judge.version)
    new = Documents(judges[0].document, labels[0].document, judges[0].version)
    return drift(old, new, connectors, ledger, language=language or key.locale)


def drift_since_last_run(
    connector: Connector,
    definitions: DefinitionsNote,
    *,
    storage: Path,
    ledger: Engine,
    run_id: str,
) -> Drift | None:
    """Return what changed at Amazon since the connector's run before this one; None if nothing did.

    Args:
        connector: The connector that runs.
        definitions: What `refresh_definitions` returned for this run.
        storage: Where runs and definitions are kept.
        ledger: The open ledger, which knows the run before.
        run_id: Airflow's DAG run id of this run.

    Raises:
        NoDefinition, DefinitionDamaged: the document that the run before used is gone.
    """
    previous = run_before(ledger, connector.key, run_id)
    if previous is None:
        return None
    noted = _definitions_of(RunFolder.latest(storage, connector.key, previous.run_id))
    labels = noted.labels_checksum if noted is not None and noted.checksum == previous.definition else None
    if noted is not None and noted.key != definitions.key:
        return None  # the connector itself asks for something else now
    store = DefinitionStore(storage / "definitions")
    since = Used(previous.definition, labels)
    return stored_drift(store, definitions.key, [connector], ledger, since=since)


def _definitions_of(run: RunFolder | None) -> DefinitionsNote | None:
    """Return what a run noted of its definitions; None if its files are gone or cannot be read."""
    try:
        return run.noted(DefinitionsNote) if run is not None else None
    except RunAbortedError:
        return None


def _versions(store: DefinitionStore, key: DefinitionKey) -> list[StoredDefinition]:
    """Return the stored versions of a key, the one of now first."""
    return [store.load(key), *store.earlier(key)]


def _of(versions: Sequence[StoredDefinition], checksum: str) -> StoredDefinition:
    for version in versions:
        if version.checksum == checksum:
            return version
    raise NoDefinition(
        "watch.definition_gone",
        versions_key=versions[0].key,
    )


def _spoken_with(labels: Sequence[StoredDefinition], judge: StoredDefinition) -> StoredDefinition:
    """Return the labels that belong to a version of the rules; those before today's where none says so."""
    same = (one for one in labels if one.version == judge.version)
    return next(same, labels[min(1, len(labels) - 1)])


def _payloads(ledger: Engine, connector_key: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for state in find_states(ledger, connector_key):
        if state.attributes is not None:
            yield state.sku or state.pim_id, state.attributes

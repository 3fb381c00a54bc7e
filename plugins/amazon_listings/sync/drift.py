"""What a changed definition means for a connector: its mapping lines and its last items."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from amazon_listings.product_types.changes import Change, changes, told
from amazon_listings.product_types.fields import fields
from amazon_listings.product_types.impact import Mapped, NewlyFailing, Touched, impact, newly_failing
from amazon_listings.product_types.labels import FieldIndex
from amazon_listings.product_types.refresh import pair_keys
from amazon_listings.sync.run_folder import RunFolder, safe_name
from amazon_listings.validation import compile_definition

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from amazon_listings.connectors.model import Connector
    from amazon_listings.product_types.definition import DefinitionKey
    from amazon_listings.product_types.store import DefinitionStore


@dataclass(frozen=True)
class Documents:
    """One version of a definition: the document that judges, and the one with the labels."""

    judge: dict[str, Any]
    labels: dict[str, Any]


@dataclass(frozen=True)
class Drift:
    """The changes between two versions, the lines they touch, the items that would now fail.

    `failing` is by connector id, for those of which a run's payloads are kept.
    """

    changes: list[Change]
    touched: list[Touched]
    failing: dict[str, NewlyFailing]

    @property
    def needs_a_person(self) -> bool:
        """Whether anybody must act."""
        return any(line.person for line in self.touched) or any(
            found.failing_now for found in self.failing.values()
        )

    def told(self) -> Iterator[str]:
        """All of it as lines of text."""
        yield from told(self.changes)
        for heading, person in (("A person must look at", True), ("Nobody must act on", False)):
            lines = [str(line) for line in self.touched if line.person is person]
            if lines:
                yield from ("", heading, *(f"  {line}" for line in lines))
        if self.failing:
            yield from ("", "Items of the last run that would now fail")
        for connector_id, found in self.failing.items():
            counts = f"{found.failing_now} of {found.items} ({found.failed_before} failed before)"
            yield f"  {connector_id}: {counts}"
            yield from (f"    {sku}: {', '.join(paths)}" for sku, paths in found.skus)


def drift(
    old: Documents, new: Documents, connectors: Sequence[Connector], storage: Path | None = None
) -> Drift:
    """What the step from one version to another means.

    Args:
        old: The version before.
        new: The version now.
        connectors: Those that use the definition.
        storage: Where runs keep their files; None judges no items.
    """
    found = changes(old.judge, new.judge, old_labels=old.labels, new_labels=new.labels)
    before, after = (
        FieldIndex(fields(version.judge, labels_document=version.labels)) for version in (old, new)
    )
    mapped = [Mapped(one.id, one.mapping, one.where.mapping_lines()) for one in connectors]
    failing: dict[str, NewlyFailing] = {}
    if storage is not None and any(change.breaking for change in found):
        judges = compile_definition(old.judge), compile_definition(new.judge)
        for one in connectors:
            if (run := last_run(storage, one.id)) is not None:
                failing[one.id] = newly_failing(_payloads(run), *judges)
    return Drift(found, impact(found, mapped, before, after), failing)


def stored_drift(
    store: DefinitionStore, key: DefinitionKey, connector: Connector, storage: Path | None = None
) -> Drift | None:
    """The drift from the version that was stored before to the one stored now; None without one.

    Args:
        store: Where definitions are kept.
        key: What the connector asks Amazon for, in the locale of its labels.
        connector: The connector.
        storage: Where runs keep their files.
    """
    own, spoken = pair_keys(key, connector.marketplace)
    earlier, earlier_labels = store.earlier(own), store.earlier(spoken)
    if not earlier:
        return None
    labels = earlier_labels[0] if earlier_labels else store.load(spoken)
    old = Documents(earlier[0].document, labels.document)
    return drift(old, Documents(store.load(own).document, store.load(spoken).document), [connector], storage)


def last_run(storage: Path, connector_id: str) -> RunFolder | None:
    """The latest run of a connector whose payloads are kept."""
    folder = storage / "runs" / safe_name(connector_id)
    if not folder.exists():
        return None
    runs = [(path.stat().st_mtime, str(path), RunFolder(path)) for path in folder.iterdir()]
    return next(
        (run for _, _, run in sorted(runs, key=lambda one: one[:2], reverse=True) if run.parts("mapped")),
        None,
    )


def _payloads(run: RunFolder) -> Iterator[tuple[str, dict[str, Any]]]:
    for part in run.parts("mapped"):
        for row in run.read("mapped", part):
            yield str(row.get("sku") or row.get("id")), row["attributes"]

"""The steps of a run, in their order: what Airflow's tasks call, and a run without Airflow.

    begin → extract → check_quality → map_part (each part) → test → approve → live_sync_of → finish

Each step takes the run's context and an installation, opens what it needs, and leaves its results in
the run's folder and the ledger.
"""

from __future__ import annotations

import dataclasses
import functools
import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol

from amazon_listings.errors import ActionRequiredError
from amazon_listings.messages import log_line
from amazon_listings.runs.context import begin_run
from amazon_listings.runs.outcomes import counted_outcomes

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from pathlib import Path

    from sqlalchemy import Engine

    from amazon_listings.approvals.decisions import Decisions
    from amazon_listings.connectors.model import Connector
    from amazon_listings.ledger.items.payloads import ListingScope
    from amazon_listings.mapping.values.notation import ColumnEvidence
    from amazon_listings.messages import Message
    from amazon_listings.runs.context import RunContext
    from amazon_listings.runs.definitions import Definitions
    from amazon_listings.runs.notes import ApprovalNote, DefinitionsNote, ExtractNote, ForeseenNote
    from amazon_listings.runs.scope import Scope
    from amazon_listings.selling_partner.account import Account
    from amazon_listings.selling_partner.calls.client import SellingPartner
    from amazon_listings.sources.port import Rows
    from amazon_listings.sources.reading import Reading
    from amazon_listings.sources.selection import Selection
    from amazon_listings.writes.live_sync import LiveSync

log = logging.getLogger(__name__)


class Installation(Protocol):
    """What a run works with beside its connector: storage, ledger, accounts."""

    @property
    def storage(self) -> Path:
        """Where runs and definitions are kept."""

    @property
    def ledger(self) -> Engine:
        """The open ledger."""

    def account(self, connector: Connector) -> Account:
        """Return the connector's Amazon account."""

    def client(self, connector: Connector) -> SellingPartner:
        """Return a client of the connector's Amazon account."""

    def reader(self, connector: Connector) -> Callable[[Selection], Reading]:
        """Return what reads a selection from the connector's source."""

    def halted(self, connector: Connector) -> Message | None:
        """Return why a connector must not send any more, by how it is configured now; None if it may."""

    def tables(self, connector: Connector) -> Mapping[str, Rows]:
        """Return the rows of the connector's related tables, by name and language."""


def begin(
    connector: Connector,
    installation: Installation,
    *,
    run_id: str,
    attempt: int,
    params: Mapping[str, Any],
    interval: tuple[datetime, datetime] | None = None,
    asked_by: str | None = None,
) -> RunContext:
    """Begin an attempt of a run: bring Amazon's definitions up to date, and decide what it covers.

    Args:
        connector: The connector that runs, as it is configured now, with its key.
        installation: What the run works with.
        run_id: Airflow's DAG run id, or that of a run without Airflow.
        attempt: Which pass through the run this is, from 0.
        params: What was asked for: `operation`, `selection`, `skus`, `force`.
        interval: The interval of a backfill run; None for every other run.
        asked_by: Who started the run, where a person did.

    Raises:
        RunAbortedError, RetryableError, ActionRequiredError: the run cannot begin.
    """
    from amazon_listings.connectors.languages import language_of
    from amazon_listings.ledger.runs.documents import keep_document
    from amazon_listings.ledger.runs.history import start_run
    from amazon_listings.runs.definitions import confirmed_since, refresh_definitions
    from amazon_listings.runs.extract.notations import remembered, with_notation
    from amazon_listings.runs.extract.related_tables import keep_tables
    from amazon_listings.runs.finish.item_states import owe_due

    storage, ledger = installation.storage, installation.ledger
    run = begin_run(connector, run_id, attempt, storage)
    began = run.began_with
    keep_document(ledger, began.hash, began.content)
    enter = functools.partial(
        start_run,
        ledger,
        connector_key=connector.key,
        run_id=run_id,
        attempt=attempt,
        document=began.hash,
        asked_by=asked_by,
    )
    # Before anything can fail: later steps belong to this attempt, however it ends.
    number = enter(operation=params["operation"], fingerprint=connector.fingerprint)
    since = confirmed_since(ledger, connector.key, run=number, selection=params["selection"])
    note = refresh_definitions(connector, installation.client(connector), storage, since=since)
    note = _with_drift(run, installation, note)
    with_tables = keep_tables(connector, installation.tables(connector), run.folder)
    # Another account has none of the listings, also of the items that the PIM did not change.
    account = installation.account(connector).seller_id
    counted = dataclasses.replace(with_tables, document=with_tables.document | {"account": account})
    fingerprint = with_notation(counted.fingerprint, connector, remembered(ledger, connector.key))
    owe_due(ledger, connector.key, number)
    scope = _scope(
        run, installation, with_tables, note, params=params, interval=interval, fingerprint=fingerprint
    )
    run.folder.note(scope)
    run.folder.note(note)
    enter(
        operation=scope.operation,
        scope=scope.kind,
        definition=note.checksum,
        fingerprint=fingerprint,
    )
    log.info("%s", log_line("log.scope", scope=scope.in_words(language_of(connector))))
    return run


def _with_drift(run: RunContext, installation: Installation, note: DefinitionsNote) -> DefinitionsNote:
    """Note what Amazon changed in the definition since the last run.

    Returns:
        The note of the definitions, with a warning where the change cannot be known.
    """
    import msgspec

    from amazon_listings.definitions.stored import DefinitionDamaged, NoDefinition
    from amazon_listings.remarks import remark_as_is
    from amazon_listings.runs.notes import ChangesNote
    from amazon_listings.watch.drift import drift_since_last_run

    connector, storage, ledger = run.connector, installation.storage, installation.ledger
    try:
        drift = drift_since_last_run(connector, note, storage=storage, ledger=ledger, run_id=run.run_id)
    except (NoDefinition, DefinitionDamaged) as error:
        # The run itself does not need to know.
        return msgspec.structs.replace(note, warnings=note.warnings + remark_as_is(error))
    if drift is not None:
        run.folder.note(ChangesNote(drift=drift.to_json()))
        for line in drift.told():
            log.info("%s", line)
    return note


def _scope(
    run: RunContext,
    installation: Installation,
    connector: Connector,
    note: DefinitionsNote,
    *,
    params: Mapping[str, Any],
    interval: tuple[datetime, datetime] | None,
    fingerprint: str,
) -> Scope:
    """Decide what a run covers.

    Args:
        run: The run.
        installation: What the run works with.
        connector: The run's connector, with the content of its related tables.
        note: The note of its definitions.
        params: What was asked for.
        interval: The interval of a backfill run.
        fingerprint: What the run's payloads depend on.
    """
    import msgspec

    from amazon_listings.ledger.approvals.progress import approved_skus
    from amazon_listings.ledger.items.states import members_of_skus, whole_families
    from amazon_listings.ledger.runs.history import last_run
    from amazon_listings.ledger.runs.owed import owed_families
    from amazon_listings.runs.scope import decide

    def affected() -> Collection[str]:
        # Only a run that asks for it maps what is known; the others may find nothing to map.
        from amazon_listings.runs.affected import families_affected

        return families_affected(
            connector,
            note,
            live=operation == "live",
            storage=installation.storage,
            ledger=ledger,
            folder=run.folder,
        )

    ledger, key, operation = installation.ledger, connector.key, params["operation"]
    scope = decide(
        connector,
        params=params,
        interval=interval,
        last=last_run(ledger, key, operation),
        definition=note.checksum,
        approved=lambda: members_of_skus(ledger, key, approved_skus(ledger, key)),
        owed=lambda: owed_families(ledger, key, operation),
        affected=affected,
        fingerprint=fingerprint,
    )
    # As the source knows them: it is asked for them by name.
    families, whole = (whole_families(ledger, key, names) for names in (scope.families, scope.whole))
    return msgspec.structs.replace(scope, families=families, whole=whole)


def extract(run: RunContext, installation: Installation) -> ExtractNote:
    """Read the PIM into the run's folder."""
    from amazon_listings.ledger.runs.history import set_fingerprint
    from amazon_listings.runs.extract.notations import ColumnSurvey, note_notations
    from amazon_listings.runs.extract.products import extract_products
    from amazon_listings.runs.extract.unchanged import UnchangedItems
    from amazon_listings.runs.finish.item_states import shared_fingerprint
    from amazon_listings.settings import settings

    survey = ColumnSurvey()
    connector, definitions = run.connector, run.definitions
    unchanged = UnchangedItems(
        connector,
        run.scope,
        ledger=installation.ledger,
        listings=_listings(run, installation),
        run=number_of(run, installation.ledger),
        folder=run.folder,
        shared=shared_fingerprint(connector, definitions, run.folder),
        definition=definitions.checksum,
    )
    note = extract_products(
        run.connector,
        run.scope,
        read=installation.reader(run.connector),
        folder=run.folder,
        part_size=settings().part_size,
        survey=survey,
        unchanged=unchanged,
    )
    whole = note.full and run.scope.kind == "everything"
    read = note_notations(run.connector, survey, whole=whole, ledger=installation.ledger, folder=run.folder)
    if whole:
        # A run of changes that reads a column otherwise leaves it to the next run to read the other items.
        number = number_of(run, installation.ledger)
        set_fingerprint(
            installation.ledger, number, functools.partial(_renotated, run.connector, read.columns)
        )
    note = _brought_back(run, installation, unchanged.returning(note.parts)) or note
    counts = {name: getattr(note, name) for name in ("extracted", "out_of_scope", "unreadable")}
    log.info("%s", log_line("log.extracted", **counts))
    if note.unchanged:
        log.info("%s", log_line("log.left_unchanged", count=note.unchanged))
    return note


def is_idle(run: RunContext, installation: Installation) -> bool:
    """Return whether the extract left the steps before the report nothing to do; if so, that is noted.

    Raises:
        ActionRequiredError: the ledger does not know the run, or the connector's settings contradict each
            other.
    """
    from amazon_listings.runs.idle import note_idle, nothing_to_do
    from amazon_listings.runs.notes import ExtractNote

    extract = run.folder.noted(ExtractNote)
    if extract is None or extract.parts or _whole_is_another(run, installation, extract):
        return False
    idle = nothing_to_do(
        run.connector,
        run.scope,
        ledger=installation.ledger,
        listings=_listings(run, installation),
        run=number_of(run, installation.ledger),
        folder=run.folder,
        vendor=installation.account(run.connector).vendor,
    )
    if idle:
        note_idle(run.folder, run.scope)
    return idle


def _whole_is_another(run: RunContext, installation: Installation, extract: ExtractNote) -> bool:
    """Return whether items are missing among the unchanged, so that all together are checked again."""
    from amazon_listings.runs.extract.unchanged import UnreadItems
    from amazon_listings.settings import settings

    known = UnreadItems(run.connector, run.folder, installation.ledger, settings().part_size)
    return bool(extract.unchanged) and known.lacks_any()


def _brought_back(
    run: RunContext, installation: Installation, families: Collection[str]
) -> ExtractNote | None:
    from amazon_listings.runs.extract.unchanged import bring_back
    from amazon_listings.settings import settings

    return bring_back(
        run.connector,
        families,
        folder=run.folder,
        ledger=installation.ledger,
        part_size=settings().part_size,
    )


def _listings(run: RunContext, installation: Installation) -> ListingScope:
    from amazon_listings.ledger.items.payloads import ListingScope

    return ListingScope.of(run.connector, installation.account(run.connector).seller_id)


def _renotated(connector: Connector, columns: Mapping[str, ColumnEvidence], known: str) -> str:
    from amazon_listings.runs.extract.notations import with_notation

    return with_notation(known, connector, columns)


def check_quality(run: RunContext, installation: Installation) -> dict[str, int]:
    """Check the extract with Great Expectations; return how many items were checked and blocked.

    Items of which all that is checked is as it was when they passed need no check. A run that extracted
    nothing goes on: listings whose items left, and what is owed, are dealt with.
    """
    from amazon_listings.checks.quality import check_quality as check
    from amazon_listings.checks.quality.former import FormerVerdicts
    from amazon_listings.runs.extract.unchanged import UnreadItems
    from amazon_listings.runs.finish.item_states import shared_fingerprint, stored_items
    from amazon_listings.runs.notes import ExtractNote, QualityNote
    from amazon_listings.settings import settings

    extract = run.folder.noted(ExtractNote)
    if extract is not None and not extract.parts and not _whole_is_another(run, installation, extract):
        log.info("%s", log_line("log.nothing_extracted"))
        run.folder.note(QualityNote(checked=0, blocked=0))
        return {"checked": 0, "blocked": 0}
    known = UnreadItems(run.connector, run.folder, installation.ledger, settings().part_size)
    present = functools.partial(stored_items, installation.ledger, run.connector.key, run.connector)
    shared = shared_fingerprint(run.connector, run.definitions, run.folder)
    counts = check(
        run.connector,
        definitions_of(run),
        run.folder,
        storage=run.storage,
        present=present,
        known=known,
        former=FormerVerdicts(installation.ledger, run.connector.key, shared),
    )
    note = run.folder.noted(QualityNote)
    if note is not None and note.held:
        log.info("%s", log_line("quality.verdicts_hold", count=note.held))
    else:
        log.info("%s", log_line("log.checked", **counts))
    return counts


def map_part(run: RunContext, part: str) -> dict[str, int]:
    """Map one part; return how many items were mapped and have mapping errors."""
    from amazon_listings.runs.map_fields import map_part as map_items

    counts = map_items(run.connector, definitions_of(run), run.folder, part)
    log.info("%s", log_line("log.mapped", part=part, mapped=counts["mapped"], blocked=counts["blocked"]))
    return counts


def test(run: RunContext, installation: Installation) -> dict[str, int]:
    """Validate locally, then by Amazon's preview; nothing changes at Amazon. Return counts by outcome."""
    from amazon_listings.checks.check_items import test_sync

    counts = test_sync(
        run.connector,
        run.scope,
        definitions_of(run),
        client=installation.client(run.connector),
        ledger=installation.ledger,
        folder=run.folder,
    )
    log.info("%s", log_line("log.test_sync", counts=counted_outcomes(counts)))
    return counts


def approve(run: RunContext, installation: Installation) -> ApprovalNote:
    """Decide what of the run may go to Amazon now, and ask a person about the rest.

    Raises:
        ActionRequiredError: the ledger does not know the run.
    """
    note = _decisions(run, installation).decide()
    counts = {name: getattr(note, name) for name in ("ready", "waiting", "refused")}
    log.info("%s", log_line("log.approvals", **counts))
    return note


def foresee(run: RunContext, installation: Installation) -> ForeseenNote:
    """Note what a live run would ask a person about, so that the report of a test run says it.

    Raises:
        ActionRequiredError: the ledger does not know the run.
    """
    from amazon_listings.runs.notes import ForeseenNote

    reasons = _decisions(run, installation).foresee()
    note = ForeseenNote(waiting=reasons.pop("", 0), reasons=reasons)
    run.folder.note(note)
    return note


def _decisions(run: RunContext, installation: Installation) -> Decisions:
    """Return what decides about the items of a run."""
    from amazon_listings.approvals.decisions import Decisions
    from amazon_listings.runs.tested_plans import TestedPlans
    from amazon_listings.selling_partner.content.leaves import amazon_defaults

    connector, definitions = run.connector, definitions_of(run)
    return Decisions(
        connector,
        run.folder,
        ledger=installation.ledger,
        listings=_listings(run, installation),
        run=number_of(run, installation.ledger),
        layout=definitions.layout,
        defaults=amazon_defaults(connector.marketplace),
        plans=TestedPlans(connector, definitions, run.folder),
    )


def live_sync_of(run: RunContext, installation: Installation) -> LiveSync:
    """Return the live sync of a run, to `send` what passed and to `collect` the answers of feeds.

    Raises:
        ActionRequiredError: the ledger does not know the run.
    """
    from amazon_listings.approvals.stopping import brake
    from amazon_listings.writes.live_sync import live_sync

    return live_sync(
        run.connector,
        definitions_of(run),
        client=installation.client(run.connector),
        ledger=installation.ledger,
        run=number_of(run, installation.ledger),
        folder=run.folder,
        stopped=brake(
            installation.ledger, run.connector, functools.partial(installation.halted, run.connector)
        ),
    )


def finish(run: RunContext, installation: Installation, *, unfinished: Sequence[str] = ()) -> dict[str, Any]:
    """Resolve the outcomes of the run, write its report, and enter its end in the ledger.

    Args:
        run: The run.
        installation: What it worked with.
        unfinished: Names of steps that failed.

    Returns:
        The report's summary.
    """
    from amazon_listings.runs.finish.ending import finish_run
    from amazon_listings.runs.secret_age import secret_warning

    connector = run.connector
    seller_id = warning = None
    try:
        account = installation.account(connector)
        seller_id = account.seller_id
        warning = secret_warning(account, datetime.now(UTC).date())
    except ActionRequiredError:
        pass  # the step that needed the account has said what is wrong with it
    summary = finish_run(
        connector,
        ledger=installation.ledger,
        folder=run.folder,
        run_id=run.run_id,
        attempt=run.attempt,
        seller_id=seller_id,
        warnings=[warning] if warning else [],
        unfinished=unfinished,
    )
    for sentence in [*summary["urgent"], *summary["warnings"]]:
        log.warning("%s", sentence)
    log.info("%s", log_line("log.outcomes", counts=counted_outcomes(summary["counts"])))
    for name, place in summary["files"].items():
        log.info("%s: %s", name, place)
    return summary


def definitions_of(run: RunContext) -> Definitions:
    """Return the definitions of a run, loaded and compiled; issues are in the language of its report."""
    from amazon_listings.connectors.languages import language_of
    from amazon_listings.runs.definitions import load_definitions

    definitions = load_definitions(run.definitions, run.storage)
    # Amazon answers in another language where it has no labels in the one that was asked for.
    definitions.language = language_of(run.connector)
    return definitions


def number_of(run: RunContext, ledger: Engine) -> int:
    """Return the run's number in the ledger.

    Raises:
        ActionRequiredError: the ledger does not know the run.
    """
    from amazon_listings.ledger.runs.history import run_number

    number = run_number(ledger, run.connector.key, run.run_id, run.attempt)
    if number is None:
        raise ActionRequiredError("airflow.run_unknown")
    return number

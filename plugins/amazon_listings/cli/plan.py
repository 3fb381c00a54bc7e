"""Command: what a change of the configuration changes at Amazon."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path  # noqa: TC003 - typer reads the annotation
from typing import TYPE_CHECKING, Annotated

import typer

from amazon_listings.cli.inputs.configured import (
    Folder,
    Select,
    Variables,
    connectors_in,
    declarations_in,
    exported,
)
from amazon_listings.cli.inputs.definitions import stored_pair
from amazon_listings.cli.output.refusals import messages, plain_errors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sqlalchemy import Engine

    from amazon_listings.connectors import Amazon, Connector, Loaded
    from amazon_listings.connectors.declaration import Declaration
    from amazon_listings.fleet.findings import Finding
    from amazon_listings.fleet.plan_approval import PlanFile
    from amazon_listings.fleet.plan_records import ConnectorPlan
    from amazon_listings.fleet.plan_states import State
    from amazon_listings.mapping.values.notation import ColumnEvidence
    from amazon_listings.runs.definitions import Definitions
    from amazon_product_types.labels import FieldIndex


def register(app: typer.Typer) -> None:
    """Add this module's commands to `app`."""
    app.command()(plan)


def plan(
    *,
    base: Annotated[str, typer.Option(help="Revision of git to compare with.")] = "HEAD",
    base_dir: Annotated[
        Path | None, typer.Option(help="Folder of connectors to compare with, instead.", show_default=False)
    ] = None,
    select: Select = None,
    folder: Folder = None,
    variables: Variables = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print data.")] = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print Markdown, for a pull request.")] = False,
    keep: Annotated[
        bool,
        typer.Option("--keep", help="Keep it, so that `approvals approve --plan HASH` approves it as one."),
    ] = False,
) -> None:
    """Show what the configuration changes of listings, compared with a former one; nothing is sent."""
    import msgspec

    from amazon_listings.cli.inputs.definitions import run_storage
    from amazon_listings.cli.inputs.ledger_access import known_ledger
    from amazon_listings.fleet.plan_approval import PlanFile, plan_hash
    from amazon_listings.fleet.plan_text import plan_markdown, plan_text

    texts = exported(variables)
    with plain_errors():
        head = connectors_in(folder, texts)
        with _base_folder(base, base_dir, folder) as former:
            before = connectors_in(former, texts)
        chosen = _chosen(before, head, select or (), lambda: declarations_in(folder, texts))
        file = PlanFile(run_storage()) if keep else None
        plans = list(_plans(before, head, chosen, known_ledger(), file))
        name = plan_hash(plans)
        if file is not None:
            file.keep(name)
    if as_json:
        print(msgspec.json.format(msgspec.json.encode(plans), indent=2).decode())
    else:
        print(plan_markdown(plans, messages()) if markdown else plan_text(plans, messages()), end="")
    if any(one.hash for one in plans):
        code = "plan.kept" if keep else "plan.hash"
        command = f"amazon-listings approvals approve --plan {name}"
        said = messages().phrase(code, plan=name, command=f"`{command}`" if markdown else command)
        typer.echo(f"\n{said}", err=as_json)
    if any(one.state == "broken" for one in plans):
        raise typer.Exit(1)


@contextmanager
def _base_folder(base: str, base_dir: Path | None, folder: Path | None) -> Iterator[Path]:
    if base_dir is not None:
        yield base_dir
        return
    from amazon_listings.fleet.base import folder_at
    from amazon_listings.settings import settings

    with folder_at(base, folder or settings().connectors) as found:
        yield found


def _chosen(
    before: Loaded, head: Loaded, select: Sequence[str], declared: Callable[[], dict[str, Declaration]]
) -> list[str]:
    """Return the ids of the connectors to plan: those that changed, unless others are chosen."""
    from amazon_listings.fleet.plan import same_payloads
    from amazon_listings.fleet.selection import selected

    was = {one.id: one for one in before.connectors}
    now = {one.id: one for one in head.connectors}
    renamed = {old: one.id for one in head.connectors for old in one.was}
    broken = {one.id for one in head.broken}
    gone = [name for name in was if name not in {*now, *broken} and renamed.get(name) not in now]
    modified = {
        name
        for name, one in now.items()
        if (former := _former(one, was)) is None or not same_payloads(former, one)
    }
    # One that cannot be read is chosen by what it was, and always if it is new.
    everything = [*head.connectors, *(was[name] for name in (*gone, *sorted(broken & was.keys())))]
    choice = select or ["state:modified"]
    needs = any("layer:" in one for one in choice)
    found = selected(
        everything, choice, declared=declared() if needs else None, modified=modified | set(gone) | broken
    )
    return sorted({one.id for one in found} | (broken - was.keys()))


def _former(connector: Connector, was: dict[str, Connector]) -> Connector | None:
    """Return the same connector as it was, under whatever id."""
    return next((was[name] for name in (connector.id, *connector.was) if name in was), None)


def _plans(
    before: Loaded, head: Loaded, chosen: list[str], ledger: Engine | None, file: PlanFile | None
) -> Iterator[ConnectorPlan]:
    from amazon_listings.fleet.check import document_findings
    from amazon_listings.fleet.plan import plan_connector
    from amazon_listings.fleet.plan_approval import planned_parts
    from amazon_listings.fleet.plan_records import ConnectorPlan, ItemChange

    was = {one.id: one for one in before.connectors}
    now = {one.id: one for one in head.connectors}
    broken = {one.id: one for one in head.broken}
    for name in sorted(chosen, key=lambda name: _by_definition(now.get(name) or was.get(name))):
        if name in broken:
            found = document_findings(broken[name])
            yield ConnectorPlan(id=name, state="broken", notes=tuple(map(_mistake, found)))
            continue
        new = now.get(name)
        old = _former(new, was) if new is not None else was[name]
        try:
            head_state = _state(new) if new is not None else None
            base_state = _former_state(old) if old is not None else None
        except _NotPlanned as error:
            yield ConnectorPlan(id=name, state=error.state if new else "gone", notes=error.notes)
            continue
        changes: list[ItemChange] | None = [] if file is not None else None
        yield plan_connector(base_state, head_state, ledger, changes=changes, messages=messages())
        if file is not None and ledger is not None and head_state is not None:
            file.add(planned_parts(head_state, ledger, changes or ()))


def _by_definition(connector: Connector | None) -> tuple[str, str, str]:
    """Return an order in which connectors of one definition follow each other."""
    if connector is None:
        return ("", "", "")
    return (connector.amazon.product_type, connector.amazon.country, connector.id)


class _NotPlanned(Exception):
    """A connector that cannot be planned: the state of its plan, and why."""

    def __init__(self, state: str, *notes: str) -> None:
        super().__init__(state)
        self.state = state
        self.notes = notes


def _mistake(found: Finding) -> str:
    meant = messages().phrase("document.did_you_mean", suggestion=found.suggestion)
    text = found.message + (f" {meant.strip()}" if found.suggestion else "")
    return f"{found.file}:{found.line}: {text}" if found.line else text


def _former_state(connector: Connector) -> State:
    """Compile a connector as it was; what is wrong with it was wrong before the change."""
    try:
        return _state(connector)
    except _NotPlanned as error:
        before = messages().phrase("plan.note_former")
        raise _NotPlanned("unknown", *((before,) if error.state == "broken" else ()), *error.notes) from None


def _state(connector: Connector) -> State:
    """Compile a connector.

    Raises:
        _NotPlanned: its mapping is wrong, or no definition is stored.
    """
    from amazon_listings.cli.mapping import tables_of
    from amazon_listings.fleet.plan_states import state_of
    from amazon_listings.mapping.faults import MappingErrors

    definitions = _definitions(connector)
    if definitions is None:
        raise _NotPlanned("unknown", messages().phrase("plan.note_no_definition"))
    try:
        tables = tables_of(connector) if connector.tables else None
        return state_of(connector, definitions, tables, _columns(connector))
    except MappingErrors as errors:
        raise _NotPlanned("broken", *(messages().value(one) for one in errors.faults)) from None


def _columns(connector: Connector) -> dict[str, ColumnEvidence]:
    """Return how the columns of the connector's source are written, as its runs remember it."""
    from amazon_listings.cli.inputs.ledger_access import known_ledger
    from amazon_listings.ledger.connectors.keys import find_key
    from amazon_listings.runs.extract.notations import remembered

    ledger = known_ledger()
    key = find_key(ledger, connector.id, connector.was) if ledger is not None else None
    return {} if ledger is None or key is None else remembered(ledger, key)


#: The definitions of the connectors planned last, by what tells them apart.
_DEFINITIONS: dict[Amazon, Definitions] = {}
_KEPT = 4


def _definitions(connector: Connector) -> Definitions | None:
    """Return the stored definitions: the same object for two states of a connector that ask for the same."""
    from amazon_listings.runs.definitions import Definitions

    if connector.amazon not in _DEFINITIONS:
        pair = stored_pair(connector)
        if pair is None:
            return None

        def index_in(locale: str) -> FieldIndex:
            return (stored_pair(connector, locale) or pair).index

        _DEFINITIONS[connector.amazon] = Definitions(pair, index_in)
        while len(_DEFINITIONS) > _KEPT:
            _DEFINITIONS.pop(next(iter(_DEFINITIONS)))
    return _DEFINITIONS[connector.amazon]

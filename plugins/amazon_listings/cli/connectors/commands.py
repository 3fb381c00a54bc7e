"""Commands: connectors."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - typer reads the annotation
from typing import TYPE_CHECKING, Annotated, Any

import typer

from amazon_listings.cli.inputs.configured import (
    Folder,
    FromAirflow,
    Select,
    Variables,
    connector_of,
    connectors_in,
    declarations_in,
    exported,
    refuse_unknown,
)
from amazon_listings.cli.inputs.definitions import described, stored_definition
from amazon_listings.cli.mapping import tables_of
from amazon_listings.cli.output.refusals import end, messages, plain_errors, refuse, say

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from amazon_listings.connectors import Connector, Loaded
    from amazon_listings.fleet.findings import Checked, Finding
    from amazon_listings.fleet.mapping_tests import TestResult, UntestedLine

connectors_app = typer.Typer(
    name="connectors", help="The connectors of this installation.", no_args_is_help=True
)


def register(app: typer.Typer) -> None:
    """Add this module's commands to `app`."""
    app.add_typer(connectors_app)


@connectors_app.command()
def check(
    ids: Annotated[
        list[str] | None, typer.Argument(metavar="[ID]...", help="Connectors; all by default.")
    ] = None,
    select: Select = None,
    folder: Folder = None,
    variables: Variables = None,
    airflow: FromAirflow = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print data.")] = False,
    as_sarif: Annotated[
        bool, typer.Option("--sarif", help="Print SARIF, which a pull request shows at its lines.")
    ] = False,
) -> None:
    """Check connectors against all that is at hand; exit code 1 if any cannot be used."""
    import msgspec

    from amazon_listings.cli.inputs.fetched import Fetched
    from amazon_listings.cli.inputs.ledger_access import known_ledger
    from amazon_listings.connectors.problems import MOST_PROBLEMS
    from amazon_listings.fleet.check import check_fleet
    from amazon_listings.fleet.sarif import sarif
    from amazon_listings.fleet.selection import selected

    texts, fetched = exported(variables, airflow=airflow), Fetched(airflow=airflow)
    with plain_errors():
        loaded = connectors_in(folder, texts, most=MOST_PROBLEMS + 1)
        declared = declarations_in(folder, texts)
        wanted = set(ids or ())
        refuse_unknown(wanted, loaded)
        chosen = [one for one in loaded.connectors if not wanted or one.id in wanted]
        if select:
            chosen = selected(chosen, select, declared=declared)
        checked = check_fleet(
            chosen,
            [one for one in loaded.broken if (not wanted and not select) or one.id in wanted],
            declared,
            definition_of=fetched.definition,
            fields_of=fetched.fields,
            ledger=known_ledger(),
            messages=messages(),
            others=loaded.connectors,
            all_loaded=not loaded.broken,
            variables_read=airflow or variables is not None,
            account_of=fetched.account,
        )
    if as_sarif:
        print(sarif(checked.findings), end="")
    elif as_json:
        print(msgspec.json.format(msgspec.json.encode(checked), indent=2).decode())
    else:
        _print_check(checked, loaded)
    if any(one.severity == "error" for one in checked.findings):
        raise typer.Exit(1)


def _print_check(checked: Checked, loaded: Loaded) -> None:
    """Print what a check found: the right ones, each wrong one's message, and what is not known."""
    from amazon_listings.fleet.findings import named

    connectors = {one.id: one for one in loaded.connectors}
    for name in checked.right:
        connector = connectors[name]
        print("ok ", _line(connector))
        if connector.was:
            former = [f"amazon_{old}" for old in connector.was]
            facts = {"old": ", ".join(connector.was), "dag": connector.dag_id, "former": ", ".join(former)}
            print(f"    {messages().phrase('check.was', **facts)}")
    wrong = _print_findings(checked.findings, {one.id: one.text for one in loaded.broken})
    print()
    say("check.right", count=len(checked.right), broken=wrong)
    if checked.not_checked:
        print()
        say("check.not_checked")
    for one in checked.not_checked:
        print(f"  {one.why}" + (f" ({named(one.connectors)})" if one.connectors else ""))


def _print_findings(findings: Sequence[Finding], broken: Mapping[str, str]) -> int:
    """Print errors and warnings, each once for all connectors that have it.

    Args:
        findings: The findings.
        broken: The whole messages of those that cannot be loaded, by id.

    Returns:
        How many connectors cannot be used.
    """
    from amazon_listings.connectors.message import broken_text, same_text
    from amazon_listings.fleet.findings import named, together

    by_connector: dict[str, list[Finding]] = {}
    for finding in findings:
        if finding.severity == "error":
            by_connector.setdefault(finding.connector, []).append(finding)
    same: dict[tuple[str, ...], list[str]] = {}
    for name, found in sorted(by_connector.items()):
        same.setdefault(tuple(one.text for one in found), []).append(name)
    for entries, names in same.items():
        alone = broken.get(names[0]) or broken_text(names[0], entries)
        print(f"\n{alone if len(names) == 1 else same_text(named(names), entries)}", end="")
    for finding, names in together(findings):
        if finding.severity == "warning":
            print(f"\n{messages().phrase('severity.WARNING')} ({named(names)})\n{finding.text}")
    return len(by_connector)


@connectors_app.command(name="test")
def run_mapping_tests(
    select: Select = None,
    junit: Annotated[
        Path | None, typer.Option(help="Write the results as JUnit's XML.", show_default=False)
    ] = None,
    untested: Annotated[
        bool, typer.Option("--untested", help="List the mapping lines that no test expects.")
    ] = False,
    folder: Folder = None,
    variables: Variables = None,
) -> None:
    """Run the tests of connectors and layers; exit code 1 if any differs."""
    from amazon_listings.fleet.mapping_tests import junit as as_junit
    from amazon_listings.fleet.mapping_tests import run_tests
    from amazon_listings.fleet.mapping_tests import untested as lines_without
    from amazon_listings.fleet.selection import selected
    from amazon_listings.runs.map_fields import compiled

    texts = exported(variables)
    results: list[TestResult] = []
    left: list[UntestedLine] = []
    unknown: list[str] = []
    with plain_errors():
        loaded = connectors_in(folder, texts)
        declared = declarations_in(folder, texts)
        for connector in selected(loaded.connectors, select or (), declared=declared):
            declaration = declared[connector.id]
            if not declaration.tests and not untested:
                continue
            definition = stored_definition(connector)
            if definition is None:
                unknown.append(connector.id)
                continue
            mapping = compiled(connector, definition, tables_of(connector) if connector.tables else None)
            indexes = [definition.index, *map(definition.index_in, connector.mapping_locales)]
            results += run_tests(declaration, connector, mapping, indexes, messages())
            left += lines_without(declaration, connector, mapping, indexes) if untested else ()
        if junit is not None:
            junit.write_text(as_junit(results), encoding="utf-8")
    _print_tests(results, left, unknown)
    if unknown or any(not one.passed for one in results):
        raise typer.Exit(1)


def _print_tests(results: list[TestResult], left: list[UntestedLine], unknown: list[str]) -> None:
    for one in results:
        if one.passed:
            continue
        print(f"{one.connector}: {one.name}\n  {one.file}:{one.line or ''}")
        if one.problem:
            print(f"  {one.problem}")
        for difference in one.differences:
            print(f"  {difference.place}")
            print(f"    {messages().phrase('tests.expected', value=difference.expected)}")
            print(f"    {messages().phrase('tests.found', value=difference.found)}")
    for line in left:
        words = messages()
        number = (
            words.phrase("coverage.line", line=line.line) if line.line else words.phrase("tests.of_variable")
        )
        place = ", ".join(filter(None, (line.file, number)))
        say("tests.no_test", connector=line.connector, key=line.key, place=place)
    for name in unknown:
        say("tests.no_definition", connector=name)
    wrong = sum(1 for one in results if not one.passed)
    say("tests.counts", count=len(results), wrong=wrong)


@connectors_app.command(name="list")
def list_(folder: Folder = None, variables: Variables = None, airflow: FromAirflow = False) -> None:
    """List connectors, one a line; a broken one with where it is declared."""
    with plain_errors():
        loaded = connectors_in(folder, exported(variables, airflow=airflow))
    for connector in loaded.connectors:
        print(_line(connector))
    for broken in loaded.broken:
        command = f"amazon-listings connectors check {broken.id}"
        say("check.broken", connector=broken.id, where=broken.where, command=command)


@connectors_app.command()
def explain(
    connector_id: Annotated[str, typer.Argument(metavar="ID", help="The connector.")],
    field: Annotated[
        str | None, typer.Option(help="Only this place, such as sync.operation, or this Amazon field.")
    ] = None,
    folder: Folder = None,
    variables: Variables = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print data.")] = False,
) -> None:
    """Show the effective document of a connector, each line with where it comes from."""
    import json

    import msgspec

    from amazon_listings.fleet.explain import about, explained
    from amazon_product_types.matching import closest

    texts = exported(variables)
    with plain_errors():
        connector = connector_of(connector_id, folder, variables)
        definition = stored_definition(connector)
        lines = explained(declarations_in(folder, texts)[connector.id], connector, definition)
        wanted = about(lines, field, connector, definition) if field else lines
    if as_json:
        about_it = {"id": connector.id, "mapping_by": "field" if definition else "text"}
        print(json.dumps({**about_it, "lines": msgspec.to_builtins(wanted)}, ensure_ascii=False, indent=2))
        return
    if not wanted:
        known = {text for line in lines for text in (line.place, line.key or line.place)}
        near = "".join(closest(field or "", known))
        meant = f" {messages().phrase('document.did_you_mean', suggestion=near).strip()}" if near else ""
        end(messages().phrase("cli.no_such_place", place=field, connector=connector.id) + meant)
    if definition is None:
        say("cli.merged_by_text", err=True, connector=connector.id)
    width = min(max((len(line.place) for line in wanted), default=0), 50)
    for line in wanted:
        value = json.dumps(line.value, ensure_ascii=False)
        print(f"{line.place:<{width}}  {value}")
        print(f"{'':<{width}}  # {line.origin}" + (f", “{line.key}”" if line.key else ""))


@connectors_app.command()
def contract(
    connector_id: Annotated[str, typer.Argument(metavar="ID", help="The connector.")],
    folder: Folder = None,
    variables: Variables = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of YAML.")] = False,
    breaches: Annotated[
        bool, typer.Option("--breaches", help="List what the items read last break of it instead.")
    ] = False,
) -> None:
    """Print what a connector needs from the PIM, as an Open Data Contract (ODCS 3.1)."""
    import json

    import yaml

    from amazon_listings.cli.inputs.ledger_access import known_ledger
    from amazon_listings.fleet.check import known_items
    from amazon_listings.fleet.contract import contract as contract_of
    from amazon_listings.runs.extract.pim_contract import breaches as found_in
    from amazon_listings.runs.extract.pim_contract import check_items, worded
    from amazon_listings.runs.map_fields import compiled

    with plain_errors():
        connector = connector_of(connector_id, folder, variables)
        mapping = compiled(connector, described(connector, None, None))
        written = contract_of(connector, mapping, version=connector.fingerprint[:12])
        if breaches:
            ledger = known_ledger()
            items = known_items(ledger, connector) if ledger is not None else None
            if items is None:
                refuse("cli.products_they_read_last")
            found = list(found_in(connector, [check_items(mapping, items)]))
            for one in found:
                print(worded(one, messages()))
            if found:
                raise typer.Exit(1)
            return
    if as_json:
        print(json.dumps(written, ensure_ascii=False, indent=2))
    else:
        print(yaml.safe_dump(written, sort_keys=False, allow_unicode=True), end="")


@connectors_app.command()
def history(
    connector_id: Annotated[str, typer.Argument(metavar="ID", help="The connector, by any id it had.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print data.")] = False,
) -> None:
    """Show every effective version of a connector that runs used, with what it came from."""
    import msgspec

    from amazon_listings.cli.inputs.ledger_access import opened_ledger
    from amazon_listings.fleet.history import history as versions_of
    from amazon_listings.ledger.connectors.keys import find_key

    with plain_errors():
        ledger = opened_ledger(None)
        key = find_key(ledger, connector_id)
        versions = versions_of(ledger, key) if key is not None else []
        if not versions:
            refuse("cli.no_run_of", connector=connector_id)
    if as_json:
        print(msgspec.json.format(msgspec.json.encode(versions), indent=2).decode())
        return
    for one in versions:
        first, last = one.runs[-1], one.runs[0]
        runs = messages().phrase("history.runs", count=len(one.runs))
        period: dict[str, Any] = {"first": str(first.started_at), "last": str(last.started_at)}
        say("history.period", hash=one.hash[:12], **period, runs=runs)
        used = messages().phrase("history.last_used", run=last.run_id, operation=last.operation)
        print(f"    {used}")
        came_from = [*one.files, f"Variable {one.variable}" if one.variable else ""]
        places = ", ".join(filter(None, came_from))
        kept = messages().phrase("history.from" if one.kept else "history.not_kept", places=places)
        print(f"    {kept}")
        definition = one.definition or messages().phrase("history.none")
        software = one.software or messages().phrase("history.unknown")
        print(f"    {messages().phrase('history.with', definition=definition, software=software)}")


@connectors_app.command()
def schema() -> None:
    """Print the JSON Schema of a connector document."""
    from amazon_listings.connectors import schema_text

    print(schema_text(), end="")


def _line(connector: Connector) -> str:
    amazon, sync = connector.amazon, connector.sync
    parts = [
        connector.id,
        f"DAG {connector.dag_id}",
        amazon.country,
        amazon.product_type,
        sync.operation,
        sync.schedule or messages().phrase("check.by_hand"),
        messages().phrase("check.lines", count=len(connector.mapping)),
    ]
    return "  ".join(parts if connector.enabled else [*parts, messages().phrase("check.not_enabled")])

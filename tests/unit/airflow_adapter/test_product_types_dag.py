"""The daily look at product types: every pair once, each on its own, and in words what changed."""

import json
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from airflow.dag_processing.dagbag import DagBag
from airflow.sdk.execution_time.context import set_current_context

from amazon_listings.airflow_adapter import connections, product_types_dag, tasks
from amazon_listings.airflow_adapter.failures import RetryByErrorClass, TaskStopped
from amazon_listings.marketplaces import marketplace
from amazon_listings.runs.folder import RunFolder, part_name
from amazon_listings.runs.notes import ChangesNote, ReportNote
from amazon_listings.runs.records import EXTRACT, PROBLEMS
from amazon_listings.settings import settings
from local_airflow.project import PROJECT
from spapi_sandbox.definitions.dialect import compile_document
from spapi_sandbox.definitions.library import DefinitionLibrary
from spapi_sandbox.definitions.product_type_files import Variant
from spapi_sandbox.server import running_sandbox
from support.airflow import amazon_connection
from support.ledgers import ledger_in
from support.run_records import extract_note
from support.stored_items import store_items
from support.sync_runs import lamp


@pytest.fixture(scope="module")
def shared():
    with running_sandbox(quotas=False) as sandbox:
        yield sandbox


@pytest.fixture
def amazon(shared, tmp_path, connection):
    """The sandbox with a connection to it; `serve` makes it serve another version of LAMP in France."""
    shared.reset()
    shared.control("quotas", enabled=False)
    connection("demo_amazon", amazon_connection(shared))
    files = tmp_path / "amazon"
    files.mkdir()
    before = shared.state.library

    def serve(version, **changes):
        variant = Variant(marketplace("FR"), "fr", partner="seller")
        document, _ = compile_document("LAMP", variant)
        for name, change in changes.items():
            change(document) if name == "document" else change(document["properties"][name])
        name = f"LAMP.FR.fr_FR.{version}.json"
        (files / name).write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
        shared.state.library = DefinitionLibrary(files)

    yield SimpleNamespace(sandbox=shared, serve=serve)
    shared.state.library = before


@pytest.fixture
def storage(tmp_path, monkeypatch):
    monkeypatch.setenv("AMAZON_LISTINGS_STORAGE", str(tmp_path / "storage"))
    ledger_in(tmp_path)
    monkeypatch.setenv("AMAZON_LISTINGS_LEDGER", f"sqlite:///{tmp_path / 'ledger.db'}")
    settings.cache_clear()
    yield tmp_path / "storage"
    settings.cache_clear()


def lamps(connector_id, **amazon):
    return {
        "id": connector_id,
        "amazon": {"connection": "demo_amazon", "country": "FR", "product_type": "LAMP"} | amazon,
        "sales_layer": {"languages": ["fr"]},
        "mapping": {"Nom du produit": "{{ item.name }}", "Fabricant": "Lumio", "Taille": "{{ item.size }}"},
    }


def in_run(run_id, call, *arguments):
    with set_current_context({"run_id": run_id, "ti": SimpleNamespace(task_id=call.__name__)}):
        return call(*arguments)


def look(run_id):
    """All tasks of one run; what each refresh returned, or its error, and the report or its error."""
    groups = in_run(run_id, product_types_dag.list_product_types)
    results = []
    for group in groups:
        try:
            results.append(in_run(run_id, product_types_dag.refresh_product_type, group))
        except TaskStopped as stopped:
            results.append(stopped.cause)
    try:
        return groups, results, in_run(run_id, product_types_dag.report, groups)
    except TaskStopped as stopped:
        return groups, results, stopped.cause


def renamed(title):
    def change(attribute):
        attribute["title"] = title
        attribute["items"]["properties"]["value"]["title"] = title

    return change


def gone(document):
    del document["properties"]["size"]
    document["additionalProperties"] = False


def test_policy(folder):
    bag = DagBag(str(PROJECT / "dags"))
    assert bag.import_errors == {}
    dag = bag.dags["amazon_product_types"]
    assert (dag.catchup, dag.max_active_runs) == (False, 1)
    assert dag.timetable.can_be_scheduled
    assert dag.start_date == datetime(2024, 1, 1, tzinfo=UTC)
    assert "Who acts" in dag.doc_md
    assert "amazon-listings" in dag.tags
    for task in dag.tasks:
        assert isinstance(task.retry_policy, RetryByErrorClass)
    assert dag.get_task("report").trigger_rule == "all_done"


def test_each_pair_is_asked_for_once_and_connectors_that_have_no_dag_not_at_all(declare, amazon, storage):
    declare(lamps("one"))
    declare(lamps("two"))
    declare(lamps("english", locale="en_GB"))
    declare(lamps("off") | {"enabled": False})
    declare(lamps("broken", country="DEU"))
    groups, results, _ = look("r1")
    assert sorted(groups) == [["english"], ["one", "two"]]
    assert [found["changes"] for found in results] == [0, 0]
    asked = amazon.sandbox.counters()["operations"]["getDefinitionsProductType"]["requests"]
    assert asked == 3  # the French document twice, the English one once


def test_one_that_fails_does_not_stop_the_others_and_is_named(declare, amazon, storage):
    declare(lamps("good"))
    declare(lamps("wrong", product_type="LAMPP"))
    _, results, report = look("r1")
    refused, found = sorted(results, key=lambda one: isinstance(one, dict))
    assert found["connectors"] == ["good"]
    assert "LAMPP" in str(refused)
    assert str(report).startswith("Not every product type could be refreshed: wrong.")
    page = (storage / "runs" / "product_types" / "r1" / "attempt-0" / "report" / "report.html").read_text()
    assert "wrong" in page
    assert "LAMP, FR, fr_FR: good" in page


def test_what_changed_whom_it_touches_and_which_items_would_fail(declare, amazon, storage, caplog):
    declare(lamps("lamps"))
    amazon.serve("2026-01")
    look("r1")
    good = {"item_name": [{"value": "Lampe", "language_tag": "fr_FR"}]}
    rows = [{"sku": f"S{n}", "attributes": good | {"size": [{"value": "L"}]}} for n in range(7)]
    store_items(connections.ledger(), "lamps", rows)

    amazon.serve("2026-02", manufacturer=renamed("Fabriqué par"), document=gone)
    caplog.set_level("INFO")
    _, (found,), report = look("r2")
    assert found["changes"] == 2
    person = report["person"]
    assert any("Taille: n'existe plus" in sentence and "lamps, ligne" in sentence for sentence in person)
    assert not any("Fabri" in sentence for sentence in person)
    text = caplog.text
    assert "Libellés renommés" in text
    assert "Amazon appelle désormais « Fabricant » « Fabriqué par »" in text
    page = (storage / "runs" / "product_types" / "r2" / "attempt-0" / "report" / "report.html").read_text()
    for said in ("Champs supprimés: 1", "Taille", "Fabriqué par", "ces lignes gardent leur sens"):
        assert said in page
    # Repeated, it says the same; the next look has nothing to say.
    assert look("r2")[2]["person"] == person
    _, (found,), report = look("r3")
    assert (found["changes"], report["person"]) == (0, [])


def test_the_items_that_would_fail_are_counted(declare, amazon, storage):
    """Judged by both versions: only what was right before counts."""
    declare(lamps("lamps"))

    def small(document):
        document["required"] = ["item_name"]
        document.pop("allOf", None)

    amazon.serve("2026-01", document=small)
    look("r1")
    name = {"value": "Lampe de bureau", "language_tag": "fr_FR", "marketplace_id": marketplace("FR").id}
    rows = [{"sku": "S1", "attributes": {"item_name": [name]}}, {"sku": "S2", "attributes": {}}]
    store_items(connections.ledger(), "lamps", rows)

    def short(document):
        small(document)
        document["properties"]["item_name"]["items"]["properties"]["value"]["maxLength"] = 9

    amazon.serve("2026-02", document=short)
    _, _, report = look("r2")
    assert any(
        sentence == "lamps : 1 des 2 articles de sa dernière exécution échoueraient désormais (S1)."
        for sentence in report["person"]
    )
    page = (storage / "runs" / "product_types" / "r2" / "attempt-0" / "report" / "report.html").read_text()
    assert "lamps : 1 des 2 articles de la dernière exécution échoueraient maintenant" in page


def test_a_run_reports_what_changed_since_the_run_before(declare, amazon, storage, tmp_path):
    declare(lamps("lamps"))
    context = {
        "params": {"operation": "test", "selection": "everything", "skus": [], "force": False},
        "dag_run": SimpleNamespace(run_type="manual", clear_number=0),
        "ti": SimpleNamespace(
            task_id="refresh_definition", dag_id="amazon_lamps", get_task_states=lambda **_asked: {}
        ),
    }

    def refresh(run_id):
        with set_current_context(context | {"run_id": run_id}):
            note = tasks.refresh_definition("lamps")
        changes = RunFolder.of(storage, "lamps", run_id).noted(ChangesNote)
        return note, changes and changes.drift

    amazon.serve("2026-01")
    first, changes = refresh("r1")
    assert changes is None
    assert refresh("r2")[1] is None
    amazon.serve("2026-02", manufacturer=renamed("Fabriqué par"), document=gone)
    second, changes = refresh("r3")
    assert (changes["before"], changes["after"]) == (first["version"], second["version"])
    assert first["version"] != second["version"]
    assert {kind["kind"] for kind in changes["kinds"]} == {"removed", "renamed"}
    assert any("Taille: n'existe plus" in sentence for sentence in changes["person"])
    assert any("Fabricant: le libellé est désormais" in sentence for sentence in changes["kept"])
    # A retried task compares with the same run before.
    assert refresh("r3")[1] == changes
    assert refresh("r4")[1] is None


def test_a_pinned_version_that_is_outdated_is_a_warning_of_the_look(declare, amazon, storage):
    amazon.serve("2026-01")
    declare(lamps("lamps"))
    _, (found,), _ = look("r1")
    declare(lamps("lamps", product_type_version=found["version"]))
    look("r2")
    amazon.serve("2026-02", manufacturer=renamed("Fabriqué par"))
    look("r3")
    page = (storage / "runs" / "product_types" / "r3" / "attempt-0" / "report" / "report.html").read_text()
    pinned = f"LAMP est fixé à la version {found['version']}"
    assert f"{pinned}, qui n&#39;est plus la dernière d&#39;Amazon" in page


def test_and_of_the_report_of_a_run(declare, amazon, storage):
    amazon.serve("2026-01")
    declare(lamps("lamps"))
    _, (found,), _ = look("r1")
    declare(lamps("lamps", product_type_version=found["version"]))
    look("r2")
    amazon.serve("2026-02", manufacturer=renamed("Fabriqué par"))
    context = {
        "params": {"operation": "test", "selection": "everything", "skus": [], "force": False},
        "dag_run": SimpleNamespace(run_type="manual", clear_number=0),
        "ti": SimpleNamespace(
            task_id="refresh_definition", dag_id="amazon_lamps", get_task_states=lambda **_: {}
        ),
    }
    with set_current_context(context | {"run_id": "manual__1"}):
        note = tasks.refresh_definition("lamps")
        folder = RunFolder.of(storage, "lamps", "manual__1")
        folder.write(PROBLEMS, part_name(1), [])
        folder.note(extract_note(cursor=None))
        tasks.report("lamps", note)
    assert note["version"] == found["version"]
    summary = folder.noted(ReportNote).summary
    assert any("n'est plus la dernière d'Amazon" in warning for warning in summary["warnings"])
    assert summary["definition_version"] == found["version"]


def test_a_failed_report_leaves_the_counts_for_the_note_of_its_run(declare, amazon, storage):
    amazon.serve("2026-01")
    declare(lamps("lamps"))
    pushed = {}
    context = {
        "params": {"operation": "test", "selection": "everything", "skus": [], "force": False},
        "dag_run": SimpleNamespace(run_type="manual", clear_number=0),
        "run_id": "manual__2",
        "ti": SimpleNamespace(
            task_id="report",
            dag_id="amazon_lamps",
            get_task_states=lambda **_: {"manual__2": {"map_fields": "failed"}},
            xcom_push=lambda key, value: pushed.update({key: value}),
        ),
    }
    with set_current_context(context):
        note = tasks.refresh_definition("lamps")
        folder = RunFolder.of(storage, "lamps", "manual__2")
        folder.write(EXTRACT, part_name(1), [lamp("A1") | {"pim_id": "p/A1", "sku": "A1", "group": "g"}])
        folder.write(PROBLEMS, part_name(1), [])
        folder.note(extract_note(part_name(1), extracted=1, cursor=None))
        with pytest.raises(TaskStopped):
            tasks.report("lamps", note)
    returned = pushed["return_value"]
    assert sum(returned["counts"].values()) == 1
    assert returned["note"].startswith("1 ")

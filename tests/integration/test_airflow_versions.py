"""In a running Airflow, all that a run is made of changes between two tries of a task: no mixed run."""

from __future__ import annotations

import json

import pytest
import requests
from typer.testing import CliRunner

from amazon_listings.cli import app
from amazon_listings.definitions.store import DefinitionStore
from amazon_listings.fleet.history import history
from amazon_listings.ledger.connectors.keys import find_key
from amazon_listings.ledger.database import open_ledger
from amazon_listings.marketplaces import marketplace
from amazon_listings.selling_partner.definitions import checksum
from spapi_sandbox.catalogue.catalogue import load
from support.airflow import demo_connector, installation, sent, write_document

pytestmark = [pytest.mark.airflow, pytest.mark.soak, pytest.mark.timeout(1800)]

GERMANY = marketplace("DE")
FAMILY = "LUM-B105"
VARIABLE = "amazon_connector_versions"


class Changing:
    """The connector `versions` in a running Airflow, of which every part may change."""

    def __init__(self, house):
        self.house = house
        self.folder = house.home / "connectors"
        families = {
            one.ref: [sku.ref for sku in load().variants_of(one.id)] for one in load().entries("products")
        }
        self.skus = sorted(families.pop(FAMILY))
        self.other_skus = sorted(sku for parent, skus in families.items() for sku in (parent, *skus))

    @staticmethod
    def layer(number):
        return {"mapping": {"Marke": f"Layer {number}"}}

    @staticmethod
    def file(number, layer="shared"):
        chosen = {"filter": f"{{{{ item.reference[:8] == '{FAMILY}' }}}}"}
        sync = {"schedule": None, "operation": "live"}
        document = demo_connector("de_backpacks", "versions", sales_layer=chosen, sync=sync)
        del document["mapping"]["Marke"]
        document["mapping"]["Modellnummer"] = f"File {number}"
        return {"extends": layer} | document

    def configure(self, number, **patch):
        """Write layer, file and Variable of a number."""
        (self.folder / "layers" / "renamed.yaml").unlink(missing_ok=True)
        write_document(self.folder / "layers" / "shared.yaml", self.layer(number))
        write_document(self.folder / "versions.yaml", self.file(number))
        value = json.dumps({"mapping": {"Hersteller": f"Variable {number}"}, **patch})
        body = {"key": VARIABLE, "value": value}
        call = self.house.airflow.call
        if VARIABLE in {one["key"] for one in call("GET", "/variables")["variables"]}:
            call("PATCH", f"/variables/{VARIABLE}", json=body)
        else:
            call("POST", "/variables", json=body)

    def regroup(self, number):
        """Give the layer another name, and take the Variable away."""
        (self.folder / "layers" / "shared.yaml").unlink()
        write_document(self.folder / "layers" / "renamed.yaml", self.layer(number))
        write_document(self.folder / "versions.yaml", self.file(number, layer="renamed"))
        self.house.airflow.call("DELETE", f"/variables/{VARIABLE}")

    def forbid(self, number):
        """Let the layer choose no item, refuse each, and send a product of which nothing is right."""
        none = {"expectation": "expect_column_values_to_be_null", "column": "brand"}
        layer = self.layer(number) | {"quality": [none], "sales_layer": {"filter": "{{ false }}"}}
        write_document(self.folder / "layers" / "shared.yaml", layer)
        document = self.file(number)
        del document["sales_layer"]["filter"]
        document["mapping"]["Produktname"] = ""
        write_document(self.folder / "versions.yaml", document)

    def redefine(self, number):
        """Store a later definition, as another connector's run would: no label is as it was."""
        store = DefinitionStore(self.house.home / "storage" / "definitions")
        (key,) = store.keys()
        text = json.dumps(store.load(key).document, ensure_ascii=False)
        content = text.replace('"title": "', f'"title": "{number} ').encode()
        about = {"checksum": checksum(content), "version": f"V{number}", "latest": True, "locale": "de_DE"}
        store.keep(key, content, {**about, "display_name": "Rucksack", "property_groups": {}})

    def outage(self):
        """Let the PIM answer nothing, so that a run waits for its next try."""
        more = {"status": 503, "times": 1000, "headers": {"Retry-After": "2"}}
        self.house.sandbox.fault("sales_layer_rest", "status", **more)

    def started(self):
        """Start a run, and return it when a try of its extract has failed."""
        self.outage()
        run = self.house.trigger("versions", operation="live", selection="everything")
        place = f"{run.path}/taskInstances/extract_products"
        call = self.house.airflow.call

        def failed_once():
            assert call("GET", run.path)["state"] != "failed", run.said("refresh_definition")
            task = call("GET", place)
            return task["state"] == "up_for_retry" or task["try_number"] > 1

        self.house.wait_until(failed_once, "the extract did not fail")
        return run

    def finished(self, run):
        """Let the PIM answer, and return the run at its end."""
        requests.delete(f"{self.house.sandbox.url}/_control/faults", timeout=30).raise_for_status()
        return self.house.finish(run)

    def sent(self, sku):
        """The three values of a listing, each from another part of the configuration."""
        found = self.house.sandbox.state.listings.submitted(self.house.sandbox.seller_id, sku, GERMANY.id)
        names = ("brand", "model_number", "manufacturer")
        return [found.attributes[name][0]["value"] for name in names] if found else None

    def listed(self):
        """The SKUs of the other families that are listed."""
        return [sku for sku in self.other_skus if self.sent(sku) is not None]


@pytest.fixture(scope="module")
def changing(tmp_path_factory):
    home = tmp_path_factory.mktemp("versions")
    with installation(home, [Changing.file(0)], layers={"shared": Changing.layer(0)}) as house:
        changing = Changing(house)
        changing.configure(0)
        house.unpause("versions")
        yield changing


def test_a_run_goes_on_with_what_it_began_with(changing):
    changes = [changing.configure, changing.regroup, changing.forbid]
    documents = {}
    for number, change in enumerate(changes):
        changing.configure(number)
        run = changing.started()
        change(number + 100)
        changing.redefine(number)
        changing.finished(run)
        assert run.state == "success", run.said("map_fields")
        assert run.tries("extract_products") > 1
        wanted = [f"Layer {number}", f"File {number}", f"Variable {number}"]
        assert [changing.sent(sku) for sku in changing.skus] == [wanted] * len(changing.skus)
        documents[run.run_id] = wanted
    # A second try of one task alone, too.
    changing.redefine(len(changes) + 100)
    clear = {"dag_run_id": run.run_id, "task_ids": ["map_fields"], "include_downstream": True}
    clear |= {"dry_run": False, "only_failed": False}
    changing.house.airflow.call("POST", "/dags/amazon_versions/clearTaskInstances", json=clear)
    for cached in ("tasks", "xcoms"):
        run.__dict__.pop(cached, None)
    changing.house.finish(run)
    assert run.state == "success", run.said("map_fields", attempt=2)
    assert run.tries("map_fields") == 2
    assert [changing.sent(sku) for sku in changing.skus] == [wanted] * len(changing.skus)
    ledger = open_ledger(f"sqlite:///{changing.house.home / 'ledger.db'}")
    versions = history(ledger, find_key(ledger, "versions"))
    ledger.dispose()
    found = {use.run_id: one.document["mapping"] for one in versions for use in one.runs}
    names = ("Marke", "Modellnummer", "Hersteller")
    assert {run_id: [mapping[name] for name in names] for run_id, mapping in found.items()} == documents
    assert len(versions) == len(changes)


def test_a_switch_to_test_reaches_a_run_that_began_live(changing):
    changing.configure(200)
    run = changing.started()
    before = [changing.sent(sku) for sku in changing.skus]
    changing.configure(200, sync={"operation": "test"})
    changing.finished(run)
    assert run.state == "success"
    assert [changing.sent(sku) for sku in changing.skus] == before
    assert sent(run.result("report")["counts"]) == 0


def test_a_stop_ends_a_run_while_it_sends(changing):
    house = changing.house
    others = f"{{{{ item.amazon_product_type == 'BACKPACK' and item.reference[:8] != '{FAMILY}' }}}}"
    # A preview is a request of the same name.
    sync = {"schedule": None, "operation": "live", "preview": "none"}
    document = demo_connector("de_backpacks", "halted", sales_layer={"filter": others}, sync=sync)
    write_document(changing.folder / "halted.yaml", document)
    house.unpause("halted")
    before = house.calls().get("putListingsItem", 0)
    house.sandbox.fault("putListingsItem", "delay", delay=1.0, times=1000)
    run = house.trigger("halted", operation="live")
    house.wait_until(lambda: house.calls().get("putListingsItem", 0) > before, "nothing was sent")
    url = f"sqlite:///{house.home / 'ledger.db'}"
    stopped = CliRunner().invoke(app, ["stop", "halted", "--by", "anna", "--ledger", url])
    assert stopped.exit_code == 0, stopped.output
    changing.finished(run)
    assert run.state == "success", run.said("live_sync")
    counts = run.result("report")["counts"]
    assert sent(counts) >= 1
    assert counts["waiting"] >= 1
    assert len(changing.listed()) == sent(counts)

    assert CliRunner().invoke(app, ["resume", "halted", "--ledger", url]).exit_code == 0
    house.run("halted", operation="live")
    assert len(changing.listed()) == sent(counts) + counts["waiting"]

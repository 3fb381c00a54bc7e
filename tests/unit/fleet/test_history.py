"""`connectors history`: the versions that runs used."""

from __future__ import annotations

import json
from dataclasses import replace

from typer.testing import CliRunner

from amazon_listings.cli import app
from amazon_listings.connectors import load_connectors
from amazon_listings.definitions.refresh import load_pair
from amazon_listings.definitions.store import DefinitionStore
from amazon_listings.definitions.stored import DefinitionKey
from amazon_listings.fleet.history import history
from amazon_listings.ledger.connectors.keys import keyed
from amazon_listings.ledger.runs.documents import keep_document
from amazon_listings.ledger.runs.history import start_run
from amazon_listings.runs import context
from amazon_listings.runs.context import begin_run, resume_run
from amazon_listings.runs.definitions import definitions_note, load_definitions
from amazon_listings.selling_partner.definitions import checksum
from support.examples import rounds
from support.ledgers import ledger_in
from tests.unit.fleet.conftest import COMPANY, LAMPS, write


def enter(ledger, run):
    """Enter a run that begins, as its first step does."""
    began = run.began_with
    keep_document(ledger, began.hash, began.content)
    start_run(
        ledger,
        connector_key=run.connector.key,
        run_id=run.run_id,
        operation="test",
        fingerprint=run.connector.fingerprint,
        document=began.hash,
    )


def definition(title):
    """A definition of one attribute."""
    value = {"title": title, "type": "string"}
    element = {"type": "object", "properties": {"value": value}}
    return {
        "type": "object",
        "properties": {"brand": {"title": title, "type": "array", "items": element}},
    }


def test_each_version_with_its_runs_and_files(folder, storage, tmp_path):
    ledger = ledger_in(tmp_path)
    for run_id, brand in (("one", "Acme"), ("two", "Acme"), ("three", "ACME")):
        write(folder, lamps=LAMPS + f"  brand: {brand}\n")
        (connector,) = load_connectors(folder, {}, only="fr_lamp").connectors
        connector = keyed(ledger, connector)
        begun = begin_run(connector, run_id, 0, storage)
        enter(ledger, begun)
        # Whatever is edited since, the run goes on with what it began with.
        write(folder, lamps=LAMPS)
        again = resume_run(connector.key, run_id, 0, storage).connector
        assert (again, again.parts, again.where) == (begun.connector, connector.parts, connector.where)
    result = CliRunner().invoke(app, ["connectors", "history", "fr_lamp", "--json"])
    assert result.exit_code == 0, result.output
    newest, oldest = json.loads(result.stdout)
    assert [one["run_id"] for one in newest["runs"]] == ["three"]
    assert [one["run_id"] for one in oldest["runs"]] == ["two", "one"]
    assert newest["document"]["mapping"]["brand"] == "ACME"
    assert [one.rpartition("/")[2] for one in newest["files"]] == [
        "lamps.yaml",
        "company.yaml",
        "lighting.yaml",
    ]
    assert "from " in CliRunner().invoke(app, ["connectors", "history", "fr_lamp"]).stdout
    assert CliRunner().invoke(app, ["connectors", "history", "nobody"]).exit_code == 1


def test_what_changes_between_two_tries_changes_no_run(folder, storage, tmp_path, monkeypatch):
    """Layers, file, Variable, definition and software change between all tries of many runs."""
    ledger = ledger_in(tmp_path)
    hashes, tries = {}, []
    store = DefinitionStore(storage / "definitions")

    def defined(connector, number):
        """Store another version of the definition, in every locale; return a run's note of it."""
        amazon, place = connector.amazon, connector.marketplace
        key = DefinitionKey(amazon.product_type, place.id, locale=amazon.locale)
        locales = (amazon.locale, *connector.mapping_locales)
        for locale in {place.locale, *locales}:
            content = json.dumps(definition(f"{locale} {number}")).encode()
            about = {
                "checksum": checksum(content),
                "version": f"V{number}",
                "latest": True,
                "locale": locale,
                "display_name": "Lamp",
                "property_groups": {},
            }
            store.keep(replace(key, locale=locale), content, about)
        pairs = [load_pair(store, replace(key, locale=locale), place) for locale in locales]
        return definitions_note(connector, key, store, pairs)

    def configured(number):
        """Change everything, and return the connector as it is configured then."""
        write(
            folder,
            layers__company=COMPANY.replace("Brand: Acme", f"Brand: Layer {number}"),
            lamps=LAMPS.replace("Acme", f"File {number}"),
        )
        patch = {"mapping": {"item_name": f"Variable {number}"}}
        variable = {"amazon_connector_fr_lamp": json.dumps(patch)}
        monkeypatch.setattr(context, "version", lambda _: f"1.{number}")
        (connector,) = load_connectors(folder, variable, only="fr_lamp").connectors
        return keyed(ledger, connector)

    runs = rounds(200)
    for number in range(runs):
        run = begin_run(configured(number), f"run {number}", 0, storage)
        enter(ledger, run)
        run.folder.note(defined(run.connector, number))
        hashes[run.run_id] = run.began_with.hash
        tries.append(run)
        defined(configured(number + 1000), number + 1000)
        for earlier in (tries[number // 2], run):
            again = resume_run(earlier.connector.key, earlier.run_id, 0, storage)
            assert again.began_with.hash == hashes[earlier.run_id]
            assert (again.connector, again.connector.parts) == (earlier.connector, earlier.connector.parts)
            assert again.connector.where == earlier.connector.where
            wanted = earlier.run_id.removeprefix("run ")
            used = load_definitions(again.definitions, storage)
            assert used.document["properties"]["brand"]["title"] == f"fr_FR {wanted}"
            assert used.checksum == again.definitions.checksum
            labels = {locale: used.index_in(locale) for locale in again.connector.mapping_locales}
            titles = {locale: found.fields[0].label for locale, found in labels.items()}
            assert titles == {locale: f"{locale} {wanted}" for locale in labels}
            assert set(titles) == {"en_US"}
    assert len(set(hashes.values())) == runs
    found = history(ledger, tries[0].connector.key)
    assert {use.run_id: one.hash for one in found for use in one.runs} == hashes
    for one in found:
        (used,) = one.runs
        number = used.run_id.removeprefix("run ")
        assert one.document["mapping"]["item_name"] == f"Variable {number}"
        assert one.document["mapping"]["manufacturer"] == "{{ connector.country }}-File " + number
        assert one.software == f"1.{number}"
        assert one.variable == "amazon_connector_fr_lamp"

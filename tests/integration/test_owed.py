"""What runs leave over is taken up by the next ones, and what a new mapping touches is found."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from amazon_listings.approvals.answers import answer_items
from amazon_listings.ledger.approvals.progress import ApprovalFilter
from amazon_listings.ledger.database import open_ledger
from amazon_listings.ledger.runs.history import last_run, recent_runs
from amazon_listings.ledger.tables import item_states, owed
from spapi_sandbox.server import running_sandbox
from support.faults import Trial, backpacks

FAMILY = {"theme": "COLOR", "parent_sku": "{{ product.reference }}-P"}

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def shared():
    with running_sandbox(quotas=False) as sandbox:
        yield sandbox


@pytest.fixture
def trial(shared, tmp_path):
    shared.reset()
    shared.control("quotas", enabled=False)
    return Trial(shared, tmp_path, document=backpacks(approval={"policy": "always"}))


@pytest.fixture
def ledger(trial):
    engine = open_ledger(trial.environment["AMAZON_LISTINGS_LEDGER"])
    yield engine
    engine.dispose()


def entries(ledger, operation="live"):
    with ledger.connect() as connection:
        rows = connection.execute(select(owed).where(owed.c.operation == operation)).all()
    return {(row.kind, row.name): row.outcome for row in rows}


def approve(ledger, **where):
    return answer_items(ledger, ApprovalFilter(**where), approved=True, by="anna")


def scope(trial, run):
    return trial.note(run, "scope")


def test_what_waits_is_read_again_and_the_mark_passes_it(trial, ledger):
    first = trial.run()
    assert first.report["counts"]["waiting"] == 4
    assert set(entries(ledger).values()) == {"waiting"}
    (run,) = recent_runs(ledger, trial.name)
    assert last_run(ledger, run.connector_key, "live").cursor, "the mark passes what waits"
    second = trial.run()
    assert second.errors == {}, second.sentences
    assert scope(trial, second)["kind"] == "changed"
    assert len(scope(trial, second)["families"]) == 2
    assert second.report["counts"]["waiting"] == 4, "taken up, though the PIM says nothing changed"
    tested = trial.run("test")
    assert tested.errors == {}, tested.sentences
    approve(ledger)
    third = trial.run()
    assert third.report["counts"]["accepted"] == 4
    assert entries(ledger) == {}
    fourth = trial.run()
    assert scope(trial, fourth)["families"] == []


def test_what_waits_is_read_afresh(trial, ledger):
    trial.run()
    trial.edit("variants", 5055, values={"price": "77.70"})
    second = trial.run()
    assert second.report["counts"]["waiting"] == 4
    approve(ledger)
    trial.edit("variants", 5055, values={"price": "78.80"})
    third = trial.run()
    assert third.report["counts"]["accepted"] == 3
    assert third.report["counts"]["waiting"] == 1, "approved was another price"
    assert set(entries(ledger).values()) == {"waiting"}
    approve(ledger)
    assert trial.run().report["counts"]["accepted"] == 1
    assert entries(ledger) == {}


def test_what_is_approved_is_sent_by_a_run_that_reads_nothing_else(trial, ledger):
    first = trial.run()
    approve(ledger, skus=("LUM-B102-BLK",))
    trial.edit("variants", 5055, values={"price": "79.90"})
    changed = trial.run(selection="approved")
    assert changed.report["counts"]["waiting"] == 1, "it was read afresh: approved was another price"
    approve(ledger, skus=("LUM-B102-BLK",))
    sent = trial.run(selection="approved")
    assert sent.report["counts"]["accepted"] == sent.report["extracted"] == 1
    assert scope(trial, sent)["families"] == ["products/1026"]
    siblings = first.report["counts"]["out_of_scope"] // 10
    assert sent.report["counts"]["out_of_scope"] < siblings, "the other products were not read"
    nothing = trial.run(selection="approved")
    assert nothing.errors == {}, nothing.sentences
    assert nothing.report["counts"]["out_of_scope"] == nothing.report["extracted"] == 0


def test_of_a_family_the_parent_alone_is_sent_where_only_it_was_approved(trial, ledger):
    trial.bench.declare(backpacks(approval={"policy": "always"}) | {"variations": FAMILY})
    trial.run()
    parent = "LUM-B102-P"
    assert len(approve(ledger, skus=(parent,))) == 1
    sent = trial.run(selection="approved")
    assert sent.errors == {}, sent.sentences
    assert trial.held(parent)
    counts = sent.report["counts"]
    assert (counts["accepted"], counts["waiting"]) == (1, sent.report["extracted"])
    assert sum(bool(trial.held(sku)) for sku in ("LUM-B102-BLK", "LUM-B102-GRY")) == 0
    # The questions about the children are the same as before; what they wait for is there.
    approve(ledger)
    after = trial.run(selection="approved")
    assert after.errors == {}, after.sentences
    assert trial.held("LUM-B102-BLK")["child_parent_sku_relationship"][0]["parent_sku"] == parent


def test_an_item_that_left_is_owed_no_more(trial, ledger):
    trial.run()
    trial.edit("products", 1026, status="I")
    second = trial.run()
    assert second.errors == {}, second.sentences
    assert {name for _, name in entries(ledger)}.isdisjoint({"variants/5055"})
    assert second.report["counts"]["waiting"] < 4
    trial.edit("products", 1026, status="V")  # the catalogue is the next test's too


def test_only_what_a_new_mapping_touches_is_read(trial, ledger):
    document = backpacks()
    trial.bench.declare(document)
    first = trial.run()
    assert first.report["counts"]["accepted"] == 4
    line = "{{ item.price if item.reference != 'LUM-B102-BLK' else 199 }}"
    trial.bench.declare(document | {"mapping": document["mapping"] | {"Ihr Preis": line}})
    tested = trial.run("test", selection="affected")
    assert tested.errors == {}, tested.sentences
    assert scope(trial, tested)["families"] == ["products/1026"]
    assert tested.report["counts"]["ready"] == 1
    trial.forget()
    trial.edit("variants", 5055, values={"price": "12.30"})
    sent = trial.run(selection="affected")
    assert sent.errors == {}, sent.sentences
    assert scope(trial, sent)["families"] == ["products/1026"], "a test does not use it up"
    assert len(trial.writes()) == sent.report["counts"]["accepted"]
    assert scope(trial, trial.run("test", selection="affected"))["families"] == []
    assert not sent.report["counts"]["failed"]


def test_a_rule_with_a_date_makes_items_due(trial, ledger):
    document = backpacks()
    trial.bench.declare(document)
    trial.run()
    trial.run("test")
    yesterday = datetime.now(UTC) - timedelta(days=1)
    with ledger.begin() as connection:
        connection.execute(
            item_states.update().where(item_states.c.sku == "LUM-B102-BLK").values(next_date=yesterday)
        )
    tested, live = trial.run("test"), trial.run()
    assert scope(trial, tested)["families"] == ["products/1026"]
    assert scope(trial, live)["families"] == ["products/1026"], "a test does not use it up"
    assert scope(trial, trial.run())["families"] == []

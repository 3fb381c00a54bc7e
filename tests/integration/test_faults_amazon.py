"""What goes wrong at Amazon, one by one and mixed, through whole runs of the tasks."""

from collections import Counter
from urllib.parse import unquote

import pytest

from spapi_sandbox.server import running_sandbox
from support.faults import Trial, backpacks, decision, told
from support.kills import WatchedTraffic

pytestmark = pytest.mark.timeout(300)

#: The items that pass every check: so many previews come before the first write.
READY = 4
SKUS = {"LUM-B101-BLK", "LUM-B101-NVY", "LUM-B102-BLK", "LUM-B102-FOR"}
#: Faults that pass by themselves: a run meets each and ends well.
PASSING = {
    "429 bursts": [("putListingsItem", "status", {"status": 429, "times": 12})],
    "500": [("putListingsItem", "status", {"status": 500, "times": 2, "skip": 1})],
    "503 while reading": [("getListingsItem", "status", {"status": 503, "times": 3})],
    "connections reset": [("*", "reset", {"times": 2, "skip": 3})],
    "answers cut off": [
        ("getListingsItem", "truncate", {"times": 2}),
        ("putListingsItem", "truncate", {"times": 2, "skip": READY}),
    ],
    "answers that are no JSON": [
        ("getListingsItem", "invalid_json", {}),
        ("putListingsItem", "invalid_json", {"times": 2, "skip": READY, "body": "<html>busy</html>"}),
    ],
    "no token at first": [("token", "status", {"status": 503}), ("token", "truncate", {})],
    "written, then cut off": [("putListingsItem", "timeout_after_write", {"times": 2, "skip": READY})],
    "all of it": [
        ("token", "reset", {}),
        ("documents", "truncate", {}),
        ("getListingsItem", "status", {"status": 500, "times": 2, "skip": 2}),
        ("putListingsItem", "status", {"status": 429, "times": 3}),
        ("putListingsItem", "status", {"status": 503, "skip": 1}),
        ("putListingsItem", "timeout_after_write", {"skip": READY}),
        ("putListingsItem", "invalid_json", {"skip": READY}),
        ("putListingsItem", "reset", {"skip": READY}),
    ],
}


@pytest.fixture(scope="module")
def shared():
    with running_sandbox() as sandbox:
        sandbox.state.traffic = WatchedTraffic()
        yield sandbox


@pytest.fixture
def sandbox(shared):
    shared.reset()
    shared.state.traffic.watch(lambda _kind, _operation: None)
    return shared


@pytest.fixture
def trial(sandbox, tmp_path):
    return lambda **changes: Trial(sandbox, tmp_path, **changes)


def carried_out(trial):
    """How often the sandbox carried a write out, by SKU."""
    return Counter(
        unquote(entry["path"].rsplit("/", 1)[1])
        for entry in trial.writes()
        if entry.get("fault") not in {"status", "reset"} and entry["status"] in {0, 200}
    )


def at_first(traffic, operation, act, *, after=0):
    """Call `act` when the sandbox receives a request of this kind, after some others."""
    left = [after + 1]

    def strike(kind, name):
        if kind == "received" and name == operation:
            left[0] -= 1
            if left[0] == 0:
                act()

    traffic.watch(strike)


@pytest.mark.parametrize("name", PASSING)
def test_what_passes_by_itself_ends_well(trial, sandbox, name):
    one = trial()
    for operation, kind, more in PASSING[name]:
        sandbox.fault(operation, kind, **more)
    run = one.run()
    assert run.errors == {}, run.sentences
    assert run.report["counts"]["accepted"] == READY
    assert run.report["counts"]["failed"] == 0
    assert {sku for sku in SKUS if one.held(sku)} == SKUS
    assert carried_out(one) == dict.fromkeys(SKUS, 1), "read back, not sent twice"
    again = one.run(selection="everything")
    assert again.report["counts"]["accepted"] == 0
    assert carried_out(one) == dict.fromkeys(SKUS, 1)


def test_a_token_that_expires_in_the_middle_is_renewed(trial, sandbox):
    one = trial()
    at_first(sandbox.state.traffic, "putListingsItem", sandbox.state.tokens.forget_access_tokens, after=5)
    run = one.run()
    assert run.errors == {}, run.sentences
    assert run.report["counts"]["accepted"] == READY
    assert sandbox.counters()["operations"]["token"]["requests"] == 2


def test_a_grant_revoked_in_the_middle_needs_a_person_and_the_rest_is_sent_afterwards(trial, sandbox):
    one = trial()
    tokens, grant = sandbox.state.tokens, sandbox.refresh_token
    # The first write is carried out; the others meet a fault, and their second try finds the grant revoked.
    sandbox.fault("putListingsItem", "status", status=503, times=READY - 1, skip=READY + 1)
    traffic = sandbox.state.traffic

    def strike(kind, name):
        answers = [entry for entry in traffic.recorded() if entry["operation"] == name == "putListingsItem"]
        if kind == "answered" and sum(entry["status"] == 200 for entry in answers) == READY + 1:
            tokens.revoke(grant)

    traffic.watch(strike)
    run = one.run()
    assert decision(run, "live_sync") == "fail"
    sentence = told(run, "live_sync")
    assert "refresh token" in sentence
    assert "Seller or Vendor Central" in sentence
    sent = carried_out(one)
    assert 0 < len(sent) < READY
    traffic.watch(lambda _kind, _operation: None)
    tokens.restore(grant)
    again = one.run()
    assert again.errors == {}, again.sentences
    assert carried_out(one) == dict.fromkeys(SKUS, 1)
    assert {sku for sku in SKUS if one.held(sku)} == SKUS


def test_a_secret_that_was_rotated_needs_a_person_and_changes_nothing(trial, sandbox):
    one = trial()
    sandbox.control("secret", rotate="amzn1.oa2-cs.v1.the-new-one", old_valid_seconds=0)
    run = one.run()
    assert decision(run, "refresh_definition") == "fail"
    sentence = told(run, "refresh_definition")
    assert "rotated" in sentence
    assert "the-new-one" not in sentence
    assert sandbox.client_secret not in str(run.sentences)
    assert one.writes() == []


def test_amazon_that_fails_all_the_time_leaves_the_items_to_the_next_run(trial, sandbox):
    one = trial()
    sandbox.fault("putListingsItem", "status", status=500, times=1000, skip=READY)
    run = one.run()
    assert run.report["counts"]["failed"] == READY
    assert {sku for sku in SKUS if one.held(sku)} == set()
    assert "Amazon ist gestört" in (one.folder(run) / "report" / "items.csv").read_text("utf-8")
    sandbox.state.traffic.forget_faults()
    again = one.run()
    assert again.report["counts"]["accepted"] == READY
    assert {sku for sku in SKUS if one.held(sku)} == SKUS


def test_no_item_passes_where_no_preview_answers(trial, sandbox):
    one = trial()
    sandbox.fault("putListingsItem", "status", status=503, times=1000)
    run = one.run()
    assert run.report["counts"]["failed"] == READY
    assert run.report["counts"]["ready"] == 0
    assert one.writes() == []


def test_a_schema_link_that_expired_is_asked_for_again(trial, sandbox):
    one = trial()
    sandbox.fault("documents", "status", status=403)
    run = one.run()
    assert run.errors == {}
    assert run.report["counts"]["accepted"] == READY


def test_schema_links_that_all_expire_are_asked_for_later(trial, sandbox):
    one = trial()
    sandbox.fault("documents", "status", status=403, times=2)
    run = one.run()
    assert decision(run, "refresh_definition") == "retry"
    assert "A new link is requested" in told(run, "refresh_definition")
    assert one.run().report["counts"]["accepted"] == READY


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"kind": "status", "status": 403}, "no longer valid"),
        ({"kind": "invalid_json", "body": '{"properties": {}}'}, "checksum"),
        ({"kind": "truncate"}, "BACKPACK"),
    ],
)
def test_a_definition_that_cannot_be_had_is_tried_again_and_nothing_is_checked_without(
    trial, sandbox, fault, words
):
    one = trial()
    sandbox.fault("documents", times=1000, **fault)
    run = one.run()
    assert decision(run, "refresh_definition") == "retry"
    assert words in told(run, "refresh_definition")
    assert run.states["test_sync"] == "upstream_failed"
    assert one.writes() == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"document": backpacks(amazon={"product_type": "NOSUCHTYPE"})}, "NOSUCHTYPE"),
        ({"amazon": {"extra": {"seller_id": "A1SOMEBODYELSE"}}}, "A1SOMEBODYELSE"),
        (
            {
                "amazon": {
                    "extra": {
                        "refresh_token": "Atzr|sandbox-vendor",
                        "seller_id": "",
                        "vendor_code": "WRONG",
                    }
                }
            },
            "vendor code",
        ),
        (
            {
                "amazon": {
                    "extra": {
                        "refresh_token": "Atzr|sandbox-vendor",
                        "seller_id": "",
                        "vendor_code": "SANDV",
                    }
                },
                "document": backpacks(amazon={"country": "SE"}),
            },
            "country",
        ),
        ({"amazon": {"extra": {"refresh_token": "Atzr|mistyped"}}}, "refresh token"),
        ({"amazon": {"password": "amzn1.oa2-cs.v1.wrong"}}, "client secret"),
    ],
    ids=["product type", "seller", "vendor code", "country", "grant", "secret"],
)
def test_what_is_configured_wrongly_fails_at_once_and_says_who_must_act(trial, changes, words):
    one = trial(**changes)
    run = one.run()
    assert decision(run, "refresh_definition") == "fail"
    assert words in told(run, "refresh_definition")
    assert one.writes() == []

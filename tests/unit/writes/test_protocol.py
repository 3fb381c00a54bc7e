"""The protocol by which all writes go to Amazon, step by step: nothing is lost or doubled at any of them."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from sqlalchemy import select

from amazon_listings.errors import ActionRequiredError
from amazon_listings.ledger.content import unpacked
from amazon_listings.ledger.items.known import accepted_contents, known_items
from amazon_listings.ledger.items.payloads import ListingScope
from amazon_listings.ledger.runs.history import start_run
from amazon_listings.ledger.tables import submissions
from amazon_listings.ledger.writes.confirmations import due_looks
from amazon_listings.ledger.writes.feeds import pending_feeds
from amazon_listings.ledger.writes.fences import Fence
from amazon_listings.ledger.writes.leases import ConnectorBusy, Lease
from amazon_listings.ledger.writes.submissions import sent_in_run
from amazon_listings.selling_partner.faults.exceptions import MalformedAnswer, OutcomeUnknown
from amazon_listings.selling_partner.listing_answers import Submission
from amazon_listings.writes.protocol import Answer, Answers, Outgoing, WriteProtocol
from support.ledger_rows import record_accepted, write_of

CONTENT = {"item_name": [{"value": "Lampe"}]}
LISTINGS = ListingScope("lamps", "A1SELLER", "A13V1IB3VIYZZH", "LAMP")
GERMAN = ListingScope("lamps_de", "A1SELLER", "A1PA6795UKMFR9", "LAMP")


class Killed(BaseException):
    """The process dies."""


@pytest.fixture
def protocol(ledger):
    def protocol(listings=LISTINGS, run=None):
        number = run or start_run(
            ledger,
            connector_key=listings.connector_key,
            run_id=f"run of {listings.connector_key}",
            operation="live",
            scope="changed",
            fingerprint="f",
            definition="d",
        )
        lease = Lease(ledger, listings.connector_key, owner=f"run {number}", patience=0)
        return WriteProtocol(ledger, listings, number, lease, "definition-1")

    return protocol


def write(sku="A", **changes):
    facts = {
        "sku": sku,
        "pim_id": f"products/{sku}",
        "hash": "h1",
        "method": "PUT",
        "body": CONTENT,
        "before": None,
        "existed": False,
        "after": CONTENT,
    }
    return Outgoing(**(facts | changes))


def accepted(sku="A"):
    return Submission(sku, "ACCEPTED", "s-1", request_id="r-1")


def status(protocol, sku="A"):
    sent = sent_in_run(protocol.ledger, protocol.run, [sku]).get(sku)
    return sent and sent.status


def raised(error):
    def send():
        raise error

    return send


def unknown():
    return OutcomeUnknown("api.outcome_unknown")


def message(sku):
    return {"sku": sku, "pim_id": sku, "hash": "h1", "method": "UPDATE", "body": CONTENT, "existed": False}


def test_a_write_is_announced_before_it_is_sent_and_remembered_after_its_answer(protocol, ledger):
    one = protocol()
    with one.sending():
        assert one.fence(["A"]) == {}
        seen = []

        def send():
            seen.append(status(one))
            return accepted()

        one.announce([write()])
        answer = one.carry_out(write(), send)
        assert seen == ["UNANSWERED"]
        one.remember(Answers([Answer(write(), answer.status, "s-1", "r-1")], known=["A"]))
        assert status(one) == "ACCEPTED"
        known = known_items(ledger, LISTINGS, ["A"])["A"]
        assert (known.accepted_hash, known.listed, known.state) == ("h1", True, "accepted")
        assert accepted_contents(ledger, LISTINGS, ["A"]) == {"A": CONTENT}
        # The answer is known: others may write to the SKU at once.
        other = protocol(GERMAN)
        with other.sending():
            assert other.fence(["A"]) == {}


@pytest.mark.parametrize("content", [CONTENT, {}])
def test_a_payload_that_goes_on_as_it_is_is_remembered_as_any_other(protocol, ledger, content):
    one = protocol()
    packed = msgspec.Raw(msgspec.json.encode(content))
    writes = write(body=content, after=content), write("B", body=packed, after=packed)
    with one.sending():
        one.announce(writes)
        for each in writes:
            one.carry_out(each, lambda: accepted(each.sku))  # noqa: B023 - called at once
        one.remember(Answers([Answer(each, "ACCEPTED") for each in writes], known=["A", "B"]))
    known = known_items(ledger, LISTINGS, ["A", "B"])
    assert known["A"].accepted_hash == known["B"].accepted_hash
    contents = accepted_contents(ledger, LISTINGS, ["A", "B"])
    assert contents == ({"A": content, "B": content} if content else {})
    with ledger.connect() as connection:
        bodies = connection.execute(select(submissions.c.body)).scalars().all()
    assert [unpacked(body) for body in bodies] == [content, content]


def test_a_refused_write_changes_nothing_that_is_remembered(protocol, ledger):
    one = protocol()
    record_accepted(ledger, LISTINGS, [{"sku": "A", "pim_id": "a", "hash": "h0", "attributes": CONTENT}])
    with one.sending():
        one.announce([write()])
        one.carry_out(write(), accepted)
        one.remember(Answers([Answer(write(), "INVALID", "s-1", "r-1")], known=["A"]))
    assert status(one) == "INVALID"
    assert known_items(ledger, LISTINGS, ["A"])["A"].accepted_hash == "h0"


def test_what_amazon_certainly_did_not_carry_out_is_taken_back(protocol):
    one = protocol()
    with one.sending():
        one.announce([write(), write("B")])
        with pytest.raises(ActionRequiredError):
            one.carry_out(write(), raised(ActionRequiredError("no access")))
    assert (status(one), status(one, "B")) == (None, "UNANSWERED")


def test_what_a_later_try_has_seen_announced_stays_announced(protocol):
    """It sends the write without announcing it again, and enters the answer into the announcement."""
    one = protocol()
    later = protocol(run=one.run)
    with one.sending():
        one.announce([write(), write("B")])
        with later.sending():
            one.take_back([write()])
            with pytest.raises(ActionRequiredError):
                one.carry_out(write("B"), raised(ActionRequiredError("no access")))
    assert (status(one), status(one, "B")) == ("UNANSWERED", "UNANSWERED")


@pytest.mark.parametrize("error", [unknown(), MalformedAnswer("api.malformed"), Killed()])
def test_what_may_have_been_carried_out_stays_announced(protocol, ledger, error):
    one = protocol()
    record_accepted(ledger, LISTINGS, [{"sku": "A", "pim_id": "a", "hash": "h1", "attributes": CONTENT}])
    one.announce([write()])
    with pytest.raises(type(error)), one.sending():
        one.carry_out(write(), raised(error))
    assert status(one) == "UNANSWERED"
    known = known_items(ledger, LISTINGS, ["A"])["A"]
    assert (known.doubtful, known.accepted_hash) == (True, None), "only a reading tells what it has"


def test_what_an_earlier_try_announced_is_not_taken_back(protocol):
    one = protocol()
    with one.sending():
        one.announce([write()])
        with pytest.raises(OutcomeUnknown):
            one.carry_out(write(), raised(unknown()))
        with pytest.raises(ActionRequiredError):
            one.carry_out(write(), raised(ActionRequiredError("no access")), earlier=True)
    assert status(one) == "UNANSWERED"


def test_a_listing_that_is_as_it_should_be_is_remembered_without_a_write(protocol, ledger):
    one = protocol()
    found = Answers(unchanged=[write(group="g")], listed={"A": True, "B": False}, known=["A"])
    with one.sending():
        one.remember(found)
    assert status(one) is None
    known = known_items(ledger, LISTINGS, ["A", "B"])
    assert (known["A"].accepted_hash, known["B"].listed) == ("h1", False)


@pytest.mark.parametrize("answered", [True, False])
def test_a_deletion_is_remembered(protocol, ledger, answered):
    one = protocol()
    record_accepted(ledger, LISTINGS, [{"sku": "A", "pim_id": "a", "hash": "h1", "attributes": CONTENT}])
    gone = write(method="DELETE", body=None, before=CONTENT, existed=True, after={})
    with one.sending():
        if answered:
            one.announce([gone])
            one.carry_out(gone, accepted)
        answers = [Answer(gone, "ACCEPTED")] if answered else []
        one.remember(Answers(answers, unchanged=[] if answered else [gone], known=["A"]))
    known = known_items(ledger, LISTINGS, ["A"])["A"]
    assert (known.listed, known.accepted_hash, known.state) == (False, None, "deleted")


def remembered(protocol, *writes):
    """What the ledger knows of SKU A once these writes were accepted."""
    with protocol.sending():
        protocol.announce(writes)
        for one in writes:
            protocol.carry_out(one, accepted)
        protocol.remember(Answers([Answer(one, "ACCEPTED") for one in writes], known=["A"]))
    return known_items(protocol.ledger, LISTINGS, ["A"])["A"]


@pytest.mark.parametrize(("existed", "ours"), [(False, True), (True, False), (None, False)])
def test_a_listing_is_the_connectors_if_there_was_none_before(protocol, existed, ours):
    assert remembered(protocol(), write(existed=existed)).created is ours


@pytest.mark.parametrize(
    ("how", "listed", "content"), [("delete", None, {}), ("zero_quantity", True, CONTENT)]
)
def test_a_removal_is_remembered_until_a_reading_shows_it(protocol, ledger, how, listed, content):
    record_accepted(ledger, LISTINGS, [{"sku": "A", "pim_id": "a", "hash": "h0", "attributes": CONTENT}])
    method = "DELETE" if how == "delete" else "PATCH"
    known = remembered(protocol(), write(method=method, existed=True, after=content, removal=how))
    assert (known.listed, known.state, known.accepted_hash) == (listed, "accepted", "h1")
    assert accepted_contents(ledger, LISTINGS, ["A"]) == ({"A": content} if content else {})
    (check,) = due_looks(ledger, LISTINGS.connector_key, now=datetime.now(UTC) + timedelta(minutes=2))
    assert (check.sku, check.removing) == ("A", how)


def test_what_an_undone_write_leaves_empty_is_no_longer_ours(protocol, ledger):
    record_accepted(ledger, LISTINGS, [{"sku": "A", "pim_id": "a", "hash": "h0", "attributes": CONTENT}])
    known = remembered(protocol(), write(method="PATCH", existed=True, after={}, undoes=1))
    assert (known.listed, known.state, known.accepted_hash, known.claimed_at) == (True, None, None, None)


def test_what_an_undone_write_restores_stays_ours(protocol):
    known = remembered(protocol(), write(method="PATCH", existed=True, undoes=1))
    assert (known.state, known.accepted_hash) == ("accepted", "h1")


def test_a_creation_that_is_undone_is_a_deletion(protocol):
    known = remembered(protocol(), write(method="DELETE", body=None, existed=True, after={}, undoes=1))
    assert (known.listed, known.state) == (False, "deleted")


def test_only_what_is_undone_is_given_up(protocol, ledger):
    record_accepted(ledger, LISTINGS, [{"sku": "A", "pim_id": "a", "hash": "h0", "attributes": CONTENT}])
    known = remembered(protocol(), write(method="PATCH", existed=True, after={}))
    assert (known.state, known.accepted_hash) == ("accepted", "h0")


def test_only_one_run_of_a_connector_sends(protocol):
    one, other = protocol(), protocol(GERMAN)
    with one.sending(), other.sending():
        second = WriteProtocol(
            one.ledger, LISTINGS, 99, Lease(one.ledger, "lamps", owner="run 99", patience=0)
        )
        with pytest.raises(ConnectorBusy), second.sending():
            pass


def test_a_sku_of_a_feed_stays_fenced_until_its_report_was_read(protocol, ledger):
    one, other = protocol(), protocol(GERMAN)
    with one.sending():
        one.fence(["A", "B"])
        number = one.announce_feed("doc", [write_of(message("A"))])
        assert one.start_feed(number, lambda: "feed-1") == "feed-1"
    (feed,) = pending_feeds(ledger, "lamps")
    assert (feed.number, feed.feed_id) == (number, "feed-1")
    with other.sending():
        assert other.fence(["A", "B"]) == {"A": Fence(one.run, number)}


@pytest.mark.parametrize("error", [unknown(), MalformedAnswer("api.malformed"), Killed()])
def test_a_feed_that_may_have_been_started_is_looked_for_and_keeps_its_fences(protocol, ledger, error):
    one, other = protocol(), protocol(GERMAN)

    def start():
        with one.sending():
            one.fence(["A"])
            assert one.start_feed(one.announce_feed("doc", [write_of(message("A"))]), raised(error)) is None

    if isinstance(error, Killed):
        with pytest.raises(Killed):
            start()
    else:
        start()
    (feed,) = pending_feeds(ledger, "lamps")
    assert feed.feed_id is None
    with other.sending():
        assert other.fence(["A"]) == {"A": Fence(one.run, feed.number)}


def test_a_feed_that_was_refused_leaves_nothing_behind(protocol, ledger):
    one, other = protocol(), protocol(GERMAN)
    with one.sending():
        one.fence(["A"])
        number = one.announce_feed("doc", [write_of(message("A"))])
        with pytest.raises(ActionRequiredError):
            one.start_feed(number, raised(ActionRequiredError("no access")))
        assert status(one) is None
        assert pending_feeds(ledger, "lamps") == []
        with other.sending():
            assert other.fence(["A"]) == {}

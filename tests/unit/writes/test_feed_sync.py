"""Live sync by feeds, against the sandbox: nothing twice, nothing lost, nothing taken for success."""

import copy
import json
from datetime import UTC, datetime, timedelta

import pytest

from amazon_listings.errors import RetryableError
from amazon_listings.ledger.before_images import writes_of
from amazon_listings.ledger.feeds import open_feed, pending_feeds
from amazon_listings.ledger.items import ListingScope, known_items, record_accepted, record_listed
from amazon_listings.ledger.locks import ListingLocks
from amazon_listings.ledger.runs import start_run
from amazon_listings.ledger.submissions import sent_in_run
from amazon_listings.runs.folder import RunFolder, part_name
from amazon_listings.runs.payload import payload_hash
from amazon_listings.selling_partner import feed_messages
from amazon_listings.selling_partner import listings as amazon
from amazon_listings.selling_partner.client import SellingPartner
from amazon_listings.selling_partner.quotas import Quotas
from amazon_listings.writes.feeds.submit import awaited_feeds
from amazon_listings.writes.live_sync import live_sync
from amazon_listings.writes.removals import NOTES
from local_airflow.project import PROJECT
from spapi_sandbox.server import running_sandbox
from support.accounts import account_at

FRANCE = "A13V1IB3VIYZZH"
LAMP = json.loads(
    (PROJECT / "tests" / "data" / "lamp.json")
    .read_text()
    .replace("LANGUAGE", "fr_FR")
    .replace("MARKETPLACE", FRANCE)
    .replace("CURRENCY", "EUR")
)


@pytest.fixture(scope="module")
def running():
    with running_sandbox(quotas=False) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running):
    running.reset()
    running.state.buckets.enabled = False
    return running


@pytest.fixture
def client(sandbox):
    account = account_at(sandbox)
    waited = []
    return SellingPartner(account, quotas=Quotas(sleep=waited.append), sleep=waited.append)


@pytest.fixture
def listings(sandbox):
    return ListingScope("lamps", sandbox.seller_id, FRANCE, "LAMP")


def lamp(sku, **changes):
    """A mapped row."""
    attributes = copy.deepcopy(LAMP) | changes
    attributes.pop("child_parent_sku_relationship", None)
    return {
        "pim_id": f"products/{sku}",
        "group": f"products/{sku}",
        "sku": sku,
        "attributes": attributes,
        "hash": payload_hash(attributes),
        "requirements": "LISTING",
        "issues": [],
        "modified": None,
    }


def brand(text):
    return [{"value": text, "language_tag": "fr_FR", "marketplace_id": FRANCE}]


class Night:
    """One connector over several runs."""

    def __init__(self, connector, definitions, client, ledger, root):
        self.connector, self.definitions, self.client, self.ledger = connector, definitions, client, ledger
        self.root = root
        self.runs = 0
        self.now = datetime.now(UTC)

    def begin(self, *parts):
        """A run whose items all passed the test sync."""
        self.runs += 1
        name = f"run-{self.runs}"
        self.folder = RunFolder.of(self.root, "lamps", name)
        self.run = start_run(
            self.ledger,
            connector_key="lamps",
            run_id=name,
            operation="live",
            scope="changed",
            fingerprint="f",
            definition="d",
        )
        for number, rows in enumerate(parts, 1):
            self.folder.write("mapped", part_name(number), rows)
            tested = [
                {"pim_id": row["pim_id"], "sku": row["sku"], "outcome": "ready", "issues": [], "note": ""}
                | {name: row[name] for name in ("role", "parent_sku") if name in row}
                for row in rows
            ]
            self.folder.write("tested", part_name(number), tested)

    def sync(self, *, resumed=False, **changes):
        counts = live_sync(
            self.connector,
            self.definitions,
            client=self.client,
            ledger=self.ledger,
            run=self.run,
            folder=self.folder,
            resumed=resumed,
            now=lambda: self.now,
            **changes,
        )
        return {name: number for name, number in counts.items() if number}

    @property
    def rows(self):
        return {
            row["sku"]: row for part in self.folder.parts("live") for row in self.folder.read("live", part)
        }

    @property
    def awaited(self):
        return awaited_feeds(self.ledger, "lamps", self.run, now=self.now)


@pytest.fixture
def night(connector, definitions, client, ledger, tmp_path):
    return Night(connector(sync={"feed_from": 1}), definitions, client, ledger, tmp_path / "storage")


def feeds_made(sandbox):
    return sandbox.counters()["operations"].get("createFeed", {}).get("statuses", {}).get("202", 0)


def through(sandbox):
    sandbox.state.feeds.wait()


def test_items_go_by_feed_from_the_number_that_the_connector_says(night, sandbox, connector):
    night.connector = connector(sync={"feed_from": 3})
    night.begin([lamp("A-1"), lamp("A-2")])
    assert night.sync() == {"accepted": 2}
    assert feeds_made(sandbox) == 0
    night.begin([lamp(f"B-{number}") for number in range(3)])
    assert night.sync() == {"awaited": 3}
    assert feeds_made(sandbox) == 1


def test_a_feed_is_awaited_and_then_accepted(night, sandbox, client, ledger, listings):
    night.begin([lamp("A-1")], [lamp("A-2")])
    assert night.sync() == {"awaited": 2}
    (feed,) = night.awaited
    assert night.rows["A-1"]["note"] == f"it is in feed {feed.feed_id}, whose report is not there yet"
    through(sandbox)
    assert night.sync(resumed=True) == {"accepted": 2}
    assert night.awaited == []
    assert night.rows["A-1"]["submission_id"] == feed.feed_id
    assert amazon.get(client, "A-2", [FRANCE]).attributes["brand"] == LAMP["brand"]
    item = known_items(ledger, listings, ["A-1"])["A-1"]
    assert (item.accepted_hash, item.listed, item.state) == (lamp("A-1")["hash"], True, "accepted")
    assert sent_in_run(ledger, night.run, ["A-1"])["A-1"].submission_id == feed.feed_id
    calls = night.folder.noted("live")["calls"]
    assert calls == {"feeds": 1, "searches": 2}  # one search a part
    # The next run has nothing to send.
    night.begin([lamp("A-1")], [lamp("A-2")])
    assert night.sync() == {"unchanged": 2}
    assert feeds_made(sandbox) == 1


def test_what_changed_is_sent_as_patches_and_partial_updates(night, sandbox, client):
    night.begin([lamp("A-1"), lamp("A-2")])
    night.sync()
    through(sandbox)
    night.sync(resumed=True)
    bullets = LAMP["bullet_point"][:1]
    night.begin([lamp("A-1", brand=brand("Nord")), lamp("A-2", bullet_point=bullets)])
    assert night.sync() == {"awaited": 2}
    through(sandbox)
    assert night.sync(resumed=True) == {"accepted": 2}
    documents = [
        json.loads(sandbox.state.documents.find(feed.document_id).content)
        for feed in sandbox.state.feeds.all()
    ]
    kinds = sorted([message["operationType"] for message in one["messages"]] for one in documents)
    assert kinds == [["PATCH", "PARTIAL_UPDATE"], ["UPDATE", "UPDATE"]]
    assert amazon.get(client, "A-1", [FRANCE]).attributes["brand"] == brand("Nord")
    assert amazon.get(client, "A-2", [FRANCE]).attributes["bullet_point"] == bullets


def test_a_report_names_what_was_refused_and_why(night, sandbox):
    bad = lamp("A-2", lamp_type=[{"value": "sofa", "marketplace_id": FRANCE}])
    night.begin([lamp("A-1"), bad])
    night.sync()
    through(sandbox)
    assert night.sync(resumed=True) == {"accepted": 1, "rejected": 1}
    issue = night.rows["A-2"]["issues"][0]
    assert (issue["attribute"], issue["severity"], issue["source"]) == ("lamp_type", "ERROR", "submission")
    assert issue["label"]


def test_no_report_is_no_success(night, sandbox, ledger, listings):
    sandbox.control("feeds", state="DONE", report=False)
    night.begin([lamp("A-1")])
    night.sync()
    through(sandbox)
    assert night.sync(resumed=True) == {"awaited": 1}
    assert known_items(ledger, listings, ["A-1"])["A-1"].accepted_hash is None
    # A run does not wait for ever; the feed stays pending, and its item is not sent again, either way.
    night.now += timedelta(hours=13)
    assert night.sync(resumed=True) == {"failed": 1}
    assert "did not come in time" in night.rows["A-1"]["note"]
    night.begin([lamp("A-1", brand=brand("Nord"))])
    assert night.sync() == {"failed": 1}
    assert "est dans un flux" in night.rows["A-1"]["note"]
    assert feeds_made(sandbox) == 1


def test_a_single_submission_never_passes_a_pending_feed(night, sandbox, connector):
    sandbox.control("settings", feed_queue_delay=600)
    night.begin([lamp("A-1")])
    night.sync()
    number = night.awaited[0].number
    night.connector = connector(sync={"feed_from": 1500})
    night.begin([lamp("A-1", brand=brand("Nord")), lamp("A-2")])
    assert night.sync() == {"accepted": 1, "failed": 1}
    assert f"flux (numéro {number})" in night.rows["A-1"]["note"]
    # Once it is through, the next run settles it and goes on from what it made.
    sandbox.advance(700)
    through(sandbox)
    night.begin([lamp("A-1", brand=brand("Nord"))])
    assert night.sync() == {"accepted": 1}


def test_a_cancelled_feed_has_sent_nothing(night, sandbox):
    sandbox.control("feeds", state="CANCELLED")
    night.begin([lamp("A-1")])
    night.sync()
    assert night.sync(resumed=True) == {"failed": 1}
    assert "was cancelled" in night.rows["A-1"]["note"]
    night.begin([lamp("A-1")])
    assert night.sync() == {"awaited": 1}


@pytest.mark.parametrize("report", [True, False])
def test_of_a_feed_that_broke_off_what_was_applied_is_read_back(night, sandbox, report):
    sandbox.control("feeds", state="FATAL", share=0.5, report=report)
    night.begin([lamp(f"A-{number}") for number in range(4)])
    night.sync()
    through(sandbox)
    assert night.sync(resumed=True) == {"accepted": 2, "failed": 2}
    assert night.rows["A-0"]["outcome"] == "accepted"
    assert "does not hold what was sent" in night.rows["A-3"]["note"]


@pytest.mark.parametrize("moment", ["before the answer", "after the answer"])
def test_a_task_that_was_killed_while_it_started_a_feed_finds_it(night, sandbox, monkeypatch, moment):
    """The process dies in `createFeed`, before Amazon's answer is in the ledger."""

    class Killed(BaseException):
        pass

    def killed(*_args):
        raise Killed

    with monkeypatch.context() as patch:
        if moment == "before the answer":
            patch.setattr("amazon_listings.writes.feeds.submit.amazon.create", killed)
        else:
            patch.setattr("amazon_listings.writes.feeds.submit.feed_started", killed)
        night.begin([lamp("A-1"), lamp("A-2")])
        with pytest.raises(Killed):
            night.sync()
    (feed,) = pending_feeds(night.ledger, "lamps")
    assert feed.feed_id is None
    through(sandbox)
    if moment == "before the answer":
        # Amazon may list it any moment: too early to say that there is none.
        assert night.sync() == {"awaited": 2}
        assert feeds_made(sandbox) == 0
        night.now += timedelta(minutes=10)
        assert night.sync(resumed=True) == {"awaited": 2}
        through(sandbox)
        assert night.sync(resumed=True) == {"accepted": 2}
    else:
        assert night.sync() == {"accepted": 2}
    assert feeds_made(sandbox) == 1
    assert [row["outcome"] for row in night.rows.values()] == ["accepted", "accepted"]


@pytest.mark.parametrize("how", ["delete", "zero_quantity"])
def test_listings_whose_items_left_go_by_feeds_from_the_same_number(night, sandbox, client, connector, how):
    night.begin([lamp("A-1"), lamp("A-2"), lamp("A-3")])
    night.sync()
    through(sandbox)
    night.sync(resumed=True)
    night.connector = connector(sync={"feed_from": 2, "when_removed": how})
    night.begin([])
    left = [
        {"pim_id": "", "sku": sku, "outcome": "ready", "note": "", "issues": []} for sku in ("A-1", "A-2")
    ]
    night.folder.write("departed", part_name(1), left)
    sandbox.control("settings", feed_queue_delay=600)
    assert night.sync() == {"awaited": 2}
    assert night.sync() == {"awaited": 2}, "a task that is repeated makes no second feed"
    sandbox.advance(700)
    through(sandbox)
    assert night.sync(resumed=True) == {"accepted": 2}
    assert feeds_made(sandbox) == 2
    rows = list(night.folder.read("departed", part_name(1)))
    assert {row["note"] for row in rows} == {NOTES[how]}
    assert night.folder.noted("departed")["calls"] == {"feeds": 1, "searches": 1}
    feed, _ = sandbox.state.feeds.all()  # the newest first
    document = json.loads(sandbox.state.documents.find(feed.document_id).content)
    kinds = {message["operationType"] for message in document["messages"]}
    listing = amazon.get(client, "A-1", [FRANCE])
    if how == "delete":
        assert kinds == {"DELETE"}
        assert listing is None
    else:
        assert kinds == {"PATCH"}
        assert listing.attributes["fulfillment_availability"][0]["quantity"] == 0
    before = [write.before for write in writes_of(night.ledger, night.run)]
    assert [one["brand"] for one in before] == [LAMP["brand"]] * 2
    assert night.sync(resumed=True) == {"accepted": 2}


def family(number):
    """A parent and its child."""
    sku = f"P-{number}"
    parent = lamp(sku) | {"role": "parent"}
    child = lamp(f"{sku}-C") | {"role": "child", "parent_sku": sku}
    for name in ("purchasable_offer", "fulfillment_availability", "externally_assigned_product_identifier"):
        del parent["attributes"][name]
    child["attributes"]["color"] = brand("Noir")
    here = {"marketplace_id": FRANCE}
    relation = {"child_relationship_type": "variation", **here}
    for row, level, more in ((parent, "parent", {}), (child, "child", {"parent_sku": sku})):
        row["attributes"] |= {
            "variation_theme": [{"name": "COLOR"}],
            "parentage_level": [{"value": level, **here}],
            "child_parent_sku_relationship": [relation | more],
        }
        row["hash"] = payload_hash(row["attributes"])
    return parent, child


def test_many_parents_go_by_a_feed_of_their_own_before_their_children(night, sandbox, connector):
    night.connector = connector(
        sync={"feed_from": 2}, variations={"theme": "COLOR", "parent_sku": "{{ product.parent }}"}
    )
    night.begin([*family(1), lamp("A-1")], [*family(2)])
    sandbox.control("settings", feed_queue_delay=600)
    assert night.sync() == {"awaited": 2}
    assert set(night.rows) == {"P-1", "P-2"}
    assert night.sync() == {"awaited": 2}, "a task that is repeated makes no second feed"
    sandbox.advance(700)
    through(sandbox)
    assert night.sync(resumed=True) == {"accepted": 2, "awaited": 3}
    sandbox.advance(700)
    through(sandbox)
    assert night.sync(resumed=True) == {"accepted": 5}
    assert feeds_made(sandbox) == 2
    sent = [
        [
            message["sku"]
            for message in json.loads(sandbox.state.documents.find(one.document_id).content)["messages"]
        ]
        for one in reversed(sandbox.state.feeds.all())
    ]
    assert sent == [["P-1", "P-2"], ["P-1-C", "A-1", "P-2-C"]]


def test_children_of_a_parent_that_its_feed_refused_wait(night, sandbox, connector):
    night.connector = connector(
        sync={"feed_from": 2}, variations={"theme": "COLOR", "parent_sku": "{{ product.parent }}"}
    )
    parent, child = family(1)
    parent["attributes"]["lamp_type"] = [{"value": "sofa", "marketplace_id": FRANCE}]
    parent["hash"] = payload_hash(parent["attributes"])
    night.begin([parent, child, *family(2)])
    night.sync()
    through(sandbox)
    assert night.sync(resumed=True) == {"accepted": 1, "rejected": 1, "failed": 1, "awaited": 1}
    assert night.rows["P-1-C"]["note"] == "attend son produit parent P-1, qu'Amazon a refusé"
    assert night.folder.noted("live")["calls"]["feeds"] == 2


def test_locks_of_a_dead_try_do_not_hold_up_the_next_run(
    night, sandbox, client, ledger, listings, monkeypatch
):
    """Killed after Amazon started the feed: the retry has nothing to send, so nothing to lock."""
    night.begin([lamp("A-1")])
    night.sync()
    dead = ListingLocks(ledger, listings, owner=f"lamps run {night.run}")
    never_left = dead.held(["A-1"])
    never_left.__enter__()
    through(sandbox)
    assert night.sync() == {"accepted": 1}
    waits = []
    monkeypatch.setattr(client, "sleep", waits.append)
    night.begin([lamp("A-1", brand=brand("Nord"))])
    assert night.sync() == {"awaited": 1}
    assert waits == []


def test_feeds_of_others_are_not_taken_for_ours(night, sandbox, client, ledger, listings):
    """Two connectors died at once: each finds its own feed by what the report speaks of."""
    from amazon_listings.selling_partner import feeds

    def feed_of(sku):
        (document,) = feed_messages.documents(
            [feed_messages.update(sku, "LAMP", lamp(sku)["attributes"], "LISTING")],
            feed_messages.header(sandbox.seller_id),
            refused=pytest.fail,
        )
        place = feeds.create_document(client)
        feeds.upload_document(client, place, document.content)
        return place.document_id

    night.begin([lamp("A-1")])
    document_id = feed_of("A-1")
    open_feed(
        ledger,
        listings,
        night.run,
        document_id,
        [
            lamp("A-1")
            | {
                "pim_id": "products/A-1",
                "method": "UPDATE",
                "body": lamp("A-1")["attributes"],
                "existed": False,
            }
        ],
    )
    ours = feeds.create(client, document_id, [FRANCE])
    feeds.create(client, feed_of("A-9"), [FRANCE])
    feeds.create(client, feed_of("A-8"), [FRANCE])
    through(sandbox)
    assert night.sync() == {"accepted": 1}
    assert night.rows["A-1"]["submission_id"] == ours
    assert feeds_made(sandbox) == 3


def test_an_unknown_outcome_of_createfeed_makes_no_second_feed(night, sandbox):
    sandbox.fault("createFeed", "timeout_after_write")
    night.begin([lamp("A-1")])
    assert night.sync() == {"awaited": 1}
    through(sandbox)
    assert night.sync(resumed=True) == {"accepted": 1}
    assert len(sandbox.state.feeds.all()) == 1


def test_a_refused_createfeed_leaves_nothing_pending(night, sandbox):
    sandbox.fault("createFeed", "status", status=400, times=10)
    night.begin([lamp("A-1")])
    with pytest.raises(Exception, match="createFeed"):
        night.sync()
    assert pending_feeds(night.ledger, "lamps") == []
    sandbox.reset()
    sandbox.state.buckets.enabled = False
    assert night.sync() == {"awaited": 1}


def test_a_document_holds_so_many_messages_and_bytes(night, sandbox, monkeypatch):
    monkeypatch.setattr(feed_messages, "MOST_MESSAGES", 25_000)
    whole = feed_messages.documents

    def small(*args, **more):
        return whole(*args, **more, most_messages=3, most_bytes=20_000)

    monkeypatch.setattr("amazon_listings.writes.feeds.submit.messages.documents", small)
    long = [{"value": "x" * 30_000, "language_tag": "fr_FR", "marketplace_id": FRANCE}]
    rows = [lamp(f"A-{number}") for number in range(4)] + [lamp("A-long", product_description=long)]
    night.begin(rows[:2], rows[2:])
    assert night.sync() == {"awaited": 4, "failed": 1}
    assert feeds_made(sandbox) == 2
    assert "makes" in night.rows["A-long"]["note"]
    through(sandbox)
    assert night.sync(resumed=True) == {"accepted": 4, "failed": 1}


def test_before_images_and_whole_contents_are_kept(night, sandbox, client, ledger, listings):
    from amazon_listings.ledger.items import accepted_contents

    amazon.put(client, "A-1", FRANCE, product_type="LAMP", attributes=lamp("A-1")["attributes"])
    record_listed(ledger, listings, {"A-1": True})
    night.begin([lamp("A-1", brand=brand("Nord"))])
    night.sync()
    through(sandbox)
    night.sync(resumed=True)
    (write,) = writes_of(ledger, night.run)
    assert write.before["brand"] == LAMP["brand"]
    assert write.touched == {"brand"}
    content = accepted_contents(ledger, listings, ["A-1"])["A-1"]
    assert content == lamp("A-1", brand=brand("Nord"))["attributes"]


def test_no_answer_while_reading_leaves_the_item_to_the_next_run(night, sandbox):
    sandbox.fault("searchListingsItems", "status", status=503, times=4)
    night.begin([lamp(f"A-{number}") for number in range(21)])
    counts = night.sync()
    assert counts["awaited"] + counts["failed"] == 21
    assert counts["failed"] in {1, 20}


def test_amazon_down_while_a_feed_is_settled_leaves_it_pending(night, sandbox):
    night.begin([lamp("A-1")])
    night.sync()
    through(sandbox)
    sandbox.fault("getFeed", "status", status=503, times=4)
    with pytest.raises(RetryableError):
        night.sync(resumed=True)
    assert len(pending_feeds(night.ledger, "lamps")) == 1
    assert night.sync(resumed=True) == {"accepted": 1}


def test_a_feed_that_amazon_forgot_is_read_back(night, sandbox):
    night.begin([lamp("A-1")])
    night.sync()
    through(sandbox)
    sandbox.advance(91 * 24 * 3600)
    assert night.sync(resumed=True) == {"accepted": 1}


def test_what_another_run_submitted_meanwhile_is_unchanged(night, ledger, listings):
    row = lamp("A-1")
    record_accepted(ledger, listings, [row | {"pim_id": row["pim_id"]}])
    night.begin([row])
    assert night.sync() == {"unchanged": 1}

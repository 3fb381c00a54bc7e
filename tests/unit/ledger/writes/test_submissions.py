"""Writes, feeds and before-images: nothing twice, nothing forgotten, everything can be taken back."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select

from amazon_listings.ledger import tables
from amazon_listings.ledger.content import unpacked
from amazon_listings.ledger.items.known import accepted_contents, known_items
from amazon_listings.ledger.items.payloads import ListingScope
from amazon_listings.ledger.runs.answers import answers_of, writes_to
from amazon_listings.ledger.tables import submissions
from amazon_listings.ledger.writes import feeds
from amazon_listings.ledger.writes.before_images import writes_of
from amazon_listings.ledger.writes.leases import Lease
from amazon_listings.ledger.writes.submissions import made_in_run, sent_in_run, withdraw_submissions
from support.ledger_rows import (
    announce_submission,
    open_feed,
    record_accepted,
    record_answers,
    record_submissions,
)

BRAND = {"brand": [{"value": "Acme"}]}
PATCH = [{"op": "replace", "path": "/attributes/color", "value": [{"value": "red"}]}]


def write(sku, method="PUT", status="ACCEPTED", body=None, **more):
    row = {"sku": sku, "method": method, "status": status, "body": BRAND if body is None else body}
    return row | {"submission_id": f"sub-{sku}", "request_id": "req", "hash": "h1"} | more


def message(sku, method="UPDATE", body=None, **more):
    return {"sku": sku, "pim_id": f"p/{sku}", "method": method, "hash": "h2", "body": body or BRAND} | more


@pytest.fixture
def record(ledger, listings):
    return lambda run, *rows: record_submissions(ledger, listings, run, rows)


@pytest.fixture
def opened(ledger, listings):
    """Opens a feed; it as pending."""

    def make(run, *rows):
        number = open_feed(ledger, listings, run, "doc-1", rows)
        return next(feed for feed in feeds.pending_feeds(ledger, "fr_home") if feed.number == number)

    return make


class TestSubmissions:
    def test_a_run_knows_what_it_sent(self, ledger, new_run, record):
        run = new_run()
        record(run, write("a", status="INVALID"), write("b"), write("a", "PATCH", body=PATCH))
        sent = sent_in_run(ledger, run, ["a", "b", "c"])
        assert {sku: (one.method, one.status) for sku, one in sent.items()} == {
            "a": ("PATCH", "ACCEPTED"),
            "b": ("PUT", "ACCEPTED"),
        }
        assert sent_in_run(ledger, new_run(), ["a"]) == {}
        assert answers_of(ledger, run) == {"ACCEPTED": 2, "INVALID": 1}

    @pytest.mark.parametrize("doubt", ["UNANSWERED", "UNKNOWN"])
    def test_what_may_have_been_written_makes_the_item_doubtful_until_it_is_accepted(
        self, ledger, listings, new_run, record, doubt
    ):
        entry = {"pim_id": "p", "hash": "h0", "attributes": BRAND}
        record_accepted(ledger, listings, [entry | {"sku": sku} for sku in ("a", "b")])
        record(new_run(), write("a", status=doubt), write("b", status="INVALID"))
        record_submissions(
            ledger, ListingScope("de_home", "A1SELLER", "DE", "HOME"), new_run(), [write("b", status=doubt)]
        )
        known = known_items(ledger, listings, ["a", "b"])
        assert (known["a"].doubtful, known["a"].accepted_hash) == (True, None)
        assert (known["b"].doubtful, known["b"].accepted_hash) == (False, "h0")
        record_accepted(ledger, listings, [entry | {"sku": "a"}])
        assert known_items(ledger, listings, ["a"])["a"].accepted_hash == "h0"

    def test_a_run_without_feeds_has_made_none(self, ledger, new_run, record, opened):
        feeds.feed_started(ledger, opened(new_run(), message("a")).number, "feed-1")
        run = new_run()
        record(run, write("a"), write("b", "PATCH", body=PATCH))
        assert feeds.writes_made(ledger, run) == {"feeds": 0, "PUT": 1, "PATCH": 1}

    def test_what_is_withdrawn_is_the_announcement_of_one_run(self, ledger, listings, new_run):
        first, second = new_run(), new_run()
        for run in (first, second):
            for sku in ("a", "b", "c"):
                announce_submission(ledger, listings, run, write(sku))
        lease = Lease(ledger, listings.connector_key, owner="run")
        with lease.sending():
            withdraw_submissions(ledger, second, [("a", "h1"), ("b", "h1"), ("c", "h0")], token=lease.token)
        left = [sent_in_run(ledger, run, ["a", "b", "c"]).keys() for run in (first, second)]
        assert left == [{"a", "b", "c"}, {"c"}]

    def test_nothing_is_withdrawn_without_the_lease(self, ledger, listings, new_run):
        run = new_run()
        announce_submission(ledger, listings, run, write("a"))
        lease = Lease(ledger, listings.connector_key, owner="run")
        with lease.sending():
            pass
        withdraw_submissions(ledger, run, [("a", "h1")], token=lease.token)
        assert sent_in_run(ledger, run, ["a"]).keys() == {"a"}

    def test_a_run_made_what_it_put_and_what_was_not_there(self, ledger, new_run, record):
        run = new_run()
        record(run, write("new", existed=False), write("known", existed=True), write("unknown"))
        record(run, write("refused", status="INVALID", existed=False))
        record(run, write("changed", "PATCH", body=PATCH, existed=False))
        skus = ["new", "known", "unknown", "refused", "changed"]
        assert made_in_run(ledger, run, skus) == ["new"]
        assert made_in_run(ledger, new_run(), skus) == []

    def test_the_history_of_a_sku(self, ledger, new_run, record):
        first, second = new_run(), new_run()
        record(first, write("a", existed=False))
        record(second, write("a", "PATCH", body=PATCH, before=BRAND), write("b"), write("a"))
        shown = [(one.run, one.method, one.can_be_undone) for one in writes_to(ledger, "a")]
        assert shown == [(first, "PUT", True), (second, "PATCH", True), (second, "PUT", False)]
        assert [one.wrote for one in writes_to(ledger, "a")] == [["brand"], ["color"], ["brand"]]
        assert [one.run_id for one in writes_to(ledger, "a", "fr_home")] == ["run-1", "run-2", "run-2"]
        assert list(writes_to(ledger, "a", "de_home")) == []

    def test_what_amazon_returned_may_be_anything(self, ledger, new_run, record):
        record(new_run(), write("a", submission_id="s" * 300 + "\x00", request_id=""))
        (one,) = writes_to(ledger, "a")
        assert len(one.submission_id) <= 64


class TestBeforeImages:
    def only(self, ledger, run, sku="a"):
        (found,) = writes_of(ledger, run, skus=[sku])
        return found

    def test_a_new_listing_a_known_one_and_an_unknown_one(self, ledger, new_run, record):
        run = new_run()
        record(run, write("new", existed=False), write("known", before=BRAND | {"x": []}), write("unknown"))
        record(run, write("refused", status="INVALID", before=BRAND))
        found = {
            one.sku: (one.existed, one.before, [step.method for step in one.steps])
            for one in writes_of(ledger, run)
        }
        assert found == {
            "new": (False, None, ["PUT"]),
            "known": (True, BRAND | {"x": []}, ["PUT"]),
            "unknown": (None, None, ["PUT"]),
        }

    def test_the_product_type_is_that_of_the_same_connector_seller_and_marketplace(
        self, ledger, listings, new_run, record
    ):
        run, entry = new_run(), {"sku": "a", "pim_id": "p", "hash": "h", "attributes": BRAND}
        for other in (
            replace(listings, seller_id="A0", product_type="LAMP"),
            replace(listings, seller_id="A2", product_type="LAMP"),
            replace(listings, marketplace_id="A0", product_type="LAMP"),
            replace(listings, marketplace_id="A2", product_type="LAMP"),
            replace(listings, connector_key="zz_home", marketplace_id="A3", product_type="LAMP"),
            listings,
        ):
            record_accepted(ledger, other, [entry])
        record(run, write("a", before={}))
        assert self.only(ledger, run).listings == listings

    def test_of_several_writes_the_first_before_and_all_that_was_sent(self, ledger, new_run, record):
        run = new_run()
        record(run, write("a", "PATCH", body=PATCH, before={"color": [{"value": "blue"}]}))
        record(run, write("a", "PATCH", body=[PATCH[0] | {"path": "/attributes/size"}], before={"color": []}))
        found = self.only(ledger, run)
        assert found.before == {"color": [{"value": "blue"}]}
        assert [step.body[0]["path"] for step in found.steps] == ["/attributes/color", "/attributes/size"]
        assert found.first
        again = new_run()
        record(again, write("a", "PATCH", body=PATCH, before={"color": []}))
        assert not self.only(ledger, again).first

    def test_a_write_without_an_answer_is_seen_and_bars_no_earlier_one(
        self, ledger, listings, new_run, record
    ):
        first, second = new_run(), new_run()
        record(first, write("a", before={}))
        announce_submission(ledger, listings, second, write("a", "PATCH", body=PATCH, before=BRAND))
        found = self.only(ledger, second)
        assert (found.certain, found.before, *found.steps) == (False, BRAND, ("PATCH", PATCH))
        assert self.only(ledger, first).later == ()
        record_answers(ledger, second, [write("a")])
        assert self.only(ledger, second).certain
        assert self.only(ledger, first).later == (second,)

    def test_later_writes_stand_in_the_way_until_they_are_taken_back(self, ledger, new_run, record):
        first, second, third, back = (new_run() for _ in range(4))
        record(first, write("a", before={}))
        record(second, write("a", before=BRAND))
        record(third, write("a", status="INVALID", before=BRAND))
        assert self.only(ledger, first).later == (second,)
        assert self.only(ledger, second).later == ()
        record(back, write("a", before=BRAND, undoes=second))
        assert self.only(ledger, second).undone_by == back
        assert self.only(ledger, first).later == ()
        again = new_run()
        record(again, write("a", before=BRAND, undoes=back))
        assert self.only(ledger, second).undone_by is None, "taking back was taken back"
        assert self.only(ledger, first).later == (second,)

    def test_other_listings_of_the_same_sku_do_not_count(self, ledger, new_run, record):
        first, second = new_run(), new_run("de_home")
        record(first, write("a", before={}))
        record_submissions(
            ledger, ListingScope("de_home", "A1SELLER", "DE", "HOME"), second, [write("a", before={})]
        )
        assert self.only(ledger, first).later == ()

    def test_more_listings_than_are_read_at_once(self, ledger, new_run, record):
        run = new_run()
        record(run, *(write(f"SKU-{number:04}", existed=False) for number in range(230)))
        assert [one.sku for one in writes_of(ledger, run)] == [f"SKU-{number:04}" for number in range(230)]


class TestFeeds:
    def test_a_feed_is_found_again_at_every_moment(self, ledger, new_run, opened):
        run = new_run()
        feed = opened(run, message("a"), message("b"))
        assert (feed.feed_id, feed.state, feed.messages, feed.run) == (None, "CREATING", 2, run)
        assert feeds.unknown_feeds(ledger, ["f1", "f2"]) == ["f1", "f2"]
        feeds.feed_started(ledger, feed.number, "f1")
        (found,) = feeds.pending_feeds(ledger, "fr_home")
        assert (found.number, found.feed_id, found.state) == (feed.number, "f1", "IN_QUEUE")
        assert feeds.unknown_feeds(ledger, ["f1", "f2"]) == ["f2"]
        assert feeds.feed_skus(ledger, feed.number) == ["a", "b"]
        assert feeds.pending_feeds(ledger, "de_home") == []

    def test_a_message_is_entered_as_a_single_write_and_with_its_feed(self, ledger, listings, new_run):
        run = new_run()
        removal = message("c", "PATCH", PATCH, removal="zero_quantity", wanted={}, before=BRAND, undoes=7)
        rows = [message("É" * 80, existed=False), message("b", "DELETE", existed=None), removal]
        number = open_feed(ledger, listings, run, "doc-1", rows)
        for row in rows:
            announce_submission(ledger, listings, run, row)
        with ledger.connect() as connection:
            made = connection.execute(select(submissions).order_by(submissions.c.id)).mappings().all()
            moment = connection.scalar(select(tables.feeds.c.created_at))
            if ledger.dialect.name == "sqlite":  # which keeps moments as texts, and compares these
                kept = "SELECT count(DISTINCT length(CAST(sent_at AS VARCHAR))) FROM submissions"
                assert connection.exec_driver_sql(kept).scalar() == 1
        inside, alone = ([dict(row) for row in made if bool(row["feed"]) is fed] for fed in (True, False))
        own = {"id", "sent_at", "status", "feed", "message", "wanted"}
        for fed, single in zip(inside, alone, strict=True):
            assert {name: fed[name] for name in fed.keys() - own} == {
                name: single[name] for name in single.keys() - own
            }
        assert [(row["feed"], row["message"], row["status"], row["sent_at"]) for row in inside] == [
            (number, place, "PENDING", moment) for place in (1, 2, 3)
        ]
        assert [unpacked(row["wanted"]) for row in inside] == [None, None, {}]

    def test_no_item_is_in_two_feeds_at_once(self, ledger, listings, new_run, opened):
        feed = opened(new_run(), message("a"), message("b"))
        with pytest.raises(feeds.ItemInFeed, match="in a feed whose report is not there yet"):
            open_feed(ledger, listings, new_run(), "doc-2", [message("c"), message("a")])
        assert len(feeds.pending_feeds(ledger, "fr_home")) == 1, "nothing of the second was entered"
        feeds.settle_feed(ledger, feed, state="DONE", report_id="r", outcomes=[("a", "ACCEPTED")])
        opened(new_run(), message("a"))

    def test_a_feed_that_never_started_leaves_nothing(self, ledger, listings, new_run, opened):
        feed = opened(new_run(), message("a"))
        feeds.feed_abandoned(ledger, feed.number)
        assert feeds.pending_feeds(ledger, "fr_home") == []
        assert list(writes_to(ledger, "a")) == []

    def test_a_report_fills_in_the_answers_and_the_items(self, ledger, listings, new_run, opened):
        run = new_run()
        wanted = BRAND | {"color": [{"value": "red"}]}
        feed = opened(
            run,
            message("put"),
            message("patch", "PATCH", PATCH, wanted=wanted, before=BRAND),
            message("bad"),
            message("gone", "DELETE", before=BRAND),
            message("silent"),
        )
        feeds.feed_started(ledger, feed.number, "f1")
        outcomes = [("put", "ACCEPTED"), ("patch", "ACCEPTED"), ("bad", "INVALID"), ("gone", "ACCEPTED")]
        settled = feeds.settle_feed(
            ledger, feed, state="DONE", report_id="r1", outcomes=outcomes, definition="d"
        )
        assert settled == {"ACCEPTED": 3, "INVALID": 1, "UNKNOWN": 1}
        assert feeds.pending_feeds(ledger, "fr_home") == []
        contents = accepted_contents(ledger, listings, ["put", "patch", "bad", "gone", "silent"])
        assert contents == {"put": BRAND, "patch": wanted}
        assert known_items(ledger, listings, ["gone"])["gone"].listed is False
        assert {one.sku: one.before for one in writes_of(ledger, run)} == {
            "gone": BRAND,
            "patch": BRAND,
            "put": None,
            "silent": None,
        }
        assert [one.submission_id for one in writes_to(ledger, "bad")] == ["f1"]

    def test_settling_again_after_a_kill_changes_nothing(self, ledger, listings, new_run, opened):
        feed = opened(new_run(), message("a"), message("b"))
        half = iter([("a", "ACCEPTED")])
        feeds.settle_feed(ledger, feed, state="DONE", report_id="r", outcomes=half)
        again = [("a", "INVALID"), ("b", "ACCEPTED")]
        settled = feeds.settle_feed(ledger, feed, state="DONE", report_id="r", outcomes=again)
        assert settled == {"ACCEPTED": 1, "UNKNOWN": 1}
        assert set(known_items(ledger, listings, ["a", "b"])) == {"a"}

    def test_a_pending_write_cannot_be_taken_back_yet(self, ledger, new_run, opened):
        run = new_run()
        opened(run, message("a", before=BRAND))
        (found,) = writes_of(ledger, run)
        assert found.pending

    def test_a_large_feed(self, ledger, new_run, opened):
        feed = opened(new_run(), *(message(f"SKU-{number}") for number in range(1_700)))
        assert feed.messages == 1_700
        outcomes = ((f"SKU-{number}", "ACCEPTED") for number in range(1_700))
        settled = feeds.settle_feed(ledger, feed, state="DONE", report_id="r", outcomes=outcomes)
        assert settled == {"ACCEPTED": 1_700}

    def test_payloads_do_not_leave_the_database_when_answers_are_entered(
        self, ledger, listings, new_run, opened, statements
    ):
        wanted = BRAND | {"color": [{"value": "red"}]}
        feed = opened(
            new_run(),
            message("made", existed=False),
            message("put", existed=True),
            message("patch", "PATCH", PATCH, wanted=wanted, before=BRAND),
        )
        outcomes = [(sku, "ACCEPTED") for sku in ("made", "put", "patch")]
        with statements() as made:
            feeds.settle_feed(ledger, feed, state="DONE", report_id="r", outcomes=outcomes, definition="d")
        assert not any(one.startswith("SELECT") and "body" in one for one in made), made
        assert not any("VALUES" in one and "INTO items" in one for one in made), made
        known = known_items(ledger, listings, ["made", "put", "patch"])
        assert {sku: one.created for sku, one in known.items()} == {
            "made": True,
            "put": False,
            "patch": False,
        }
        assert {(one.accepted_hash, one.state, one.listed) for one in known.values()} == {
            ("h2", "accepted", True)
        }
        assert accepted_contents(ledger, listings, ["made", "patch"]) == {"made": BRAND, "patch": wanted}

    def test_who_claimed_a_listing_keeps_its_moment_when_a_feed_is_accepted_again(
        self, ledger, listings, new_run, opened
    ):
        moments = []
        for _ in range(2):
            feed = opened(new_run(), message("a", existed=False))
            feeds.settle_feed(ledger, feed, state="DONE", report_id="r", outcomes=[("a", "ACCEPTED")])
            moments.append(known_items(ledger, listings, ["a"])["a"])
        first, second = moments
        assert first.claimed_at == second.claimed_at
        assert first.accepted_at < second.accepted_at

    def test_a_removal_by_feed_is_remembered_with_what_the_listing_holds(
        self, ledger, listings, new_run, opened
    ):
        feed = opened(
            new_run(),
            message("stock", "PARTIAL_UPDATE", removal="zero_quantity", wanted=BRAND),
            message("deleted", "DELETE", removal="delete", before=BRAND),
        )
        outcomes = [("stock", "ACCEPTED"), ("deleted", "ACCEPTED")]
        feeds.settle_feed(ledger, feed, state="DONE", report_id="r", outcomes=outcomes)
        known = known_items(ledger, listings, ["stock", "deleted"])
        assert {sku: one.listed for sku, one in known.items()} == {"stock": True, "deleted": None}
        assert accepted_contents(ledger, listings, ["stock", "deleted"]) == {"stock": BRAND}

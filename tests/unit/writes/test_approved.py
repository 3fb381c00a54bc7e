"""What a person approved: entered when it was sent, and what is to become of it after a second thought."""

from datetime import timedelta

import pytest

from amazon_listings.ledger.approvals.answers import answer
from amazon_listings.ledger.approvals.progress import ApprovalFilter, approval_states
from amazon_listings.ledger.approvals.questions import Asked, ask
from amazon_listings.runs.folder import part_name
from amazon_listings.runs.outcomes import Outcome
from amazon_listings.runs.records import REMOVED, WrittenItem
from support.feed_runs import lamp, wait_for_feeds


@pytest.fixture
def approve(runs, ledger, listings):
    """Has a run ask about SKUs, and a person say yes."""

    def approve(kind, *skus):
        items = [Asked(sku, None, kind, f"hash of {sku}", ("first",)) for sku in skus]
        ask(ledger, listings, runs.run, items, patience=timedelta(days=1))
        assert len(answer(ledger, ApprovalFilter(), approved=True, by="anna")) == len(skus)

    return approve


@pytest.mark.parametrize(("feed_from", "at_first"), [(1, "sending"), (2, "sent")])
def test_an_approved_removal_counts_as_sent_once_amazon_accepted_it(
    runs, sandbox, ledger, listings, connector, approve, feed_from, at_first
):
    runs.begin([lamp("A-1")])
    runs.send()
    wait_for_feeds(sandbox)
    runs.collect()
    runs.connector = connector(sync={"feed_from": feed_from, "when_removed": "delete"})
    runs.begin([])
    approve("remove", "A-1")
    left = WrittenItem(pim_id="", sku="A-1", outcome=Outcome.READY, approval="hash of A-1")
    runs.folder.write(REMOVED, part_name(1), [left])
    runs.send()
    assert approval_states(ledger, listings, ["A-1"]) == {"A-1": at_first}
    wait_for_feeds(sandbox)
    assert runs.collect() == {"accepted": 1}
    assert approval_states(ledger, listings, ["A-1"]) == {"A-1": "sent"}


def test_what_was_refused_after_all_is_told_from_what_is_asked_anew(runs, ledger, listings, approve):
    runs.begin([])
    approve("change", "A-1", "A-2", "A-3")
    answer(ledger, ApprovalFilter(skus=("A-1",)), approved=False, by="ben")
    other = [Asked(sku, None, "change", f"another of {sku}", ("first",)) for sku in ("A-2", "A-3")]
    ask(ledger, listings, runs.run, other, patience=timedelta(days=1))
    answer(ledger, ApprovalFilter(skus=("A-2",)), approved=False, by="ben")
    hashes = {sku: f"hash of {sku}" for sku in ("A-1", "A-2", "A-3", "A-4")}
    withdrawn = runs.live_sync.writer.withdrawn(hashes)
    outcomes = {sku: outcome for sku, (outcome, _) in withdrawn.items()}
    assert outcomes == {
        "A-1": Outcome.REFUSED,
        **dict.fromkeys(("A-2", "A-3", "A-4"), Outcome.WAITING),
    }

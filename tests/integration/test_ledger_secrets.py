"""No token and no secret is in the ledger, whatever happens; its file is searched, unpacked too."""

from __future__ import annotations

import sqlite3
import zlib
from contextlib import closing

import pytest

from amazon_listings.errors import AmazonListingsError
from amazon_listings.ledger.buckets import SharedBuckets
from amazon_listings.ledger.items.payloads import ListingScope
from amazon_listings.ledger.runs.history import finish_run, start_run
from amazon_listings.marketplaces import marketplace
from amazon_listings.remarks import remark_as_is
from amazon_listings.selling_partner import listings as amazon
from amazon_listings.selling_partner.calls.client import SellingPartner
from amazon_listings.selling_partner.calls.quotas import Quotas
from amazon_listings.selling_partner.calls.tokens import Tokens
from spapi_sandbox.server import running_sandbox
from support.accounts import account_at
from support.ledger_rows import record_accepted, record_submissions, record_tested
from support.ledgers import ledger_in

FR = marketplace("FR")
ATTRIBUTES = {"condition_type": [{"value": "new_new", "marketplace_id": FR.id}]}


def everything(file):
    """The bytes of the file and its log, and every packed content in it."""
    found = b"".join(path.read_bytes() for path in sorted(file.parent.iterdir()))
    with closing(sqlite3.connect(file)) as connection:
        tables = [
            name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        ]
        for table in tables:
            for row in connection.execute(f'SELECT * FROM "{table}"'):  # noqa: S608 - our own tables
                found += b"".join(zlib.decompress(value) for value in row if isinstance(value, bytes))
    return found


@pytest.mark.parametrize("fault", [None, "revoked_grant"])
def test_a_run_leaves_no_secret_in_the_ledger(tmp_path, fault):
    ledger = ledger_in(tmp_path)
    with running_sandbox() as sandbox:
        account = account_at(sandbox, refresh_token=f"{sandbox.refresh_token}{'-revoked' if fault else ''}")
        tokens = Tokens(sleep=sandbox.advance)
        client = SellingPartner(
            account,
            quotas=Quotas(SharedBuckets(ledger), sleep=sandbox.advance),
            tokens=tokens,
            sleep=sandbox.advance,
        )
        entry = {"operation": "live", "scope": "changed", "fingerprint": "f", "definition": "d"}
        run = start_run(ledger, connector_key="fr_home", run_id="r", **entry)
        failure = None
        try:
            answer = amazon.put(client, "S1", FR.id, product_type="PRODUCT", attributes=ATTRIBUTES)
            listings = ListingScope("fr_home", account.seller_id, FR.id, "PRODUCT")
            row = {
                "sku": "S1",
                "pim_id": "p",
                "method": "PUT",
                "status": answer.status,
                "hash": "h",
                "asin": None,
            }
            row |= {"submission_id": answer.submission_id, "request_id": answer.request_id}
            row |= {"body": ATTRIBUTES, "attributes": ATTRIBUTES, "before": ATTRIBUTES}
            record_submissions(ledger, listings, run, [row])
            record_tested(ledger, listings, "d", [row])
            record_accepted(ledger, listings, [row])
        except AmazonListingsError as error:
            failure = f"{error} {error!r} {account.refresh_token}"
        assert bool(failure) == bool(fault)
        finish_run(ledger, run, counts={}, calls={}, cursor=None, failure=remark_as_is(failure))
    written = everything(tmp_path / "ledger.db")
    assert b"fr_home" in written
    if not fault:
        assert b"new_new" in written
        assert b"putListingsItem" in written, "the buckets are in it"
    for secret in (account.client_secret, account.refresh_token, "Atza|", "Atzr|", "amzn1.oa2-cs"):
        assert secret.encode() not in written
    ledger.dispose()

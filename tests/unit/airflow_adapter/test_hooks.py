import pytest

from amazon_listings.airflow_adapter.connections import ConnectionProblem
from amazon_listings.airflow_adapter.hooks import SalesLayerHook, SellingPartnerHook
from amazon_listings.ledger.buckets import SharedBuckets
from amazon_listings.settings import settings
from spapi_sandbox.server import running_sandbox
from support.airflow import amazon_connection, pim_connection


@pytest.fixture(scope="module")
def sandbox():
    with running_sandbox(quotas=False) as sandbox:
        yield sandbox


@pytest.fixture
def amazon(sandbox, connection):
    """The answer of the Test button for a connection to the sandbox's Amazon, with changes."""

    def amazon(**changes):
        connection("tested", amazon_connection(sandbox, **changes))
        return SellingPartnerHook("tested").test_connection()

    return amazon


@pytest.fixture
def pim(sandbox, connection):
    """The same for the sandbox's PIM."""

    def pim(**changes):
        connection("tested", pim_connection(sandbox, **changes))
        return SalesLayerHook("tested").test_connection()

    return pim


def test_a_good_amazon_connection(amazon):
    assert amazon() == (
        True,
        "Seller A1SANDBOXSELLER may list on amazon.fr: token, role and marketplace are right.",
    )


def test_a_good_vendor_connection(amazon):
    right, sentence = amazon(extra={"seller_id": "", "vendor_code": "SANDV"})
    assert right, sentence
    assert sentence.startswith("Vendor code SANDV may list on amazon.fr")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"password": "amzn1.oa2-cs.v1.wrong"}, ["client secret"]),
        ({"login": "amzn1.application-oa2-client.wrong"}, ["client"]),
        ({"extra": {"refresh_token": "Atzr|wrong"}}, ["refresh token"]),
        ({"extra": {"refresh_token": "Atzr|sandbox-foreign"}}, ["application"]),
        ({"extra": {"seller_id": "A1SOMEBODYELSE"}}, ["A1SOMEBODYELSE"]),
        ({"extra": {"seller_id": "", "vendor_code": "WRONG"}}, ["WRONG"]),
        ({"extra": {"seller_id": ""}}, ["This connection has neither a merchant token", "neither"]),
        ({"extra": {"country": "FRANCE"}}, ["This connection names the country 'FRANCE'", "FR"]),
        ({"extra": {"country": ["FR"]}}, ["names the country", "Choose one of"]),
        ({"extra": {"seller_id": ["A1SANDBOXSELLER"]}}, ["does not exist in this marketplace"]),
        ({"extra": {"endpoint": 5}}, ["it is no web address"]),
        ({"extra": {"country": ""}}, ["has no country", "Choose one of"]),
        ({"password": ""}, ["This connection cannot be used", "no client secret"]),
    ],
)
def test_what_is_wrong_with_an_amazon_connection_is_said_in_words(amazon, changes, words):
    right, sentence = amazon(**changes)
    assert not right
    for word in words:
        assert word in sentence, sentence
    for secret in ("amzn1.oa2-cs", "Atzr|", "tested"):
        assert secret not in sentence


def test_a_good_pim_connection(pim):
    right, sentence = pim()
    assert right, sentence
    assert "product fields, languages en, es, fr, de; first product" in sentence


def test_a_good_pim_connection_by_the_connector_api(pim, sandbox):
    right, sentence = pim(
        host=f"{sandbox.url}/sales_layer/connector",
        password="sandbox-connector-secret",
        extra={"api": "connector", "code": "CNSANDBOX"},
    )
    assert right, sentence
    assert "first product" in sentence


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"password": "wrong-key"}, ["refuses the credentials", "Correct the field “API key"]),
        ({"password": ""}, ["is empty", "this connection"]),
        ({"host": "not an address"}, ["Base URL"]),
        ({"extra": {"api": "connector", "code": "CN"}}, ["Sales Layer"]),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_pim_connection_is_said_in_words(pim, changes, words):
    right, sentence = pim(**changes)
    assert not right
    for word in words:
        assert word in sentence, sentence
    assert "wrong-key" not in sentence
    assert "tested" not in sentence


def test_a_client_sells_where_the_connector_says(sandbox, connection, monkeypatch, tmp_path):
    monkeypatch.setenv("AIRFLOW_CONN_AMAZON_LISTINGS_LEDGER", f"sqlite:///{tmp_path / 'ledger.db'}")
    connection("eu", amazon_connection(sandbox))
    assert SellingPartnerHook("eu", "US").get_conn().account.region == "NA"
    assert SellingPartnerHook("eu").get_conn(preview_rate=5).preview_rate == 5
    with pytest.raises(ConnectionProblem, match="names the country 'XX'"):
        SellingPartnerHook("eu", "XX").get_conn()


def test_clients_of_a_process_share_their_quotas(sandbox, connection, monkeypatch, tmp_path):
    monkeypatch.setenv("AMAZON_LISTINGS_LEDGER", f"sqlite:///{tmp_path}/ledger.db")
    settings.cache_clear()
    try:
        for name in ("one", "other"):
            connection(name, amazon_connection(sandbox))
        one, other = (SellingPartnerHook(name, "FR").get_conn() for name in ("one", "other"))
        assert one.quotas is other.quotas
        assert isinstance(one.quotas.store, SharedBuckets)
    finally:
        settings.cache_clear()

from dataclasses import replace

import pytest
from airflow.sdk._shared.secrets_masker import redact

from amazon_listings.airflow_adapter import connections
from amazon_listings.airflow_adapter.connections import ConnectionProblem
from amazon_listings.connectors.schema import defaults
from amazon_listings.errors import ActionRequiredError, RetryableError
from amazon_listings.settings import settings
from amazon_listings.sources.extraction import open_source
from amazon_listings.sources.settings import settings_of

SECRETS = {"password": "amzn1.oa2-cs.v1.hush", "refresh_token": "Atzr|hush-hush"}


def amazon(**changes):
    extra = {"refresh_token": SECRETS["refresh_token"], "seller_id": "A1SELLER", "country": "FR"}
    return {
        "conn_type": "amazon_selling_partner",
        "login": "amzn1.application-oa2-client.x",
        "password": SECRETS["password"],
        "extra": {
            key: value for key, value in (extra | changes.pop("extra", {})).items() if value is not None
        },
    } | changes


def pim(**changes):
    return {"conn_type": "sales_layer", "password": "pim-key-hush", "extra": {"api": "rest"}} | changes


@pytest.fixture
def shown():
    """Every text of an error that may be shown must be free of secrets."""

    def shown(error):
        text = f"{error!s} {error!r} {error.__cause__!r} {error.__dict__!r}"
        for secret in SECRETS.values():
            assert secret not in text
        return str(error)

    return shown


def test_an_account_from_the_environment(connection):
    connection("amazon_fr", amazon(extra={"secret_created": "2026-11-01", "endpoint": "http://127.0.0.1:9"}))
    account = connections.account("amazon_fr", "FR")
    assert (account.client_id, account.client_secret) == (
        "amzn1.application-oa2-client.x",
        SECRETS["password"],
    )
    assert (account.refresh_token, account.seller_id) == (SECRETS["refresh_token"], "A1SELLER")
    assert (account.region, account.vendor, account.endpoint) == ("EU", False, "http://127.0.0.1:9")
    assert account.secret_created.isoformat() == "2026-11-01"


def test_the_region_is_the_connectors(connection):
    connection("amazon_fr", amazon())
    assert connections.account("amazon_fr", "US").region == "NA"


def test_a_vendor_account(connection):
    connection("vendor", amazon(extra={"seller_id": None, "vendor_code": "SANDV"}))
    account = connections.account("vendor", "FR")
    assert (account.seller_id, account.vendor) == ("SANDV", True)


def opened():
    """The Sales Layer account of the connection `pim`."""
    settings = settings_of(
        "sales_layer", defaults("sales_layer") | {"connection": "pim", "languages": ["fr"]}
    )
    return open_source(settings, connections.AirflowAccess()).pim


def test_secrets_are_masked_as_soon_as_they_are_known(connection):
    connection("amazon_fr", amazon(password="amzn1.oa2-cs.v1.rare", extra={"refresh_token": "Atzr|rare-one"}))
    connections.account("amazon_fr", "FR")
    connection("pim", pim(password="pim-key-rare"))
    opened()
    text = redact("log: amzn1.oa2-cs.v1.rare, Atzr|rare-one and pim-key-rare")
    assert text == "log: ***, *** and ***"


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (pim(), "The Airflow connection 'amazon_fr' is of type 'sales_layer'. It must be of type"),
        (amazon(extra={"vendor_code": "SANDV"}), "and a vendor code (vendors). Fill in exactly one"),
        (amazon(extra={"seller_id": None}), "nor a vendor code (vendors). Fill in exactly one"),
        (amazon(extra={"seller_id": ""}), "has neither a merchant token"),
        (amazon(login=None), "'amazon_fr' cannot be used. The Amazon connection has no client id."),
        (amazon(password=""), "has no client secret. Enter it in the connection."),
        (amazon(extra={"refresh_token": None}), "has no refresh token."),
        (amazon(password="amzn1.oa2-cs.v1.hush\n"), "The client secret of the Amazon connection contains"),
        (amazon(extra={"refresh_token": "Atzr|hush-hush x"}), "The refresh token of the Amazon connection"),
        (
            amazon(extra={"seller_id": None, "vendor_code": "amzn1.vg.123"}),
            "holds the vendor group id 'amzn1.vg.123'",
        ),
        (
            amazon(extra={"secret_created": "1 Nov 2026"}),
            "connection 'amazon_fr' is '1 Nov 2026'. Write it as YYYY-MM-DD.",
        ),
        (amazon() | {"extra": '["a list"]'}, "are not a JSON object. Fill in the form again."),
    ],
)  # fmt: skip
def test_each_mistake_in_an_amazon_connection_has_its_sentence(connection, shown, value, sentence):
    connection("amazon_fr", value)
    with pytest.raises(ConnectionProblem) as raised:
        connections.account("amazon_fr", "FR")
    assert sentence in shown(raised.value)
    assert "amazon_fr" in str(raised.value)


def test_a_connection_that_is_not_there_is_told_how_to_be_made():
    with pytest.raises(ConnectionProblem) as raised:
        connections.account("nowhere", "FR")
    assert str(raised.value) == (
        "There is no Airflow connection 'nowhere'. Create it under Admin, Connections, with the type "
        "amazon_selling_partner, or set AIRFLOW_CONN_NOWHERE. If it is in a secrets backend, check "
        "that the backend answers."
    )


@pytest.mark.parametrize(
    "text", ["{nonsense", '{"conn_type": "amazon_selling_partner", "extra": {"seller_id": "A1\\ud83d"}}']
)
def test_a_connection_whose_text_is_broken_is_not_told_as_missing(connection, text):
    connection("amazon_fr", text)
    with pytest.raises(ConnectionProblem) as raised:
        connections.account("amazon_fr", "FR")
    assert str(raised.value).startswith(
        "The text of the Airflow connection 'amazon_fr' is broken. Correct AIRFLOW_CONN_AMAZON_FR"
    )


def test_the_pim_by_either_api(connection):
    connection("pim", pim(host="http://127.0.0.1:9/Catalog"))
    rest = opened()
    assert (rest.api, rest.base_url, rest.api_key, rest.secret) == (
        "rest",
        "http://127.0.0.1:9/Catalog",
        "pim-key-hush",
        "",
    )
    connection("pim", pim(extra={"api": "connector", "code": "CN1"}))
    old = opened()
    assert (old.api, old.api_key, old.secret, old.code) == ("connector", "", "pim-key-hush", "CN1")
    assert "pim-key-hush" not in repr(rest) + repr(old)


def test_the_pim_is_the_rest_api_unless_said_otherwise(connection):
    connection("pim", pim(extra={}))
    assert opened().api == "rest"


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (pim(password=None), "is empty. Fill in the field “API key, or the connector's secret key”"),
        (pim(extra={"api": "connector"}), "“Connector code” is empty."),
        (pim(extra={"api": "soap"}), "is rest or connector, not 'soap'."),
        (pim(host="ftp://pim"), "it is no web address"),
        (amazon(), "It must be of type 'sales_layer'."),
    ],
)
def test_each_mistake_in_a_pim_connection_has_its_sentence(connection, shown, value, sentence):
    connection("pim", value)
    with pytest.raises(ActionRequiredError) as raised:
        opened().require_complete()
    assert sentence in shown(raised.value)
    assert "pim" in str(raised.value)


def test_a_source_is_the_pim_or_files(connection):
    connection("pim", pim())
    assert opened().name == "pim"
    access = connections.AirflowAccess()
    local = settings_of("files", defaults("files") | {"path": "products.csv", "languages": ["fr"]})
    assert open_source(local, access).root is None
    stored = replace(local, own={**local.own, "path": "s3://bucket/products.csv", "connection": "aws"})
    assert str(open_source(stored, access).root) == "s3://aws@bucket/products.csv"


@pytest.fixture
def configured(monkeypatch):
    """Change the settings."""

    def configured(**values):
        for name, value in values.items():
            monkeypatch.setenv(f"AMAZON_LISTINGS_{name.upper()}", value)
        settings.cache_clear()

    yield configured
    settings.cache_clear()


def test_storage_is_a_folder_or_object_storage(configured, tmp_path):
    configured(storage=str(tmp_path))
    (connections.storage() / "x").mkdir()
    assert (tmp_path / "x").is_dir()
    configured(storage="s3://bucket/prefix", storage_connection="aws")
    assert str(connections.storage()) == "s3://aws@bucket/prefix"


def test_the_ledger_is_the_setting(configured, connection, tmp_path):
    connection("amazon_listings_ledger", f"sqlite:///{tmp_path / 'conn.db'}")
    configured(ledger=f"sqlite:///{tmp_path / 'setting.db'}")
    assert connections.ledger().url.database == str(tmp_path / "setting.db")
    configured(ledger="airflow")
    assert connections.ledger().url.database == str(tmp_path / "conn.db")


def test_a_ledger_connection_that_cannot_be_had_is_no_ledger_in(configured):
    configured(ledger="airflow")
    with pytest.raises(RetryableError, match="check that the secrets backend answers"):
        connections.ledger()


def test_a_postgresql_connection_is_the_ledger(configured, connection):
    configured(ledger="airflow")
    fields = {
        "host": "127.0.0.1",
        "port": 9,
        "schema": "amazon_listings",
        "login": "airflow",
        "password": "ledger-hush/@",
        "extra": {"sslmode": "disable"},
    }
    connection("amazon_listings_ledger", {"conn_type": "postgres"} | fields)
    with pytest.raises(RetryableError) as raised:
        connections.ledger()
    assert "amazon_listings" in str(raised.value)
    assert "127.0.0.1" in str(raised.value)
    assert "hush" not in f"{raised.value!s} {raised.value!r}"

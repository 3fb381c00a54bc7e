"""Runs use the definition that Amazon confirmed within a day; what gives a reason to doubt it asks again."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from amazon_listings.errors import AmazonListingsError
from spapi_sandbox.server import running_sandbox
from support.whole_runs import Home, product


@pytest.fixture(scope="module")
def sandbox():
    with running_sandbox(quotas=False) as running:
        yield running


@pytest.fixture
def home(sandbox, tmp_path):
    """A connector that has run once."""
    sandbox.reset()
    sandbox.control("quotas", enabled=False)
    found = Home(sandbox, tmp_path / "home", [product(number) for number in range(3)])
    found.run(found.connector())
    return found


def asked(home, connector=None, **params):
    """Run the connector; return its calls, and how many of them asked for a definition."""

    def count():
        return {name: one["requests"] for name, one in home.sandbox.counters()["operations"].items()}

    before = count()
    summary, _ = home.run(connector or home.connector(), params=params)
    assert summary["failure"] is None
    calls = {name: number - before.get(name, 0) for name, number in count().items()}
    return sum(calls.values()), calls.get("getDefinitionsProductType", 0)


def records(home):
    return sorted((home.storage / "definitions" / "definitions").rglob("*.json"))


def confirmed(home, moment):
    """Let Amazon have confirmed all that is kept at a moment."""
    for path in records(home):
        path.write_text(json.dumps(json.loads(path.read_text()) | {"checked_at": moment.isoformat()}))


def test_a_run_in_which_nothing_changed_calls_nobody(home):
    assert asked(home) == (0, 0)


def test_a_definition_that_was_confirmed_a_day_ago_is_asked_for(home):
    confirmed(home, datetime.now(UTC) - timedelta(hours=23, minutes=59))
    assert asked(home) == (0, 0)
    confirmed(home, datetime.now(UTC) - timedelta(hours=24, minutes=1))
    assert asked(home)[1] == 1
    assert asked(home) == (0, 0)


def test_a_run_over_everything_asks(home):
    assert asked(home, selection="everything")[1] == 1


@pytest.mark.parametrize("damage", ["no record", "half a record", "no document", "another document"])
def test_what_is_gone_or_damaged_is_fetched_again(home, damage):
    (record,) = records(home)
    (document,) = (home.storage / "definitions" / "documents").iterdir()
    match damage:
        case "no record":
            record.unlink()
        case "half a record":
            record.write_bytes(record.read_bytes()[:100])
        case "no document":
            document.unlink()
        case "another document":
            document.write_text("{}")
    assert asked(home)[1] == 1
    assert asked(home) == (0, 0)


def test_another_locale_of_labels_is_asked_for_once(home):
    english = home.connector(amazon={"locale": "en_GB"})
    assert asked(home, english)[1] == 1
    assert asked(home, english) == (0, 0)


def test_after_amazon_refused_something_the_next_run_asks(home):
    home.sandbox.control("refused", values={"brand": ["Nobody"]})
    home.rows[0]["brand"] = "Nobody"
    assert asked(home)[1] == 0
    home.rows[0]["brand"] = "Acme"
    assert asked(home)[1] == 1
    assert asked(home) == (0, 0)


def test_a_definition_that_cannot_be_asked_for_is_used_with_a_warning(home):
    confirmed(home, datetime.now(UTC) - timedelta(days=2))
    home.sandbox.fault("getDefinitionsProductType", "status", status=503, times=99)
    summary, _ = home.run(home.connector())
    assert summary["failure"] is None
    assert any("LAMP" in warning for warning in summary["warnings"])


def test_an_account_that_amazon_refuses_is_noticed_when_it_is_needed(home, sandbox):
    sandbox.state.tokens.revoke(sandbox.refresh_token)
    sandbox.state.tokens.forget_access_tokens()
    home.shop.client = home.shop.connect()
    assert asked(home) == (0, 0)
    home.rows[0]["price"] = "12"
    summary, _ = home.run(home.connector())
    assert "refresh token" in summary["failure"]
    with pytest.raises(AmazonListingsError):
        home.run(home.connector())  # after a failure the account is tried first
    sandbox.state.tokens.restore(sandbox.refresh_token)
    assert asked(home)[1] == 1
    assert asked(home) == (0, 0)


def test_the_first_run_of_a_connector_asks_though_another_has_kept_the_same(home):
    home.rows = [product(number, reference=f"N{number}") for number in range(10, 12)]
    another = home.connector(id="another")
    assert asked(home, another)[1] == 1
    assert asked(home, another) == (0, 0)


def test_after_a_run_that_could_not_begin_the_next_one_asks(home, sandbox):
    sandbox.state.tokens.revoke(sandbox.refresh_token)
    sandbox.state.tokens.forget_access_tokens()
    with pytest.raises(AmazonListingsError):
        home.run(home.connector(), params={"selection": "everything"})
    sandbox.state.tokens.restore(sandbox.refresh_token)
    assert asked(home)[1] == 1
    assert asked(home) == (0, 0)


def test_definitions_of_families_are_asked_for_with_the_whole_one(home):
    families = home.connector(variations={"theme": "COLOR", "parent_sku": "{{ product.reference }}-P"})
    assert asked(home, families)[1] == 2
    assert asked(home, families) == (0, 0)
    confirmed(home, datetime.now(UTC) - timedelta(days=2))
    assert asked(home, families)[1] == 3
    assert asked(home, families) == (0, 0)

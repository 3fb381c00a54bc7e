import logging
from datetime import timedelta

import pytest
from airflow.sdk import RetryAction

from amazon_listings.airflow_adapter.failures import RetryByErrorClass, TaskStopped, explained
from amazon_listings.errors import (
    ActionRequiredError,
    AmazonListingsError,
    ItemError,
    RetryableError,
    RunAbortedError,
)
from amazon_listings.selling_partner.faults.exceptions import CredentialsRejected, GrantRevoked, SecretExpired
from amazon_listings.sources.errors import CredentialsRefused, PimBusy

policy = RetryByErrorClass()


def decide(error, try_number=1):
    return policy.evaluate(error, try_number, 4)


@pytest.mark.parametrize(
    "kind",
    [
        ActionRequiredError,
        RunAbortedError,
        CredentialsRefused,
        CredentialsRejected,
        GrantRevoked,
        SecretExpired,
    ],
)
def test_what_needs_a_person_fails_at_once(kind):
    assert issubclass(kind, AmazonListingsError)
    error = kind.__new__(kind)
    AmazonListingsError.__init__(error, "The grant was revoked.")
    for shown in (error, TaskStopped(error)):
        assert decide(shown).action is RetryAction.FAIL


@pytest.mark.parametrize("kind", [RetryableError, PimBusy])
def test_what_passes_is_tried_again_when_the_other_side_says(kind):
    decision = decide(TaskStopped(kind("PIM busy.", retry_after=7.0)))
    assert decision.action is RetryAction.RETRY
    assert decision.retry_delay == timedelta(seconds=7)
    assert decision.reason == "PIM busy."


@pytest.mark.parametrize(("try_number", "seconds"), [(1, 60), (2, 120), (3, 240), (9, 1800), (99, 1800)])
def test_waits_grow_to_half_an_hour(try_number, seconds):
    assert decide(RetryableError("No answer."), try_number).retry_delay == timedelta(seconds=seconds)


@pytest.mark.parametrize("error", [ValueError("a bug"), ItemError("bad", sku="A"), SystemExit(1)])
def test_other_errors_follow_the_tasks_own_retries(error):
    assert decide(error).action is RetryAction.DEFAULT


def test_the_policy_survives_serialisation():
    assert isinstance(RetryByErrorClass.deserialize(policy.serialize()), RetryByErrorClass)


def test_an_error_of_ours_ends_in_one_sentence_without_a_stack(caplog):
    error = ActionRequiredError("Sales Layer refuses the credentials.", hint="Correct the field “API key”.")

    @explained
    def step(connector_id):
        """What it does."""
        raise error

    with caplog.at_level(logging.INFO), pytest.raises(TaskStopped) as stopped:
        step("fr_home")
    assert stopped.value.cause is error
    assert stopped.value.code == 1
    assert stopped.value.__suppress_context__
    (record,) = caplog.records
    assert record.levelname == "ERROR"
    assert record.exc_info is None
    assert record.getMessage() == "Sales Layer refuses the credentials. Correct the field “API key”."
    assert (step.__name__, step.__doc__) == ("step", "What it does.")


def test_an_error_of_the_program_keeps_its_stack():
    @explained
    def step():
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        step()

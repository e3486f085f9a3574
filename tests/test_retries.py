"""The retry policy: no retry if it cannot help, and a pause as long as the vendor asks, up to a limit."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from airflow.sdk import DAG

from airflow_workflow_providers.core import errors
from tests.vendors import REFOLD

retries = pytest.importorskip(
    "airflow_workflow_providers.retries",
    reason="Airflow has retry policies from 3.3 on",
    exc_type=ImportError,
)


#: What Airflow does with a rate limit and an outage: it reschedules the task where it can, from 3.4 on.
LATER = "reschedule" if hasattr(retries.RetryDecision, "reschedule") else "retry"

where_airflow_reschedules = pytest.mark.skipif(LATER == "retry", reason="Airflow reschedules from 3.4 on")


def decide(error: BaseException, rescheduled: int = 0, **options: Any) -> Any:
    context = {"task_reschedule_count": rescheduled}
    return retries.WorkflowRetryPolicy(**options).evaluate(error, 1, 3, context)


@pytest.mark.parametrize("cls", [errors.AuthFailed, errors.RequestRejected, errors.NotFound])
def test_a_rejection_is_not_retried(cls: type[errors.WorkflowError]) -> None:
    decision = decide(cls("no", status=403))

    assert decision.action.value == "fail"
    assert cls.__name__ in decision.reason


@pytest.mark.parametrize("cls", [errors.RateLimited, errors.Unavailable])
@pytest.mark.parametrize(
    ("asked", "options", "pause"),
    [
        (3599.5, {}, 3599.5),
        (86_400.0, {}, 3600.0),
        (1e300, {}, 3600.0),
        (86_400.0, {"max_delay": timedelta(days=2)}, 86_400.0),
        (60.0, {"max_delay": 5}, 5.0),
    ],
)
def test_a_retry_waits_as_long_as_the_vendor_asks_up_to_a_limit(
    cls: Any, asked: float, options: dict[str, Any], pause: float
) -> None:
    """By default an hour, so that no header holds a task for a day."""
    decision = decide(cls("later", retry_after=asked), **options)

    assert (decision.action.value, decision.retry_delay) == (LATER, timedelta(seconds=pause))


@where_airflow_reschedules
@pytest.mark.parametrize("cls", [errors.RateLimited, errors.Unavailable])
@pytest.mark.parametrize(("options", "most"), [({}, 5), ({"max_reschedules": 2}, 2)])
def test_a_rate_limit_and_an_outage_use_up_no_retry_a_limited_number_of_times(
    cls: Any, options: dict[str, Any], most: int
) -> None:
    """After them it is a retry, and still the pause that the vendor asked for."""
    error = cls("later", retry_after=60.0)

    decisions = [decide(error, rescheduled, **options) for rescheduled in range(most + 2)]

    assert [each.action.value for each in decisions] == ["reschedule"] * most + ["retry"] * 2
    assert {each.retry_delay for each in decisions} == {timedelta(seconds=60)}
    assert {each.max_reschedules for each in decisions[:most]} == {most}


@where_airflow_reschedules
def test_a_task_is_rescheduled_after_its_own_delay_if_the_vendor_asks_for_no_pause() -> None:
    decision = decide(errors.Unavailable("down"))

    assert (decision.action.value, decision.retry_delay) == ("reschedule", None)


def test_nothing_is_rescheduled_with_a_limit_of_zero() -> None:
    assert decide(errors.RateLimited("later", retry_after=1.0), max_reschedules=0).action.value == "retry"
    assert decide(errors.Unavailable("down"), max_reschedules=0).action.value == "default"


@pytest.mark.parametrize("wrong", [-1, 1001, 1.5, "5", True, None])
def test_a_limit_of_reschedules_that_is_not_a_number_is_rejected(wrong: Any) -> None:
    with pytest.raises(errors.InvalidInput, match="max_reschedules"):
        retries.WorkflowRetryPolicy(max_reschedules=wrong)


@pytest.mark.parametrize("wrong", [-1, float("nan"), "1h", True, timedelta(days=4000)])
def test_a_limit_that_is_not_a_duration_is_rejected(wrong: Any) -> None:
    with pytest.raises(errors.InvalidInput, match="max_delay"):
        retries.WorkflowRetryPolicy(max_delay=wrong)


@pytest.mark.parametrize(
    "error",
    [
        errors.ExecutionFailed("it failed"),
        errors.ExecutionStopped("it was stopped"),
        errors.ExecutionTimedOut("too late"),
        errors.UnexpectedResponse("<html>"),
        errors.UncertainStart("lost"),
        ValueError("the author's own"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_every_other_error_is_retried_as_the_task_says(error: BaseException) -> None:
    assert decide(error).action.value == "default"


def test_a_policy_can_be_stored_with_its_dag() -> None:
    """Airflow serializes a DAG, and makes the policy again."""
    policy = retries.WorkflowRetryPolicy(max_delay=7, max_reschedules=3)
    with DAG("contract", schedule=None):
        operator = REFOLD.task(retry_policy=policy)

    again = policy.deserialize(policy.serialize())

    assert operator.retry_policy is policy
    assert isinstance(again, retries.WorkflowRetryPolicy)
    assert (again.max_delay, again.max_reschedules) == (7, 3)


@pytest.mark.skipif(LATER == "reschedule", reason="this Airflow reschedules")
@pytest.mark.parametrize("error", [errors.RateLimited("later"), errors.Unavailable("down")])
def test_an_airflow_that_cannot_reschedule_retries_as_the_task_says(error: errors.WorkflowError) -> None:
    assert decide(error).action.value == "default"


def test_a_policy_that_an_earlier_release_has_stored_can_be_read() -> None:
    assert retries.WorkflowRetryPolicy.deserialize({"max_delay": 7.0}).max_reschedules == 5

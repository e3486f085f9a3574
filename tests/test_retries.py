"""The retry policy for Airflow 3.3: no retry if it cannot help, and a pause as long as the vendor asks, up to a limit."""

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


def decide(error: BaseException, **options: Any) -> Any:
    return retries.WorkflowRetryPolicy(**options).evaluate(error, 1, 3)


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

    assert (decision.action.value, decision.retry_delay) == ("retry", timedelta(seconds=pause))


@pytest.mark.parametrize("wrong", [-1, float("nan"), "1h", True, timedelta(days=4000)])
def test_a_limit_that_is_not_a_duration_is_rejected(wrong: Any) -> None:
    with pytest.raises(errors.InvalidInput, match="max_delay"):
        retries.WorkflowRetryPolicy(max_delay=wrong)


@pytest.mark.parametrize(
    "error",
    [
        errors.RateLimited("later"),
        errors.Unavailable("down"),
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
    policy = retries.WorkflowRetryPolicy(max_delay=7)
    with DAG("contract", schedule=None):
        operator = REFOLD.task(retry_policy=policy)

    again = policy.deserialize(policy.serialize())

    assert operator.retry_policy is policy
    assert isinstance(again, retries.WorkflowRetryPolicy)
    assert again.max_delay == 7

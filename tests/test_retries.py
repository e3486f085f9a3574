"""The retry policy of Airflow 3.3: it fails where a retry cannot help, and waits as long as a vendor asks, up to a cap."""

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


def decide(error: BaseException) -> Any:
    return retries.WorkflowRetryPolicy().evaluate(error, 1, 3)


@pytest.mark.parametrize("kind", [errors.AuthFailed, errors.RequestRefused, errors.NotFound])
def test_what_stays_wrong_is_not_tried_again(kind: type[errors.WorkflowError]) -> None:
    decision = decide(kind("no", status=403))

    assert decision.action.value == "fail"
    assert kind.__name__ in decision.reason


@pytest.mark.parametrize("kind", [errors.QuotaExceeded, errors.Unavailable])
@pytest.mark.parametrize(
    ("asked", "options", "waits"),
    [
        (3599.5, {}, 3599.5),
        (86_400.0, {}, 3600.0),
        (1e300, {}, 3600.0),
        (86_400.0, {"max_delay": timedelta(days=2)}, 86_400.0),
        (60.0, {"max_delay": 5}, 5.0),
    ],
)
def test_a_retry_waits_as_long_as_the_vendor_asks_up_to_a_cap(
    kind: Any, asked: float, options: dict[str, Any], waits: float
) -> None:
    """Longer than a request waits by itself: that is what a retry is for. But no header holds a task for a day."""
    policy = retries.WorkflowRetryPolicy(**options)
    for same in (policy, policy.deserialize(policy.serialize())):
        decision = same.evaluate(kind("later", retry_after=asked), 1, 3)

        assert (decision.action.value, decision.retry_delay) == ("retry", timedelta(seconds=waits))


@pytest.mark.parametrize("wrong", [-1, float("nan"), "1h", True, timedelta(days=400)])
def test_a_cap_that_is_no_duration_is_refused(wrong: Any) -> None:
    with pytest.raises(errors.InvalidInput, match="max_delay"):
        retries.WorkflowRetryPolicy(max_delay=wrong)


@pytest.mark.parametrize(
    "error",
    [
        errors.QuotaExceeded("later"),
        errors.Unavailable("down"),
        errors.ExecutionFailed("it failed"),
        errors.ExecutionStopped("it was stopped"),
        errors.ExecutionTimedOut("too late"),
        errors.UnreadableAnswer("<html>"),
        errors.UncertainStart("lost"),
        ValueError("the author's own"),
    ],
)
def test_everything_else_is_as_the_task_says(error: BaseException) -> None:
    assert decide(error).action.value == "default"


def test_it_can_be_stored_and_given_to_an_operator() -> None:
    """As Airflow does with a DAG: it is serialized, and made again."""
    policy = retries.WorkflowRetryPolicy()

    assert isinstance(policy.deserialize(policy.serialize()), retries.WorkflowRetryPolicy)
    with DAG("law", schedule=None):
        assert REFOLD.task(retry_policy=policy).retry_policy is policy

"""The retry policy of Airflow 3.3: it fails where a retry cannot help, and waits exactly as long as a quota says."""

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
def test_a_retry_waits_exactly_as_long_as_the_vendor_says(kind: Any) -> None:
    """Longer than the session would wait by itself: that is what a retry is for."""
    decision = decide(kind("later", retry_after=3600.5))

    assert (decision.action.value, decision.retry_delay) == ("retry", timedelta(seconds=3600.5))


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

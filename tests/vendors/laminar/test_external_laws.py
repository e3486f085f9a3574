"""The external call, which no row of the laws stands for: law 1 (a start is sent once) and law 7 (no secret leaves)."""

from __future__ import annotations

import json
import logging
import time
from contextlib import closing
from typing import Any

import pytest
import structlog
from airflow.providers.common.compat.sdk import AirflowFailException

from airflow_workflow_providers.core import errors
from airflow_workflow_providers.emulator import Emulator
from airflow_workflow_providers.hooks.laminar import LaminarHook
from airflow_workflow_providers.operators.laminar import LaminarExecuteWorkflowOperator
from tests.conftest import connect
from tests.task import Task
from tests.vendors import LAMINAR_JOBS
from tests.vendors.laminar import CALLBACK, change, external, run


@pytest.mark.parametrize(
    ("fault", "options"),
    [
        ("lost_answer", {}),
        ("lost_answer", {"clean": True}),
        ("reset", {}),
        ("html", {}),
        ("html", {"status": 502}),
        ("html", {"status": 504}),
        ("server_error", {"carry_out": True}),
        ("server_error", {"status": 529}),
        ("status", {"status": 408}),
    ],
)
def test_a_run_whose_answer_was_lost_is_reported_and_not_repeated(
    emulator: Emulator, fault: str, options: dict[str, Any]
) -> None:
    """Law 1: whatever was lost, and however many retries the task has, the vendor is asked once."""
    emulator.fail("laminar", "execute", fault, **options)
    task = external(retries=3)

    with pytest.raises(errors.LostStart, match=r"Laminar could not run workflow 39.*a run may exist") as lost:
        task.run()

    assert isinstance(lost.value, AirflowFailException)
    assert (len(emulator.calls("laminar", "execute")), task.tries) == (1, 1)


def test_timeout_is_how_long_the_answer_may_take(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """Law 1 and what is left of law 4: the read timeout of the connection is for short calls, and does not hold."""
    connect(monkeypatch, LAMINAR_JOBS, emulator, read_timeout=0.05)
    emulator.fail("laminar", "execute", "slow", seconds=0.3)
    assert run()["state"] == "succeeded"

    begun = time.monotonic()
    with pytest.raises(errors.LostStart, match="a run may exist"):
        run(41, timeout=0.5, retries=2)

    assert time.monotonic() - begun < 3
    assert len(emulator.calls("laminar", "execute")) == 2


def test_a_run_that_was_refused_with_429_is_tried_again(emulator: Emulator) -> None:
    """Law 1: 429 says that nothing was done; the next attempt starts the one run."""
    emulator.fail("laminar", "execute", "rate_limit", times=2, retry_after=0)

    assert run()["state"] == "succeeded"

    assert [call["status"] for call in emulator.calls("laminar", "execute")] == [429, 429, 200]
    assert len(emulator.runs("laminar")) == 1


def test_a_run_that_never_left_says_so(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """Law 1: nothing listens at the address; every attempt is safe, and nothing was started."""
    change(monkeypatch, emulator, host="http://127.0.0.1:9")
    operator = LaminarExecuteWorkflowOperator(task_id="run", workflow_id=39)
    slept: list[float] = []
    operator.hook.sleep = slept.append

    with pytest.raises(errors.Unavailable, match="Nothing was started") as down:
        operator.execute(Task(lambda: operator).context(operator))

    assert not down.value.sent
    assert len(slept) == 4
    assert emulator.runs("laminar") == []


@pytest.mark.parametrize(
    ("status", "error"),
    [(401, errors.AuthFailed), (403, errors.AuthFailed), (404, errors.NotFound)],
)
def test_a_refusal_is_not_a_failed_run(
    emulator: Emulator, status: int, error: type[errors.WorkflowError]
) -> None:
    """Law 1: nothing was started, and the error says so."""
    emulator.fail("laminar", "execute", "status", status=status)

    with pytest.raises(error, match=f"HTTP {status}: .*Nothing was started"):
        run()

    assert len(emulator.calls("laminar", "execute")) == 1


def test_an_unknown_workflow_and_a_wrong_key_are_told_apart(emulator: Emulator) -> None:
    with pytest.raises(errors.NotFound, match=r"could not run workflow 999: HTTP 404: .*Workflow not found"):
        run(999)
    with closing(LaminarHook()) as hook:
        hook.execute_workflow(39)
        emulator.revoke("laminar")
        with pytest.raises(errors.AuthFailed, match=r"HTTP 401: .*Unauthorized.*'laminar_default'"):
            hook.execute_workflow(39)


def test_a_redirect_is_not_followed(emulator: Emulator) -> None:
    """The key would go along, and the run might start elsewhere."""
    emulator.fail(
        "laminar", "execute", "status", status=302, headers={"Location": "https://login.example.com/"}
    )

    with pytest.raises(errors.RequestRefused, match=r"HTTP 302, a redirect to 'https://login.example.com/'"):
        run()

    assert len(emulator.calls("laminar")) == 1


@pytest.mark.parametrize("status", [None, 400, 401, 422, 500])
def test_no_secret_is_kept_or_said_anywhere(
    emulator: Emulator, status: int | None, caplog: pytest.LogCaptureFixture
) -> None:
    """Law 7: not even where the vendor repeats the key in an error, or logging is at its loudest."""
    caplog.set_level(logging.DEBUG)
    if status:
        emulator.fail("laminar", "execute", "echo_secret", status=status)
    task = external(callback_url=CALLBACK)

    with structlog.testing.capture_logs() as logs:
        try:
            task.run()
        except errors.WorkflowError:
            assert status
        else:
            assert not status

    hook = task.operator.hook
    kept = task.everything_kept() + json.dumps(logs, default=str) + caplog.text
    kept += repr([vars(hook), hook.session.settings, vars(hook.session)])
    account = emulator.account("laminar")
    secrets = (account["api_key"], account["trigger_api_key"], "t0ken-in-the-path", "s1gned")
    assert [secret for secret in secrets if secret in kept] == []
    assert not any(account["api_key"] in call["query"].values() for call in emulator.calls("laminar"))
    assert "api_key" not in emulator.calls("laminar", "execute")[0]["query"]


def test_a_callback_address_that_the_vendor_repeats_is_left_out_of_the_error(emulator: Emulator) -> None:
    """Law 7: it is a secret in its path as well as in its query."""
    body = {"error": f"callback {CALLBACK} and {json.dumps(CALLBACK)} could not be reached"}
    emulator.fail("laminar", "execute", "status", status=400, body=body)
    task = external(callback_url=CALLBACK)

    with pytest.raises(errors.ExecutionFailed, match="could not be reached"):
        task.run()

    assert [part for part in ("t0ken", "s1gned") if part in task.everything_kept()] == []

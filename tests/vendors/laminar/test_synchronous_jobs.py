"""A job that is run with one request, whose response is its result."""

from __future__ import annotations

import json
from contextlib import closing
from typing import Any

import pytest
import structlog
from airflow.providers.common.compat.sdk import AirflowFailException
from airflow.sdk import ObjectStoragePath

from airflow_workflow_providers.apis import laminar_jobs as api
from airflow_workflow_providers.core import errors
from airflow_workflow_providers.core.execution import State
from airflow_workflow_providers.emulator import Emulator
from airflow_workflow_providers.hooks.laminar import LaminarJobHook
from airflow_workflow_providers.operators.laminar import LaminarRunJobSyncOperator
from tests.conftest import connect
from tests.contract.crash import INTENT, kill_process
from tests.fake_airflow import Task
from tests.vendors import LAMINAR_JOBS, misread, response
from tests.vendors.facts import FACTS


def task(path: str = "sync-invoices", *, retries: int = 0, **options: Any) -> Task:
    """Return a task that runs a job synchronously."""
    options = {"task_id": "run", "job_path": path, **options}
    return Task(lambda: LaminarRunJobSyncOperator(**options), retries=retries)


def test_the_record_is_that_of_every_task_and_one_request_is_sent(emulator: Emulator) -> None:
    """With the method, the query and the payload, and without ``?async=1``."""
    record = task("nested/path job", method="PUT", query={"a": "1", "b": "2"}, payload={"a": 3}).run()

    assert record == {
        "execution_id": None,
        "state": State.SUCCEEDED,
        "status": "HTTP 200",
        "output": {"received": {"a": 3, "b": "2"}, "ok": True},
        "url": None,
    }
    (request,) = emulator.requests("laminar")
    assert (request["method"], request["path"]) == ("PUT", "/m/acme/nested/path job")
    assert (request["query"], request["body"]) == ({"a": "1", "b": "2"}, {"a": 3})


def test_a_job_that_fails_fails_the_task_and_a_retry_runs_it_again(emulator: Emulator) -> None:
    failing = task("always-fails", retries=1)

    with pytest.raises(errors.ExecutionFailed, match=r"HTTP 502.*Portal login was refused"):
        failing.run()

    assert len(emulator.runs("laminar")) == 2


def test_failed_parts_fail_the_task_unless_its_author_accepts_them(emulator: Emulator) -> None:
    with pytest.raises(
        errors.ExecutionFailed, match=r"failed parts \(HTTP 207\).*Invoice 77 has no customer"
    ):
        task("partly").run()

    record = task("partly", on_partial_failure="succeed").run()

    assert (record["state"], record["status"]) == ("partial", "HTTP 207")
    assert record["output"]["steps"][0]["output"] == {"read": 2}


@pytest.mark.parametrize(
    ("fault", "options"),
    [
        ("lost_response", {}),
        ("reset", {}),
        ("html", {}),
        ("html", {"status": 502}),
        ("truncated", {}),
        ("status", {"status": 502, "body": {"message": "Internal server error"}}),
        ("status", {"status": 202, "body": {"jobExecutionId": "8f2c"}}),
        ("server_error", {"status": 504}),
    ],
)
def test_a_start_whose_response_is_lost_is_reported_and_not_sent_again(
    emulator: Emulator, fault: str, options: dict[str, Any]
) -> None:
    """However many retries the task has. A proxy on the way responds with 502, too."""
    emulator.fail("laminar", "run_job", fault, **options)
    lost = task(retries=3)

    with pytest.raises(errors.LostStart, match=r"could not run job sync-invoices.*a run may exist") as error:
        lost.run()

    assert isinstance(error.value, AirflowFailException)
    assert (len(emulator.requests("laminar")), lost.tries) == (1, 1)


def test_timeout_limits_the_response_and_the_read_timeout_does_not(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(monkeypatch, LAMINAR_JOBS, emulator, read_timeout=0.05)
    emulator.fail("laminar", "run_job", "slow", seconds=0.3)
    assert task().run()["state"] == "succeeded"

    with pytest.raises(errors.LostStart, match="a run may exist"):
        task("never-ends", timeout=0.5, retries=2).run()

    assert len(emulator.requests("laminar")) == 2


def test_a_retry_after_a_worker_that_died_during_the_run_sends_nothing(emulator: Emulator) -> None:
    dead = task(retries=2)
    kill_process(dead, INTENT, stored=True)

    with pytest.raises(errors.LostStart, match="a run may exist"):
        dead.try_once()

    assert emulator.requests("laminar") == []


def test_what_laminar_rejects_was_not_started_and_a_429_is_sent_again(emulator: Emulator) -> None:
    with pytest.raises(errors.NotFound, match="Nothing was started"):
        task("no-such-job").run()
    assert emulator.runs("laminar") == []

    emulator.fail("laminar", "run_job", "rate_limit", times=2, retry_after=0)
    assert task().run()["state"] == "succeeded"
    assert len(emulator.runs("laminar")) == 1


def test_the_output_is_stored_in_object_storage(emulator: Emulator, tmp_path: Any) -> None:
    (file,) = task(output_path=f"file://{tmp_path}", payload={"a": 1}).run()["output"]

    assert ObjectStoragePath(file["uri"]).read_text() == '{"received": {"a": 1}, "ok": true}'


def test_no_secret_is_stored_logged_or_shown_if_laminar_repeats_it(emulator: Emulator) -> None:
    key = emulator.account("laminar")["trigger_api_key"]
    for status in (200, 207, 401, 500, 502):
        if status < 400:
            emulator.fail("laminar", "run_job", "status", status=status, body={"headers": ["x-api-key", key]})
        else:
            emulator.fail("laminar", "run_job", "echo_secret", status=status)
        echoing = task()
        with structlog.testing.capture_logs() as logs:
            try:
                echoing.run()
            except errors.WorkflowError:
                assert status != 200
        assert key not in echoing.everything_kept() + json.dumps(logs, default=str), status


def test_only_200_and_207_have_an_output() -> None:
    """JSON of any type, or text. A job whose error has no name that is known may go on: then the start is lost."""
    request = api.run_job_sync("j")
    html = {"content_type": "text/html"}

    def read(given: tuple[Any, int, dict[str, str]]) -> Any:
        received = response(given[0], given[1], **given[2])
        if not request.accepts(received):
            return "an error"
        execution = request.parse(received)
        return execution.state.value, execution.output, execution.message

    cases: list[tuple[Any, Any]] = [
        (({"a": 1}, 200, {}), ("succeeded", {"a": 1}, None)),
        (([1], 200, {}), ("succeeded", [1], None)),
        ((b"all is well", 200, {}), ("succeeded", "all is well", None)),
        ((b"", 200, {}), ("succeeded", "", None)),
        ((b'{"a": [1', 200, {"content_type": "application/json"}), errors.UnexpectedResponse),
        ((b"<!doctype html>", 200, html), errors.UnexpectedResponse),
        (({"steps": []}, 207, {}), ("partial", {"steps": []}, '{"steps": []}')),
        *((({"a": 1}, status, {}), errors.UnexpectedResponse) for status in (201, 202, 204, 226, 501)),
        (({"error": "no"}, 502, {}), ("failed", None, "no")),
        (({"error": {"step": 2}}, 502, {}), ("failed", None, '{"step": 2}')),
        *(
            ((body, 502, {}), "an error")
            for body in ({"error": ""}, {"message": "no"}, {}, [], None, b"", b"<html>")
        ),
        *((({"error": "no"}, status, {}), "an error") for status in (400, 401, 404, 429, 500, 503, 504)),
    ]
    assert misread(read, cases) == {}


def test_the_hook_runs_a_job_too(emulator: Emulator) -> None:
    with closing(LaminarJobHook()) as hook:
        execution = hook.run_job_sync("sync-invoices", payload={"a": 1}, timeout=5)

    assert (execution.execution_id, execution.state) == (None, State.SUCCEEDED)
    assert execution.output == {"received": {"a": 1}, "ok": True}


def test_bad_values_are_those_of_a_job_and_the_parameters_of_a_wait_are_rejected() -> None:
    for name, values in FACTS["laminar_jobs"].bad.items():
        for value in values:
            with pytest.raises(errors.InvalidInput, match=name):
                LaminarRunJobSyncOperator(task_id="run", **{"job_path": "a", name: value})
    for name in ("deferrable", "poll_interval", "wait_for_completion"):
        with pytest.raises(TypeError, match=name):
            task(**{name: True}).make()

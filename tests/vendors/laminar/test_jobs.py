"""Jobs: what is sent."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_workflow_providers.apis import laminar_jobs as jobs
from airflow_workflow_providers.core import errors
from airflow_workflow_providers.core.execution import State
from airflow_workflow_providers.emulator import Emulator
from airflow_workflow_providers.hooks.laminar import LaminarJobHook
from tests.conftest import connect
from tests.vendors import LAMINAR_JOBS, answer
from tests.vendors.laminar import change, job, run


@pytest.mark.parametrize("method", jobs.METHODS)
def test_a_job_is_called_with_its_method_query_and_payload(emulator: Emulator, method: str) -> None:
    """As the page says: any method, ``?async=1``, and an input of which the payload wins over the query."""
    record = job(method=method, payload={"a": 1, "b": {"c": None}}, query={"a": "2", "page size": "ä&b"})

    (call,) = emulator.calls("laminar", "run_job")
    assert (call["method"], call["path"]) == (method, "/m/acme/sync-invoices")
    assert call["query"] == {"a": "2", "page size": "ä&b", "async": "1"}
    assert call["body"] == {"a": 1, "b": {"c": None}}
    assert call["headers"]["x-api-key"] == "***"
    assert record["output"]["received"] == {"a": 1, "page size": "ä&b", "b": {"c": None}}
    assert emulator.runs("laminar")[0]["mode"] == "ASYNC"


def test_a_job_without_an_input_has_no_body(emulator: Emulator) -> None:
    job()

    (call,) = emulator.calls("laminar", "run_job")
    assert (call["method"], call["query"], call["body"]) == ("POST", {"async": "1"}, None)


def test_numbers_in_the_query_are_written_out(emulator: Emulator) -> None:
    job(query={"limit": 5, "ratio": 0.5})

    assert emulator.calls("laminar", "run_job")[0]["query"] == {"limit": "5", "ratio": "0.5", "async": "1"}


@pytest.mark.parametrize("path", ["nested/path job", "/nested/path job", "nested/path job/"])
def test_a_path_may_have_slashes_and_spaces(emulator: Emulator, path: str) -> None:
    """Its slashes are the path's own; all else is percent-encoded."""
    assert job(path)["state"] == "succeeded"
    assert emulator.runs("laminar")[0]["workflow_id"] == "nested/path job"
    assert jobs.run_job("a/b c?d").path == "/a/b%20c%3Fd"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"path": "a//b"}, "job_path"),
        ({"path": "/"}, "job_path"),
        ({"path": "./a"}, "job_path"),
        ({"method": "post"}, "method"),
        ({"payload": ["a"]}, "payload"),
        ({"payload": {"minicor.teach": {}}}, "minicor.teach"),
        ({"payload": {"minicor": {"teach": {}}}}, "minicor.teach"),
        ({"query": ["a"]}, "query"),
        ({"query": {"a": None}}, "query parameter 'a'"),
        ({"query": {"a": ["b"]}}, "query parameter 'a'"),
        ({"query": {"async": "1"}}, "async"),
    ],
)
def test_a_bad_job_is_refused_when_the_dag_is_parsed(
    emulator: Emulator, options: dict[str, Any], said: str
) -> None:
    """Law 8: a lesson is no run, and what a query cannot say is not guessed."""
    with pytest.raises(errors.InvalidInput, match=said):
        job(**options)

    assert emulator.calls("laminar") == []


@pytest.mark.parametrize("payload", [{"minicor": "a vendor"}, {"minicor": {"else": 1}}, {"teach": True}])
def test_a_payload_that_is_no_lesson_is_sent(emulator: Emulator, payload: dict[str, Any]) -> None:
    assert job(payload=payload)["output"]["received"] == payload


@pytest.mark.parametrize("missing", ["trigger_url", "trigger_api_key"])
def test_a_connection_without_a_trigger_is_refused_for_jobs_and_not_for_workflows(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    """Law 8: the workspace's key is not tried where it does not belong."""
    connect(monkeypatch, LAMINAR_JOBS, emulator, **{missing: None})

    with pytest.raises(errors.InvalidInput, match="'laminar_default' needs trigger_url and trigger_api_key"):
        job()
    assert "trigger_api_key" in LaminarJobHook().test_connection()[1]
    assert emulator.calls("laminar") == []
    assert run()["state"] == "succeeded"


def test_jobs_need_no_workspace_key(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """A trigger URL has a key of its own, and a slash at its end does no harm."""
    account = emulator.account("laminar")
    extra = {"trigger_url": account["trigger_url"] + "/", "trigger_api_key": account["trigger_api_key"]}
    change(monkeypatch, emulator, password=None, host=None, extra=extra)

    assert job()["state"] == "succeeded"
    assert LaminarJobHook().test_connection() == (True, "Laminar accepts this connection.")


@pytest.mark.parametrize(
    ("body", "status", "execution_id"),
    [
        ({"jobExecutionId": "8f2c", "status": "queued", "resultPath": "/x"}, "queued", "8f2c"),
        ({"jobExecutionId": "8f2c", "status": None}, "queued", "8f2c"),
        ({"jobExecutionId": "8f2c"}, "queued", "8f2c"),
        ({"jobExecutionId": "8f2c", "status": "succeeded", "done": True}, "succeeded", "8f2c"),
    ],
)
def test_a_start_needs_only_an_id(body: Any, status: str, execution_id: str) -> None:
    """It is never over by its own answer: the next look says."""
    started = jobs.run_job("j").read(answer(body, 202))

    assert (started.execution_id, started.state, started.status) == (execution_id, State.QUEUED, status)


@pytest.mark.parametrize(
    "body", [{}, [], None, {"jobExecutionId": ""}, {"jobExecutionId": None}, {"ok": True}]
)
def test_a_start_without_an_id_is_lost(emulator: Emulator, body: Any) -> None:
    """Law 1: a job that answers with its output, as a synchronous one does, may have run."""
    emulator.fail("laminar", "run_job", "status", status=200, body=[] if body is None else body)

    with pytest.raises(errors.LostStart, match="could not run job sync-invoices"):
        job()

    with pytest.raises(errors.UnreadableAnswer):
        jobs.run_job("j").read(answer(body))

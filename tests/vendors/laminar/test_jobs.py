"""Jobs: what a start sends, which connection it needs, and what its response means."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import pytest

from airflow_workflow_providers.apis import laminar_jobs as api
from airflow_workflow_providers.core import errors
from airflow_workflow_providers.core.execution import State
from airflow_workflow_providers.emulator import Emulator
from airflow_workflow_providers.hooks.laminar import LaminarHook, LaminarJobHook
from tests.conftest import connect
from tests.vendors import LAMINAR_JOBS, misread, response
from tests.vendors.laminar import external, job


def test_a_job_is_called_with_its_method_query_and_payload(emulator: Emulator) -> None:
    """And with ``?async=1``. Payload and query are both input; the payload takes precedence."""
    record = job(
        "nested/path job",
        method="PUT",
        payload={"a": 1, "b": {"c": None}},
        query={"a": "2", "page size": "ä&b", "limit": 5, "ratio": 0.5},
    )

    (request,) = emulator.requests("laminar", "run_job")
    query = {"a": "2", "page size": "ä&b", "limit": "5", "ratio": "0.5"}
    assert (request["method"], request["path"]) == ("PUT", "/m/acme/nested/path job")
    assert request["query"] == {**query, "async": "1"}
    assert request["body"] == {"a": 1, "b": {"c": None}}
    assert request["headers"]["x-api-key"] == "***"
    assert record["output"]["received"] == {**query, "a": 1, "b": {"c": None}}
    assert emulator.runs("laminar")[0]["workflow_id"] == "nested/path job"


def test_a_job_without_an_input_has_no_body(emulator: Emulator) -> None:
    job()

    (request,) = emulator.requests("laminar", "run_job")
    assert (request["method"], request["query"], request["body"]) == ("POST", {"async": "1"}, None)


def test_a_job_has_the_method_of_its_author() -> None:
    methods = ["GET", "POST", "PUT", "PATCH", "DELETE"]

    assert [api.run_job("j", method=method).method for method in methods] == methods


def test_the_slashes_of_a_job_path_are_kept_and_all_else_is_encoded() -> None:
    paths = [("nested/job", "/nested/job"), ("/nested/job/", "/nested/job"), ("a/b c?d", "/a/b%20c%3Fd")]

    assert misread(lambda path: api.run_job(path).path, paths) == {}


def test_only_a_payload_that_trains_the_job_is_rejected() -> None:
    payloads: list[Any] = [{"minicor": "a vendor"}, {"minicor": {"else": 1}}, {"teach": True}]

    assert [api.run_job("j", payload=payload).body for payload in payloads] == payloads
    with pytest.raises(errors.InvalidInput, match=r"minicor\.teach"):
        api.run_job("j", payload={"minicor": {"teach": {}}})


def test_a_start_needs_an_id_and_is_never_an_end() -> None:
    """A job that responds with its output, as a synchronous one does, may have run."""

    def read(body: Any) -> tuple[str | None, State, str]:
        started = api.run_job("j").parse(response(body, 202))
        return started.execution_id, started.state, started.status

    cases: list[tuple[Any, Any]] = [
        ({"jobExecutionId": "8f2c", "status": "queued", "resultPath": "/x"}, ("8f2c", State.QUEUED, "queued")),
        ({"jobExecutionId": "8f2c", "status": None}, ("8f2c", State.QUEUED, "queued")),
        ({"jobExecutionId": "8f2c"}, ("8f2c", State.QUEUED, "queued")),
        ({"jobExecutionId": "8f2c", "status": "succeeded", "done": True}, ("8f2c", State.QUEUED, "succeeded")),
        *(
            (body, errors.UnexpectedResponse)
            for body in ({}, [], None, {"jobExecutionId": ""}, {"jobExecutionId": None}, {"ok": True})
        ),
    ]  # fmt: skip

    assert misread(read, cases) == {}


@pytest.mark.parametrize("missing", ["trigger_url", "trigger_api_key"])
def test_a_connection_without_a_trigger_is_for_the_external_call_only(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    """The workspace's key is not sent to a trigger URL."""
    connect(monkeypatch, LAMINAR_JOBS, emulator, **{missing: None})

    with pytest.raises(errors.InvalidInput, match="'laminar_default' needs trigger_url and trigger_api_key"):
        job()
    assert "trigger_api_key" in LaminarJobHook().test_connection()[1]
    assert emulator.requests("laminar") == []
    assert external().run()["state"] == "succeeded"


def test_jobs_need_no_key_of_a_workspace(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """The trigger URL may end with a slash."""
    account = emulator.account("laminar")
    change = {"password": None, "host": None, "extra": {"trigger_url": account["trigger_url"] + "/"}}
    connect(monkeypatch, LAMINAR_JOBS, emulator, change, workspace_id=None, configuration_id=None)

    assert job()["state"] == "succeeded"
    assert LaminarJobHook().test_connection() == (True, "Laminar accepts this connection.")


def test_each_key_is_sent_to_its_own_address_only(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = emulator.account("laminar")
    connect(monkeypatch, LAMINAR_JOBS, emulator, trigger_api_key="other")
    assert external().run()["state"] == "succeeded"
    with pytest.raises(errors.AuthFailed):
        job()

    connect(monkeypatch, LAMINAR_JOBS, emulator, {"password": "other"})
    assert job()["state"] == "succeeded"
    with pytest.raises(errors.AuthFailed):
        external().run()

    with closing(LaminarHook()) as hook, closing(LaminarJobHook()) as job_hook:
        assert account["trigger_api_key"] not in hook.client.endpoint.settings.headers.values()
        assert list(job_hook.client.endpoint.settings.headers.values()) == [account["trigger_api_key"]]


@pytest.mark.parametrize("missing", ["workspace_id", "configuration_id"])
def test_a_connection_that_names_no_store_cannot_be_tested(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    """An API key can read nothing else; nothing is guessed, sent or started."""
    connect(monkeypatch, LAMINAR_JOBS, emulator, **{missing: None})

    ok, sentence = LaminarHook().test_connection()

    assert not ok
    assert sentence.startswith("Not checkable")
    assert emulator.requests("laminar") == []


def test_a_connection_with_an_unknown_store_has_a_right_key(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Laminar checks the key before it responds with 404. The ids may be written as numbers."""
    connect(monkeypatch, LAMINAR_JOBS, emulator, configuration_id=7, workspace_id=12)

    assert LaminarHook().test_connection() == (
        True,
        "Laminar accepts this key; it does not know that configuration store.",
    )
    assert emulator.requests("laminar")[0]["path"] == "/configurations/7/keys/external"


def test_jobs_are_listed_with_what_laminar_sends(emulator: Emulator) -> None:
    """It is also the connection test. No page shows the form of the list."""
    with closing(LaminarJobHook()) as hook:
        jobs = hook.list_jobs()["jobs"]
        assert hook.test_connection()[0]
        emulator.fail("laminar", "list_jobs", "status", status=200, body=["a job"])
        assert hook.list_jobs() == ["a job"]

    assert {"name": "sync-invoices", "endpoint": "/laminar/m/acme/sync-invoices"} in jobs
    assert [request["path"] for request in emulator.requests("laminar")] == ["/m/acme/_jobs"] * 3

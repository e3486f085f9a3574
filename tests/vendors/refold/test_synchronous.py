"""Synchronous runs: the response to the start has the output."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import pytest

from airflow_workflow_providers.apis import refold as api
from airflow_workflow_providers.core import errors
from airflow_workflow_providers.core.execution import State
from airflow_workflow_providers.emulator import Emulator
from airflow_workflow_providers.hooks.refold import RefoldHook
from tests.contract import blocking_and_deferred
from tests.vendors import misread, response
from tests.vendors.refold import run


@blocking_and_deferred
def test_a_synchronous_run_needs_one_request(emulator: Emulator, deferrable: bool) -> None:
    """It never defers."""
    emulator.set_pace(seconds=0)

    record = run(payload={"a": 1}, sync_execution=True, deferrable=deferrable)

    assert (record["state"], record["status"]) == ("succeeded", "COMPLETED")
    assert record["output"] == {"received": {"a": 1}, "ok": True}
    assert [request["operation"] for request in emulator.requests("refold")] == ["execute"]
    assert emulator.runs("refold")[0]["mode"] == "SYNC"


def test_a_synchronous_run_without_a_value_says_so(emulator: Emulator) -> None:
    """Its response is the documented place of its result, so nothing else is read. ``null`` is no result."""
    emulator.set_pace(seconds=0)

    record = run("no-response-node", sync_execution=True)
    with pytest.raises(errors.ExecutionFailed, match="require_output=True") as failed:
        run("no-response-node", sync_execution=True, require_output=True)

    assert (record["state"], record["output"]) == ("succeeded", None)
    assert "no return_value" in record["output_missing"]
    assert str(failed.value.execution_id) in str(failed.value)
    assert [request["operation"] for request in emulator.requests("refold")] == ["execute", "execute"]
    request = api.execute_workflow("w", slug="s", sync_execution=True)
    cases = [
        ({"return_value": 0}, False),
        ({"return_value": None}, True),
        ({"errored": False}, True),
        ({"errored": True}, False),
    ]
    assert (
        misread(
            lambda body: bool(request.parse(response({"execution_id": "1", **body})).output_missing), cases
        )
        == {}
    )


@pytest.mark.parametrize(("workflow", "status"), [("answers-201", 201), ("answers-500", 500)])
def test_the_http_status_of_a_synchronous_run_does_not_decide(
    emulator: Emulator, workflow: str, status: int
) -> None:
    """Its author chooses it in the Response node, and may choose 500 for a success."""
    emulator.set_pace(seconds=0)

    assert run(workflow, sync_execution=True)["state"] == "succeeded"
    assert emulator.requests("refold", "execute")[0]["status"] == status


def test_a_synchronous_run_that_fails_fails_the_task_with_its_message(emulator: Emulator) -> None:
    emulator.set_pace(seconds=0)

    with pytest.raises(errors.ExecutionFailed, match="contact quota exceeded"):
        run("always-fails", sync_execution=True)

    assert len(emulator.runs("refold")) == 1


def test_a_synchronous_run_is_a_success_only_if_the_response_says_so() -> None:
    """The acknowledgement of an asynchronous run does not; the run is waited for."""
    cases: list[tuple[Any, State]] = [
        ({"return_value": {"a": 1}}, State.SUCCEEDED),
        ({"return_value": None}, State.SUCCEEDED),
        ({"errored": False}, State.SUCCEEDED),
        ({"errored": True, "return_value": {}}, State.FAILED),
        ({"execution_error": {"message": "no"}, "return_value": {}}, State.FAILED),
        *(({"errored": nearly, "return_value": {"a": 1}}, State.RUNNING) for nearly in ("0", 0, "false", "", [])),
        ({"message": "Workflow execution started"}, State.RUNNING),
    ]  # fmt: skip
    request = api.execute_workflow("w", slug="s", sync_execution=True)

    assert misread(lambda body: request.parse(response({"execution_id": "1", **body})).state, cases) == {}


def test_a_run_that_is_acknowledged_like_an_asynchronous_one_is_waited_for(emulator: Emulator) -> None:
    emulator.set_pace(status_checks=3)
    with closing(RefoldHook()) as hook:
        execution_id = hook.execute_workflow("sync-contacts", slug="hubspot").execution_id
    body = {"message": "Workflow execution started", "execution_id": execution_id}
    emulator.fail("refold", "execute", "status", status=200, body=body)

    assert run(sync_execution=True)["state"] == "succeeded"
    assert emulator.requests("refold", "get")


def test_the_response_of_a_synchronous_run_may_take_until_the_deadline() -> None:
    """But ten minutes at the most. Other requests have the read timeout of the connection."""
    cases = [(5.0, 5.0), (10_000.0, 600.0), (None, 600.0)]

    def limit(timeout: float | None) -> float | None:
        return api.execute_workflow("w", slug="s", sync_execution=True, timeout=timeout).timeout

    assert misread(limit, cases) == {}
    assert api.execute_workflow("w", slug="s", timeout=5.0).timeout is None


@pytest.mark.parametrize("fault", ["server_error", "html", "lost_response"])
def test_a_synchronous_start_without_an_id_is_lost(emulator: Emulator, fault: str) -> None:
    """A 500 that names no run is not the 500 of a Response node."""
    emulator.fail("refold", "execute", fault)

    with pytest.raises(errors.LostStart):
        run(sync_execution=True)


def test_an_output_that_is_too_large_by_default_can_be_fetched(emulator: Emulator) -> None:
    emulator.set_pace(seconds=0)
    emulator.fail("refold", "execute", "huge", bytes=6_000_000)

    record = run(sync_execution=True)

    assert (record["state"], record["output"]) == ("succeeded", None)
    assert record["output_omitted"] == {
        "bytes": 6_000_000,
        "fetch": f"RefoldHook('refold_default').get_execution('{record['execution_id']}').output",
    }

"""Synchronous runs."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import pytest

from airflow_workflow_providers.apis import refold as api
from airflow_workflow_providers.core import errors
from airflow_workflow_providers.core.execution import State
from airflow_workflow_providers.emulator import Emulator
from airflow_workflow_providers.hooks.refold import RefoldHook
from tests.vendors import answer
from tests.vendors.refold import run


@pytest.mark.parametrize("deferrable", [False, True])
def test_a_synchronous_run_answers_with_its_output(emulator: Emulator, deferrable: bool) -> None:
    """One request; nothing is looked at, whatever ``deferrable`` says."""
    emulator.set_pace(seconds=0)

    record = run(payload={"a": 1}, sync_execution=True, deferrable=deferrable)

    assert (record["state"], record["status"]) == ("succeeded", "COMPLETED")
    assert record["output"] == {"received": {"a": 1}, "ok": True}
    assert [call["operation"] for call in emulator.calls("refold")] == ["execute"]
    assert emulator.runs("refold")[0]["mode"] == "SYNC"


@pytest.mark.parametrize(("workflow", "status"), [("answers-201", 201), ("answers-500", 500)])
def test_the_http_status_of_a_synchronous_run_is_its_authors(
    emulator: Emulator, workflow: str, status: int
) -> None:
    """A Response node may answer 500 on success: what counts is what the body says of the run."""
    emulator.set_pace(seconds=0)

    assert run(workflow, sync_execution=True)["state"] == "succeeded"
    assert emulator.calls("refold", "execute")[0]["status"] == status


def test_a_synchronous_run_that_fails_fails_the_task_with_its_message(emulator: Emulator) -> None:
    emulator.set_pace(seconds=0)

    with pytest.raises(errors.ExecutionFailed, match="contact quota exceeded"):
        run("always-fails", sync_execution=True)

    assert len(emulator.runs("refold")) == 1


@pytest.mark.parametrize(
    ("body", "state"),
    [
        ({"execution_id": "1", "return_value": {"a": 1}}, State.SUCCEEDED),
        ({"execution_id": "1", "return_value": None}, State.SUCCEEDED),
        ({"execution_id": "1", "errored": False}, State.SUCCEEDED),
        ({"execution_id": "1", "errored": True, "return_value": {}}, State.FAILED),
        ({"execution_id": "1", "execution_error": {"message": "no"}, "return_value": {}}, State.FAILED),
        *[
            ({"execution_id": "1", "errored": nearly, "return_value": {"a": 1}}, State.RUNNING)
            for nearly in ("0", 0, "false", "", [])
        ],
        # The acknowledgement of an asynchronous run: not over, and no success.
        ({"execution_id": "1", "message": "Workflow execution started"}, State.RUNNING),
    ],
)
def test_a_synchronous_success_is_said_and_not_guessed(body: Any, state: State) -> None:
    call = api.execute_workflow("w", slug="s", sync_execution=True)

    assert call.read(answer(body)).state is state


def test_an_acknowledgement_is_waited_for_though_the_run_was_to_be_synchronous(emulator: Emulator) -> None:
    """Refold answers at once all the same: the run is looked at until it ends."""
    emulator.set_pace(looks=3)
    with closing(RefoldHook()) as hook:
        started = hook.execute_workflow("sync-contacts", slug="hubspot")
    emulator.fail(
        "refold",
        "execute",
        "status",
        status=200,
        body={"message": "Workflow execution started", "execution_id": started.execution_id},
    )

    assert run(sync_execution=True)["state"] == "succeeded"
    assert emulator.calls("refold", "get")


@pytest.mark.parametrize("fault", ["server_error", "html", "lost_answer"])
def test_a_synchronous_start_without_an_id_is_lost(emulator: Emulator, fault: str) -> None:
    """A 500 from a proxy is not a 500 from a Response node: it names no run."""
    emulator.fail("refold", "execute", fault)

    with pytest.raises(errors.LostStart):
        run(sync_execution=True)

"""Statuses and results."""

from __future__ import annotations

import json
from contextlib import closing
from typing import Any

import httpx
import pytest

from airflow_workflow_providers.apis import refold as api
from airflow_workflow_providers.core import errors
from airflow_workflow_providers.core.execution import State
from airflow_workflow_providers.emulator import Emulator
from airflow_workflow_providers.hooks.refold import RefoldHook
from airflow_workflow_providers.sensors.refold import RefoldExecutionSensor
from tests.conftest import connect
from tests.task import Task, new_id
from tests.vendors import REFOLD, answer
from tests.vendors.refold import run


@pytest.mark.parametrize(("status", "state"), api.STATUSES.items())
def test_every_status_of_the_vendors_pages_has_one_meaning(
    emulator: Emulator, status: str, state: State
) -> None:
    """Success is success in one place only."""
    looked = api.look("1").read(answer({"status": status}))

    assert looked.state is state
    assert (state is State.SUCCEEDED) == (status in ("COMPLETED", "Success"))


@pytest.mark.parametrize("status", ["completed", "SUCCESS", "success", "HIBERNATING", ""])
def test_any_other_status_is_unknown(status: str) -> None:
    """Letters count: a word that is nearly in the table is not in it."""
    assert api.look("1").read(answer({"status": status})).state is State.UNKNOWN


@pytest.mark.parametrize("workflow", ["terminates", "partially"])
@pytest.mark.parametrize("deferrable", [False, True])
def test_what_is_neither_success_nor_failure_is_the_authors_choice(workflow: str, deferrable: bool) -> None:
    """It fails unless the author has said that it succeeds."""
    with pytest.raises(errors.ExecutionFailed, match="a part undone"):
        run(workflow, deferrable=deferrable)

    accepted = run(workflow, deferrable=deferrable, on_partial_failure="succeed")
    assert accepted["state"] == "partial"


def test_a_run_that_the_vendor_timed_out_has_failed() -> None:
    with pytest.raises(errors.ExecutionFailed, match="TIMED_OUT"):
        run("times-out")


def test_the_result_is_what_the_response_node_answered(emulator: Emulator) -> None:
    assert run(payload={"a": 1})["output"] == {"received": {"a": 1}, "ok": True}
    assert run("no-response-node")["output"] is None


@pytest.mark.parametrize("options", [{"deferrable": False}, {"deferrable": True}, {"sync_execution": True}])
def test_a_huge_output_is_a_result_and_stays_at_the_vendor(
    emulator: Emulator, options: dict[str, Any]
) -> None:
    """Six megabytes are too many for XCom by default: the record says how to fetch them."""
    emulator.set_pace(looks=1)
    emulator.fail("refold", "get", "huge", times=None, bytes=6_000_000)
    emulator.fail("refold", "execute", "huge", bytes=6_000_000)

    record = run(**options)

    assert (record["state"], record["output"]) == ("succeeded", None)
    assert record["output_omitted"]["bytes"] == 6_000_000
    assert record["output_omitted"]["fetch"] == (
        f"RefoldHook('refold_default').get_execution('{record['execution_id']}').output"
    )
    with closing(RefoldHook("refold_default")) as hook:
        assert len(json.dumps(hook.get_execution(record["execution_id"]).output)) == 6_000_000


def test_of_a_node_that_was_tried_again_the_last_answer_counts() -> None:
    """Refold lists it once for each try."""
    body = {
        "status": "COMPLETED",
        "nodes": [
            {"node_type": "response", "latest_output": {"try": 1}},
            {"node_type": "response", "latest_output": {"try": 2}},
        ],
    }

    assert api.get_execution("1").read(answer(body)).output == {"try": 2}


@pytest.mark.parametrize(
    "nodes",
    [
        [{"node_name": 7, "node_type": "response", "latest_output": {"a": 1}}],
        [None, "text", {"node_type": "Response", "latest_output": {"a": 1}}, {"node_type": 7}],
        {"1": {"node_type": "start"}, "2": {"node_type": "response", "latest_output": {"a": 1}}, "3": None},
    ],
)
def test_a_result_is_found_beside_nodes_of_any_shape(nodes: Any) -> None:
    """The status has said that the run is a success."""
    execution = api.get_execution("1").read(answer({"status": "COMPLETED", "nodes": nodes}))

    assert (execution.state, execution.output) == (State.SUCCEEDED, {"a": 1})


@pytest.mark.parametrize("nodes", [None, [], [{}], [{"node_status": "Errored"}], {}, "all", [[{}]]])
def test_nodes_that_are_missing_or_bare_are_survived(nodes: Any) -> None:
    execution = api.get_execution("1").read(answer({"status": "ERRORED", "nodes": nodes}))

    assert (execution.state, execution.output) == (State.FAILED, None)


def test_a_failed_run_says_which_node_failed_and_why() -> None:
    with pytest.raises(errors.ExecutionFailed, match=r"node '.+' \(Errored\): Upstream CRM answered 403"):
        run("always-fails")


def test_an_unknown_id_hangs_at_the_vendor_and_not_here(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Refold was seen to leave such a request without an answer."""
    connect(monkeypatch, REFOLD, emulator, read_timeout=0.2)
    sensor = RefoldExecutionSensor(task_id="wait", execution_id=new_id(), timeout=0.5, poke_interval=0.05)

    with pytest.raises(errors.ExecutionTimedOut, match=sensor.execution_id):
        Task(lambda: sensor).run()


def test_our_requests_are_not_logged_one_by_one_and_other_peoples_are(
    emulator: Emulator, caplog: pytest.LogCaptureFixture
) -> None:
    """In a triggerer each line costs more than the request; but the library's logger is not ours to silence."""
    caplog.set_level("INFO", logger="httpx")

    run()
    assert [record for record in caplog.records if record.name == "httpx"] == []

    httpx.get(emulator.control_url + "/ledger", headers={"Authorization": f"Bearer {emulator.control_token}"})
    assert [record.name for record in caplog.records if record.name == "httpx"] == ["httpx"]

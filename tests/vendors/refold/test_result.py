"""What a run's status, output and error are read from."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_workflow_providers.apis import refold as api
from airflow_workflow_providers.core import errors
from airflow_workflow_providers.core.execution import Execution, State
from airflow_workflow_providers.emulator import Emulator
from airflow_workflow_providers.sensors.refold import RefoldExecutionSensor
from tests.conftest import connect
from tests.fake_airflow import Task, new_id
from tests.vendors import REFOLD, misread, response

STATUSES = {
    "QUEUED": State.QUEUED,
    "RUNNING": State.RUNNING,
    "STOPPING": State.STOPPING,
    "COMPLETED": State.SUCCEEDED,
    "Success": State.SUCCEEDED,
    "ERRORED": State.FAILED,
    "TIMED_OUT": State.FAILED,
    "DUPLICATE": State.FAILED,
    "STOPPED": State.STOPPED,
    "TERMINATED": State.PARTIAL,
    "Partially Successful": State.PARTIAL,
}


def read(body: Any) -> Execution:
    """Read a run. A status check, which does not read the output, says the same about it."""
    execution = api.get_execution("1").parse(response(body))
    checked = api.get_status("1").parse(response(body))
    assert (checked.state, checked.status, checked.output) == (execution.state, execution.status, None)
    return execution


def node(output: Any = None, **fields: Any) -> dict[str, Any]:
    """Return a Response node."""
    return {"node_name": "Reply", "node_type": "response", "latest_output": output, **fields}


def test_only_the_statuses_of_the_pages_are_known_letter_by_letter() -> None:
    other = ["completed", "SUCCESS", "success", "HIBERNATING", ""]
    cases = [*STATUSES.items(), *((status, State.UNKNOWN) for status in other)]

    assert misread(lambda status: read({"status": status}).state, cases) == {}
    assert api.STATUSES.keys() == STATUSES.keys()


def test_the_output_is_that_of_the_last_response_node() -> None:
    """A node that was retried is listed once for each try. Nodes of any other form are passed over."""
    cases: list[tuple[Any, Any]] = [
        ([node({"try": 1}), node({"try": 2})], {"try": 2}),
        ([node({"a": 1}, node_name=7)], {"a": 1}),
        ([None, "text", node({"a": 1}, node_type="Response"), {"node_type": 7}], {"a": 1}),
        ({"1": {"node_type": "start"}, "2": node({"a": 1}), "3": None}, {"a": 1}),
        ([node({"a": 1}), {"node_type": "end", "latest_output": {"b": 2}}], {"a": 1}),
        ([node(0)], 0),
        *((nodes, None) for nodes in (None, [], [{}], [{"node_type": "start"}], {}, "all", [[{}]])),
    ]

    assert misread(lambda nodes: read({"status": "COMPLETED", "nodes": nodes}).output, cases) == {}
    assert read({"status": "COMPLETED"}).output is None


def test_a_failed_run_is_explained_by_the_nodes_that_failed() -> None:
    cases: list[tuple[Any, str | None]] = [
        (
            [{"node_name": "Create", "node_status": "Errored", "latest_output": {"message": "quota exceeded"}}],
            "node 'Create' (Errored): quota exceeded",
        ),
        (
            [
                {"node_name": "A", "node_status": "Timed_Out", "latest_output": {"error": "slow"}},
                {"node_name": "B", "node_status": "Success", "latest_output": {"message": "ok"}},
                {"node_name": "C", "node_status": "Rejected", "latest_output": {"code": 7}},
            ],
            """node 'A' (Timed_Out): slow; node 'C' (Rejected): {"code": 7}""",
        ),
        *((nodes, None) for nodes in (None, [], {}, "all", [[{}]], [{"node_status": "Success"}])),
    ]  # fmt: skip

    assert misread(lambda nodes: read({"status": "ERRORED", "nodes": nodes}).message, cases) == {}


def test_a_status_check_of_an_unknown_id_hangs_no_longer_than_the_read_timeout(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Refold was seen to leave such a request without a response. The error names the id."""
    connect(monkeypatch, REFOLD, emulator, read_timeout=0.2)
    sensor = RefoldExecutionSensor(task_id="wait", execution_id=new_id(), timeout=0.5, poke_interval=0.05)

    with pytest.raises(errors.ExecutionTimedOut, match=sensor.execution_id):
        Task(lambda: sensor).run()

"""What a run's status, output and error are read from."""

from __future__ import annotations

from contextlib import closing, suppress
from typing import Any

import pytest
import structlog

from airflow_workflow_providers.apis import refold as api
from airflow_workflow_providers.core import errors
from airflow_workflow_providers.core.execution import Execution, State
from airflow_workflow_providers.emulator import Emulator
from airflow_workflow_providers.hooks.refold import RefoldHook
from airflow_workflow_providers.sensors.refold import RefoldExecutionSensor
from tests.conftest import connect
from tests.contract import blocking_and_deferred, text_of
from tests.fake_airflow import Task, new_id
from tests.vendors import REFOLD, misread, response
from tests.vendors.refold import run

FAILED = ("Errored", "Errored_and_Skipped", "Timed_Out", "Rejected")
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


def output_of(nodes: Any) -> Any:
    return read({"status": "COMPLETED", "nodes": nodes}).output


def search(body: Any, status: int = 200) -> Execution:
    """Read what is at the path of the result alone, for a run whose nodes show none."""
    request = api.find_output(read({"status": "COMPLETED", "nodes": []}))
    assert request is not None
    given = response(body, status)
    assert request.accepts(given)
    return request.parse(given)


def node(output: Any = None, **fields: Any) -> dict[str, Any]:
    """Return a Response node, of a type that is likely: no page shows one."""
    return {"node_name": "Reply", "node_type": "response", "latest_output": output, **fields}


def test_only_the_statuses_of_the_pages_are_known_letter_by_letter() -> None:
    other = ["completed", "SUCCESS", "success", "HIBERNATING", ""]
    cases = [*STATUSES.items(), *((status, State.UNKNOWN) for status in other)]

    assert misread(lambda status: read({"status": status}).state, cases) == {}
    assert api.STATUSES.keys() == STATUSES.keys()


def test_the_output_is_that_of_the_last_response_node_that_has_one() -> None:
    """
    A node that was retried is listed once for each try. A try that failed has an error, and no output.

    Nodes of any other form are passed over.
    """
    cases: list[tuple[Any, Any]] = [
        ([node({"try": 1}), node({"try": 2})], {"try": 2}),
        ([node({"a": 1}, node_name=7)], {"a": 1}),
        ([None, "text", node({"a": 1}, node_type="Response"), {"node_type": 7}], {"a": 1}),
        ({"1": {"node_type": "start"}, "2": node({"a": 1}), "3": None}, {"a": 1}),
        ([node({"a": 1}), {"node_type": "end", "latest_output": {"b": 2}}], {"a": 1}),
        *(([node(output)], output) for output in (0, "", False, [], {})),
        ([node({"a": 1}), node(None)], {"a": 1}),
        ([node({"a": 1}), {"node_type": "response"}], {"a": 1}),
        *(([node({"a": 1}), node({"message": "no"}, node_status=status)], {"a": 1}) for status in FAILED),
        *((nodes, None) for nodes in (None, [], [{}], [{"node_type": "start"}], {}, "all", [[{}]])),
    ]

    assert misread(output_of, cases) == {}
    assert read({"status": "COMPLETED"}).output is None


def test_a_response_node_is_known_by_its_type_however_that_is_written() -> None:
    """By its name only if it has no type: a name is the author's own text."""
    for kind in (
        "response",
        "Response",
        "RESPONSE",
        "response_node",
        "Response Node",
        "response-node",
        "responseNode",
    ):
        assert output_of([node({"a": 1}, node_type=kind)]) == {"a": 1}, kind
    for kind in ("typeform_responses", "wait_for_response", "responder", "http", "node", "start"):
        assert output_of([node({"a": 1}, node_type=kind, node_name="Response")]) is None, kind
    for missing in ({"node_type": None}, {"node_type": ""}):
        assert output_of([node({"a": 1}, node_name="Response", **missing)]) == {"a": 1}
        assert output_of([node({"a": 1}, node_name="Send response", **missing)]) is None


def test_the_output_is_taken_out_of_an_http_response() -> None:
    """Only an object that can be nothing else is one: an HTTP status, a body, and perhaps headers."""
    inside: list[tuple[Any, Any]] = [
        ({"status_code": 200, "body": {"a": 1}}, {"a": 1}),
        ({"status_code": 422, "body": "no", "headers": {}}, "no"),
        ({"status_code": 200, "body": None}, None),
        ({"status_code": 200, "body": {"status_code": 404, "body": "x"}}, {"status_code": 404, "body": "x"}),
    ]
    whole: list[Any] = [
        {"body": {"a": 1}},
        {"status_code": 200},
        {"status_code": 200, "body": 1, "id": 7},
        *({"status_code": code, "body": 1} for code in ("200", 200.0, True, None, 7, 600)),
    ]

    cases = [*inside, *((output, output) for output in whole)]
    assert misread(lambda output: output_of([node(output)]), cases) == {}


def test_only_a_run_that_has_not_failed_misses_its_output() -> None:
    """``null`` is no output. Of a run that has failed, or that goes on, none is expected."""
    for status, state in STATUSES.items():
        missing = read({"status": status, "nodes": [node(None)]}).output_missing
        assert bool(missing) == (state in (State.SUCCEEDED, State.PARTIAL)), status
        assert read({"status": status, "nodes": [node(0)]}).output_missing is None


def test_a_missing_output_is_read_from_the_path_of_the_result_alone() -> None:
    """Whatever else is at that path, the run has succeeded, and says where its output was searched for."""
    found: list[tuple[Any, Any]] = [
        ({"response": {"success": "true"}, "status": "COMPLETED"}, {"success": "true"}),
        *(({"response": output}, output) for output in (0, "", False, [], {"status_code": 200, "body": 1})),
        ({"response": 1, "status": None}, 1),
        ({"response": 1, "status": "Partially Successful"}, 1),
    ]
    absent: list[Any] = [
        *({"response": 1, "status": status} for status in ("RUNNING", "ERRORED", "completed", "HIBERNATING")),
        *({"response": None, "status": "COMPLETED"}, {"status": "COMPLETED"}, {}, [], None, "text", b"<html>", b""),
    ]  # fmt: skip

    assert misread(lambda body: search(body).output, found) == {}
    assert [body for body, _ in found if search(body).output_missing] == []
    assert misread(lambda body: search(body).output, [(body, None) for body in absent]) == {}
    for status in (200, 301, 400, 401, 403, 404, 405, 410, 501):
        execution = search({"response": 1} if status != 200 else {}, status)
        assert (execution.state, execution.status, execution.output) == (State.SUCCEEDED, "COMPLETED", None)
        assert f"/api/v1/execution/1/response returned HTTP {status}" in str(execution.output_missing)


def test_a_run_that_has_its_output_or_has_failed_is_read_once(emulator: Emulator) -> None:
    for workflow in ("sync-contacts", "always-fails"):
        with suppress(errors.ExecutionFailed):
            run(workflow)

    assert emulator.requests("refold", "response") == []
    assert api.find_output(read({"status": "COMPLETED", "nodes": [node(0)]})) is None


@blocking_and_deferred
@pytest.mark.parametrize("shown", ["plain", "envelope", "elsewhere"])
def test_the_result_of_an_asynchronous_run_reaches_the_dag_wherever_it_is(
    emulator: Emulator, shown: str, deferrable: bool
) -> None:
    emulator.configure("refold", response_node=shown)
    emulator.set_pace(status_checks=3)

    record = run(payload={"a": 1}, deferrable=deferrable, require_output=True)

    assert record["output"] == {"received": {"a": 1}, "ok": True}
    assert record.keys() == {"execution_id", "state", "status", "output", "url"}
    assert len(emulator.requests("refold", "response")) == (shown == "elsewhere")


@blocking_and_deferred
@pytest.mark.parametrize("path", ["present", "404", "hang"])
def test_a_run_without_a_result_says_so_once_in_the_log_and_in_the_record(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch, path: str, deferrable: bool
) -> None:
    """It has succeeded, whether the path of the result alone has none, does not exist, or hangs."""
    emulator.configure("refold", response_path=path)
    connect(monkeypatch, REFOLD, emulator, read_timeout=0.5)
    monkeypatch.setattr("airflow_workflow_providers.operators.waiting.RESULT_RETRY_FOR", 0.05)

    with structlog.testing.capture_logs() as logs:
        record = run("no-response-node", deferrable=deferrable)

    assert (record["state"], record["status"], record["output"]) == ("succeeded", "COMPLETED", None)
    reason = {"present": "returned HTTP 200", "404": "returned HTTP 404", "hang": "0.5 s"}[path]
    assert reason in record["output_missing"]
    assert text_of(logs).count("no output was found") == 1
    assert record["execution_id"] in text_of(logs)


@blocking_and_deferred
@pytest.mark.parametrize("kind", ["operator", "sensor"])
def test_a_run_without_a_result_fails_a_task_that_requires_one(
    emulator: Emulator, kind: str, deferrable: bool
) -> None:
    """The error names the run. A retry reads the same run once more, and starts no other one."""
    options: dict[str, Any] = {"deferrable": deferrable, "require_output": True}
    if kind == "operator":
        task = Task(lambda: REFOLD.task("no-response-node", **options), retries=1)
    else:
        started = str(run("no-response-node", wait_for_completion=False)["execution_id"])
        options.update(task_id="wait", execution_id=started, poke_interval=0.01)
        task = Task(lambda: RefoldExecutionSensor(**options))

    with pytest.raises(errors.ExecutionFailed, match="require_output=True") as failed:
        task.run()

    (known,) = emulator.runs("refold")
    assert failed.value.execution_id == known["execution_id"]
    assert known["execution_id"] in str(failed.value)


@pytest.mark.parametrize(
    "fault", [{"fault": "server_error", "status": 503}, {"fault": "rate_limit"}, {"fault": "hang"}]
)
def test_a_result_that_cannot_be_read_for_a_moment_is_read_again(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch, fault: dict[str, Any]
) -> None:
    connect(monkeypatch, REFOLD, emulator, read_timeout=0.3)
    emulator.configure("refold", response_node="elsewhere")
    emulator.fail("refold", "response", times=2, **fault)

    assert run(payload={"a": 1})["output"] == {"received": {"a": 1}, "ok": True}


@blocking_and_deferred
def test_a_wait_that_requires_a_result_continues_until_it_can_be_read(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch, deferrable: bool
) -> None:
    """Like after any other read of a result that failed; without ``require_output`` the success counts more."""
    monkeypatch.setattr("airflow_workflow_providers.operators.waiting.RESULT_RETRY_FOR", 0.05)
    emulator.configure("refold", response_node="elsewhere")
    emulator.set_pace(seconds=0)
    fault = {"vendor": "refold", "operation": "response", "fault": "server_error", "status": 503, "times": 6}

    emulator.fail(**fault)
    record = run(payload={"a": 1}, deferrable=deferrable, require_output=True)
    emulator.fail(**fault)
    missed = run(payload={"a": 1}, deferrable=deferrable)

    assert record["output"] == {"received": {"a": 1}, "ok": True}
    assert (missed["state"], missed["output"]) == ("succeeded", None)
    assert "HTTP 503" in missed["output_missing"]


def test_an_output_is_required_only_of_a_run_that_is_waited_for(emulator: Emulator) -> None:
    with pytest.raises(errors.InvalidInput, match="require_output"):
        run(require_output=True, wait_for_completion=False)

    assert emulator.requests("refold") == []


def test_the_hook_says_that_a_run_has_no_result(emulator: Emulator) -> None:
    record = run("no-response-node")

    with closing(RefoldHook()) as hook:
        execution = hook.get_execution(record["execution_id"])

    assert execution.output_missing == record["output_missing"]


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

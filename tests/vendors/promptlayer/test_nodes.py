"""What the state of an execution is read from: the statuses of its nodes."""

from __future__ import annotations

from typing import Any

import pytest
import structlog

from airflow_workflow_providers.apis import promptlayer as api
from airflow_workflow_providers.core import errors
from airflow_workflow_providers.core.execution import Execution, State
from airflow_workflow_providers.core.snapshot import KEY
from airflow_workflow_providers.emulator import Emulator
from airflow_workflow_providers.sensors.promptlayer import PromptLayerExecutionSensor
from tests.fake_airflow import Task
from tests.vendors import PROMPTLAYER, misread, response
from tests.vendors.promptlayer import run

STATUSES = {
    "QUEUED": State.QUEUED,
    "RUNNING": State.RUNNING,
    "SUCCESS": State.SUCCEEDED,
    "FAILED": State.FAILED,
    "FAILURE": State.FAILED,
    "SKIPPED": State.FAILED,
}

UNKNOWN = ["success", "SUCCEEDED", "COMPLETED", "PAUSED", ""]


def read(body: Any, status: int = 200) -> Execution:
    """Read an execution. A status check, which does not read the output, says the same about it."""
    execution = api.get_execution("7").parse(response(body, status))
    checked = api.get_status("7").parse(response(body, status))
    assert (checked.state, checked.status, checked.output) == (execution.state, execution.status, None)
    return execution


def node(status: Any = "SUCCESS", value: Any = None, *, is_output: Any = True, **more: Any) -> dict[str, Any]:
    """Return a node; default: an output node that succeeded."""
    return {
        "status": status,
        "value": value,
        "error_message": None,
        "raw_error_message": None,
        "is_output_node": is_output,
        **more,
    }


def test_a_read_asks_for_all_outputs() -> None:
    """The value of an output alone could be anything, also something that looks like nodes."""
    query = {"workflow_version_execution_id": "7", "return_all_outputs": "true"}

    for request in (api.get_status("7"), api.get_execution("7")):
        assert (request.method, request.path) == ("GET", "/workflow-version-execution-results")
        assert request.query == query


def test_202_and_204_are_running_whatever_the_body() -> None:
    for status in (202, 204):
        for body in (
            b"",
            b"{}",
            b"null",
            b"[]",
            b"<html>",
            b'{"A": {"status": 7}}',
            b'{"A": {"status": "SUCCESS", "is_output_node": true}}',
        ):
            execution = read(body, status)
            assert (execution.state, execution.status) == (State.RUNNING, "RUNNING"), (status, body)


def test_the_nodes_of_a_running_execution_show_how_far_it_has_come() -> None:
    """As long as it goes on, also with HTTP 200; a body without nodes shows nothing."""
    nodes = {
        "A": node(),
        "B": node("SKIPPED"),
        "C": node("FAILED"),
        "D": node("RUNNING"),
        "E": node("QUEUED"),
    }
    for status in (200, 202):
        execution = read(nodes, status)
        assert execution.progress == "3 of 5 steps are done"
        assert execution.steps is not None
        shown = [execution.steps.step(entry) for entry in execution.steps.entries]
        assert [(step.name, step.state.value) for step in shown] == [
            ("A", "succeeded"),
            ("B", "stopped"),
            ("C", "failed"),
            ("D", "running"),
            ("E", "queued"),
        ]

    assert read({"A": node()}).progress == ""
    assert [read(body, 202).progress for body in (b"", b"{}", b"<html>", {"A": node(7)})] == [""] * 4


@pytest.mark.parametrize("deferrable", [False, True])
def test_each_node_that_is_done_is_seen_without_another_request(emulator: Emulator, deferrable: bool) -> None:
    """In the log, and as steps on the page of the execution."""
    emulator.set_pace(status_checks=6)
    task = Task(lambda: PROMPTLAYER.task(deferrable=deferrable))

    with structlog.testing.capture_logs() as logs:
        task.run()

    changes = [(change["state"], change["progress"]) for change in task.xcom[KEY]["changes"]]
    assert ("running", "1 of 2 steps are done") in changes
    assert len([line for line in logs if "1 of 2 steps are done" in str(line["event"])]) == 1
    assert len(emulator.requests("promptlayer", "results")) == 7


def test_only_known_statuses_of_an_output_node_are_read() -> None:
    cases = [*STATUSES.items(), *((status, State.UNKNOWN) for status in UNKNOWN)]

    assert misread(lambda status: read({"A": node(status)}).state, cases) == {}
    assert api.NODE_STATUSES.keys() == STATUSES.keys()


@pytest.mark.parametrize("is_output", [True, False, None])
def test_one_output_node_that_succeeded_is_a_success_once_all_nodes_have_ended(is_output: Any) -> None:
    """
    A branch that failed or was skipped changes nothing; one that is going is waited for, in whichever order they are.

    The vendor's server has returned 200 for executions that were going.
    """
    going = {"QUEUED": State.QUEUED, "RUNNING": State.RUNNING, "PAUSED": State.UNKNOWN}
    cases = [(status, going.get(status, State.SUCCEEDED)) for status in (*STATUSES, "PAUSED")]

    def state(status: str) -> State:
        other = node(status, is_output=is_output)
        first = read({"A": node(value="B"), "Other": other}).state
        assert read({"Other": other, "A": node(value="B")}).state is first
        return first

    assert misread(state, cases) == {}


def test_an_unknown_status_beside_running_nodes_is_shown() -> None:
    execution = read({"A": node("RUNNING"), "B": node("HIBERNATING"), "C": node()})

    assert (execution.state, execution.status) == (State.UNKNOWN, "HIBERNATING")


def test_without_an_output_node_that_succeeded_an_execution_has_failed() -> None:
    """The message names the nodes that failed, and why; or it says that no node could have been an output."""
    cases: list[tuple[dict[str, Any], str]] = [
        ({"Draft": node(is_output=False)}, "it has no output node"),
        ({"Draft": node(is_output=None)}, "it has no output node"),
        ({"Draft": {"status": "SUCCESS"}}, "it has no output node"),
        *(({"A": node(is_output=nearly)}, "it has no output node") for nearly in ("on", "true", 1, [True], "perhaps")),
        ({"A": node("SKIPPED")}, "no output node succeeded"),
        ({"Draft": node(is_output=False), "A": node("SKIPPED")}, "no output node succeeded"),
        ({"A": node("FAILED", error_message="no")}, "node 'A' (FAILED): no"),
        ({"A": node("FAILURE", raw_error_message="raw")}, "node 'A' (FAILURE): raw"),
        ({"A": node("FAILED", raw_error_message={"raw": "it broke"})}, """node 'A' (FAILED): {"raw": "it broke"}"""),
        ({"A": node("FAILED", error_message={"reason": "no"})}, """node 'A' (FAILED): {"reason": "no"}"""),
        ({"A": node("FAILED")}, "node 'A' (FAILED): no message"),
        ({"Check": node("FAILED", is_output=False, error_message="x"), "A": node("SKIPPED")}, "node 'Check' (FAILED): x"),
        (
            {"A": node("FAILED", error_message="x"), "B": node("FAILED", error_message="y")},
            "node 'A' (FAILED): x; node 'B' (FAILED): y",
        ),
    ]  # fmt: skip

    def why(nodes: Any) -> str | None:
        execution = read(nodes)
        assert execution.state is State.FAILED
        assert api.final_output(execution).output is None
        return execution.message

    assert misread(why, cases) == {}


def test_a_200_with_anything_but_nodes_is_unexpected() -> None:
    """Also the value of an output alone, which was not asked for and can be that of an execution that failed."""
    bodies: list[Any] = [
        *(None, "AAA", 7, True, [], [{"status": "SUCCESS", "is_output_node": True}]),
        {"success": False, "message": "Internal error"},
        *({"A": None}, {"A": "AAA"}, {"A": {}}, {"A": {"value": "AAA", "is_output_node": True}}),
        *({"A": node(None)}, {"A": node(1)}, {"A": node(["SUCCESS"])}),
        {"A": node(), "Odd": "SUCCESS"},
    ]

    assert misread(read, ((body, errors.UnexpectedResponse) for body in bodies)) == {}


def test_a_200_without_nodes_is_waited_on() -> None:
    """Nothing says that the execution has ended."""
    assert read({}).state is State.UNKNOWN


def test_the_output_has_four_fields_of_each_node() -> None:
    """Of a node only its status is needed, and other fields are left out. A branch that failed shows why."""
    execution = read(
        {
            "Check": node("FAILED", is_output=False, error_message="The check failed"),
            "Draft": {"status": "SKIPPED"},
            "A": {"status": "SUCCESS", "is_output_node": True, "cost": 1},
        }
    )

    assert execution.state is State.SUCCEEDED
    assert execution.output == {
        "Check": {"status": "FAILED", "value": None, "error_message": "The check failed", "is_output_node": False},
        "Draft": {"status": "SKIPPED", "value": None, "error_message": None, "is_output_node": False},
        "A": {"status": "SUCCESS", "value": None, "error_message": None, "is_output_node": True},
    }  # fmt: skip


def test_the_final_output_is_the_value_of_the_first_output_node_that_succeeded() -> None:
    """Whatever the value is, also one that looks like nodes."""
    looks_like_nodes = {"A": node("FAILED", error_message="no")}
    values: list[Any] = ["AAA", {}, looks_like_nodes, None, False, 0, [1, {"a": [None]}]]

    def final(nodes: Any) -> Any:
        return api.final_output(read(nodes)).output

    assert misread(lambda value: final({"A": node(value=value)}), zip(values, values, strict=True)) == {}
    several = {
        "A": node("FAILED", "a"),
        "B": node("SKIPPED", "b"),
        "C": node(value="c", is_output=False),
        "D": node(value="d"),
        "E": node(value="e"),
    }
    assert final(several) == "d"


@pytest.mark.parametrize("kind", ["operator", "sensor"])
def test_return_all_outputs_chooses_between_the_final_output_and_all_nodes(kind: str) -> None:
    """It does not make a success of an execution that failed, as it does in the vendor's own client."""

    def end(workflow: str, *, every: bool) -> Any:
        if kind == "operator":
            return run(workflow, return_all_outputs=every)["output"]
        execution_id = run(workflow, wait_for_completion=False)["execution_id"]
        options = {"task_id": "wait", "execution_id": execution_id, "poke_interval": 0.01}
        return Task(lambda: PromptLayerExecutionSensor(**options, return_all_outputs=every)).run()["output"]

    final, every = end("other-branch", every=False), end("other-branch", every=True)
    assert final == "B"
    assert {name: (output["status"], output["value"]) for name, output in every.items()} == {
        "Check": ("FAILED", None),
        "Branch A": ("SKIPPED", None),
        "Branch B": ("SUCCESS", "B"),
    }
    for choice in (False, True):
        with pytest.raises(errors.ExecutionFailed, match="it has no output node"):
            end("no-output-node", every=choice)


def test_an_execution_id_is_a_number_or_its_text(emulator: Emulator) -> None:
    """The record has it as text, as the operator's record does. Anything else is rejected before anything is sent."""
    bad: list[Any] = ["", "None", "abc", "1/2", "-1", "1.5", " 1", "\u0661", None, True]

    def wait(execution_id: Any, *, deferrable: bool = False) -> Any:
        options = {"execution_id": execution_id, "poke_interval": 0.01, "deferrable": deferrable}
        return Task(lambda: PromptLayerExecutionSensor(task_id="wait", **options)).run()["execution_id"]

    for build in (api.get_status, api.get_execution, wait):
        assert misread(build, ((execution_id, errors.InvalidInput) for execution_id in bad)) == {}
    assert emulator.requests("promptlayer") == []

    execution_id = run(wait_for_completion=False)["execution_id"]
    for deferrable in (False, True):
        assert wait(int(execution_id), deferrable=deferrable) == execution_id

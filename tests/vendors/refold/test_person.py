"""When a run of Refold waits for a person, and what a status check that reads its nodes shows of it."""

from __future__ import annotations

from typing import Any

import pytest
import structlog
from airflow.providers.common.compat.sdk import TaskDeferred

from airflow_workflow_providers import compat
from airflow_workflow_providers.apis import refold as api
from airflow_workflow_providers.core import errors
from airflow_workflow_providers.core.execution import Execution, State
from airflow_workflow_providers.core.waiter import GIVE_UP
from airflow_workflow_providers.emulator import Emulator
from tests.fake_airflow import Task
from tests.vendors import REFOLD, misread, response

#: What no task may show: whoever has the id of a form can read it, without a key.
FORM_ID = "66f1c2d3e4a5b6c7d8e9f001"

START = {"node_id": "1", "node_name": "Start", "node_type": "start", "node_status": "Success"}


def node(status: Any = "Waiting", name: Any = "Human Intervention", kind: Any = "utility") -> dict[str, Any]:
    return {"node_id": "12", "node_name": name, "node_type": kind, "node_status": status}


def read(nodes: Any, status: str = "RUNNING") -> Execution:
    body = {"status": status, "nodes": nodes}
    return api.get_status_with_details("48291").parse(response(body))


def test_a_run_waits_for_a_person_only_if_a_node_surely_does() -> None:
    """Its status is Waiting, and its type or its name says human; whatever is odd is a run that goes on."""
    waits: list[Any] = [
        [START, node()],
        [node(name="Human Task")],
        [node(name="HUMAN INTERVENTION")],
        *([node(name=name, kind="human_task")] for name in ("Approve the order", None, 7, ["a"])),
        *([node(kind=kind)] for kind in (None, 7, "", {"a": 1})),
        [None, "text", {}, node()],
        {"1": START, "12": node()},
    ]
    goes_on: list[Any] = [
        *(None, [], {}, "all", 7, True, [[node()]], [None], [{}], [{"node_status": "Waiting"}]),
        *([node(name="Wait for Webhook", kind=kind)] for kind in ("webhook", "wait_for_webhook", "delay", None)),
        *([node(status)] for status in ("Success", "Ready", "Errored", "Timed_Out", "Stopped", "Rejected")),
        *([node(status)] for status in ("waiting", "WAITING", " Waiting", None, True, 7, ["Waiting"], {})),
        [{**node(), "node_name": ["human"], "node_type": {"human": 1}}],
        [{"node_status": "Waiting", "description": "human"}],
    ]  # fmt: skip
    cases = [(nodes, ("paused", "Waiting")) for nodes in waits] + [
        (nodes, ("running", "RUNNING")) for nodes in goes_on
    ]

    assert misread(lambda nodes: ((run := read(nodes)).state.value, run.status), cases) == {}


@pytest.mark.parametrize("status", [*api.STATUSES, "HIBERNATING"])
def test_only_a_running_run_waits_for_a_person(status: str) -> None:
    """A node that still waits changes nothing in one that is stopping or has ended."""
    known = api.STATUSES.get(status, State.UNKNOWN)

    assert read([node()], status).state is (State.PAUSED if status == "RUNNING" else known)


def test_a_read_without_details_never_shows_a_pause() -> None:
    """Nobody who does not want it sees another state."""
    body = response({"status": "RUNNING", "nodes": [node()]})

    for request in (api.get_status("48291"), api.get_execution("48291")):
        assert (request.parse(body).state, request.parse(body).status) == (State.RUNNING, "RUNNING")


def test_the_nodes_show_how_far_a_run_has_come() -> None:
    """How many there will be is not known."""
    nodes = [
        START,
        {**START, "node_status": "Errored"},
        {**START, "node_status": "Errored_and_Skipped"},
        node(),
    ]
    steps = read(nodes).steps
    assert steps is not None

    assert [steps.step(entry).state.value for entry in steps.entries] == [
        "succeeded",
        "failed",
        "partial",
        "paused",
    ]
    assert [read(nodes[:count]).progress for count in (0, 1, 2, 3)] == [
        "",
        "1 step is done",
        "1 step is done",
        "2 steps are done",
    ]


@pytest.fixture
def since_3_3(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the package see an Airflow 3.3, as the fake one is."""
    monkeypatch.setattr(compat, "HAS_REQUIRED_ACTIONS", True)


@pytest.mark.usefixtures("since_3_3")
@pytest.mark.parametrize("named_by", ["type", "name"])
def test_a_node_is_known_by_its_type_or_by_its_name(emulator: Emulator, named_by: str) -> None:
    """No page shows its type, and its name may be the author's own."""
    emulator.configure("refold", human_node=named_by)
    emulator.set_pace(status_checks=9)
    task = Task(lambda: REFOLD.task("asked-and-answered", deferrable=True, required_action=True))

    assert task.run()["state"] == "succeeded"
    assert [event["outcome"] for event in task.events] == ["paused", "ended"]
    assert task.asked == 1


@pytest.mark.usefixtures("since_3_3")
def test_a_run_that_is_given_up_goes_on_if_the_author_wants_that(emulator: Emulator) -> None:
    """The question says so before, and the error after."""
    options = {"deferrable": True, "required_action": True, "cancel_on_kill": False}
    task = Task(lambda: REFOLD.task("asks-a-person", **options))
    emulator.set_pace(seconds=0)
    with pytest.raises(TaskDeferred) as first:
        task.execute()
    assert task.action is not None

    with pytest.raises(errors.ExecutionGivenUp, match=r"goes on \(cancel_on_kill=False\)"):
        task.resume(first.value, task.answer(GIVE_UP))

    assert "The execution goes on at Refold.\n" in task.action.body
    assert [run["stops"] for run in emulator.runs("refold")] == [0]


def test_the_id_of_a_form_is_not_shown(emulator: Emulator) -> None:
    """Neither in the message of a failure nor in a step."""
    emulator.add_workflow(
        "refold",
        "mine",
        passes=["Waiting"],
        ends="ERRORED",
        error=f"No answer at https://app.refold.ai/api/v2/public/human-tasks/{FORM_ID}",
    )
    task = Task(lambda: REFOLD.task("mine", required_action=True))

    with (
        structlog.testing.capture_logs() as logs,
        pytest.raises(errors.ExecutionFailed, match=r"human-tasks/\*\*\*"),
    ):
        task.run()

    assert FORM_ID not in task.everything_kept() + str(logs)

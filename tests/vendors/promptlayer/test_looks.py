"""A look: a run is what its nodes are."""

from __future__ import annotations

import json
from typing import Any

import pytest

from airflow_workflow_providers.apis import promptlayer as api
from airflow_workflow_providers.core import errors
from airflow_workflow_providers.core.call import Answer
from airflow_workflow_providers.core.execution import Execution, State
from airflow_workflow_providers.emulator import Emulator
from tests.laws import blocking_and_deferred
from tests.vendors.promptlayer import (
    looked,
    node,
    run,
    wait_for,
)


def test_a_look_asks_for_all_outputs_whatever_the_author_wants(emulator: Emulator) -> None:
    """A bare value could be anything, even something that looks like nodes."""
    record = run(return_all_outputs=False)

    looks = emulator.calls("promptlayer", "results")
    assert {(call["method"], call["path"], json.dumps(call["query"])) for call in looks} == {
        (
            "GET",
            "/workflow-version-execution-results",
            json.dumps(
                {"workflow_version_execution_id": record["execution_id"], "return_all_outputs": "true"}
            ),
        )
    }


@pytest.mark.parametrize("running", ["202", "204"])
@blocking_and_deferred
def test_202_and_204_are_waited_on(emulator: Emulator, running: str, deferrable: bool) -> None:
    emulator.configure("promptlayer", running=running)
    emulator.set_pace(looks=3)

    assert run(deferrable=deferrable)["state"] == "succeeded"

    statuses = [call["status"] for call in emulator.calls("promptlayer", "results")]
    assert statuses == [int(running), int(running), 200, 200]


@pytest.mark.parametrize("body", [b"", b"{}", b"null", b"<html>", b'{"A": {"status": "SUCCESS"}}'])
@pytest.mark.parametrize("status", [202, 204])
def test_a_202_is_running_whatever_it_carries(body: bytes, status: int) -> None:
    assert api.look("7").read(Answer(status, {}, body)) == Execution("7", State.RUNNING, "RUNNING")


@blocking_and_deferred
@pytest.mark.parametrize("return_all_outputs", [False, True])
def test_a_200_whose_nodes_are_not_final_is_still_running(
    emulator: Emulator, deferrable: bool, return_all_outputs: bool
) -> None:
    """The vendor's server did that for a time; the wait goes on, and the output is the final one."""
    emulator.configure("promptlayer", early_200=True)
    emulator.set_pace(looks=4)

    record = run(deferrable=deferrable, return_all_outputs=return_all_outputs)

    looks = emulator.calls("promptlayer", "results")
    assert {call["status"] for call in looks} == {200}
    assert len(looks) == 5
    answered = record["output"]["Answer"]["value"] if return_all_outputs else record["output"]
    assert answered == {"echo": {}}


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("QUEUED", State.QUEUED),
        ("RUNNING", State.RUNNING),
        ("SUCCESS", State.SUCCEEDED),
        ("FAILED", State.FAILED),
        ("FAILURE", State.FAILED),
        ("SKIPPED", State.FAILED),
        ("success", State.UNKNOWN),
        ("SUCCEEDED", State.UNKNOWN),
        ("COMPLETED", State.UNKNOWN),
        ("", State.UNKNOWN),
    ],
)
def test_every_word_of_an_output_node_has_one_meaning(status: str, state: State) -> None:
    """Success is success in one place only; a word that is nearly in the table is not in it."""
    assert looked({"Answer": node(status)}).state is state
    assert len(api.NODE_STATUSES) == 6


@pytest.mark.parametrize(
    ("other", "state"),
    [
        ("SUCCESS", State.SUCCEEDED),
        ("FAILED", State.SUCCEEDED),
        ("FAILURE", State.SUCCEEDED),
        ("SKIPPED", State.SUCCEEDED),
        ("QUEUED", State.QUEUED),
        ("RUNNING", State.RUNNING),
        ("PAUSED", State.UNKNOWN),
    ],
)
@pytest.mark.parametrize("is_output", [True, False, None])
def test_one_output_node_that_succeeded_is_success_once_all_are_final(
    other: str, state: State, is_output: Any
) -> None:
    """A branch beside it that failed or was skipped changes nothing; one that is not over is waited for."""
    for nodes in (
        {"Answer": node(value="B"), "Other": node(other, is_output=is_output)},
        {"Other": node(other, is_output=is_output), "Answer": node(value="B")},
    ):
        assert looked(nodes).state is state


def test_an_unknown_word_beside_running_nodes_is_said() -> None:
    execution = looked({"A": node("RUNNING"), "B": node("HIBERNATING"), "C": node()})

    assert (execution.state, execution.status) == (State.UNKNOWN, "HIBERNATING")


@pytest.mark.parametrize(
    ("nodes", "message"),
    [
        ({"Draft": node(is_output=False)}, "it has no output node"),
        ({"Draft": node(is_output=None)}, "it has no output node"),
        ({"Draft": {"status": "SUCCESS"}}, "it has no output node"),
        *[
            ({"Answer": node(is_output=nearly)}, "it has no output node")
            for nearly in ("on", "true", 1, [True], "perhaps")
        ],
        ({"Answer": node("SKIPPED")}, "no output node succeeded"),
        ({"Draft": node(is_output=False), "Answer": node("SKIPPED")}, "no output node succeeded"),
        ({"Answer": node("FAILED", error_message="no")}, "node 'Answer' (FAILED): no"),
        ({"Answer": node("FAILURE", raw_error_message="raw")}, "node 'Answer' (FAILURE): raw"),
        ({"Answer": node("FAILED", raw_error_message={"raw": "it broke"})}, "it broke"),
        (
            {"Answer": node("FAILED", error_message={"reason": "no"})},
            """node 'Answer' (FAILED): {"reason": "no"}""",
        ),
        ({"Answer": node("FAILED")}, "node 'Answer' (FAILED): no message"),
        (
            {
                "Check": node("FAILED", is_output=False, error_message="x"),
                "Answer": node("SKIPPED"),
            },
            "node 'Check' (FAILED): x",
        ),
        (
            {"A": node("FAILED", error_message="x"), "B": node("FAILED", error_message="y")},
            "node 'A' (FAILED): x; node 'B' (FAILED): y",
        ),
    ],
)
def test_a_run_without_an_output_node_that_succeeded_has_failed(nodes: Any, message: str) -> None:
    """The message says which nodes failed and why, or that there was nothing that could have been an output."""
    execution = looked(nodes)

    assert execution.state is State.FAILED
    assert message in str(execution.message)
    assert api.final_output(execution.output) is None


@pytest.mark.parametrize(
    "body",
    [
        None,
        "AAA",
        7,
        True,
        [],
        [{"status": "SUCCESS", "is_output_node": True}],
        {"success": False, "message": "Internal error"},
        {"Answer": None},
        {"Answer": "AAA"},
        {"Answer": {}},
        {"Answer": {"value": "AAA", "is_output_node": True}},
        {"Answer": node(None)},
        {"Answer": node(1)},
        {"Answer": node(["SUCCESS"])},
        {"Answer": node(), "Odd": "SUCCESS"},
    ],
)
def test_a_200_that_holds_something_else_than_nodes_is_one_clear_error(body: Any) -> None:
    """A bare value too: it was not asked for, and could be a failed run's."""
    with pytest.raises(errors.UnreadableAnswer, match="HTTP 200 with something else than documented"):
        looked(body)


def test_a_200_without_any_node_is_no_success_and_no_failure() -> None:
    """Nothing says that it is over: it is waited on until the deadline."""
    assert looked({}).state is State.UNKNOWN


@blocking_and_deferred
@pytest.mark.parametrize(
    ("body", "error"), [({}, errors.ExecutionTimedOut), ("AAA", errors.UnreadableAnswer)]
)
def test_answers_that_contradict_the_page_end_in_one_error_that_names_the_run(
    emulator: Emulator, deferrable: bool, body: Any, error: type[Exception]
) -> None:
    emulator.fail("promptlayer", "results", "status", times=None, status=200, body=body)

    with pytest.raises(error) as raised:
        run(deferrable=deferrable, timeout=0.2 if error is errors.ExecutionTimedOut else 60)

    assert emulator.runs("promptlayer")[0]["execution_id"] in str(raised.value)


def test_members_that_are_missing_or_new_are_survived() -> None:
    """Of a node only its status is needed; what is added later is left alone."""
    execution = looked(
        {"Draft": {"status": "SKIPPED"}, "Answer": {"status": "SUCCESS", "is_output_node": True, "cost": 1}}
    )

    assert execution.state is State.SUCCEEDED
    assert execution.output == {
        "Draft": {"status": "SKIPPED", "value": None, "error_message": None, "is_output_node": False},
        "Answer": {"status": "SUCCESS", "value": None, "error_message": None, "is_output_node": True},
    }


@pytest.mark.parametrize("execution_id", ["", "None", "abc", "1/2", "-1", "1.5", " 1", "\u0661", None, True])
def test_what_is_no_id_is_refused_before_anything_is_sent(emulator: Emulator, execution_id: Any) -> None:
    for call in (api.look, api.get_execution):
        with pytest.raises(errors.InvalidInput):
            call(execution_id)
    with pytest.raises(errors.InvalidInput):
        wait_for(execution_id)

    assert emulator.calls("promptlayer") == []

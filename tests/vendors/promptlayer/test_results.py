"""Results: the final outputs."""

from __future__ import annotations

import json
from contextlib import closing
from typing import Any

import pytest

from airflow_workflow_providers.apis import promptlayer as api
from airflow_workflow_providers.core import errors
from airflow_workflow_providers.emulator import Emulator
from airflow_workflow_providers.hooks.promptlayer import PromptLayerHook
from tests.laws import blocking_and_deferred
from tests.vendors.promptlayer import (
    looked,
    node,
    run,
    wait_for,
)

LOOKS_LIKE_NODES = {
    "Other": {"status": "FAILED", "value": None, "error_message": "no", "is_output_node": True}
}


@blocking_and_deferred
@pytest.mark.parametrize("by", ["operator", "sensor"])
@pytest.mark.parametrize(
    ("workflow", "value"),
    [
        ("bare-text", "AAA"),
        ("empty-object", {}),
        ("looks-like-nodes", LOOKS_LIKE_NODES),
        ("other-branch", "B"),
        ("null", None),
        ("false", False),
        ("list", [1, {"a": [None]}]),
    ],
)
def test_whatever_the_output_is_it_comes_back_as_it_is(
    emulator: Emulator, workflow: str, value: Any, by: str, deferrable: bool
) -> None:
    """Any JSON, even an empty object or one that looks like nodes; alone, or as its node's value."""
    if workflow in ("null", "false", "list"):
        emulator.add_workflow(
            "promptlayer", workflow, nodes=[{"name": "Answer", "value": value, "is_output": True}]
        )
    started = run(workflow, wait_for_completion=False)

    def record(**options: Any) -> dict[str, Any]:
        if by == "sensor":
            return wait_for(started["execution_id"], deferrable=deferrable, **options)
        return run(workflow, deferrable=deferrable, **options)

    alone, every = record(return_all_outputs=False), record(return_all_outputs=True)
    assert (alone["state"], every["state"]) == ("succeeded", "succeeded")
    assert alone["output"] == value
    (value_again,) = [
        node["value"]
        for node in every["output"].values()
        if node["is_output_node"] and node["status"] == "SUCCESS"
    ]
    assert value_again == value


def test_of_several_outputs_the_first_that_succeeded_counts() -> None:
    nodes = {
        "A": node("FAILED", "a"),
        "B": node("SKIPPED", "b"),
        "C": node(value="c", is_output=False),
        "D": node(value="d"),
        "E": node(value="e"),
    }

    assert api.final_output(looked(nodes).output) == "d"


@blocking_and_deferred
def test_a_failed_side_branch_does_not_fail_the_task_and_is_shown(
    emulator: Emulator, deferrable: bool
) -> None:
    """Whoever asks for all outputs sees that it failed, and why."""
    output = run("other-branch", return_all_outputs=True, deferrable=deferrable)["output"]

    assert output == {
        "Check": {
            "status": "FAILED",
            "value": None,
            "error_message": "The check failed",
            "is_output_node": False,
        },
        "Branch A": {"status": "SKIPPED", "value": None, "error_message": None, "is_output_node": True},
        "Branch B": {"status": "SUCCESS", "value": "B", "error_message": None, "is_output_node": True},
    }


@blocking_and_deferred
@pytest.mark.parametrize("return_all_outputs", [False, True])
@pytest.mark.parametrize(
    ("workflow", "settings", "said"),
    [
        ("no-output-node", {}, "it has no output node"),
        ("output-null", {}, "it has no output node"),
        ("skipped", {}, "no output node succeeded"),
        ("always-fails", {}, r"node 'Answer' \(FAILED\): Model refused: content policy"),
        ("always-fails", {"failed_word": "FAILURE"}, r"node 'Answer' \(FAILURE\): Model refused"),
        ("always-fails", {"raw_error": "object"}, "Model refused: content policy"),
    ],
)
def test_no_output_node_that_succeeded_fails_the_task_whatever_it_asked_for(
    emulator: Emulator,
    workflow: str,
    settings: dict[str, Any],
    said: str,
    return_all_outputs: bool,
    deferrable: bool,
) -> None:
    """All outputs of a failed run are no success either, as the vendor's own client would have it."""
    emulator.configure("promptlayer", **settings)
    emulator.add_workflow(
        "promptlayer", "output-null", nodes=[{"name": "Answer", "value": 1, "is_output": None}]
    )
    emulator.add_workflow(
        "promptlayer", "skipped", nodes=[{"name": "Answer", "status": "SKIPPED", "is_output": True}]
    )

    with pytest.raises(errors.ExecutionFailed, match=said) as failed:
        run(workflow, return_all_outputs=return_all_outputs, deferrable=deferrable)

    assert failed.value.execution_id == emulator.runs("promptlayer")[0]["execution_id"]


@pytest.mark.parametrize(("deferrable", "return_all_outputs"), [(False, False), (True, True)])
def test_a_huge_output_is_a_result_and_stays_at_the_vendor(
    emulator: Emulator, deferrable: bool, return_all_outputs: bool
) -> None:
    """Six megabytes are too many for XCom by default: the record says how to fetch them."""
    emulator.set_pace(looks=1)
    emulator.fail("promptlayer", "results", "huge", times=None, bytes=6_000_000)

    record = run(return_all_outputs=return_all_outputs, deferrable=deferrable)

    assert (record["state"], record["output"]) == ("succeeded", None)
    assert record["output_omitted"]["bytes"] >= 6_000_000
    with closing(PromptLayerHook()) as hook:
        whole = hook.get_execution(record["execution_id"]).output
    assert len(json.dumps(api.final_output(whole))) == 6_000_000


def test_a_sensor_takes_an_id_as_a_number_too() -> None:
    """It is one at the vendor; the record holds it as text, as the operator's does."""
    execution_id = run(wait_for_completion=False)["execution_id"]

    for deferrable in (False, True):
        assert wait_for(int(execution_id), deferrable=deferrable)["execution_id"] == execution_id


def test_without_a_wait_the_record_says_that_the_run_is_going(emulator: Emulator) -> None:
    """No look is made; there is no page of a run to point to."""
    record = run(wait_for_completion=False, return_all_outputs=True)

    assert record == {
        "execution_id": emulator.runs("promptlayer")[0]["execution_id"],
        "state": "running",
        "status": "RUNNING",
        "output": None,
        "url": None,
    }
    assert emulator.calls("promptlayer", "results") == []


def test_a_run_that_cannot_be_stopped_is_said_to_go_on() -> None:
    """PromptLayer has no way to stop one; no call is made up for it."""
    with pytest.raises(errors.ExecutionTimedOut, match="PromptLayer cannot stop a run"):
        run("never-ends", timeout=0.2)

"""What a person sees of a run, without Airflow."""

from __future__ import annotations

import json
from typing import Any

import pytest

from airflow_workflow_providers.core import snapshot
from airflow_workflow_providers.core.execution import Execution, RunStep, RunSteps, State
from airflow_workflow_providers.core.snapshot import BatchSnapshot, Snapshot


def of_run(**changes: Any) -> Snapshot:
    return Snapshot("Datalab", "datalab_default", "https://vendor.example", "pex_1", **changes)


def of_batch(total: int = 100) -> BatchSnapshot:
    return BatchSnapshot("Datalab", "datalab_default", "https://vendor.example", total)


def execution(state: State, status: str, progress: str = "", steps: list[str] | None = None) -> Execution:
    known = None if steps is None else RunSteps(steps, lambda name: RunStep(name, state, status))
    return Execution("pex_1", state, status, progress=progress, steps=known)


def test_each_change_is_kept_once_with_its_time() -> None:
    shown = of_run()

    assert shown.show(execution(State.QUEUED, "pending"), 1.0)
    assert not shown.show(execution(State.QUEUED, "pending"), 2.0)
    assert shown.show(execution(State.RUNNING, "running", "1 of 2 steps are done"), 3.0)
    assert shown.show(execution(State.SUCCEEDED, "completed"), 9.0)

    assert [(change["at"], change["status"]) for change in shown.changes] == [
        (1.0, "pending"),
        (3.0, "running"),
        (9.0, "completed"),
    ]
    assert (shown.state, shown.ended_at) == ("succeeded", 9.0)


def test_a_response_without_steps_leaves_those_that_are_known() -> None:
    shown = of_run()
    shown.show(execution(State.RUNNING, "running", steps=["convert", "extract"]), 1.0)

    shown.show(execution(State.SUCCEEDED, "completed"), 2.0)

    assert [step["name"] for step in shown.steps] == ["convert", "extract"]


@pytest.mark.parametrize(
    ("files", "uri"),
    [
        (["a/0.json"], "s3://out/a/0.json"),
        (["a/0.json", "a/1.json"], "s3://out/a/"),
        (["a/step1/0.json", "a/step2/0.json"], "s3://out/a/"),
    ],
)
def test_it_says_where_the_result_is_and_how_large(files: list[str], uri: str) -> None:
    """Of several files their folder."""
    shown = of_run()

    written = [{"uri": f"s3://out/{name}", "bytes": 20} for name in files]
    assert shown.show(execution(State.SUCCEEDED, "completed"), 1.0, written)

    assert shown.output == {"uri": uri, "bytes": 20 * len(files)}


def test_it_stays_small_however_long_a_run_is() -> None:
    """Airflow stores it at each change, in its database."""
    shown, batch = of_run(), of_batch(100_000)
    steps = [f"step {number}" for number in range(1_000)]
    for number in range(2_000):
        shown.show(execution(State.RUNNING, f"status {number}", steps=steps), float(number))
        line = {"index": number, "execution_id": "pex_1", "state": "failed", "error": "x" * 10_000}
        batch.show({"failed": number + 1}, 1, float(number), success={"succeeded"}, unsuccessful=[line])

    assert shown.changes[0]["at"] == batch.progress[0]["at"] == 0.0
    assert shown.changes[-1]["at"] == batch.progress[-1]["at"] == 1999.0
    assert shown.steps_omitted == 1_000 - snapshot.MOST_STEPS
    assert batch.unsuccessful_omitted == 2_000 - snapshot.MOST_NAMED
    assert max(len(json.dumps(each.stored())) for each in (shown, batch)) < 40_000


@pytest.mark.parametrize("odd", [None, [], "text", {}, {"version": 2}, {"version": 1, "changes": None}])
def test_what_cannot_be_read_begins_anew(odd: Any) -> None:
    assert Snapshot.from_stored(odd, "pex_1") is None
    assert BatchSnapshot.from_stored(odd) is None


def test_it_is_read_back_as_it_was_and_only_for_its_own_run() -> None:
    shown, batch = of_run(), of_batch()
    shown.show(execution(State.RUNNING, "running", steps=["convert"]), 1.0)
    batch.show({"succeeded": 3}, 5, 1.0)

    assert Snapshot.from_stored(json.loads(json.dumps(shown.stored())), "pex_1") == shown
    assert Snapshot.from_stored(shown.stored(), "pex_2") is None
    assert BatchSnapshot.from_stored(json.loads(json.dumps(batch.stored()))) == batch


def test_the_rate_of_a_batch_is_that_of_the_last_time() -> None:
    batch = of_batch()
    batch.show({}, 10, 0.0)
    batch.show({"succeeded": 10}, 10, 10.0)
    assert batch.rate == 1.0

    batch.show({"succeeded": 60, "ended": 20}, 10, 20.0)
    assert batch.rate == 7.0
    assert batch.ended_at is None

    batch.show({"succeeded": 98, "failed": 2}, 0, 30.0, success={"succeeded"})
    assert (batch.ended_at, batch.unsuccessful_omitted) == (30.0, 2)

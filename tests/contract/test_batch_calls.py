"""Many executions in one task whose vendor gives them no id: the response to a start is the result."""

from __future__ import annotations

import json
import re
from functools import partialmethod
from pathlib import Path
from typing import Any

import pytest
import structlog

from airflow_workflow_providers.core import errors
from airflow_workflow_providers.core.batch import Entry
from airflow_workflow_providers.emulator import Emulator
from airflow_workflow_providers.operators import batch_run, batch_store
from airflow_workflow_providers.operators.batch_state import BatchState
from airflow_workflow_providers.operators.batch_store import KEY
from airflow_workflow_providers.operators.laminar import LaminarExecuteWorkflowBatchOperator
from airflow_workflow_providers.outputs.manifest import BatchManifest
from tests.contract import signal_once, text_of
from tests.contract.test_batch import kill, kill_at, states
from tests.fake_airflow import StateStore, Task

MANY = 20


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do without the pauses between two writes, which these tests would only wait for."""
    monkeypatch.setattr(batch_run, "PACE", 0.02)
    monkeypatch.setattr(batch_run, "RESPONSE_PACE", 0.02)
    monkeypatch.setattr(batch_store, "PACE", 0.0)


def inputs(count: int, workflow: str = "39") -> list[dict[str, Any]]:
    return [{"workflow_id": workflow, "payload": {"number": number}} for number in range(count)]


def batch_task(given: Any, *, retries: int = 0, **options: Any) -> Task:
    return Task(
        lambda: LaminarExecuteWorkflowBatchOperator(task_id="run", retries=retries, inputs=given, **options),
        retries=retries,
    )


def started(emulator: Emulator) -> list[Any]:
    return [run["input"] for run in emulator.runs("laminar")]


def test_each_input_is_run_once_and_has_its_own_response(emulator: Emulator) -> None:
    emulator.set_pace(seconds=0.1)

    result = batch_task(inputs(MANY)).run()

    lines = list(BatchManifest(result))
    assert [line["output"]["received"] for line in lines] == [{"number": number} for number in range(MANY)]
    assert {(line["execution_id"], line["state"], line["status"]) for line in lines} == {
        (None, "succeeded", "HTTP 200")
    }
    assert len(started(emulator)) == MANY


def test_responses_are_streamed_into_the_folder(emulator: Emulator, tmp_path: Path) -> None:
    emulator.set_pace(seconds=0)
    given = [{**each, "output_name": f"order-{number}"} for number, each in enumerate(inputs(3))] + inputs(
        1, "43"
    )

    result = batch_task(given, output_path=f"file://{tmp_path}").run()

    lines = list(BatchManifest(result))
    files = [Path(line["uri"].removeprefix("file://")) for line in lines]
    assert [file.parent.name for file in files[:3]] == ["order-0", "order-1", "order-2"]
    assert [json.loads(file.read_text())["received"] for file in files[:3]] == [
        {"number": n} for n in range(3)
    ]
    assert json.loads(files[3].read_text()) == [1, 2, 3]
    assert [file.stat().st_size for file in files] == [line["bytes"] for line in lines]


@pytest.mark.parametrize("extra", [{}, {"concurrent_requests": 2}])
def test_no_more_are_going_than_are_allowed(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch, extra: dict[str, Any]
) -> None:
    """Also no intents of others are stored: they would be in doubt after a kill."""
    known = emulator.connection("laminar")
    connection = {**known, "extra": {**known["extra"], **extra}}
    monkeypatch.setenv("AIRFLOW_CONN_LAMINAR_DEFAULT", json.dumps(connection))
    emulator.set_pace(seconds=0.3)
    doubtful: list[int] = []

    class Watched(StateStore):
        def set(self, key: str, value: Any) -> None:
            if key != KEY:
                entries = [Entry.from_stored(entry) for entry in value["entries"]]
                doubtful.append(sum(bool(entry.intent_at) and not entry.result for entry in entries))
            super().set(key, value)

    task = batch_task(inputs(12), max_active=4)
    task.store = Watched()
    task.run()

    most = extra.get("concurrent_requests", 4)
    began = sorted(run["started_at"] for run in emulator.runs("laminar"))
    assert all(later - earlier > 0.29 for earlier, later in zip(began, began[most:], strict=False))
    # Those whose responses have come are noted just after that.
    assert max(doubtful) <= 2 * most


def test_a_slow_execution_does_not_hold_up_the_others(emulator: Emulator) -> None:
    emulator.add_workflow("laminar", "slow", seconds=3.0)
    emulator.set_pace(seconds=0)

    result = batch_task([*inputs(1, "slow"), *inputs(MANY)], max_active=2).run()

    assert states(result) == ["succeeded"] * (MANY + 1)
    began = [run["started_at"] for run in emulator.runs("laminar")]
    assert began[-1] - began[0] < 3


def test_a_retry_runs_only_what_has_failed(emulator: Emulator, tmp_path: Path) -> None:
    emulator.set_pace(seconds=0)
    task = batch_task([*inputs(5), *inputs(2, "40")], retries=1, output_path=f"file://{tmp_path}")

    with pytest.raises(errors.ExecutionFailed, match="5 of 7 inputs have succeeded, and 7 must") as failed:
        task.run()

    assert "invoice 77 has no customer" in str(failed.value)
    assert len(started(emulator)) == 7 + 2


def test_retries_need_a_folder_because_a_result_comes_only_once(emulator: Emulator) -> None:
    with pytest.raises(errors.InvalidInput, match="a batch with retries needs output_path"):
        batch_task(inputs(2), retries=1).try_once()

    assert started(emulator) == []


def test_a_kill_loses_what_was_under_way_and_nothing_is_run_twice(emulator: Emulator, tmp_path: Path) -> None:
    emulator.set_pace(seconds=0)
    task = batch_task(inputs(MANY), retries=1, max_active=4, output_path=f"file://{tmp_path}")
    kill_at(task, lambda entries: len(entries) > 6)

    with pytest.raises(errors.LostStart, match="Search for it at Laminar") as lost:
        task.run()

    run, doubtful = (
        [json.dumps(each) for each in started(emulator)],
        re.search(r"(\d+) lost", str(lost.value)),
    )
    assert doubtful is not None
    assert 0 < int(doubtful[1]) <= 6
    assert len(set(run)) == len(run)
    assert MANY - int(doubtful[1]) <= len(run) <= MANY


def test_lost_starts_are_run_again_if_the_author_wants_that(emulator: Emulator, tmp_path: Path) -> None:
    emulator.set_pace(seconds=0)
    task = batch_task(inputs(6), retries=1, on_lost_start="resubmit", output_path=f"file://{tmp_path}")
    kill_at(task, lambda entries: any(entry.result for entry in entries), stored=False)

    assert states(task.run()) == ["succeeded"] * 6


def test_a_clear_runs_nothing_again_that_has_succeeded(emulator: Emulator, tmp_path: Path) -> None:
    emulator.set_pace(seconds=0)
    task = batch_task([*inputs(3), *inputs(1, "40")], output_path=f"file://{tmp_path}")
    with pytest.raises(errors.ExecutionFailed):
        task.run()

    task.max_tries += 1
    with pytest.raises(errors.ExecutionFailed, match="3 of 4"):
        task.try_once()

    assert len(started(emulator)) == 4 + 1


def test_a_clear_runs_again_what_has_no_result_any_more(emulator: Emulator) -> None:
    """Airflow has deleted the XCom, and there is no folder."""
    emulator.set_pace(seconds=0)
    task = batch_task(inputs(3))
    task.run()

    task.max_tries += 1
    assert states(task.try_once()) == ["succeeded"] * 3

    assert len(started(emulator)) == 6


def test_a_task_that_is_told_to_stop_names_what_was_under_way(emulator: Emulator) -> None:
    emulator.set_pace(seconds=0)
    given = [*inputs(2), *inputs(2, "41")]
    task = batch_task(given, max_active=4)

    with (
        signal_once(lambda: len(started(emulator)) == 4, lambda: kill(task)),
        pytest.raises(errors.ExecutionStopped, match="the manifest names it as a lost start"),
    ):
        task.run()


def test_the_deadline_ends_the_batch_and_names_what_may_go_on(emulator: Emulator) -> None:
    emulator.set_pace(seconds=0)
    task = batch_task([*inputs(2, "41"), *inputs(2)], max_active=2, timeout=2)

    with pytest.raises(errors.WorkflowError, match="2 lost"):
        task.run()

    assert len(started(emulator)) == 2


def test_inputs_that_are_the_same_are_refused_before_the_first_start(emulator: Emulator) -> None:
    task = batch_task([*inputs(3), {"workflow_id": 39, "payload": {"number": 1}}])

    with pytest.raises(errors.InvalidInput, match=r"inputs\[3\] is the same as inputs\[1\]"):
        task.run()

    assert started(emulator) == []


@pytest.mark.parametrize("wrong", [{"max_active": 17}, {"deferrable": True}, {"poll_interval": 5}])
def test_parameters_of_a_wait_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(errors.InvalidInput, match=next(iter(wrong))):
        LaminarExecuteWorkflowBatchOperator(task_id="run", inputs=inputs(2), **wrong)


def test_the_progress_counts_what_is_under_way(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(BatchState, "say_progress", partialmethod(BatchState.say_progress, every=0.1))
    emulator.set_pace(seconds=0.6)

    with structlog.testing.capture_logs() as logs:
        batch_task(inputs(4), max_active=4).run()

    assert "0 of 4 inputs are done (none); 4 executions are going" in text_of(logs)

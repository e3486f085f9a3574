"""Many executions in one task: every guarantee holds for each of them."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections import Counter
from collections.abc import Callable
from functools import partial, partialmethod
from pathlib import Path
from typing import Any

import pytest
import structlog
from airflow.providers.common.compat.sdk import AirflowTaskTimeout, TaskDeferred

from airflow_workflow_providers.compat import CLEAR_DELETES_STORE, FORGETS_ON_CLEAR, HAS_TRIGGER_ON_KILL
from airflow_workflow_providers.core import errors
from airflow_workflow_providers.core.batch import Entry
from airflow_workflow_providers.emulator import Emulator
from airflow_workflow_providers.operators import batch, batch_run, batch_state, batch_store
from airflow_workflow_providers.operators.batch_store import KEY
from airflow_workflow_providers.outputs.manifest import BatchManifest
from dev.vendors import DOCUMENT
from tests.conftest import connect
from tests.contract import (
    Airflow,
    blocking_and_deferred,
    runs,
    signal_once,
    starts,
    text_of,
    until,
    vendors_with_a_stop,
)
from tests.contract.crash import ProcessKilled
from tests.fake_airflow import StateStore, Task
from tests.object_store import Store
from tests.vendors import DATALAB_PIPELINES, ROWS, VendorCase

#: The inputs of a batch.
MANY = 12


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do without the pauses between two writes, which these tests would only wait for."""
    monkeypatch.setattr(batch_run, "PACE", 0.02)
    monkeypatch.setattr(batch_store, "PACE", 0.0)


def batch_task(
    vendor: VendorCase, inputs: Any, *, retries: int = 0, store: bool = True, **options: Any
) -> Task:
    return Task(lambda: vendor.batch(inputs, retries=retries, **options), retries=retries, store=store)


def started(emulator: Emulator, vendor: VendorCase) -> int:
    return len(runs(emulator, vendor))


def kill(task: Task) -> None:
    """Tell the task to stop, as Airflow does."""
    task.operator.on_kill()


def states(result: Any) -> list[str]:
    return [line["state"] for line in BatchManifest(result)]


class Killer(StateStore):
    """
    A state store at one of whose writes the process is killed.

    :param at: from the entries that are written to whether it is this write.
    :param stored: whether the write is complete before.
    """

    def __init__(self, at: Callable[[list[Entry]], bool], *, stored: bool) -> None:
        super().__init__()
        self.at, self.stored = at, stored
        self.is_dead = False

    def set(self, key: str, value: Any) -> None:
        if not self.is_dead and key != KEY:
            entries = [Entry.from_stored(entry) for entry in value["entries"]]
            if self.at([entry for entry in entries if entry.intent_at]):
                self.is_dead = True
                if self.stored:
                    super().set(key, value)
        if self.is_dead:
            raise ProcessKilled
        super().set(key, value)


def intents(entries: list[Entry]) -> bool:
    """Whether the intents of a chunk are written."""
    return bool(entries)


def an_id(entries: list[Entry]) -> bool:
    """Whether the first id of a chunk is written."""
    return any(entry.execution_id for entry in entries)


def all_ids(entries: list[Entry]) -> bool:
    """Whether all ids of a chunk are written."""
    return bool(entries) and all(entry.execution_id for entry in entries)


def kill_at(task: Task, at: Callable[[list[Entry]], bool], *, stored: bool = True) -> None:
    """Run a try until its process is killed at a write; afterwards nothing of it is stored any more."""
    killer = Killer(at, stored=stored)
    killer.update(task.store or {})
    task.store = killer
    with pytest.raises(ProcessKilled):
        task.try_once()
    task.store = StateStore(killer)


@blocking_and_deferred
def test_each_input_has_one_execution_and_one_line_in_order(
    vendor: VendorCase, emulator: Emulator, deferrable: bool
) -> None:
    emulator.set_pace(status_checks=2)
    task = batch_task(vendor, vendor.inputs(MANY), deferrable=deferrable)

    result = task.run()

    lines = list(BatchManifest(result))
    assert [line["index"] for line in lines] == list(range(MANY))
    assert {line["state"] for line in lines} == {"succeeded"}
    assert {line["execution_id"] for line in lines} == {run["execution_id"] for run in runs(emulator, vendor)}
    assert result["counts"] == {"succeeded": MANY}
    assert started(emulator, vendor) == MANY
    assert all(line["output"] for line in lines)


@blocking_and_deferred
def test_no_more_than_max_active_go_on_at_the_same_time(
    vendor: VendorCase, emulator: Emulator, deferrable: bool
) -> None:
    emulator.set_pace(seconds=0.3)
    task = batch_task(vendor, vendor.inputs(MANY), max_active=4, deferrable=deferrable)

    assert states(task.run()) == ["succeeded"] * MANY
    began = [run["started_at"] for run in runs(emulator, vendor)]
    moments = [*((moment, 1) for moment in began), *((moment + 0.3, -1) for moment in began)]
    going = most = 0
    for _, change in sorted(moments):
        going += change
        most = max(most, going)
    assert most <= 4


def test_a_worker_stays_for_executions_that_end_soon(vendor: VendorCase, emulator: Emulator) -> None:
    """A deferral takes longer than they do. A batch of long executions holds no worker."""
    emulator.set_pace(seconds=0.2)
    # The first status check comes after 1 s, and the worker stays for 2 s.
    task = batch_task(vendor, vendor.inputs(4), deferrable=True, max_active=2, poll_interval=1.0)

    assert states(task.run()) == ["succeeded"] * 4
    assert task.deferrals == []


@blocking_and_deferred
def test_outputs_and_manifest_lie_in_the_folder(
    vendor: VendorCase, emulator: Emulator, deferrable: bool, tmp_path: Path
) -> None:
    emulator.set_pace(status_checks=2)
    inputs = [{**each, "output_name": f"document-{number}"} for number, each in enumerate(vendor.inputs(5))]
    task = batch_task(vendor, inputs, output_path=f"file://{tmp_path}", deferrable=deferrable)

    result = task.run()

    assert "lines" not in result
    lines = list(BatchManifest(result))
    assert [Path(line["uri"].removeprefix("file://")).exists() for line in lines] == [True] * 5
    assert all(f"document-{line['index']}" in line["uri"] for line in lines)
    written = Path(result["manifest"].removeprefix("file://")).read_text().splitlines()
    assert [json.loads(line) for line in written] == lines
    # Nothing else is left but the manifest, the folders of the outputs, and what a clear must not delete.
    manifest = Path(result["manifest"]).name
    left = {*(f"document-{number}" for number in range(5)), manifest}
    state = manifest.replace(".manifest.jsonl", ".state")
    assert {path.name for path in tmp_path.iterdir()} == (left | {state} if CLEAR_DELETES_STORE else left)


@blocking_and_deferred
def test_a_retry_submits_only_what_has_failed(
    vendor: VendorCase, emulator: Emulator, deferrable: bool
) -> None:
    emulator.set_pace(status_checks=1)
    inputs = [*vendor.inputs(3), *vendor.inputs(2, vendor.fails)]
    task = batch_task(vendor, inputs, retries=1, deferrable=deferrable)

    with pytest.raises(errors.ExecutionFailed, match="3 of 5 inputs have succeeded, and 5 must") as failed:
        task.run()

    assert task.tries == 2
    assert vendor.failure in str(failed.value)
    assert "inputs 3, 4" in str(failed.value)
    assert started(emulator, vendor) == 5 + 2


def test_an_input_is_submitted_again_in_the_same_try_if_the_author_wants_that(
    vendor: VendorCase, emulator: Emulator
) -> None:
    emulator.set_pace(status_checks=1)
    inputs = [*vendor.inputs(2), *vendor.inputs(1, vendor.fails)]
    task = batch_task(vendor, inputs, retries_per_input=2)

    with pytest.raises(errors.ExecutionFailed):
        task.run()

    assert started(emulator, vendor) == 2 + 3


def test_some_inputs_may_fail_if_the_author_allows_it(vendor: VendorCase, emulator: Emulator) -> None:
    emulator.set_pace(status_checks=1)
    inputs = [*vendor.inputs(3), *vendor.inputs(1, vendor.fails)]
    allowed = {"on_partial_failure": "succeed"}

    result = batch_task(vendor, inputs, **allowed, min_success=0.75).run()
    assert states(result) == ["succeeded"] * 3 + ["failed"]
    [failed] = BatchManifest(result).others()
    assert vendor.failure in failed["error"]

    with pytest.raises(errors.ExecutionFailed, match="3 of 4 inputs have succeeded, and 4 must"):
        batch_task(vendor, inputs, **allowed, min_success=4).run()


def test_the_rate_in_the_log_is_that_of_this_worker(
    vendor: VendorCase, emulator: Emulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What has ended before it came counts as done, but not as done in the last seconds."""
    emulator.set_pace(seconds=0.2)
    every = partialmethod(batch_state.BatchState.say_progress, every=0.05)
    monkeypatch.setattr(batch_state.BatchState, "say_progress", every)
    inputs = [*vendor.inputs(MANY), *vendor.inputs(1, vendor.fails)]
    task = batch_task(vendor, inputs, retries=1, output_path=f"file://{tmp_path}")
    with pytest.raises(errors.ExecutionFailed):
        task.try_once()

    with structlog.testing.capture_logs() as logs, pytest.raises(errors.ExecutionFailed):
        task.try_once()

    first = next(entry["event"] for entry in logs if "inputs are done" in str(entry["event"]))
    # Nothing has ended since, unless the machine is slow and the line late.
    assert not first.startswith(f"{MANY} of {MANY + 1}") or "a second" not in first


@blocking_and_deferred
def test_a_retry_reattaches_to_what_is_going(
    vendor: VendorCase, emulator: Emulator, deferrable: bool
) -> None:
    """The process of the first try is killed after the ids are stored."""
    emulator.set_pace(seconds=2)
    task = batch_task(vendor, vendor.inputs(MANY), retries=1, deferrable=deferrable)
    kill_at(task, all_ids)
    assert started(emulator, vendor) == MANY

    assert states(task.run()) == ["succeeded"] * MANY
    assert started(emulator, vendor) == MANY


def test_a_kill_before_the_intents_are_stored_has_started_nothing(
    vendor: VendorCase, emulator: Emulator
) -> None:
    emulator.set_pace(seconds=0)
    task = batch_task(vendor, vendor.inputs(MANY), retries=1)
    kill_at(task, intents, stored=False)
    assert started(emulator, vendor) == 0

    assert states(task.run()) == ["succeeded"] * MANY
    assert started(emulator, vendor) == MANY


def test_a_kill_between_the_intents_and_the_ids_names_what_is_lost_and_starts_nothing_twice(
    vendor: VendorCase, emulator: Emulator
) -> None:
    emulator.set_pace(seconds=0)
    inputs = vendor.inputs(MANY)
    task = batch_task(vendor, inputs, retries=1, **vendor.without_nonce_in_batch)
    kill_at(task, an_id, stored=False)
    before = started(emulator, vendor)
    assert before

    with pytest.raises(errors.LostStart, match=f"{MANY} lost") as lost:
        task.run()

    assert "inputs[0]" in str(lost.value)
    assert started(emulator, vendor) == before


def test_what_is_lost_is_submitted_again_if_the_author_allows_it(
    vendor: VendorCase, emulator: Emulator
) -> None:
    emulator.set_pace(seconds=0)
    options = {**vendor.without_nonce_in_batch, "on_lost_start": "resubmit"}
    task = batch_task(vendor, vendor.inputs(3), retries=1, **options)
    kill_at(task, an_id, stored=False)
    before = started(emulator, vendor)

    assert states(task.run()) == ["succeeded"] * 3
    assert started(emulator, vendor) == before + 3


@blocking_and_deferred
def test_a_clear_runs_nothing_again_that_has_succeeded(
    vendor: VendorCase, emulator: Emulator, deferrable: bool
) -> None:
    emulator.set_pace(status_checks=1)
    task = batch_task(vendor, vendor.inputs(3), deferrable=deferrable)
    before = task.run()
    task.clear()

    after = task.run()

    assert started(emulator, vendor) == 3
    assert [line["execution_id"] for line in BatchManifest(after)] == [
        line["execution_id"] for line in BatchManifest(before)
    ]


@pytest.mark.skipif(not CLEAR_DELETES_STORE, reason="a clear keeps what a task has stored on this Airflow")
def test_a_batch_with_a_folder_runs_nothing_again_after_a_clear_that_deletes_its_store(
    vendor: VendorCase, emulator: Emulator, tmp_path: Path
) -> None:
    """What had succeeded stays, and what went on is reattached to."""
    emulator.set_pace(seconds=1)
    task = batch_task(vendor, vendor.inputs(3), output_path=f"file://{tmp_path}", deferrable=True)
    with pytest.raises(TaskDeferred):
        task.execute()
    task.clear(keep=False)

    assert states(task.run()) == ["succeeded"] * 3
    task.clear(keep=False)

    assert states(task.run()) == ["succeeded"] * 3
    assert started(emulator, vendor) == 3


def test_a_clear_runs_all_anew_if_the_author_wants_that(vendor: VendorCase, emulator: Emulator) -> None:
    emulator.set_pace(status_checks=1)
    task = batch_task(vendor, vendor.inputs(3), on_clear="resubmit")
    task.run()
    task.clear()

    assert states(task.run()) == ["succeeded"] * 3
    assert started(emulator, vendor) == 6


def test_only_new_inputs_are_started_if_the_list_has_changed(vendor: VendorCase, emulator: Emulator) -> None:
    """What has gone from the list and goes on is stopped, if the vendor can."""
    emulator.set_pace(seconds=0)
    gone, same, new = vendor.inputs(1, vendor.goes_on), vendor.inputs(4)[1:3], vendor.inputs(6)[4:]
    inputs = [*gone, *same]
    task = Task(lambda: vendor.batch(inputs, retries=1), retries=1)
    kill_at(task, all_ids)
    inputs[:] = [new[0], *same, new[1]]

    with structlog.testing.capture_logs() as logs:
        result = task.run()

    assert states(result) == ["succeeded"] * 4
    assert started(emulator, vendor) == 3 + 2
    assert "have gone from the list" in text_of(logs)
    assert sum(run["stops"] for run in runs(emulator, vendor)) == (1 if vendor.stop else 0)


@blocking_and_deferred
def test_at_the_deadline_all_are_stopped_and_named(
    vendor: VendorCase, emulator: Emulator, deferrable: bool
) -> None:
    inputs = [*vendor.inputs(2), *vendor.inputs(3, vendor.goes_on)]
    emulator.set_pace(status_checks=1)
    task = batch_task(vendor, inputs, timeout=5, deferrable=deferrable)

    with pytest.raises(errors.ExecutionTimedOut, match="3 timed out, 2 succeeded"):
        task.run()

    assert sum(run["stops"] for run in runs(emulator, vendor)) == (3 if vendor.stop else 0)


def test_airflows_own_timeout_ends_a_batch_like_the_deadline(vendor: VendorCase, emulator: Emulator) -> None:
    """It comes in the middle of whatever the worker does."""
    inputs = vendor.inputs(MANY, vendor.goes_on)
    task = batch_task(vendor, inputs)

    def execution_timeout() -> None:
        raise AirflowTaskTimeout("Timeout")

    def all_are_going() -> bool:
        return len(emulator.requests(vendor.conn_type, vendor.get_status)) > MANY

    with (
        signal_once(all_are_going, execution_timeout),
        pytest.raises(errors.ExecutionTimedOut, match=f"{MANY} timed out"),
    ):
        task.run()

    assert sum(run["stops"] for run in runs(emulator, vendor)) == (MANY if vendor.stop else 0)


@pytest.mark.parametrize("error", ["Trigger timeout", "Trigger failure"])
def test_a_trigger_that_ends_without_an_event_leaves_no_run_unnamed(
    vendor: VendorCase, emulator: Emulator, error: str
) -> None:
    """No triggerer was running until the deadline; or the trigger has failed, and a retry reattaches to all."""
    task = batch_task(vendor, vendor.inputs(3, vendor.goes_on), deferrable=True, timeout=2, retries=1)
    with pytest.raises(TaskDeferred):
        task.execute()

    if error == "Trigger timeout":
        with pytest.raises(errors.ExecutionTimedOut, match="3 timed out"):
            task.resume_with_error(error)
        assert sum(run["stops"] for run in runs(emulator, vendor)) == (3 if vendor.stop else 0)
    else:
        with pytest.raises(errors.WorkflowError, match="a retry reattaches to them"):
            task.resume_with_error(error)
        with pytest.raises(TaskDeferred):
            task.execute()
    assert started(emulator, vendor) == 3


def test_a_worker_that_is_told_to_stop_stops_all(vendor: VendorCase, emulator: Emulator) -> None:
    task = batch_task(vendor, vendor.inputs(MANY, vendor.goes_on))

    def all_are_going() -> bool:
        return len(emulator.requests(vendor.conn_type, vendor.get_status)) > MANY

    with (
        signal_once(all_are_going, partial(kill, task)),
        pytest.raises(errors.ExecutionStopped) as stopped,
    ):
        task.run()

    stops = Counter(run["stops"] for run in runs(emulator, vendor))
    assert stops == ({1: MANY} if vendor.stop else {0: MANY})
    count = MANY if vendor.stop else 0
    assert f"was asked to stop {count} of {MANY} executions" in str(stopped.value)


def test_starts_that_are_under_way_when_the_worker_is_told_to_stop_are_stopped_too(
    vendor: VendorCase, emulator: Emulator
) -> None:
    """Their responses come a moment later."""
    emulator.fail(vendor.conn_type, vendor.start, "slow", times=None, seconds=0.5)
    task = batch_task(vendor, vendor.inputs(3, vendor.goes_on))

    with (
        signal_once(lambda: started(emulator, vendor), partial(kill, task)),
        pytest.raises(errors.ExecutionStopped) as stopped,
    ):
        task.run()

    assert started(emulator, vendor)
    assert {run["stops"] for run in runs(emulator, vendor)} == {1 if vendor.stop else 0}
    count = started(emulator, vendor)
    assert f"was asked to stop {count if vendor.stop else 0} of {count} executions" in str(stopped.value)


@vendors_with_a_stop
def test_what_was_stopped_is_submitted_again_by_a_retry(vendor: VendorCase, emulator: Emulator) -> None:
    task = batch_task(vendor, vendor.inputs(3, vendor.goes_on), retries=1)
    with (
        signal_once(
            lambda: len(emulator.requests(vendor.conn_type, vendor.get_status)) > 3, partial(kill, task)
        ),
        pytest.raises(errors.ExecutionStopped),
    ):
        task.try_once()
    task.make = lambda: vendor.batch(vendor.inputs(3, vendor.goes_on), retries=1, deferrable=True)

    with pytest.raises(TaskDeferred):
        task.execute()

    assert started(emulator, vendor) == 6


@pytest.mark.parametrize(
    ("state", "folder", "stops"),
    [("failed", False, True), ("failed", True, True), (None, False, FORGETS_ON_CLEAR), (None, True, False)],
    ids=["ended", "ended, with a folder", "cleared", "cleared, with a folder"],
)
def test_a_person_who_ends_the_deferred_task_stops_all_and_one_who_clears_it_what_is_forgotten(
    vendor: VendorCase,
    emulator: Emulator,
    task_is: Callable[[str | None], Airflow],
    tmp_path: Path,
    state: str | None,
    folder: bool,
    stops: bool,
) -> None:
    options = {"output_path": f"file://{tmp_path}"} if folder else {}
    task = batch_task(vendor, vendor.inputs(MANY, vendor.goes_on), deferrable=True, **options)
    with pytest.raises(TaskDeferred) as deferred:
        task.execute()
    trigger = task.trigger(deferred.value)
    checks = len(emulator.requests(vendor.conn_type, vendor.get_status))

    async def end() -> None:
        wait = asyncio.ensure_future(anext(aiter(trigger.run())))
        await until(lambda: len(emulator.requests(vendor.conn_type, vendor.get_status)) >= checks + MANY)
        wait.cancel()
        await asyncio.gather(wait, return_exceptions=True)
        if HAS_TRIGGER_ON_KILL:  # before that it only cancels the wait
            await trigger.on_kill()

    with task.xcom_of(), structlog.testing.capture_logs() as logs:
        task_is(state)
        asyncio.run(end())

    assert sum(run["stops"] for run in runs(emulator, vendor)) == (MANY if vendor.stop and stops else 0)
    said = f"{MANY if vendor.stop else 0} of {MANY} executions" if stops else "is left alone"
    assert said in text_of(logs)


def test_a_trigger_that_knows_no_runs_lets_the_worker_look_for_them(
    vendor: VendorCase, emulator: Emulator
) -> None:
    """Its XCom is lost: the worker reads each run, and nothing is started twice."""
    emulator.set_pace(seconds=1)
    task = batch_task(vendor, vendor.inputs(3), deferrable=True)
    with pytest.raises(TaskDeferred) as deferred:
        task.execute()
    task.xcom.clear()
    event = task.fire(deferred.value)

    step: Any = lambda: task.resume(deferred.value, event)  # noqa: E731
    while True:
        try:
            result = step()
            break
        except TaskDeferred as again:
            fired = task.fire(again)
            step = lambda again=again, fired=fired: task.resume(again, fired)  # noqa: E731

    assert states(result) == ["succeeded"] * 3
    assert started(emulator, vendor) == 3


def test_a_trigger_that_cannot_store_what_has_ended_lets_the_worker_look(
    vendor: VendorCase, emulator: Emulator
) -> None:
    """It reads each run, instead of waiting once more."""
    emulator.set_pace(seconds=1)
    task = batch_task(vendor, vendor.inputs(3), deferrable=True)
    task.triggers_cannot_write = True

    assert states(task.run()) == ["succeeded"] * 3
    assert len(task.deferrals) == 1
    assert started(emulator, vendor) == 3


def test_a_429_to_starts_loses_no_input(vendor: VendorCase, emulator: Emulator) -> None:
    emulator.fail(vendor.conn_type, vendor.start, "rate_limit", times=3, retry_after=1)
    emulator.set_pace(status_checks=1)

    assert states(batch_task(vendor, vendor.inputs(MANY)).run()) == ["succeeded"] * MANY
    assert started(emulator, vendor) == MANY


def test_a_start_that_is_rejected_is_named_and_the_others_go_on(
    vendor: VendorCase, emulator: Emulator
) -> None:
    emulator.set_pace(status_checks=1)
    inputs = [*vendor.inputs(2), *vendor.inputs(1, vendor.unknown)]

    with pytest.raises(errors.ExecutionFailed, match="2 of 3 inputs have succeeded"):
        batch_task(vendor, inputs).run()

    assert started(emulator, vendor) >= 2


def test_a_wrong_key_ends_the_task_and_starts_nothing(
    vendor: VendorCase, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    emulator.fail(vendor.conn_type, vendor.start, "status", times=None, status=401)

    with pytest.raises(errors.AuthFailed):
        batch_task(vendor, vendor.inputs(3)).run()

    assert started(emulator, vendor) == 0


def test_airflow_that_stores_no_intent_has_started_nothing(vendor: VendorCase, emulator: Emulator) -> None:
    class Failing(StateStore):
        def set(self, key: str, value: Any) -> None:
            if key != KEY:
                raise ConnectionError("the API server does not respond")
            super().set(key, value)

    task = batch_task(vendor, vendor.inputs(3))
    task.store = Failing()

    with pytest.raises(errors.WorkflowError, match="So none of them was started"):
        task.run()
    assert starts(emulator, vendor) == []


def test_no_secret_is_stored_or_shown(vendor: VendorCase, emulator: Emulator) -> None:
    emulator.set_pace(status_checks=1)
    emulator.fail(vendor.conn_type, str(vendor.get_status), "echo_secret", times=1, status=400)
    task = batch_task(vendor, vendor.inputs(3), deferrable=True)
    with structlog.testing.capture_logs() as logs:
        try:
            result = task.run()
        except errors.WorkflowError as error:
            result = str(error)

    kept = task.everything_kept() + text_of(logs) + json.dumps(result)
    account = emulator.account(vendor.conn_type)
    assert [name for name in vendor.secrets if account[name] in kept] == []


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("AIRFLOW__WORKFLOW_PROVIDERS__INPUT_FOLDERS", str(tmp_path))
    return tmp_path


def test_inputs_can_be_a_file_with_an_object_a_line(
    vendor: VendorCase, emulator: Emulator, folder: Path
) -> None:
    emulator.set_pace(status_checks=1)
    path = folder / "inputs.jsonl"
    path.write_text("\n".join(map(json.dumps, vendor.inputs(3))) + "\n\n")

    assert states(batch_task(vendor, f"file://{path}").run()) == ["succeeded"] * 3


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda vendor: [], "inputs is empty"),
        (lambda vendor: "inputs.jsonl", "the whole address of a file"),
        (lambda vendor: {"a": 1}, "must be a list of objects"),
        (lambda vendor: [*vendor.inputs(2), "text"], r"inputs\[2\] must be an object"),
        (
            lambda vendor: [{**vendor.inputs(1)[0], "payloads": {}}],
            r"inputs\[0\] has 'payloads', which is not a parameter",
        ),
        (lambda vendor: vendor.inputs(101), "inputs has more than 100 objects. max_starts=100"),
        (
            lambda vendor: [{**each, "output_name": "a"} for each in vendor.inputs(2)],
            r"inputs\[0\] and inputs\[1\] have the same output_name",
        ),
        (
            lambda vendor: [*vendor.inputs(99), {**vendor.inputs(1)[0], **vendor.bad_input[0][0]}],
            r"inputs\[99\]: ",
        ),
        (lambda vendor: [*vendor.inputs(2), {}], r"inputs\[2\] has no "),
    ],
)
def test_bad_inputs_get_one_error_and_nothing_is_started(
    vendor: VendorCase, emulator: Emulator, make: Callable[[VendorCase], Any], message: str
) -> None:
    with pytest.raises(errors.InvalidInput, match=message):
        vendor.batch(make(vendor), max_starts=100)

    def at_run() -> Any:
        """Return a task whose inputs come from another task, so that they are known only now."""
        task = vendor.batch(vendor.inputs(1), max_starts=100)
        task.inputs = make(vendor)
        task._only_in_inputs = frozenset({vendor.workflow}) | task._only_in_inputs
        return task

    with pytest.raises(errors.InvalidInput, match=message):
        Task(at_run).run()
    assert starts(emulator, vendor) == []


def test_what_is_known_only_when_the_task_runs_passes_the_check_at_parse(vendor: VendorCase) -> None:
    later = dict.fromkeys((vendor.workflow, vendor.input), "{{ params.later }}")

    assert vendor.batch([later]).inputs == [later]
    assert vendor.batch("{{ params.inputs }}").inputs == "{{ params.inputs }}"


def test_what_all_inputs_have_in_common_is_a_parameter_of_the_task(
    vendor: VendorCase, emulator: Emulator
) -> None:
    """Also if it comes from ``default_args``, as Airflow passes them."""
    emulator.set_pace(status_checks=1)
    inputs = [vendor.input_of(str(number)) for number in range(3)]
    common = {vendor.workflow: vendor.succeeds}

    assert states(batch_task(vendor, inputs, **common).run()) == ["succeeded"] * 3
    assert states(batch_task(vendor, inputs, default_args=common).run()) == ["succeeded"] * 3


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"max_active": 0}, "max_active"),
        ({"retries_per_input": -1}, "retries_per_input"),
        ({"min_success": 1.5, "on_partial_failure": "succeed"}, "min_success"),
        ({"min_success": 2}, "min_success needs on_partial_failure='succeed'"),
        ({"max_starts": 0}, "max_starts"),
        ({"on_clear": "reattach"}, "on_clear"),
        ({"wait_for_completion": False}, "wait_for_completion"),
        ({"output_path": "nowhere://bucket/out"}, "output_path"),
    ],
)
def test_bad_parameters_get_one_error_and_nothing_is_started(
    vendor: VendorCase, emulator: Emulator, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(errors.InvalidInput, match=message):
        batch_task(vendor, vendor.inputs(2), **options).run()
    assert starts(emulator, vendor) == []


def test_before_airflow_33_a_batch_with_retries_needs_a_folder(
    vendor: VendorCase, emulator: Emulator, tmp_path: Path
) -> None:
    """There it keeps what it has started."""
    emulator.set_pace(status_checks=1)
    with pytest.raises(errors.InvalidInput, match="needs output_path"):
        batch_task(vendor, vendor.inputs(2), retries=1, store=False).run()

    inputs = [*vendor.inputs(2), *vendor.inputs(1, vendor.fails)]
    task = batch_task(
        vendor, inputs, retries=1, store=False, output_path=f"file://{tmp_path}", deferrable=True
    )
    with pytest.raises(errors.ExecutionFailed):
        task.run()
    assert started(emulator, vendor) == 4


def test_before_airflow_33_a_batch_without_retries_needs_none(vendor: VendorCase, emulator: Emulator) -> None:
    emulator.set_pace(status_checks=2)
    task = batch_task(vendor, vendor.inputs(MANY), store=False, deferrable=True, max_active=4)

    assert states(task.run()) == ["succeeded"] * MANY
    assert started(emulator, vendor) == MANY


def a_result(entries: list[Entry]) -> bool:
    """Whether the first result of a chunk is written."""
    return any(entry.result for entry in entries)


def test_a_kill_while_results_are_kept_loses_no_line_and_no_output(
    vendor: VendorCase, emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch_run, "PART_PACE", 0.0)
    emulator.set_pace(status_checks=1)
    task = batch_task(vendor, vendor.inputs(MANY), retries=1, output_path=f"file://{tmp_path}")
    kill_at(task, a_result)

    result = task.run()

    lines = list(BatchManifest(result))
    assert [line["state"] for line in lines] == ["succeeded"] * MANY
    assert len({line["uri"] for line in lines}) == MANY
    assert all(Path(line["uri"].removeprefix("file://")).exists() for line in lines)
    assert started(emulator, vendor) == MANY


def test_a_result_whose_line_is_gone_is_read_again(
    vendor: VendorCase, emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody has deleted the parts of the manifest; the run is not started again."""
    monkeypatch.setattr(batch_run, "PART_PACE", 0.0)
    emulator.set_pace(status_checks=1)
    task = batch_task(vendor, vendor.inputs(MANY), retries=1, output_path=f"file://{tmp_path}")
    kill_at(task, a_result)
    [parts] = tmp_path.glob("*.manifest.parts")
    shutil.rmtree(parts)

    assert states(task.run()) == ["succeeded"] * MANY
    assert started(emulator, vendor) == MANY


def test_a_store_that_is_away_for_a_while_loses_nothing(
    vendor: VendorCase, emulator: Emulator, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Outputs, parts of the manifest: each is written once the store is back."""
    monkeypatch.setattr(batch_run, "PAUSE", 0.05)
    emulator.set_pace(status_checks=1)
    away = iter(range(MANY))
    opened = store.open

    def open_file(path: str, mode: str = "rb", **options: Any) -> Any:
        # It goes away once the batch has begun.
        if "w" in mode and ".write-test" not in path and next(away, None) is not None:
            raise OSError("the store is away")
        return opened(path, mode, **options)

    monkeypatch.setattr(store, "open", open_file)
    task = batch_task(vendor, vendor.inputs(MANY), output_path="memory://out")

    assert states(task.run()) == ["succeeded"] * MANY
    assert next(away, None) is None
    assert started(emulator, vendor) == MANY


def test_a_folder_that_cannot_be_written_to_is_found_before_the_first_start(
    vendor: VendorCase, emulator: Emulator, store: Store
) -> None:
    store.fails = "open"
    with pytest.raises(errors.WorkflowError, match="could not be written"):
        batch_task(vendor, vendor.inputs(2), output_path="memory://out").run()

    assert starts(emulator, vendor) == []


def test_a_store_that_is_away_at_the_end_delays_the_manifest(
    vendor: VendorCase, emulator: Emulator, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch, "PAUSE", 0.05)
    emulator.set_pace(status_checks=1)
    away = iter(range(3))
    moved = store.mv

    def move(source: str, target: str, **options: Any) -> None:
        if target.endswith(".manifest.jsonl") and next(away, None) is not None:
            raise OSError("the store is away")
        moved(source, target, **options)

    monkeypatch.setattr(store, "mv", move)

    assert states(batch_task(vendor, vendor.inputs(3), output_path="memory://out").run()) == ["succeeded"] * 3
    assert next(away, None) is None


def test_a_retry_in_another_account_starts_all_there_and_uses_no_run_of_the_first(
    vendor: VendorCase, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also after one more kill there: the same ids may be other runs in the new account."""
    emulator.set_pace(seconds=0)
    task = batch_task(vendor, vendor.inputs(MANY), retries=2)
    kill_at(task, all_ids)
    with Emulator() as elsewhere:
        elsewhere.set_pace(seconds=0)
        connect(monkeypatch, vendor, elsewhere)
        kill_at(task, intents, stored=False)
        assert started(elsewhere, vendor) == 0

        result = task.run()

        assert {line["execution_id"] for line in BatchManifest(result)} == {
            run["execution_id"] for run in runs(elsewhere, vendor)
        }
        assert started(elsewhere, vendor) == MANY
    assert started(emulator, vendor) == MANY


@pytest.mark.parametrize("vendor", [row for row in ROWS if row.values[0].upload])
def test_a_file_that_has_changed_makes_a_new_run(
    vendor: VendorCase, emulator: Emulator, folder: Path
) -> None:
    """The others are reattached to."""
    emulator.set_pace(seconds=0)
    files = [folder / f"{number}.pdf" for number in range(3)]
    for file in files:
        shutil.copyfile(DOCUMENT, file)
    inputs = [{"file": f"file://{file}"} for file in files]
    task = batch_task(vendor, inputs, retries=1, **vendor.common)
    kill_at(task, all_ids)
    files[1].write_bytes(DOCUMENT.read_bytes() + b"\n")
    files[2].unlink()

    assert states(task.run()) == ["succeeded"] * 3
    assert started(emulator, vendor) == 3 + 1


@pytest.mark.parametrize("vendor", [row for row in ROWS if row.values[0].upload])
def test_a_file_keeps_its_run_wherever_it_is_in_the_list(
    vendor: VendorCase, emulator: Emulator, folder: Path
) -> None:
    """Only the address and the content of a file tell its input from others: its reference is new at each upload."""
    emulator.set_pace(seconds=0)
    for name in "abcd":
        shutil.copyfile(DOCUMENT, folder / f"{name}.pdf")
    inputs = [{"file": f"file://{folder}/{name}.pdf"} for name in "abc"]
    task = Task(lambda: vendor.batch(inputs, retries=1, **vendor.common), retries=1)
    kill_at(task, all_ids)
    first = [Entry.from_stored(entry) for entry in task.store[f"{KEY}_0000"]["entries"]]
    inputs[:] = [inputs[2], {"file": f"file://{folder}/d.pdf"}, inputs[0]]

    lines = list(BatchManifest(task.run()))

    assert lines[0]["execution_id"] == first[2].execution_id
    assert lines[2]["execution_id"] == first[0].execution_id
    assert started(emulator, vendor) == 3 + 1


def test_a_file_that_does_not_exist_is_named_and_the_others_go_on(emulator: Emulator, folder: Path) -> None:
    emulator.set_pace(seconds=0)
    shutil.copyfile(DOCUMENT, folder / "a.pdf")
    inputs = [{"file": f"file://{folder}/{name}.pdf"} for name in "ab"]
    task = batch_task(
        DATALAB_PIPELINES, inputs, pipeline_id=DATALAB_PIPELINES.succeeds, on_partial_failure="succeed"
    )

    first, second = BatchManifest(task.run())

    assert first["state"] == "succeeded"
    assert (second["state"], second["execution_id"]) == ("not_started", None)
    assert "b.pdf' does not exist" in second["error"]

"""
A run is started once over all tries of its task, whatever dies in between. Verdicts come from the emulator's ledger.

The process of a task dies here where its state store says so: at the writes that come before the POST and after it.
"""

from __future__ import annotations

import re
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import structlog
from airflow.providers.common.compat.sdk import AirflowTaskTimeout, TaskDeferred

from airflow_workflow_providers.core import errors
from airflow_workflow_providers.emulator import Emulator
from airflow_workflow_providers.operators.memory import KEY
from tests.task import StateStore, Task, TaskInstance
from tests.vendors import ALTOSTRAT, REFOLD, ROWS, Vendor

pytestmark = pytest.mark.usefixtures("emulator")

every_vendor = pytest.mark.parametrize("vendor", ROWS)
blocking_and_deferred = pytest.mark.parametrize("deferrable", [False, True], ids=["blocking", "deferred"])
#: The vendors whose lists can prove a run to be ours, how the emulator is told to show it, and an input that can.
PROVING = [
    pytest.param(REFOLD, {"tag": "shown"}, {}, id="refold"),
    pytest.param(
        ALTOSTRAT,
        {"trigger_payload": "shown"},
        {"context": {"site": "site_456"}},
        id="altostrat",
        marks=pytest.mark.every_vendor,
    ),
]


SAME = {"site": "site_456"}


class Died(BaseException):
    """The process of a task was killed: nothing after this line runs in it."""


class Store(StateStore):
    """A state store that counts its writes, and lets something happen at one of them."""

    def __init__(
        self, at: int = 0, happens: Callable[[], None] | None = None, *, acknowledged: bool = True
    ) -> None:
        super().__init__()
        self.writes: list[Any] = []
        self._at, self._happens, self._acknowledged = at, happens, acknowledged

    def set(self, key: str, value: Any) -> None:
        self.writes.append(value)
        happens = self._happens if len(self.writes) == self._at else None
        if happens and not self._acknowledged:
            happens()
        super().set(key, value)
        if happens:
            happens()


def die() -> None:
    raise Died


def refuse() -> None:
    raise ConnectionError("the API server does not answer")


def died(task: Task, at: int, *, acknowledged: bool = True) -> None:
    """Let a task's process die at a write to the store: 1 comes before the POST, 2 after it."""
    task.store = Store(at, die, acknowledged=acknowledged)
    with pytest.raises(Died):
        task.try_once()


def runs(emulator: Emulator, vendor: Vendor) -> list[dict[str, Any]]:
    return emulator.runs(vendor.conn_type)


def starts(emulator: Emulator, vendor: Vendor) -> int:
    return len(emulator.calls(vendor.conn_type, vendor.start))


# -- the intent -----------------------------------------------------------------------------------------------------


@every_vendor
@blocking_and_deferred
def test_an_intent_is_stored_before_the_post_and_the_id_right_after(
    vendor: Vendor, emulator: Emulator, deferrable: bool
) -> None:
    """At the first write the vendor has not been asked; at the second it has, and has not been looked at."""
    task = Task(lambda: vendor.task(deferrable=deferrable))
    seen: list[tuple[int, int]] = []

    class Watching(Store):
        def set(self, key: str, value: Any) -> None:
            looks = len(emulator.calls(vendor.conn_type, vendor.look))
            seen.append((starts(emulator, vendor), looks))
            super().set(key, value)

    store = task.store = Watching()
    task.run()

    assert seen == [(0, 0), (1, 0)]
    assert [write["execution_id"] for write in store.writes] == [
        None,
        runs(emulator, vendor)[0]["execution_id"],
    ]


@every_vendor
def test_a_start_whose_intent_cannot_be_stored_is_not_sent(vendor: Vendor, emulator: Emulator) -> None:
    """A process that Airflow does not hear any more must not start what nobody would know of."""
    task = Task(vendor.task)
    task.store = Store(1, refuse, acknowledged=False)

    with pytest.raises(errors.WorkflowError, match="nothing was started"):
        task.run()

    assert starts(emulator, vendor) == 0


@every_vendor
def test_a_run_whose_id_cannot_be_stored_is_stopped_and_named(vendor: Vendor, emulator: Emulator) -> None:
    """Where a vendor cannot stop a run, the error says so."""
    task = Task(lambda: vendor.task(vendor.goes_on))
    task.store = Store(2, refuse, acknowledged=False)

    with pytest.raises(errors.WorkflowError, match="could not store") as failed:
        task.run()

    (run,) = runs(emulator, vendor)
    assert run["stops"] == (1 if vendor.stop else 0)
    assert run["execution_id"] in str(failed.value)
    assert failed.value.execution_id == run["execution_id"]


@every_vendor
def test_a_start_that_was_refused_leaves_no_intent(vendor: Vendor, emulator: Emulator) -> None:
    """A retry after a refusal asks again, and says the refusal, not that a run may exist."""
    emulator.fail(vendor.conn_type, vendor.start, "status", status=403)
    task = Task(vendor.task, retries=1)

    record = task.run()

    assert isinstance(task.errors[0], errors.AuthFailed)
    assert [run["execution_id"] for run in runs(emulator, vendor)] == [record["execution_id"]]


@every_vendor
def test_a_task_that_was_told_to_stop_before_the_post_sends_none(vendor: Vendor, emulator: Emulator) -> None:
    """The signal comes while the intent is written; the operator is asked to stop, and there is nothing to stop yet."""
    task = Task(vendor.task)
    task.store = Store(1, lambda: task.operator.on_kill())  # noqa: PLW0108  # the operator is not there yet

    with pytest.raises(errors.ExecutionStopped):
        task.execute()

    assert starts(emulator, vendor) == 0
    assert KEY not in task.store


# -- a try that died in between -------------------------------------------------------------------------------------


@every_vendor
@blocking_and_deferred
@pytest.mark.parametrize("at", [1, 2], ids=["before the POST", "after it"])
def test_a_start_of_which_only_the_intent_is_known_is_lost(
    vendor: Vendor, emulator: Emulator, deferrable: bool, at: int
) -> None:
    """No later try sends anything; the error says when the run would have begun, and what to do."""
    task = Task(lambda: vendor.task(deferrable=deferrable), retries=3)
    died(task, at, acknowledged=at == 1)
    sent = starts(emulator, vendor)

    with pytest.raises(
        errors.LostStart, match=r"a run may exist.*begun at \d{4}-\d\d-\d\dT.*clear this task, or use it"
    ):
        task.try_once()

    assert starts(emulator, vendor) == sent == at - 1


def test_the_error_of_a_lost_start_names_the_label_of_the_run(emulator: Emulator) -> None:
    """Refold's runs carry a tag of ours, by which a person finds them in its console."""
    task = Task(lambda: REFOLD.task(REFOLD.goes_on), retries=1)
    died(task, 2, acknowledged=False)

    with pytest.raises(errors.LostStart) as lost:
        task.try_once()

    (run,) = runs(emulator, REFOLD)
    assert run["tag"] == re.search("'(airflow-[0-9a-f]{32})'", str(lost.value))[1]


@every_vendor
@blocking_and_deferred
def test_an_author_may_let_a_retry_start_anew(vendor: Vendor, emulator: Emulator, deferrable: bool) -> None:
    """``on_lost_start="restart"``: after a death and after a lost answer alike."""
    task = Task(lambda: vendor.task(deferrable=deferrable, on_lost_start="restart"), retries=1)
    died(task, 2, acknowledged=False)
    emulator.fail(vendor.conn_type, vendor.start, "lost_answer")
    task.tries = 0

    record = task.run()

    assert [type(error) for error in task.errors] == [errors.UncertainStart]
    assert [run["execution_id"] for run in runs(emulator, vendor)][2:] == [record["execution_id"]]


@pytest.mark.parametrize(("vendor", "shown", "given"), PROVING)
@blocking_and_deferred
@pytest.mark.parametrize("gone", ["answer", "process"])
def test_a_run_that_the_vendors_own_data_prove_to_be_ours_is_adopted(
    vendor: Vendor,
    emulator: Emulator,
    shown: dict[str, str],
    given: dict[str, Any],
    deferrable: bool,
    gone: str,
) -> None:
    """Whether the answer of the start was lost, or the process that had it: one run, and its record."""
    emulator.configure(vendor.conn_type, **shown)
    task = Task(lambda: vendor.task(deferrable=deferrable, **given), retries=1)
    if gone == "process":
        died(task, 2, acknowledged=False)
    else:
        emulator.fail(vendor.conn_type, vendor.start, "lost_answer")

    record = task.run()

    assert record["state"] == "succeeded"
    assert [run["execution_id"] for run in runs(emulator, vendor)] == [record["execution_id"]]


def test_a_run_is_adopted_only_if_exactly_one_is_proved_to_be_ours(emulator: Emulator) -> None:
    """Two Altostrat runs of the same workflow with the same context: nobody can tell which is which."""
    emulator.configure("altostrat", trigger_payload="shown")
    Task(lambda: ALTOSTRAT.task(context=SAME)).run()
    emulator.fail("altostrat", "execute", "lost_answer")

    with pytest.raises(errors.LostStart):
        Task(lambda: ALTOSTRAT.task(context=SAME), retries=1).run()

    assert len(runs(emulator, ALTOSTRAT)) == 2


def test_a_run_with_another_input_is_not_adopted(emulator: Emulator) -> None:
    """It was begun in the same minute, and is somebody else's."""
    emulator.configure("altostrat", trigger_payload="shown")
    Task(lambda: ALTOSTRAT.task(context={"of": "another"})).run()
    emulator.fail("altostrat", "execute", "lost_answer", carry_out=False)

    with pytest.raises(errors.LostStart):
        Task(lambda: ALTOSTRAT.task(context={"of": "ours"})).run()


def test_an_equal_run_of_another_time_is_not_adopted(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody else's run with the same input, which was begun an hour ago."""
    emulator.configure("altostrat", trigger_payload="shown")
    now = time.time
    Task(lambda: ALTOSTRAT.task(context=SAME)).run()
    monkeypatch.setattr(time, "time", lambda: now() + 3600)
    emulator.fail("altostrat", "execute", "lost_answer", carry_out=False)

    with pytest.raises(errors.LostStart):
        Task(lambda: ALTOSTRAT.task(context=SAME)).run()


def test_a_run_without_an_input_proves_nothing(emulator: Emulator) -> None:
    """Every such run is like any other."""
    emulator.configure("altostrat", trigger_payload="shown")
    Task(lambda: ALTOSTRAT.task(context={})).run()
    emulator.fail("altostrat", "execute", "lost_answer", carry_out=False)

    with pytest.raises(errors.LostStart):
        Task(lambda: ALTOSTRAT.task(context={})).run()


@pytest.mark.parametrize(("vendor", "shown", "given"), PROVING)
def test_an_execution_timeout_while_a_lost_run_is_looked_for_leaves_the_start_lost(
    vendor: Vendor, emulator: Emulator, shown: dict[str, str], given: dict[str, Any]
) -> None:
    """Airflow's own error would let a retry start a second run, where no intent is kept."""
    emulator.configure(vendor.conn_type, **shown)
    emulator.fail(vendor.conn_type, vendor.start, "lost_answer")
    emulator.fail(vendor.conn_type, "list", "hang")
    task = Task(lambda: vendor.task(**given), retries=1, store=False)

    with alarm(1.0, AirflowTaskTimeout("Timeout")), pytest.raises(errors.LostStart):
        task.run()

    assert starts(emulator, vendor) == 1


@contextmanager
def alarm(seconds: float, error: BaseException) -> Iterator[None]:
    """Raise in the middle of whatever goes on, as Airflow's ``execution_timeout`` does."""

    def ring(*_: object) -> None:
        raise error

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize(("vendor", "shown", "given"), PROVING)
def test_a_list_that_cannot_be_read_adopts_nothing(
    vendor: Vendor, emulator: Emulator, shown: dict[str, str], given: dict[str, Any]
) -> None:
    """The start is as lost as without a list, and the log says why nothing was found."""
    emulator.configure(vendor.conn_type, **shown)
    emulator.fail(vendor.conn_type, "list", "html", times=None)
    task = Task(lambda: vendor.task(**given), retries=1)
    died(task, 2, acknowledged=False)

    with structlog.testing.capture_logs() as logs, pytest.raises(errors.LostStart):
        task.try_once()

    assert len([entry for entry in logs if "could not be looked up" in str(entry)]) == 1


# -- another input, and a clear -------------------------------------------------------------------------------------


@every_vendor
@blocking_and_deferred
def test_a_retry_with_another_input_starts_anew_and_stops_the_old_run(
    vendor: Vendor, emulator: Emulator, deferrable: bool
) -> None:
    """The old run's id is in the log; nobody waits for it any more."""
    workflows = iter([vendor.goes_on, vendor.succeeds, vendor.succeeds])
    task = Task(lambda: vendor.task(next(workflows), deferrable=deferrable), retries=1)
    died(task, 2)
    (old,) = runs(emulator, vendor)

    with structlog.testing.capture_logs() as logs:
        record = task.try_once()

    assert record["execution_id"] == runs(emulator, vendor)[1]["execution_id"]
    assert runs(emulator, vendor)[0]["stops"] == (1 if vendor.stop else 0)
    said = [entry for entry in logs if old["execution_id"] in str(entry) and "another now" in str(entry)]
    assert len(said) == 1


@every_vendor
@blocking_and_deferred
def test_a_cleared_task_can_take_up_what_it_had(vendor: Vendor, emulator: Emulator, deferrable: bool) -> None:
    """``on_clear="take_up"``: the result of a run that has succeeded is returned again, and nothing is started."""
    task = Task(lambda: vendor.task(deferrable=deferrable, on_clear="take_up"))
    first = task.run()
    task.clear()

    assert task.run() == first
    assert len(runs(emulator, vendor)) == 1


@every_vendor
def test_what_a_cleared_task_has_taken_up_is_its_own(vendor: Vendor, emulator: Emulator) -> None:
    """A retry after it finds no clear in between."""
    task = Task(lambda: vendor.task(vendor.goes_on, on_clear="take_up"), retries=1)
    died(task, 2)
    task.clear()
    emulator.fail(vendor.conn_type, vendor.look, "html", times=None, after=1)

    with pytest.raises(errors.WorkflowError):
        task.try_once()
    assert task.store[KEY]["max_tries"] == task.max_tries

    assert len(runs(emulator, vendor)) == 1


@every_vendor
def test_a_cleared_task_starts_anew_where_an_earlier_start_was_lost(
    vendor: Vendor, emulator: Emulator
) -> None:
    """Whoever clears has read the error and looked: the log says it once more."""
    task = Task(vendor.task, retries=1)
    died(task, 2, acknowledged=False)
    task.clear()

    with structlog.testing.capture_logs() as logs:
        record = task.run()

    assert record["execution_id"] == runs(emulator, vendor)[1]["execution_id"]
    assert len([entry for entry in logs if "cleared since, so a new run is started" in str(entry)]) == 1


@every_vendor
def test_a_run_that_is_wanted_no_more_and_cannot_be_looked_at_does_not_hold_up_a_clear(
    vendor: Vendor, emulator: Emulator
) -> None:
    """The connection may belong to another account by now; the old run is named in the log."""
    task = Task(vendor.task)
    first = task.run()
    task.clear()
    emulator.fail(vendor.conn_type, vendor.look, "status", status=403)

    with structlog.testing.capture_logs() as logs:
        record = task.run()

    assert record["execution_id"] != first["execution_id"]
    assert any(first["execution_id"] in str(entry) and "may go on" in str(entry) for entry in logs)


@every_vendor
def test_a_record_that_cannot_be_read_is_a_lost_start_and_no_clear(
    vendor: Vendor, emulator: Emulator
) -> None:
    """It may stand for a run: of a later release, after a downgrade."""
    task = Task(vendor.task, retries=1)
    task.store[KEY] = {"version": 99, "run": "70001"}

    with pytest.raises(errors.LostStart):
        task.try_once()

    assert starts(emulator, vendor) == 0


@every_vendor
def test_a_run_that_is_stored_is_not_stopped_because_a_later_write_fails(
    vendor: Vendor, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """XCom cannot be written: the task fails, and its retry takes the run up, without a write that could fail again."""
    task = Task(vendor.task, retries=1)
    store = task.store = Store()
    push = TaskInstance.xcom_push

    def fail_once(self: TaskInstance, key: str, value: Any) -> None:
        monkeypatch.setattr(TaskInstance, "xcom_push", push)
        raise ConnectionError("the backend is down")

    monkeypatch.setattr(TaskInstance, "xcom_push", fail_once)

    record = task.run()

    assert "A retry takes it up" in str(task.errors[0])
    assert [(run["execution_id"], run["stops"]) for run in runs(emulator, vendor)] == [
        (record["execution_id"], 0)
    ]
    assert len(store.writes) == 2


# -- a process that Airflow has given up ----------------------------------------------------------------------------


@every_vendor
@pytest.mark.parametrize("why", ["airflow does not answer", "another try has begun"])
def test_a_process_that_airflow_has_given_up_stops_no_run_at_its_deadline(
    vendor: Vendor, emulator: Emulator, why: str
) -> None:
    """Its supervisor was killed, and another try waits for the run by now."""
    task = Task(lambda: vendor.task(vendor.goes_on, timeout=0.4))
    reads = []

    class Given(Store):
        def get(self, key: str, default: Any = None) -> Any:
            reads.append(key)
            if len(reads) == 1:
                return super().get(key, default)
            if why == "airflow does not answer":
                raise ConnectionError("the supervisor is gone")
            # To a try that is none any more Airflow says that there is no record, and lets it write none.
            self._at, self._happens, self._acknowledged = len(self.writes) + 1, refuse, False
            return default

    store = task.store = Given()

    with pytest.raises(errors.ExecutionTimedOut, match="left to go on: another try"):
        task.run()

    assert store.writes
    assert [run["stops"] for run in runs(emulator, vendor)] == [0]


@every_vendor
def test_a_record_that_airflow_has_dropped_is_no_reason_to_leave_a_run(
    vendor: Vendor, emulator: Emulator
) -> None:
    """The state store keeps nothing for ever; the run is this task's all the same."""
    task = Task(lambda: vendor.task(vendor.goes_on, timeout=0.4))

    class Forgetful(Store):
        def get(self, key: str, default: Any = None) -> Any:
            return default

    task.store = Forgetful()

    with pytest.raises(errors.ExecutionTimedOut):
        task.run()

    assert [run["stops"] for run in runs(emulator, vendor)] == [1 if vendor.stop else 0]


# -- resumed by something else --------------------------------------------------------------------------------------


@every_vendor
@pytest.mark.parametrize("kind", ["operator", "sensor"])
def test_a_task_that_something_else_resumes_waits_on(vendor: Vendor, emulator: Emulator, kind: str) -> None:
    """A person's answer resumes a deferred task too; it says nothing of the run. The deadline stays as it was."""
    emulator.set_pace(looks=4)
    make = lambda: vendor.task(deferrable=True, timeout=300)  # noqa: E731
    if kind == "sensor":
        run_id = Task(lambda: vendor.task(wait_for_completion=False)).run()["execution_id"]
        make = lambda: vendor.sensor(  # noqa: E731
            task_id="wait",
            execution_id=run_id,
            deferrable=True,
            poke_interval=0.01,
        )
    task = Task(make)
    deferred = deferral(task.execute)

    again = deferral(lambda: task.resume(deferred, {"chosen_options": ["Approve"], "params_input": {}}))

    assert again.trigger.serialize() == deferred.trigger.serialize()
    assert task.resume(again, task.fire(again))["state"] == "succeeded"
    assert len(runs(emulator, vendor)) == 1


@every_vendor
def test_a_task_that_is_resumed_when_its_run_is_over_ends_as_the_run_did(
    vendor: Vendor, emulator: Emulator
) -> None:
    emulator.set_pace(looks=4)
    task = Task(lambda: vendor.task(deferrable=True, timeout=300))
    deferred = deferral(task.execute)
    emulator.set_pace(seconds=0)

    assert task.resume(deferred, None)["state"] == "succeeded"


@every_vendor
def test_an_event_that_is_none_of_ours_is_no_success(vendor: Vendor, emulator: Emulator) -> None:
    """Where the deferral has kept nothing of the wait, as one of an older release."""
    task = Task(lambda: vendor.task(deferrable=True, timeout=300))
    emulator.set_pace(looks=4)
    deferred = deferral(task.execute)
    deferred.kwargs = None

    with pytest.raises(errors.WorkflowError, match="cannot read"):
        task.resume(deferred, {"state": "success"})


def deferral(call: Callable[[], Any]) -> Any:
    with pytest.raises(TaskDeferred) as deferred:
        call()
    return deferred.value

"""A try that died between the intent and the id: its run is lost, or proved to be ours."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest
import structlog
from airflow.providers.common.compat.sdk import AirflowTaskTimeout

from airflow_workflow_providers.core import errors
from airflow_workflow_providers.emulator import Emulator
from tests.laws import blocking_and_deferred, runs, starts
from tests.laws.dying import died
from tests.task import Task
from tests.vendors import ALTOSTRAT, REFOLD, Vendor

#: The vendors whose lists can prove a run to be ours, how the emulator is told to show it, and an input that can.
PROVING = [
    pytest.param(REFOLD, {"tag": "shown"}, {}, id="refold"),
    pytest.param(
        ALTOSTRAT,
        {"trigger_payload": "shown"},
        {"context": {"site": "site_456"}, "nonce_key": "airflow"},
        id="altostrat",
        marks=pytest.mark.every_vendor,
    ),
]


SAME = {"site": "site_456"}


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


@pytest.mark.every_vendor
@blocking_and_deferred
@pytest.mark.parametrize("nonce_key", [None, "airflow"])
def test_an_equal_run_proves_nothing(emulator: Emulator, deferrable: bool, nonce_key: str | None) -> None:
    """Another task has started the same Altostrat workflow with the same context at the same time; ours never began."""
    emulator.configure("altostrat", trigger_payload="shown")
    Task(lambda: ALTOSTRAT.task(context=SAME, nonce_key=nonce_key)).run()
    emulator.fail("altostrat", "execute", "lost_answer", carry_out=False)

    with pytest.raises(errors.LostStart):
        Task(
            lambda: ALTOSTRAT.task(context=SAME, nonce_key=nonce_key, deferrable=deferrable), retries=1
        ).run()

    assert len(runs(emulator, ALTOSTRAT)) == 1


@pytest.mark.every_vendor
def test_without_a_nonce_no_run_is_looked_for(emulator: Emulator) -> None:
    """Nothing that Altostrat shows could prove one."""
    emulator.configure("altostrat", trigger_payload="shown")
    emulator.fail("altostrat", "execute", "lost_answer")

    with pytest.raises(errors.LostStart):
        Task(lambda: ALTOSTRAT.task(context=SAME), retries=1).run()

    assert emulator.calls("altostrat", "list") == []


@pytest.mark.every_vendor
def test_a_nonce_is_new_for_each_start_and_no_part_of_the_input(emulator: Emulator) -> None:
    """A retry reattaches to the run of the try before, whose context carries another one."""
    task = Task(
        lambda: ALTOSTRAT.task(ALTOSTRAT.goes_on, context=SAME, nonce_key="airflow", timeout=0.4), retries=1
    )
    with pytest.raises(errors.ExecutionTimedOut):
        task.run()
    task.clear()
    with pytest.raises(errors.ExecutionTimedOut):
        task.run()

    first, second = (run["input"] for run in runs(emulator, ALTOSTRAT))
    assert first.keys() == second.keys() == {"site", "airflow"}
    assert first["airflow"] != second["airflow"]
    assert task.tries == 4


@pytest.mark.parametrize(
    ("vendor", "shown", "given", "more"),
    [
        pytest.param(REFOLD, {"tag": "shown"}, {}, 210, id="refold"),
        pytest.param(
            ALTOSTRAT,
            {"trigger_payload": "shown"},
            {"context": SAME, "nonce_key": "airflow"},
            40,
            id="altostrat",
            marks=pytest.mark.every_vendor,
        ),
    ],
)
def test_a_run_is_found_on_whatever_page_of_the_list_it_is(
    vendor: Vendor, emulator: Emulator, shown: dict[str, str], given: dict[str, Any], more: int
) -> None:
    """Others have started more runs in the same minute than a page holds."""
    emulator.configure(vendor.conn_type, **shown)
    emulator.set_pace(seconds=0)
    task = Task(lambda: vendor.task(**given), retries=1)
    if vendor is ALTOSTRAT:  # newest first: the others come after ours
        died(task, 2, acknowledged=False)
    with closing(vendor.hook()) as hook:
        for _ in range(more):
            hook.send(vendor.task().start_call(60.0))
    if vendor is REFOLD:  # oldest first: they come before it
        died(task, 2, acknowledged=False)
    started = len(runs(emulator, vendor))

    record = task.try_once()

    assert record["state"] == "succeeded"
    assert len(runs(emulator, vendor)) == started
    assert len(emulator.calls(vendor.conn_type, "list")) >= 3


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

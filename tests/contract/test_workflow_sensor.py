"""A sensor waits for the newest run of a workflow, which another system starts."""

from __future__ import annotations

import time
from contextlib import closing
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowSensorTimeout, AirflowSkipException, TaskDeferred

from airflow_workflow_providers.core import errors
from airflow_workflow_providers.emulator import Emulator
from tests.contract import blocking_and_deferred, requests, start
from tests.fake_airflow import Task
from tests.vendors import REFOLD, ROWS, VendorCase

pytestmark = pytest.mark.parametrize("vendor", [row for row in ROWS if row.values[0].hook.api.find_newest])

HOUR = timedelta(hours=1)


def now() -> datetime:
    return datetime.now(timezone.utc)


def id_of(vendor: VendorCase, workflow: str) -> str:
    """Return the id of a workflow of the emulator; Refold's list does not know aliases."""
    if vendor is not REFOLD:
        return workflow
    with closing(vendor.hook()) as hook:
        return next(doc["_id"] for doc in hook.list_workflows(limit=100)["docs"] if doc["name"] == workflow)


def sensor(vendor: VendorCase, workflow: str = "", **options: Any) -> Any:
    given = {vendor.workflow: id_of(vendor, workflow or vendor.succeeds), "started_after": now() - HOUR}
    return vendor.workflow_sensor(
        task_id="wait", **{"poke_interval": 0.01, "timeout": 30, **given, **options}
    )


def pokes(vendor: VendorCase, emulator: Emulator) -> int:
    """Return how often the list of executions was read."""
    return len(requests(emulator, vendor, vendor.list_statuses))


@blocking_and_deferred
def test_the_newest_run_is_waited_for(vendor: VendorCase, emulator: Emulator, deferrable: bool) -> None:
    """The record is that of the operator. The id is in XCom before the end."""
    emulator.set_pace(status_checks=4)
    old, new, _ = (start(vendor, name) for name in (vendor.succeeds, vendor.succeeds, vendor.goes_on))
    task = Task(lambda: sensor(vendor, deferrable=deferrable))

    record = task.run()

    assert (record["execution_id"], record["state"]) == (new, "succeeded")
    assert old != new
    assert task.xcom["execution_id"] == new
    assert len(task.deferrals) == deferrable
    assert task.reschedules == 0


@pytest.mark.parametrize("options", [{"deferrable": True}, {"mode": "reschedule"}], ids=str)
def test_the_task_holds_no_worker_until_a_run_has_begun(
    vendor: VendorCase, emulator: Emulator, options: dict[str, Any]
) -> None:
    """Each look at the list is a process of its own."""
    emulator.set_pace(status_checks=4)
    processes, started = [], []

    def make() -> Any:
        processes.append(1)
        if len(processes) == 3:
            started.append(start(vendor, vendor.succeeds))
        return sensor(vendor, **options)

    task = Task(make)

    assert task.run()["execution_id"] == started[0]
    assert task.reschedules >= 2
    assert bool(task.deferrals) == ("deferrable" in options)


def test_on_a_worker_the_task_looks_again_until_a_run_has_begun(
    vendor: VendorCase, emulator: Emulator
) -> None:
    emulator.set_pace(status_checks=4)
    task = Task(lambda: None)
    waits = sensor(vendor, deferrable=False)
    context = task.context(waits)

    assert [waits.poke(context), waits.poke(context)] == [False, False]
    started = start(vendor, vendor.succeeds)
    assert waits.poke(context) is False  # it has begun, and not ended
    while not (done := waits.poke(context)):
        pass

    assert done.xcom_value["execution_id"] == started
    assert pokes(vendor, emulator) == 3


@blocking_and_deferred
def test_a_newer_run_changes_nothing_for_a_wait(
    vendor: VendorCase, emulator: Emulator, deferrable: bool
) -> None:
    emulator.set_pace(status_checks=4)
    first = start(vendor, vendor.succeeds)
    task = Task(lambda: sensor(vendor, deferrable=deferrable))
    if deferrable:
        with pytest.raises(TaskDeferred) as deferred:
            task.execute()
        start(vendor, vendor.succeeds)
        record = task.resume(deferred.value, task.fire(deferred.value))
    else:
        waits = task.make()
        context = task.context(waits)
        assert waits.poke(context) is False
        start(vendor, vendor.succeeds)
        while not (done := waits.poke(context)):
            pass
        record = done.xcom_value

    assert record["execution_id"] == first


@blocking_and_deferred
def test_a_run_that_began_before_does_not_count(
    vendor: VendorCase, emulator: Emulator, deferrable: bool
) -> None:
    """At the deadline the error names the workflow."""
    start(vendor, vendor.succeeds)
    options = {"started_after": now() + HOUR, "timeout": 0.3, "deferrable": deferrable}
    task = Task(lambda: sensor(vendor, **options))

    with pytest.raises(AirflowSensorTimeout, match=r"No execution of .* workflow .* was found") as late:
        task.run()

    assert isinstance(late.value, errors.ExecutionTimedOut)
    assert task.reschedules > 0 if deferrable else task.reschedules == 0
    with pytest.raises(AirflowSkipException):
        Task(lambda: sensor(vendor, **options, soft_fail=True)).run()


def test_the_deadline_of_a_rescheduled_task_counts_from_its_first_process(
    vendor: VendorCase, emulator: Emulator
) -> None:
    run_id = start(vendor, vendor.goes_on)
    task = Task(lambda: sensor(vendor, vendor.goes_on, deferrable=True, timeout=600))
    task.rescheduled_at = now() - HOUR

    with pytest.raises(AirflowSensorTimeout, match=run_id):
        task.execute()

    task.rescheduled_at = now() - timedelta(seconds=300)
    with pytest.raises(TaskDeferred) as deferred:
        task.execute()
    assert 290 < deferred.value.trigger.serialize()[1]["deadline"] - time.time() < 301


@blocking_and_deferred
def test_a_run_that_failed_fails_the_sensor_and_names_it(
    vendor: VendorCase, emulator: Emulator, deferrable: bool
) -> None:
    run_id = start(vendor, vendor.fails)

    with pytest.raises(errors.ExecutionFailed, match=vendor.failure) as failed:
        Task(lambda: sensor(vendor, vendor.fails, deferrable=deferrable)).run()

    assert failed.value.execution_id == run_id


def test_airflows_own_timeout_of_a_deferral_names_the_run(vendor: VendorCase, emulator: Emulator) -> None:
    """No triggerer was running."""
    run_id = start(vendor, vendor.goes_on)
    task = Task(lambda: sensor(vendor, vendor.goes_on, deferrable=True))
    with pytest.raises(TaskDeferred):
        task.execute()

    with pytest.raises(AirflowSensorTimeout, match=run_id):
        task.resume_with_error("Trigger timeout")


@blocking_and_deferred
@pytest.mark.parametrize(
    ("fault", "options"),
    [("server_error", {}), ("rate_limit", {"retry_after": 0}), ("reset", {}), ("html", {}), ("not_json", {})],
)
def test_a_list_that_cannot_be_read_for_a_while_is_read_again(
    vendor: VendorCase, emulator: Emulator, deferrable: bool, fault: str, options: dict[str, Any]
) -> None:
    run_id = start(vendor, vendor.succeeds)
    emulator.fail(vendor.conn_type, str(vendor.list_statuses), fault, times=2, **options)

    assert Task(lambda: sensor(vendor, deferrable=deferrable)).run()["execution_id"] == run_id


@pytest.mark.parametrize(
    ("fault", "options", "error", "reads"),
    [
        ("html", {}, errors.UnexpectedResponse, 5),
        ("status", {"status": 404}, errors.NotFound, 1),
        ("status", {"status": 403}, errors.AuthFailed, 1),
    ],
)
def test_a_list_that_stays_unreadable_fails_the_sensor(
    vendor: VendorCase,
    emulator: Emulator,
    fault: str,
    options: dict[str, Any],
    error: type[errors.WorkflowError],
    reads: int,
) -> None:
    emulator.fail(vendor.conn_type, str(vendor.list_statuses), fault, times=None, **options)

    with pytest.raises(error):
        Task(lambda: sensor(vendor, mode="reschedule")).run()

    assert pokes(vendor, emulator) == reads
    with pytest.raises(AirflowSkipException, match="Skipped by soft_fail"):
        Task(lambda: sensor(vendor, soft_fail=True)).run()


def test_its_lineage_names_the_workflow_and_the_run(
    vendor: VendorCase, emulator: Emulator, caplog: pytest.LogCaptureFixture
) -> None:
    emulator.set_pace(seconds=0)
    run_id = start(vendor, vendor.succeeds)
    task = Task(lambda: sensor(vendor, deferrable=False))

    task.run()

    known = task.operator._lineage()
    assert (known.workflow, known.execution_id) == (id_of(vendor, vendor.succeeds), run_id)
    assert "lineage" not in caplog.text
    assert "was not told" not in caplog.text


def test_by_default_the_run_belongs_to_the_data_interval_of_the_dag_run(
    vendor: VendorCase, emulator: Emulator
) -> None:
    """A DAG run without a data interval has the time from which it may run."""
    emulator.set_pace(seconds=0)
    start(vendor, vendor.succeeds)

    class DagRun:
        run_after = now() - HOUR

    def finds(**context: Any) -> bool:
        task = Task(lambda: None)
        waits = sensor(vendor, started_after=None, deferrable=False)
        with closing(waits.hook):
            return bool(waits.poke({**task.context(waits), "dag_run": DagRun, **context}))

    assert finds(data_interval_end=now() - HOUR)
    assert not finds(data_interval_end=now() + HOUR)
    assert finds(data_interval_end=None)
    assert finds()
    DagRun.run_after = now() + HOUR
    assert not finds()


def test_bad_parameters_are_rejected_at_parse_and_templates_are_not(vendor: VendorCase) -> None:
    bad: list[tuple[dict[str, Any], str]] = [
        ({vendor.workflow: ""}, vendor.workflow),
        ({vendor.workflow: ".."}, vendor.workflow),
        ({vendor.workflow: None}, vendor.workflow),
        ({"started_after": "yesterday"}, "started_after"),
        ({"started_after": 7}, "started_after"),
        ({"started_after": timedelta(hours=1)}, "started_after"),
        ({"execution_id": "6a31"}, "execution_id"),
        ({"poke_interval": -1}, "poke_interval"),
    ]
    right = {"task_id": "wait", vendor.workflow: "7"}

    for given, name in bad:
        with pytest.raises(errors.InvalidInput, match=name):
            vendor.workflow_sensor(**{**right, **given})
    for value in ("{{ data_interval_start }}", "2026-01-31", "2026-01-31T06:00:00Z", now(), None):
        assert vendor.workflow_sensor(**right, started_after=value).started_after == value
    assert set(vendor.workflow_sensor.template_fields) == {
        vendor.workflow,
        "started_after",
        *set(vendor.sensor.template_fields) - {"execution_id"},
    }


def test_a_template_over_nothing_fails_before_anything_is_sent(
    vendor: VendorCase, emulator: Emulator
) -> None:
    for given in ({vendor.workflow: "None"}, {"started_after": "None"}):
        waits = sensor(vendor)
        waits.__dict__.update(given)
        with pytest.raises(errors.InvalidInput, match=next(iter(given))):
            Task(lambda waits=waits: waits).run()  # type: ignore[misc]  # made here

    assert pokes(vendor, emulator) == 0

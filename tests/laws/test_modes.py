"""Law 9: blocking and deferred end alike."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import pytest

from airflow_workflow_providers.core import errors
from airflow_workflow_providers.emulator import Emulator
from tests.laws import blocking_and_deferred, runs, start
from tests.task import Task, outcome
from tests.vendors import Vendor


def test_blocking_and_deferred_end_alike(vendor: Vendor, emulator: Emulator) -> None:
    """The same record, or the same class of error, whatever becomes of the run."""
    endings = {
        workflow: [
            outcome(Task(lambda: vendor.task(workflow, deferrable=deferrable, timeout=timeout)))  # noqa: B023  # run at once
            for deferrable in (False, True)
        ]
        for workflow, timeout in (
            (vendor.succeeds, 60),
            (vendor.fails, 60),
            (vendor.goes_on, 0.4),
            (vendor.partial, 60),
            (vendor.unknown, 60),
        )
        if workflow
    }

    assert [workflow for workflow, (here, there) in endings.items() if here != there] == []
    assert endings[vendor.succeeds][0][0] == "record"
    assert endings[vendor.fails][0] == ("error", "ExecutionFailed")
    assert endings[vendor.goes_on][0] == ("error", "ExecutionTimedOut")


@blocking_and_deferred
def test_the_id_is_in_xcom_before_the_wait(vendor: Vendor, emulator: Emulator, deferrable: bool) -> None:
    """Another task can take it while the run goes on; and so can the button to the vendor's page."""
    emulator.fail(vendor.conn_type, vendor.look, "html", times=None)
    task = Task(lambda: vendor.task(deferrable=deferrable))

    with pytest.raises(errors.UnreadableAnswer):
        task.run()

    (run,) = runs(emulator, vendor)
    assert task.xcom["execution_id"] == run["execution_id"]


def test_without_a_wait_the_task_ends_at_once_and_a_sensor_waits_elsewhere(
    vendor: Vendor, emulator: Emulator
) -> None:
    """Start here, wait there: the sensor ends in the record that the operator would have ended in."""
    whole = Task(vendor.task).run()
    started = Task(lambda: vendor.task(wait_for_completion=False)).run()

    def sensor(**options: Any) -> Any:
        return vendor.sensor(
            task_id="wait", execution_id=started["execution_id"], poke_interval=0.01, **options
        )

    assert started["state"] in ("queued", "running")
    assert started["output"] is None
    for deferrable in (False, True):
        waited = Task(lambda: sensor(deferrable=deferrable)).run()  # noqa: B023  # run at once
        assert {**waited, "execution_id": "", "url": ""} == {**whole, "execution_id": "", "url": ""}


@blocking_and_deferred
def test_a_sensor_ends_as_its_run_ends_and_never_stops_it(
    vendor: Vendor, emulator: Emulator, deferrable: bool
) -> None:
    """It did not start the run: its deadline is its own affair."""
    ids = {workflow: start(vendor, workflow) for workflow in (vendor.fails, vendor.goes_on)}

    def wait(workflow: str) -> Task:
        return Task(
            lambda: vendor.sensor(
                task_id="wait",
                execution_id=ids[workflow],
                poke_interval=0.05,
                timeout=0.4 if workflow == vendor.goes_on else 60,
                deferrable=deferrable,
            )
        )

    with pytest.raises(errors.ExecutionFailed, match=vendor.failure):
        wait(vendor.fails).run()
    with pytest.raises(errors.ExecutionTimedOut, match=ids[vendor.goes_on]):
        wait(vendor.goes_on).run()
    assert [run["stops"] for run in runs(emulator, vendor)] == [0, 0]


@blocking_and_deferred
def test_an_output_that_is_too_large_is_left_out_and_can_be_fetched(
    vendor: Vendor, emulator: Emulator, deferrable: bool
) -> None:
    """A huge answer is a result: the task succeeds, and its record says where the output is."""
    task = Task(lambda: vendor.task(deferrable=deferrable, max_inline_output=10))

    record = task.run()

    assert record["state"] == "succeeded"
    assert record["output"] is None
    assert record["output_omitted"]["bytes"] > 10
    assert record["execution_id"] in record["output_omitted"]["fetch"]
    with closing(vendor.hook()) as hook:
        assert hook.get_execution(record["execution_id"]).output


def test_a_task_has_a_button_where_its_vendor_has_a_page(vendor: Vendor, emulator: Emulator) -> None:
    """A button without an address would be dead, and Airflow would look for one at the end of each task."""
    with closing(vendor.hook()) as hook:
        page = hook.execution_url("1")

    for task in (vendor.task(), vendor.sensor(task_id="wait", execution_id="1")):
        assert [link.name for link in task.operator_extra_links] == (["Open execution"] if page else [])

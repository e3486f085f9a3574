"""Guarantee 9: a blocking and a deferred task end in the same way, and so does a sensor."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from airflow_workflow_providers.core import errors
from airflow_workflow_providers.emulator import Emulator
from airflow_workflow_providers.links import ExecutionLink
from tests.conftest import connect
from tests.contract import blocking_and_deferred, runs, start
from tests.fake_airflow import Task, outcome
from tests.vendors import VendorCase


def test_a_blocking_and_a_deferred_task_end_alike(vendor: VendorCase, emulator: Emulator) -> None:
    """With the same record or the same class of error, however the run ends."""
    ends = {
        workflow: [
            outcome(Task(lambda: vendor.task(workflow, deferrable=deferrable, timeout=timeout)))  # noqa: B023  # called at once
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

    assert {workflow for workflow, (blocking, deferred) in ends.items() if blocking != deferred} == set()
    assert ends[vendor.succeeds][0][0] == "record"
    assert ends[vendor.fails][0] == ("error", "ExecutionFailed")
    assert ends[vendor.goes_on][0] == ("error", "ExecutionTimedOut")
    assert ends[vendor.unknown][0][0] == "error"
    assert vendor.partial is None or ends[vendor.partial][0] == ("error", "ExecutionFailed")


@blocking_and_deferred
def test_the_id_is_in_xcom_before_the_wait(vendor: VendorCase, emulator: Emulator, deferrable: bool) -> None:
    """So another task can read it while the run goes on."""
    emulator.fail(vendor.conn_type, vendor.get_status, "html", times=None)
    task = Task(lambda: vendor.task(deferrable=deferrable))

    with pytest.raises(errors.UnexpectedResponse):
        task.run()

    (run,) = runs(emulator, vendor)
    assert task.xcom["execution_id"] == run["execution_id"]


def test_a_sensor_ends_with_the_record_of_the_operator(vendor: VendorCase, emulator: Emulator) -> None:
    """One task starts the run without a wait, and the sensor waits for it."""
    expected = Task(vendor.task).run()
    started = Task(lambda: vendor.task(wait_for_completion=False)).run()

    def wait(*, deferrable: bool) -> dict[str, object]:
        options = {"execution_id": started["execution_id"], "poke_interval": 0.01, "deferrable": deferrable}
        return Task(lambda: vendor.sensor(task_id="wait", **options)).run()

    assert started["state"] in ("queued", "running")
    assert started["output"] is None
    for record in (wait(deferrable=False), wait(deferrable=True)):
        assert {**record, "execution_id": "", "url": ""} == {**expected, "execution_id": "", "url": ""}


@blocking_and_deferred
def test_a_sensor_fails_with_its_run_and_never_stops_it(
    vendor: VendorCase, emulator: Emulator, deferrable: bool
) -> None:
    """Another task has started the run."""
    fails, goes_on = start(vendor, vendor.fails), start(vendor, vendor.goes_on)

    def wait(execution_id: str, timeout: float) -> None:
        options = {"poke_interval": 0.05, "timeout": timeout, "deferrable": deferrable}
        Task(lambda: vendor.sensor(task_id="wait", execution_id=execution_id, **options)).run()

    with pytest.raises(errors.ExecutionFailed, match=vendor.failure):
        wait(fails, 60)
    with pytest.raises(errors.ExecutionTimedOut, match=goes_on):
        wait(goes_on, 0.4)
    assert [run["stops"] for run in runs(emulator, vendor)] == [0, 0]


@blocking_and_deferred
def test_an_output_that_is_too_large_is_left_out_and_can_be_fetched(
    vendor: VendorCase, emulator: Emulator, tmp_path: Path, deferrable: bool
) -> None:
    """The task succeeds, and its record says how to fetch the output: what it says works."""
    task = Task(lambda: vendor.task(deferrable=deferrable, max_inline_output=10))

    record = task.run()

    assert (record["state"], record["output"]) == ("succeeded", None)
    omitted = record["output_omitted"]
    assert omitted["bytes"] is None or omitted["bytes"] > 10
    hook = f"{vendor.hook.__name__}('{vendor.conn_type}_default')"
    assert omitted["fetch"].startswith(f"{hook}.")
    fetch = omitted["fetch"].replace("s3://bucket/folder", f"file://{tmp_path}").replace(hook, "hook")
    with closing(vendor.hook()) as known:
        assert eval(fetch, {"hook": known})  # noqa: S307  # a person would paste it


@blocking_and_deferred
def test_the_button_leads_to_the_page_that_the_connection_names(
    vendor: VendorCase, emulator: Emulator, monkeypatch: pytest.MonkeyPatch, deferrable: bool
) -> None:
    """The record has the same address; without one, and without a documented page, nothing is stored for the button."""
    connect(monkeypatch, vendor, emulator, execution_url="https://console.example/{execution_id}")
    task = Task(lambda: vendor.task(deferrable=deferrable))
    with_page = task.run()
    page = task.xcom[ExecutionLink().xcom_key]

    connect(monkeypatch, vendor, emulator)
    plain = Task(lambda: vendor.task(deferrable=deferrable))
    record = plain.run()

    assert [link.name for link in vendor.task().operator_extra_links] == ["Open execution"]
    assert page == with_page["url"] == f"https://console.example/{with_page['execution_id']}"
    assert plain.xcom.get(ExecutionLink().xcom_key) == record["url"]

"""What a person sees of a run in Airflow: it follows the run, costs the run nothing, and shows no secret."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from airflow_workflow_providers.core.snapshot import KEY
from airflow_workflow_providers.emulator import Emulator
from tests.contract import blocking_and_deferred, runs, status_checks
from tests.fake_airflow import Task
from tests.vendors import VendorCase


@blocking_and_deferred
def test_a_run_can_be_followed_to_its_end(vendor: VendorCase, emulator: Emulator, deferrable: bool) -> None:
    """The same in the worker and over a deferral."""
    emulator.set_pace(status_checks=4)
    task = Task(lambda: vendor.task(deferrable=deferrable))

    record = task.run()

    shown = task.xcom[KEY]
    assert (shown["vendor"], shown["execution_id"]) == (vendor.hook().hook_name, record["execution_id"])
    assert (shown["state"], shown["status"]) == ("succeeded", record["status"])
    assert shown["began_at"] <= shown["changes"][0]["at"] <= shown["ended_at"]
    assert [change["state"] for change in shown["changes"]][-1] == "succeeded"
    assert len(shown["changes"]) > 1


@blocking_and_deferred
def test_a_result_in_object_storage_is_named(vendor: VendorCase, tmp_path: Path, deferrable: bool) -> None:
    task = Task(lambda: vendor.task(deferrable=deferrable, output_path=f"file://{tmp_path}"))

    record = task.run()

    output = task.xcom[KEY]["output"]
    assert output["bytes"] == sum(file["bytes"] for file in record["output"])
    assert all(file["uri"].startswith(output["uri"]) for file in record["output"])


@blocking_and_deferred
def test_a_run_without_success_is_shown_as_it_ended(
    vendor: VendorCase, emulator: Emulator, deferrable: bool
) -> None:
    task = Task(lambda: vendor.task(workflow=vendor.fails, deferrable=deferrable))

    with pytest.raises(Exception, match=vendor.failure or "failed"):
        task.run()

    assert task.xcom[KEY]["state"] == "failed"
    assert task.xcom[KEY]["ended_at"]
    assert len(runs(emulator, vendor)) == 1


@blocking_and_deferred
def test_a_change_is_stored_once(
    vendor: VendorCase, emulator: Emulator, monkeypatch: pytest.MonkeyPatch, deferrable: bool
) -> None:
    """However many status checks there are."""
    emulator.set_pace(status_checks=8)
    task = Task(lambda: vendor.task(deferrable=deferrable))
    written: list[Any] = []

    class Recorded(dict[str, Any]):
        def __setitem__(self, key: str, value: Any) -> None:
            if key == KEY:
                written.append(value)
            super().__setitem__(key, value)

    task.xcom = Recorded()
    task.run()

    assert len(written) < len(status_checks(emulator, vendor))
    assert all(one != other for one, other in pairwise(written))


@blocking_and_deferred
def test_a_run_whose_page_cannot_be_stored_ends_as_ever(
    vendor: VendorCase, emulator: Emulator, monkeypatch: pytest.MonkeyPatch, deferrable: bool
) -> None:
    task = Task(lambda: vendor.task(deferrable=deferrable))

    class Broken(dict[str, Any]):
        def __setitem__(self, key: str, value: Any) -> None:
            if key == KEY:
                raise ConnectionError("the API server does not respond")
            super().__setitem__(key, value)

    task.xcom = Broken()

    assert task.run()["state"] == "succeeded"
    assert len(runs(emulator, vendor)) == 1


@blocking_and_deferred
def test_switched_off_nothing_is_stored(
    vendor: VendorCase, monkeypatch: pytest.MonkeyPatch, deferrable: bool
) -> None:
    monkeypatch.setenv("AIRFLOW__WORKFLOW_PROVIDERS__EXECUTION_PAGE", "False")
    task = Task(lambda: vendor.task(deferrable=deferrable))

    task.run()

    assert KEY not in task.xcom


def test_a_batch_shows_how_far_it_is_and_what_failed(vendor: VendorCase) -> None:
    inputs = vendor.inputs(3)
    task = Task(lambda: vendor.batch(inputs, on_partial_failure="succeed", min_success=0))

    result = task.run()

    shown = task.xcom[KEY]["batch"]
    assert (shown["total"], shown["active"], shown["counts"]) == (3, 0, result["counts"])
    assert shown["progress"][-1]["done"] == 3
    assert shown["unsuccessful"] == []

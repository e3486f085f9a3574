"""``send_origin``: a person who sees a run at the vendor can tell which task has started it, if the vendor has labels."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from airflow_workflow_providers.core import errors
from airflow_workflow_providers.emulator import Emulator
from tests.contract import blocking_and_deferred, runs, starts
from tests.fake_airflow import Task
from tests.vendors import ROWS, VENDORS, VendorCase

LABELLED = [row for row in ROWS if row.values[0].hook.api.has_labels]
with_labels = pytest.mark.parametrize("vendor", LABELLED)

ORIGIN = {"dag_id": "contract", "run_id": "run"}


def shown(request: dict[str, Any]) -> dict[str, str]:
    """Return what a start tells of its task, without the names of the vendor's fields."""
    tag = str(request["headers"].get("instance_tag") or "")
    body = request["body"] if isinstance(request["body"], dict) else {}
    metadata = body.get("metadata") or {}
    pairs = [part.split("=", 1) for part in tag.split(" ") if "=" in part]
    return {**dict(pairs), **{name.removeprefix("airflow_"): value for name, value in metadata.items()}}


@with_labels
@blocking_and_deferred
def test_a_run_says_which_task_has_started_it(
    vendor: VendorCase, emulator: Emulator, deferrable: bool
) -> None:
    Task(lambda: vendor.task(deferrable=deferrable)).run()

    (request,) = starts(emulator, vendor)
    known = shown(request)
    assert {name: known.get(name) for name in ORIGIN} == ORIGIN
    assert known["task_id"] == vendor.task().task_id
    assert not {"map_index", "batch_index", "deployment_id"} & known.keys()


@with_labels
def test_it_tells_one_airflow_from_another_and_is_not_part_of_the_input(
    vendor: VendorCase, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A retry reattaches although the Airflow is called something else now; of a longer part only the begin is sent."""
    monkeypatch.setenv("AIRFLOW__WORKFLOW_PROVIDERS__DEPLOYMENT_ID", "prodüktion eins" + "x" * 1000)
    task = Task(lambda: vendor.task(workflow=vendor.goes_on, timeout=0.5, cancel_on_timeout=False), retries=1)
    if not vendor.stop:
        task = Task(lambda: vendor.task(workflow=vendor.goes_on, timeout=0.5), retries=1)
    with pytest.raises(errors.ExecutionTimedOut):
        task.try_once()
    monkeypatch.setenv("AIRFLOW__WORKFLOW_PROVIDERS__DEPLOYMENT_ID", "staging")
    with pytest.raises(errors.ExecutionTimedOut):
        task.try_once()

    (request,) = starts(emulator, vendor)
    deployment = shown(request)["deployment_id"]
    assert deployment.startswith(("prodüktion eins", "prod%C3%BCktion%20eins"))
    assert len(deployment) <= 110


@with_labels
def test_a_run_of_a_batch_says_which_input_it_has(
    vendor: VendorCase, emulator: Emulator, tmp_path: Path
) -> None:
    Task(lambda: vendor.batch(vendor.inputs(3), output_path=f"file://{tmp_path}")).run()

    assert sorted(shown(request)["batch_index"] for request in starts(emulator, vendor)) == ["0", "1", "2"]


@with_labels
def test_it_is_not_sent_if_the_author_does_not_want_it(vendor: VendorCase, emulator: Emulator) -> None:
    Task(lambda: vendor.task(send_origin=False)).run()

    (request,) = starts(emulator, vendor)
    assert shown(request) == {}


@with_labels
def test_what_the_author_says_is_kept(vendor: VendorCase, emulator: Emulator) -> None:
    own: dict[str, Any] = {"metadata": {"airflow_dag_id": "mine"}}
    if vendor.conn_type == "refold":
        own = {"instance_tag": "mine"}
    Task(lambda: vendor.task(**own)).run()

    (request,) = starts(emulator, vendor)
    assert "mine" in json.dumps([request["headers"].get("instance_tag"), shown(request).get("dag_id")])
    assert len(runs(emulator, vendor)) == 1


@pytest.mark.parametrize("vendor", [row for row in VENDORS if not row.hook.api.has_labels], ids=str)
def test_a_vendor_without_labels_refuses_the_parameter(vendor: VendorCase) -> None:
    with pytest.raises(errors.InvalidInput, match="send_origin does nothing"):
        vendor.task(send_origin=True)

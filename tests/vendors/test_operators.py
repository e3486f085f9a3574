"""What the operators and sensors of several vendors do alike."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_workflow_providers.core import errors
from airflow_workflow_providers.emulator import Emulator
from tests.contract import blocking_and_deferred
from tests.fake_airflow import Task
from tests.vendors import VENDORS, VendorCase
from tests.vendors.facts import FACTS

each_vendor = pytest.mark.parametrize("vendor", VENDORS, ids=str)
vendors_with_partial = pytest.mark.parametrize("vendor", [row for row in VENDORS if row.partial], ids=str)


@vendors_with_partial
@pytest.mark.parametrize("kind", ["operator", "sensor"])
@blocking_and_deferred
def test_failed_parts_fail_the_task_unless_its_author_accepts_them(
    vendor: VendorCase, emulator: Emulator, kind: str, deferrable: bool
) -> None:
    """The error names the parts. A run that failed as a whole is never accepted."""

    def end(workflow: str | None, **options: Any) -> dict[str, Any]:
        if kind == "operator":
            return Task(lambda: vendor.task(workflow, deferrable=deferrable, **options)).run()
        started = Task(lambda: vendor.task(workflow, wait_for_completion=False)).run()
        options = {"execution_id": started["execution_id"], "poke_interval": 0.01, **options}
        return Task(lambda: vendor.sensor(task_id="wait", deferrable=deferrable, **options)).run()

    with pytest.raises(errors.ExecutionFailed, match="finished with failed parts") as failed:
        end(vendor.partial)
    assert FACTS[vendor.name].failed_parts in str(failed.value)

    assert end(vendor.partial, on_partial_failure="succeed")["state"] == "partial"

    with pytest.raises(errors.ExecutionFailed, match=vendor.failure):
        end(vendor.fails, on_partial_failure="succeed")


@each_vendor
def test_a_task_that_does_not_wait_ends_after_its_start(vendor: VendorCase, emulator: Emulator) -> None:
    """Its record says that the run is going; no status is read."""
    record = Task(lambda: vendor.task(vendor.goes_on, wait_for_completion=False)).run()

    (run,) = emulator.runs(vendor.conn_type)
    assert record["execution_id"] == run["execution_id"]
    assert record["state"] in ("queued", "running")
    assert record["output"] is None
    assert emulator.requests(vendor.conn_type, vendor.get_status) == []

"""A process that Airflow has given up stops no run."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_workflow_providers.core import errors
from airflow_workflow_providers.emulator import Emulator
from tests.laws import runs
from tests.laws.dying import Store, refuse
from tests.task import Task
from tests.vendors import Vendor


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

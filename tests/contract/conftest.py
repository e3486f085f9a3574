"""Each test runs for every vendor."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from airflow.sdk.execution_time import task_runner

from airflow_workflow_providers.emulator import Emulator
from tests.contract import Airflow
from tests.vendors import ROWS, VendorCase


@pytest.fixture(params=ROWS)
def vendor(request: pytest.FixtureRequest, emulator: Emulator) -> VendorCase:
    """Return the row of a vendor; its default connection leads to the emulator."""
    return request.param


@pytest.fixture
def task_is(monkeypatch: pytest.MonkeyPatch) -> Callable[[str | None], Airflow]:
    """Return a function that sets the state of the task in Airflow."""

    def set_state(state: str | None) -> Airflow:
        airflow = Airflow(state)
        monkeypatch.setattr(task_runner, "SUPERVISOR_COMMS", airflow, raising=False)
        return airflow

    return set_state

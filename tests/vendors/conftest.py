"""Each test here has a default connection of every vendor that leads to the emulator."""

from __future__ import annotations

import pytest

from airflow_workflow_providers.emulator import Emulator


@pytest.fixture(autouse=True)
def connected(emulator: Emulator) -> None:
    """Set the connections, also for tests that do not use the emulator themselves."""

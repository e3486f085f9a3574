"""What is particular to one vendor is tried with its default connection set to the emulator."""

from __future__ import annotations

import pytest

from airflow_workflow_providers.emulator import Emulator


@pytest.fixture(autouse=True)
def connected(emulator: Emulator) -> None:
    """Set every vendor's default connection, also for tests that do not ask the emulator for anything."""

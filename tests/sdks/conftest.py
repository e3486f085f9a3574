from collections.abc import Iterator

import pytest

from airflow_workflow_providers.emulator import Emulator


@pytest.fixture(scope="session")
def running() -> Iterator[Emulator]:
    """Start one emulator for the whole folder; tests take `emulator`, which is reset before each test."""
    with Emulator() as emulator:
        yield emulator


@pytest.fixture
def emulator(running: Emulator) -> Emulator:
    """Return an emulator whose runs end at the second status check: clients with a pause between checks stay quick."""
    running.reset()
    running.set_pace(status_checks=2)
    return running

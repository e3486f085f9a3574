"""Before Airflow is imported: a home of its own, and nothing from outside."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

for _name in [name for name in os.environ if name.startswith("AIRFLOW_")]:
    del os.environ[_name]
_home = tempfile.TemporaryDirectory(prefix="awp-home-")
os.environ["AIRFLOW_HOME"] = _home.name
os.environ["AIRFLOW__CORE__LOAD_EXAMPLES"] = "False"
os.environ["AIRFLOW__CORE__UNIT_TEST_MODE"] = "False"
os.environ["AIRFLOW__CORE__DAGS_FOLDER"] = str(Path(_home.name) / "dags")
# No example says how often it looks; here, as often as it can.
os.environ["AIRFLOW__WORKFLOW_PROVIDERS__POLL_INTERVAL"] = "0.05"
# Loopback is reached directly, whatever the machine's environment says.
os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1,localhost"

from airflow_workflow_providers.emulator import Emulator  # noqa: E402  # after the home is set
from tests.vendors import VENDORS, Vendor  # noqa: E402


@pytest.fixture(scope="session")
def running_emulator() -> Iterator[Emulator]:
    """Give the emulator that all tests share; most want a clean one, ``emulator``."""
    with Emulator() as emulator:
        yield emulator


@pytest.fixture
def emulator(running_emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulator]:
    """Give a clean emulator, and a connection to each of its vendors under its default id."""
    running_emulator.reset()
    running_emulator.set_pace(looks=2)
    for vendor in VENDORS:
        connect(monkeypatch, vendor, running_emulator)
    yield running_emulator
    running_emulator.reset()


def connect(monkeypatch: pytest.MonkeyPatch, vendor: Vendor, emulator: Emulator, **extra: object) -> None:
    """Set the vendor's default connection to the emulator's account; ``extra`` fields are added."""
    connection = emulator.connection(vendor.conn_type)
    connection["extra"] = {**connection.get("extra", {}), **extra}
    monkeypatch.setenv(f"AIRFLOW_CONN_{vendor.conn_type.upper()}_DEFAULT", json.dumps(connection))

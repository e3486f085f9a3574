"""The emulator as pytest fixtures."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from airflow_workflow_providers.core import rate_limit

ROOT = Path(__file__).parents[2]
SHORTEST = "AIRFLOW__WORKFLOW_PROVIDERS__MIN_POLL_INTERVAL"


def test_loading_the_plugin_loads_neither_the_emulator_nor_airflow():
    """Every pytest session of everybody who has installed the package loads it."""
    code = (
        "import sys, pytest; before = set(sys.modules); import airflow_workflow_providers.pytest_plugin; "
        "print(*sorted(set(sys.modules) - before))"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert loaded.stdout.split() == ["airflow_workflow_providers", "airflow_workflow_providers.pytest_plugin"]


def test_a_test_has_every_connection_and_a_short_poll_interval(workflow_emulator):
    """Whatever the environment says: nobody waits a second for a run that ends at the second status check."""
    assert os.environ[SHORTEST] == "0.01"
    for vendor in workflow_emulator.vendors:
        known = json.loads(os.environ[f"AIRFLOW_CONN_{vendor.upper()}_DEFAULT"])
        assert known == workflow_emulator.connection(vendor)


@pytest.fixture
def held():
    """Let the vendor have rejected a request of the test before."""
    rate_limit.shared("refold_default", "worker", None).hold(time.monotonic() + 60)


def test_a_429_of_the_test_before_holds_no_request(held, workflow_emulator):
    assert rate_limit.shared("refold_default", "worker", None).reserve(time.monotonic()) == 0.0

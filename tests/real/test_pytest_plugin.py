"""The pytest plugin in another project: its fixture works there without any setup."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.real

TEST = """
from airflow_workflow_providers.hooks.datalab import DatalabHook
from airflow_workflow_providers.hooks.refold import RefoldHook


def test_a_workflow_of_mine(workflow_emulator):
    workflow_emulator.add_workflow("refold", "my-flow", slug="crm", output={"synced": 12})
    workflow_emulator.fail("refold", "execute", "rate_limit", retry_after=0)

    hook = RefoldHook()
    started = hook.execute_workflow("my-flow", slug="crm", payload={"since": "yesterday"})
    hook.close()

    (run,) = workflow_emulator.runs("refold")
    assert run["execution_id"] == started.execution_id
    assert run["input"] == {"since": "yesterday"}


def test_each_test_has_a_new_emulator(workflow_emulator):
    assert workflow_emulator.requests() == []
    assert DatalabHook().test_connection() == (True, "Datalab accepts this connection.")
"""


def test_the_fixture_works_in_a_project_that_has_only_installed_the_package(tmp_path: Path) -> None:
    """It needs no conftest and no configuration."""
    (tmp_path / "test_theirs.py").write_text(TEST)
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "PYTEST"))
    }

    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_theirs.py"],
        cwd=tmp_path,
        env={**inherited, "AIRFLOW_HOME": str(tmp_path / "home")},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 passed" in done.stdout

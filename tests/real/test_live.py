"""``make live``: one small DAG against an account. Here the account is the emulator's."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from airflow_workflow_providers.emulator import Emulator

pytestmark = pytest.mark.real

ROOT = Path(__file__).parent.parent.parent


def live(vendor: str, **variables: str) -> subprocess.CompletedProcess[str]:
    names = ("AIRFLOW", vendor.upper())
    known = {name: value for name, value in os.environ.items() if not name.startswith(names)}
    return subprocess.run(
        [sys.executable, "-m", "dev.live", vendor],
        cwd=ROOT,
        env={**known, **variables},
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )


@pytest.mark.parametrize("vendor", ["laminar", "datalab", "refold", "promptlayer", "altostrat"])
def test_without_a_key_it_says_that_it_is_skipped_and_what_is_missing(vendor: str) -> None:
    done = live(vendor)

    assert done.returncode == 0
    assert f"skipped, because the environment lacks {vendor.upper()}_API_KEY" in done.stdout


def test_with_a_key_it_uploads_a_document_and_prints_the_record() -> None:
    with Emulator() as emulator:
        emulator.set_pace(seconds=1)
        account = emulator.account("datalab")
        done = live(
            "datalab",
            DATALAB_API_KEY=account["api_key"],
            DATALAB_HOST=emulator.connection("datalab")["host"],
            DATALAB_DOWNLOAD_HOSTS="127.0.0.1",
        )
        [run] = emulator.runs("datalab")

    assert done.returncode == 0, done.stderr
    assert run["execution_id"] in done.stdout
    assert '"state": "succeeded"' in done.stdout
    assert account["api_key"] not in done.stdout + done.stderr


def test_a_run_that_fails_is_not_a_success() -> None:
    with Emulator() as emulator:
        done = live(
            "altostrat",
            ALTOSTRAT_API_KEY=emulator.account("altostrat")["api_key"],
            ALTOSTRAT_HOST=emulator.connection("altostrat")["host"],
            ALTOSTRAT_WORKFLOW_ID="fl_no_such_workflow",
        )

    assert done.returncode == 1

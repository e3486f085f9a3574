"""The short form of `make chaos`, and what it leaves for others to check."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from dev import postgres
from dev.chaos import recompute
from dev.chaos.faults import FAULTS
from dev.chaos.together import TOGETHER
from tests.real.newcomer import ROOT

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not postgres.installed(), reason=postgres.MISSING),
]


def test_whatever_dies_nothing_is_started_twice_left_running_or_lost():
    """One of each fault on two vendors; the whole table can be computed again from the raw files."""
    done = subprocess.run(
        [sys.executable, "-m", "dev.chaos", "--short"], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr
    ledger, airflow, table = (
        json.loads((ROOT / "build" / f"chaos{part}.json").read_text()) for part in ("-ledger", "-airflow", "")
    )
    assert recompute.rows(ledger, airflow) == table
    assert recompute.faulty(table) == []
    assert {row["fault"] for row in table} == {fault.name for fault in (*FAULTS, *TOGETHER)}

"""The short form of `make chaos`, and the files that it writes."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from dev import postgres
from dev.chaos import recompute
from dev.chaos.faults import FAULTS
from dev.chaos.shared_faults import SHARED_FAULTS
from tests.real.newcomer import ROOT

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not postgres.installed(), reason=postgres.MISSING),
]


def test_no_fault_starts_an_execution_twice_leaves_one_running_or_loses_a_result():
    """
    Every fault once, for two vendors; the whole table can be computed again from the raw files.

    What the faults leave over where no provider can stop it is found by ``reconcile``, and nothing else is.
    """
    done = subprocess.run(
        [sys.executable, "-m", "dev.chaos", "--short"], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr
    ledger, airflow, reconciled, table = (
        json.loads((ROOT / "build" / f"chaos{part}.json").read_text())
        for part in ("-ledger", "-airflow", "-reconcile", "")
    )
    assert recompute.rows(ledger, airflow, reconciled) == table
    assert recompute.unexpected(table) == []
    assert recompute.false_alarms(ledger, airflow, reconciled) == []
    assert sum(row["left_over"] for row in table) > 0
    assert {row["fault"] for row in table} == {fault.name for fault in (*FAULTS, *SHARED_FAULTS)}

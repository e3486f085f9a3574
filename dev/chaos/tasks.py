"""The tasks of the chaos suite: a DAG for each vendor, mode and set of parameters."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow_workflow_providers.core.http import LANES

if TYPE_CHECKING:
    from dev.vendors import VendorCase

#: How many executions of a batch may be going.
MAX_ACTIVE = 4

#: The parameters of a task, by the name with which a fault chooses them.
TASKS: dict[str, dict[str, Any]] = {
    "plain": {"timeout": 150, "retries": 2},
    "one_retry": {"timeout": 150, "retries": 1},
    # The API server has time to start again before a retry, which Airflow 3.4 fails if there is none.
    "slow_retries": {"timeout": 150, "retries": 2, "retry_delay": 30},
    # A person has time to act between two tries.
    "late_retry": {"timeout": 150, "retries": 1, "retry_delay": 600},
    # Status checks that fail are repeated after longer and longer pauses; this interval keeps them short.
    "no_retry": {"timeout": 150, "poll_interval": 0.5},
    "timeout": {"timeout": 8},
    "execution_timeout": {"timeout": 150, "execution_timeout": 8},
    "no_cancel_on_timeout": {"timeout": 8, "cancel_on_timeout": False},
    "no_cancel_on_kill": {"timeout": 150, "retries": 2, "cancel_on_kill": False, "on_clear": "reattach"},
    "resubmit_lost": {"timeout": 150, "retries": 2, "on_lost_start": "resubmit"},
    "without_nonce": {"timeout": 150, "retries": 2},
    # Each try has another input.
    "changing_input": {"timeout": 150, "retries": 2},
    "asks_a_person": {"timeout": 150},
    # Its result goes to object storage.
    "stored": {"timeout": 150, "retries": 2},
    "no_triggerer": {"timeout": 8},
    "rerun": {"timeout": 150, "retries": 2, "on_failed_run": "rerun"},
    "resume": {"timeout": 150, "retries": 2, "on_failed_run": "resume"},
    "batch": {"timeout": 150, "retries": 2, "max_active": MAX_ACTIVE},
    # Each try has another last input.
    "changing_batch": {"timeout": 150, "retries": 2},
    "crowd": {"timeout": 1800, "poll_interval": 5, "max_poll_interval": 5},
}

#: How many inputs a batch has.
INPUTS = 6

#: How many tasks wait at the same time in the DAG of the crowd: more than an event loop opens connections to a vendor.
CROWD = LANES + 2


def crowd_text(case: object, index: object) -> str:
    """Return the text in the input of a task of a crowd, which no other task has; both may be templates."""
    return f"{case}-task-{index}"


def asking_name(operator: type[Any]) -> str:
    """Return the name of the operator of an author, which asks a person before it starts."""
    return f"Asking{operator.__name__}"


def results_of(case: object) -> str:
    """Return the folder for the result of a case, below the folder of Airflow."""
    return f"{Path(__file__).resolve().parent.parent.parent}/.chaos/results/{case}"


def has_dag(vendor: VendorCase, task: str) -> bool:
    """Return whether a vendor has a DAG with these parameters."""
    if "batch" in task:
        return vendor.get_status is not None
    return "on_failed_run" not in TASKS[task] or task in vendor.continues


def dag_id(vendor: str, mode: str, task: str) -> str:
    """Return the id of the DAG that runs a task."""
    return f"chaos_{vendor}_{mode}_{task}"

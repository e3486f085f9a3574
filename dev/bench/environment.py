"""The environment of the benchmark: this project with the released peers, as one Airflow has them."""

from __future__ import annotations

import fcntl
from typing import TYPE_CHECKING

from dev import environment

if TYPE_CHECKING:
    from pathlib import Path

FOLDER = environment.ROOT / ".bench"

AIRFLOW = "3.3"

PEERS = (
    "apache-airflow-providers-airbyte==6.2.0",
    "apache-airflow-providers-databricks==7.23.0",
    "apache-airflow-providers-dbt-cloud==4.11.1",
    "apache-airflow-providers-http==6.3.0",
)

#: Packages for which databricks wants another version than Airflow's newest constraints have.
_FREE = ("python-dateutil",)


def python() -> Path:
    """Make the environment unless it is there, and return its Python."""
    constraints = environment.ROOT / "build" / "bench" / "constraints.txt"
    constraints.parent.mkdir(parents=True, exist_ok=True)
    lines = environment.constraints_for(AIRFLOW).read_text().splitlines(keepends=True)
    with (environment.ROOT / "build" / "bench" / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        constraints.write_text("".join(line for line in lines if not line.startswith(_FREE)))
        return environment.make(FOLDER, constraints, ["--editable", ".", *PEERS])

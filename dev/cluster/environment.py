"""The environment of the cluster: this project, and what Airflow needs for the CeleryExecutor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dev import environment

if TYPE_CHECKING:
    from pathlib import Path

FOLDER = environment.ROOT / ".cluster-env"

AIRFLOW = "3.3"

#: Version 5.7 of celery has no longer what the provider imports.
PACKAGES = ("apache-airflow-providers-celery==3.26.0", "celery[redis]<5.7")


def python() -> Path:
    """Make the environment unless it is there, and return its Python."""
    constraints = environment.constraints_for(AIRFLOW)
    return environment.make(FOLDER, constraints, ["--editable", ".", "--group", "chaos", *PACKAGES])

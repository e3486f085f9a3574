"""A migrated metadata database, and DAG files where Airflow looks for them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

EXAMPLES = Path(__file__).parent.parent.parent / "example_dags"


def dag_bag(folder: Path) -> Any:
    """Load a folder of DAG files."""
    try:
        from airflow.dag_processing.dagbag import DagBag  # noqa: PLC0415  # Airflow 3.2 and later
    except ImportError:
        from airflow.models.dagbag import DagBag  # noqa: PLC0415
    return DagBag(str(folder))


@pytest.fixture(scope="session")
def dags() -> dict[str, Any]:
    """Return every DAG, of the examples and of these tests, in a database that has just been made."""
    folder = Path(os.environ["AIRFLOW__CORE__DAGS_FOLDER"])
    for source in (EXAMPLES, Path(__file__).parent / "dags"):
        shutil.copytree(source, folder / source.name, ignore=shutil.ignore_patterns("__pycache__"))
    from airflow.utils.db import initdb  # noqa: PLC0415  # needs the environment of tests/conftest.py

    initdb()
    bag = dag_bag(folder)
    assert bag.import_errors == {}
    return bag.dags


@pytest.fixture
def run_dag(dags: dict[str, Any], emulator: Any) -> Callable[[str], Any]:
    """Run a DAG with ``dag.test()`` and return its run."""
    return lambda dag_id: dags[dag_id].test()

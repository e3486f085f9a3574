"""A migrated metadata database, and the DAG files in Airflow's folder of DAGs."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from airflow_workflow_providers.emulator import Emulator
from tests.conftest import connect
from tests.vendors import VENDORS

#: An output that a vendor can send, and that Airflow cannot store as it is.
ODD_OUTPUT: dict[str, Any] = {
    "lone surrogate": "x\ud800y",
    "not a number": [float("nan"), float("inf")],
    "large": 2**70,
    "deep": json.loads("[" * 120 + "1" + "]" * 120),
    "reserved": {"__classname__": "airflow.sdk.timezone", "__data__": 1},
    "plain": {"rows": [1, 2.5, None, True, "\u00e4"]},
}

EXAMPLES = Path(__file__).parent.parent.parent / "example_dags"


@dataclass(frozen=True)
class Result:
    """
    How a run of a DAG ended.

    :param state: Airflow's state of it.
    :param started: the runs at the vendors, from the emulator.
    :param xcoms: the stored XComs, by task, map index and key.
    """

    state: str
    started: list[dict[str, Any]]
    xcoms: dict[tuple[str, int, str], Any]


def xcoms(dag_id: str) -> dict[tuple[str, int, str], Any]:
    """Return the XComs of a DAG as they are stored."""
    from airflow.models.xcom import XComModel  # noqa: PLC0415  # needs the database
    from airflow.settings import Session  # noqa: PLC0415
    from sqlalchemy import select  # noqa: PLC0415

    with Session() as session:
        rows = session.scalars(select(XComModel).where(XComModel.dag_id == dag_id))
        return {(row.task_id, row.map_index, row.key): _loaded(row.value) for row in rows}


def _loaded(value: Any) -> Any:
    while isinstance(value, (str, bytes)):
        try:
            value = json.loads(value)
        except ValueError:
            break
    return value


def dag_bag(folder: Path) -> Any:
    """Load a folder of DAG files."""
    try:
        from airflow.dag_processing.dagbag import DagBag  # noqa: PLC0415  # Airflow 3.2 and later
    except ImportError:
        from airflow.models.dagbag import DagBag  # noqa: PLC0415
    return DagBag(str(folder))


@pytest.fixture(scope="session")
def dags() -> dict[str, Any]:
    """Return every DAG, of the examples and of these tests, with a new database."""
    folder = Path(os.environ["AIRFLOW__CORE__DAGS_FOLDER"])
    for source in (EXAMPLES, Path(__file__).parent / "dags"):
        shutil.copytree(source, folder / source.name, ignore=shutil.ignore_patterns("__pycache__"))
    from airflow.utils.db import initdb  # noqa: PLC0415  # needs the environment of tests/conftest.py

    initdb()
    bag = dag_bag(folder)
    assert bag.import_errors == {}
    return bag.dags


@pytest.fixture(scope="session")
def result_of(
    dags: dict[str, Any], workflow_emulator_process: Emulator, patched: pytest.MonkeyPatch
) -> Callable[[str], Result]:
    """Return a function that runs a DAG with ``dag.test()``, once for all tests of it."""

    @cache
    def run(dag_id: str) -> Result:
        workflow_emulator_process.reset()
        workflow_emulator_process.set_pace(status_checks=2)
        for vendor in VENDORS:
            connect(patched, vendor, workflow_emulator_process)
        if dag_id.startswith("retried"):  # so that the first try fails, in either mode
            workflow_emulator_process.fail("datalab", "get", "html", times=7)
        if dag_id.startswith("odd"):
            workflow_emulator_process.add_workflow("refold", "odd-output", slug="hubspot", output=ODD_OUTPUT)
        if dag_id == "customers":
            workflow_emulator_process.add_workflow("refold", "each", shared=True)
        state = dags[dag_id].test().state
        return Result(state, workflow_emulator_process.runs(), xcoms(dag_id))

    return run


@pytest.fixture(scope="session")
def patched() -> Iterator[pytest.MonkeyPatch]:
    """Return a monkeypatch for the whole session, because the results last so long."""
    with pytest.MonkeyPatch.context() as patch:
        yield patch

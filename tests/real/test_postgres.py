"""A real Airflow on PostgreSQL, whose components can be killed, frozen and doubled; nothing of either outlives it."""

from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from dev import postgres, processes
from dev.postgres import Postgres
from dev.real_airflow import RealAirflow
from tests.real.test_real_airflow import listening_addresses, wait_for

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not postgres.installed(), reason=postgres.MISSING),
]

DAG = """
from datetime import timedelta

from airflow.providers.standard.triggers.temporal import TimeDeltaTrigger
from airflow.sdk import BaseOperator, dag, task


class Doze(BaseOperator):
    def execute(self, context):
        self.defer(trigger=TimeDeltaTrigger(timedelta(seconds=6)), method_name="wake")

    def wake(self, context, event):
        return "awake"


@dag(schedule=None)
def trivial():
    @task
    def greet():
        return "hello"

    greet() >> Doze(task_id="doze")


trivial()
"""


@pytest.fixture
def dags(tmp_path):
    folder = tmp_path / "dags"
    folder.mkdir()
    (folder / "trivial.py").write_text(DAG)
    return folder


def test_a_cluster_is_reached_on_loopback_only_and_leaves_nothing(tmp_path):
    with Postgres(tmp_path) as database:
        everything = family(database.process)
        data = Path(psutil.Process(database.process.pid).cwd())
        listening = listening_addresses([database.process.pid])

    assert listening == {"127.0.0.1"}
    assert running(everything) == []
    assert not data.exists()


def test_airflow_on_postgres_outlives_its_components_and_leaves_nothing(tmp_path, dags):
    with Postgres(tmp_path) as database:
        settings = {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": database.url}
        with RealAirflow(tmp_path / "home", dags, {}, settings) as airflow:
            airflow.wait_for_dags(["trivial"])

            triggerer = family(airflow.processes["triggerer"])
            airflow.kill("triggerer")
            outlived = running(triggerer)
            run_id = airflow.trigger("trivial")
            wait_for(lambda: "deferred" in states(airflow, run_id))
            airflow.launch("triggerer-2")
            airflow.launch("triggerer")
            ended = airflow.wait_for_run("trivial", run_id, 120)

            airflow.freeze("api-server")
            frozen = statuses(airflow.processes["api-server"])
            airflow.thaw("api-server")
            thawed = statuses(airflow.processes["api-server"])
            after_thawing = airflow.run_state("trivial", run_id)
            airflow.kill("api-server")
            airflow.launch("api-server")
            after_killing = airflow.run_state("trivial", run_id)

            leaders = [database.process, *airflow.processes.values()]
            everything = [process for leader in leaders for process in family(leader)]

    assert len(triggerer) > 1
    assert outlived == []
    assert (ended, after_thawing, after_killing) == ("success", "success", "success")
    assert frozen == {psutil.STATUS_STOPPED}
    assert psutil.STATUS_STOPPED not in thawed
    assert not (tmp_path / "home" / "airflow.db").exists()
    assert processes.survivors(leader.pid for leader in leaders) == []
    assert running(everything) == []


def family(leader):
    """Return the process and all its descendants: a server process of PostgreSQL leads a session of its own."""
    process = psutil.Process(leader.pid)
    return [process, *process.children(recursive=True)]


def running(family):
    """Return who of them does anything: a zombie only waits for its parent to notice."""
    found = []
    for process in family:
        with suppress(psutil.NoSuchProcess):
            if process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


def statuses(leader):
    return {process.status() for process in family(leader)}


def states(airflow, run_id):
    return {instance["state"] for instance in airflow.task_instances("trivial", run_id)}

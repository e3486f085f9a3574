"""The Airflow that the demo and other tests stand on: it runs a DAG, and it ends with all that it started."""

import signal
import subprocess
import sys
import threading

import psutil
import pytest

from dev import processes
from dev.real_airflow import RealAirflow
from tests.real.newcomer import ROOT, processes_in

pytestmark = pytest.mark.real

DAG = """
from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import dag, task


@dag(schedule=None)
def trivial():
    @task
    def greet():
        return "hello"

    # It outlives the test: ending Airflow ends what a task has started, too.
    greet() >> BashOperator(task_id="linger", bash_command="sleep 300")


trivial()
"""

STARTER = """
import sys
from pathlib import Path

from dev.real_airflow import RealAirflow

home, dags = map(Path, sys.argv[1:])
with RealAirflow(home, dags, {}):
    print("up", flush=True)
"""


@pytest.fixture
def dags(tmp_path):
    folder = tmp_path / "dags"
    folder.mkdir()
    (folder / "trivial.py").write_text(DAG)
    return folder


def test_a_dag_runs_and_nothing_is_left(tmp_path, dags):
    connection = {"conn_type": "generic", "host": "vendor.example", "extra": {"region": "eu"}}
    with RealAirflow(tmp_path / "home", dags, {"vendor_default": connection}) as airflow:
        sessions = [process.pid for process in airflow.processes.values()]
        airflow.wait_for_dags(["trivial"])
        run_id = airflow.trigger("trivial")
        greeting = wait_for(lambda: airflow.xcom("trivial", run_id, "greet", "return_value"))
        wait_for(lambda: any("sleep 300" in line for line in processes_in_any("sleep")))
        stored = airflow.request("GET", "/api/v2/connections/vendor_default")
        log = airflow.task_log("trivial", run_id, "greet")
        listening = listening_addresses(sessions)

    assert greeting == "hello"
    assert (stored["host"], stored["extra"]) == ("vendor.example", '{"region": "eu"}')
    assert any("hello" in line["event"] for line in log)
    assert listening == {"127.0.0.1"}
    assert processes.survivors(sessions) == []
    assert not [line for line in processes_in_any("sleep") if "sleep 300" in line]


def test_ctrl_c_during_the_start_leaves_nothing(tmp_path, dags):
    home = tmp_path / "home"
    starter = subprocess.Popen(
        [sys.executable, "-c", STARTER, str(home), str(dags)], cwd=ROOT, stderr=subprocess.DEVNULL
    )
    wait_for((home / "logs" / "triggerer.log").exists)
    starter.send_signal(signal.SIGINT)

    assert starter.wait(60) != 0
    assert processes_in(tmp_path) == []


def test_a_start_that_fails_shows_why_and_leaves_nothing(tmp_path, dags):
    settings = {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{tmp_path}/no/such/folder/airflow.db"}

    with pytest.raises(RuntimeError, match="unable to open database file"):
        RealAirflow(tmp_path / "home", dags, {}, settings).__enter__()

    assert processes_in(tmp_path) == []


def wait_for(question, seconds=120):
    """Ask until the answer is not empty: another process is waited for, which tells nobody when it is ready."""
    pause = threading.Event()
    for _ in range(seconds * 2):
        if answer := question():
            return answer
        pause.wait(0.5)
    raise TimeoutError(f"nothing after {seconds} s")


def processes_in_any(name):
    return [
        " ".join(p.info["cmdline"] or [])
        for p in psutil.process_iter(["name", "cmdline"])
        if p.info["name"] == name
    ]


def listening_addresses(sessions):
    """Return the addresses on which members of these sessions listen."""
    found = set()
    for pid in processes.survivors(sessions):
        try:
            connections = psutil.Process(pid).net_connections("inet")
        except psutil.Error:
            continue
        found |= {
            connection.laddr.ip for connection in connections if connection.status == psutil.CONN_LISTEN
        }
    return found

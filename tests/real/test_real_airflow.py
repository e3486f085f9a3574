"""The Airflow that the demo and other tests use: it runs a DAG, and leaves no process."""

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

    # It runs longer than the test: the end of Airflow also ends what a task has started.
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


def test_a_dag_runs_and_no_process_is_left(tmp_path, dags):
    connection = {"conn_type": "generic", "host": "vendor.example", "extra": {"region": "eu"}}
    with RealAirflow(tmp_path / "home", dags, {"vendor_default": connection}) as airflow:
        sessions = [process.pid for process in airflow.processes.values()]
        airflow.wait_for_dags(["trivial"])
        run_id = airflow.trigger("trivial")
        greeting = wait_for(lambda: airflow.xcom("trivial", run_id, "greet", "return_value"))
        wait_for(lambda: any("sleep 300" in line for line in command_lines_of("sleep")))
        stored = airflow.request("GET", "/api/v2/connections/vendor_default")
        log = airflow.task_log("trivial", run_id, "greet")
        listening = listening_addresses(sessions)

    assert greeting == "hello"
    assert (stored["host"], stored["extra"]) == ("vendor.example", '{"region": "eu"}')
    assert any("hello" in line["event"] for line in log)
    assert listening == {"127.0.0.1"}
    assert processes.survivors(sessions) == []
    assert not [line for line in command_lines_of("sleep") if "sleep 300" in line]


def test_only_a_component_that_a_locked_sqlite_has_ended_is_started_again(tmp_path, dags):
    """Any other end of a component is an error of the demo."""
    with RealAirflow(tmp_path / "home", dags, {}) as airflow:
        airflow.processes["triggerer"].kill()
        airflow.processes["triggerer"].wait()
        without = airflow.launch_again_after_lock()
        with (tmp_path / "home" / "logs" / "triggerer.log").open("a") as log:
            log.write("sqlalchemy.exc.OperationalError: (sqlite3.OperationalError) database is locked\n")
        started_again = airflow.launch_again_after_lock()
        airflow.check_alive()

    assert (without, started_again) == ([], ["triggerer"])


def test_ctrl_c_during_the_start_leaves_no_process(tmp_path, dags):
    home = tmp_path / "home"
    starter = subprocess.Popen(
        [sys.executable, "-c", STARTER, str(home), str(dags)], cwd=ROOT, stderr=subprocess.DEVNULL
    )
    wait_for((home / "logs" / "triggerer.log").exists)
    starter.send_signal(signal.SIGINT)

    assert starter.wait(60) != 0
    assert processes_in(tmp_path) == []


def test_a_start_that_fails_says_why_and_leaves_no_process(tmp_path, dags):
    settings = {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{tmp_path}/no/such/folder/airflow.db"}

    with pytest.raises(RuntimeError, match="unable to open database file"):
        RealAirflow(tmp_path / "home", dags, {}, settings).__enter__()

    assert processes_in(tmp_path) == []


def wait_for(condition, seconds=120):
    """Wait until a condition about another process is true, and return its value."""
    pause = threading.Event()
    for _ in range(seconds * 2):
        if value := condition():
            return value
        pause.wait(0.5)
    raise TimeoutError(f"not true after {seconds} s")


def command_lines_of(name):
    return [
        " ".join(p.info["cmdline"] or [])
        for p in psutil.process_iter(["name", "cmdline"])
        if p.info["name"] == name
    ]


def listening_addresses(sessions):
    """Return the addresses on which the processes of these sessions listen."""
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

"""What `make chaos` needs: a PostgreSQL that leaves nothing, and components that are frozen and killed with all their processes."""

import os
import sys
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from dev import postgres, processes
from dev.postgres import Postgres
from tests.real.test_real_airflow import listening_addresses, wait_for

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not postgres.installed(), reason=postgres.MISSING),
]


def test_a_cluster_listens_on_loopback_only_and_leaves_nothing(tmp_path):
    with Postgres(tmp_path) as database:
        everything = family(database.process)
        data = Path(psutil.Process(database.process.pid).cwd())
        listening = listening_addresses([database.process.pid])

    assert listening == {"127.0.0.1"}
    assert running(everything) == []
    assert not data.exists()


#: A program that starts another one in a session of its own, as Airflow's components do; both run until they are killed.
PROGRAM = """
import subprocess, sys, time
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
time.sleep(600)
"""


def test_a_component_is_frozen_continued_and_killed_with_all_processes_that_it_started(tmp_path):
    command = [sys.executable, "-c", PROGRAM]
    component = processes.start("program", command, log=tmp_path / "log", env=os.environ, cwd=tmp_path)
    try:
        wait_for(lambda: len(family(component.process)) == 2)
        members = family(component.process)

        processes.freeze(component)
        frozen = {member.status() for member in members}
        processes.thaw(component)
        thawed = {member.status() for member in members}
        processes.kill(component)
    finally:
        processes.end([component])

    assert frozen == {psutil.STATUS_STOPPED}
    assert psutil.STATUS_STOPPED not in thawed
    assert running(members) == []


def family(leader):
    """Return the process and its descendants: each server process of PostgreSQL leads a session of its own."""
    process = psutil.Process(leader.pid)
    return [process, *process.children(recursive=True)]


def running(family):
    """Return those that are running: a zombie only waits until its parent reads its exit code."""
    found = []
    for process in family:
        with suppress(psutil.NoSuchProcess):
            if process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found

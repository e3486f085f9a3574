"""
A real Airflow on this machine, for a demo or a test: each component is a process of its own, on loopback only.

The module is not called `airflow`, because then a script in this folder would import it instead of Airflow.
"""

from __future__ import annotations

import os
import random
import re
import secrets
import socket
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, suppress
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from dev.airflow_api import AirflowApi, RequestFailed
from dev.processes import Component, Service, end, freeze, kill, start, thaw, uninterrupted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

# Without --skip-serve-logs these two serve the log files on every network interface. The API server does not need that: it
# reads the same files from the same disk.
_COMMANDS = {
    "api-server": ["api-server"],
    "scheduler": ["scheduler", "--skip-serve-logs"],
    "dag-processor": ["dag-processor"],
    "triggerer": ["triggerer", "--skip-serve-logs"],
    # Without what many workers tell each other, which two on one machine do not need.
    "worker": ["celery", "worker", "--skip-serve-logs", "--without-gossip", "--without-mingle"],
}
#: The environment variable in which each component finds its own name.
COMPONENT = "REAL_AIRFLOW_COMPONENT"
#: What an Airflow without Celery has.
COMPONENTS = ("api-server", "scheduler", "dag-processor", "triggerer")
# What a worker writes into its log when it takes tasks; it writes no job into the database.
_WORKER_READY = " ready."
# The job that a component writes into the database when it starts to work. The API server and a worker write none.
_JOBS = {"scheduler": "SchedulerJob", "dag-processor": "DagProcessorJob", "triggerer": "TriggererJob"}
_HEALTH_PARTS = {"metadatabase", "scheduler", "dag_processor", "triggerer"}
_START_SECONDS = 120


class RealAirflow(Service, AirflowApi):
    """
    Airflow from one Python environment; leaving the context ends all its processes.

    :param home: AIRFLOW_HOME, the folder of the database and the logs.
    :param dags: the DAGs folder.
    :param connections: the fields of each connection by its id; they are stored through the REST API.
    :param settings: environment variables for Airflow; it inherits no other one whose name begins with AIRFLOW.
    :param executor: Airflow's name of an executor.
    :param components: what to start: Airflow's names of components, with a number where there are several of a kind, such as
        ``triggerer-2``.
    :param path: what follows the port in Airflow's address, such as ``/airflow``; default: nothing.
    :param python: the interpreter of the environment; default: the running one.
    """

    def __init__(
        self,
        home: Path,
        dags: Path,
        connections: Mapping[str, Mapping[str, Any]],
        settings: Mapping[str, str] | None = None,
        *,
        executor: str = "LocalExecutor",
        components: Sequence[str] = COMPONENTS,
        path: str = "",
        python: Path | None = None,
    ) -> None:
        self.home = home.resolve()
        self.connections = connections
        self._names = components
        self._python = str(python or sys.executable)
        port = free_port()
        Service.__init__(self)
        AirflowApi.__init__(self, f"http://127.0.0.1:{port}{path}")
        self._env = {
            **{name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")},
            **_settings(self.home, dags.resolve(), self.url, port, executor),
            **(settings or {}),
        }
        self._components: dict[str, Component] = {}

    @property
    def processes(self) -> dict[str, subprocess.Popen[bytes]]:
        """The processes of the components, by Airflow's names of them."""
        return {name: component.process for name, component in self._components.items()}

    def start(self) -> None:
        """Create the database, start the components, and wait until Airflow reports all of them as healthy."""
        self.home.mkdir(parents=True, exist_ok=True)
        migration = self._launch("db-migrate", ["db", "migrate"])
        if migration.process.wait(_START_SECONDS) != 0:
            migration.check_alive()
        del self._components["db-migrate"]
        self._use_write_ahead_log()
        for name in self._names:
            self._launch(name, _command(name))
        self._wait(lambda: self._unhealthy() | self._workers_that_start())
        for conn_id, fields in self.connections.items():
            self.add_connection(conn_id, fields)

    def _use_write_ahead_log(self) -> None:
        """Set SQLite's write-ahead log, which the file keeps: without it, each reader blocks all writers."""
        path = self.home / "airflow.db"
        if path.exists():
            with closing(sqlite3.connect(path)) as database:
                database.execute("pragma journal_mode = wal")

    def launch(self, name: str, *, wait: bool = True) -> None:
        """
        Start a component, or one more of its kind under a name such as `triggerer-2`.

        :param name: Airflow's name of the component, with a number if it is one more.
        :param wait: wait until it works; this needs an API server that runs.
        """
        if name in self._components:
            raise ValueError(f"{name} is running already")
        kind = _kind(name)
        since = datetime.now(timezone.utc)
        self._launch(name, _command(name))
        if wait:
            self._wait(lambda: set() if self._has_started(kind, since) else {name})

    def restart(self, name: str) -> None:
        """End one component in an orderly way, and start it again."""
        with uninterrupted():
            end([self._components.pop(name)], grace=15)
        self.launch(name)

    def kill(self, name: str) -> None:
        """End a component and all processes that it started with SIGKILL; `launch` starts it again."""
        with uninterrupted():
            killed = self._components.pop(name)
            kill(killed)
            # The next one of this name is ready when its own log says so.
            killed.log.rename(killed.log.with_suffix(f".{killed.process.pid}.log"))

    def freeze(self, name: str) -> None:
        """Stop a component and all processes that it started until `thaw`; their connections stay open."""
        freeze(self._components[name])

    def thaw(self, name: str) -> None:
        """Continue a frozen component."""
        thaw(self._components[name])

    def stop(self) -> None:
        """End every process of this Airflow, and every process that they started."""
        end(self._components.values())
        self._components.clear()

    def check_alive(self) -> None:
        """Raise, with the end of its log, if a component has ended."""
        for component in self._components.values():
            component.check_alive()

    def command(self, *arguments: str, seconds: float = 300) -> subprocess.CompletedProcess[str]:
        """
        Run an `airflow` command as a person does, with a token of the API server.

        :param arguments: those of the command line.
        :param seconds: after which it is killed.
        :return: the process, which has ended, with its output.
        """
        # What a person gets with a username and a password; this Airflow asks for none.
        token = self._send("GET", "/auth/token", None, {})["access_token"]
        return subprocess.run(
            [sys.executable, "-m", "airflow", *arguments],
            env={**self._env, "AIRFLOW_CLI_TOKEN": token},
            cwd=self.home,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )

    def launch_again_after_lock(self) -> list[str]:
        """
        Start each component again that has ended because SQLite was locked, as a supervisor would.

        With many tasks on SQLite, Airflow's triggerer ends now and then. Its waits continue in the next one.

        :return: the names of these components.
        """
        ended = [
            c.name for c in self._components.values() if not c.alive and "database is locked" in c.tail()
        ]
        for name in ended:
            self.kill(name)
            self.launch(name)
        return ended

    def _launch(self, name: str, command: list[str]) -> Component:
        with uninterrupted():
            component = self._components[name] = start(
                name,
                [self._python, "-m", "airflow", *command],
                log=self.home / "logs" / f"{name}.log",
                env={**self._env, COMPONENT: name},
                cwd=self.home,
            )
        return component

    def _wait(self, missing: Callable[[], set[str]]) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while (left := missing()) and time.monotonic() < deadline:
            self.check_alive()
            time.sleep(0.25)
        if left:
            tails = "\n".join(f"--- {c.name}\n{c.tail()}" for c in self._components.values())
            raise TimeoutError(f"not healthy after {_START_SECONDS} s: {', '.join(sorted(left))}\n{tails}")

    def _unhealthy(self) -> set[str]:
        """Return the components that Airflow does not report as healthy, of those that are started here."""
        parts = _HEALTH_PARTS & {"metadatabase", *(_kind(name).replace("-", "_") for name in self._names)}
        with suppress(OSError, RequestFailed):
            health = self.health()
            return {name for name in parts if (health.get(name) or {}).get("status") != "healthy"}
        return parts

    def _workers_that_start(self) -> set[str]:
        """Return the workers that do not take tasks yet."""
        workers = [each for name, each in self._components.items() if _kind(name) == "worker"]
        return {each.name for each in workers if _WORKER_READY not in each.log.read_text(errors="replace")}

    def _has_started(self, kind: str, since: datetime) -> bool:
        """Whether a component of this kind has started since; Airflow's health is that of any component of a kind."""
        with suppress(OSError, RequestFailed):
            if kind == "worker":
                return not self._workers_that_start()
            if kind not in _JOBS:
                return bool(self.health())
            query = urlencode(
                {"job_type": _JOBS[kind], "start_date_gte": since.isoformat(), "is_alive": True}
            )
            return bool(self.request("GET", f"/api/v2/jobs?{query}")["jobs"])
        return False


def _kind(name: str) -> str:
    return re.sub(r"-\d+$", "", name)


def _command(name: str) -> list[str]:
    kind = _kind(name)
    return [*_COMMANDS[kind], *(["--celery-hostname", f"{name}@%h"] if kind == "worker" else [])]


def free_port() -> int:
    """Return a free port below the ephemeral range, so that no outgoing connection takes it first."""
    while True:
        port = random.randrange(20_000, 32_768)  # noqa: S311  # a port is not a secret
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def _settings(home: Path, dags: Path, url: str, port: int, executor: str) -> dict[str, str]:
    """Return settings for a small Airflow with short intervals that listens on loopback only."""
    return {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__API__BASE_URL": url,
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__MAXIMUM_PAGE_LIMIT": "1000",
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__SECRET_KEY": secrets.token_hex(32),
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_hex(32),
        "AIRFLOW__CORE__DAGS_FOLDER": str(dags),
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{url}/execution/",
        "AIRFLOW__CORE__EXECUTOR": executor,
        # The default queries a name server, which an Airflow on one machine does not need.
        "AIRFLOW__CORE__HOSTNAME_CALLABLE": "socket.gethostname",
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__PARALLELISM": "8",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
        "AIRFLOW__CORE__TEST_CONNECTION": "Enabled",
        "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "5",
        "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "5",
        "AIRFLOW__LOGGING__COLORED_CONSOLE_LOG": "False",
        # Airflow notices a failed task at the next heartbeat, by default up to 5 s later.
        "AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL": "1",
        "NO_PROXY": "127.0.0.1,localhost",
        "no_proxy": "127.0.0.1,localhost",
    }

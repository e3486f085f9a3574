"""
A PostgreSQL server for an Airflow whose components write at the same time.

Its data is created for each use and deleted afterwards, so it is never flushed to disk.
"""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dev.processes import Component, Service, end, start, uninterrupted
from dev.real_airflow import free_port

if TYPE_CHECKING:
    import subprocess

MISSING = "PostgreSQL is not installed; on Debian: apt-get install postgresql"
_DEBIAN = Path("/usr/lib/postgresql")
# PostgreSQL does not run as root. Debian's package creates this user for it, and a group with the same name.
_ACCOUNT = "postgres"
_ROLE = _DATABASE = "airflow"
_START_SECONDS = 60
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
}


def installed() -> bool:
    """Whether PostgreSQL is installed."""
    return _binaries() is not None


class Postgres(Service):
    """
    A new cluster with an empty database `airflow`, on loopback only; leaving the context ends it.

    Its data is not in `folder`, because the user that PostgreSQL runs as may have no access to that.

    :param folder: where its log is written.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.log = folder.resolve() / "postgres.log"
        self.port = free_port()
        self._components: dict[str, Component] = {}

    @property
    def url(self) -> str:
        """The value of Airflow's `sql_alchemy_conn`, from which Airflow makes the address for asyncpg."""
        return f"postgresql+psycopg2://{_ROLE}@127.0.0.1:{self.port}/{_DATABASE}"

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """The first process of the server. Each of its children leads a session of its own."""
        return self._components["postgres"].process

    def start(self) -> None:
        """Create the cluster, start the server, and wait until it accepts connections."""
        binaries = _binaries()
        if binaries is None:
            raise RuntimeError(MISSING)
        home = self._make_home()
        data = home / "data"
        programs = _Programs(binaries, home, self.log)
        initdb = ["initdb", f"--pgdata={data}", f"--username={_ROLE}", "--auth=trust"]
        self._run(programs, [*initdb, "--encoding=UTF8", "--no-locale", "--no-sync"])
        settings = [f"--{name}={value}" for name, value in _SETTINGS.items()]
        self._launch(programs, ["postgres", "-D", str(data), "-p", str(self.port), *settings])
        self._wait_until_ready(data / "postmaster.pid")
        where = ["--host=127.0.0.1", f"--port={self.port}", f"--username={_ROLE}"]
        self._run(programs, ["createdb", *where, _DATABASE])

    def _make_home(self) -> Path:
        """Create the folder of the data for the user that PostgreSQL runs as; it is deleted at the end."""
        home = Path(self.leaving.enter_context(tempfile.TemporaryDirectory(prefix="postgres-")))
        if os.geteuid() == 0:
            shutil.chown(home, _ACCOUNT, _ACCOUNT)
        return home

    def _run(self, programs: _Programs, command: list[str]) -> None:
        component = self._launch(programs, command)
        if component.process.wait(_START_SECONDS) != 0:
            component.check_alive()
        del self._components[component.name]

    def _launch(self, programs: _Programs, command: list[str]) -> Component:
        with uninterrupted():
            component = self._components[command[0]] = programs.start(command)
        return component

    def _wait_until_ready(self, state: Path) -> None:
        """Wait until the server's own file says `ready`, as `pg_ctl` does."""
        deadline = time.monotonic() + _START_SECONDS
        while not (state.exists() and state.read_text().endswith("ready   \n")):
            self._components["postgres"].check_alive()
            if time.monotonic() > deadline:
                raise TimeoutError(f"PostgreSQL is not ready after {_START_SECONDS} s; see {self.log}")
            time.sleep(0.05)

    def stop(self) -> None:
        """End every process of the cluster and delete its data."""
        if server := self._components.get("postgres"):
            # SIGINT disconnects all clients. SIGTERM would wait for them.
            server.process.send_signal(signal.SIGINT)
        end(self._components.values())
        self._components.clear()


@dataclass(frozen=True)
class _Programs:
    """The programs of PostgreSQL, and how they are started."""

    binaries: Path
    home: Path
    log: Path

    def start(self, command: list[str]) -> Component:
        """Start a program, without the environment variables that lead to another server."""
        name, *arguments = command
        account = [f"--reuid={_ACCOUNT}", f"--regid={_ACCOUNT}", "--clear-groups"]
        return start(
            name,
            [
                *(["setpriv", *account] if os.geteuid() == 0 else []),
                str(self.binaries / name),
                *arguments,
            ],
            log=self.log,
            env={name: value for name, value in os.environ.items() if not name.startswith("PG")},
            cwd=self.home,
        )


def _binaries() -> Path | None:
    """Return the folder of the newest PostgreSQL: Debian has a folder for each version, and none of them is on PATH."""
    found = sorted(_DEBIAN.glob("*/bin/initdb"), key=lambda path: float(path.parent.parent.name))
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    return Path(on_path).resolve().parent if on_path else None

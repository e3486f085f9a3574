"""
A Redis server, the queue between Airflow's scheduler and Celery's workers.

It writes each change to a file, as the Redis of a company does, so that a restart loses no task that is in the queue.
"""

from __future__ import annotations

import shutil
import socket
import time
from contextlib import suppress
from pathlib import Path

from dev.processes import Component, Service, end, start, uninterrupted
from dev.real_airflow import free_port

MISSING = "Redis is not installed; on Debian: apt-get install redis-server"
SETTINGS = {"bind": "127.0.0.1", "appendonly": "yes", "appendfsync": "everysec", "save": ""}
_START_SECONDS = 30


def installed() -> bool:
    """Whether Redis is installed."""
    return shutil.which("redis-server") is not None


class Redis(Service):
    """
    A server on loopback; leaving the context ends it.

    :param folder: where its data and its log are.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = Path(folder).resolve()
        self.port = free_port()
        self._component: Component | None = None

    @property
    def url(self) -> str:
        """The value of Celery's ``broker_url``."""
        return f"redis://127.0.0.1:{self.port}/0"

    def restart(self) -> None:
        """End the server in an orderly way, and start it again with the data that it has written."""
        self.stop()
        self.start()

    def start(self) -> None:
        """Start the server, and wait until it responds."""
        program = shutil.which("redis-server")
        if program is None:
            raise RuntimeError(MISSING)
        self._folder.mkdir(parents=True, exist_ok=True)
        given = {**SETTINGS, "port": str(self.port), "dir": str(self._folder)}
        options = [word for name, value in given.items() for word in (f"--{name}", value)]
        with uninterrupted():
            self._component = start(
                "redis", [program, *options], log=self._folder / "redis.log", env={}, cwd=self._folder
            )
        deadline = time.monotonic() + _START_SECONDS
        while not self._responds():
            self._component.check_alive()
            if time.monotonic() > deadline:
                raise TimeoutError(f"Redis is not ready after {_START_SECONDS} s; see {self._component.log}")
            time.sleep(0.05)

    def _responds(self) -> bool:
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
        return False

    def stop(self) -> None:
        """End the server; what it has written stays."""
        with uninterrupted():
            if self._component is not None:
                end([self._component])
            self._component = None

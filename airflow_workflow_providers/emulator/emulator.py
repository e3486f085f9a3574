"""The emulator: its state, served on a port."""

import secrets
from pathlib import Path

from starlette.applications import Starlette
from typing_extensions import Self

from airflow_workflow_providers.emulator.app import VendorApp
from airflow_workflow_providers.emulator.control import control_routes
from airflow_workflow_providers.emulator.server import Server
from airflow_workflow_providers.emulator.state import State


class Emulator(State):
    """
    Every vendor on one port of 127.0.0.1, served by a daemon thread; safe to use from any thread.

    Use it as a context manager, or call :meth:`start` and :meth:`stop`.

    :param port: the port to listen on; 0 takes a free one below 32768.
    :param certificate: a file with a private key and a certificate of 127.0.0.1, in PEM, to serve https; default: http.
    """

    def __init__(self, port: int = 0, *, certificate: Path | None = None) -> None:
        super().__init__()
        self._control_token = secrets.token_urlsafe(32)
        routes = control_routes(self, self._control_token)
        for vendor in self.by_name.values():
            app = VendorApp(vendor, self)
            routes += [*app.addresses(), *app.addresses_at_root()]
        self.port = port
        self.scheme = "http" if certificate is None else "https"
        self._server = Server(Starlette(routes=routes), port, certificate)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Listen, and return once a client can connect."""
        self._server.start()
        self.port = self._server.port

    def stop(self) -> None:
        """Stop at once and break open connections; no thread and no socket is left."""
        self._server.stop()

    @property
    def control_url(self) -> str:
        """Where another process controls it, with :attr:`control_token`."""
        return f"{self.url}/_control"

    @property
    def control_token(self) -> str:
        """What a request to :attr:`control_url` needs, as ``Authorization: Bearer``; random for each emulator."""
        return self._control_token

"""What it costs to store a large document: memory and time, and the same bytes written to a file as a comparison."""

from __future__ import annotations

import hashlib
import resource
import tempfile
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow_workflow_providers.apis import datalab
from airflow_workflow_providers.core.client import Client
from airflow_workflow_providers.core.endpoint import Endpoint
from airflow_workflow_providers.core.execution import Execution, ResultFile, State
from airflow_workflow_providers.core.http import HttpSettings
from airflow_workflow_providers.outputs.folder import OutputFolder
from airflow_workflow_providers.outputs.result import store

if TYPE_CHECKING:
    from collections.abc import Iterator

MEGABYTE = 1024 * 1024
_PIECE = bytes(range(256)) * 4096


def run(megabytes: int) -> None:
    """
    Print how much memory and time a document takes from a server on loopback to a local folder, and whether it is the same.

    :param megabytes: the size of the document.
    """
    expected = hashlib.sha256()
    for _ in range(megabytes):
        expected.update(_PIECE)
    with tempfile.TemporaryDirectory() as folder, _serving() as address:
        output = OutputFolder(f"file://{folder}/out")  # Airflow loads its object storage here
        small = _store(output, "small", f"{address}/1")
        before, began = _peak(), time.perf_counter()
        [entry] = _store(output, "large", f"{address}/{megabytes}")
        took, grown = time.perf_counter() - began, _peak() - before
        plain = _written(Path(folder) / "plain", megabytes)
        whole = entry["bytes"] == megabytes * MEGABYTE and entry["sha256"] == expected.hexdigest()
    print(
        f"a document of {megabytes} MB: stored in {took:.1f} s, {took / plain:.1f} times a plain write of the same bytes"
    )
    print(
        f"peak memory grew by {grown / MEGABYTE:.1f} MB beyond that after a document of {small[0]['bytes'] // MEGABYTE} MB"
    )
    print(f"sha256 {entry['sha256']}: {'the same' if whole else 'NOT the same'} as was served")


def _store(folder: OutputFolder, name: str, address: str) -> list[dict[str, Any]]:
    settings = HttpSettings("http://127.0.0.1", download_hosts=frozenset({"127.0.0.1"}))
    client = Client(lambda: Endpoint("Datalab", datalab.API, settings))
    execution = Execution(name, State.SUCCEEDED, "COMPLETED", files=(ResultFile((name,), address),))
    return store(client, execution, folder, name)


def _peak() -> int:
    """Return the greatest memory that this process had so far, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _written(path: Path, megabytes: int) -> float:
    """Write and hash the same bytes, and return the seconds that it took."""
    began = time.perf_counter()
    digest = hashlib.sha256()
    with path.open("wb") as file:
        for _ in range(megabytes):
            file.write(_PIECE)
            digest.update(_PIECE)
    return time.perf_counter() - began


class _Document(BaseHTTPRequestHandler):
    """Serves so many megabytes as the path says."""

    def do_GET(self) -> None:
        megabytes = int(self.path.strip("/"))
        self.send_response(200)
        self.send_header("Content-Type", "application/pdf")
        self.send_header("Content-Length", str(megabytes * MEGABYTE))
        self.end_headers()
        for _ in range(megabytes):
            self.wfile.write(_PIECE)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@contextmanager
def _serving() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Document) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()

"""Many waits in one event loop, as in a triggerer: all contestants in turn, each twice, and each in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from dev import certificates, processes
from dev import environment as environments
from dev.bench import batch, batch_worker, environment, imports, report, triggerer
from dev.bench.contestants import CONTESTANTS, HOUR_SIZES, HOURS, INTERVAL
from dev.bench.measure import Plan, command

#: Longer than any measurement takes, in seconds.
_LIMIT = 1200


@dataclass(frozen=True)
class Scope:
    """
    What of the benchmark is run.

    :param names: the contestants.
    :param sizes: for how many runs.
    :param passes: how often each is measured.
    :param interval: seconds between two status checks.
    :param seconds: how long each window is.
    :param short: only the event loop: no runs of one hour, no imports and no real triggerer.
    """

    names: frozenset[str] = frozenset(
        {*(each.name for each in CONTESTANTS), *HOURS, "ours-batch", batch_worker.NAME}
    )
    sizes: tuple[int, ...] = (200, 1000, 5000, 20_000)
    passes: int = 2
    interval: float = INTERVAL
    seconds: float = 12.0
    short: bool = False


#: It asserts that the benchmark runs and that these keep up, and takes a minute and a half.
SHORT = Scope(frozenset({"ours", "databricks", "floor"}), (200,), 1, 5.0, 10.0, short=True)


def run(scope: Scope, output: Path) -> None:
    """
    Measure, print a table, and write the rows and their picture.

    :param scope: what is measured.
    :param output: the file of the rows; the picture lies beside it.
    """
    began = time.monotonic()
    measured: list[dict[str, Any]] = []
    failed: list[str] = []
    python = environment.python()
    with processes.termination_unwinds(), _surroundings() as env:
        for arguments in _commands(scope, env["BENCH_CERTIFICATES"]):
            try:
                row = _row(python, arguments, env)
            except (RuntimeError, subprocess.TimeoutExpired) as error:  # noqa: PERF203  # each takes a minute
                # The others take most of an hour, and are worth having.
                failed.append(" ".join(arguments))
                print(f"{time.monotonic() - began:5.0f} s  {failed[-1]}: {error}", flush=True)
            else:
                measured.append(row)
                print(f"{time.monotonic() - began:5.0f} s  {report.line(row)}", flush=True)
    report.write(report.combined(measured), output)
    if failed:
        raise SystemExit("\n".join(["These measurements failed:", *failed]))


def _commands(scope: Scope, folder: str) -> Iterator[list[str]]:
    """Yield the command line of each measurement, without the Python."""
    for number in range(scope.passes):
        yield from map(command, _plans(scope, folder, first=number == 0))
        if not scope.short:
            yield from batch.commands(scope.names, scope.sizes)
            if number == 0:  # once: the largest one takes some minutes
                yield from batch_worker.commands(scope.names, scope.sizes)
            yield from (imports.command(name) for name in imports.OPERATORS if name in scope.names)
    if not scope.short and triggerer.TASKS in scope.sizes:
        yield from (triggerer.command(name) for name in triggerer.DAGS if name in scope.names)


def _plans(scope: Scope, folder: str, *, first: bool) -> Iterator[Plan]:
    for size in scope.sizes:
        for contestant in CONTESTANTS:
            if contestant.name in scope.names and size in contestant.sizes:
                yield Plan(
                    contestant.name,
                    size,
                    scope.interval,
                    scope.seconds,
                    ends=first,
                    hour=False,
                    certificates=folder,
                )
        for name in HOURS:
            if not scope.short and name in scope.names and size in HOUR_SIZES:
                yield Plan(
                    name, size, scope.interval, scope.seconds, ends=False, hour=True, certificates=folder
                )


def _row(python: Path, arguments: Sequence[str], env: dict[str, str]) -> dict[str, Any]:
    """Measure once, in a process of its own, and return its row."""
    load, now = os.getloadavg()[0], datetime.now(timezone.utc).isoformat(timespec="seconds")
    home = Path(env["AIRFLOW_HOME"])
    log = home / "measurement.log"
    log.unlink(missing_ok=True)
    started: list[processes.Component] = []
    try:
        with processes.uninterrupted():
            started.append(
                processes.start("measurement", [str(python), *arguments], log=log, env=env, cwd=home)
            )
        if started[0].process.wait(_LIMIT):
            started[0].check_alive()
    finally:
        with processes.uninterrupted():
            processes.end(started, grace=30)  # a real Airflow ends its own processes first
    row = next(line for line in reversed(log.read_text().splitlines()) if line.startswith("{"))
    return {**json.loads(row), "at": now, "load": load}


@contextmanager
def _surroundings() -> Iterator[dict[str, str]]:
    """Yield the environment variables of a measurement: an Airflow of its own, and an authority that everyone trusts."""
    with tempfile.TemporaryDirectory() as folder:
        certificates.make(Path(folder))
        authority = str(Path(folder) / certificates.AUTHORITY)
        yield {
            **{name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")},
            "AIRFLOW_HOME": folder,
            # Peers log each check. What that costs is measured in a real triggerer, where it costs most.
            "AIRFLOW__LOGGING__LOGGING_LEVEL": "ERROR",
            "BENCH_CERTIFICATES": folder,
            "NO_PROXY": "127.0.0.1",
            "no_proxy": "127.0.0.1",
            "PYTHONPATH": str(environments.ROOT),
            "REQUESTS_CA_BUNDLE": authority,
            "SSL_CERT_FILE": authority,
        }

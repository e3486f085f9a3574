"""
What is compared: real trigger classes, each with a connection to a vendor of the stub, and what a check costs at the least.

Each contestant waits for runs by their ids. All of them check the server's certificate: aiohttp and httpx both read the
authority from ``SSL_CERT_FILE``.
"""

from __future__ import annotations

import time
from contextlib import aclosing
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeAlias

from dev.bench.floor import Floor

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

#: Seconds between two status checks, for all contestants with a fixed interval.
INTERVAL = 10.0

#: How long a run takes whose whole cost is measured, in seconds.
HOUR = 3600.0

#: Waits until the run with this id has ended.
Wait: TypeAlias = "Callable[[str], Awaitable[None]]"


@dataclass(frozen=True)
class Setup:
    """
    What a contestant is given.

    :param conn_id: its connection.
    :param port: of the stub.
    :param interval: seconds between two status checks; ``None``: the contestant's own default.
    """

    conn_id: str
    port: int
    interval: float | None


@dataclass(frozen=True)
class Contestant:
    """
    One way to wait for many runs.

    :param name: in the table.
    :param prepare: imports what it needs and returns how it waits; ``None`` for an empty event loop.
    :param connection: the connection to the stub, from its port.
    :param latency: seconds until the vendor responds.
    :param lists: whether the vendor has a list of executions; else it rejects the request for one.
    :param proxied: whether its requests go through a proxy.
    :param beside_hang: whether a second connection waits as well, for a quarter as many runs of a vendor that hangs.
    :param sizes: for how many runs it is measured.
    """

    name: str
    prepare: Callable[[Setup], Wait] | None
    connection: Callable[[int], dict[str, Any]] = lambda _: {}
    latency: float = 0.05
    lists: bool = False
    proxied: bool = False
    beside_hang: bool = False
    sizes: tuple[int, ...] = (200, 1000)

    def period(self, interval: float) -> float:
        """Return how many seconds lie between two checks of a run if nothing is late."""
        return interval + self.latency


def _trigger(path: str, arguments: Callable[[Any, Setup, str], dict[str, Any]]) -> Callable[[Setup], Wait]:
    """
    Let one trigger wait for each run.

    :param path: the class with its module; a peer is only installed in the environment of the benchmark.
    :param arguments: the trigger's, from its class, what the contestant is given, and the id of the run.
    """

    def prepare(setup: Setup) -> Wait:
        module, name = path.rsplit(".", 1)
        kind = getattr(import_module(module), name)

        async def wait(run: str) -> None:
            async with aclosing(kind(**arguments(kind, setup, run)).run()) as events:
                payload = (await anext(events)).payload
            if not any(good in str(payload) for good in ("'ended'", "'success'", "SUCCESS", "True")):
                raise RuntimeError(f"the wait for run {run} ended without success: {payload}")

        return wait

    return prepare


def _refold_arguments(_: Any, setup: Setup, run: str) -> dict[str, Any]:
    from airflow_workflow_providers import settings  # noqa: PLC0415  # of this contestant alone

    return {
        "conn_id": setup.conn_id,
        "execution_id": run,
        "deadline": time.time() + 2 * HOUR,
        "poll_interval": setup.interval or settings.POLL_INTERVAL,
        "max_poll_interval": setup.interval or settings.MAX_POLL_INTERVAL,
        "began_at": time.time(),
        "cancel_on_kill": False,
    }


def refold(port: int) -> dict[str, Any]:
    """Return the connection of our contestants, for an account whose limit is no limit here."""
    return {
        "conn_type": "refold",
        "host": f"https://127.0.0.1:{port}",
        "password": "tk_benchmark",
        "extra": {"linked_account_id": "acct_1", "requests_per_second": 10_000},
    }


def databricks(port: int) -> dict[str, Any]:
    """Return the connection of Databricks."""
    return {"conn_type": "databricks", "host": "127.0.0.1", "port": port, "password": "dapi_benchmark"}


def _floor(setup: Setup) -> Wait:
    return Floor(setup.port, setup.interval or INTERVAL).wait


_OURS = _trigger("airflow_workflow_providers.triggers.refold.RefoldExecutionTrigger", _refold_arguments)
_DATABRICKS = _trigger(
    "airflow.providers.databricks.triggers.databricks.DatabricksExecutionTrigger",
    lambda _, setup, run: {
        "run_id": int(run),
        "databricks_conn_id": setup.conn_id,
        "polling_period_seconds": setup.interval,
    },
)
_DBT = _trigger(
    "airflow.providers.dbt.cloud.triggers.dbt.DbtCloudRunJobTrigger",
    lambda _, setup, run: {
        "conn_id": setup.conn_id,
        "run_id": int(run),
        "end_time": time.time() + 2 * HOUR,
        "poll_interval": setup.interval,
        "account_id": 1,
    },
)
_AIRBYTE = _trigger(
    "airflow.providers.airbyte.triggers.airbyte.AirbyteSyncTrigger",
    lambda _, setup, run: {
        "job_id": int(run),
        "conn_id": setup.conn_id,
        "end_time": time.time() + 2 * HOUR,
        "poll_interval": setup.interval,
    },
)
# The trigger of HttpSensor; the other one that polls, HttpEventTrigger, is for assets.
_HTTP = _trigger(
    "airflow.providers.http.triggers.http.HttpSensorTrigger",
    lambda _, setup, run: {
        "endpoint": f"runs/{run}",
        "http_conn_id": setup.conn_id,
        "poke_interval": setup.interval,
    },
)

_ALL = (200, 1000, 5000)

CONTESTANTS = (
    Contestant("idle", None, sizes=_ALL),
    Contestant("floor", _floor, sizes=_ALL),
    Contestant("ours", _OURS, refold, sizes=_ALL),
    Contestant("databricks", _DATABRICKS, databricks, sizes=_ALL),
    Contestant("ours-list", _OURS, refold, lists=True, sizes=_ALL),
    Contestant("ours-200ms", _OURS, refold, latency=0.2),
    Contestant("ours-beside-hang", _OURS, refold, beside_hang=True),
    Contestant("ours-proxy", _OURS, refold, proxied=True, sizes=(1000,)),
    Contestant(
        "dbt-cloud",
        _DBT,
        lambda port: {
            "conn_type": "dbt_cloud",
            "host": f"127.0.0.1:{port}",
            "login": "1",
            "password": "dbt_benchmark",
        },
    ),
    Contestant(
        "http",
        _HTTP,
        lambda port: {"conn_type": "http", "host": f"https://127.0.0.1:{port}"},
    ),
    # Its trigger calls the vendor synchronously, so that it cannot keep up with more.
    Contestant(
        "airbyte",
        _AIRBYTE,
        lambda port: {"conn_type": "airbyte", "host": f"https://127.0.0.1:{port}"},
        sizes=(200,),
    ),
)

#: The contestants whose whole cost for a run of one hour is measured: the interval of each, ``None``: its own default.
HOURS: dict[str, float | None] = {"ours": INTERVAL, "ours-adaptive": None}
HOUR_SIZES = (200, 1000)

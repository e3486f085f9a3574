"""What is done to a cluster while it works: killed processes, and a restart of the queue."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import psutil

from dev.cluster.tasks import BATCH, PROBE

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow_workflow_providers.emulator import Emulator
    from dev.real_airflow import RealAirflow
    from dev.redis_server import Redis

_TASK = "parse"
#: The states of a task whose work goes on, or has ended.
_GOES_ON = frozenset({"running", "deferred", "success"})
#: Seconds between two looks: each of them costs the API server something.
_INTERVAL = 1.0
_PATIENCE = 300.0
#: How long an execution takes while the triggerer is killed, in seconds: none ends before.
_LONG = 36_000.0


@dataclass
class Outages:
    """
    Everything that is done to one cluster, one thing after the other.

    :param airflow: the cluster.
    :param redis: its queue.
    :param emulator: the vendors.
    :param run_id: the DAG run of the batch.
    :param pace: how long an execution usually takes, in seconds.
    :param say: prints a line.
    """

    airflow: RealAirflow
    redis: Redis
    emulator: Emulator
    run_id: str
    pace: float
    say: Callable[[str], None]
    done: list[dict[str, Any]] = field(default_factory=list)

    def kill_worker(self) -> None:
        """Kill the worker that has the task of the batch, with all tasks on it, as the end of a machine does."""
        number, _ = self._running()
        worker = self._instance()["hostname"]
        self.airflow.kill(worker)
        self._recovers("worker", lambda: self._is_running_again(number))
        self.airflow.launch(worker)

    def kill_supervisor(self) -> None:
        """Kill the supervisor of the batch's task: its worker goes on, and the task has nobody to speak to."""
        number, task = self._running()
        os.kill(task.ppid(), signal.SIGKILL)
        self._recovers("supervisor", lambda: self._is_running_again(number))

    def restart_redis(self) -> None:
        """Restart the queue, and see when a task comes through it again."""
        self.redis.restart()
        probe = self.airflow.trigger(PROBE)
        self._recovers("redis", lambda: self.airflow.run_state(PROBE, probe) == "success")

    def kill_triggerer(self) -> None:
        """Kill the triggerer that waits for the executions of the batch."""
        self.emulator.set_pace(seconds=_LONG)
        self._wait("a deferred batch", lambda: self._instance()["triggerer_job"] is not None)
        triggerer = self._instance()["triggerer_job"]["hostname"]
        self.airflow.kill(triggerer)
        self._recovers(
            "triggerer",
            lambda: (self._instance()["triggerer_job"] or {}).get("hostname") not in (None, triggerer),
        )
        self.airflow.launch(triggerer)
        self.emulator.set_pace(seconds=self.pace)

    # -- where things are ----------------------------------------------------------------------------------------------

    def _instance(self) -> dict[str, Any]:
        path = f"/api/v2/dags/{BATCH}/dagRuns/{self.run_id}/taskInstances/{_TASK}"
        return dict(self.airflow.request("GET", path))

    def _running(self) -> tuple[int, psutil.Process]:
        """Return the number of the try of the batch, and the process of its task, once it is running."""
        found: list[tuple[int, psutil.Process]] = []

        def running() -> bool:
            instance = self._instance()
            if instance["state"] == "running" and instance["pid"]:
                with suppress(psutil.NoSuchProcess):
                    found.append((instance["try_number"], psutil.Process(instance["pid"])))
            return bool(found)

        self._wait("the process of the batch", running)
        return found[0]

    def _is_running_again(self, number: int) -> bool:
        instance = self._instance()
        return instance["try_number"] > number and instance["state"] in _GOES_ON

    # -- waiting -------------------------------------------------------------------------------------------------------

    def _recovers(self, what: str, condition: Callable[[], bool]) -> None:
        began = time.monotonic()
        self.say(f"{what}: down")
        self._wait(f"the recovery from the end of {what}", condition)
        seconds = round(time.monotonic() - began, 1)
        self.done.append({"what": what, "recovery_seconds": seconds})
        self.say(f"{what}: work goes on after {seconds} s")

    def _wait(self, what: str, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + _PATIENCE
        while not condition():
            self.airflow.check_alive()
            if time.monotonic() > deadline:
                raise TimeoutError(f"{what} did not come within {_PATIENCE:g} s")
            time.sleep(_INTERVAL)

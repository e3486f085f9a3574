"""
Run many executions on a cluster while its processes are killed, and say what became of each input.

    python -m dev.cluster.run           5,000 files in one batch, and 504 mapped tasks
    python -m dev.cluster.run --short   the same with 120 files and 18 tasks, without the cost of an execution

It needs the environment that ``python -m dev.cluster`` makes.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import ssl
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from airflow_workflow_providers.emulator import Emulator
from dev import certificates
from dev.cluster import cost, verdict
from dev.cluster.outages import Outages
from dev.cluster.requests import exceeded, of_each
from dev.cluster.tasks import BATCH, DEFERRED, FILES, PROBE, dag_id
from dev.demo_report import say
from dev.postgres import Postgres
from dev.real_airflow import COMPONENTS, RealAirflow
from dev.redis_server import SETTINGS as REDIS_SETTINGS
from dev.redis_server import Redis

ROOT = Path(__file__).resolve().parent.parent.parent
HOME = ROOT / ".cluster"
REPORT = ROOT / "build" / "cluster.json"

#: The limits in requests a second that vendors document, Altostrat on an older page.
LIMITS = {"refold": 20.0, "datalab": 400 / 60, "altostrat": 1.0}
#: The ``Retry-After`` of the 429s that the emulator sends besides, in seconds.
RETRY_AFTER = 5
#: How long an execution takes, in seconds.
PACE = 10.0
#: How long a cluster does nothing, to see what it uses for that, in seconds.
_IDLE = 20.0

#: What differs from Airflow's defaults so that a dead process is noticed within half a minute, instead of some minutes.
SETTINGS = {
    "AIRFLOW__CELERY__WORKER_CONCURRENCY": "4",
    "AIRFLOW__CELERY_BROKER_TRANSPORT_OPTIONS__VISIBILITY_TIMEOUT": "3600",
    "AIRFLOW__CORE__DEFAULT_TASK_RETRIES": "5",
    "AIRFLOW__CORE__DEFAULT_TASK_RETRY_DELAY": "5",
    "AIRFLOW__CORE__MAX_ACTIVE_TASKS_PER_DAG": "100",
    "AIRFLOW__CORE__PARALLELISM": "16",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "30",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "2",
    "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT": "120",
    "AIRFLOW__TRIGGERER__JOB_HEARTBEAT_SEC": "1",
    "AIRFLOW__TRIGGERER__TRIGGERER_HEALTH_CHECK_THRESHOLD": "6",
    "AIRFLOW__WORKFLOW_PROVIDERS__POLL_INTERVAL": "2",
}


#: A triggerer imports it at once; the process of a task, which has a policy, after its DAG, so that a worker does not import for all
#: of its tasks what each of them imports elsewhere.
_LOCAL_SETTINGS = """
import sys

if "triggerer" in sys.argv:
    import dev.cluster.preloaded


def task_policy(task):
    import dev.cluster.preloaded
"""


@dataclass(frozen=True)
class Size:
    """
    How much a run has to do.

    :param files: how many inputs the batch has.
    :param mapped: how many tasks each of the mapped DAGs has.
    :param cost: how many executions the cost is measured with: of a batch, and of mapped tasks; 0: it is not measured.
    :param factor: by how much the vendors' limits are higher than those of a usual account: the work of an hour is to fit into
        minutes.
    :param minutes: how long the work may take.
    """

    files: int
    mapped: int
    factor: int
    cost: tuple[int, int]
    minutes: float

    @property
    def limits(self) -> dict[str, float]:
        """The limits of the connections, in requests a second."""
        return {vendor: round(limit * self.factor, 1) for vendor, limit in LIMITS.items()}


FULL = Size(files=5000, mapped=84, factor=20, cost=(300, 60), minutes=28)
SHORT = Size(files=120, mapped=3, factor=5, cost=(0, 0), minutes=12)


@dataclass
class Cluster:
    """
    A running cluster.

    :param airflow: Airflow with its workers.
    :param postgres: its database.
    :param emulator: the vendors.
    :param trusted: the authority of the emulator's certificate.
    :param began: when the run began.
    """

    airflow: RealAirflow
    postgres: Postgres
    redis: Redis
    emulator: Emulator
    trusted: ssl.SSLContext
    began: float
    run_ids: dict[str, str] = field(default_factory=dict)

    def say(self, text: str) -> None:
        """Print a line with the time."""
        say(f"{time.monotonic() - self.began:5.0f} s  {text}")

    def cpu(self) -> dict[str, float]:
        """Return the CPU that each kind of component has used, in seconds."""
        processes = {name: each.pid for name, each in self.airflow.processes.items()}
        return cost.by_kind({**processes, "database": self.postgres.process.pid})

    def start_batch(self, files: int, name: str) -> None:
        """Start the example of a batch."""
        conf = {"inbox": str(HOME / "inbox"), "files": files, "documents": f"file://{HOME}/{name}"}
        self.run_ids[BATCH] = self.airflow.trigger(BATCH, conf)

    def wait_for(self, dag: str, seconds: float) -> str:
        """Wait for the end of the last run of a DAG."""
        return self.airflow.wait_for_run(dag, self.run_ids[dag], seconds)


def measure_cost(cluster: Cluster, size: Size) -> dict[str, Any]:
    """Return the CPU of an execution in a batch, and of one that has a mapped task, without any outage."""
    files, mapped = size.cost
    before = cluster.cpu()
    time.sleep(_IDLE)
    idle = {kind: (value - before[kind]) / _IDLE for kind, value in cluster.cpu().items()}

    def batch() -> float:
        began = time.monotonic()
        cluster.start_batch(files, "cost")
        _expect(cluster.wait_for(BATCH, 600), BATCH)
        return time.monotonic() - began

    def each_mapped() -> float:
        began = time.monotonic()
        cluster.run_ids[dag_id(FILES)] = cluster.airflow.trigger(dag_id(FILES))
        _expect(cluster.wait_for(dag_id(FILES), 600), dag_id(FILES))
        return time.monotonic() - began

    # The batch comes first, because it makes the files.
    of_batch = cost.of_each(cluster.cpu, batch, idle, files)
    requests = of_each(cluster.emulator.requests("datalab"), files)
    cluster.say(f"CPU of an execution in a batch of {files}: {of_batch['compared']} s")
    of_mapped = cost.of_each(cluster.cpu, each_mapped, idle, mapped)
    cluster.say(f"CPU of an execution of a mapped task, of {mapped}: {of_mapped['compared']} s")
    return {
        "cpu_seconds_batch": of_batch,
        "cpu_seconds_mapped": of_mapped,
        "cpu_idle": {kind: round(value, 3) for kind, value in idle.items()},
        "requests_of_batch": requests,
        "cpu_ratio": round(of_batch["compared"] / of_mapped["compared"], 3),
    }


def _expect(state: str, dag: str) -> None:
    if state != "success":
        raise RuntimeError(f"{dag} is {state}, and nothing was done to it")


def work_through_outages(cluster: Cluster, size: Size) -> dict[str, Any]:
    """Let all tasks work while processes are killed, and return what became of each input."""
    airflow, emulator = cluster.airflow, cluster.emulator
    emulator.reset()
    emulator.limit(size.factor)
    emulator.set_pace(seconds=PACE)
    for operation in ("run_pipeline", "get_pipeline_execution"):
        emulator.fail(
            "datalab", operation, "rate_limit", times=3, after=size.files // 3, retry_after=RETRY_AFTER
        )
    began = time.monotonic()
    cluster.start_batch(size.files, "outputs")
    for vendor in DEFERRED:
        cluster.run_ids[dag_id(vendor.name)] = airflow.trigger(dag_id(vendor.name))
    cluster.say(f"A batch of {size.files:,} files, and {len(DEFERRED) * size.mapped} mapped tasks.")
    outages = Outages(airflow, cluster.redis, emulator, cluster.run_ids[BATCH], PACE, cluster.say)
    for share, outage in (
        (0.05, outages.kill_worker),
        (0.25, outages.kill_supervisor),
        (0.45, outages.kill_triggerer),
        (0.65, outages.restart_redis),
    ):
        _wait(cluster, lambda share=share: _uploaded(emulator) >= share * size.files, size)  # type: ignore[misc]
        outage()
    _wait(cluster, partial(_have_ended, cluster), size)
    seconds = round(time.monotonic() - began)
    cluster.say(f"All DAG runs have ended after {seconds} s.")
    requests, runs = emulator.requests(), emulator.runs()
    emulator.limit(None)
    counts = verdict.of_batch(
        emulator.runs("datalab"),
        verdict.file_names(emulator, cluster.trusted),
        verdict.result_of_batch(airflow, cluster.run_ids[BATCH]),
        size.files,
    )
    mapped = verdict.of_mapped(airflow, cluster.run_ids, runs, size.mapped)
    total = counts + mapped
    others = {each.conn_type for each in DEFERRED} - {"datalab"}
    return {
        **{name: total[name] for name in _COUNTS},
        "of_batch": dict(counts),
        "of_mapped": dict(mapped),
        "recovery_seconds": outages.done,
        "seconds": seconds,
        "requests": len(requests),
        "requests_of_mapped": {
            vendor: of_each(
                [each for each in requests if each["vendor"] == vendor], len(emulator.runs(vendor))
            )
            for vendor in sorted(others)
        },
        "throttled": sum(each["status"] == 429 for each in requests),
        "limit_exceeded": exceeded(requests, size.limits, RETRY_AFTER),
    }


_COUNTS = (
    "inputs",
    "started",
    "finished",
    "duplicated",
    "lost_starts",
    "failed",
    "lost",
    "outputs_written",
    "outputs_wrong",
)


def _uploaded(emulator: Emulator) -> int:
    return len(emulator.requests("datalab", "upload_file"))


def _have_ended(cluster: Cluster) -> bool:
    return all(
        cluster.airflow.run_state(dag, run_id) in ("success", "failed")
        for dag, run_id in cluster.run_ids.items()
    )


def _wait(cluster: Cluster, condition: Callable[[], bool], size: Size) -> None:
    deadline = cluster.began + size.minutes * 60
    while not condition():
        cluster.airflow.check_alive()
        if time.monotonic() > deadline:
            raise TimeoutError(f"the tasks did not end within {size.minutes:g} minutes")
        time.sleep(2)


def wrong(result: dict[str, Any]) -> list[str]:
    """Return what is not as it must be, a sentence for each."""
    found = [f"{name} is {result[name]}" for name in _MUST_BE_0 if result[name]]
    if result["finished"] + result["lost_starts"] != result["inputs"]:
        found.append("some inputs have neither finished nor are they lost starts")
    if (ratio := result.get("cpu_ratio", 0.0)) > _MOST_CPU:
        found.append(f"an execution in a batch uses {ratio} of the CPU of a mapped task")
    return found


_MUST_BE_0 = ("duplicated", "lost", "failed", "outputs_wrong", "limit_exceeded")
_MOST_CPU = 0.1


def run(size: Size) -> dict[str, Any]:
    """Start the cluster, and return all figures."""
    began = time.monotonic()
    shutil.rmtree(HOME, ignore_errors=True)
    (HOME / "inbox").mkdir(parents=True)
    certificates.make(HOME)
    authority = HOME / certificates.AUTHORITY
    _write_dags()
    with (
        Emulator(certificate=HOME / certificates.SERVER) as emulator,
        Postgres(HOME) as postgres,
        Redis(HOME / "redis") as redis,
    ):
        settings = {
            **SETTINGS,
            "AIRFLOW__CELERY__BROKER_URL": redis.url,
            "AIRFLOW__CELERY__RESULT_BACKEND": f"db+{postgres.url}",
            "AIRFLOW__CORE__HOSTNAME_CALLABLE": "dev.cluster.host.name",
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": postgres.url,
            "AIRFLOW__WORKFLOW_PROVIDERS__INPUT_FOLDERS": str(HOME / "inbox"),
            "CLUSTER_INBOX": str(HOME / "inbox"),
            "CLUSTER_MAPPED": str(size.mapped),
            "CLUSTER_MAPPED_FILES": str(size.cost[1]),
            "PYTHONPATH": os.pathsep.join([str(ROOT), str(HOME / "preloaded")]),
        }
        for name, value in {**SETTINGS, **{f"redis {k}": v for k, v in REDIS_SETTINGS.items()}}.items():
            say(f"  {name.removeprefix('AIRFLOW__').lower().replace('__', '.')} = {value or '-'}")
        connections = {
            f"{name}_default": _connection(emulator, name, authority, size) for name in emulator.vendors
        }
        with RealAirflow(
            HOME,
            HOME / "dags",
            connections,
            settings,
            executor="CeleryExecutor",
            components=(*COMPONENTS, "triggerer-2", "worker-1", "worker-2"),
        ) as airflow:
            trusted = ssl.create_default_context(cafile=str(authority))
            cluster = Cluster(airflow, postgres, redis, emulator, trusted, began)
            emulator.limit(size.factor)
            emulator.set_pace(seconds=PACE)
            names = [dag_id(vendor.name) for vendor in DEFERRED]
            airflow.wait_for_dags([BATCH, PROBE, *names, dag_id(FILES)], 120)
            cluster.say("The cluster is up.")
            measured = measure_cost(cluster, size) if size.cost[0] else {}
            return {**work_through_outages(cluster, size), **measured}


def _connection(emulator: Emulator, vendor: str, authority: Path, size: Size) -> dict[str, Any]:
    fields = emulator.connection(vendor)
    extra = {**fields["extra"], "ca_bundle": str(authority)}
    if vendor in size.limits:
        extra["requests_per_second"] = size.limits[vendor]
    return {**fields, "extra": extra}


def _write_dags() -> None:
    folder, example = HOME / "dags", ROOT / "example_dags"
    folder.mkdir()
    shutil.copyfile(example / f"{BATCH}.py", folder / f"{BATCH}.py")
    shutil.copytree(example / "documents", folder / "documents")
    shutil.copyfile(Path(__file__).parent / "dags" / "mapped.py", folder / "mapped.py")
    (HOME / "preloaded").mkdir()
    (HOME / "preloaded" / "airflow_local_settings.py").write_text(_LOCAL_SETTINGS)


def main() -> int:
    """Run it, print and write the figures; the exit code says whether all is as it must be."""
    parser = argparse.ArgumentParser(prog="make cluster", description=__doc__)
    parser.add_argument("--short", action="store_true", help="a few minutes instead of half an hour")
    short = parser.parse_args().short
    result = run(SHORT if short else FULL)
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(json.dumps(result, indent=2) + "\n")
    say()
    for name, value in result.items():
        say(f"{name:<20} {json.dumps(value)}")
    failures = wrong(result)
    for each in failures:
        say(f"Not as it must be: {each}.")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())

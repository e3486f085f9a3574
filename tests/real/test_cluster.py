"""The short form of `make cluster`; and what its verdict must not overlook."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from dev import postgres, redis_server
from dev.cluster import requests
from tests.real.newcomer import ROOT

WORKER = "worker 7"


@pytest.mark.real
@pytest.mark.skipif(not postgres.installed(), reason=postgres.MISSING)
@pytest.mark.skipif(not redis_server.installed(), reason=redis_server.MISSING)
def test_a_cluster_finishes_all_inputs_although_its_processes_are_killed():
    """With two workers of Celery and two triggerers, a killed process of each kind, and a restart of Redis."""
    done = subprocess.run(
        [sys.executable, "-m", "dev.cluster", "--short"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads((ROOT / "build" / "cluster.json").read_text())
    wanted = {"duplicated": 0, "lost": 0, "failed": 0, "outputs_wrong": 0, "limit_exceeded": 0}
    assert {name: report[name] for name in wanted} == wanted
    assert report["finished"] + report["lost_starts"] == report["inputs"] == 138
    assert report["outputs_written"] >= 100
    assert [each["what"] for each in report["recovery_seconds"]] == [
        "worker",
        "supervisor",
        "triggerer",
        "redis",
    ]
    # The emulator was told to reject a few requests, so that there is a Retry-After to wait for.
    assert report["throttled"] > 0


def received(at: float, **fields: object) -> dict[str, object]:
    request = {"at": at, "vendor": "datalab", "operation": "run_pipeline", "fault": None}
    return {**request, "headers": {"x-process": WORKER}, **fields}


def test_requests_above_the_share_of_a_process_are_counted():
    """A worker uses a quarter of the limit; what is under way at the same time may be received at once."""
    even = [received(second / 10) for second in range(600)]  # 10 a second

    assert requests.exceeded(even, {"datalab": 40.0}, 5) == 0
    assert requests.exceeded(even, {"datalab": 20.0}, 5) > 200
    assert requests.exceeded(even, {"refold": 20.0}, 5) == 0
    assert requests.exceeded([{**each, "operation": "put_file"} for each in even], {"datalab": 20.0}, 5) == 0


def test_a_request_before_retry_after_is_counted_for_its_own_process_only():
    rejected = received(100.0, fault="rate_limit")
    late = [received(100.5), received(105.0)]
    other = received(102.0, headers={"x-process": "worker 8"})

    assert requests.exceeded([rejected, *late, other], {}, 5) == 0
    assert requests.exceeded([rejected, received(103.0), *late], {}, 5) == 1

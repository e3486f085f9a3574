"""A process keeps to its share of the connection's limit, and neither a start nor a stop suffers from that."""

from __future__ import annotations

import asyncio
import time
from contextlib import closing

import pytest
from airflow.providers.common.compat.sdk import AirflowTaskTimeout

from airflow_workflow_providers.core import errors, rate_limit
from airflow_workflow_providers.emulator import Emulator
from tests.conftest import connect
from tests.contract import requests, runs, signal_once, start, starts, status_checks, vendors_with_a_stop
from tests.contract.crash import Store
from tests.fake_airflow import Task
from tests.vendors import VendorCase

#: One request of a worker in 100 s, after a burst.
SLOW = 0.01 / rate_limit.SHARES["worker"]


def use_up_the_limit(vendor: VendorCase, emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> str:
    """Let the connection have a low limit, and send as many requests as a worker may send now; the run goes on."""
    connect(monkeypatch, vendor, emulator, requests_per_second=SLOW)
    run_id = start(vendor, vendor.goes_on)
    with closing(vendor.hook()) as hook:
        for _ in range(rate_limit.BURST - 1):
            hook.get_status(run_id)
    return run_id


@pytest.mark.parametrize("where", ["worker", "triggerer"])
def test_the_vendor_gets_no_more_requests_than_the_share_of_the_process(
    vendor: VendorCase, emulator: Emulator, monkeypatch: pytest.MonkeyPatch, where: rate_limit.Role
) -> None:
    """In any stretch of time: after a burst of five, ten more take half a second at 20 a second."""
    connect(monkeypatch, vendor, emulator, requests_per_second=20 / rate_limit.SHARES[where])
    run_id = start(vendor, vendor.goes_on)

    async def together() -> None:
        async with vendor.hook().async_client() as client:
            await asyncio.gather(*(client.get_status(run_id) for _ in range(15)))

    began = time.time()
    if where == "worker":
        with closing(vendor.hook()) as hook:
            for _ in range(15):
                hook.get_status(run_id)
    else:
        asyncio.run(together())

    arrived = sorted(check["at"] for check in status_checks(emulator, vendor))
    assert len(arrived) == 15
    for place, at in enumerate(arrived):
        assert at - began >= (place - 4) / 20 - 0.01, place  # the two clocks differ a little


def test_a_start_that_waits_for_its_turn_leaves_no_intent(
    vendor: VendorCase, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process may be killed while it waits. A person who ends the task, and Airflow's timeout, end the wait."""
    use_up_the_limit(vendor, emulator, monkeypatch)
    before = len(starts(emulator, vendor))

    task = Task(lambda: vendor.task(timeout=3600))

    def kill() -> None:
        task.operator.on_kill()

    def time_out() -> None:
        raise AirflowTaskTimeout

    for end, error in ((kill, errors.ExecutionStopped), (time_out, AirflowTaskTimeout)):
        store = task.store = Store()
        began = time.monotonic()
        with signal_once(lambda: time.monotonic() > began + 1, end), pytest.raises(error):  # noqa: B023  # as above
            task.execute()

        assert store.writes == []
        assert time.monotonic() - began < 10

    assert len(starts(emulator, vendor)) == before


def test_a_start_whose_turn_comes_after_the_deadline_is_not_sent(
    vendor: VendorCase, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error names the connection and the limit. A retry starts the run."""
    use_up_the_limit(vendor, emulator, monkeypatch)
    before = len(starts(emulator, vendor))
    task = Task(lambda: vendor.task(timeout=5))
    store = task.store = Store()

    with pytest.raises(errors.Unavailable, match="Nothing was started") as late:
        task.execute()

    parts = ["0.01 requests a second", "requests_per_second", f"'{vendor.conn_type}_default'"]
    assert [part for part in parts if part not in str(late.value)] == []
    assert store.writes == []
    assert len(starts(emulator, vendor)) == before


@vendors_with_a_stop
def test_a_stop_does_not_wait_for_a_turn(
    vendor: VendorCase, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On the worker and in the triggerer."""
    second = start(vendor, vendor.goes_on)
    first = use_up_the_limit(vendor, emulator, monkeypatch)

    async def stop() -> None:
        async with vendor.hook().async_client() as client:
            for _ in range(rate_limit.BURST):
                await client.get_status(second)
            await client.stop(second, budget=5)

    with closing(vendor.hook()) as hook:
        hook.client.stop(first, budget=5)
    asyncio.run(stop())

    assert {run["execution_id"]: run["stops"] for run in runs(emulator, vendor)} == {first: 1, second: 1}
    assert len(requests(emulator, vendor, vendor.stop)) == 2

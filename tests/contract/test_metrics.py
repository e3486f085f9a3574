"""What Airflow's metrics and traces are told, as a statsd server on loopback and a tracer of OpenTelemetry receive it."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest
import structlog
from airflow.providers.common.compat.sdk import TaskDeferred
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from airflow_workflow_providers.compat import HAS_TRIGGER_ON_KILL, Stats
from airflow_workflow_providers.core import errors, rate_limit
from airflow_workflow_providers.emulator import Emulator
from airflow_workflow_providers.metrics import METRICS, Metrics
from airflow_workflow_providers.operators import batch_run, batch_store
from airflow_workflow_providers.polling import poller
from tests.conftest import connect
from tests.contract import (
    Airflow,
    blocking_and_deferred,
    signal_once,
    start,
    status_checks,
    trigger_for,
    until,
    vendors_with_a_stop,
)
from tests.contract.crash import EXECUTION_ID, Store, fail, kill_process
from tests.contract.test_batch import all_ids, kill_at
from tests.fake_airflow import Task, first_event
from tests.statsd import Received, Statsd, listening
from tests.vendors import REFOLD, ROWS, VendorCase

only_refold = pytest.mark.parametrize("vendor", [REFOLD], ids=str)
vendors_with_proof = pytest.mark.parametrize(
    "vendor", [row for row in ROWS if row.values[0].hook.api.find_started]
)


@pytest.fixture
def statsd() -> Iterator[Statsd]:
    """Return the server that Airflow's client sends to."""
    with listening() as server:
        yield server


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> InMemorySpanExporter:
    """Let Airflow make traces, and return what an exporter gets."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    # OpenTelemetry's own provider can be set once in a process.
    monkeypatch.setattr(trace, "get_tracer_provider", lambda: provider)
    monkeypatch.setenv("AIRFLOW__TRACES__OTEL_ON", "True")
    return exporter


def a_batch(vendor: VendorCase, monkeypatch: pytest.MonkeyPatch, inputs: Any, **options: Any) -> Task:
    """Return a task of many executions, without the pauses between two writes."""
    monkeypatch.setattr(batch_run, "PACE", 0.02)
    monkeypatch.setattr(batch_store, "PACE", 0.0)
    return Task(lambda: vendor.batch(inputs, **options), retries=options.get("retries", 0))


# -- starts ---------------------------------------------------------------------------------------------------------


@blocking_and_deferred
def test_a_start_is_counted_once_with_its_vendor_and_its_connection(
    vendor: VendorCase, emulator: Emulator, statsd: Statsd, deferrable: bool
) -> None:
    Task(lambda: vendor.task(deferrable=deferrable)).run()

    tags = (("conn_id", f"{vendor.conn_type}_default"), ("vendor", vendor.conn_type))
    assert statsd.of("starts") == [Received("airflow.workflow_providers.starts", tags, 1.0, "c")]
    assert statsd.of("starts_rejected") == statsd.of("starts_lost") == []


def test_a_start_that_the_vendor_rejects_is_counted_with_the_class_of_its_error(
    vendor: VendorCase, emulator: Emulator, statsd: Statsd
) -> None:
    emulator.fail(vendor.conn_type, vendor.start, "status", status=422, body={"message": "no"})

    with pytest.raises(errors.RequestRejected):
        Task(vendor.task).run()

    assert statsd.by("error", "starts_rejected") == {"RequestRejected": 1}
    assert statsd.of("starts") == statsd.of("starts_lost") == []


def test_a_start_whose_response_is_lost_is_counted_as_lost(
    vendor: VendorCase, emulator: Emulator, statsd: Statsd
) -> None:
    emulator.fail(vendor.conn_type, vendor.start, "lost_response")

    with pytest.raises(errors.LostStart):
        Task(vendor.task).run()

    assert statsd.total("starts_lost") == 1
    assert statsd.of("starts") == statsd.of("starts_rejected") == []


@vendors_with_proof
def test_a_lost_start_that_is_found_again_is_counted_as_a_start(
    vendor: VendorCase, emulator: Emulator, statsd: Statsd
) -> None:
    emulator.configure(vendor.conn_type, **vendor.shows_nonce)
    emulator.fail(vendor.conn_type, vendor.start, "lost_response")

    Task(lambda: vendor.task(**{**vendor.input_of("site_456"), **vendor.with_nonce})).run()

    assert statsd.total("starts") == 1
    assert statsd.of("starts_lost") == []


def test_no_id_of_an_execution_is_in_a_metric(vendor: VendorCase, emulator: Emulator, statsd: Statsd) -> None:
    record = Task(lambda: vendor.task(deferrable=True)).run()

    assert statsd.received
    assert record["execution_id"] not in str(statsd.received)


def test_the_name_of_a_connection_cannot_break_the_protocol(statsd: Statsd) -> None:
    """Airflow allows a colon in it, which ends a name in the protocol of statsd."""
    Metrics("refold", "team:refold/eu" + "x" * 200).cancel("kill", accepted=1)

    [received] = statsd.received
    assert received.tag("conn_id").startswith("team_refold_eux")
    assert len(received.tag("conn_id")) == 64
    assert received.value == 1.0


def test_a_process_that_runs_no_task_emits_too(statsd: Statsd) -> None:
    """As a triggerer: on Airflow 3.2 and later nothing else lets its metrics read their settings."""
    code = (
        "from airflow_workflow_providers.metrics import STARTS, Metrics; Metrics('refold', 'a').count(STARTS)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)

    assert statsd.total("starts", conn_id="a") == 1


# -- retries --------------------------------------------------------------------------------------------------------


@blocking_and_deferred
def test_a_retry_that_reattaches_is_counted_under_the_names_of_airflow(
    vendor: VendorCase, emulator: Emulator, statsd: Statsd, deferrable: bool
) -> None:
    emulator.set_pace(status_checks=3)
    task = Task(lambda: vendor.task(deferrable=deferrable), retries=1)
    kill_process(task, EXECUTION_ID)

    task.run()

    assert statsd.resumed == ["fresh_submit", "reconnect_attempt", "reconnect_success"]
    assert {each.tags for each in statsd.received if "resumable" in each.name} == {
        (("operator", vendor.operator.__name__),)
    }
    assert statsd.total("starts") == statsd.total("reattached") == 1


def test_a_retry_that_finds_a_success_or_a_failure_is_counted_under_the_names_of_airflow(
    vendor: VendorCase, emulator: Emulator, statsd: Statsd
) -> None:
    emulator.set_pace(seconds=0)
    task = Task(vendor.task, retries=1)
    kill_process(task, EXECUTION_ID)
    task.run()
    with pytest.raises(errors.ExecutionFailed):
        Task(lambda: vendor.task(vendor.fails), retries=1).run()

    assert statsd.resumed == [
        *("fresh_submit", "reconnect_attempt", "already_succeeded"),
        *("fresh_submit", "reconnect_attempt", "terminal_resubmit"),
    ]


def test_without_a_store_nothing_is_said_of_retries(vendor: VendorCase, statsd: Statsd) -> None:
    """As Airflow's own operators do."""
    Task(vendor.task, store=False).run()

    assert statsd.resumed == []
    assert statsd.total("starts") == 1


# -- stops ----------------------------------------------------------------------------------------------------------


@vendors_with_a_stop
@blocking_and_deferred
def test_a_stop_at_the_deadline_is_counted_with_its_cause(
    vendor: VendorCase, emulator: Emulator, statsd: Statsd, deferrable: bool
) -> None:
    with pytest.raises(errors.ExecutionTimedOut):
        Task(lambda: vendor.task(vendor.goes_on, deferrable=deferrable, timeout=1.0)).run()

    assert statsd.by("cause", "cancels") == {"timeout": 1}
    assert statsd.of("cancels_failed") == []


@vendors_with_a_stop
def test_a_stop_that_the_vendor_rejects_is_counted_as_failed(
    vendor: VendorCase, emulator: Emulator, statsd: Statsd
) -> None:
    emulator.fail(vendor.conn_type, vendor.stop, "status", status=403, times=None)

    with pytest.raises(errors.ExecutionTimedOut):
        Task(lambda: vendor.task(vendor.goes_on, timeout=1.0)).run()

    assert statsd.by("cause", "cancels_failed") == {"timeout": 1}
    assert statsd.of("cancels") == []


@vendors_with_a_stop
def test_a_run_that_a_clear_or_another_input_replaces_is_counted_with_its_cause(
    vendor: VendorCase, emulator: Emulator, statsd: Statsd
) -> None:
    cleared = Task(lambda: vendor.task(vendor.goes_on), retries=1)
    kill_process(cleared, EXECUTION_ID)
    cleared.clear()
    cleared.make = vendor.task
    cleared.run()
    workflows = iter([vendor.goes_on, vendor.succeeds])
    changed = Task(lambda: vendor.task(next(workflows)), retries=1)
    kill_process(changed, EXECUTION_ID)
    changed.run()

    assert statsd.by("cause", "cancels") == {"clear": 1, "changed_input": 1}


@vendors_with_a_stop
def test_a_run_whose_id_cannot_be_stored_is_counted_with_its_cause(
    vendor: VendorCase, emulator: Emulator, statsd: Statsd
) -> None:
    task = Task(lambda: vendor.task(vendor.goes_on))
    task.store = Store(EXECUTION_ID, fail, stored=False)

    with pytest.raises(errors.WorkflowError, match="could not store"):
        task.run()

    assert statsd.by("cause", "cancels") == {"not_stored": 1}


@vendors_with_a_stop
def test_a_stop_after_a_kill_of_the_worker_is_counted_after_the_signal_handler(
    vendor: VendorCase, emulator: Emulator, statsd: Statsd
) -> None:
    """The handler may have interrupted an emit, whose lock it would wait for."""
    task = Task(lambda: vendor.task(vendor.goes_on, timeout=20))
    in_handler = []

    def kill() -> None:
        task.operator.on_kill()
        in_handler.extend(statsd.of("cancels"))

    with signal_once(lambda: status_checks(emulator, vendor), kill), pytest.raises(errors.ExecutionStopped):
        task.run()

    assert in_handler == []
    assert statsd.by("cause", "cancels") == {"kill": 1}


@vendors_with_a_stop
def test_a_stop_in_the_triggerer_is_counted(
    vendor: VendorCase, emulator: Emulator, statsd: Statsd, task_is: Callable[[str | None], Airflow]
) -> None:
    task_is("failed")
    accepted, rejected = start(vendor, vendor.goes_on), start(vendor, vendor.goes_on)

    with structlog.testing.capture_logs():
        asyncio.run(trigger_for(vendor, accepted).on_kill())
        emulator.fail(vendor.conn_type, vendor.stop, "status", status=403, times=None)
        asyncio.run(trigger_for(vendor, rejected).on_kill())

    assert statsd.by("cause", "cancels") == {"kill": 1}
    assert statsd.by("cause", "cancels_failed") == {"kill": 1}


@only_refold
def test_the_operator_that_stops_a_run_counts_it(
    vendor: VendorCase, emulator: Emulator, statsd: Statsd
) -> None:
    run_id = start(vendor, vendor.goes_on)

    Task(lambda: vendor.stop_operator(task_id="stop", execution_id=run_id, poll_interval=0.05)).run()

    assert statsd.by("cause", "cancels") == {"operator": 1}


# -- status checks --------------------------------------------------------------------------------------------------


@blocking_and_deferred
def test_status_checks_are_counted_and_those_that_failed_by_their_errors(
    vendor: VendorCase, emulator: Emulator, statsd: Statsd, deferrable: bool
) -> None:
    emulator.fail(vendor.conn_type, vendor.get_status, "server_error", times=2)

    Task(lambda: vendor.task(deferrable=deferrable)).run()

    assert statsd.by("error", "status_checks_failed") == {"Unavailable": 2}
    # Some vendors' results are read with the same request.
    assert 3 <= statsd.total("status_checks") <= len(status_checks(emulator, vendor))


def test_the_checks_of_a_sensor_are_counted_and_it_knows_no_duration(
    vendor: VendorCase, emulator: Emulator, statsd: Statsd
) -> None:
    """Somebody else has started the run, at a time that the sensor does not know."""
    run_id = start(vendor, vendor.succeeds)

    Task(lambda: vendor.sensor(task_id="wait", execution_id=run_id, poke_interval=0.01)).run()

    assert statsd.total("status_checks") >= 1
    assert statsd.of("run_duration") == []


def test_a_triggerer_adds_up_its_checks_and_emits_them_together(
    vendor: VendorCase, emulator: Emulator, statsd: Statsd
) -> None:
    emulator.set_pace(status_checks=10)
    triggers = [trigger_for(vendor, start(vendor, vendor.succeeds)) for _ in range(5)]

    async def wait() -> None:
        await asyncio.gather(*map(first_event, triggers))

    asyncio.run(wait())

    [received] = statsd.of("status_checks")
    assert received.value == len(status_checks(emulator, vendor)) >= 5


def test_a_triggerer_emits_while_it_waits(
    vendor: VendorCase, emulator: Emulator, statsd: Statsd, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wait may last for days."""
    monkeypatch.setattr(poller, "EMIT_INTERVAL", 0.2)
    trigger = trigger_for(vendor, start(vendor, vendor.goes_on))

    async def wait() -> None:
        waiting = asyncio.create_task(first_event(trigger))
        await until(lambda: len(statsd.of("status_checks")) >= 2)
        waiting.cancel()
        with suppress(asyncio.CancelledError):
            await waiting

    asyncio.run(wait())

    assert 2 <= len(statsd.of("status_checks")) < len(status_checks(emulator, vendor))


@only_refold
def test_a_backend_that_hangs_holds_up_no_wait_of_the_triggerer(
    vendor: VendorCase, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All triggers of the company share its event loop."""
    released, hangs = threading.Event(), threading.Event()

    def hang(*_: Any, **__: Any) -> None:
        hangs.set()
        released.wait(30)

    monkeypatch.setattr(Stats, "incr", staticmethod(hang), raising=False)
    monkeypatch.setattr(poller, "EMIT_INTERVAL", 0.0)
    emulator.set_pace(status_checks=5)
    trigger = trigger_for(vendor, start(vendor, vendor.succeeds))

    async def wait() -> Any:
        event = await asyncio.wait_for(first_event(trigger), 20)
        assert hangs.is_set()
        released.set()
        return event

    assert asyncio.run(wait())["outcome"] == "ended"


@only_refold
@blocking_and_deferred
def test_a_backend_that_fails_fails_no_task(
    vendor: VendorCase, emulator: Emulator, monkeypatch: pytest.MonkeyPatch, deferrable: bool
) -> None:
    def fail_always(*_: Any, **__: Any) -> None:
        raise OSError("no route to s3cret-host")

    for name in ("incr", "timing"):
        monkeypatch.setattr(Stats, name, staticmethod(fail_always), raising=False)

    record = Task(lambda: vendor.task(deferrable=deferrable)).run()

    assert record["state"] == "succeeded"


# -- requests that are held back ------------------------------------------------------------------------------------


@only_refold
def test_requests_that_wait_for_their_turn_are_counted_with_their_time(
    vendor: VendorCase, emulator: Emulator, statsd: Statsd, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At one in two seconds, the one after the burst comes too early."""
    connect(monkeypatch, vendor, emulator, requests_per_second=0.5 / rate_limit.SHARES["worker"])
    run_id = start(vendor, vendor.goes_on)
    began = time.monotonic()
    with closing(vendor.hook()) as hook:
        for _ in range(rate_limit.BURST):
            hook.get_status(run_id)
    took = time.monotonic() - began

    assert statsd.total("throttled") == 1
    assert 0 < statsd.total("throttled_ms") <= took * 1000
    assert statsd.of("rate_limited") == []


def test_a_429_is_counted_with_the_time_that_it_asks_for(
    vendor: VendorCase, emulator: Emulator, statsd: Statsd
) -> None:
    run_id = start(vendor, vendor.goes_on)
    emulator.fail(vendor.conn_type, vendor.get_status, "rate_limit", retry_after=1)

    with closing(vendor.hook()) as hook, pytest.raises(errors.RateLimited):
        hook.get_status(run_id)

    assert (statsd.total("rate_limited"), statsd.total("throttled"), statsd.total("throttled_ms")) == (
        1,
        1,
        1000,
    )


def test_a_triggerer_counts_the_waits_that_a_429_holds_back(
    vendor: VendorCase, emulator: Emulator, statsd: Statsd
) -> None:
    emulator.fail(vendor.conn_type, vendor.get_status, "rate_limit", retry_after=1)
    trigger = trigger_for(vendor, start(vendor, vendor.succeeds))

    asyncio.run(first_event(trigger))

    assert statsd.total("rate_limited") == 1
    assert statsd.total("throttled") >= 1
    assert statsd.total("throttled_ms") >= 1000
    assert statsd.by("error", "status_checks_failed") == {"RateLimited": 1}


# -- results --------------------------------------------------------------------------------------------------------


@blocking_and_deferred
def test_the_bytes_of_a_result_are_counted_by_its_place(
    vendor: VendorCase, emulator: Emulator, statsd: Statsd, tmp_path: Path, deferrable: bool
) -> None:
    inline = Task(lambda: vendor.task(deferrable=deferrable)).run()
    assert statsd.by("place", "result_bytes") == {"xcom": len(json.dumps(inline["output"]).encode())}

    stored = Task(lambda: vendor.task(deferrable=deferrable, output_path=f"file://{tmp_path}")).run()

    assert statsd.by("place", "result_bytes")["folder"] == sum(file["bytes"] for file in stored["output"])


@only_refold
def test_a_result_that_is_too_large_is_counted_as_left_out(
    vendor: VendorCase, emulator: Emulator, statsd: Statsd
) -> None:
    record = Task(lambda: vendor.task(max_inline_output=1)).run()

    assert statsd.by("place", "result_bytes") == {"omitted": record["output_omitted"]["bytes"]}


@blocking_and_deferred
def test_the_duration_of_a_run_is_recorded_once_with_its_end(
    vendor: VendorCase, emulator: Emulator, statsd: Statsd, deferrable: bool
) -> None:
    """From the start on, also if it ends in another process."""
    emulator.set_pace(seconds=0.3)
    began = time.monotonic()
    Task(lambda: vendor.task(deferrable=deferrable)).run()
    took = time.monotonic() - began
    with pytest.raises(errors.ExecutionFailed):
        Task(lambda: vendor.task(vendor.fails, deferrable=deferrable)).run()

    succeeded, failed = statsd.of("run_duration")
    assert (succeeded.kind, succeeded.tag("state"), failed.tag("state")) == ("ms", "succeeded", "failed")
    assert 290 <= succeeded.value <= took * 1000 + 10


@blocking_and_deferred
def test_the_duration_of_a_run_that_does_not_end_in_time_is_recorded_as_timed_out(
    vendor: VendorCase, emulator: Emulator, statsd: Statsd, deferrable: bool
) -> None:
    with pytest.raises(errors.ExecutionTimedOut):
        Task(lambda: vendor.task(vendor.goes_on, deferrable=deferrable, timeout=1.0)).run()

    [received] = statsd.of("run_duration")
    assert received.tag("state") == "timed_out"
    # The deadline counts from a moment before the start.
    assert received.value >= 500


# -- batches --------------------------------------------------------------------------------------------------------


@blocking_and_deferred
def test_a_batch_counts_its_inputs_by_their_results(
    vendor: VendorCase,
    emulator: Emulator,
    statsd: Statsd,
    monkeypatch: pytest.MonkeyPatch,
    deferrable: bool,
) -> None:
    emulator.set_pace(status_checks=1)
    inputs = [*vendor.inputs(3), *vendor.inputs(2, vendor.fails)]

    with pytest.raises(errors.ExecutionFailed):
        a_batch(vendor, monkeypatch, inputs, deferrable=deferrable).run()

    assert statsd.by("result", "batch_inputs") == {"succeeded": 3, "failed": 2}
    assert statsd.total("starts") == 5
    assert len(statsd.of("run_duration")) == 5
    assert statsd.by("place", "result_bytes")["xcom"] > 0
    assert statsd.total("status_checks") >= 5


@only_refold
def test_an_execution_that_has_ended_in_the_triggerer_is_counted_once(
    vendor: VendorCase, emulator: Emulator, statsd: Statsd, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker that keeps its result stays for others, and does not wait for it again."""
    emulator.set_pace(seconds=1)
    inputs = [*vendor.inputs(1), *vendor.inputs(2, vendor.goes_on)]
    options = {"deferrable": True, "max_active": 2, "timeout": 60}
    task = a_batch(vendor, monkeypatch, inputs, **options)
    monkeypatch.setattr(batch_run, "STAY", 0.0)
    with pytest.raises(TaskDeferred) as deferral:
        task.execute()
    event = task.fire(deferral.value)

    monkeypatch.setattr(batch_run, "STAY", 1.0)
    task.make = lambda: vendor.batch(inputs, poll_interval=0.5, **options)
    with pytest.raises(TaskDeferred):
        task.resume(deferral.value, event)

    assert statsd.by("result", "batch_inputs") == {"succeeded": 1}


def test_a_batch_counts_starts_that_are_rejected_or_lost(
    vendor: VendorCase, emulator: Emulator, statsd: Statsd, monkeypatch: pytest.MonkeyPatch
) -> None:
    emulator.fail(vendor.conn_type, vendor.start, "status", status=422, body={"message": "no"})
    with pytest.raises(errors.ExecutionFailed):
        a_batch(vendor, monkeypatch, vendor.inputs(2)).run()
    emulator.fail(vendor.conn_type, vendor.start, "lost_response")
    with pytest.raises(errors.LostStart):
        a_batch(vendor, monkeypatch, vendor.inputs(1), **vendor.without_nonce_in_batch).run()

    assert statsd.by("error", "starts_rejected") == {"RequestRejected": 1}
    assert statsd.total("starts_lost") == statsd.total("starts") == 1
    assert statsd.by("result", "batch_inputs") == {"not_started": 1, "succeeded": 1, "lost": 1}


@vendors_with_a_stop
def test_a_batch_counts_what_it_stops_at_its_deadline(
    vendor: VendorCase, emulator: Emulator, statsd: Statsd, monkeypatch: pytest.MonkeyPatch
) -> None:
    inputs = vendor.inputs(3, vendor.goes_on)
    with pytest.raises(errors.ExecutionTimedOut):
        a_batch(vendor, monkeypatch, inputs, timeout=2.0).run()

    assert statsd.by("cause", "cancels") == {"timeout": 3}
    assert statsd.by("result", "batch_inputs") == {"timed_out": 3}


@vendors_with_a_stop
def test_a_batch_counts_what_it_stops_after_a_kill(
    vendor: VendorCase, emulator: Emulator, statsd: Statsd, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = a_batch(vendor, monkeypatch, vendor.inputs(3, vendor.goes_on), timeout=30)

    with (
        signal_once(lambda: len(status_checks(emulator, vendor)) >= 3, lambda: task.operator.on_kill()),  # noqa: PLW0108  # the operator is made later
        pytest.raises(errors.ExecutionStopped),
    ):
        task.run()

    assert statsd.by("cause", "cancels") == {"kill": 3}


@vendors_with_a_stop
def test_a_batch_in_the_triggerer_counts_what_it_stops(
    vendor: VendorCase,
    emulator: Emulator,
    statsd: Statsd,
    monkeypatch: pytest.MonkeyPatch,
    task_is: Callable[[str | None], Airflow],
) -> None:
    task_is("failed")
    task = a_batch(vendor, monkeypatch, vendor.inputs(3, vendor.goes_on), deferrable=True, timeout=60)
    with pytest.raises(TaskDeferred) as deferral:
        task.execute()
    trigger = task.trigger(deferral.value)

    async def end() -> None:
        waiting = asyncio.create_task(first_event(trigger))
        await until(lambda: len(trigger._active) == 3)
        waiting.cancel()
        with suppress(asyncio.CancelledError):
            await waiting
        if HAS_TRIGGER_ON_KILL:  # before that the cancelled wait has done it
            await trigger.on_kill()

    with task.xcom_of(), structlog.testing.capture_logs():
        asyncio.run(end())

    assert statsd.by("cause", "cancels")["kill"] == 3


@vendors_with_a_stop
def test_a_batch_counts_the_runs_of_inputs_that_have_gone(
    vendor: VendorCase, emulator: Emulator, statsd: Statsd, monkeypatch: pytest.MonkeyPatch
) -> None:
    inputs = vendor.inputs(2, vendor.goes_on)
    task = a_batch(vendor, monkeypatch, inputs, retries=1)
    kill_at(task, all_ids)
    task.make = lambda: vendor.batch(inputs[:1], retries=1, timeout=2.0)
    with pytest.raises(errors.ExecutionTimedOut):
        task.try_once()

    assert statsd.total("reattached") == 1
    assert statsd.by("cause", "cancels") == {"removed_input": 1, "timeout": 1}


# -- traces ---------------------------------------------------------------------------------------------------------


@blocking_and_deferred
def test_a_run_has_one_span_from_its_start_to_its_end_in_the_trace_of_its_task(
    vendor: VendorCase, emulator: Emulator, spans: InMemorySpanExporter, deferrable: bool
) -> None:
    emulator.set_pace(seconds=0.3)
    began = time.time()
    with trace.get_tracer("airflow").start_as_current_span("worker.run") as of_task:
        record = Task(lambda: vendor.task(deferrable=deferrable)).run()

    span = spans.get_finished_spans()[0]
    assert span.name == "workflow_providers.execution"
    assert span.parent.span_id == of_task.get_span_context().span_id
    assert span.attributes == {
        "workflow_providers.vendor": vendor.conn_type,
        "workflow_providers.conn_id": f"{vendor.conn_type}_default",
        "workflow_providers.execution_id": record["execution_id"],
        "workflow_providers.state": "succeeded",
    }
    assert began - 0.01 <= span.start_time / 1e9 <= span.end_time / 1e9 - 0.29
    assert span.status.is_unset
    assert len(spans.get_finished_spans()) == 2


def test_each_run_of_a_batch_has_a_span_in_the_trace_of_its_task(
    vendor: VendorCase,
    emulator: Emulator,
    spans: InMemorySpanExporter,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    task = a_batch(vendor, monkeypatch, vendor.inputs(2))
    with trace.get_tracer("airflow").start_as_current_span("worker.run") as of_task:
        task.run()

    found = [span for span in spans.get_finished_spans() if span.name == "workflow_providers.execution"]
    assert {span.attributes["workflow_providers.execution_id"] for span in found} == {
        run["execution_id"] for run in emulator.runs()
    }
    assert {span.parent.span_id for span in found} == {of_task.get_span_context().span_id}
    assert len(found) == 2


def test_the_span_of_a_run_without_success_is_an_error(
    vendor: VendorCase, emulator: Emulator, spans: InMemorySpanExporter
) -> None:
    with pytest.raises(errors.ExecutionFailed):
        Task(lambda: vendor.task(vendor.fails)).run()
    with pytest.raises(errors.ExecutionTimedOut):
        Task(lambda: vendor.task(vendor.goes_on, timeout=1.0)).run()

    found = spans.get_finished_spans()
    assert [span.attributes["workflow_providers.state"] for span in found] == ["failed", "timed_out"]
    assert [span.status.is_ok or span.status.is_unset for span in found] == [False, False]


def test_without_airflows_traces_there_is_no_span(
    vendor: VendorCase, emulator: Emulator, spans: InMemorySpanExporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW__TRACES__OTEL_ON", "False")

    Task(vendor.task).run()

    assert spans.get_finished_spans() == ()


# -- the page -------------------------------------------------------------------------------------------------------


def test_the_page_lists_exactly_what_can_be_emitted() -> None:
    page = (Path(__file__).parents[2] / "docs" / "metrics.md").read_text()
    listed = {
        name: (kind, tuple(re.findall(r"`(\w+)`", tags)))
        for name, kind, tags in re.findall(
            r"^\| `([\w.]+)` \| (counter|timer)[^|]*\|([^|]*)\|", page, re.MULTILINE
        )
    }

    common = {"vendor", "conn_id"}
    assert listed == {
        each.name: (each.kind, tuple(tag for tag in each.tags if tag not in common)) for each in METRICS
    }
    assert all(common <= set(each.tags) for each in METRICS if each.name.startswith("workflow_providers."))

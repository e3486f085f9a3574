"""
What this package tells Airflow's own metrics and traces: the names, and the only place that emits them.

If Airflow's metrics are off, Airflow itself drops what it is told. An emit never fails a task, and nothing here asks Airflow, the
vendor or the database for anything.
"""

from __future__ import annotations

import logging
import re
import threading
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from airflow_workflow_providers import compat
from airflow_workflow_providers.core.errors import ExecutionStopped, LostStart, WorkflowError
from airflow_workflow_providers.core.rate_limit import HeldBack
from airflow_workflow_providers.settings import traces_are_on

log = logging.getLogger(__name__)

#: What the names of this package's own metrics begin with.
PREFIX = "workflow_providers."

#: What the names of Airflow's metrics of resumed jobs begin with.
RESUMABLE = "resumable_job."

#: The name of the span of a run.
SPAN = "workflow_providers.execution"

#: The least seconds between two emits of a :class:`Tally` of an event loop.
EMIT_INTERVAL = 10.0

#: The most characters of a connection id in a tag.
MOST_OF_CONN_ID = 64

#: The tags that say of which connection a metric is.
CONNECTION_TAGS = ("vendor", "conn_id")

#: Why an execution was asked to stop.
Cause: TypeAlias = Literal[
    "kill",
    "timeout",
    "unreadable",
    "given_up",
    "reconcile",
    "not_stored",
    "clear",
    "changed_input",
    "removed_input",
    "operator",
]

#: Where a result is.
Place: TypeAlias = Literal["xcom", "folder", "omitted"]

#: What a try does about the execution of an earlier try: the names of Airflow's own metrics.
Resumed: TypeAlias = Literal[
    "fresh_submit", "reconnect_attempt", "reconnect_success", "already_succeeded", "terminal_resubmit"
]


@dataclass(frozen=True, eq=False)  # each is one object, and a key of every addition
class Metric:
    """
    A metric, as ``docs/metrics.md`` lists it.

    :param name: with its prefix.
    :param kind: ``counter``: a number that is added; ``timer``: a duration, in milliseconds.
    :param tags: the names of its tags.
    """

    name: str
    kind: Literal["counter", "timer"]
    tags: tuple[str, ...]


def _own(name: str, *tags: str, kind: Literal["counter", "timer"] = "counter") -> Metric:
    return Metric(PREFIX + name, kind, (*CONNECTION_TAGS, *tags))


STARTS = _own("starts")
STARTS_REJECTED = _own("starts_rejected", "error")
STARTS_LOST = _own("starts_lost")
REATTACHED = _own("reattached")
STATUS_CHECKS = _own("status_checks")
STATUS_CHECKS_FAILED = _own("status_checks_failed", "error")
RATE_LIMITED = _own("rate_limited")
THROTTLED = _own("throttled")
THROTTLED_MS = _own("throttled_ms")
CANCELS = _own("cancels", "cause")
CANCELS_FAILED = _own("cancels_failed", "cause")
RESULT_BYTES = _own("result_bytes", "place")
RUN_DURATION = _own("run_duration", "state", kind="timer")
BATCH_INPUTS = _own("batch_inputs", "result")

_RESUMED: dict[Resumed, Metric] = {
    "fresh_submit": Metric(f"{RESUMABLE}fresh_submit", "counter", ("operator",)),
    "reconnect_attempt": Metric(f"{RESUMABLE}reconnect_attempt", "counter", ("operator",)),
    "reconnect_success": Metric(f"{RESUMABLE}reconnect_success", "counter", ("operator",)),
    "already_succeeded": Metric(f"{RESUMABLE}already_succeeded", "counter", ("operator",)),
    "terminal_resubmit": Metric(f"{RESUMABLE}terminal_resubmit", "counter", ("operator",)),
}

#: Everything that this package can emit.
METRICS = (
    STARTS,
    STARTS_REJECTED,
    STARTS_LOST,
    REATTACHED,
    STATUS_CHECKS,
    STATUS_CHECKS_FAILED,
    RATE_LIMITED,
    THROTTLED,
    THROTTLED_MS,
    CANCELS,
    CANCELS_FAILED,
    RESULT_BYTES,
    RUN_DURATION,
    BATCH_INPUTS,
    *_RESUMED.values(),
)

_has_failed = False


def _emit(method: Literal["incr", "timing"], metric: Metric, value: Any, tags: Mapping[str, str]) -> None:
    global _has_failed  # noqa: PLW0603  # one warning a process
    try:
        getattr(compat.stats(), method)(metric.name, value, tags=dict(tags))
    except Exception as error:  # noqa: BLE001  # whatever a metrics backend raises: a task does not fail because of it
        if not _has_failed:
            _has_failed = True
            log.warning("A metric could not be emitted (%s); this is logged once.", type(error).__name__)


def _count(metric: Metric, value: int, tags: Mapping[str, str]) -> None:
    if value:
        _emit("incr", metric, value, tags)


def count_resumed(decision: Resumed, operator: Any, task_instance: Any) -> None:
    """
    Count what a try does about the execution of an earlier try, under the name and with the tags of Airflow's own operators.

    :param decision: the last part of the name.
    :param operator: the task.
    :param task_instance: of the task; Airflow's own knows the team.
    """
    tags = {"operator": type(operator).__name__}
    known = getattr(task_instance, "stats_tags", None)
    if isinstance(known, dict) and (team := known.get("team_name")):
        tags["team_name"] = str(team)
    _count(_RESUMED[decision], 1, tags)


class Metrics:
    """
    The metrics of a connection.

    :param vendor: the type of the connection.
    :param conn_id: the connection. An id is never a tag: there is no end of them.
    """

    def __init__(self, vendor: str, conn_id: str) -> None:
        self._vendor = vendor
        self._conn_id = conn_id
        # A colon or a comma would end the name of the metric in the statsd protocol.
        shown = re.sub(r"[^A-Za-z0-9_.-]", "_", conn_id)[:MOST_OF_CONN_ID]
        self._tags = {"vendor": vendor, "conn_id": shown}

    def count(self, metric: Metric, value: int = 1, **tags: str) -> None:
        """
        Add to a counter.

        :param metric: the counter.
        :param value: what is added; nothing is sent for 0.
        :param tags: the others that the metric has.
        """
        _count(metric, value, {**self._tags, **tags})

    def start_failed(self, error: WorkflowError) -> None:
        """
        Count a start from which no execution is known to have come.

        :param error: why.
        """
        if isinstance(error, LostStart):
            self.count(STARTS_LOST)
        elif not isinstance(error, ExecutionStopped):  # then nothing was sent: the task was told to stop
            self.count(STARTS_REJECTED, error=type(error).__name__)

    def status_check(self, error: WorkflowError | None = None) -> None:
        """
        Count a status check.

        :param error: why it failed; default: it did not.
        """
        self.count(STATUS_CHECKS)
        if error is not None:
            self.count(STATUS_CHECKS_FAILED, error=type(error).__name__)

    def cancel(self, cause: Cause, *, accepted: int = 0, failed: int = 0) -> None:
        """
        Count executions that were asked to stop.

        :param cause: why they were.
        :param accepted: how many requests the vendor has accepted.
        :param failed: how many it has not, so that these executions may go on.
        """
        self.count(CANCELS, accepted, cause=cause)
        self.count(CANCELS_FAILED, failed, cause=cause)

    def held_back(self, held: HeldBack) -> None:
        """
        Count requests that were held back.

        :param held: how many, and for how long.
        """
        self.count(RATE_LIMITED, held.rejected)
        self.count(THROTTLED, held.requests)
        self.count(THROTTLED_MS, round(held.seconds * 1000))

    def run_duration(self, state: str, began_at: float) -> None:
        """
        Record how long a run has taken, until this package has seen its end.

        :param state: how it has ended.
        :param began_at: when it began, in seconds since the epoch.
        """
        # A number of milliseconds means the same to every backend on every Airflow; a timedelta does not.
        duration = max(0.0, time.time() - began_at) * 1000
        _emit("timing", RUN_DURATION, duration, {**self._tags, "state": state})

    def run_span(self, state: str, began_at: float, *, execution_id: str | None, is_success: bool) -> None:
        """
        Add the span of a run to the trace of its task, if Airflow's traces are on.

        It is one span, made at the end with the time of the start: a run that is waited for in the triggerer begins and ends in two
        processes.

        :param state: how it has ended.
        :param began_at: when it began, in seconds since the epoch.
        :param execution_id: the vendor's id, if it has one.
        :param is_success: whether that is a success for the task.
        """
        if not traces_are_on():
            return
        try:
            from opentelemetry import trace  # noqa: PLC0415  # only where the traces are on
        except ImportError:
            return
        known = {
            "vendor": self._vendor,
            "conn_id": self._conn_id,
            "execution_id": execution_id,
            "state": state,
        }
        try:
            span = trace.get_tracer(__name__).start_span(
                SPAN,
                start_time=int(began_at * 1e9),
                attributes={PREFIX + name: value for name, value in known.items() if value is not None},
            )
            if not is_success:
                span.set_status(trace.StatusCode.ERROR)
            span.end()
        except Exception as error:  # noqa: BLE001  # as with a metric
            log.warning("The span of a run could not be made (%s).", type(error).__name__)


class Tally:
    """
    Adds up counters, and emits the sums later; safe to use from any thread.

    :param metrics: of the connection.
    """

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._lock = threading.Lock()
        self._sums: Counter[tuple[Metric, tuple[tuple[str, str], ...]]] = Counter()

    def add(self, metric: Metric, value: int = 1, **tags: str) -> None:
        """
        Add to a counter.

        :param metric: the counter.
        :param value: what is added.
        :param tags: the others that the metric has.
        """
        with self._lock:
            self._sums[metric, tuple(tags.items())] += value

    def emit(self, held: HeldBack | None = None) -> None:
        """
        Emit the sums, and begin again.

        :param held: requests that were held back, which are counted elsewhere.
        """
        with self._lock:
            sums, self._sums = self._sums, Counter()
        for (metric, tags), value in sums.items():
            self._metrics.count(metric, value, **dict(tags))
        if held is not None:
            self._metrics.held_back(held)

"""Every decision about waiting for a run. Nothing here has a clock, sleeps or sends: it is told the time."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, TypeAlias, get_args

from airflow_workflow_providers.core import errors
from airflow_workflow_providers.core.execution import Execution, State

#: How many status checks in a row may bring a response that makes no sense before the wait gives up.
MAX_UNEXPECTED_RESPONSES = 5

#: The least time that a request gets, however close the deadline is, in seconds.
MIN_TIMEOUT = 0.3

#: The longest pause between two status checks of a vendor in trouble, in seconds.
MAX_BACKOFF = 60.0

#: A status check comes no later than this part of the time that the run has taken so far, within the limits of the interval.
INTERVAL_SHARE = 0.1

#: What a person can answer to the question about a run that waits for a person.
KEEP_WAITING, GIVE_UP = "Answered there, keep waiting", "Give up"

Outcome = Literal["ended", "timed_out", "stalled", "check_failed", "paused"]

#: What became of the question to a person about a pause. Empty: the task asks nobody. ``none``: nobody was asked about this pause.
#: ``open``: a person was asked. ``answered``: a person has answered, and the run waits all the same. ``obsolete``: a question may
#: be open that needs no answer any more.
Question = Literal["", "none", "open", "answered", "obsolete"]


@dataclass(frozen=True)
class WaitResult:
    """
    How a wait ended; as plain JSON it is the event of a trigger.

    :param outcome: ``ended``: the run is over. ``timed_out``: the deadline came first. ``stalled``: nothing has changed for
        longer than the author allows. ``check_failed``: the status of the run can no longer be read; ``error`` names the class
        that says why. ``paused``: the run waits for a person, who is to be asked before the wait continues.
    :param execution_id: the run.
    :param message: for the error of a wait that did not end well.
    :param error: a class of :mod:`~airflow_workflow_providers.core.errors`.
    :param log: a line for the task's log; empty for none.
    :param warning: whether that line is a warning.
    :param entries: more lines: the new entries of the run's log.
    :param logged_entries: how many entries of the run's log are in the task's log; ``None`` if they are not wanted.
    :param status: the status of a run that is ``paused``.
    """

    outcome: Outcome
    execution_id: str
    message: str = ""
    error: str = ""
    log: str = ""
    warning: bool = False
    entries: Iterable[str] = ()
    logged_entries: int | None = None
    status: str = ""

    def event(self) -> dict[str, Any]:
        """
        Return the event: an outcome and an id, never an output, because events are stored and logged in clear text.

        :return: ``version`` (of this format, 1), ``outcome``, ``execution_id``, ``message`` and ``error``; ``status`` of a run that is
            ``paused``; and ``logged_entries``, if the entries of the run's log are wanted.
        """
        names = ["outcome", "execution_id", "message", "error"]
        if self.outcome == "paused":
            names.append("status")
        if self.logged_entries is not None:
            names.append("logged_entries")
        return {"version": 1, **{name: getattr(self, name) for name in names}}

    @staticmethod
    def is_event(event: Any) -> bool:
        """
        Whether this release can read an event.

        :param event: what a task was resumed with, which may be anything.
        :return: True if it has a known outcome and an id.
        """
        return (
            isinstance(event, dict)
            and event.get("outcome") in get_args(Outcome)
            and bool(event.get("execution_id"))
        )

    @classmethod
    def from_event(cls, event: Any) -> WaitResult:
        """
        Read an event back.

        :param event: what a task was resumed with.
        :return: the result that the trigger came to.
        :raises WorkflowError: if it is not one of ours: an event that cannot be read is never a success.
        """
        if not cls.is_event(event):
            raise errors.WorkflowError(f"The trigger sent an event that this release cannot read: {event!r}.")
        message, error, status = (str(event.get(name) or "") for name in ("message", "error", "status"))
        logged = event.get("logged_entries")
        return cls(
            event["outcome"],
            str(event["execution_id"]),
            message,
            error,
            logged_entries=logged if type(logged) is int and logged >= 0 else None,
            status=status,
        )


@dataclass(frozen=True)
class NextPoll:
    """
    The wait continues: poll again after a pause.

    :param delay: seconds until the next status check.
    :param log: a line for the task's log; set once for each change, not for each status check.
    :param warning: whether that line is a warning.
    :param entries: more lines: the new entries of the run's log.
    :param execution: what the status check has shown, if that is new.
    """

    delay: float
    log: str = ""
    warning: bool = False
    entries: Iterable[str] = ()
    execution: Execution | None = None


#: What a wait does next.
WaitStep: TypeAlias = NextPoll | WaitResult


@dataclass
class Waiter:
    """
    Decides after each status check whether a wait continues; workers, triggers and sensors use the same one.

    :param execution_id: the run.
    :param deadline: when the wait ends at the latest, in seconds since the epoch: wall-clock time, because the wait may
        continue in another process.
    :param poll_interval: seconds between two status checks, at the least.
    :param stop_at_pause: end the wait when the run waits for a person.
    :param status: the last status that is in the task's log; it is not logged again.
    :param ended: whether the run has ended, so that only its result is missing.
    :param logged_entries: how many entries of the run's log are in the task's log; default: they are not wanted there.
    :param max_poll_interval: seconds between two status checks, at the most: the interval grows with the time that the run
        has taken so far. Default: it does not grow.
    :param began_at: when the run began, as far as it is known, in seconds since the epoch.
    :param progress: the last progress that is in the task's log.
    :param changed_at: when a status check showed for the first time what is in the log now, in seconds since the epoch; 0: not
        known.
    :param stall_timeout: end the wait when nothing has changed for so many seconds; 0: never.
    :param question: what became of the question to a person about a pause, a :data:`Question`; default: nobody is asked.
    :param with_details: whether each status check reads what the run does, too: its log, its nodes. A list shows none of that.
    """

    execution_id: str
    deadline: float
    poll_interval: float
    stop_at_pause: bool = False
    status: str = ""
    ended: bool = False
    logged_entries: int | None = None
    max_poll_interval: float = 0.0
    began_at: float = 0.0
    progress: str = ""
    changed_at: float = 0.0
    stall_timeout: float = 0.0
    question: Question = ""
    with_details: bool = False
    _failures: int = 0
    _unexpected: int = 0
    _trouble: str = ""

    @property
    def doubtful(self) -> bool:
        """Whether the last response may never make sense, such as an id that the vendor does not know."""
        return self._unexpected > 0

    def stored(self) -> dict[str, Any]:
        """
        Return what makes this wait again in another process, as plain JSON.

        :return: ``version`` (of this format, 1) and the parameters of the class; not the failures so far.
        """
        fields = {name: value for name, value in asdict(self).items() if not name.startswith("_")}
        return {"version": 1, **fields}

    @classmethod
    def from_stored(cls, stored: Mapping[str, Any]) -> Waiter:
        """
        Return a wait that was stored.

        :param stored: what :meth:`stored` has returned.
        :return: the same wait, with the same deadline, before its first status check.
        """
        return cls(
            str(stored["execution_id"]),
            float(stored["deadline"]),
            float(stored["poll_interval"]),
            stop_at_pause=bool(stored.get("stop_at_pause")),
            status=str(stored.get("status") or ""),
            ended=stored.get("ended") is True,
            logged_entries=stored.get("logged_entries"),
            max_poll_interval=float(stored.get("max_poll_interval") or 0.0),
            began_at=float(stored.get("began_at") or 0.0),
            progress=str(stored.get("progress") or ""),
            changed_at=float(stored.get("changed_at") or 0.0),
            stall_timeout=float(stored.get("stall_timeout") or 0.0),
            question=stored.get("question") or "",
            with_details=stored.get("with_details") is True,
        )

    def interval(self, now: float) -> float:
        """
        Return the seconds until the next status check.

        :param now: the time, in seconds since the epoch.
        :return: a tenth of the time that the run has taken so far, within its limits: so no end is seen later than a tenth
            after it.
        """
        longest = max(self.poll_interval, self.max_poll_interval)
        return min(max(self.poll_interval, (now - self.began_at) * INTERVAL_SHARE), longest)

    def on_unchanged(self, now: float) -> WaitStep:
        """
        Decide when nothing new is known: before the first status check, or if a list of the vendor shows the same status.

        :param now: the time, in seconds since the epoch.
        :return: a poll after :meth:`interval`, at the deadline if that is sooner; or ``timed_out``.
        """
        return self._later(now, self._pause(now))

    def is_stalled(self, now: float) -> bool:
        """
        Return whether nothing has changed for too long, unless the next status check shows something else.

        :param now: the time, in seconds since the epoch.
        :return: always False without a ``stall_timeout``.
        """
        return self._stalls_in(now) <= 0

    def on_status(self, execution: Execution, now: float) -> WaitStep:
        """
        Decide after a status check that succeeded.

        :param execution: what the status check returned.
        :param now: the time, in seconds since the epoch.
        :return: a result, ``ended`` if the run is over or waits for a person and ``stop_at_pause`` is set, ``timed_out``
            if the deadline has come, ``stalled`` if nothing has changed for too long, ``paused`` if a person is to be asked; else a
            poll after :meth:`interval`, at the deadline if that is sooner.
        """
        log, warning = "", False
        new: Execution | None = None
        if self._failures:
            log = f"The status of execution {self.execution_id} can be read again: {execution.status}."
        self._failures = self._unexpected = 0
        unknown = execution.state is State.UNKNOWN
        if (execution.status, execution.progress) != (self.status, self.progress):
            warning = execution.status != self.status and (unknown or execution.state is State.PAUSED)
            log, new = self._changed(execution, now), execution
        # A run that waits for a person may wait for as long as the person likes.
        elif not self.changed_at or execution.state is State.PAUSED:
            self.changed_at = now
        entries = self.new_entries(execution)
        if entries:
            self.changed_at = now
        self._trouble = f"its last status was {execution.status!r}" + (
            ", which this release does not know" if unknown else ""
        )
        if execution.is_terminal or (self.stop_at_pause and execution.state is State.PAUSED):
            return WaitResult("ended", self.execution_id, log=log, warning=warning, entries=entries)
        if self._is_to_be_asked(execution.state) and now < self.deadline:
            return WaitResult(
                "paused",
                self.execution_id,
                log=log,
                warning=warning,
                entries=entries,
                status=execution.status,
            )
        if self.is_stalled(now):
            message = f"its status has been {execution.status!r} for {now - self.changed_at:,.0f} s, and nothing has changed"
            return WaitResult(
                "stalled", self.execution_id, message, "ExecutionTimedOut", log=log, entries=entries
            )
        step = self._later(now, self._pause(now), log, warning=warning, entries=entries)
        return replace(step, execution=new) if new is not None and isinstance(step, NextPoll) else step

    def _is_to_be_asked(self, state: State) -> bool:
        """Return whether a person is to be asked about a pause that begins, and note the end of a pause."""
        if state is State.PAUSED:
            return self.question in ("none", "obsolete")
        # An unknown status may be one more word for a pause.
        if state is not State.UNKNOWN and self.question in ("open", "answered"):
            self.question = "obsolete" if self.question == "open" else "none"
        return False

    def answered(self, event: Any) -> str:
        """
        Note that a person has answered, if what has resumed the task says so.

        :param event: what the task was resumed with, which may be anything.
        :return: the answer; empty if it is none to a question of this wait.
        """
        if self.question not in ("open", "obsolete") or not isinstance(event, dict):
            return ""
        chosen = event.get("chosen_options")
        if not isinstance(chosen, list) or not chosen:
            return ""
        self.question = "answered"
        return GIVE_UP if GIVE_UP in chosen else KEEP_WAITING

    def _changed(self, execution: Execution, now: float) -> str:
        """Note what a status check shows, and return a line about it."""
        after = f", {now - self.changed_at:,.0f} s after the last change" if self.changed_at else ""
        is_new = execution.status != self.status
        self.status, self.progress, self.changed_at = execution.status, execution.progress, now
        name = f"Execution {self.execution_id}"
        if execution.state is State.UNKNOWN and is_new:
            return (
                f"{name} has the status {execution.status!r}, which this release does not know. It does not count as a success; "
                "the wait continues until the deadline."
            )
        more = "it waits for a person" if execution.state is State.PAUSED else execution.progress
        return f"{name} is {execution.status}{': ' if more else ''}{more}{after}."

    def new_entries(self, execution: Execution) -> Iterable[str]:
        """
        Return the entries of the run's log that are not in the task's log yet; from now on they count as if they were.

        :param execution: what a status check with the log returned.
        :return: a line for each, which is made when it is read; empty if there are none, or they are not wanted.
        """
        if self.logged_entries is None or execution.log is None:
            return ()
        new = execution.log.entries[self.logged_entries :]
        self.logged_entries += len(new)
        return map(execution.log.line, new) if new else ()

    def on_error(self, error: errors.WorkflowError, now: float) -> WaitStep:
        """
        Decide after a status check that failed: the wait outlasts a passing failure, and any other ends it.

        Rejected credentials, a rejected request and bad input end it at once. An unknown id and a response that makes no
        sense end it when there were five of them since the last status check that succeeded.
        :class:`~.errors.Unavailable` and :class:`~.errors.RateLimited` are retried until the deadline.

        :param error: why the status check failed.
        :param now: the time, in seconds since the epoch.
        :return: a result, ``check_failed`` or ``timed_out``; or a poll after as long as the vendor asked for, 300 s at
            the most, else longer from failure to failure, up to 60 s. The pause is never shorter than ``poll_interval``
            and ends at the deadline.
        """
        self._failures += 1
        # Without the error's own text: this becomes part of an event, and the text may quote an output.
        status = f", HTTP {error.status}" if error.status else ""
        self._trouble = f"the last status check failed ({type(error).__name__}{status})"
        if not isinstance(error, (errors.Unavailable, errors.RateLimited)):
            self._unexpected += 1
            final = isinstance(error, (errors.AuthFailed, errors.InvalidInput, errors.NotSupported)) or (
                isinstance(error, errors.RequestRejected) and not isinstance(error, errors.NotFound)
            )
            if final or self._unexpected >= MAX_UNEXPECTED_RESPONSES:
                return WaitResult("check_failed", self.execution_id, self._trouble, type(error).__name__)
        log = ""
        if self._failures == 1:
            log = f"A status check of execution {self.execution_id} failed; it is repeated until the deadline. {error}"
        asked = getattr(error, "retry_after", None)
        backoff = min(self.poll_interval * 2 ** min(self._failures, 10), MAX_BACKOFF)
        delay = min(asked, 5 * MAX_BACKOFF) if asked is not None else backoff
        return self._later(now, max(delay, self.interval(now)), log, warning=True)

    def _pause(self, now: float) -> float:
        """Return the seconds until the next status check, which comes in time to see that nothing has changed."""
        stalls_in = self._stalls_in(now)
        return min(self.interval(now), stalls_in) if stalls_in > 0 else self.interval(now)

    def _stalls_in(self, now: float) -> float:
        """Return the seconds until nothing has changed for too long; without a ``stall_timeout`` that never comes."""
        limited = self.stall_timeout and self.changed_at
        return self.changed_at + self.stall_timeout - now if limited else math.inf

    def _later(
        self,
        now: float,
        delay: float,
        log: str = "",
        *,
        warning: bool = False,
        entries: Iterable[str] = (),
    ) -> WaitStep:
        left = self.deadline - now
        if left > 0:
            return NextPoll(min(delay, left), log, warning, entries)
        return WaitResult(
            "timed_out",
            self.execution_id,
            self._trouble,
            "ExecutionTimedOut",
            log=log,
            warning=warning,
            entries=entries,
        )

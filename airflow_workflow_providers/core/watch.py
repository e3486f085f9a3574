"""Every decision about a wait, look by look. Nothing here has a clock, sleeps or sends: it is told the time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from airflow_workflow_providers.core.errors import (
    AuthFailed,
    InvalidInput,
    NotFound,
    QuotaExceeded,
    RequestRefused,
    Unavailable,
    WorkflowError,
)
from airflow_workflow_providers.core.execution import Execution, State

#: How many looks since the last good one may bring an answer that makes no sense before the wait gives up.
PATIENCE = 5

#: The least time that a request has, however close the deadline is, in seconds.
LEAST = 0.3

#: The longest pause between two looks at a vendor in trouble, in seconds.
BACKOFF_CAP = 60.0

Outcome = Literal["ended", "timed_out", "look_failed"]


@dataclass(frozen=True)
class Verdict:
    """
    How a wait ended; as plain JSON it is the event of a trigger.

    :param outcome: ``ended``: the run is over. ``timed_out``: the deadline came first. ``look_failed``: the
        run can no longer be looked at; ``error`` names the class that says why.
    :param execution_id: the run.
    :param message: for the error of a wait that did not end well.
    :param error: a class of :mod:`~airflow_workflow_providers.core.errors`.
    """

    outcome: Outcome
    execution_id: str
    message: str = ""
    error: str = ""

    def event(self) -> dict[str, Any]:
        """
        Return the event: an outcome and an id, never an output, for events are stored and logged in the clear.

        :return: ``version`` (of this format, 1), ``outcome``, ``execution_id``, ``message`` and ``error``.
        """
        return {
            "version": 1,
            "outcome": self.outcome,
            "execution_id": self.execution_id,
            "message": self.message,
            "error": self.error,
        }

    @staticmethod
    def is_event(event: Any) -> bool:
        """
        Whether it is an event that this release can read.

        :param event: what a task was resumed with, which may be anything.
        :return: True if it has an outcome that is known here, and an id.
        """
        return (
            isinstance(event, dict)
            and event.get("outcome") in ("ended", "timed_out", "look_failed")
            and bool(event.get("execution_id"))
        )

    @classmethod
    def from_event(cls, event: Any) -> Verdict:
        """
        Read an event back.

        :param event: what a task was resumed with.
        :return: the verdict that the trigger came to.
        :raises WorkflowError: if it is not one of ours: an event that cannot be read is never a success.
        """
        if not cls.is_event(event):
            raise WorkflowError(f"The trigger sent an event that this release cannot read: {event!r}.")
        return cls(
            outcome=event["outcome"],
            execution_id=str(event["execution_id"]),
            message=str(event.get("message") or ""),
            error=str(event.get("error") or ""),
        )


@dataclass(frozen=True)
class Step:
    """
    What to do next in a wait.

    :param wait: seconds until the next look.
    :param verdict: set when the wait is over.
    :param say: worth a line in the task's log; set once for each change, never for each look.
    :param warn: whether that line is a warning.
    """

    wait: float = 0.0
    verdict: Verdict | None = None
    say: str = ""
    warn: bool = False


@dataclass
class Watch:
    """
    Decides, look by look, whether a wait goes on; workers, triggers and sensors ask the same one.

    :param execution_id: the run.
    :param deadline: when the wait ends at the latest, in seconds since the epoch: wall-clock, since the wait may
        go on in another process.
    :param poll_interval: seconds between two looks at a run that is going.
    :param stop_at_pause: end the wait when the run waits for a person.
    :param status: the last status that the task's log has; it is not said again.
    :param ended: whether the run was seen to be over, so that only its result is waited for.
    """

    execution_id: str
    deadline: float
    poll_interval: float
    stop_at_pause: bool = False
    status: str = ""
    ended: bool = False
    _failures: int = 0
    _doubts: int = 0
    _trouble: str = ""

    @property
    def doubtful(self) -> bool:
        """Whether the last look brought an answer that may never make sense, such as an id that is not known."""
        return self._doubts > 0

    def stored(self) -> dict[str, Any]:
        """
        Return what makes this wait again in another process, as plain JSON.

        :return: ``version`` (of this format, 1), ``execution_id``, ``deadline``, ``poll_interval``,
            ``stop_at_pause``, ``status`` and ``ended``; not the failures so far.
        """
        return {
            "version": 1,
            "execution_id": self.execution_id,
            "deadline": self.deadline,
            "poll_interval": self.poll_interval,
            "stop_at_pause": self.stop_at_pause,
            "status": self.status,
            "ended": self.ended,
        }

    @classmethod
    def from_stored(cls, stored: Mapping[str, Any]) -> Watch:
        """
        Return a wait that was stored.

        :param stored: what :meth:`stored` has returned.
        :return: the same wait, with the same deadline, before its first look.
        """
        return cls(
            str(stored["execution_id"]),
            float(stored["deadline"]),
            float(stored["poll_interval"]),
            stop_at_pause=bool(stored.get("stop_at_pause")),
            status=str(stored.get("status") or ""),
            ended=stored.get("ended") is True,
        )

    def begin(self, now: float) -> Step:
        """
        Begin, before the first look.

        :param now: the time, in seconds since the epoch.
        :return: a step with a wait of ``poll_interval``, cut at the deadline.
        """
        return self._later(now, self.poll_interval, "", warn=False)

    def on_look(self, execution: Execution, now: float) -> Step:
        """
        Decide after a look that brought an answer.

        :param execution: what the look has seen.
        :param now: the time, in seconds since the epoch.
        :return: a step with a verdict: ``ended`` if the run is over, or waits for a person and ``stop_at_pause`` is
            set; ``timed_out`` if the deadline has come. Else one with a wait of ``poll_interval``, cut at the deadline.
        """
        say, warn = "", False
        if self._failures:
            say = f"The status of execution {self.execution_id} can be read again: {execution.status}."
        self._failures = self._doubts = 0
        if execution.status != self.status:
            self.status = execution.status
            say = f"Execution {self.execution_id} is {execution.status}."
            if execution.state is State.PAUSED:
                warn = True
                say = f"Execution {self.execution_id} is {execution.status}: it waits for a person."
            if execution.state is State.UNKNOWN:
                warn = True
                say = (
                    f"Execution {self.execution_id} has the status {execution.status!r}, which this release does "
                    "not know. It is not taken for a success; the wait goes on until the deadline."
                )
        self._trouble = f"its last status was {execution.status!r}" + (
            ", which this release does not know" if execution.state is State.UNKNOWN else ""
        )
        if execution.over or (self.stop_at_pause and execution.state is State.PAUSED):
            return Step(verdict=Verdict("ended", self.execution_id), say=say, warn=warn)
        return self._later(now, self.poll_interval, say, warn=warn)

    def on_error(self, error: WorkflowError, now: float) -> Step:
        """
        Decide after a look that failed: trouble in passing is waited out, the rest ends the wait.

        Refused credentials, a refused request and bad input end it at once. An id that is not known and an answer that
        makes no sense end it at the fifth since a look has last succeeded. :class:`~.errors.Unavailable` and
        :class:`~.errors.QuotaExceeded` are waited out until the deadline.

        :param error: why the look failed.
        :param now: the time, in seconds since the epoch.
        :return: a step with a verdict, ``look_failed`` or ``timed_out``; or with a wait: as long as the vendor asked
            for, 300 s at the most, else longer from failure to failure, up to 60 s. It is no shorter than
            ``poll_interval``, and is cut at the deadline.
        """
        self._failures += 1
        # Without the error's own text: this ends up in an event, and the text may quote an output.
        known = f", HTTP {error.status}" if error.status else ""
        self._trouble = f"the last status check failed ({type(error).__name__}{known})"
        if not isinstance(error, (Unavailable, QuotaExceeded)):
            self._doubts += 1
            final = isinstance(error, (AuthFailed, InvalidInput)) or (
                isinstance(error, RequestRefused) and not isinstance(error, NotFound)
            )
            if final or self._doubts >= PATIENCE:
                return Step(
                    verdict=Verdict("look_failed", self.execution_id, self._trouble, type(error).__name__)
                )
        say = ""
        if self._failures == 1:
            say = f"A status check of execution {self.execution_id} failed; it is repeated until the deadline. {error}"
        asked = getattr(error, "retry_after", None)
        backoff = min(self.poll_interval * 2 ** min(self._failures, 10), BACKOFF_CAP)
        wait = min(asked, 5 * BACKOFF_CAP) if asked is not None else backoff
        return self._later(now, max(wait, self.poll_interval), say, warn=True)

    def _later(self, now: float, wait: float, say: str, *, warn: bool) -> Step:
        left = self.deadline - now
        if left > 0:
            return Step(wait=min(wait, left), say=say, warn=warn)
        verdict = Verdict("timed_out", self.execution_id, message=self._trouble, error="ExecutionTimedOut")
        return Step(verdict=verdict, say=say, warn=warn)

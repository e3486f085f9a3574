"""A retry policy for this package's errors: Airflow 3.3 asks it what to do with a task that has failed."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

try:
    from airflow.sdk import RetryDecision, RetryPolicy
except ImportError as error:
    raise ImportError("Airflow has retry policies from 3.3 on.") from error

from airflow_workflow_providers.core.errors import (
    AuthFailed,
    InvalidInput,
    QuotaExceeded,
    RequestRefused,
    Unavailable,
)

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context


class WorkflowRetryPolicy(RetryPolicy):
    """
    Fails at once where a retry cannot help, and waits exactly as long as a vendor asks.

    Give it to an operator or a sensor, or to all in ``default_args``: ``retry_policy=WorkflowRetryPolicy()``. It cannot
    make more retries than the task's ``retries`` allow.

    - Refused credentials (:class:`~.core.errors.AuthFailed`) and refused requests
      (:class:`~.core.errors.RequestRefused`): no retry. They stay wrong until a person mends them.
    - An exhausted quota (:class:`~.core.errors.QuotaExceeded`) and a vendor that is down
      (:class:`~.core.errors.Unavailable`), where it said how long: a retry after that time, or after ``max_delay``.
    - Everything else: as the task's ``retry_delay`` says. Errors after which no retry may be made at all, such as
      :class:`~.core.errors.LostStart`, never come here: Airflow fails the task.

    :param max_delay: the longest pause that a vendor can ask for: seconds, or a timedelta; default: 1 h.
    :raises InvalidInput: if it is no such duration, or a negative one.
    """

    def __init__(self, *, max_delay: float | timedelta = timedelta(hours=1)) -> None:
        seconds = max_delay.total_seconds() if isinstance(max_delay, timedelta) else max_delay
        if (
            isinstance(seconds, bool)
            or not isinstance(seconds, (int, float))
            or not 0 <= seconds <= 365 * 86_400
        ):
            raise InvalidInput(
                f"max_delay must be a number of seconds or a timedelta, up to 365 days; got {max_delay!r}."
            )
        self.max_delay = float(seconds)

    def evaluate(
        self,
        exception: BaseException,
        try_number: int,  # noqa: ARG002  # Airflow's signature
        max_tries: int,  # noqa: ARG002
        context: Context | None = None,  # noqa: ARG002
    ) -> RetryDecision:
        """
        Decide whether and when the task is tried again.

        :param exception: what the task has raised; nothing else counts here.
        :param try_number: the try that has failed, from 1.
        :param max_tries: as Airflow counts them.
        :param context: Airflow's context of the failed task, if it gives one.
        :return: no retry; a retry after the seconds that the vendor asked for; or what the task itself says.
        """
        if isinstance(exception, (AuthFailed, RequestRefused)):
            return RetryDecision.fail(reason=f"A retry cannot help: {type(exception).__name__}.")
        if isinstance(exception, (QuotaExceeded, Unavailable)) and exception.retry_after is not None:
            wait = min(exception.retry_after, self.max_delay)
            return RetryDecision.retry(
                delay=timedelta(seconds=wait),
                reason=f"The vendor asked for a pause of {exception.retry_after:g} s; it gets {wait:g} s.",
            )
        return RetryDecision.default()

    def serialize(self) -> dict[str, Any]:
        """
        Return what makes it again.

        :return: ``max_delay``, in seconds.
        """
        return {"max_delay": self.max_delay}

    @classmethod
    def deserialize(cls, data: dict[str, Any]) -> WorkflowRetryPolicy:
        """
        Make it again.

        :param data: what :meth:`serialize` has returned; one of an older release is empty.
        :return: a policy with the same choices.
        """
        return cls(**{name: value for name, value in data.items() if name == "max_delay"})

"""A retry policy for this package's errors: Airflow asks it what to do with a task that has failed, from 3.3 on."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

try:
    from airflow.sdk import RetryDecision, RetryPolicy
except ImportError as error:
    raise ImportError("Airflow has retry policies from 3.3 on.") from error

from airflow.providers.common.compat.sdk import Context

from airflow_workflow_providers.core.errors import AuthFailed, RateLimited, RequestRejected, Unavailable
from airflow_workflow_providers.core.parameters import seconds, whole_number

#: Makes the decision to run a task again later without using up a retry; Airflow has it from 3.4 on.
_reschedule: Any = getattr(RetryDecision, "reschedule", None)

_PARAMETERS = ("max_delay", "max_reschedules")


class WorkflowRetryPolicy(RetryPolicy):
    """
    Fail at once if a retry cannot help, and wait exactly as long as a vendor asks.

    Give it to an operator or a sensor, or to all in ``default_args``: ``retry_policy=WorkflowRetryPolicy()``. It never
    allows more retries than the task's ``retries``. Airflow 3.4 can also reschedule a task: it runs the task again later, in
    the same try.

    - Rejected credentials (:class:`~.core.errors.AuthFailed`) and rejected requests
      (:class:`~.core.errors.RequestRejected`): no retry. They stay wrong until a person corrects them.
    - A rate limit (:class:`~.core.errors.RateLimited`) and a vendor that is down (:class:`~.core.errors.Unavailable`): on
      Airflow 3.4 the task is rescheduled, at most ``max_reschedules`` times in a try. After them, and on Airflow 3.3, it is a
      retry. Either comes after the time that the vendor asked for, at most ``max_delay``, or else after the task's own
      ``retry_delay``.
    - Everything else: the task's own ``retry_delay``. Errors without a retry, such as
      :class:`~.core.errors.LostStart`, do not reach the policy: Airflow fails the task.

    :param max_delay: the longest pause that a vendor can ask for: seconds, or a timedelta; default: 1 h.
    :param max_reschedules: how often a try is rescheduled at the most, from 0 to 1,000; default: 5. Airflow counts each reschedule
        of a try, also those of a sensor with ``mode="reschedule"``. Airflow 3.3 reschedules nothing.
    :raises InvalidInput: if a parameter is not such a duration or number.
    """

    def __init__(
        self, *, max_delay: float | timedelta = timedelta(hours=1), max_reschedules: int = 5
    ) -> None:
        self.max_delay = seconds("max_delay", max_delay)
        self.max_reschedules = whole_number("max_reschedules", max_reschedules, most=1000)

    def evaluate(
        self,
        exception: BaseException,
        try_number: int,  # noqa: ARG002  # Airflow's signature
        max_tries: int,  # noqa: ARG002
        context: Context | None = None,
    ) -> RetryDecision:
        """
        Decide whether and when Airflow retries or reschedules the task.

        :param exception: the error of the task.
        :param try_number: the try that has failed, from 1.
        :param max_tries: as Airflow counts them.
        :param context: Airflow's context of the failed task, which says how often this try was rescheduled; ``None``: never.
        :return: no retry; a reschedule; a retry after the seconds that the vendor asked for; or the task's own settings.
        """
        if isinstance(exception, (AuthFailed, RequestRejected)):
            return RetryDecision.fail(reason=f"A retry cannot help: {type(exception).__name__}.")
        if not isinstance(exception, (RateLimited, Unavailable)):
            return RetryDecision.default()
        delay, reason = None, f"{type(exception).__name__}: the task runs again after its retry_delay."
        if exception.retry_after is not None:
            wait = min(exception.retry_after, self.max_delay)
            delay = timedelta(seconds=wait)
            reason = f"The vendor asked for a pause of {exception.retry_after:g} s; it gets {wait:g} s."
        rescheduled: Any = (context or {}).get("task_reschedule_count") or 0
        # At its own limit Airflow would forget the pause that the vendor asked for.
        if _reschedule is not None and rescheduled < self.max_reschedules:
            decision: RetryDecision = _reschedule(delay, max_reschedules=self.max_reschedules, reason=reason)
            return decision
        return RetryDecision.default() if delay is None else RetryDecision.retry(delay=delay, reason=reason)

    def serialize(self) -> dict[str, Any]:
        """
        Return the parameters that make this policy again.

        :return: ``max_delay``, in seconds, and ``max_reschedules``.
        """
        return {"max_delay": self.max_delay, "max_reschedules": self.max_reschedules}

    @classmethod
    def deserialize(cls, data: dict[str, Any]) -> WorkflowRetryPolicy:
        """
        Make a policy again.

        :param data: what :meth:`serialize` has returned.
        :return: a policy with the same parameters.
        """
        return cls(**{name: value for name, value in data.items() if name in _PARAMETERS})

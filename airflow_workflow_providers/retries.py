"""A retry policy for this package's errors: Airflow 3.3 asks it what to do with a task that has failed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

try:
    from airflow.sdk import RetryDecision, RetryPolicy
except ImportError as error:
    raise ImportError("Airflow has retry policies from 3.3 on.") from error

from airflow.providers.common.compat.sdk import Context

from airflow_workflow_providers.core.errors import AuthFailed, RateLimited, RequestRejected, Unavailable
from airflow_workflow_providers.core.parameters import seconds


class WorkflowRetryPolicy(RetryPolicy):
    """
    Fail at once if a retry cannot help, and wait exactly as long as a vendor asks.

    Give it to an operator or a sensor, or to all in ``default_args``: ``retry_policy=WorkflowRetryPolicy()``. It never
    allows more retries than the task's ``retries``.

    - Rejected credentials (:class:`~.core.errors.AuthFailed`) and rejected requests
      (:class:`~.core.errors.RequestRejected`): no retry. They stay wrong until a person corrects them.
    - A rate limit (:class:`~.core.errors.RateLimited`) and a vendor that is down (:class:`~.core.errors.Unavailable`), if
      the vendor asked for a pause: a retry after that time, or after ``max_delay``.
    - Everything else: the task's own ``retry_delay``. Errors without a retry, such as
      :class:`~.core.errors.LostStart`, do not reach the policy: Airflow fails the task.

    :param max_delay: the longest pause that a vendor can ask for: seconds, or a timedelta; default: 1 h.
    :raises InvalidInput: if it is not such a duration.
    """

    def __init__(self, *, max_delay: float | timedelta = timedelta(hours=1)) -> None:
        self.max_delay = seconds("max_delay", max_delay)

    def evaluate(
        self,
        exception: BaseException,
        try_number: int,  # noqa: ARG002  # Airflow's signature
        max_tries: int,  # noqa: ARG002
        context: Context | None = None,  # noqa: ARG002
    ) -> RetryDecision:
        """
        Decide whether and when Airflow retries the task.

        :param exception: the error of the task; only this decides.
        :param try_number: the try that has failed, from 1.
        :param max_tries: as Airflow counts them.
        :param context: Airflow's context of the failed task, if there is one.
        :return: no retry; a retry after the seconds that the vendor asked for; or the task's own settings.
        """
        if isinstance(exception, (AuthFailed, RequestRejected)):
            return RetryDecision.fail(reason=f"A retry cannot help: {type(exception).__name__}.")
        if isinstance(exception, (RateLimited, Unavailable)) and exception.retry_after is not None:
            wait = min(exception.retry_after, self.max_delay)
            return RetryDecision.retry(
                delay=timedelta(seconds=wait),
                reason=f"The vendor asked for a pause of {exception.retry_after:g} s; it gets {wait:g} s.",
            )
        return RetryDecision.default()

    def serialize(self) -> dict[str, Any]:
        """
        Return the parameters that make this policy again.

        :return: ``max_delay``, in seconds.
        """
        return {"max_delay": self.max_delay}

    @classmethod
    def deserialize(cls, data: dict[str, Any]) -> WorkflowRetryPolicy:
        """
        Make a policy again.

        :param data: what :meth:`serialize` has returned.
        :return: a policy with the same parameters.
        """
        return cls(**{name: value for name, value in data.items() if name == "max_delay"})

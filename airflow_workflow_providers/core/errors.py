"""
The tree of failures; each class says what a retry of the Airflow task would do.

::

    WorkflowError (AirflowException)         everything this package raises
    |-- InvalidInput (AirflowFailException)  a parameter or connection is wrong; nothing was sent
    |-- AuthFailed                           the vendor refused the credentials; nothing was started
    |-- RequestRefused                       the vendor refused the request; nothing was started
    |   `-- NotFound                         ... because it does not know the id
    |-- QuotaExceeded                        429, for longer than the session waits; nothing was started
    |-- Unavailable                          not reached, or no answer worth the name, in time
    |-- UnreadableAnswer                     an answer that is not what the vendor's page says
    |-- LostStart (AirflowFailException)     a start whose answer was lost: a run may exist
    |-- UncertainStart                       the same, where the author lets a retry start anew
    |-- ExecutionFailed                      the run ended, and not well
    |-- ExecutionStopped                     the run was stopped, by a person or by us
    `-- ExecutionTimedOut                    our deadline came before the end of the run

``AirflowFailException`` fails the task without using up its retries: what it marks, a retry cannot mend
or must not repeat.
"""

from __future__ import annotations

from typing import Any

from airflow.providers.common.compat.sdk import AirflowException, AirflowFailException


class WorkflowError(AirflowException):
    """
    Anything that went wrong between a task and its vendor.

    :param message: what happened, to which execution, and what to do; free of secrets.
    :param execution_id: the vendor's id of the run, if one is known.
    :param status: the HTTP status of the answer that said so, if there was one.
    """

    def __init__(self, message: str, *, execution_id: str | None = None, status: int | None = None) -> None:
        super().__init__(message)
        self.execution_id = execution_id
        self.status = status

    def __reduce__(self) -> tuple[Any, ...]:
        # Airflow may pickle an exception between processes; keyword-only arguments would be lost on the way.
        return (_rebuild, (type(self), str(self), self.__dict__.copy()))


def _rebuild(cls: type[WorkflowError], message: str, state: dict[str, Any]) -> WorkflowError:
    error = cls.__new__(cls)
    Exception.__init__(error, message)
    error.__dict__.update(state)
    return error


class InvalidInput(WorkflowError, AirflowFailException, ValueError):
    """A parameter or a connection is wrong, and nothing was sent. A retry would say the same: none is made."""


class AuthFailed(WorkflowError):
    """401 or 403, after the connection was read once more. A retry helps once the credentials are mended."""


class RequestRefused(WorkflowError):
    """The vendor understood and said no (4xx). Nothing was started; a retry is safe, and mostly useless."""


class NotFound(RequestRefused):
    """The vendor knows no such id. A retry is safe."""


class QuotaExceeded(WorkflowError):
    """
    429 for longer than a session waits. Nothing was started; a retry after ``retry_after`` helps.

    :param message: as in :class:`WorkflowError`, whose ``execution_id`` and ``status`` it takes too.
    :param retry_after: seconds that the vendor asked for, if it did.
    """

    def __init__(self, message: str, *, retry_after: float | None = None, **known: Any) -> None:
        super().__init__(message, **known)
        self.retry_after = retry_after


class Unavailable(WorkflowError):
    """
    The vendor could not be reached, hung, or answered 408 or 5xx. A retry helps once it is back.

    :param message: as in :class:`WorkflowError`, whose ``execution_id`` and ``status`` it takes too.
    :param sent: False if the request certainly never left: then nothing can have been started.
    :param retry_after: seconds that the vendor asked for, if it did.
    """

    def __init__(
        self, message: str, *, sent: bool = True, retry_after: float | None = None, **known: Any
    ) -> None:
        super().__init__(message, **known)
        self.sent = sent
        self.retry_after = retry_after


class UnreadableAnswer(WorkflowError):
    """An HTML page, cut JSON, a list for an object: not what the vendor documents. A retry asks again."""


class LostStart(WorkflowError, AirflowFailException):
    """A start was sent and its answer was lost: a run may exist. No retry is made, for it could start a second."""


class UncertainStart(WorkflowError):
    """A start was sent and its answer was lost; ``on_lost_start="restart"`` lets a retry start anew."""


class ExecutionFailed(WorkflowError):
    """The run ended without success. A retry starts a new run."""


class ExecutionStopped(WorkflowError):
    """The run was stopped before its end. A retry starts a new run."""


class ExecutionTimedOut(WorkflowError):
    """The deadline came first. A retry starts a new run if this one was stopped, else it takes this one up."""


def by_name(name: str) -> type[WorkflowError]:
    """
    Return the class that a trigger's event names, so that a deferred task raises what a blocking one would.

    :param name: the name of a class in this module.
    :return: that class, or :class:`WorkflowError` for a name that this release does not know.
    """
    found = globals().get(name)
    return found if isinstance(found, type) and issubclass(found, WorkflowError) else WorkflowError

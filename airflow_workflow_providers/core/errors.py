"""
The tree of errors; each class says what a retry of the Airflow task would do.

::

    WorkflowError (AirflowException)         every error of this package
    |-- InvalidInput (AirflowFailException)  a parameter or connection is wrong; nothing was sent
    |-- NotSupported                         the vendor has no such operation; nothing was sent
    |-- AuthFailed                           the vendor rejected the credentials; nothing was started
    |-- RequestRejected                      the vendor rejected the request; nothing was started
    |   `-- NotFound                         ... because it does not know the id
    |-- RateLimited                          429, for longer than the client waits; nothing was started
    |-- Unavailable                          no connection, or no usable response in time
    |-- UnexpectedResponse                   a response that is not what the vendor documents
    |-- LostStart (AirflowFailException)     the response to a start was lost: a run may exist
    |-- UncertainStart                       the same, where the author lets a retry submit a new run
    |-- ExecutionFailed                      the run ended without success
    |-- ExecutionStopped                     the run was stopped, by a person or by this package
    |-- ExecutionGivenUp (AirflowFailException)  a person does not want to wait for the run any longer
    `-- ExecutionTimedOut                    the deadline came before the end of the run

``AirflowFailException`` fails the task without a retry: a retry cannot repair what it marks, or must not repeat it.
"""

from typing import Any

from airflow.providers.common.compat.sdk import AirflowException, AirflowFailException


class WorkflowError(AirflowException):
    """
    Any error between a task and its vendor.

    :param message: what happened, to which execution, and what to do; without secrets.
    :param execution_id: the vendor's id of the run, if it is known.
    :param status: the HTTP status of the response, if there was one.
    """

    def __init__(self, message: str, *, execution_id: str | None = None, status: int | None = None) -> None:
        super().__init__(message)
        self.execution_id = execution_id
        self.status = status

    def __reduce__(self) -> tuple[Any, ...]:
        # Airflow may pickle an exception between processes; keyword-only arguments would be lost.
        return (_rebuild, (type(self), str(self), self.__dict__.copy()))


def _rebuild(cls: type[WorkflowError], message: str, state: dict[str, Any]) -> WorkflowError:
    error = cls.__new__(cls)
    Exception.__init__(error, message)
    error.__dict__.update(state)
    return error


class InvalidInput(WorkflowError, AirflowFailException, ValueError):
    """A parameter or a connection is wrong, and nothing was sent. A retry would end the same way, so there is none."""


class NotSupported(WorkflowError):
    """The vendor has no such operation, and nothing was sent."""


class AuthFailed(WorkflowError):
    """
    401 or 403, after the connection was read once more; or the connection leads to another account than before.

    A retry succeeds once the credentials are right; in another account it submits a new run.
    """


class RequestRejected(WorkflowError):
    """The vendor rejected the request (4xx or 501). Nothing was started; a retry is safe, and rarely helps."""


class NotFound(RequestRejected):
    """The vendor does not know the id. A retry is safe."""


class RateLimited(WorkflowError):
    """
    429 for longer than a client waits. Nothing was started; a retry after ``retry_after`` seconds can succeed.

    :param message: as in :class:`WorkflowError`, whose ``execution_id`` and ``status`` it takes too.
    :param retry_after: seconds that the vendor asked for, if it did.
    """

    def __init__(self, message: str, *, retry_after: float | None = None, **known: Any) -> None:
        super().__init__(message, **known)
        self.retry_after = retry_after


class Unavailable(WorkflowError):
    """
    The vendor could not be reached, sent no response in time, or returned 408 or 5xx, but not 501. A retry succeeds once it is back.

    :param message: as in :class:`WorkflowError`, whose ``execution_id`` and ``status`` it takes too.
    :param sent: False if no byte of the request has left: then no run can have been started.
    :param retry_after: seconds that the vendor asked for, if it did.
    """

    def __init__(
        self, message: str, *, sent: bool = True, retry_after: float | None = None, **known: Any
    ) -> None:
        super().__init__(message, **known)
        self.sent = sent
        self.retry_after = retry_after


class UnexpectedResponse(WorkflowError):
    """An HTML page, cut JSON, a list for an object: not what the vendor documents. A retry asks again."""


class LostStart(WorkflowError, AirflowFailException):
    """
    The response to a start was lost: a run may exist. There is no retry, because it could start a second run.

    It is also the error of a hook's method that creates something else, if its response was lost: that may exist.
    """


class UncertainStart(WorkflowError):
    """The response to a start was lost; ``on_lost_start="resubmit"`` lets a retry submit a new run."""


class ExecutionFailed(WorkflowError):
    """The run ended without success. A retry submits a new run."""


class ExecutionStopped(WorkflowError):
    """The run was stopped before its end. A retry submits a new run."""


class ExecutionGivenUp(WorkflowError, AirflowFailException):
    """A person does not want to wait for the run any longer. There is no retry: it would wait again, or submit a new run."""


class ExecutionTimedOut(WorkflowError):
    """The deadline came first. A retry submits a new run if this one was stopped; else it reattaches to this one."""


def by_name(name: str) -> type[WorkflowError]:
    """
    Return the class that a trigger's event names, so that a deferred task raises the same error as a blocking one.

    :param name: the name of a class in this module.
    :return: that class, or :class:`WorkflowError` for a name that this release does not know.
    """
    found = globals().get(name)
    return found if isinstance(found, type) and issubclass(found, WorkflowError) else WorkflowError

"""Stopping a run: the operator, for the vendors that can, and what another operator does with a run it gives up."""

import time
from datetime import timedelta
from typing import Any, ClassVar, NamedTuple

from airflow.providers.common.compat.sdk import AirflowSkipException, BaseOperator, Context

from airflow_workflow_providers.core.client import Client
from airflow_workflow_providers.core.errors import ExecutionTimedOut, NotSupported, WorkflowError
from airflow_workflow_providers.core.execution import Execution
from airflow_workflow_providers.core.parameters import flag, id_or_name, seconds
from airflow_workflow_providers.core.request import Flow, Pause
from airflow_workflow_providers.hooks.base import WorkflowHook
from airflow_workflow_providers.metrics import Cause, Metrics
from airflow_workflow_providers.operators.validation import poll_interval as checked_poll_interval
from airflow_workflow_providers.operators.validation import without_templates

#: Airflow kills a worker 5 s after it told it to stop; connecting and the response share this, in seconds.
KILL_STOP_TIMEOUT = 3.6

#: How long the stop of a run is retried at the end of a task, in seconds; it takes twice that at the most.
STOP_RETRY_FOR = 5.0


class StopResult(NamedTuple):
    """
    The result of an attempt to stop a run.

    :param message: one sentence for a log or an error.
    :param requested: whether the vendor has accepted the request.
    :param failed: whether the vendor can stop a run, and has not accepted the request.
    """

    message: str
    requested: bool = False
    failed: bool = False

    def emit(self, metrics: Metrics, cause: Cause) -> None:
        """
        Count this attempt in Airflow's metrics.

        :param metrics: of the connection.
        :param cause: why the run was to be stopped.
        """
        metrics.cancel(cause, accepted=int(self.requested), failed=int(self.failed))


def stop(hook: WorkflowHook, execution_id: str, cause: Cause) -> StopResult:
    """
    Stop a run that is no longer needed, if the vendor can.

    :param hook: the hook of the task.
    :param execution_id: the run.
    :param cause: why, for the metrics.
    :return: what came of it; this never raises.
    """
    result = _stop(hook.client, execution_id, retry_for=STOP_RETRY_FOR, budget=2 * STOP_RETRY_FOR)
    result.emit(hook.metrics, cause)
    return result


def stop_at_once(client: Client, execution_id: str) -> StopResult | None:
    """
    Stop a run from a signal handler.

    It sends nothing to Airflow, and uses a connection of its own, because the handler may have interrupted either of them.
    It ends within 4 s, before the process is killed. It counts nothing: the handler may have interrupted that too.

    :param client: the client of the task.
    :param execution_id: the run.
    :return: what came of it; ``None``, and nothing was sent, if the client has not read its connection yet.
    """
    endpoint = client.last_endpoint
    if endpoint is None:
        return None
    own = Client(lambda: endpoint)
    try:
        return _stop(own, execution_id, attempts=1, budget=KILL_STOP_TIMEOUT)
    finally:
        own.close()


def _stop(client: Client, execution_id: str, **limits: Any) -> StopResult:
    try:
        client.stop(execution_id, **limits)
    except NotSupported as error:
        return StopResult(str(error))
    except WorkflowError as error:
        return StopResult(
            f"Execution {execution_id} could not be stopped and may go on: {error}", failed=True
        )
    vendor = client.endpoint.vendor
    return StopResult(f"{vendor} was asked to stop execution {execution_id}.", requested=True)


class StopExecutionOperator(BaseOperator):
    """
    What the stop operators of all vendors share.

    An execution that has ended already is left as it is. The task returns the record of the execution, without its
    output. If ``execution_id`` renders to nothing, because no run was started, the task is skipped: a teardown then has
    nothing to do.

    :param execution_id: the run (templated).
    :param wait_for_completion: wait until it has ended; default: True.
    :param poll_interval: seconds, or a timedelta, between two status checks; default: 5 s.
    :param timeout: seconds, or a timedelta, until it must have ended; default: 5 min.
    """

    hook_class: ClassVar[type[WorkflowHook]]
    ui_color = "#fbe9e5"

    def __init__(
        self,
        *,
        execution_id: str,
        wait_for_completion: bool = True,
        poll_interval: float | timedelta = 5.0,
        timeout: float | timedelta = timedelta(minutes=5),
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        known = without_templates(execution_id)
        if known is not None and not (isinstance(known, str) and not known.strip()):  # nothing to stop
            id_or_name("execution_id", known)
        self.execution_id = execution_id
        self.wait_for_completion = flag("wait_for_completion", wait_for_completion)
        self.poll_interval = checked_poll_interval("poll_interval", poll_interval)
        self.timeout = seconds("timeout", timeout, least=0.1)

    def execute(self, context: Context) -> dict[str, Any]:  # noqa: ARG002  # Airflow's signature
        """
        Stop the run, unless it has ended; wait for its end, unless the author does not want that.

        :param context: Airflow's context of the running task.
        :return: the record of the run: ``execution_id``, ``state`` (ours) and ``status`` (the vendor's), without its
            output.
        :raises AirflowSkipException: if there is no run to stop.
        :raises ExecutionTimedOut: if it has not ended in time.
        :raises WorkflowError: if the vendor refused, or could not be asked.
        """
        # A template over the XCom of a task that started nothing renders to one of these.
        if self.execution_id in (None, "", "None"):
            raise AirflowSkipException("There is no execution to stop: none was started.")
        conn_id = getattr(self, self.hook_class.conn_name_attr)
        hook = self.hook_class(conn_id, **self.hook_class.account_of(self))
        try:
            execution = hook.client.run(self._stop(hook))
        finally:
            hook.close()
        if self.wait_for_completion and not execution.is_terminal:
            raise ExecutionTimedOut(
                f"{hook.hook_name} execution {self.execution_id} was asked to stop, and is still {execution.status} after "
                f"{self.timeout:g} s.",
                execution_id=self.execution_id,
            )
        return execution.record()

    def _stop(self, hook: WorkflowHook) -> Flow[Execution]:
        endpoint = hook.client.endpoint
        execution: Execution = yield endpoint.get_status(self.execution_id)
        if execution.is_terminal:
            self.log.info("Execution %s has ended already: it is %s.", self.execution_id, execution.status)
            return execution
        try:
            acknowledgement = yield endpoint.stop(self.execution_id)
        except NotSupported:
            raise
        except WorkflowError:
            hook.metrics.cancel("operator", failed=1)
            raise
        hook.metrics.cancel("operator", accepted=1)
        self.log.info(
            "%s was asked to stop execution %s: %s", hook.hook_name, self.execution_id, acknowledgement
        )
        deadline = time.monotonic() + self.timeout
        while True:
            execution = yield endpoint.get_status(self.execution_id)
            if execution.is_terminal or not self.wait_for_completion or time.monotonic() > deadline:
                return execution
            yield Pause(self.poll_interval)

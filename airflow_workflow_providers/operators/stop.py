"""The operator that stops a run, for the vendors that can."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.providers.common.compat.sdk import AirflowSkipException, BaseOperator

from airflow_workflow_providers.core.errors import ExecutionTimedOut
from airflow_workflow_providers.core.parameters import id_or_name
from airflow_workflow_providers.operators.checks import flag, seconds, without_templates
from airflow_workflow_providers.operators.checks import poll_interval as checked_poll_interval

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from airflow_workflow_providers.hooks.base import WorkflowHook


class StopExecutionOperator(BaseOperator):
    """
    What the stop operators of all vendors share; a vendor's operator documents these parameters with its own.

    :param execution_id: the run.
    :param wait_for_completion: wait until it is over.
    :param poll_interval: seconds between two looks at it.
    :param timeout: how long to wait at the most.
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
        Stop the run, unless it is over; wait for that if so asked.

        :param context: Airflow's context of the running task.
        :return: the record of the run: ``execution_id``, ``state`` (our word) and ``status`` (the vendor's), without
            its output.
        :raises AirflowSkipException: if there is no run to stop, or the vendor cannot stop one.
        :raises ExecutionTimedOut: if the run was asked to stop and is waited for, and is not over after ``timeout``.
        :raises WorkflowError: if the vendor refused, or could not be asked.
        """
        # A template over the XCom of a task that started nothing renders to one of these.
        if self.execution_id in (None, "", "None"):
            raise AirflowSkipException("There is no execution to stop: none was started.")
        hook = self.hook_class(getattr(self, self.hook_class.conn_name_attr))
        try:
            return self._stop(hook)
        finally:
            hook.close()

    def _stop(self, hook: WorkflowHook) -> dict[str, Any]:
        look = hook.api.look(self.execution_id)
        if hook.api.stop_execution(self.execution_id) is None:
            raise AirflowSkipException(f"{hook.hook_name} cannot stop a run.")
        execution = hook.send(look)
        if execution.over:
            self.log.info("Execution %s is over already: it is %s.", self.execution_id, execution.status)
            return execution.record()
        said = hook.stop_execution(self.execution_id)
        self.log.info("%s was asked to stop execution %s: %s", hook.hook_name, self.execution_id, said)
        deadline = time.monotonic() + self.timeout
        while not (execution := hook.send(look)).over and self.wait_for_completion:
            if time.monotonic() > deadline:
                raise ExecutionTimedOut(
                    f"{hook.hook_name} execution {self.execution_id} was asked to stop, and is still "
                    f"{execution.status} after {self.timeout:g} s.",
                    execution_id=self.execution_id,
                )
            time.sleep(self.poll_interval)
        return execution.record()

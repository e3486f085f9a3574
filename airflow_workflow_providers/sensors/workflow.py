"""The sensor for the newest run of a workflow: another system starts it, and so nobody knows its id before."""

import time
from datetime import datetime
from typing import Any

from airflow.providers.common.compat.sdk import BaseSensorOperator, Context, PokeReturnValue

from airflow_workflow_providers.core.errors import RateLimited, Unavailable, UnexpectedResponse, WorkflowError
from airflow_workflow_providers.core.parameters import moment, quoted, segment
from airflow_workflow_providers.core.waiter import MAX_UNEXPECTED_RESPONSES, MIN_TIMEOUT
from airflow_workflow_providers.operators.validation import without_templates
from airflow_workflow_providers.sensors.base import ExecutionSensor, SensorTimedOut

#: The longest pause before a list that makes no sense is read again, in seconds.
MAX_PAUSE = 5.0


class WorkflowSensor(ExecutionSensor):
    """
    Wait for the newest run of a workflow that has begun since a given time, and that another system starts.

    First the sensor looks for such a run in the vendor's list, at the interval of ``poke_interval``. When there is one, it waits
    for this run, and a newer one changes nothing. The id is in XCom under ``execution_id`` as soon as the run is found.

    With ``deferrable`` the task is rescheduled until there is a run, as with ``mode="reschedule"``, and then waits in the
    triggerer: it holds no worker. Without ``deferrable``, ``mode="reschedule"`` looks for the newest run again at each poke.

    :param started_after: only a run that has begun at this time or later: a datetime, or a text in ISO 8601, in UTC unless it says
        otherwise (templated). Default: the end of the data interval of the DAG run; of a DAG run without one, the time from which
        it may run.
    :raises NotFound: if the vendor does not know the workflow, and says so.
    :raises SensorTimedOut: if no run has begun at the deadline, or it has not ended.
    """

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.unsupported |= {"execution_id"}

    def __init__(self, *, started_after: datetime | str | None = None, **kwargs: Any) -> None:
        super().__init__(execution_id="", **kwargs)
        known = without_templates(started_after, None)
        if known is not None:
            moment("started_after", known)
        self.started_after = started_after
        if self.deferrable:
            self.mode = "reschedule"

    def validate_at_parse(self) -> None:
        """
        Check the workflow at DAG parse; a vendor calls this last in ``__init__``.

        :raises InvalidInput: if it is no id.
        """
        segment(self.workflow_field, without_templates(getattr(self, self.workflow_field)))

    def resume_execution(self, next_method: str, next_kwargs: dict[str, Any] | None, context: Context) -> Any:
        """
        Resume after a deferral, with the run that was found before.

        :param next_method: the method that Airflow resumes with.
        :param next_kwargs: its arguments, with the trigger's event.
        :param context: Airflow's context of the running task.
        :return: the record, as from :meth:`execute`.
        :raises WorkflowError: the errors of :meth:`execute`.
        """
        ti = context["ti"]
        found = ti.xcom_pull(task_ids=ti.task_id, key="execution_id", map_indexes=ti.map_index)
        self.execution_id = str(found or "")
        return super().resume_execution(next_method, next_kwargs, context)

    def poke(self, context: Context) -> bool | PokeReturnValue:
        """
        Look for a run if there is none yet, else poll it once.

        :param context: Airflow's context of the running task.
        :return: False while there is no run, and while the wait continues; in the end Airflow's form of True, with the record in it.
        :raises WorkflowError: the errors of :meth:`execute`.
        :raises AirflowSkipException: with ``soft_fail``, instead of them.
        """
        if not self.execution_id and not self._has_begun(context):
            return False
        if not self.deferrable:
            return super().poke(context)
        # In mode "reschedule" this process is not the first one of this wait.
        if began := context["ti"].get_first_reschedule_date(context):
            self._waiter.deadline -= time.time() - began.timestamp()
        # A run that has ended already never defers.
        record = self._wait_from(context, self._waiter, self._poll(self._waiter))
        return PokeReturnValue(is_done=True, xcom_value=record)

    def _wait(self, context: Context) -> Any:
        # Also with deferrable: Airflow's loop pokes until there is a run.
        return BaseSensorOperator.execute(self, context)

    def _has_begun(self, context: Context) -> bool:
        """Look for the run."""
        try:
            found = self._find_newest(context)
        except WorkflowError as error:
            failure = error
        else:
            if found is None:
                return False
            self.log.info("Execution %s of %s is the newest: this task waits for it.", found, self._name)
            self.execution_id = self._waiter.execution_id = found
            context["ti"].xcom_push(key="execution_id", value=found)
            self._use_execution(context)
            return True
        raise self._ended_by(failure)

    def _find_newest(self, context: Context) -> str | None:
        """Read the list. A response that makes no sense is repeated, as often as that of a status check."""
        workflow = getattr(self, self.workflow_field)
        segment(self.workflow_field, workflow)
        request = self.hook.client.endpoint.find_newest(workflow, self._since(context))
        for left in reversed(range(MAX_UNEXPECTED_RESPONSES)):
            budget = max(MIN_TIMEOUT, self._waiter.deadline - time.time())
            try:
                return self.hook.client.send(request, attempts=1, budget=budget)
            except (Unavailable, RateLimited) as error:
                self.log.warning("The executions of %s are listed again later. %s", self._name, error)
                return None
            except UnexpectedResponse:
                if not left:
                    raise
                self._sleep(min(float(self.poke_interval), MAX_PAUSE))
        return None

    def _since(self, context: Context) -> float:
        """
        Return since when the run must have begun, in seconds since the epoch.

        By default a task waits for what belongs to its own data interval, as with Airflow's ExternalTaskSensor. Another system
        starts that when the interval is over, as Airflow does: an earlier run belongs to an earlier interval.
        """
        if self.started_after is not None:
            return moment("started_after", self.started_after)
        return moment("data_interval_end", context.get("data_interval_end") or context["dag_run"].run_after)

    @property
    def _name(self) -> str:
        return f"{self.hook.hook_name} workflow {quoted(getattr(self, self.workflow_field))}"

    def _late(self, context: Context, cause: BaseException) -> dict[str, Any]:
        if self.execution_id:
            return super()._late(context, cause)
        message = f"No execution of {self._name} was found before the deadline: {cause}"
        raise self._ended_by(SensorTimedOut(message)) from cause

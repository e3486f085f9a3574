"""The sensor of every vendor: it waits for a run, and never stops one, for it did not start it."""

from __future__ import annotations

import time
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.providers.common.compat.sdk import (
    AirflowSensorTimeout,
    AirflowSkipException,
    AirflowTaskTimeout,
    BaseSensorOperator,
    PokeReturnValue,
)

from airflow_workflow_providers.compat import TaskDeferralError
from airflow_workflow_providers.core.call import segment
from airflow_workflow_providers.core.errors import ExecutionTimedOut, WorkflowError
from airflow_workflow_providers.core.watch import Step, Verdict, Watch
from airflow_workflow_providers.links import ExecutionLink
from airflow_workflow_providers.operators.checks import flag, whole_number
from airflow_workflow_providers.operators.checks import poll_interval as checked_poll_interval
from airflow_workflow_providers.operators.waiting import WaitsForExecution
from airflow_workflow_providers.settings import DEFERRABLE, POLL_INTERVAL

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context


class SensorTimedOut(ExecutionTimedOut, AirflowSensorTimeout):
    """The deadline of a sensor; as with all of Airflow's sensors, no retry is made after it."""


class ExecutionSensor(WaitsForExecution, BaseSensorOperator):
    """
    What the sensors of all vendors share: how to wait.

    :param execution_id: the run.
    :param deferrable: wait in the triggerer, without holding a worker; default: ``[operators] default_deferrable`` of
        the Airflow configuration.
    :param poke_interval: seconds between two looks; default: ``[workflow_providers] poll_interval`` of the Airflow
        configuration, or 10 s.
    :param timeout: seconds until the sensor gives up; default: 24 h.
    :param max_inline_output: an output of more bytes of JSON than this is not put into XCom; default: 5 MB.
    :raises ExecutionFailed: if the run ended without success.
    :raises ExecutionStopped: if it was stopped.
    :raises SensorTimedOut: if the deadline came first; it is an ``AirflowSensorTimeout`` too.
    """

    stop_on_kill: ClassVar[bool] = False

    def __init__(
        self,
        *,
        execution_id: str,
        deferrable: bool = DEFERRABLE,
        poke_interval: float = POLL_INTERVAL,
        timeout: float = 24 * 60 * 60,
        max_inline_output: int = 5_000_000,
        **kwargs: Any,
    ) -> None:
        # A template, or what another task gives, is known when the task runs.
        given: Any = execution_id
        if not isinstance(given, str) and not hasattr(given, "resolve"):
            segment("execution_id", given)
        poke_interval = checked_poll_interval("poke_interval", poke_interval)
        super().__init__(poke_interval=poke_interval, timeout=timeout, **kwargs)
        self.execution_id = execution_id
        self.deferrable = flag("deferrable", deferrable)
        self.max_inline_output = whole_number("max_inline_output", max_inline_output)

    @cached_property
    def _watch(self) -> Watch:
        limits = [float(self.timeout)]
        if self.execution_timeout:
            limits.append(self.execution_timeout.total_seconds())
        return Watch(
            self.execution_id, time.time() + min(limits), float(self.poke_interval), self.stop_at_pause
        )

    def execute(self, context: Context) -> Any:
        """
        Wait for the run, here or in the triggerer.

        :param context: Airflow's context of the running task.
        :return: the record: ``execution_id``, ``state`` (our word), ``status`` (the vendor's), ``output``, ``url``; and
            ``output_omitted``: ``{"bytes", "fetch"}`` where the output is larger than ``max_inline_output``.
        :raises InvalidInput: if ``execution_id`` is empty, as a template over nothing is.
        :raises ExecutionFailed: if the run ended without success.
        :raises ExecutionStopped: if it was stopped.
        :raises SensorTimedOut: if the deadline came first.
        :raises WorkflowError: if the run can no longer be looked at.
        :raises AirflowSkipException: with ``soft_fail``, in the place of an error that says what became of the run.
        """
        segment("execution_id", self.execution_id)
        self.know(self.execution_id)
        if url := self.hook.execution_url(self.execution_id):
            context["ti"].xcom_push(key=ExecutionLink().xcom_key, value=url)
        try:
            return self._wait(context)
        except SensorTimedOut:
            raise
        except (AirflowSensorTimeout, AirflowTaskTimeout) as error:
            return self._late(context, error)
        finally:
            self.hook.close()

    def resume_execution(self, next_method: str, next_kwargs: dict[str, Any] | None, context: Context) -> Any:
        """
        Resume after a deferral; Airflow's own end of it is made the same error as ours.

        :param next_method: the method that Airflow was told to resume with.
        :param next_kwargs: its arguments, with the trigger's event.
        :param context: Airflow's context of the running task.
        :return: the record, as from :meth:`execute`.
        :raises SensorTimedOut: if the deadline came first, also where no triggerer was there to say so.
        :raises WorkflowError: what became of the run, as from :meth:`execute`; or that the trigger itself failed.
        :raises AirflowSkipException: with ``soft_fail``, in the place of any of these.
        """
        try:
            return super().resume_execution(next_method, next_kwargs, context)
        except SensorTimedOut:
            raise
        except AirflowSensorTimeout as error:
            return self._late(context, error)
        except TaskDeferralError as error:
            raise self._trigger_failed(self.execution_id, error) from error
        finally:
            self.hook.close()

    def _timed_out(self, context: Context, execution_id: str, why: str) -> Exception:  # noqa: ARG002  # an operator's needs it
        return self._ended_by(
            SensorTimedOut(
                f"{self.hook.hook_name} execution {execution_id} was not over at the deadline: {why}.",
                execution_id=execution_id,
            )
        )

    def _late(self, context: Context, cause: BaseException) -> dict[str, Any]:
        """Finish after one of Airflow's own clocks, which do not know which run it is: it may be over by now."""
        try:
            record = self._result_at_deadline(self.execution_id)
        except WorkflowError as error:
            raise self._ended_by(error) from error
        if record is not None:
            return record
        raise self._timed_out(context, self.execution_id, str(cause)) from cause

    def _wait(self, context: Context) -> Any:
        if not self.deferrable:
            return super().execute(context)
        return self._wait_from(
            context, self._watch, self._look(self._watch)
        )  # what is over already never defers

    def poke(self, context: Context) -> bool | PokeReturnValue:
        """
        Look once; Airflow calls this until it says True, or the sensor's ``timeout`` is over.

        :param context: Airflow's context of the running task.
        :return: False while the wait goes on, also after a look that failed in passing; in the end Airflow's word for
            True, with the record in it.
        :raises WorkflowError: what became of the run, as from :meth:`execute`.
        :raises AirflowSkipException: with ``soft_fail``, in its place.
        """
        step = self._look(self._watch)
        # Each poke of this mode is a new process, which knows of no failure before: what may never be known is looked at
        # again here, as often as in the other modes.
        while self.mode == "reschedule" and step.verdict is None and self._watch.doubtful:
            self._sleep(min(step.wait, 5.0))
            step = self._look(self._watch)
        while step.verdict is not None:
            done = self._finish(context, step.verdict, self._watch)
            if not isinstance(done, Step):
                return PokeReturnValue(is_done=True, xcom_value=done)
            step = done
        return False

    def _finish(self, context: Context, verdict: Verdict, watch: Watch) -> dict[str, Any] | Step:
        try:
            return super()._finish(context, verdict, watch)
        except ExecutionTimedOut as error:
            ended: WorkflowError = error
            if not isinstance(error, SensorTimedOut):
                ended = SensorTimedOut(str(error), execution_id=error.execution_id)
        except WorkflowError as error:
            ended = error
        finally:
            self.hook.close()
        raise self._ended_by(ended)

    def _ended_by(self, error: WorkflowError) -> Exception:
        """Return what the task ends with: Airflow's own handling of soft_fail differs between a poke and a resume."""
        return AirflowSkipException(f"Skipped by soft_fail: {error}") if self.soft_fail else error

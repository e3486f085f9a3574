"""The sensor of every vendor: it waits for a run, and never stops it, because it has not started it."""

import time
from collections.abc import Callable, Collection
from datetime import timedelta
from functools import cached_property
from typing import Any

from airflow.providers.common.compat.sdk import (
    AirflowSensorTimeout,
    AirflowSkipException,
    AirflowTaskTimeout,
    BaseOperatorLink,
    BaseSensorOperator,
    Context,
    PokeReturnValue,
)

from airflow_workflow_providers.compat import TaskDeferralError
from airflow_workflow_providers.core.errors import ExecutionTimedOut, InvalidInput, WorkflowError
from airflow_workflow_providers.core.parameters import segment
from airflow_workflow_providers.core.waiter import NextPoll, Waiter, WaitResult, WaitStep
from airflow_workflow_providers.links import ExecutionLink
from airflow_workflow_providers.operators.validation import poll_intervals
from airflow_workflow_providers.operators.waiting import AT_DEADLINE, WaitingOperator
from airflow_workflow_providers.settings import execution_page


class SensorTimedOut(ExecutionTimedOut, AirflowSensorTimeout):
    """The deadline of a sensor; as with all of Airflow's sensors, there is no retry after it."""


class ExecutionSensor(WaitingOperator, BaseSensorOperator):
    """
    Wait for a run that another task, DAG or person has started.

    :param execution_id: the run (templated).
    :param poke_interval: seconds between two status checks, at the least; default: ``[workflow_providers] poll_interval`` of
        the Airflow configuration, or 10 s.
    :param max_poll_interval: seconds, or a timedelta, between two status checks, at the most: the interval grows to a tenth
        of the time that the wait has taken so far. Default: with a ``poke_interval`` of the task, that interval is fixed;
        else ``[workflow_providers] max_poll_interval`` of the Airflow configuration, or 60 s.
    :param timeout: seconds until the sensor gives up; default: 24 h.
    :raises ExecutionFailed: if the run ended without success.
    :raises ExecutionStopped: if it was stopped.
    :raises SensorTimedOut: if the deadline came first; it is an ``AirflowSensorTimeout`` too.
    """

    operator_extra_links: Collection[BaseOperatorLink] = (ExecutionLink(),)

    def __init__(
        self,
        *,
        execution_id: str,
        poke_interval: float | None = None,
        max_poll_interval: float | timedelta | None = None,
        timeout: float = 24 * 60 * 60,
        **kwargs: Any,
    ) -> None:
        # The value of a template, or of another task, is known when the task runs.
        given: Any = execution_id
        if not isinstance(given, str) and not hasattr(given, "resolve"):
            segment("execution_id", given)
        least, most = poll_intervals("poke_interval", poke_interval, max_poll_interval)
        super().__init__(poke_interval=least, timeout=timeout, **kwargs)
        self.max_poll_interval = most
        if self.stall_timeout and self.mode == "reschedule" and not self.deferrable:
            raise InvalidInput(
                "stall_timeout needs mode='poke' or deferrable=True: with mode='reschedule' each poke is a new process, which does not "
                "know when the status has changed."
            )
        self.execution_id = execution_id

    @cached_property
    def _waiter(self) -> Waiter:
        return Waiter(
            self.execution_id,
            self._deadline(),
            float(self.poke_interval),
            self.stop_at_pause,
            logged_entries=self._entries_at_first,
            max_poll_interval=self.max_poll_interval,
            began_at=time.time(),
            stall_timeout=self.stall_timeout,
            with_details=self._with_details,
        )

    def execute(self, context: Context) -> Any:
        """
        Wait for the run, here or in the triggerer.

        :param context: Airflow's context of the running task.
        :return: the record: ``execution_id``, ``state`` (ours), ``status`` (the vendor's), ``output``, ``url``;
            ``output_omitted``: ``{"bytes", "fetch"}`` if the output is larger than ``max_inline_output``; and
            ``output_missing``: why no output was found, if a vendor may have none.
        :raises InvalidInput: if ``execution_id`` is empty, as a template over nothing is.
        :raises ExecutionFailed: if the run ended without success.
        :raises ExecutionStopped: if it was stopped.
        :raises SensorTimedOut: if the deadline came first.
        :raises WorkflowError: if the status of the run can no longer be read.
        :raises AirflowSkipException: with ``soft_fail``, instead of any of these errors.
        """
        self.check_output_path()
        self._context = context
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
        Resume after a deferral; Airflow's own errors of it become the same errors as ours.

        :param next_method: the method that Airflow resumes with.
        :param next_kwargs: its arguments, with the trigger's event.
        :param context: Airflow's context of the running task.
        :return: the record, as from :meth:`execute`.
        :raises SensorTimedOut: if the deadline came first, also if no triggerer was running to report it.
        :raises WorkflowError: if the trigger failed; else the errors of :meth:`execute`.
        :raises AirflowSkipException: with ``soft_fail``, instead of any of these errors.
        """
        self._context = context
        self.set_execution(self.execution_id)  # Airflow resumes after its own errors without execute_complete
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

    def _timed_out(
        self,
        context: Context,  # noqa: ARG002  # an operator needs it
        execution_id: str,
        why: str,
        when: str = AT_DEADLINE,
    ) -> Exception:
        return self._ended_by(
            SensorTimedOut(
                f"{self.hook.hook_name} execution {execution_id} {when}: {why}.",
                execution_id=execution_id,
            )
        )

    def _late(self, context: Context, cause: BaseException) -> dict[str, Any]:
        """Finish after one of Airflow's own clocks: the run may have ended unseen."""
        try:
            record = self._result_at_deadline(self.execution_id)
        except WorkflowError as error:
            raise self._ended_by(error) from error
        if record is not None:
            return record
        raise self._timed_out(context, self.execution_id, str(cause)) from cause

    def _use_execution(self, context: Context) -> None:
        """Check the id of the run, and show its page."""
        segment("execution_id", self.execution_id)
        self.set_execution(self.execution_id)
        if execution_page():
            self._snapshot = self._new_snapshot(self.execution_id, None)
        if url := self.hook.execution_url(self.execution_id):
            context["ti"].xcom_push(key=ExecutionLink().xcom_key, value=url)

    def _wait(self, context: Context) -> Any:
        self._use_execution(context)
        if not self.deferrable:
            return super().execute(context)
        # A run that has ended already never defers.
        return self._wait_from(context, self._waiter, self._poll(self._waiter))

    def _get_next_poke_interval(
        self, started_at: Any, run_duration: Callable[[], float], poke_count: int
    ) -> float:
        """Return the pause until the next poke of Airflow's own loop."""
        if self.exponential_backoff:
            return super()._get_next_poke_interval(started_at, run_duration, poke_count)
        # In mode "reschedule" each poke is a new process, so Airflow knows how long the wait has taken.
        self._waiter.began_at = time.time() - run_duration()
        return self._waiter.interval(time.time())

    def poke(self, context: Context) -> bool | PokeReturnValue:
        """
        Poll once; Airflow calls this until it returns True, or the sensor's ``timeout`` is over.

        :param context: Airflow's context of the running task.
        :return: False while the wait continues, also after a status check that failed in passing; in the end Airflow's form
            of True, with the record in it.
        :raises WorkflowError: the errors of :meth:`execute`.
        :raises AirflowSkipException: with ``soft_fail``, instead of them.
        """
        step = self._poll(self._waiter)
        # Each poke of this mode is a new process, without the failures before it. So a response that may never make sense
        # is repeated here, as often as in the other modes.
        while self.mode == "reschedule" and isinstance(step, NextPoll) and self._waiter.doubtful:
            self._sleep(min(step.delay, 5.0))
            step = self._poll(self._waiter)
        while isinstance(step, WaitResult):
            done = self._finish(context, step, self._waiter)
            if isinstance(done, dict):
                return PokeReturnValue(is_done=True, xcom_value=done)
            step = done
        return False

    def _finish(self, context: Context, result: WaitResult, waiter: Waiter) -> dict[str, Any] | WaitStep:
        try:
            return super()._finish(context, result, waiter)
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
        """Return the error of the task: Airflow's own handling of soft_fail differs between a poke and a resume."""
        return AirflowSkipException(f"Skipped by soft_fail: {error}") if self.soft_fail else error

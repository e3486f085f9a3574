"""The operator of most vendors: start a run or reattach to one, wait here or in the triggerer, finish."""

import time
from collections.abc import Collection
from contextlib import suppress
from datetime import timedelta
from typing import Any, Literal

from airflow.providers.common.compat.sdk import AirflowTaskTimeout, BaseOperatorLink, Context

from airflow_workflow_providers.compat import TaskDeferralError, TaskDeferralTimeout
from airflow_workflow_providers.core.errors import ExecutionTimedOut, WorkflowError
from airflow_workflow_providers.core.execution import Execution
from airflow_workflow_providers.core.parameters import flag, one_of
from airflow_workflow_providers.core.waiter import Waiter, WaitResult, WaitStep
from airflow_workflow_providers.links import ExecutionLink
from airflow_workflow_providers.metrics import Cause
from airflow_workflow_providers.operators.start import StartOperator
from airflow_workflow_providers.operators.start_store import StartStore
from airflow_workflow_providers.operators.stop import StopResult, stop, stop_at_once
from airflow_workflow_providers.operators.validation import poll_intervals
from airflow_workflow_providers.operators.waiting import AT_DEADLINE, WaitingOperator
from airflow_workflow_providers.settings import execution_page


class ExecuteWorkflowOperator(StartOperator, WaitingOperator):
    """
    Start one run over all tries of a task, and wait for its end.

    The task returns ``{"execution_id", "state", "status", "output", "url"}``: ``state`` is ours, ``status`` the vendor's.
    The id is in XCom under ``execution_id`` as soon as the vendor has responded to the start, before any wait.

    :param wait_for_completion: wait for the run. If False, the task ends as soon as the run is started, and the vendor's
        sensor can wait for it elsewhere.
    :param poll_interval: seconds, or a timedelta, between two status checks, at the least; default: ``[workflow_providers]
        poll_interval`` of the Airflow configuration, or 10 s.
    :param max_poll_interval: seconds, or a timedelta, between two status checks, at the most: the interval grows to a tenth
        of the time that the run has taken so far. Default: with a ``poll_interval`` of the task, that interval is fixed;
        else ``[workflow_providers] max_poll_interval`` of the Airflow configuration, or 60 s.
    :param cancel_on_timeout: stop the run if it has not ended at the deadline. If False, it goes on.
    :param cancel_on_kill: stop the run if a person ends the task, and if Airflow tells the worker to stop, as it does when
        a pod is evicted. If False, the run goes on in both cases, and a retry reattaches to it (Airflow 3.3).
    :param on_clear: what a cleared task does: ``"resubmit"`` stops the run that it had, if the vendor can, and submits a
        new one; ``"reattach"`` does what a retry does (Airflow 3.3).
    :param on_changed_input: what a retry does if the workflow or its input is not what it was in the earlier try:
        ``"resubmit"`` stops the run of the earlier try, if the vendor can, and submits a new one; ``"reattach"`` uses that run
        all the same (Airflow 3.3).
    """

    operator_extra_links: Collection[BaseOperatorLink] = (ExecutionLink(),)

    def __init__(
        self,
        *,
        wait_for_completion: bool = True,
        poll_interval: float | timedelta | None = None,
        max_poll_interval: float | timedelta | None = None,
        cancel_on_timeout: bool = True,
        cancel_on_kill: bool = True,
        on_clear: Literal["resubmit", "reattach"] = "resubmit",
        on_changed_input: Literal["resubmit", "reattach"] = "resubmit",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.wait_for_completion = flag("wait_for_completion", wait_for_completion)
        self.poll_interval, self.max_poll_interval = poll_intervals(
            "poll_interval", poll_interval, max_poll_interval
        )
        self.cancel_on_timeout = flag("cancel_on_timeout", cancel_on_timeout)
        self.cancel_on_kill = flag("cancel_on_kill", cancel_on_kill)
        self.on_clear = one_of("on_clear", on_clear, ("resubmit", "reattach"))
        self.on_changed_input = one_of("on_changed_input", on_changed_input, ("resubmit", "reattach"))
        self._stop_result: StopResult | None = None

    def execute(self, context: Context) -> dict[str, Any]:
        """
        Start the run, or reattach to the one that an earlier try of this task has started; wait for it or defer.

        :param context: Airflow's context of the running task.
        :return: the record, as from :meth:`.StartOperator.execute`, which also documents the other errors.
        :raises ExecutionTimedOut: if the deadline came first.
        :raises WorkflowError: if the run could not be started, or its status cannot be read.
        """
        try:
            return super().execute(context)
        except AirflowTaskTimeout as error:
            # Airflow's own clock, which ends at the same moment as ours.
            if self._execution_id is None:
                raise
            return self._late(context, self._execution_id, "Airflow's execution_timeout came", error)
        finally:
            self.hook.close()

    def resume_execution(self, next_method: str, next_kwargs: dict[str, Any] | None, context: Context) -> Any:
        """
        Resume after a deferral; Airflow's own errors of it become the same errors as ours.

        :param next_method: the method that Airflow resumes with.
        :param next_kwargs: its arguments, with the trigger's event.
        :param context: Airflow's context of the running task.
        :return: the record, as from :meth:`execute`.
        :raises ExecutionTimedOut: if the deadline came first, also if no triggerer was running to report it.
        :raises WorkflowError: if the trigger failed, so that the run may still be going; else the errors of
            :meth:`execute`.
        """
        self._context = context
        try:
            return super().resume_execution(next_method, next_kwargs, context)
        except TaskDeferralTimeout as error:
            execution_id = self._stored_id(context)
            return self._late(context, execution_id, "no triggerer was running to report it", error)
        except TaskDeferralError as error:
            raise self._trigger_failed(self._stored_id(context), error) from error
        finally:
            self.hook.close()

    def on_kill(self) -> None:
        """Stop the run: Airflow told the worker to stop. This runs in a signal handler, so it sends nothing to Airflow."""
        if not self._killed:
            super().on_kill()
            self._stop_killed()

    def stop_if_killed(self) -> None:
        """
        End the task if Airflow told its worker to stop.

        :raises ExecutionStopped: with the consequence for the run.
        """
        if self._killed and self._execution_id is not None:
            if not self._kill_message:
                with suppress(WorkflowError):
                    self.hook.client.endpoint  # noqa: B018  # reads the connection, which the signal handler could not
                self._stop_killed()
            if self._stop_result is not None:
                self._stop_result.emit(self.hook.metrics, "kill")
                if self._stop_result.requested and self._context is not None:
                    self._mark_stopped(StartStore(self._context), self._execution_id)
                self._stop_result = None
            if not self._kill_message:
                self._kill_message = f"Execution {self._execution_id} was not stopped and may go on."
        super().stop_if_killed()

    @property
    def _cancel_on_clear(self) -> bool:
        return self.on_clear == "resubmit"

    def _stop_killed(self) -> None:
        """Stop the run of a task that was told to stop, once, and keep the result for the error."""
        if self._kill_message or self._execution_id is None:
            return
        if not self.cancel_on_kill:
            self._kill_message = f"Execution {self._execution_id} goes on (cancel_on_kill=False)."
        elif (result := stop_at_once(self.hook.client, self._execution_id)) is not None:
            self._kill_message, self._stop_result = result.message, result

    def _after_start(
        self, context: Context, store: StartStore, execution: Execution, deadline: float
    ) -> dict[str, Any]:
        try:
            self._publish_execution_id(context, store, execution)
        finally:
            self._count_start()
        if execution.execution_id is not None and execution_page():
            self._snapshot = self._new_snapshot(execution.execution_id, store.began_at)
        if execution.is_terminal:
            self._read_rest_of_log(str(execution.execution_id))
            return super()._after_start(context, store, execution, deadline)
        if not self.wait_for_completion:
            self._show(execution)
            return self._record(execution)
        waiter = Waiter(
            str(execution.execution_id),
            deadline,
            self.poll_interval,
            self.stop_at_pause,
            logged_entries=self._entries_at_first,
            max_poll_interval=self.max_poll_interval,
            began_at=store.began_at,
            stall_timeout=self.stall_timeout,
            question=self._question_at_first(context),
            with_details=self._with_details,
        )
        if not self.deferrable:
            self._show(execution)
        # A run that ends at once never defers.
        first = self._poll(waiter) if self.deferrable else waiter.on_unchanged(time.time())
        return self._wait_from(context, waiter, first)

    def _publish_execution_id(self, context: Context, store: StartStore, execution: Execution) -> None:
        """Tell the log, later tries and other tasks which run it is, before any wait."""
        execution_id = execution.execution_id
        self.set_execution(execution_id)
        if execution.note:
            self.log.warning("%s says: %s", self.hook.hook_name, execution.note)
        if execution_id is None:
            return
        see = f" See {execution.url}" if execution.url else ""
        self.log.info("%s execution %s belongs to this task.%s", self.hook.hook_name, execution_id, see)
        if self.retries and not store.lasts:
            self.log.info(
                "This Airflow stores nothing for a retry, so a retry of this task submits a new run. On Airflow 3.3 it "
                "reattaches to this one."
            )
        known = False
        try:
            store.write_execution_id(execution_id)
            known = store.lasts
            context["ti"].xcom_push(key="execution_id", value=execution_id)
            if execution.url:
                context["ti"].xcom_push(key=ExecutionLink().xcom_key, value=execution.url)
        except Exception as error:
            left = (
                "A retry reattaches to it." if known else stop(self.hook, execution_id, "not_stored").message
            )
            raise WorkflowError(
                f"Airflow could not store that execution {execution_id} was started: {error}. {left}",
                execution_id=execution_id,
            ) from error
        self.stop_if_killed()

    def _poll(self, waiter: Waiter) -> WaitStep:
        step = super()._poll(waiter)
        self.stop_if_killed()
        return step

    def _finish(self, context: Context, result: WaitResult, waiter: Waiter) -> dict[str, Any] | WaitStep:
        done = super()._finish(context, result, waiter)
        self.stop_if_killed()
        return done

    def _timed_out(self, context: Context, execution_id: str, why: str, when: str = AT_DEADLINE) -> Exception:
        self._count_end("timed_out", is_success=False)
        if self.cancel_on_timeout:
            consequence = self._stop_if_ours(StartStore(context), execution_id, "timeout")
        else:
            consequence = f"Execution {execution_id} goes on (cancel_on_timeout=False)."
        return ExecutionTimedOut(
            f"{self.hook.hook_name} execution {execution_id} {when}: {why}. {consequence}",
            execution_id=execution_id,
        )

    def _late(self, context: Context, execution_id: str, why: str, cause: BaseException) -> dict[str, Any]:
        """Finish after one of Airflow's own clocks: the run may have ended unseen."""
        if (record := self._result_at_deadline(execution_id)) is not None:
            return record
        raise self._timed_out(context, execution_id, why) from cause

    def _give_up(self, execution_id: str, cause: Cause) -> str:
        return self._stop_if_ours(StartStore(self._context), execution_id, cause)

    def _stop_if_ours(self, store: StartStore, execution_id: str, cause: Cause) -> str:
        """Stop the run, unless another try of this task waits for it; return one sentence about it."""
        if not store.is_ours(execution_id):
            return f"Execution {execution_id} goes on: another try of this task may wait for it."
        result = stop(self.hook, execution_id, cause)
        if result.requested:
            self._mark_stopped(store, execution_id)
        return result.message

    def _mark_stopped(self, store: StartStore, execution_id: str) -> None:
        try:
            store.write_stopped(execution_id)
        except Exception as error:  # noqa: BLE001  # the run is stopped; a retry that polls it sees that too
            self.log.warning("Airflow could not store that execution %s was stopped: %s", execution_id, error)

    def _stored_id(self, context: Context) -> str:
        # The operator that resumes is a new object, and Airflow drops the arguments of a deferral that failed. XCom outlives a
        # deferral, though not a retry; the account is in the stored start.
        ti = context["ti"]
        execution_id = str(ti.xcom_pull(task_ids=ti.task_id, key="execution_id", map_indexes=ti.map_index))
        self.set_execution(execution_id)
        try:
            record = StartStore(context).read()
        except WorkflowError as error:
            raise WorkflowError(
                f"{error} Execution {execution_id} may go on.", execution_id=execution_id
            ) from error
        if record is not None:
            self.hook.account = record.account
            self._began_at = record.intent_at
        return execution_id

"""The operator of every vendor: start a run or take one up, wait here or defer, finish."""

from __future__ import annotations

import time
from contextlib import suppress
from copy import copy
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from airflow.providers.common.compat.sdk import AirflowTaskTimeout, BaseOperator

from airflow_workflow_providers.compat import TaskDeferralError, TaskDeferralTimeout
from airflow_workflow_providers.core.errors import (
    ExecutionStopped,
    ExecutionTimedOut,
    InvalidInput,
    WorkflowError,
)
from airflow_workflow_providers.core.execution import Execution, judge
from airflow_workflow_providers.core.watch import Step, Verdict, Watch
from airflow_workflow_providers.links import ExecutionLink
from airflow_workflow_providers.operators.checks import (
    flag,
    one_of,
    seconds,
    whole_number,
    without_templates,
)
from airflow_workflow_providers.operators.checks import poll_interval as checked_poll_interval
from airflow_workflow_providers.operators.start_store import StartStore
from airflow_workflow_providers.operators.starting import Starter
from airflow_workflow_providers.operators.waiting import WaitsForExecution
from airflow_workflow_providers.settings import DEFERRABLE, POLL_INTERVAL

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from airflow_workflow_providers.core.call import Call


#: What does nothing where the vendor has no way to stop a run.
CANNOT_STOP = frozenset({"on_timeout", "on_sigterm"})


class ExecuteWorkflowOperator(WaitsForExecution, BaseOperator):
    """
    What the operators of all vendors share; a vendor's operator documents these parameters with its own.

    :param wait_for_completion: wait for the run. If False, the task ends when the run is started.
    :param deferrable: wait in the triggerer, without holding a worker.
    :param poll_interval: seconds between two looks at the run.
    :param timeout: how long one try of the task waits at the most.
    :param on_timeout: what happens to the run then.
    :param on_sigterm: what happens to the run when the worker is told to stop.
    :param on_lost_start: whether a retry may start anew where a run may exist already.
    :param on_clear: whether a cleared task starts anew or takes up the run that it had.
    :param max_inline_output: a larger output, in bytes of JSON, is not put into XCom.
    """

    stop_on_kill: ClassVar[bool] = True

    #: The parameters that do nothing for this vendor: refused where a task is given one, ignored in ``default_args``.
    unsupported: ClassVar[frozenset[str]] = frozenset()

    #: A name for the run that is about to be started, which no other run has.
    nonce: str = ""

    #: Whether the vendor is told it, so that the run can be found by it.
    shows_nonce: bool = False

    #: What the author has labelled the run with, at a vendor that takes labels.
    run_label: str = ""

    def __new__(cls, *_: Any, **given: Any) -> Any:  # noqa: D102  # not for users
        # Here are only the parameters that the task is given itself: default_args come later. A mapped task is made of
        # both, and cannot tell them apart.
        useless = cls.unsupported.intersection(given)
        if useless and not given.get("_airflow_from_mapped"):
            name = cls.hook_class.hook_name
            raise InvalidInput(
                f"{', '.join(sorted(useless))} does nothing for {name}: {cls.__name__} takes no such parameter."
            )
        return super().__new__(cls)

    def __init__(
        self,
        *,
        wait_for_completion: bool = True,
        deferrable: bool = DEFERRABLE,
        poll_interval: float | timedelta = POLL_INTERVAL,
        timeout: float | timedelta = timedelta(hours=24),
        on_timeout: Literal["cancel", "leave"] = "cancel",
        on_sigterm: Literal["cancel", "leave"] = "cancel",
        on_lost_start: Literal["fail", "restart"] = "fail",
        on_clear: Literal["restart", "take_up"] = "restart",
        max_inline_output: int = 5_000_000,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.wait_for_completion = flag("wait_for_completion", wait_for_completion)
        self.deferrable = flag("deferrable", deferrable)
        self.poll_interval = checked_poll_interval("poll_interval", poll_interval)
        self.timeout = seconds("timeout", timeout, least=0.1)
        one_of("on_timeout", on_timeout, ("cancel", "leave"))
        one_of("on_sigterm", on_sigterm, ("cancel", "leave"))
        one_of("on_lost_start", on_lost_start, ("fail", "restart"))
        one_of("on_clear", on_clear, ("restart", "take_up"))
        self.on_timeout = on_timeout
        self.on_sigterm = on_sigterm
        self.on_lost_start = on_lost_start
        self.on_clear = on_clear
        self.max_inline_output = whole_number("max_inline_output", max_inline_output)
        self._killed = False
        self._kill_said = ""
        self._stop_asked = False
        self._context: Context | None = None

    # -- what a vendor says -----------------------------------------------------------------------------------

    def start_call(self, limit: float) -> Call[Execution]:
        """
        Describe the start of the run; refuses bad input. Every vendor's operator has its own.

        :param limit: seconds until the deadline, for a vendor whose start is the whole run.
        :return: the call, not sent.
        :raises InvalidInput: if a parameter is wrong; it is named.
        """
        raise NotImplementedError

    #: What stands for a template at parse, where that is neither a text nor rendered as JSON.
    stand_ins: ClassVar[dict[str, Any]] = {}

    def refuse_early(self) -> None:
        """
        Describe the start at DAG parse, so that bad input is refused there; a vendor calls this last in ``__init__``.

        :raises InvalidInput: which names the parameter.
        """
        early = copy(self)
        for name in self.template_fields:
            usual: Any = {} if self.template_fields_renderers.get(name) == "json" else "template"
            early.__dict__[name] = without_templates(getattr(self, name), self.stand_ins.get(name, usual))
        early.start_call(1.0)

    # -- the flow ---------------------------------------------------------------------------------------------

    def execute(self, context: Context) -> dict[str, Any]:
        """
        Start the run, or take up the one that an earlier try of this task started; wait for it or defer.

        :param context: Airflow's context of the running task.
        :return: the record: ``execution_id``, ``state`` (our word), ``status`` (the vendor's), ``output``, ``url``; and
            ``output_omitted``: ``{"bytes", "fetch"}`` where the output is larger than ``max_inline_output``.
        :raises LostStart: if the answer to a start was lost, this try's or an earlier one's, so that a run may exist.
        :raises UncertainStart: if it was this try's, and ``on_lost_start="restart"`` lets a retry start anew.
        :raises ExecutionFailed: if the run ended without success.
        :raises ExecutionStopped: if it was stopped, or the worker was told to stop.
        :raises ExecutionTimedOut: if the deadline came first.
        :raises WorkflowError: if the run could not be started or looked at, or Airflow could not store which one it is.
        :raises AirflowTaskTimeout: if ``execution_timeout`` came while no run was known; in the middle of a start it is
            a lost one instead.
        """
        self._context = context
        limits = [self.timeout, *([self.execution_timeout.total_seconds()] if self.execution_timeout else [])]
        deadline = time.time() + min(limits)
        try:
            return self._execute(context, deadline)
        except AirflowTaskTimeout as error:
            # Airflow's own clock, which ran out at the same moment as ours.
            if self._execution_id is None:
                raise
            return self._late(context, self._execution_id, "Airflow's execution_timeout came", error)
        finally:
            self.hook.close()

    def _execute(self, context: Context, deadline: float) -> dict[str, Any]:
        store = StartStore(context)
        execution = Starter(self, store, deadline).run()
        self._announce(context, store, execution)
        if execution.over:
            judge(execution, self.accepts, vendor=self.hook.hook_name)
            return self._record(execution)
        if not self.wait_for_completion:
            return self._record(execution)
        watch = Watch(str(execution.execution_id), deadline, self.poll_interval, self.stop_at_pause)
        # What is quick never defers.
        step = self._look(watch) if self.deferrable else watch.begin(time.time())
        return self._wait_from(context, watch, step)

    def resume_execution(self, next_method: str, next_kwargs: dict[str, Any] | None, context: Context) -> Any:
        """
        Resume after a deferral; Airflow's own ends of it are made the same errors as ours.

        :param next_method: the method that Airflow was told to resume with.
        :param next_kwargs: its arguments, with the trigger's event.
        :param context: Airflow's context of the running task.
        :return: the record, as from :meth:`execute`.
        :raises ExecutionTimedOut: if the deadline came first, also where no triggerer was there to say so.
        :raises WorkflowError: if the trigger itself failed, so that the run may still be going; else what became of the
            run, as from :meth:`execute`.
        """
        self._context = context
        try:
            return super().resume_execution(next_method, next_kwargs, context)
        except TaskDeferralTimeout as error:
            execution_id = self._stored_id(context)
            return self._late(context, execution_id, "no triggerer was there to say so", error)
        except TaskDeferralError as error:
            raise self._trigger_failed(self._stored_id(context), error) from error
        finally:
            self.hook.close()

    def on_kill(self) -> None:
        """Stop the run: the worker was told to stop. This runs inside a signal handler, so it calls no Airflow."""
        if self._killed:
            return
        self._killed = True
        self._stop_now()

    def _stop_now(self) -> None:
        """Stop the run of a task that was told to stop, once, and keep what came of it for the error."""
        if self._kill_said or self._execution_id is None:
            return
        if self.on_sigterm == "leave":
            self._kill_said = f"Execution {self._execution_id} is left to go on (on_sigterm='leave')."
            return
        stop = self.hook.stop_at_once(self._execution_id)
        if stop is not None:
            self._kill_said, self._stop_asked = stop

    def _announce(self, context: Context, store: StartStore, execution: Execution) -> None:
        """Say which run it is, to the log, to the tries to come and to other tasks, before any wait."""
        execution_id = execution.execution_id
        self.know(execution_id)
        if execution.note:
            self.log.warning("%s says: %s", self.hook.hook_name, execution.note)
        if execution_id is None:
            return
        see = f" See {execution.url}" if execution.url else ""
        self.log.info("%s execution %s belongs to this task.%s", self.hook.hook_name, execution_id, see)
        if self.retries and not store.lasts:
            self.log.info(
                "This Airflow keeps nothing for a retry: a retry of this task would start a new run. From 3.3 on it "
                "takes this one up."
            )
        known = False
        try:
            store.write_execution_id(execution_id)
            known = store.lasts
            context["ti"].xcom_push(key="execution_id", value=execution_id)
            if execution.url:
                context["ti"].xcom_push(key=ExecutionLink().xcom_key, value=execution.url)
        except Exception as error:
            left = "A retry takes it up." if known else self.hook.try_to_stop(execution_id).said
            raise WorkflowError(
                f"Airflow could not store that execution {execution_id} was started: {error}. {left}",
                execution_id=execution_id,
            ) from error
        self.stop_if_killed()

    def _look(self, watch: Watch) -> Step:
        step = super()._look(watch)
        self.stop_if_killed()
        return step

    def _finish(self, context: Context, verdict: Verdict, watch: Watch) -> dict[str, Any] | Step:
        done = super()._finish(context, verdict, watch)
        self.stop_if_killed()
        return done

    def _timed_out(self, context: Context, execution_id: str, why: str) -> Exception:
        if self.on_timeout == "leave":
            became = f"Execution {execution_id} is left to go on (on_timeout='leave')."
        else:
            became = self._stop_unless_taken(StartStore(context), execution_id)
        return ExecutionTimedOut(
            f"{self.hook.hook_name} execution {execution_id} was not over at the deadline: {why}. {became}",
            execution_id=execution_id,
        )

    def _late(self, context: Context, execution_id: str, why: str, cause: BaseException) -> dict[str, Any]:
        """Finish after one of Airflow's own clocks: the run may be over by now, which nobody may have seen."""
        if (record := self._result_at_deadline(execution_id)) is not None:
            return record
        raise self._timed_out(context, execution_id, why) from cause

    def _give_up(self, execution_id: str) -> str:
        return self._stop_unless_taken(StartStore(self._context), execution_id)

    def _stop_unless_taken(self, store: StartStore, execution_id: str) -> str:
        """Stop the run, unless another try of this task waits for it; say in one sentence what came of it."""
        if not store.is_ours(execution_id):
            return f"Execution {execution_id} is left to go on: another try of this task may wait for it."
        stop = self.hook.try_to_stop(execution_id)
        if stop.asked:
            self._mark_stopped(store, execution_id)
        return stop.said

    def _mark_stopped(self, store: StartStore, execution_id: str) -> None:
        try:
            store.write_stopped(execution_id)
        except Exception as error:  # noqa: BLE001  # the run is stopped; a retry that waits for it sees that too
            self.log.warning("Airflow could not store that execution %s was stopped: %s", execution_id, error)

    def _stored_id(self, context: Context) -> str:
        # The operator that resumes is a new object; XCom outlives a deferral, though not a retry.
        ti = context["ti"]
        execution_id = str(ti.xcom_pull(task_ids=ti.task_id, key="execution_id", map_indexes=ti.map_index))
        self.know(execution_id)
        return execution_id

    def _sleep(self, duration: float) -> None:
        """Sleep in short pieces: a signal handler that returns lets a sleep go on to its end."""
        until = time.monotonic() + duration
        while not self._killed and (left := until - time.monotonic()) > 0:
            time.sleep(min(left, 0.5))
        self.stop_if_killed()

    def stop_if_killed(self) -> None:
        """
        End the task if its worker was told to stop: Airflow's signal handler returns, and lets it go on.

        :raises ExecutionStopped: which says what became of the run.
        """
        if not self._killed:
            return
        if not self._kill_said:
            with suppress(WorkflowError):
                self.hook.session  # noqa: B018  # reads the connection, which the signal handler could not
            self._stop_now()
        if self._stop_asked and self._context is not None and self._execution_id is not None:
            self._mark_stopped(StartStore(self._context), self._execution_id)
        left = f"Execution {self._execution_id} was not stopped and may go on." if self._execution_id else ""
        raise ExecutionStopped(
            f"The task was told to stop. {self._kill_said or left}".strip(), execution_id=self._execution_id
        )

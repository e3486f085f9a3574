"""What operators and sensors share: looking at a run, deferring, and returning what became of it."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

from airflow_workflow_providers.core.errors import (
    ExecutionTimedOut,
    QuotaExceeded,
    Unavailable,
    WorkflowError,
    by_name,
)
from airflow_workflow_providers.core.execution import Execution, State, judge
from airflow_workflow_providers.core.storable import storable
from airflow_workflow_providers.core.watch import LEAST, Step, Verdict, Watch
from airflow_workflow_providers.settings import POLL_INTERVAL

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context
    from airflow.triggers.base import BaseTrigger

    from airflow_workflow_providers.hooks.base import WorkflowHook
    from airflow_workflow_providers.triggers.base import ExecutionTrigger


#: How long a worker tries to read the result of a run that is over before the wait for it goes on, in seconds.
RESULT_PATIENCE = 10.0

#: The least time that a result has to be read, in seconds.
RESULT_BUDGET = 30.0

#: How long the last look at a deadline may take, in seconds.
LAST_LOOK = 2.0


class WaitsForExecution:
    """A task that waits for a run; the other half of an operator or a sensor."""

    hook_class: ClassVar[type[WorkflowHook]]
    trigger_class: ClassVar[type[ExecutionTrigger]]
    ui_color = "#e5edfb"

    #: Airflow's own deferral timeout comes this much after our deadline, in seconds: it is for a triggerer that is gone.
    margin: ClassVar[float] = 120.0

    #: Whether the trigger stops the run when a person ends the task: only for those who have started it.
    stop_on_kill: ClassVar[bool]

    #: Whether a run that waits for a person ends the wait; a vendor that has such a state makes it a parameter.
    stop_at_pause: bool = False

    #: What the end of a run with a part undone means; a vendor that has such an end makes it a parameter.
    on_partial_failure: str = "fail"

    max_inline_output: int
    deferrable: bool
    _execution_id: str | None = None

    #: Whether the verdict came from the triggerer, so that some time has passed since.
    _resumed: bool = False

    if TYPE_CHECKING:  # the half that is Airflow's
        log: Any

        def defer(  # noqa: D102
            self,
            *,
            trigger: BaseTrigger,
            method_name: str,
            kwargs: dict[str, Any] | None = None,
            timeout: timedelta | float | None = None,
        ) -> NoReturn: ...

    @cached_property
    def hook(self) -> WorkflowHook:
        """
        The vendor's hook for this task's connection; its waits are this task's own.

        :return: always the same one, made when it is first asked for.
        """
        return self.hook_class(getattr(self, self.hook_class.conn_name_attr), sleep=self._sleep)

    @property
    def accepts(self) -> frozenset[State]:
        """The states of a run that are a success."""
        partial = {State.PARTIAL} if self.on_partial_failure == "succeed" else set()
        return frozenset({State.SUCCEEDED, *partial})

    def shape(self, execution: Execution) -> Execution:
        """
        Return the run with the output that the author has asked for; most vendors have only one.

        :param execution: the run, with its output as the vendor gave it.
        :return: the run, as its record is to show it.
        """
        return execution

    def execute_complete(
        self, context: Context, event: Any = None, wait: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """
        Finish what the trigger has waited for; the output is fetched here, on the worker.

        :param context: Airflow's context of the running task.
        :param event: what the trigger sent; or something else, where a person's answer has resumed the task. That says
            nothing of the run, so it is looked at, and waited for further if it is still going.
        :param wait: the wait, as it was when it was deferred.
        :return: the same record as without a deferral.
        :raises WorkflowError: if the event is not the trigger's, and nothing tells which run was waited for; else what
            became of the run, as without a deferral.
        """
        try:
            if wait is not None:
                watch = Watch.from_stored(wait)
            else:  # of an older release
                watch = Watch(Verdict.from_event(event).execution_id, time.time(), POLL_INTERVAL)
            self.know(watch.execution_id)
            if Verdict.is_event(event):
                self._resumed = True
                step = Step(verdict=Verdict.from_event(event))
            else:
                self.log.info(
                    "Something else than its trigger has resumed this task: execution %s is looked at, and waited for "
                    "further.",
                    watch.execution_id,
                )
                step = self._look(watch)
            return self._wait_from(context, watch, step)
        finally:
            self.hook.close()

    def know(self, execution_id: str | None) -> None:
        """
        Note which run this task is about, for a kill and for the button to its page.

        :param execution_id: the vendor's id; ``None`` for none yet.
        """
        self._execution_id = execution_id

    def _sleep(self, duration: float) -> None:
        time.sleep(duration)

    def _wait_from(self, context: Context, watch: Watch, step: Step) -> dict[str, Any]:
        """Wait from this step on, here or in the triggerer, and finish; the same for every way of waiting."""
        while True:
            if step.verdict is None:
                if self.deferrable:
                    self._defer(watch)
                self._sleep(step.wait)
                step = self._look(watch)
            else:
                done = self._finish(context, step.verdict, watch)
                if not isinstance(done, Step):
                    return done
                step = done

    def _finish(self, context: Context, verdict: Verdict, watch: Watch) -> dict[str, Any] | Step:
        """
        Return the record, raise what became of the run, or return the next step of a wait that goes on after all.

        The read of the result is as patient as a status check; and a vendor that can be read again is waited for again.
        """
        if verdict.outcome == "timed_out":
            if watch.ended:
                raise self._without_result(watch, ExecutionTimedOut, verdict.message)
            # What this worker has just seen need not be looked at again.
            if self._resumed and (record := self._result_at_deadline(watch.execution_id)) is not None:
                return record
            raise self._timed_out(context, watch.execution_id, verdict.message)
        watch.ended = watch.ended or verdict.outcome == "ended"
        # A run that ended in time is read also by a worker that was late itself.
        left = max(watch.deadline - time.time(), RESULT_BUDGET)
        try:
            execution = self.hook.get_execution(watch.execution_id, patience=RESULT_PATIENCE, budget=left)
        except WorkflowError as error:
            failure = error  # handled below, so that what is raised there is one error and not a chain
        else:
            return self._result(verdict, watch, execution)
        return self._unread(verdict, watch, failure)

    def _result(self, verdict: Verdict, watch: Watch, execution: Execution) -> dict[str, Any] | Step:
        if execution.over or (watch.stop_at_pause and execution.state is State.PAUSED):
            judge(execution, self.accepts, vendor=self.hook.hook_name)
            return self._record(execution)
        watch.ended = False
        if verdict.outcome == "look_failed":
            self.log.info(
                "The status of execution %s can be read again: the wait goes on.", watch.execution_id
            )
        else:
            self.log.warning(
                "Execution %s was reported to be over, and is %s: the wait goes on.",
                watch.execution_id,
                execution.status,
            )
        return self._say(watch.on_look(execution, time.time()))

    def _unread(self, verdict: Verdict, watch: Watch, error: WorkflowError) -> Step:
        """Decide after a read of the result that failed: the wait goes on, or the run is given up."""
        passing = isinstance(error, (Unavailable, QuotaExceeded))
        if verdict.outcome == "ended" or passing:
            step = self._say(watch.on_error(error, time.time()))
            if step.verdict is None or not watch.ended:
                return step
            late = step.verdict.outcome == "timed_out"
            raise self._without_result(watch, ExecutionTimedOut if late else type(error), str(error))
        name = f"{self.hook.hook_name} execution {watch.execution_id}"
        raise by_name(verdict.error)(
            f"The status of {name} can no longer be read; {verdict.message}. {error} "
            f"{self._give_up(watch.execution_id)}",
            execution_id=watch.execution_id,
            status=error.status,
        )

    def _without_result(self, watch: Watch, cls: type[WorkflowError], why: str) -> WorkflowError:
        """Return the error of a run that is over, well or not: nobody could see how."""
        name = f"{self.hook.hook_name} execution {watch.execution_id}"
        return cls(
            f"{name} is over, and its result could not be read: {why}", execution_id=watch.execution_id
        )

    def _give_up(self, execution_id: str) -> str:
        """Say what becomes of a run whose status can no longer be read."""
        return f"Execution {execution_id} may go on."

    def _timed_out(self, context: Context, execution_id: str, why: str) -> Exception:
        """Return the error of a run that was not over at the deadline, after what is to be done with it."""
        raise NotImplementedError

    def _look(self, watch: Watch) -> Step:
        try:
            left = max(LEAST, watch.deadline - time.time())
            step = watch.on_look(self.hook.look(watch.execution_id, budget=left), time.time())
        except WorkflowError as error:
            step = watch.on_error(error, time.time())
        return self._say(step)

    def _result_at_deadline(self, execution_id: str) -> dict[str, Any] | None:
        """Look once more at a deadline: the run may be over, and nobody have seen it."""
        try:
            if not self.hook.look(execution_id, budget=LAST_LOOK).over:
                return None
            execution = self.hook.get_execution(execution_id, patience=RESULT_PATIENCE)
        except WorkflowError:
            return None
        judge(execution, self.accepts, vendor=self.hook.hook_name)
        return self._record(execution)

    def _trigger_failed(self, execution_id: str, error: Exception) -> WorkflowError:
        """Return what Airflow says of a trigger that broke, with the run, which Airflow does not know."""
        return WorkflowError(
            f"The trigger that waited for execution {execution_id} failed: {error}. The run may still be going.",
            execution_id=execution_id,
        )

    def _say(self, step: Step) -> Step:
        if step.say:
            (self.log.warning if step.warn else self.log.info)(step.say)
        return step

    def _defer(self, watch: Watch) -> NoReturn:
        self.defer(
            trigger=self.trigger_class(
                conn_id=self.hook.conn_id,
                execution_id=watch.execution_id,
                deadline=watch.deadline,
                poll_interval=watch.poll_interval,
                stop_on_kill=self.stop_on_kill,
                stop_at_pause=watch.stop_at_pause,
                status=watch.status,
            ),
            method_name="execute_complete",
            kwargs={"wait": watch.stored()},
            timeout=timedelta(seconds=max(0.0, watch.deadline - time.time()) + self.margin),
        )

    def _record(self, execution: Execution) -> dict[str, Any]:
        shaped = self.shape(execution)
        output, changed = storable(shaped.output)
        name = f"execution {execution.execution_id}" if execution.execution_id else "the run"
        if changed:
            self.log.warning(
                "The output of %s holds what Airflow cannot store as it is; it is stored in the nearest form: %s.",
                name,
                changed,
            )
        record = replace(shaped, output=output).record(
            max_inline_output=self.max_inline_output, fetch=self._how_to_fetch(execution)
        )
        if "output_omitted" in record:
            self.log.warning(
                "The output of %s is larger than max_inline_output=%d and is not put into XCom: %s",
                name,
                self.max_inline_output,
                record["output_omitted"],
            )
        return record

    def _how_to_fetch(self, execution: Execution) -> str:
        hook = type(self.hook).__name__
        return f"{hook}({self.hook.conn_id!r}).get_execution({execution.execution_id!r}).output"

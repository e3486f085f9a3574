"""What operators and sensors share: looking at a run, deferring, and returning what became of it."""

from __future__ import annotations

import time
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

from airflow_workflow_providers.core.errors import WorkflowError
from airflow_workflow_providers.core.execution import Execution, State
from airflow_workflow_providers.core.watch import Step, Verdict, Watch

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context
    from airflow.triggers.base import BaseTrigger

    from airflow_workflow_providers.hooks.base import WorkflowHook
    from airflow_workflow_providers.triggers.base import ExecutionTrigger


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
            if wait is None or Verdict.is_event(event):
                return self._finish(context, Verdict.from_event(event))
            watch = Watch.from_stored(wait)
            self.log.info(
                "Something else than its trigger has resumed this task: execution %s is looked at, and waited for further.",
                watch.execution_id,
            )
            step = self._look(watch)
            if step.verdict is None:
                self._defer(watch)
            return self._finish(context, step.verdict)
        finally:
            self.hook.close()

    def _sleep(self, duration: float) -> None:
        time.sleep(duration)

    def _finish(self, context: Context, verdict: Verdict) -> dict[str, Any]:  # noqa: ARG002  # an operator's needs it
        """Return the record or raise what became of the run; the same for every way of waiting."""
        return self._record(self.hook.conclude(verdict, self.accepts))

    def _look(self, watch: Watch) -> Step:
        try:
            step = watch.on_look(self.hook.look(watch.execution_id), time.time())
        except WorkflowError as error:
            step = watch.on_error(error, time.time())
        return self._say(step)

    def _is_over(self, execution_id: str) -> bool:
        """Look once more at a deadline: the run may be over, and nobody have seen it."""
        try:
            return self.hook.look(execution_id).over
        except WorkflowError:
            return False

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
            ),
            method_name="execute_complete",
            kwargs={"wait": watch.stored()},
            timeout=timedelta(seconds=max(0.0, watch.deadline - time.time()) + self.margin),
        )

    def _record(self, execution: Execution) -> dict[str, Any]:
        record = self.shape(execution).record(
            max_inline_output=self.max_inline_output,
            fetch=f"{type(self.hook).__name__}({self.hook.conn_id!r}).get_execution({execution.execution_id!r}).output",
        )
        if "output_omitted" in record:
            self.log.warning(
                "The output of execution %s is larger than max_inline_output=%d and is not put into XCom: %s",
                execution.execution_id,
                self.max_inline_output,
                record["output_omitted"],
            )
        return record

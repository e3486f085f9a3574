"""The sensor of every vendor: it waits for a run, and never stops one, for it did not start it."""

from __future__ import annotations

import time
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

from airflow.providers.common.compat.sdk import (
    AirflowSensorTimeout,
    AirflowSkipException,
    BaseSensorOperator,
    PokeReturnValue,
    conf,
)

from airflow_workflow_providers.core.call import segment
from airflow_workflow_providers.core.errors import ExecutionTimedOut, WorkflowError
from airflow_workflow_providers.core.execution import State, Step, Verdict, Watch
from airflow_workflow_providers.links import ExecutionLink

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from airflow_workflow_providers.hooks.base import WorkflowHook
    from airflow_workflow_providers.triggers.base import ExecutionTrigger

#: Airflow's own deferral timeout comes this much after our deadline, in seconds.
MARGIN = 120.0


class SensorTimedOut(ExecutionTimedOut, AirflowSensorTimeout):
    """The deadline of a sensor; as with all of Airflow's sensors, no retry is made after it."""


class ExecutionSensor(BaseSensorOperator):
    """
    What the sensors of all vendors share; a vendor's sensor documents these parameters with its own.

    :param execution_id: the run.
    :param deferrable: wait in the triggerer, without holding a worker.
    :param max_inline_output: a larger output, in bytes of JSON, is not put into XCom.
    """

    hook_class: ClassVar[type[WorkflowHook]]
    trigger_class: ClassVar[type[ExecutionTrigger]]
    operator_extra_links = (ExecutionLink(),)
    ui_color = "#e5edfb"

    def __init__(
        self,
        *,
        execution_id: str,
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        max_inline_output: int = 5_000_000,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.execution_id = execution_id
        self.deferrable = deferrable
        self.max_inline_output = max_inline_output

    @property
    def accepts(self) -> frozenset[State]:
        """The states of a run that are a success."""
        return frozenset({State.SUCCEEDED})

    @cached_property
    def hook(self) -> WorkflowHook:
        """The vendor's hook."""
        return self.hook_class(getattr(self, self.hook_class.conn_name_attr))

    @cached_property
    def _watch(self) -> Watch:
        limits = [float(self.timeout)]
        if self.execution_timeout:
            limits.append(self.execution_timeout.total_seconds())
        return Watch(self.execution_id, time.time() + min(limits), float(self.poke_interval))

    def execute(self, context: Context) -> Any:
        """
        Wait for the run, here or in the triggerer.

        :return: the record: ``execution_id``, ``state`` (our word), ``status`` (the vendor's), ``output``, ``url``.
        """
        segment("execution_id", self.execution_id)
        if url := self.hook.execution_url(self.execution_id):
            context["ti"].xcom_push(key=ExecutionLink().xcom_key, value=url)
        try:
            return self._wait(context)
        except AirflowSensorTimeout as error:
            raise SensorTimedOut(
                f"{self.hook.hook_name} execution {self.execution_id} was not over at the deadline: {error}",
                execution_id=self.execution_id,
            ) from error
        finally:
            self.hook.close()

    def _wait(self, context: Context) -> Any:
        if not self.deferrable:
            return super().execute(context)
        step = self._look()  # what is over already never defers
        if step.verdict is None:
            self._defer()
        return self._finish(step.verdict)

    def poke(self, context: Context) -> bool | PokeReturnValue:  # noqa: ARG002  # Airflow's signature
        """Look once; Airflow calls this until it says True, or the sensor's ``timeout`` is over."""
        step = self._look()
        if step.verdict is None:
            return False
        return PokeReturnValue(is_done=True, xcom_value=self._finish(step.verdict))

    def execute_complete(self, context: Context, event: Any = None) -> dict[str, Any]:  # noqa: ARG002  # Airflow's
        """
        Finish what the trigger has waited for; the output is fetched here, on the worker.

        :param event: what the trigger sent.
        :return: the same record as :meth:`execute`.
        """
        return self._finish(Verdict.from_event(event))

    def _defer(self) -> NoReturn:
        self.defer(
            trigger=self.trigger_class(
                conn_id=self.hook.conn_id,
                execution_id=self.execution_id,
                deadline=self._watch.deadline,
                poll_interval=self._watch.poll_interval,
                stop_on_kill=False,
            ),
            method_name="execute_complete",
            timeout=timedelta(seconds=max(0.0, self._watch.deadline - time.time()) + MARGIN),
        )

    def _look(self) -> Step:
        watch = self._watch
        try:
            step = watch.on_look(self.hook.look(self.execution_id), time.time())
        except WorkflowError as error:
            step = watch.on_error(error, time.time())
        if step.say:
            (self.log.warning if step.warn else self.log.info)(step.say)
        return step

    def _finish(self, verdict: Verdict) -> dict[str, Any]:
        try:
            execution = self.hook.conclude(verdict, self.accepts)
        except ExecutionTimedOut as error:
            raise SensorTimedOut(str(error), execution_id=error.execution_id) from error
        except WorkflowError as error:
            # Airflow's own handling of soft_fail differs between a poke and a resume, and between releases.
            if self.soft_fail:
                raise AirflowSkipException(f"Skipped by soft_fail: {error}") from error
            raise
        return execution.record(
            max_inline_output=self.max_inline_output,
            fetch=f"{type(self.hook).__name__}({self.hook.conn_id!r}).get_execution({self.execution_id!r}).output",
        )

"""The operator of many executions in one task."""

from __future__ import annotations

import asyncio
import inspect
import json
import logging
import math
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeVar

import tenacity
from airflow.providers.common.compat.sdk import AirflowTaskTimeout, Context

from airflow_workflow_providers import compat
from airflow_workflow_providers.compat import TaskDeferralError, TaskDeferralTimeout
from airflow_workflow_providers.core import batch, errors
from airflow_workflow_providers.core.async_client import AsyncClient
from airflow_workflow_providers.core.endpoint import Endpoint
from airflow_workflow_providers.core.errors import InvalidInput, WorkflowError
from airflow_workflow_providers.core.parameters import one_of, quoted, whole_number
from airflow_workflow_providers.core.waiter import WaitResult
from airflow_workflow_providers.inputs.batch import is_list, read_inputs
from airflow_workflow_providers.lineage import Lineage, report
from airflow_workflow_providers.metrics import Cause
from airflow_workflow_providers.operators.batch_begin import begin_try, resume
from airflow_workflow_providers.operators.batch_run import LONGEST_PAUSE, PATIENCE, PAUSE, BatchRun
from airflow_workflow_providers.operators.batch_state import BatchState
from airflow_workflow_providers.operators.batch_store import BatchStore, values_of
from airflow_workflow_providers.operators.execute import ExecuteWorkflowOperator
from airflow_workflow_providers.operators.start import StartOperator
from airflow_workflow_providers.operators.stop import KILL_STOP_TIMEOUT
from airflow_workflow_providers.operators.validation import without_templates
from airflow_workflow_providers.outputs.folder import segment
from airflow_workflow_providers.outputs.manifest import (
    VERSION,
    FolderParts,
    ManifestWriter,
    XComParts,
    text_of,
)
from airflow_workflow_providers.triggers.base import STOP_TIMEOUT
from airflow_workflow_providers.triggers.batch import (
    ENDED_KEY,
    RUNS_KEY,
    BatchTrigger,
    stop_each,
    stopped_message,
)

if TYPE_CHECKING:
    from airflow.sdk import ObjectStoragePath

T = TypeVar("T")

#: How many inputs are checked when the DAG is parsed; all of them are before the first start.
CHECKED_AT_PARSE = 100

#: The time for a stop of runs that were started while others were stopped, in seconds.
LATE_STOP_TIMEOUT = 1.0

_silent = logging.getLogger(f"{__name__}.one_of_many")
_silent.disabled = True


class BatchOperator(ExecuteWorkflowOperator):
    """
    Start an execution for each of many inputs, and wait for all of them, in one task.

    The operator has the parameters of the operator for one execution, which are common to all inputs, and these. The task returns
    ``{"version", "manifest", "counts"}``: the address of the manifest, and how many inputs have come to each state.
    :class:`~airflow_workflow_providers.outputs.manifest.BatchManifest` reads it in the next task. Without ``output_path``
    ``manifest`` is ``None``, and ``lines`` has the lines of the manifest with the outputs in them.

    :param inputs: what differs: a list with an object of parameters for each execution, the output of another task that is
        such a list, or the address of a JSONL file with one object a line (templated). An input may also have ``output_name``,
        the name of its folder below ``output_path``; default: the id of its execution.
    :param max_active: how many executions may be going at the same time; default: 100.
    :param retries_per_input: how often an input is submitted again in one try of the task if its execution has ended without
        success; default: 0. A retry of the task submits such inputs again, too.
    :param on_partial_failure: ``"fail"``: the task fails if an input has not succeeded, and an execution that finished with
        failed parts has not. ``"succeed"``: such an execution counts as a success, and ``min_success`` decides about the task.
    :param min_success: with ``on_partial_failure="succeed"``: how many inputs must succeed, as a whole number; or which share of
        them, as a number from 0.0 to 1.0. Default: one.
    :param max_starts: the most inputs that the task accepts, so that a list that is too long by mistake costs nothing; default:
        20,000.
    :param output_path: a folder in object storage for the outputs and the manifest. Before Airflow 3.3 a batch with retries needs
        one.
    :param on_clear: what a cleared task does: ``"unfinished"`` does what a retry does: what has succeeded is not run again;
        ``"resubmit"`` runs all inputs anew.
    :raises InvalidInput: if a parameter or an input is wrong.
    """

    batch_trigger_class: ClassVar[type[BatchTrigger]]

    #: The parameters of the operator for one execution that have no default: an input has them if the task does not.
    _required: ClassVar[frozenset[str]]

    #: Set when the DAG is parsed; before that the checks at parse find nothing to check.
    inputs: Any = None

    _state: BatchState | None = None
    _is_one = False

    #: The lines of the manifest and its address, for the lineage.
    _lines: Sequence[Mapping[str, Any]] = ()
    _manifest: str | None = None

    _stops: threading.Thread | None = None
    #: The runs that were asked to stop, and why some of them could not be stopped.
    _asked_to_stop: frozenset[str] = frozenset()
    _stop_failed: Mapping[str, WorkflowError] = MappingProxyType({})

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if not hasattr(cls, "hook_class"):
            return
        cls.operator_extra_links = ()  # a button to one run means nothing here
        cls.unsupported = (
            cls.unsupported
            | {
                "wait_for_completion",
                "on_failed_run",
                "on_changed_input",
                "stall_timeout",
                "log_entries",
                "required_action",
            }
        ) - {
            "on_partial_failure",
            "on_clear",
        }
        if "inputs" not in cls.template_fields:
            cls.template_fields = (*cls.template_fields, "inputs")
            cls.template_fields_renderers = {**cls.template_fields_renderers, "inputs": "json"}
        cls._required = frozenset(
            name
            for base in cls.__mro__
            if issubclass(base, StartOperator) and not issubclass(base, BatchOperator)
            for name, parameter in inspect.signature(base.__init__).parameters.items()
            if parameter.kind is parameter.KEYWORD_ONLY and parameter.default is parameter.empty
        )

    def __init__(
        self,
        *,
        inputs: Any,
        max_active: int = 100,
        retries_per_input: int = 0,
        on_partial_failure: Literal["fail", "succeed"] = "fail",
        min_success: float | None = None,
        max_starts: int = batch.MOST_INPUTS,
        output_path: str | ObjectStoragePath | None = None,
        on_clear: Literal["unfinished", "resubmit"] = "unfinished",
        **kwargs: Any,
    ) -> None:
        given = {**(kwargs.get("default_args") or {}), **kwargs}
        # What only the inputs have is replaced by something that passes the checks of the operator for one execution.
        differs = {name: self.stand_ins.get(name, "template") for name in self._required - given.keys()}
        super().__init__(
            on_partial_failure=on_partial_failure, output_path=output_path, **{**kwargs, **differs}
        )
        self.inputs = inputs
        self.max_active = whole_number("max_active", max_active, least=1)
        self.retries_per_input = whole_number("retries_per_input", retries_per_input, most=100)
        self.max_starts = whole_number("max_starts", max_starts, least=1)
        self.min_success = _min_success(min_success)
        self.on_clear = one_of("on_clear", on_clear, ("unfinished", "resubmit"))
        self._only_in_inputs = frozenset(differs)
        if min_success is not None and self.on_partial_failure == "fail":
            raise InvalidInput(
                "min_success needs on_partial_failure='succeed': with 'fail' every input must succeed."
            )
        self._check_at_parse()

    def _check_at_parse(self) -> None:
        known = without_templates(self.inputs, None)
        if known is None or not is_list(known):
            return
        self.check_inputs(known)
        for index, plain in enumerate(known[:CHECKED_AT_PARSE]):
            # Of a field that is templated anyway, the check of one execution knows what may take its place.
            templated = {name: self.inputs[index][name] for name in plain if name in self.template_fields}
            try:
                self.of_input({**plain, **templated}).validate_at_parse()
            except InvalidInput as error:
                failure = InvalidInput(f"inputs[{index}]: {error}")
                break
        else:
            return
        raise failure

    def check_inputs(self, inputs: Any) -> list[dict[str, Any]]:
        """
        Check the inputs of this task, as far as that needs none of their own parameters.

        :param inputs: as the parameter.
        :return: the parameters of each input.
        :raises InvalidInput: if an input is wrong; the error names it.
        """
        allowed = inspect.signature(type(self).start_request).parameters.keys() - {"timeout", "nonce"}
        return read_inputs(inputs, allowed=allowed, required=self._only_in_inputs, most=self.max_starts)

    # -- one input --------------------------------------------------------------------------------------------------------

    def of_input(self, given: Mapping[str, Any]) -> BatchOperator:
        """
        Return this task as if it had only one of the inputs.

        :param given: the parameters of the input.
        :return: a copy, which says nothing in the log: there are too many of them.
        """
        one = copy(self)
        one.__dict__.update(given, inputs=None, _is_one=True)
        return one

    @property
    def log(self) -> Any:
        """The log of the task."""
        return _silent if self._is_one else super().log

    def list_of(self, given: Mapping[str, Any]) -> str:
        """
        Return the workflow whose list shows the run of an input.

        :param given: the parameters of the input.
        :return: empty if the vendor lists the runs of no single workflow.
        """
        if not self.listed_by:
            return ""
        return str(given.get(self.listed_by) or getattr(self, self.listed_by))

    @property
    def has_ids(self) -> bool:
        """Whether an execution has an id; without one the response to its start is its result."""
        return self.hook_class.api.get_status is not None

    @property
    def task_instance(self) -> Any:
        """Airflow's task instance of the running task."""
        return self._context["ti"] if self._context else None

    @property
    def workflow(self) -> str | None:
        """The workflow that is common to all inputs, as the author names it."""
        return None if self.workflow_field in self._only_in_inputs else self._workflow()

    @property
    def success_results(self) -> frozenset[str]:
        """The results of an input that are a success."""
        return frozenset(state.value for state in self.success_states)

    # -- lineage ------------------------------------------------------------------------------------------------------------

    def _lineage(self) -> Lineage:
        manifest = []
        if self._manifest:
            manifest = [{"uri": self._manifest, "bytes": sum(len(text_of(line)) for line in self._lines)}]
        written = (file for line in self._lines if line["uri"] for file in line.get("files") or [line])
        counts = batch.counted(line["state"] for line in self._lines) if self._lines else None
        return replace(
            super()._lineage(), counts=counts, manifest=self._manifest, outputs=[*manifest, *written]
        )

    def _workflow(self) -> str | None:
        return None if self.workflow_field in self._only_in_inputs else super()._workflow()

    def _files_read(self) -> list[Any]:
        listed = [] if is_list(self.inputs) else [self.inputs]
        # Those of a file are known when the task has read it.
        inputs = self._state.inputs if self._state else [] if listed else self.inputs
        names = inspect.signature(type(self).start_request).parameters
        common = {name: getattr(self, name, None) for name in names}
        return [*listed, *(file for each in inputs for file in self._files_in({**common, **each}))]

    # -- the task -----------------------------------------------------------------------------------------------------------

    def execute(self, context: Context) -> dict[str, Any]:
        """
        Start the executions, or reattach to those of an earlier try; wait for them here or in the triggerer.

        :param context: Airflow's context of the running task.
        :return: ``version`` (of this format, 1), ``manifest``, ``counts``, and without ``output_path`` ``lines``.
        :raises InvalidInput: if an input is wrong; the error names it, and nothing was started.
        :raises ExecutionFailed: if fewer inputs than needed have succeeded.
        :raises LostStart: if the same, and only because the responses to starts were lost: a retry would not help.
        :raises ExecutionStopped: if Airflow told the worker to stop.
        :raises ExecutionTimedOut: if the deadline came first.
        :raises WorkflowError: if the vendor, Airflow or the object store was away for too long.
        """
        state = self._begin(context)
        if self.output_folder is not None:
            self.output_folder.check_writable()
        try:
            begin_try(state, self._deadline())
            return self._work(context, state)
        finally:
            self.hook.close()

    def execute_complete(
        self,
        context: Context,
        event: Any = None,
        *,
        wait: dict[str, Any] | None = None,  # noqa: ARG002  # as for one execution
        account: dict[str, Any] | None = None,  # noqa: ARG002
    ) -> dict[str, Any]:
        """
        Continue after the trigger.

        :param context: Airflow's context of the running task.
        :param event: how many executions have ended; which ones is in XCom.
        :param wait: not used.
        :param account: not used.
        :return: the same as without a deferral.
        :raises WorkflowError: the same errors as without a deferral.
        """
        return self._continue(context, _ended(context, event), math.inf)

    def _continue(self, context: Context, ended: list[WaitResult] | None, deadline: float) -> dict[str, Any]:
        state = self._begin(context)
        if state.store.read_header():
            self.hook.account = state.store.account
            state.store.deadline = min(state.store.deadline, deadline)
            resume(state, ended)
        else:
            begin_try(state, self._deadline())
        return self._work(context, state)

    def resume_execution(self, next_method: str, next_kwargs: dict[str, Any] | None, context: Context) -> Any:
        """
        Resume after a deferral; Airflow's own errors of it lead to one more look at the executions.

        :param next_method: the method that Airflow resumes with.
        :param next_kwargs: its arguments, with the trigger's event.
        :param context: Airflow's context of the running task.
        :return: as from :meth:`execute`.
        :raises WorkflowError: if the trigger failed; else the errors of :meth:`execute`.
        """
        self._context = context
        try:
            # Past the operator for one execution, which asks for its run.
            return super(ExecuteWorkflowOperator, self).resume_execution(next_method, next_kwargs, context)
        except TaskDeferralTimeout:
            self.log.warning("The deadline came, and no triggerer was running to report it.")
            return self._continue(context, None, time.time())
        except TaskDeferralError as error:
            raise WorkflowError(
                f"The trigger that waited for the executions of this batch failed: {error}. They may still be going; a retry "
                "reattaches to them."
            ) from error
        finally:
            self.hook.close()

    def on_kill(self) -> None:
        """Stop all executions: Airflow told the worker to stop. This runs in a signal handler, so it sends nothing to Airflow."""
        if self._killed:
            return
        self._killed = True
        state, endpoint = self._state, self.hook.client.last_endpoint
        if state is not None and endpoint is not None and self.cancel_on_kill:
            ids = list(state.active)
            work = (endpoint, ids, KILL_STOP_TIMEOUT, "kill")
            self._stops = threading.Thread(target=self._stop_all, args=work)
            self._stops.start()

    def stop_if_killed(self) -> None:
        """
        End the task if Airflow told its worker to stop.

        :raises ExecutionStopped: always then; :meth:`execute` adds the consequence for the executions.
        """
        if self._killed:
            raise errors.ExecutionStopped("The task was told to stop.")

    def _begin(self, context: Context) -> BatchState:
        self._context = context
        self.max_tries = context["ti"].max_tries
        self.check_output_path()
        folder, name = self.output_folder, segment(self._run_name())
        if self.retries and folder is None and (why := self._needs_folder(context)):
            raise InvalidInput(
                f"{why}, so that a batch with retries needs output_path. Set output_path, or retries=0."
            )
        parts = XComParts(context["ti"]) if folder is None else FolderParts(folder, f"{name}.manifest")
        self._state = BatchState(
            self,
            self.check_inputs(self.inputs),
            BatchStore(values_of(context, folder, f"{name}.state")),
            ManifestWriter(parts),
        )
        return self._state

    def _needs_folder(self, context: Context) -> str:
        """Return why a retry would not find what an earlier try has done; empty if it does."""
        if not self.has_ids:
            return "A result comes only with the response to its start, and Airflow deletes the XCom of a task before a retry"
        if compat.state_store(context) is None:
            return "This Airflow has no task state store"
        return ""

    def _work(self, context: Context, state: BatchState) -> dict[str, Any]:
        late = ""
        state.show()
        try:
            BatchRun(state).run()
        except AirflowTaskTimeout:
            # Airflow's own clock, which ends at the same moment as ours.
            late = "Airflow's execution_timeout came"
        except BaseException as error:
            self._end_early(state, error)
            raise
        if time.time() >= state.store.deadline:
            late = late or "the deadline came"
        if late:
            state.time_out(late, self._stop_late if self.cancel_on_timeout else None)
        self._patiently(state.write)
        if not state.has_ended:
            self._defer_batch(context, state)
        return self._finish_batch(context, state)

    def _patiently(self, write: Callable[[], T]) -> T:
        """Write something, although the store is away for a while: the executions have ended, and their results are kept."""
        return tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(WorkflowError),
            wait=tenacity.wait_exponential(PAUSE, max=LONGEST_PAUSE),
            stop=tenacity.stop_after_delay(PATIENCE),
            sleep=self._sleep,
            reraise=True,
        )(write)

    def _end_early(self, state: BatchState, error: BaseException) -> None:
        """Store what is known of a batch that ends with an error, and say in the error what becomes of the executions."""
        message = ""
        if isinstance(error, errors.ExecutionStopped):
            message = self._stop_message(state)
        elif state.active:
            message = f"{len(state.active):,} executions may go on; a retry reattaches to them."
        try:
            state.write()
            self._publish(state, state.lines())
            state.show()
        except Exception as failure:  # noqa: BLE001  # the error of the task matters more
            self.log.warning("What became of the inputs could not be stored: %s", failure)
        if message:
            error.args = (f"{error} {message}",)

    def _stop_message(self, state: BatchState) -> str:
        ids = list(state.active)
        if not self.has_ids:
            return "An execution that was under way may go on: the manifest names it as a lost start."
        if not self.cancel_on_kill:
            return f"{len(ids):,} executions go on (cancel_on_kill=False)."
        if self._stops is not None:
            self._stops.join()
        # Those that were started meanwhile; or all of them, if the connection was not known yet.
        if left := [execution_id for execution_id in ids if execution_id not in self._asked_to_stop]:
            self._stop_all(self.hook.client.endpoint, left, LATE_STOP_TIMEOUT, "kill")
        failed = {name: error for name, error in self._stop_failed.items() if name in state.active}
        state.mark_stopped([execution_id for execution_id in ids if execution_id not in failed])
        return stopped_message(self.hook.hook_name, len(ids), failed)

    def _stop_late(self, ids: list[str]) -> Mapping[str, WorkflowError]:
        self._stop_all(self.hook.client.endpoint, ids, STOP_TIMEOUT, "timeout")
        return self._stop_failed

    def _stop_all(self, endpoint: Endpoint, ids: Sequence[str], budget: float, cause: Cause) -> None:
        """Stop runs over connections of their own; this may run in a thread of its own."""

        async def read() -> Endpoint:
            return endpoint

        async def stop_all() -> dict[str, WorkflowError]:
            client = AsyncClient(read, role="worker")

            async def stop(execution_id: str, left: float) -> None:
                if left <= 0:
                    raise errors.Unavailable("there was no time left to stop it")
                await client.send(endpoint.stop(execution_id), attempts=1, budget=left)

            try:
                return await stop_each(ids, stop, budget)
            finally:
                await client.close()

        failed = asyncio.run(stop_all())
        self._asked_to_stop |= set(ids)
        self._stop_failed = {**self._stop_failed, **failed}
        if endpoint.api.stop is not None:
            self.hook.metrics.cancel(cause, accepted=len(ids) - len(failed), failed=len(failed))

    def _defer_batch(self, context: Context, state: BatchState) -> None:
        context["ti"].xcom_push(key=RUNS_KEY, value=state.waits_for)
        state.say_progress(now=time.time(), every=0)
        state.show()
        self.defer(
            trigger=self.batch_trigger_class(
                conn_id=self.hook.conn_id,
                task_key=compat.task_key(context["ti"]),
                deadline=state.store.deadline,
                poll_interval=self.poll_interval,
                max_poll_interval=self.max_poll_interval,
                enough=state.enough,
                total=len(state.inputs),
                done=state.counts,
                cancel_on_kill=self.cancel_on_kill,
                # With a folder the next try knows them.
                cancel_on_clear=self.cancel_on_kill and self.output_folder is None,
                account=dict(state.store.account or {}),
                workflow_id="" if self.listed_by in self._only_in_inputs else self.list_of({}),
                **self.hook.account_of(self.hook),
            ),
            method_name="execute_complete",
            timeout=timedelta(seconds=max(0.0, state.store.deadline - time.time()) + self.margin),
        )

    def _publish(self, state: BatchState, lines: list[dict[str, Any]]) -> str | None:
        """Publish the manifest, and return its address."""
        self._lines, self._manifest = lines, state.manifest.publish(lines)
        report(self.hook, self._lineage)
        return self._manifest

    def _finish_batch(self, context: Context, state: BatchState) -> dict[str, Any]:
        lines = state.lines()
        address = self._patiently(lambda: self._publish(state, lines))
        counts = batch.counted(line["state"] for line in lines)
        state.show()
        result: dict[str, Any] = {"version": VERSION, "manifest": address, "counts": counts}
        where = f" The manifest is {address}." if address else ""
        if address:
            context["ti"].xcom_push(key="manifest", value=address)
        else:
            result["lines"] = self._inline(lines)
        succeeded = sum(counts.get(name, 0) for name in self.success_results)
        needed = batch.least_successes(
            len(lines),
            partial_is_failure=self.on_partial_failure == "fail",
            min_success=self.min_success,
        )
        if succeeded >= needed:
            self.log.info("All %s inputs are done: %s.%s", f"{len(lines):,}", batch.said(counts), where)
            return result
        others = [line for line in lines if line["state"] not in self.success_results]
        named = ", ".join(str(line["index"]) for line in others[:10])
        why = " ".join(f"inputs[{line['index']}]: {line['error']}" for line in others[:3] if line["error"])
        message = (
            f"{succeeded:,} of {len(lines):,} inputs have succeeded, and {needed:,} must: {batch.said(counts)}. The first "
            f"others are inputs {named}.{where} {why}"
        ).strip()
        if counts.get(batch.TIMED_OUT) or state.is_late:
            raise errors.ExecutionTimedOut(message)
        lost = counts.get(batch.LOST, 0)
        if lost and lost == len(lines) - succeeded and self.on_lost_start == "fail":
            raise errors.LostStart(message)
        raise errors.ExecutionFailed(message)

    def _inline(self, lines: list[dict[str, Any]]) -> list[dict[str, Any]] | None:
        """Return the lines for XCom, without their outputs or not at all if they are too large."""
        for shown in (lines, [{**line, "output": None, "output_omitted": True} for line in lines]):
            if len(json.dumps(shown)) <= max(self.max_inline_output, 1):
                return shown
            self.log.warning(
                "The outputs of all inputs are larger than max_inline_output=%d; set output_path to keep them.",
                self.max_inline_output,
            )
        return None


def _ended(context: Context, event: Any) -> list[WaitResult] | None:
    """Return the waits that have ended; ``None`` if that is not known."""
    if not isinstance(event, dict) or event.get("outcome") != "batch":
        return None
    ti = context["ti"]
    count = event.get("ended")
    known = ti.xcom_pull(task_ids=ti.task_id, key=ENDED_KEY, map_indexes=ti.map_index) if count else None
    if not isinstance(known, list) or len(known) != count:
        return None
    return [WaitResult.from_event(each) for each in known]


def _min_success(value: Any) -> float | None:
    if value is None:
        return None
    if isinstance(value, float):
        if 0.0 <= value <= 1.0:
            return value
    elif isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    raise InvalidInput(
        f"min_success must be a whole number of inputs, or a share from 0.0 to 1.0; got {quoted(value)}."
    )

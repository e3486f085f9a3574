"""The operator that starts a run, and ends with the response to the start."""

import inspect
import time
from collections.abc import Callable, Mapping
from copy import copy
from datetime import timedelta
from typing import Any, ClassVar, Literal

from airflow.providers.common.compat.sdk import Context

from airflow_workflow_providers.core.errors import ExecutionStopped, InvalidInput, LostStart, WorkflowError
from airflow_workflow_providers.core.execution import Execution, State
from airflow_workflow_providers.core.http import BuiltRequest
from airflow_workflow_providers.core.parameters import flag, one_of, quoted, seconds
from airflow_workflow_providers.core.request import Request
from airflow_workflow_providers.inputs.payload_file import is_file_name, load
from airflow_workflow_providers.metrics import STARTS
from airflow_workflow_providers.operators.base import ExecutionOperator
from airflow_workflow_providers.operators.origin import origin_of
from airflow_workflow_providers.operators.start_store import StartStore, Uploads
from airflow_workflow_providers.operators.starter import Starter
from airflow_workflow_providers.operators.validation import without_templates


def name_of(task: Any) -> str:
    """
    Return the name of the output of a run that has no id, and of what a batch stores.

    :param task: the task instance.
    :return: the same in each try.
    """
    return f"{task.dag_id}-{task.run_id}-{task.task_id}-{task.map_index}"


class StartOperator(ExecutionOperator):
    """
    Start one run over all tries of a task.

    :param timeout: seconds, or a timedelta, for one try of the task; default: 24 h. The smaller of it and
        ``execution_timeout`` is the deadline, deferred or not.
    :param on_lost_start: what a retry does if an earlier try was about to start a run and nobody knows whether the run
        exists: ``"fail"``, or ``"resubmit"``, which may start a second run.
    :param send_origin: let the run carry which task has started it, for people, if the vendor can label a run: the ids of DAG, run
        and task, the map index, the position in a batch, and ``[workflow_providers] deployment_id`` of the Airflow configuration.
    """

    #: The function of ``apis/`` that builds the request; its parameters are attributes of the operator.
    start_request: ClassVar[Callable[..., Request[Execution]]]

    #: Replaces a template at parse, if that is neither a text nor rendered as JSON.
    stand_ins: ClassVar[dict[str, Any]] = {}

    #: The parameter with the input that may be the name of a file instead: that of an input which is always an object.
    payload_field: ClassVar[str] = ""

    #: The position of the input, if this is one of a batch.
    batch_index: int | None = None

    #: A text that no other start has.
    nonce: str = ""

    #: Whether the vendor gets the nonce, so that it can find the run by it.
    sends_nonce: bool = False

    #: What a cleared task does; only a run with an id can be reattached to.
    on_clear: str = "resubmit"

    #: What a retry does whose workflow or input is not that of the earlier try; only a run with an id can be reattached to.
    on_changed_input: str = "resubmit"

    #: The states of a run that a retry lets the vendor run again; a vendor that can do so makes it a parameter.
    continued_states: frozenset[State] = frozenset()

    _context: Context | None = None

    #: Whether this process has started the run, and not counted that yet.
    _is_new: bool = False

    _killed = False
    _kill_message = ""

    def __init__(
        self,
        *,
        timeout: float | timedelta = timedelta(hours=24),
        on_lost_start: Literal["fail", "resubmit"] = "fail",
        send_origin: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.timeout = seconds("timeout", timeout, least=0.1)
        self._payload_files: dict[str, dict[str, Any]] = {}
        self.on_lost_start = one_of("on_lost_start", on_lost_start, ("fail", "resubmit"))
        self.send_origin = flag("send_origin", send_origin)

    @property
    def origin(self) -> dict[str, str]:
        """Which task the run comes from; empty when the DAG is parsed, or if the author does not want it to be sent."""
        if not self.send_origin or self._context is None:
            return {}
        return origin_of(self._context, self.batch_index)

    @property
    def run_label(self) -> str:
        """The author's own label of the run, if the vendor has labels."""
        return ""

    def start_parameters(self, timeout: float) -> dict[str, Any]:
        """
        Return the arguments of :attr:`start_request`: the attributes of the operator that have the same names.

        :param timeout: seconds until the deadline, for a vendor that responds when the run is over.
        :return: an argument for each parameter.
        """
        names = inspect.signature(type(self).start_request).parameters
        given: dict[str, Any] = {
            name: timeout if name == "timeout" else getattr(self, name) for name in names
        }
        if is_file_name(value := given.get(self.payload_field)):
            given[self.payload_field] = self._read_payload(value)
        return given

    def _read_payload(self, name: str) -> dict[str, Any]:
        """
        Read the input from a file beside the DAG.

        Airflow's own ``template_ext`` would do it for all templated parameters, also for an ``output_path`` that ends in the same
        way, and would return a text.
        """
        if name in self._payload_files:
            return self._payload_files[name]
        if self._context is None:
            # At parse the DAG may not be known yet, and the file may be on the worker only.
            environment = self.get_template_env() if self.get_dag() else None
            found = load(self.payload_field, name, environment) if environment else None
            return dict(without_templates(found or {}))
        environment = self.get_template_env()
        found = load(self.payload_field, name, environment)
        if found is None:
            raise InvalidInput(
                f"{self.payload_field}: there is no file {quoted(name)} in the folder of the DAG, or in another folder of its "
                "template_searchpath."
            )
        from jinja2 import TemplateError  # noqa: PLC0415  # only for tasks that have such a file

        try:
            rendered: dict[str, Any] = self.render_template(found, self._context, environment)
        except TemplateError as error:
            raise InvalidInput(
                f"{self.payload_field}: file {quoted(name)} cannot be rendered: {error}."
            ) from error
        self._payload_files[name] = rendered
        return rendered

    def build_start_request(self, timeout: float) -> Request[Execution]:
        """
        Build the request that starts the run.

        :param timeout: seconds until the deadline, for a vendor that responds when the run is over.
        :return: the request.
        :raises InvalidInput: if a parameter is wrong; the error names it.
        """
        return type(self).start_request(**self.start_parameters(timeout))

    def read_input(self, store: Uploads) -> None:
        """
        Look at the files of the input, before the start is built; most vendors read files by themselves.

        :param store: where earlier tries have stored what they have uploaded.
        :raises InvalidInput: if a file cannot be an input; nothing was started.
        """

    def check_input(self) -> None:
        """
        Check the input against what the vendor expects, if the author wants that, before anything else is done for a start.

        :raises InvalidInput: if the input does not fit; nothing was started.
        :raises WorkflowError: if what the vendor expects cannot be read; nothing was started.
        """

    def upload_input(self, store: Uploads) -> bool:  # noqa: ARG002  # an operator with files needs it
        """
        Upload the files of the input that are not at the vendor yet, before the intent of the start is stored.

        :param store: where it is stored what was uploaded.
        :return: whether there are such files: then the start names them, and is built again.
        :raises WorkflowError: if a file could not be uploaded; nothing was started.
        """
        return False

    @property
    def input_files(self) -> list[str]:
        """The addresses of the files of the input that are in object storage."""
        return []

    @property
    def files_version(self) -> str:
        """What tells the files of the input, which were read, from later versions of them; empty if there are none."""
        return ""

    def build_again_request(
        self,
        old: Execution,  # noqa: ARG002  # an operator that can needs them
        earlier: Mapping[str, str],  # noqa: ARG002
    ) -> Request[Execution] | None:
        """
        Build the request that lets the vendor run a run again.

        :param old: the run of an earlier try, in one of :attr:`continued_states`.
        :param earlier: ``fingerprint_input`` of such a request, if ``old`` is a run that it has started; else empty.
        :return: a start, whose value is the new run; ``None`` if this run cannot be run again: then a new one is submitted.
        """
        return None

    def send_start(self, request: Request[Execution], built: BuiltRequest, budget: float) -> Execution:
        """
        Send the start; this is the only place that does.

        :param request: the start.
        :param built: the same, serialised.
        :param budget: seconds until the deadline.
        :return: the run.
        :raises WorkflowError: if it could not be started.
        """
        return self.hook.send(request, built=built, budget=budget)

    def validate_at_parse(self) -> None:
        """
        Build the start once at DAG parse, so that bad input is rejected there; a vendor calls this last in ``__init__``.

        :raises InvalidInput: if a parameter is wrong; the error names it.
        """
        early = copy(self)
        for name in self.template_fields:
            usual: Any = {} if self.template_fields_renderers.get(name) == "json" else "template"
            # A decorator's own fields come later.
            known = getattr(self, name, None)
            early.__dict__[name] = without_templates(known, self.stand_ins.get(name, usual))
        early.build_start_request(1.0)

    def execute(self, context: Context) -> dict[str, Any]:
        """
        Start the run, or use the one that an earlier try of this task has started.

        :param context: Airflow's context of the running task.
        :return: the record: ``execution_id``, ``state`` (ours), ``status`` (the vendor's), ``output``, ``url``;
            ``output_omitted``: ``{"bytes", "fetch"}`` if the output is larger than ``max_inline_output``; and
            ``output_missing``: why no output was found, if a vendor may have none.
        :raises LostStart: if the response to a start was lost, in this try or an earlier one, so that a run may exist.
        :raises UncertainStart: if that was in this try, and ``on_lost_start="resubmit"`` lets a retry submit a new run.
        :raises ExecutionFailed: if the run ended without success.
        :raises ExecutionStopped: if the run was stopped, or Airflow told the worker to stop.
        :raises WorkflowError: if the run could not be started, or Airflow could not store the start.
        :raises AirflowTaskTimeout: if ``execution_timeout`` came before a run was known; during a start, the start is lost
            instead.
        """
        self._context = context
        self.check_output_path()
        store, deadline = StartStore(context), self._deadline()
        try:
            starter = Starter(self, store, deadline)
            execution = starter.run()
            self._began_at, self._is_new = store.began_at, starter.has_started
            return self._after_start(context, store, execution, deadline)
        finally:
            self.hook.close()

    def on_kill(self) -> None:
        """Note that Airflow told the worker to stop: this runs in a signal handler, after which the task goes on."""
        self._killed = True

    def stop_if_killed(self) -> None:
        """
        End the task if Airflow told its worker to stop.

        :raises ExecutionStopped: with the consequence for the run.
        """
        if self._killed:
            message = f"The task was told to stop. {self._kill_message}".strip()
            raise ExecutionStopped(message, execution_id=self._execution_id)

    def _after_start(
        self,
        context: Context,  # noqa: ARG002  # an operator that waits needs them
        store: StartStore,  # noqa: ARG002
        execution: Execution,
        deadline: float,  # noqa: ARG002
    ) -> dict[str, Any]:
        self._count_start()
        if execution.execution_id is not None or execution.state not in self.success_states:
            return self._record_of_success(execution)
        self._count_end(execution.state.value, is_success=True)
        try:
            return self._record(execution)
        except WorkflowError as error:
            # Nobody can read the result again, and a retry must not run the workflow again.
            lost = f"{self.hook.hook_name} has run the workflow, and its result is lost: {error}"
        raise LostStart(lost)

    def _count_start(self) -> None:
        """Count a new run, once; this may take a moment, so the id of the run is stored before."""
        if self._is_new:
            self._is_new = False
            self.hook.metrics.count(STARTS)

    def _count_end(self, state: str, *, is_success: bool) -> None:
        if not self._began_at:
            return
        metrics = self.hook.metrics
        metrics.run_duration(state, self._began_at)
        metrics.run_span(state, self._began_at, execution_id=self._execution_id, is_success=is_success)

    def _run_name(self) -> str:
        return self.task_id if self._context is None else name_of(self._context["ti"])

    def _sleep(self, duration: float) -> None:
        """Sleep in short pieces: after a signal handler, Python continues a sleep to its end."""
        until = time.monotonic() + duration
        while not self._killed and (left := until - time.monotonic()) > 0:
            time.sleep(min(left, 0.5))
        self.stop_if_killed()

"""What all operators and sensors share: the hook, the parameters of a result, and the record."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from airflow.providers.common.compat.sdk import BaseOperator

from airflow_workflow_providers.core.errors import ExecutionFailed, InvalidInput
from airflow_workflow_providers.core.execution import Execution, State, raise_for_state
from airflow_workflow_providers.core.http import address
from airflow_workflow_providers.core.parameters import one_of, whole_number
from airflow_workflow_providers.core.storable import storable
from airflow_workflow_providers.hooks.base import WorkflowHook
from airflow_workflow_providers.lineage import Lineage, report, to_openlineage
from airflow_workflow_providers.links import left_to_store
from airflow_workflow_providers.metrics import RESULT_BYTES
from airflow_workflow_providers.operators.validation import folder
from airflow_workflow_providers.outputs.folder import OutputFolder
from airflow_workflow_providers.outputs.result import load, store

if TYPE_CHECKING:
    from airflow.sdk import ObjectStoragePath

#: The shared parameters that do nothing unless the vendor has this, a field of its ``VendorApi``.
NEEDS = {
    "on_partial_failure": "has_partial",
    "cancel_on_timeout": "stop",
    "cancel_on_kill": "stop",
    "wait_for_completion": "get_status",
    "deferrable": "get_status",
    "poll_interval": "get_status",
    "max_poll_interval": "get_status",
    "on_clear": "get_status",
    "on_changed_input": "get_status",
    "send_origin": "has_labels",
    "stall_timeout": "get_status",
}


class ExecutionOperator(BaseOperator):
    """
    A task about one run.

    :param on_partial_failure: what a run that finished with failed parts means for the task: ``"fail"``, with the names of
        the parts, or ``"succeed"``.
    :param max_inline_output: an output of more bytes of JSON than this is not put into XCom: ``output`` is then ``None``,
        and ``output_omitted`` tells its size and how to fetch it; default: 5 MB. With 0, files of a result are not fetched.
    :param output_path: a folder in object storage for the output, such as ``s3://conn_id@bucket/out/{{ ds }}``, or an
        ``ObjectStoragePath`` (templated). The record's ``output`` is then a list of files, each with its ``uri``,
        ``bytes``, ``sha256`` and ``media_type``. Default: the output is in the record.
    """

    hook_class: ClassVar[type[WorkflowHook]]

    #: The shared parameters that do nothing for this vendor: rejected if a task is given one, ignored in ``default_args``.
    unsupported: ClassVar[frozenset[str]] = frozenset()

    ui_color = "#e5edfb"

    #: The parameter that names the workflow.
    workflow_field: ClassVar[str] = "workflow_id"

    #: Whether a run without an output fails the task; a vendor whose output may be missing makes it a parameter.
    require_output: bool = False

    #: Seconds for one try of the task.
    timeout: float

    #: What of the result was stored while it came in.
    stored: list[dict[str, Any]] | None = None

    #: The run, for a kill and for the button to its page.
    _execution_id: str | None = None

    #: When the run began, in seconds since the epoch; 0: not known.
    _began_at: float = 0.0

    #: The run as it was read last, and the files that were written for it, for the lineage.
    _seen: Execution | None = None
    _written: Sequence[Mapping[str, Any]] = ()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if hook_class := getattr(cls, "hook_class", None):
            if "output_path" not in cls.template_fields:
                cls.template_fields = (*cls.template_fields, "output_path")
            cls.unsupported = frozenset(
                name for name, field in NEEDS.items() if not getattr(hook_class.api, field)
            )

    def __new__(cls, *_: Any, **given: Any) -> Any:  # noqa: D102  # not for users
        # These are only the parameters that the task itself is given; default_args come later. A mapped task is made of
        # both, and cannot tell them apart.
        useless = cls.unsupported.intersection(given)
        if useless and not given.get("_airflow_from_mapped"):
            raise InvalidInput(
                f"{', '.join(sorted(useless))} does nothing for {cls.hook_class.hook_name}: {cls.__name__} has no such "
                "parameter."
            )
        return super().__new__(cls)

    def __init__(
        self,
        *,
        on_partial_failure: Literal["fail", "succeed"] = "fail",
        max_inline_output: int = 5_000_000,
        output_path: str | ObjectStoragePath | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.output_path = folder("output_path", output_path)
        self.on_partial_failure = one_of("on_partial_failure", on_partial_failure, ("fail", "succeed"))
        self.max_inline_output = whole_number("max_inline_output", max_inline_output)

    @cached_property
    def hook(self) -> WorkflowHook:
        """
        The vendor's hook for this task's connection.

        :return: always the same one, made when it is first needed.
        """
        hook = self.hook_class
        return hook(getattr(self, hook.conn_name_attr), sleep=self._sleep, **hook.account_of(self))

    @property
    def success_states(self) -> frozenset[State]:
        """The states of a run that are a success."""
        partial = {State.PARTIAL} if self.on_partial_failure == "succeed" else set()
        return frozenset({State.SUCCEEDED, *partial})

    def select_output(self, execution: Execution) -> Execution:
        """
        Return the run with the output that the author has chosen; most vendors have only one.

        :param execution: the run, with its output as the vendor sent it.
        :return: the run, as its record shows it.
        """
        return execution

    def _deadline(self) -> float:
        """Return when this try ends, in seconds since the epoch: after ``timeout``, or ``execution_timeout`` if it is less."""
        limits = [float(self.timeout)]
        if self.execution_timeout:
            limits.append(self.execution_timeout.total_seconds())
        return time.time() + min(limits)

    def set_execution(self, execution_id: str | None) -> None:
        """
        Remember which run this task is about. From now on the task stores the address of its button itself.

        :param execution_id: the vendor's id; ``None`` if there is no run yet.
        """
        self._execution_id = execution_id
        self.operator_extra_links = left_to_store(self.operator_extra_links)

    @property
    def has_page(self) -> bool:
        """Whether this task has a run, and the vendor a page for it, as far as this process knows."""
        endpoint = self.hook.client.last_endpoint if self._execution_id else None
        return endpoint is not None and endpoint.execution_url(str(self._execution_id)) is not None

    def _sleep(self, duration: float) -> None:
        time.sleep(duration)

    @cached_property
    def output_folder(self) -> OutputFolder | None:
        """
        The folder for outputs.

        :return: ``None`` if the author has chosen none.
        :raises InvalidInput: if Airflow cannot use it.
        """
        if self.output_path is None:
            return None
        # It is checked again: a template may render to anything.
        return OutputFolder(folder("output_path", self.output_path))

    def check_output_path(self) -> None:
        """
        Reject an ``output_path`` that Airflow cannot use, before anything is started.

        :raises InvalidInput: if it cannot.
        """
        self.output_folder  # noqa: B018  # opens its file system

    def _record_of_success(self, execution: Execution) -> dict[str, Any]:
        """Return the record of a run that has ended, or raise the error of one without success."""
        self._seen = execution
        if execution.is_terminal:
            self._count_end(execution.state.value, is_success=execution.state in self.success_states)
        raise_for_state(execution, self.success_states, vendor=self.hook.hook_name)
        return self._record(execution)

    def _record(self, execution: Execution) -> dict[str, Any]:
        self._seen = execution
        self.check_output(execution)
        selected = self.select_output(execution)
        stored = None
        if execution.is_terminal and self.output_folder is not None:
            name = execution.execution_id or self._run_name()
            stored = self.stored or store(self.hook.client, selected, self.output_folder, name)
            self._written = stored
            self.hook.metrics.count(RESULT_BYTES, sum(file["bytes"] for file in stored), place="folder")
        report(self.hook, self._lineage)
        if stored is not None:
            return replace(selected, output=stored).record()
        name = f"execution {execution.execution_id}" if execution.execution_id else "the run"
        loaded = load(self.hook.client, selected, self.max_inline_output) if selected.files else selected
        output, changed = storable((loaded or selected).output)
        if changed:
            self.log.warning(
                "Airflow cannot store the output of %s as it is; it is stored in the nearest form: %s.",
                name,
                changed,
            )
        fetch = self._how_to_fetch(execution)
        known = replace(selected, output=output)
        size = known.output_bytes()
        record = known.record(max_inline_output=self.max_inline_output, size=size, fetch=fetch)
        if loaded is not None and output is not None:
            place = "omitted" if "output_omitted" in record else "xcom"
            self.hook.metrics.count(RESULT_BYTES, size, place=place)
        if loaded is None:  # the output is there without the content of its files
            record.setdefault("output_omitted", {"bytes": None, "fetch": fetch})
        if "output_omitted" in record:
            self.log.warning(
                "The output of %s is larger than max_inline_output=%d and is not put into XCom: %s",
                name,
                self.max_inline_output,
                record["output_omitted"],
            )
        return record

    def check_output(self, execution: Execution) -> None:
        """
        Say that a run has no output.

        :param execution: the run, which has ended.
        :raises ExecutionFailed: if it has none, and the author requires one.
        """
        if not execution.output_missing:
            return
        message = (
            f"{self.hook.hook_name} execution {execution.execution_id} has ended as {execution.status}, and no output was "
            f"found: {execution.output_missing.rstrip('.')}."
        )
        if self.require_output:
            raise ExecutionFailed(
                f"{message} The task fails because of require_output=True: let the workflow return a value, or set it to "
                "False.",
                execution_id=execution.execution_id,
            )
        self.log.warning("%s", message)

    def _count_end(self, state: str, *, is_success: bool) -> None:
        """Tell Airflow's metrics and traces that a run has ended; only whoever has started it knows how long it has taken."""

    # -- lineage ----------------------------------------------------------------------------------------------------------

    def get_openlineage_facets_on_start(self) -> Any:
        """
        Return which workflow the task runs, and the files of its input; OpenLineage's provider calls this.

        :return: an ``OperatorLineage``.
        """
        return to_openlineage(self._lineage)

    def get_openlineage_facets_on_complete(self, task_instance: Any) -> Any:  # noqa: ARG002  # OpenLineage passes it
        """
        Return the same with the run, and the files that were written; OpenLineage's provider calls this.

        :param task_instance: not used.
        :return: an ``OperatorLineage``.
        """
        return to_openlineage(self._lineage)

    def get_openlineage_facets_on_failure(self, task_instance: Any) -> Any:  # noqa: ARG002  # as above
        """
        Return the same of a task that has failed, as far as it is known; OpenLineage's provider calls this.

        :param task_instance: not used.
        :return: an ``OperatorLineage``.
        """
        return to_openlineage(self._lineage)

    def _lineage(self) -> Lineage:
        """Return what this process knows of the run and its files; nothing is asked of Airflow or the vendor for it."""
        seen, execution_id = self._seen, self._execution_id
        # The hook is there as soon as the connection was read.
        hook: WorkflowHook | None = self.__dict__.get("hook")
        endpoint = hook and hook.client.last_endpoint
        url = None
        if endpoint:
            page = endpoint.execution_url(execution_id) if execution_id else None
            url = page or address(endpoint.settings)
        return Lineage(
            vendor=self.hook_class.hook_name,
            workflow=self._workflow(),
            execution_id=execution_id,
            url=url,
            state=seen.state.value if seen else None,
            status=seen.status if seen else None,
            inputs=self._files_read(),
            outputs=self._written,
            secrets=endpoint.settings.secrets if endpoint else (),
        )

    def _workflow(self) -> str | None:
        """Return the workflow, as the author names it; ``None`` if the task does not."""
        value = getattr(self, self.workflow_field, None)
        return None if value is None else str(value)

    def _files_read(self) -> list[Any]:
        """Return the files of the input, as the author names them."""
        return []

    def _files_in(self, parameters: dict[str, Any]) -> list[Any]:  # noqa: ARG002  # an operator with files needs them
        """Return the files that the arguments of a start name."""
        return []

    def _run_name(self) -> str:
        """Return a name for a run that has no id of its own: that of the task."""
        return self.task_id

    def _how_to_fetch(self, execution: Execution) -> str:
        if execution.execution_id is None:
            return "It cannot be fetched again: such a run has no id."
        chosen = [f", {name}={value!r}" for name, value in self.hook.account_of(self.hook).items()]
        hook = f"{type(self.hook).__name__}({self.hook.conn_id!r}{''.join(chosen)})"
        if execution.files:
            return f"{hook}.download_result({execution.execution_id!r}, 's3://bucket/folder')"
        return f"{hook}.get_execution({execution.execution_id!r}).output"

"""
The vendors, as tests and tools use them: one row for each kind of execution.

A vendor's name, modules and classes are read from the package and not repeated here. A row has what the package does not have:
the workflows and operations of the emulator, and examples of bad input.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from importlib import import_module
from pathlib import Path
from typing import Any

from airflow_workflow_providers.get_provider_info import VENDORS as NAMES

#: A document for tests and examples; tasks may read its folder.
DOCUMENT = Path(__file__).resolve().parent.parent / "example_dags" / "documents" / "invoice.pdf"


@dataclass(frozen=True, kw_only=True)
class VendorCase:
    """
    One kind of execution of one vendor.

    The workflows are the emulator's own. A row without ``get_status`` is a call whose executions have no id: then the
    fields about a wait and about bad input are empty.

    :param name: the name in tables, DAG ids and test ids; a vendor with two kinds of execution has two rows.
    :param conn_type: the vendor: its connection type, its modules in the package, and its name in the emulator.
    :param operator_name: the class of the operator; default: the usual name.
    :param workflow: the operator's parameter that names the workflow.
    :param input: the operator's parameter that is the input of the workflow.
    :param make_input: from a text, which may be a template, to an input that holds it.
    :param required: further parameters that the operator needs.
    :param start: the emulator's name of the operation that starts an execution.
    :param get_status: of the one that reads its status; ``None`` if an execution has no id.
    :param list_statuses: of the one that reads the statuses of many; ``None`` if the vendor has no such list.
    :param stop: of the one that stops it; ``None`` if the vendor cannot.
    :param file: of the one that returns a file of its result; ``None`` if a result has no files.
    :param upload: of the one that receives a file of the input, which a start with a nonce uploads; ``None`` if the vendor
        takes no files.
    :param secrets: the secrets of the emulator's account that an operator sends.
    :param succeeds: a workflow that succeeds.
    :param fails: a workflow that fails, with ``failure`` in its message.
    :param failure: a part of that message.
    :param goes_on: a workflow that goes on until it is stopped.
    :param partial: a workflow that finishes with failed parts, if the vendor has such an end.
    :param unknown: a workflow that the emulator does not know.
    :param bad_input: parameters that the operator rejects, each with a text that is in the error.
    :param without_secret: changes of a connection that leave it without its secret, with a text that is in the error.
    :param address: the extra field of a connection that has the vendor's address, if it is not ``host``.
    :param new_workflow: the id of a workflow that a test adds, with a place for its number.
    :param added: options of a workflow that a test adds.
    :param fails_later: options of an added workflow whose executions fail after their first step.
    :param never_ends: options of an added workflow whose executions never end.
    :param with_nonce: parameters with which a start carries a nonce, if it does not always carry one.
    :param without_nonce: parameters with which a start carries none, if it may carry one.
    :param continues: by the value of ``on_failed_run``, the emulator's name of the operation that runs an execution again, and
        what the emulator's runs call the earlier one; empty if the vendor cannot.
    :param shows_nonce: settings of the emulator with which the vendor shows the nonce of an execution; empty if it never
        does.
    """

    name: str
    conn_type: str
    operator_name: str = ""
    workflow: str
    input: str
    make_input: Callable[[str], Any] = field(default=lambda text: {"text": text})
    required: Mapping[str, Any] = field(default_factory=dict)
    start: str
    get_status: str | None = None
    list_statuses: str | None = None
    stop: str | None = None
    file: str | None = None
    upload: str | None = None
    secrets: tuple[str, ...] = ("api_key",)
    succeeds: str
    fails: str = ""
    failure: str = ""
    goes_on: str = ""
    partial: str | None = None
    unknown: str = ""
    bad_input: tuple[tuple[dict[str, Any], str], ...] = ()
    without_secret: tuple[dict[str, Any], str] = ({"password": None}, "no password")
    address: str = "host"
    new_workflow: str = "case-{}"
    added: Mapping[str, Any] = field(default_factory=dict)
    fails_later: Mapping[str, Any] = field(default_factory=dict)
    never_ends: Mapping[str, Any] = field(default_factory=lambda: {"ends": None})
    with_nonce: Mapping[str, Any] = field(default_factory=dict)
    without_nonce: Mapping[str, Any] = field(default_factory=dict)
    continues: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    shows_nonce: Mapping[str, str] = field(default_factory=dict)

    @property
    def operator(self) -> type[Any]:
        """The class of the operator, which is imported when it is needed."""
        name = self.operator_name or f"{NAMES[self.conn_type][0]}ExecuteWorkflowOperator"
        return getattr(self._module("operators"), name)  # type: ignore[no-any-return]  # a class of ours

    @property
    def batch_operator(self) -> type[Any]:
        """The class of the operator for many inputs."""
        name = self.operator.__name__.removesuffix("Operator")
        return getattr(self._module("operators"), f"{name}BatchOperator")  # type: ignore[no-any-return]  # a class of ours

    @property
    def hook(self) -> type[Any]:
        """The class of its hook."""
        return self.operator.hook_class  # type: ignore[no-any-return]  # a class of ours

    @property
    def trigger(self) -> type[Any]:
        """The class of its trigger."""
        return self.operator.trigger_class  # type: ignore[no-any-return]  # a class of ours

    @property
    def sensor(self) -> type[Any]:
        """The class of the sensor that waits for its executions."""
        return self._class("sensors", r".*ExecutionSensor")

    @property
    def workflow_sensor(self) -> type[Any]:
        """The class of the sensor that waits for the newest one of its workflow; only a vendor with such a list has it."""
        return self._class("sensors", r".*(?<!Execution)Sensor")

    @property
    def ended_trigger(self) -> type[Any]:
        """The class of the trigger of an asset; only a vendor with such a list has it."""
        return self._class("triggers", r".*EndedTrigger")

    @property
    def stop_operator(self) -> type[Any]:
        """The class of the operator that stops its executions; only a vendor that can stop one has it."""
        return self._class("operators", r".*StopExecutionOperator")

    def _class(self, folder: str, name: str) -> type[Any]:
        """Return the only class of its hook in a module of the vendor whose name fits a regular expression."""
        [found] = [
            each
            for known, each in vars(self._module(folder)).items()
            if re.fullmatch(name, known) and getattr(each, "hook_class", None) is self.hook
        ]
        return found  # type: ignore[no-any-return]  # a class of ours

    def input_of(self, text: str) -> dict[str, Any]:
        """Return the parameter of the operator with an input that holds a text, which may be a template."""
        return {self.input: self.make_input(text)}

    @property
    def conn_id(self) -> str:
        """The operator's parameter that names the connection."""
        return f"{self.conn_type}_conn_id"

    @property
    def modes(self) -> tuple[str, ...]:
        """The ways in which a task can wait for an execution."""
        return ("blocking", "deferred") if self.get_status else ("blocking",)

    @property
    def no_cancel(self) -> dict[str, Any]:
        """The parameters with which an execution goes on at the deadline; none if it does so anyway."""
        return {"cancel_on_timeout": False} if self.stop else {}

    def task(self, workflow: str | None = None, **options: Any) -> Any:
        """Return a task for a workflow; default: the one that succeeds. It polls as often as a test needs."""
        parameters = {
            "task_id": "run",
            self.workflow: workflow or self.succeeds,
            **({"poll_interval": 0.01} if self.get_status else {}),
            **self.required,
            **options,
        }
        return self.operator(**parameters)

    def batch(self, inputs: Any, **options: Any) -> Any:
        """Return a task for many inputs. It polls as often as a test needs."""
        common = {name: value for name, value in self.required.items() if name != self.input}
        parameters = {"task_id": "run", "poll_interval": 0.05, **common, "inputs": inputs, **options}
        return self.batch_operator(**parameters)

    def inputs(self, count: int, workflow: str | None = None) -> list[dict[str, Any]]:
        """Return inputs that are all different, for a workflow; default: the one that succeeds."""
        return [
            {self.workflow: workflow or self.succeeds, **self.input_of(str(number))}
            for number in range(count)
        ]

    @property
    def common(self) -> dict[str, Any]:
        """The workflow that succeeds as a parameter of a batch, unless the input is the workflow."""
        return {} if self.workflow == "file" else {self.workflow: self.succeeds}

    @property
    def without_nonce_in_batch(self) -> dict[str, Any]:
        """The parameters with which no start of a batch carries a nonce."""
        return {name: value for name, value in self.without_nonce.items() if name != self.input}

    def at(self, address: str) -> dict[str, Any]:
        """Return the changes of a connection that make it lead to another address."""
        return {"host": address} if self.address == "host" else {"extra": {self.address: address}}

    def __str__(self) -> str:
        """Name the row in the id of a test."""
        return self.name

    def _module(self, folder: str) -> Any:
        return import_module(f"airflow_workflow_providers.{folder}.{self.conn_type}")


REFOLD = VendorCase(
    name="refold",
    conn_type="refold",
    workflow="workflow_id",
    input="payload",
    required={"slug": "hubspot"},
    start="execute",
    get_status="get",
    list_statuses="list",
    stop="stop",
    secrets=("api_key", "token"),
    succeeds="sync-contacts",
    fails="always-fails",
    failure="contact quota exceeded",
    goes_on="never-ends",
    partial="terminates",
    unknown="no-such-workflow",
    bad_input=(
        ({"workflow_id": ""}, "workflow_id"),
        ({"workflow_id": ".."}, "workflow_id"),
        ({"slug": ""}, "slug"),
        ({"slug": "a\r\nx-api-key: other"}, "slug"),
        ({"payload": ["a", "list"]}, "payload"),
        ({"payload": {"when": object()}}, "payload"),
        ({"payload": {"ratio": float("nan")}}, "payload"),
        ({"config_id": "ä"}, "config_id"),
        ({"instance_tag": "\n"}, "instance_tag"),
        ({"on_partial_failure": "ignore"}, "on_partial_failure"),
        ({"sync_execution": True, "wait_for_completion": False}, "sync_execution"),
        ({"linked_account_id": ""}, "linked_account_id"),
        ({"linked_account_id": "acct_1\n"}, "linked_account_id"),
        ({"require_output": True, "wait_for_completion": False}, "require_output"),
        ({"on_failed_run": "resume"}, "on_failed_run"),
    ),
    without_nonce={"instance_tag": "a label of the author"},
    fails_later={"ends": "ERRORED"},
    continues={"rerun": ("rerun", "rerun_of")},
    shows_nonce={"tag": "shown"},
)

DATALAB = VendorCase(
    name="datalab",
    conn_type="datalab",
    workflow="workflow_id",
    input="input_config",
    start="execute",
    get_status="get",
    file="output",
    succeeds="101",
    fails="102",
    failure="document is encrypted",
    goes_on="103",
    partial="104",
    unknown="999",
    bad_input=(
        ({"workflow_id": ""}, "workflow_id"),
        ({"workflow_id": "my-flow"}, "workflow_id"),
        ({"input_config": "https://example.com/a.pdf"}, "input_config"),
        ({"input_config": {"type": "single_file"}}, "file_url"),
        ({"input_config": {"type": "file_list", "file_urls": []}}, "file_urls"),
        ({"input_config": {"when": object()}}, "input_config"),
        ({"on_partial_failure": "ignore"}, "on_partial_failure"),
    ),
    new_workflow="9{:05}",
)

DATALAB_PIPELINES = VendorCase(
    name="datalab_pipelines",
    conn_type="datalab",
    operator_name="DatalabRunPipelineOperator",
    workflow="pipeline_id",
    input="file",
    make_input="https://files.example/{}.pdf".format,
    required={"file": "https://files.example/a.pdf"},
    start="run_pipeline",
    get_status="get_pipeline_execution",
    list_statuses="list_pipeline_executions",
    file="get_step_result",
    upload="put_file",
    succeeds="pl_parse",
    fails="pl_fails",
    failure="document is encrypted",
    goes_on="pl_never_ends",
    partial="pl_partly",
    unknown="pl_no_such_pipeline",
    bad_input=(
        ({"pipeline_id": ""}, "pipeline_id"),
        ({"pipeline_id": ".."}, "pipeline_id"),
        ({"file": "report.pdf"}, "file"),
        ({"file": "datalab://"}, "file"),
        ({"page_range": ""}, "page_range"),
        ({"output_format": ["markdown"]}, "output_format"),
        ({"version": "3"}, "version"),
        ({"webhook_url": "example.com"}, "webhook_url"),
        ({"on_partial_failure": "ignore"}, "on_partial_failure"),
    ),
    new_workflow="pl_case_{}",
    with_nonce={"file": f"file://{DOCUMENT}"},
    without_nonce={"file": "https://files.example/a.pdf"},
    shows_nonce={"input_config": "shown"},
)

#: The processing of one document, which stands for extract and segment, too. It has no workflow: the document decides how
#: it ends. So it is not among the rows of all tools, but in the contract tests.
DATALAB_DOCUMENTS = VendorCase(
    name="datalab_documents",
    conn_type="datalab",
    operator_name="DatalabConvertOperator",
    workflow="file",
    input="options",
    make_input=lambda text: {"additional_config": {"text": text}},
    start="convert",
    get_status="check_convert",
    upload="put_file",
    succeeds="https://files.example/a.pdf",
    fails="https://files.example/encrypted.pdf",
    failure="document is encrypted",
    goes_on="https://files.example/never-ends.pdf",
    unknown="datalab://file-no_such_file",
    bad_input=(
        ({"file": "report.pdf"}, "file"),
        ({"file": "datalab://"}, "file"),
        ({"mode": "slow"}, "mode"),
        ({"page_range": ""}, "page_range"),
        ({"max_pages": 0}, "max_pages"),
        ({"output_format": 7}, "output_format"),
        ({"options": ["paginate"]}, "options"),
    ),
    new_workflow="https://files.example/case-{}.pdf",
)

PROMPTLAYER = VendorCase(
    name="promptlayer",
    conn_type="promptlayer",
    workflow="workflow_name",
    input="input_variables",
    start="run",
    get_status="results",
    succeeds="answer-question",
    fails="always-fails",
    failure="content policy",
    goes_on="never-ends",
    unknown="no-such-workflow",
    bad_input=(
        ({"workflow_name": ""}, "workflow_name"),
        ({"workflow_label_name": "prod", "workflow_version_number": 3}, "exclude each other"),
        ({"workflow_version_number": "3"}, "workflow_version_number"),
        ({"input_variables": "hello"}, "input_variables"),
        ({"input_variables": {"ratio": float("nan")}}, "input_variables"),
        ({"metadata": {"attempt": 1}}, "metadata"),
        ({"metadata": ["a"]}, "metadata"),
        ({"callback_url": "example.com"}, "callback_url"),
    ),
    never_ends={"never_ends": True},
)

#: The recalculation of the cells of a sheet. It and the next row are no workflows, and their ids have three parts. So they are not
#: among the rows of all tools, but in the contract tests.
PROMPTLAYER_SHEETS = VendorCase(
    name="promptlayer_sheets",
    conn_type="promptlayer",
    operator_name="PromptLayerRecalculateSheetOperator",
    workflow="table_id",
    input="column_ids",
    make_input=lambda text: [str(uuid.uuid5(uuid.NAMESPACE_OID, text))],
    required={"sheet_id": "00000000-0000-4000-9000-000000000001"},
    start="create_operation",
    get_status="get_operation",
    stop="cancel_operation",
    succeeds="00000000-0000-4000-8000-000000000001",
    fails="00000000-0000-4000-8000-000000000002",
    failure="cells failed",
    goes_on="00000000-0000-4000-8000-000000000003",
    partial="00000000-0000-4000-8000-000000000004",
    unknown="00000000-0000-4000-8000-000000000999",
    bad_input=(
        ({"table_id": ""}, "table_id"),
        ({"table_id": "My table"}, "table_id"),
        ({"table_id": ".."}, "table_id"),
        ({"sheet_id": "a.b"}, "sheet_id"),
        ({"sheet_id": None}, "sheet_id"),
        ({"column_ids": "all"}, "column_ids"),
        ({"column_ids": [""]}, "column_ids"),
        ({"row_indices": [-1]}, "row_indices"),
        ({"row_indices": 3}, "row_indices"),
        ({"statuses": ["stale"]}, "statuses"),
        ({"statuses": "STALE"}, "statuses"),
        ({"confirm": "yes"}, "confirm"),
        ({"on_partial_failure": "ignore"}, "on_partial_failure"),
    ),
    new_workflow="00000000-0000-4000-8000-1{:011}",
)

#: The recalculation of the scorecard of a sheet.
PROMPTLAYER_SCORECARDS = replace(
    PROMPTLAYER_SHEETS,
    name="promptlayer_scorecards",
    operator_name="PromptLayerRecalculateScorecardOperator",
    input="step_ids",
    start="recalculate_scorecard",
    get_status="get_calculation",
    stop=None,
    failure="model is not available",
    partial=None,
    bad_input=(
        ({"table_id": ""}, "table_id"),
        ({"sheet_id": "My sheet"}, "sheet_id"),
        ({"row_indices": [True]}, "row_indices"),
        ({"step_ids": "all"}, "step_ids"),
    ),
)

ALTOSTRAT = VendorCase(
    name="altostrat",
    conn_type="altostrat",
    workflow="workflow_id",
    input="context",
    start="execute",
    get_status="get",
    list_statuses="list",
    secrets=("api_key", "token"),
    succeeds="fl_sync_sites",
    fails="fl_always_fails",
    failure="503 Service Unavailable",
    goes_on="fl_never_ends",
    unknown="fl_no_such_workflow",
    bad_input=(
        ({"workflow_id": ".."}, "workflow_id"),
        ({"context": ["a", "list"]}, "context"),
        ({"context": {"when": object()}}, "context"),
        ({"on_ui_interaction": "click"}, "on_ui_interaction"),
        ({"on_failed_run": "continue"}, "on_failed_run"),
    ),
    new_workflow="fl_case_{}",
    with_nonce={"nonce_key": "start"},
    without_nonce={"nonce_key": None},
    fails_later={"ends": "failed", "failing_node": "n2"},
    continues={"rerun": ("rerun", "rerun_of"), "resume": ("resume", "resumed_from")},
    shows_nonce={"trigger_payload": "shown"},
)

LAMINAR_JOBS = VendorCase(
    name="laminar_jobs",
    conn_type="laminar",
    operator_name="LaminarRunJobOperator",
    workflow="job_path",
    input="payload",
    start="run_job",
    get_status="get_job",
    secrets=("api_key", "trigger_api_key"),
    succeeds="sync-invoices",
    fails="always-fails",
    failure="login was refused",
    goes_on="never-ends",
    partial="partly",
    unknown="no-such-job",
    bad_input=(
        ({"job_path": ""}, "job_path"),
        ({"job_path": "a/../b"}, "job_path"),
        ({"method": "FETCH"}, "method"),
        ({"payload": "text"}, "payload"),
        ({"payload": {"minicor.teach": True}}, "minicor.teach"),
        ({"query": {"async": "0"}}, "async"),
        ({"on_partial_failure": "ignore"}, "on_partial_failure"),
    ),
    without_secret=({"extra": {"trigger_api_key": None}}, "trigger_api_key"),
    address="trigger_url",
    added={"surface": "job"},
)

LAMINAR = VendorCase(
    name="laminar",
    conn_type="laminar",
    workflow="workflow_id",
    input="payload",
    start="execute",
    succeeds="39",
    new_workflow="9{:05}",
)

#: The rows that only the contract tests have.
CONTRACT_ROWS = (DATALAB_DOCUMENTS, PROMPTLAYER_SHEETS, PROMPTLAYER_SCORECARDS)

#: All other rows, by their names.
CASES = {
    case.name: case
    for case in (REFOLD, DATALAB, DATALAB_PIPELINES, PROMPTLAYER, ALTOSTRAT, LAMINAR_JOBS, LAMINAR)
}

#: The rows whose responses are documented and fuzzed.
DOCUMENTED_ROWS = {**CASES, **{row.name: row for row in (PROMPTLAYER_SHEETS, PROMPTLAYER_SCORECARDS)}}

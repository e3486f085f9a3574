"""The rows of the laws, one for each vendor, in its own words; the packages below are what is particular to one."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from airflow_workflow_providers.core.call import Answer
from airflow_workflow_providers.emulator import Emulator
from airflow_workflow_providers.hooks.altostrat import AltostratHook
from airflow_workflow_providers.hooks.base import WorkflowHook
from airflow_workflow_providers.hooks.datalab import DatalabHook
from airflow_workflow_providers.hooks.laminar import LaminarJobHook
from airflow_workflow_providers.hooks.promptlayer import PromptLayerHook
from airflow_workflow_providers.hooks.refold import RefoldHook
from airflow_workflow_providers.operators.altostrat import AltostratExecuteWorkflowOperator
from airflow_workflow_providers.operators.datalab import DatalabExecuteWorkflowOperator
from airflow_workflow_providers.operators.laminar import LaminarRunJobOperator
from airflow_workflow_providers.operators.promptlayer import PromptLayerExecuteWorkflowOperator
from airflow_workflow_providers.operators.refold import RefoldExecuteWorkflowOperator
from airflow_workflow_providers.sensors.altostrat import AltostratExecutionSensor
from airflow_workflow_providers.sensors.datalab import DatalabExecutionSensor
from airflow_workflow_providers.sensors.laminar import LaminarJobExecutionSensor
from airflow_workflow_providers.sensors.promptlayer import PromptLayerExecutionSensor
from airflow_workflow_providers.sensors.refold import RefoldExecutionSensor
from airflow_workflow_providers.triggers.altostrat import AltostratExecutionTrigger
from airflow_workflow_providers.triggers.base import ExecutionTrigger
from airflow_workflow_providers.triggers.datalab import DatalabExecutionTrigger
from airflow_workflow_providers.triggers.laminar import LaminarJobExecutionTrigger
from airflow_workflow_providers.triggers.promptlayer import PromptLayerExecutionTrigger
from airflow_workflow_providers.triggers.refold import RefoldExecutionTrigger


@dataclass(frozen=True)
class Vendor:
    """
    What the laws need to know of a vendor.

    ``start``, ``look`` and ``stop`` are the emulator's names of its operations. The workflows are the emulator's own:
    one that succeeds, one that fails with ``failure`` in its message, one that goes on until it is stopped, one that
    ends with a part undone if the vendor has such an end, and one that it does not know. ``workflow`` is the
    parameter that names them.
    """

    conn_type: str
    hook: type[WorkflowHook]
    operator: Callable[..., Any]
    sensor: Callable[..., Any]
    trigger: type[ExecutionTrigger]
    secrets: tuple[str, ...]
    start: str
    look: str
    stop: str | None
    workflow: str
    required: dict[str, Any]
    succeeds: str
    fails: str
    failure: str
    goes_on: str
    partial: str | None
    unknown: str
    bad_input: tuple[tuple[dict[str, Any], str], ...]
    without_secret: tuple[dict[str, Any], str] = ({"password": None}, "no password")
    address: str = "host"

    def task(self, workflow: str | None = None, **options: Any) -> Any:
        """Return the vendor's operator for a workflow, impatient enough for a test."""
        parameters = {
            "task_id": "run",
            self.workflow: workflow or self.succeeds,
            "poll_interval": 0.01,
            **self.required,
            **options,
        }
        return self.operator(**parameters)

    @property
    def leave(self) -> dict[str, Any]:
        """What lets a run go on at the deadline; a vendor that cannot stop one takes no such parameter."""
        return {"on_timeout": "leave"} if self.stop else {}

    def at(self, address: str) -> dict[str, Any]:
        """Return what a connection's fields must be changed to, so that the vendor is looked for elsewhere."""
        return {"host": address} if self.address == "host" else {"extra": {self.address: address}}

    def __str__(self) -> str:
        """Name the row in a test's id."""
        return self.conn_type


REFOLD = Vendor(
    conn_type="refold",
    hook=RefoldHook,
    operator=RefoldExecuteWorkflowOperator,
    sensor=RefoldExecutionSensor,
    trigger=RefoldExecutionTrigger,
    secrets=("api_key", "token"),
    start="execute",
    look="get",
    stop="stop",
    workflow="workflow_id",
    required={"slug": "hubspot"},
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
    ),
)

DATALAB = Vendor(
    conn_type="datalab",
    hook=DatalabHook,
    operator=DatalabExecuteWorkflowOperator,
    sensor=DatalabExecutionSensor,
    trigger=DatalabExecutionTrigger,
    secrets=("api_key",),
    start="execute",
    look="get",
    stop=None,
    workflow="workflow_id",
    required={},
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
)

PROMPTLAYER = Vendor(
    conn_type="promptlayer",
    hook=PromptLayerHook,
    operator=PromptLayerExecuteWorkflowOperator,
    sensor=PromptLayerExecutionSensor,
    trigger=PromptLayerExecutionTrigger,
    secrets=("api_key",),
    start="run",
    look="results",
    stop=None,
    workflow="workflow_name",
    required={},
    succeeds="answer-question",
    fails="always-fails",
    failure="content policy",
    goes_on="never-ends",
    partial=None,
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
)

ALTOSTRAT = Vendor(
    conn_type="altostrat",
    hook=AltostratHook,
    operator=AltostratExecuteWorkflowOperator,
    sensor=AltostratExecutionSensor,
    trigger=AltostratExecutionTrigger,
    secrets=("api_key", "token"),
    start="execute",
    look="get",
    stop=None,
    workflow="workflow_id",
    required={},
    succeeds="fl_sync_sites",
    fails="fl_always_fails",
    failure="503 Service Unavailable",
    goes_on="fl_never_ends",
    partial=None,
    unknown="fl_no_such_workflow",
    bad_input=(
        ({"workflow_id": ".."}, "workflow_id"),
        ({"context": ["a", "list"]}, "context"),
        ({"context": {"when": object()}}, "context"),
        ({"on_ui_interaction": "click"}, "on_ui_interaction"),
    ),
)

LAMINAR_JOBS = Vendor(
    conn_type="laminar",
    hook=LaminarJobHook,
    operator=LaminarRunJobOperator,
    sensor=LaminarJobExecutionSensor,
    trigger=LaminarJobExecutionTrigger,
    secrets=("api_key", "trigger_api_key"),
    start="run_job",
    look="look_job",
    stop=None,
    workflow="job_path",
    required={},
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
)

#: Laminar's external call is no row: it has no id, so that it cannot be looked at, taken up or stopped. What holds of
#: it stands in ``tests/vendors/laminar``; the laws that do not reach it are named in CONTRIBUTING.md.
VENDORS = [LAMINAR_JOBS, DATALAB, REFOLD, PROMPTLAYER, ALTOSTRAT]

#: The quick check holds one vendor to the laws, the whole test every one.
ROWS = [
    pytest.param(vendor, id=str(vendor), marks=[] if vendor is REFOLD else [pytest.mark.every_vendor])
    for vendor in VENDORS
]


def answer(body: Any, status: int = 200, **headers: str) -> Answer:
    """Return an answer with this body: JSON, unless it is bytes; an underscore in a header's name is a hyphen."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Answer(status, {name.replace("_", "-"): value for name, value in headers.items()}, content)


def failed_connection_test(
    vendor: Vendor,
    emulator: Emulator,
    monkeypatch: pytest.MonkeyPatch,
    operation: str,
    fault: str,
    options: dict[str, Any],
) -> str:
    """Test the connection while the vendor's answer is spoilt; return the one sentence that a person is shown."""
    monkeypatch.setattr("airflow_workflow_providers.hooks.base.TEST_LIMIT", 0.3)
    emulator.fail(vendor.conn_type, operation, fault, **options)

    ok, sentence = vendor.hook().test_connection()

    assert not ok
    assert sentence.startswith(f"{vendor.hook.hook_name} could not check the connection: ")
    assert "\n" not in sentence
    return sentence

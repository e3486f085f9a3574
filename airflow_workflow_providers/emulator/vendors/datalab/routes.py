"""Datalab's routes: what each one does."""

import secrets
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from airflow_workflow_providers.emulator.ledger import Ledger
from airflow_workflow_providers.emulator.lifecycle import Clock
from airflow_workflow_providers.emulator.limits import Limit
from airflow_workflow_providers.emulator.lists import LISTS
from airflow_workflow_providers.emulator.messages import Incoming, Reply, Route, padded
from airflow_workflow_providers.emulator.vendor import EmulatedVendor
from airflow_workflow_providers.emulator.vendors.datalab import replies
from airflow_workflow_providers.emulator.vendors.datalab.definitions import Definitions
from airflow_workflow_providers.emulator.vendors.datalab.documents import (
    DEFAULT_PROCESSORS,
    PROCESSORS,
    Documents,
    Processor,
)
from airflow_workflow_providers.emulator.vendors.datalab.executions import Executions
from airflow_workflow_providers.emulator.vendors.datalab.files import Files
from airflow_workflow_providers.emulator.vendors.datalab.inputs import INTEGER
from airflow_workflow_providers.emulator.vendors.datalab.pipeline_definitions import PipelineDefinitions
from airflow_workflow_providers.emulator.vendors.datalab.pipeline_executions import PipelineExecutions
from airflow_workflow_providers.emulator.vendors.datalab.pipelines import DEFAULT_PIPELINES, PREFIX, Pipeline
from airflow_workflow_providers.emulator.vendors.datalab.workflows import DEFAULT_WORKFLOWS, Workflow

_SIGNATURE = "X-Amz-Signature"
#: The operations of the storage service, which take the signature in a URL and not the key.
_STORAGE = frozenset({"output", "put_file", "stored_file"})


class Datalab(EmulatedVendor[Workflow | Pipeline | Processor]):
    """One team with one API key."""

    name = "datalab"
    secret_headers = ("x-api-key",)
    secret_parameters = (_SIGNATURE,)
    secrets = ("api_key",)
    #: "400 requests every 60 seconds" for an endpoint, in the words of the 429. Another page has 200.
    rate_limit = Limit(400 / 60, 400)
    default_workflows = (*DEFAULT_WORKFLOWS, *DEFAULT_PIPELINES, *DEFAULT_PROCESSORS)
    # ``start_id_field``: the field of a start's reply that has the id; the vendor's client reads both, the page names
    # none. ``steps``: "nested" by file as the vendor's client reads them, or "flat" as on the page Get Execution Status.
    # ``queued``: whether runs pass through QUEUED, which that page lists and Workflow Concepts does not.
    # ``step_type_key``: the key of a step's type, "type" in the vendor's recipe and "step_type" on the page of its client.
    # Of pipelines: ``input_config``: whether an execution shows what it was started with, of which the page Get Pipeline
    # Execution says only that it is an object or null. ``unfinished_step``: the status with which the result of a step is
    # refused that has none yet, inferred. ``later_steps``: the status of steps after one that failed; only a third party
    # names "skipped", the other one is inferred.
    # ``unusable_file``: what follows from a reference to a file that does not exist or whose upload has not been confirmed:
    # an execution that fails, or HTTP 400. Both are inferred; Confirm Upload says that it makes a file available.
    # ``list``: how the list of a pipeline's executions differs from the executions.
    variants = MappingProxyType(
        {
            "start_id_field": ("execution_id", "id"),
            "steps": ("nested", "flat"),
            "queued": (False, True),
            "step_type_key": ("type", "step_type"),
            "input_config": ("hidden", "shown"),
            "unfinished_step": (404, 400),
            "later_steps": ("pending", "skipped"),
            "unusable_file": ("fails", "refused"),
            "list": LISTS,
        }
    )

    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        self._files = Files(self)
        self._workflow_definitions = Definitions(self)
        self._pipeline_definitions = PipelineDefinitions(self)
        self._documents = Documents(self, self._files)
        super().__init__(ledger, clock)
        # A revocation renews the key and not the signature: signed URLs stay valid. The signature is still a secret.
        self.issued_secrets.add(self.account["signature"])

    def new_credentials(self) -> dict[str, str]:
        """Return a key, and the signature in the URL of every output."""
        return {**super().new_credentials(), "signature": secrets.token_hex(32)}

    def connection(self, base_url: str) -> dict[str, Any]:
        """Return a connection that lists the emulator among the hosts of results, because it is not a public one."""
        known = super().connection(base_url)
        return {**known, "extra": {"download_hosts": urlsplit(base_url).hostname}}

    def build_routes(self) -> tuple[Route, ...]:
        """Return the routes of workflows, pipelines, documents and files, and of what is behind signed URLs."""
        return (
            Route("user_health", "GET", "/api/v1/user_health", self._user_health),
            *Executions(self, self._files).routes(),
            *self._workflow_definitions.routes(),
            *PipelineExecutions(self, self._pipeline_definitions, self._files).routes(),
            *self._pipeline_definitions.routes(),
            *self._documents.routes(),
            *self._files.routes(),
        )

    def reset(self) -> None:
        """Forget files and changes of definitions, too."""
        super().reset()
        self._files.reset()
        self._workflow_definitions.reset()
        self._pipeline_definitions.reset()

    def add_workflow(self, workflow_id: str, **options: Any) -> dict[str, Any]:
        """
        Add a workflow by its number, or a pipeline, or change a processor of documents, for all or for one by its address.

        :class:`Workflow`, :class:`Pipeline` and :class:`Processor` have the options.
        """
        added: Workflow | Pipeline | Processor
        if workflow_id.startswith(PREFIX):
            added = Pipeline.from_options(workflow_id, options)
        elif workflow_id in PROCESSORS or "://" in workflow_id:
            added = Processor.from_options(workflow_id, options)
        elif INTEGER.fullmatch(workflow_id) and int(workflow_id) > 0:
            added = Workflow.from_options(int(workflow_id), options)
        else:
            others = ", ".join(PROCESSORS)
            raise ValueError(
                f"`workflow_id` is a whole number from 1, {PREFIX}..., the address of a document, or one of {others}."
            )
        self.workflows[added.key] = added
        return {"workflow_id": workflow_id}

    def workflow_id_of(self, incoming: Incoming) -> str | None:
        """Return the workflow, the pipeline or the processor."""
        if incoming.operation in PROCESSORS:
            return self._documents.name_of(incoming)
        return incoming.path_params.get("workflow_id") or incoming.path_params.get("pipeline_id")

    def authenticate(self, incoming: Incoming) -> Reply | None:
        """Refuse a request without the key; the storage service needs the signature in the URL instead."""
        if incoming.operation not in _STORAGE:
            return super().authenticate(incoming)
        valid = incoming.query.get(_SIGNATURE) == self.account["signature"]
        return None if valid else self.error(incoming.operation, 403)

    def counted_as(self, operation: str) -> str | None:
        """Return the operation, because the limit is one for each endpoint; the storage service has none."""
        return None if operation in _STORAGE else operation

    def error(self, operation: str, status: int, message: str | None = None) -> Reply:
        """Return an error of the API, or of the storage service that has the results."""
        if operation in _STORAGE:
            return replies.storage_error(status, message)
        path = next((route.path for route in self.routes if route.operation == operation), "")
        return replies.error(path, status, message)

    def with_status(self, body: Any, status: Any) -> Any:
        """Set the status of an execution, or of each in a list."""
        if "executions" in body:
            return {**body, "executions": [{**each, "status": status} for each in body["executions"]]}
        return super().with_status(body, status)

    def with_output_size(self, body: Any, size: int) -> Any:
        """Pad a cell, since a workflow's output is its steps; else the body itself, or a file."""
        if isinstance(body, bytes):
            return body.ljust(size, b"x")
        steps = body.get("steps")
        for name, step in (steps if isinstance(steps, dict) else {}).items():
            if "status" in step:
                return {**body, "steps": {**body["steps"], name: padded(step, size)}}
            key, cell = next(iter(step.items()))
            return {**body, "steps": {**body["steps"], name: {**step, key: padded(cell, size)}}}
        return padded(body, size)

    @staticmethod
    def _user_health(_: Incoming) -> Reply:
        """User Health."""
        return Reply(200, {"status": "ok"})

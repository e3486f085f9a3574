"""
Processing of one document without a workflow: convert, extract, segment.

The page API Overview has the pattern that all processors follow: submit, check, read the result
(documentation.datalab.to/docs/welcome/api).
"""

import secrets
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from airflow_workflow_providers.emulator.ledger import Run
from airflow_workflow_providers.emulator.messages import Incoming, Reply, Route
from airflow_workflow_providers.emulator.vendor import EmulatedVendor
from airflow_workflow_providers.emulator.vendors.datalab import replies
from airflow_workflow_providers.emulator.vendors.datalab.files import Files
from airflow_workflow_providers.emulator.vendors.datalab.inputs import is_true, problems_in_form
from airflow_workflow_providers.emulator.workflow import EmulatedWorkflow


@dataclass(frozen=True)
class Processor(EmulatedWorkflow):
    """
    A processor, and how its requests go.

    :param name: ``convert``, ``extract`` or ``segment``; or the address of a document with which they go otherwise.
    :param ends: the status in which its requests end: complete or failed; None for requests that never end.
    :param error: the message of a request that failed.
    :param output: fields of a result, besides the usual ones.
    """

    slashes: ClassVar[bool] = True

    name: str
    ends: str | None = "complete"
    error: str = "The document could not be processed"
    output: dict[str, Any] = field(default_factory=dict)


_PROCESSORS = (Processor("convert"), Processor("extract"), Processor("segment"))
DEFAULT_PROCESSORS = (
    *_PROCESSORS,
    Processor("https://files.example/encrypted.pdf", ends="failed", error="document is encrypted"),
    Processor("https://files.example/never-ends.pdf", ends=None),
)
#: Where a document comes from that need not be converted again (Extract, Segment).
_SOURCES = ("file", "file_url", "checkpoint_id")
PROCESSORS = tuple(processor.name for processor in _PROCESSORS)


class Documents:
    """What processes a document. Its requests are runs of the processor in the ledger."""

    def __init__(self, vendor: EmulatedVendor[Any], files: Files) -> None:
        self._vendor = vendor
        self._files = files

    def routes(self) -> tuple[Route, ...]:
        """Return the two routes of each processor; the operation of the second is ``check_`` and its name."""
        return tuple(
            route
            for name in PROCESSORS
            for route in (
                Route(name, "POST", f"/api/v1/{name}", self._submit, takes="form"),
                Route(
                    f"check_{name}",
                    "GET",
                    f"/api/v1/{name}/{{execution_id}}",
                    self._check,
                    returns_status=True,
                ),
            )
        )

    def name_of(self, incoming: Incoming) -> str:
        """Return the address of a document with which requests go otherwise, or else the processor."""
        address = incoming.body.get("file_url") if isinstance(incoming.body, dict) else None
        if isinstance(address, str) and "://" in address and address in self._vendor.workflows:
            return address
        return incoming.operation

    def _submit(self, incoming: Incoming) -> Reply:
        """Submit a document."""
        sources = ("file", "file_url") if incoming.operation == "convert" else _SOURCES
        if problems := problems_in_form(incoming.body, sources):
            return replies.invalid(*problems)
        given = dict(incoming.body)
        name = self.name_of(incoming)
        processor = replace(self._vendor.workflows[name], name=incoming.operation)
        if (problem := self._files.problem_with(given.get("file_url", ""))) is not None:
            if self._files.refuses:
                return self._vendor.error(incoming.operation, 400, problem)
            processor = replace(processor, ends="failed", error=problem)
        lifecycle = self._vendor.lifecycle(processor, "processing")
        request_id = secrets.token_urlsafe(12)
        self._vendor.start(Run(self._vendor.name, request_id, name, given, lifecycle, "ASYNC"), processor)
        body = {
            "success": True,
            "error": None,
            "request_id": request_id,
            "request_check_url": f"{replies.base_url(incoming)}/api/v1/{processor.name}/{request_id}",
            "versions": None,
        }
        return Reply(200, body, execution_id=request_id)

    def _check(self, incoming: Incoming) -> Reply:
        """Check for the result. Only the status is there before."""
        run, processor = self._vendor.runs.get(incoming.path_params["execution_id"], (None, None))
        name = incoming.operation.removeprefix("check_")
        if run is None or not isinstance(processor, Processor) or processor.name != name:
            return self._vendor.error(incoming.operation, 404, "Request not found")
        status = run.lifecycle.check()
        if status == "processing":
            return Reply(200, {"status": status})
        error = processor.error if status == "failed" else None
        output_format = run.input.get("output_format", "markdown")
        result = replies.document(name, replies.source_of(run.input), output_format, error)
        if error is not None:
            return Reply(200, {**result, "status": status})
        saves = is_true(run.input.get("save_checkpoint"))
        result["checkpoint_id"] = f"checkpoint-{run.execution_id}" if saves else None
        return Reply(200, {**result, "status": status, **processor.output})

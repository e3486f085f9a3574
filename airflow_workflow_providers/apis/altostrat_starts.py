"""
Altostrat SDX, its other ways to start a run: to run one again, to resume a failed one, and to wait for the response.

Pages: "Re-run a workflow", "Resume a failed workflow" and "Execute a synchronous workflow" of the API reference at
https://altostrat.io/docs/. Where they leave something open, a comment names the page.
"""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from airflow_workflow_providers.apis.altostrat import EXECUTION, Started, read_start
from airflow_workflow_providers.core.execution import Execution, State
from airflow_workflow_providers.core.parameters import id_or_name, json_object, segment
from airflow_workflow_providers.core.request import NOT_IMPLEMENTED, Request, Response
from airflow_workflow_providers.core.text import shown

#: How long a synchronous run is waited for, in seconds: Altostrat ends it after 30 s.
SYNC_LIMIT = 35.0


class _Again(BaseModel):
    new_run: Started


def rerun_run(execution_id: str) -> Request[Execution]:
    """
    Start a new run with the payload of an earlier one that has completed or failed.

    It is described at https://altostrat.io/docs/api/en/workflow-runs/re-run-a-workflow

    :param execution_id: the earlier run, ``fl_run_...``.
    :return: the new run, which is not over.
    :raises InvalidInput: if it is no id; nothing was sent.
    :raises LostStart: if the response was lost, so that a new run may exist.
    """
    run = id_or_name("execution_id", execution_id)
    path = f"{EXECUTION.format(segment('execution_id', run))}/rerun"
    return _again(f"rerun execution {shown(run)}", path, {"rerun_of": run})


def resume_run(execution_id: str, node_id: str) -> Request[Execution]:
    """
    Start a new run that continues a failed one after one of its nodes.

    It is described at https://altostrat.io/docs/api/en/workflow-runs/resume-a-failed-workflow

    :param execution_id: the failed run, ``fl_run_...``.
    :param node_id: a node of it that has succeeded; the new run inherits what the failed one knew up to this node.
    :return: the new run, which is not over.
    :raises InvalidInput: if a parameter is wrong; nothing was sent.
    :raises LostStart: if the response was lost, so that a new run may exist.
    """
    run, node = id_or_name("execution_id", execution_id), id_or_name("node_id", node_id)
    path = f"{EXECUTION.format(segment('execution_id', run))}/resume-from/{segment('node_id', node)}"
    summary = f"resume execution {shown(run)} from node {shown(node)}"
    return _again(summary, path, {"resumed_from": run, "node_id": node})


def _again(summary: str, path: str, fingerprint_input: Mapping[str, Any]) -> Request[Execution]:
    def read(response: Response) -> Execution:
        return read_start(response, response.parse(_Again).new_run)

    return Request(summary, "POST", path, parse=read, starts_run=True, fingerprint_input=fingerprint_input)


def execute_workflow_sync(workflow_id: str, *, payload: dict[str, Any] | None = None) -> Request[Execution]:
    """
    Run a workflow that has a synchronous trigger, and return when it is over, after 30 s at the most.

    It is described at https://altostrat.io/docs/api/en/workflows/execute-a-synchronous-workflow

    :param workflow_id: its id, ``fl_...``.
    :param payload: its input, a JSON object; default: ``{}``.
    :return: the response of its last node as the ``output``: JSON of any type, or text. The run has no id.
    :raises InvalidInput: if a parameter is wrong; nothing was sent.
    :raises LostStart: if there was no response within 35 s or it was lost, so that a run may be going; and if the run
        failed: Altostrat documents no response that tells this from a failure of its own.
    """
    workflow, body = id_or_name("workflow_id", workflow_id), json_object("payload", payload)
    return Request(
        f"run workflow {shown(workflow)}",
        "POST",
        f"/workflows/sync/{segment('workflow_id', workflow)}",
        body=body,
        parse=_read_sync,
        starts_run=True,
        fingerprint_input={"workflow_id": workflow, "payload": body},
        accepts=lambda response: response.ok or response.status == NOT_IMPLEMENTED,
        timeout=SYNC_LIMIT,
    )


def _read_sync(response: Response) -> Execution:
    """
    Read the output of a run, which is what its last node returns.

    The page says "object", and also that the node determines the form. So a text is an output too.
    https://altostrat.io/docs/api/en/workflows/execute-a-synchronous-workflow
    """
    if response.status == NOT_IMPLEMENTED:
        # Altostrat does not support the request, or the run has failed with this status: a run may exist.
        raise response.unexpected(f": {response.quote()!r}")
    return Execution(None, State.SUCCEEDED, f"HTTP {response.status}", response.json_or_text())

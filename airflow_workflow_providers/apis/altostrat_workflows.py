"""
Altostrat SDX, its workflows, what their runs have logged, and whose access they use.

Pages: "List all workflows", "Retrieve a workflow", "List workflow logs", "List recent workflow logs" and "List workflow
authorizations" of the API reference at https://altostrat.io/docs/, and "Get workflow log statistics" of the older one.
"""

from typing import Any, TypeVar

from pydantic import BaseModel, RootModel

from airflow_workflow_providers.core.parameters import id_or_name, segment
from airflow_workflow_providers.core.request import JsonObject, Request, Response, read_request
from airflow_workflow_providers.core.text import HIDDEN, WEBHOOK_TOKEN, shown

T = TypeVar("T")

#: The path of all workflows.
WORKFLOWS = "/workflows"


class Page(BaseModel):
    """One page of a list, as the vendor's framework makes it."""

    data: list[dict[Any, Any]]


class Listed(RootModel[list[Any] | Page]):
    """An array, as the pages have it, or a page of items, as this vendor's list of runs is."""


def list_workflows() -> Request[list[dict[str, Any]]]:
    """
    List the workflows.

    They are described at https://altostrat.io/docs/api/en/workflows/list-all-workflows

    :return: for each ``id``, ``name``, ``description``, ``schedule_type``, ``is_active``, ``webhook_url`` and so on. Whoever
        has the address of a webhook can start its workflow, so its secret part is not returned: ``***`` replaces it.
    """
    return _listed("list workflows", WORKFLOWS)


def get_workflow(workflow_id: str) -> Request[dict[str, Any]]:
    """
    Read a workflow.

    It is described at https://altostrat.io/docs/api/en/workflows/retrieve-a-workflow

    :param workflow_id: its id, ``fl_...``.
    :return: what :func:`list_workflows` returns of it, with ``nodes`` and ``edges``. The secret part of the address of its
        webhook, and of any other in its nodes, is not returned: ``***`` replaces it. Another secret that somebody has typed
        into a node, and not stored in Altostrat's vault, is returned as it is.
    :raises InvalidInput: if it is no id; nothing was sent.
    """
    return _about("read workflow", workflow_id, "")


def list_workflow_logs(workflow_id: str) -> Request[list[dict[str, Any]]]:
    """
    List what the runs of a workflow have logged.

    It is described at https://altostrat.io/docs/api/en/workflow-logs/list-workflow-logs

    The page speaks of filters, and describes none.

    :param workflow_id: the workflow, ``fl_...``.
    :return: for each step of each run ``id``, ``node_id``, ``component_id``, ``status`` (``success``, ``error`` or
        ``warning``), ``output`` and ``created_at``. The secret part of the address of a webhook is not returned.
    :raises InvalidInput: if it is no id; nothing was sent.
    """
    return _about("list the logs of workflow", workflow_id, "/logs", model=Listed)


def list_recent_logs() -> Request[list[dict[str, Any]]]:
    """
    List the latest entry in the logs of each workflow.

    It is described at https://altostrat.io/docs/api/en/workflow-logs/list-recent-workflow-logs

    :return: as of :func:`list_workflow_logs`.
    """
    return _listed("list recent logs", f"{WORKFLOWS}/logs/recent")


def get_log_statistics(workflow_id: str) -> Request[dict[str, Any]]:
    """
    Read how the runs of a workflow went, in numbers.

    Only an older reference describes it:
    https://docs.altostrat.io/api-reference/spa/workflows/history-&-monitoring/get-workflow-log-statistics

    :param workflow_id: the workflow, ``fl_...``.
    :return: ``log_statuses``: how many entries of its logs have each status; ``recent_runs``: how many runs of the last 30
        days have each status; ``total_runs``; and ``success_rate``, the percentage of them that completed.
    :raises InvalidInput: if it is no id; nothing was sent.
    """
    return _about("read the log statistics of workflow", workflow_id, "/logs/stats")


def list_authorizations() -> Request[list[dict[str, Any]]]:
    """
    List the authorizations with which workflows act for a user.

    They are described at https://altostrat.io/docs/api/en/authorizations/list-workflow-authorizations

    :return: for each ``id``, ``user_id``, ``provider``, ``status`` and ``created_at``.
    """
    return _listed("list authorizations", f"{WORKFLOWS}/authorization")


def without_webhooks(value: T) -> T:
    """
    Hide the secret part of each address of a webhook.

    What a hook returns may be stored as an XCom, which many can read.

    :param value: an object or an array of parsed JSON, however deep; it is changed in place.
    :return: the same value.
    """
    rest: list[Any] = [value]
    while rest:
        holder = rest.pop()
        members = holder.items() if isinstance(holder, dict) else enumerate(holder)
        for name, member in members:
            if isinstance(member, str):
                holder[name] = _hidden(name, member)
            elif isinstance(member, (dict, list)):
                rest.append(member)
    return value


def _hidden(name: str | int, text: str) -> str:
    if name == "webhook_url" and text:
        # The form of the token is that of an example, so in an address of another form everything is hidden.
        token = WEBHOOK_TOKEN.search(text)
        return (text[: token.start()] if token else "") + HIDDEN
    return WEBHOOK_TOKEN.sub(HIDDEN, text)


def _about(
    summary: str, workflow_id: str, below: str, *, model: type[BaseModel] = JsonObject
) -> Request[Any]:
    workflow = id_or_name("workflow_id", workflow_id)
    path = f"{WORKFLOWS}/{segment('workflow_id', workflow)}{below}"
    return _read(f"{summary} {shown(workflow)}", path, model)


def _listed(summary: str, path: str) -> Request[Any]:
    return _read(summary, path, Listed)


def _read(summary: str, path: str, model: type[BaseModel]) -> Request[Any]:
    request = read_request(summary, path, model=model)

    def parse(response: Response) -> Any:
        body = request.parse(response)
        return without_webhooks(body["data"] if model is Listed and isinstance(body, dict) else body)

    return request.read_as(summary, parse)

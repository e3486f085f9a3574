"""
Refold, its workflows and the batches of a node.

Pages: "List Workflows", "Get Workflow", "List Enabled Workflows", "List Workflow Versions", "Get Workflow Request Structure"
and "List Node Batches" of the API reference at https://docs.refold.ai/.
"""

from datetime import date
from typing import Any, Literal

from pydantic import RootModel

from airflow_workflow_providers.apis.refold_lists import Page
from airflow_workflow_providers.core.parameters import id_or_name, one_of, segment, whole_number
from airflow_workflow_providers.core.request import Request, read_request
from airflow_workflow_providers.core.text import shown

#: The path of all workflows.
WORKFLOWS = "/api/v2/public/workflow"


class _Enabled(RootModel[list[Any]]):
    """An array: every other list of this vendor is a page."""


def list_workflows(
    *,
    scope: Literal["private"] | None = None,
    name: str | None = None,
    slug: str | None = None,
    application_id: str | None = None,
    published: bool | None = None,
    start_date: date | str | None = None,
    end_date: date | str | None = None,
    page: int = 1,
    limit: int = 10,
) -> Request[dict[str, Any]]:
    """
    Read one page of workflows.

    They are described at https://docs.refold.ai/v3/api-reference/workflows/list-workflows

    :param scope: ``"private"``: those of the linked account; default: the public ones of the organisation.
    :param name: a regular expression for their names.
    :param slug: of their application.
    :param application_id: of their application.
    :param published: whether they are published; default: both.
    :param start_date: created since then.
    :param end_date: created until then.
    :param page: from 1.
    :param limit: how many a page has; default: 10.
    :return: Refold's page: ``docs``, each with ``_id``, ``name``, ``published`` and ``slug``, then ``totalDocs``,
        ``hasNextPage`` and so on.
    :raises InvalidInput: if a parameter is wrong; nothing was sent.
    """
    query = {
        "scope": None if scope is None else one_of("scope", scope, ("private",)),
        "name": name,
        "slug": slug,
        "application_id": application_id,
        "published": published,
        "start_date": start_date,
        "end_date": end_date,
        **_paging(page, limit),
    }
    return read_request("list workflows", WORKFLOWS, model=Page, query=query)


def get_workflow(workflow_id: str) -> Request[dict[str, Any]]:
    """
    Read a workflow.

    It is described at https://docs.refold.ai/v3/api-reference/workflows/get-workflow

    Refold takes no token here, only an API key.

    :param workflow_id: its id.
    :return: ``_id``, ``name``, ``published``, ``slug``, ``nodes``, ``edges`` and so on.
    :raises InvalidInput: if it is no id; nothing was sent.
    """
    return _about("read workflow", workflow_id, "")


def list_enabled_workflows() -> Request[list[dict[str, Any]]]:
    """
    List the workflows that the linked account has enabled.

    They are described at https://docs.refold.ai/v3/api-reference/workflows/list-enabled-workflows

    :return: for each ``id``, ``name``, ``description``, ``icon``, ``config_id`` and ``application``.
    """
    return read_request("list the enabled workflows", f"{WORKFLOWS}/enabled", model=_Enabled)


def list_workflow_versions(workflow_id: str, *, page: int = 1, limit: int = 10) -> Request[dict[str, Any]]:
    """
    Read one page of the published versions of a private workflow, newest first.

    They are described at https://docs.refold.ai/v3/api-reference/workflows/versions

    :param workflow_id: its id.
    :param page: from 1.
    :param limit: how many a page has; default: 10.
    :return: Refold's page: ``docs``, each with ``version``, ``_id`` and ``createdAt``, and so on.
    :raises InvalidInput: if a parameter is wrong; nothing was sent.
    """
    return _about(
        "list the versions of workflow", workflow_id, "/versions", model=Page, query=_paging(page, limit)
    )


def get_request_structure(workflow_id: str) -> Request[dict[str, Any]]:
    """
    Read what a workflow expects as its payload.

    It is described at https://docs.refold.ai/v3/api-reference/workflows/request-structure

    :param workflow_id: its id.
    :return: ``payload``, an example, ``schema``, a JSON Schema, and ``schema_interpreted``; each may be ``None``.
    :raises InvalidInput: if it is no id; nothing was sent.
    """
    return _about("read the request structure of workflow", workflow_id, "/request-structure")


def list_node_batches(
    execution_id: str, node_id: str, *, status: str | None = None, page: int = 1, limit: int = 10
) -> Request[dict[str, Any]]:
    """
    Read one page of the batches that a node of an execution has worked on.

    They are described at https://docs.refold.ai/v3/api-reference/executions/list-batches

    :param execution_id: the execution.
    :param node_id: the node.
    :param status: of the batches; default: any.
    :param page: from 1.
    :param limit: how many a page has; default: 10.
    :return: Refold's page: ``docs``, each with ``batch_index``, ``status`` and ``output``, and so on.
    :raises InvalidInput: if a parameter is wrong; nothing was sent.
    :raises RequestRejected: if Refold has no batches of this node: it responds with HTTP 501.
    """
    execution, node = id_or_name("execution_id", execution_id), id_or_name("node_id", node_id)
    return read_request(
        f"list the batches of node {shown(node)} of execution {shown(execution)}",
        f"/api/v2/public/execution/{segment('execution_id', execution)}/nodes/{segment('node_id', node)}/batches",
        model=Page,
        query={"status": status, **_paging(page, limit)},
    )


def _about(summary: str, workflow_id: str, below: str, **options: Any) -> Request[Any]:
    workflow = id_or_name("workflow_id", workflow_id)
    path = f"{WORKFLOWS}{below}/{segment('workflow_id', workflow)}"
    return read_request(f"{summary} {shown(workflow)}", path, **options)


def _paging(page: int, limit: int) -> dict[str, int]:
    return {"page": whole_number("page", page, least=1), "limit": whole_number("limit", limit, least=1)}

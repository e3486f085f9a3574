"""
Datalab, the definitions of workflows and of pipelines.

Pages: "List Workflows", "Get Workflow", "List Step Types", "List Pipelines", "Get Pipeline", "List Pipeline Versions" and "Get
Pipeline Rate" of the API reference at https://documentation.datalab.to/. Where they leave something open, a comment names the
page.
"""

from typing import Any

from pydantic import BaseModel

from airflow_workflow_providers.apis.datalab import workflow_number
from airflow_workflow_providers.core.parameters import flag, id_or_name, segment, text, whole_number
from airflow_workflow_providers.core.request import Request, read_request
from airflow_workflow_providers.core.text import shown

#: The path of all workflows, and of all pipelines.
WORKFLOWS = "/api/v1/workflows/workflows"
PIPELINES = "/api/v1/pipelines"

#: The most pipelines of one page.
_PAGE = 200


class _Workflows(BaseModel):
    # The page has an empty schema; the vendor's own client reads this field. One odd entry must not hide the others, here and
    # below: https://documentation.datalab.to/api-reference/list-workflows
    workflows: list[Any]


class _StepTypes(BaseModel):
    # As for workflows: https://documentation.datalab.to/api-reference/list-step-types
    step_types: list[Any]


class _Pipelines(BaseModel):
    pipelines: list[Any]


class _Versions(BaseModel):
    versions: list[Any]


def list_workflows(*, team_id: int | None = None) -> Request[dict[str, Any]]:
    """
    List the workflows, all at once: there are no pages.

    They are described at https://documentation.datalab.to/api-reference/list-workflows

    :param team_id: the number of their team; default: the team of the API key.
    :return: ``workflows``, each like the one of ``get_workflow``.
    :raises InvalidInput: if a parameter is wrong; nothing was sent.
    """
    query = {"team_id": None if team_id is None else whole_number("team_id", team_id)}
    return read_request("list workflows", WORKFLOWS, model=_Workflows, query=query)


def get_workflow(workflow_id: int | str) -> Request[dict[str, Any]]:
    """
    Read the definition of a workflow.

    It is described at https://documentation.datalab.to/api-reference/get-workflow

    :param workflow_id: its number.
    :return: ``id``, ``name``, ``team_id`` and ``steps``, each with ``step_key``, ``unique_name``, ``settings``, ``depends_on``
        and so on.
    :raises InvalidInput: if it is no number; nothing was sent.
    :raises NotFound: if there is no such workflow.
    """
    number = workflow_number(workflow_id)
    return read_request(f"read workflow {number}", f"{WORKFLOWS}/{number}")


def list_step_types() -> Request[dict[str, Any]]:
    """
    List the types of steps that a workflow can have.

    They are described at https://documentation.datalab.to/api-reference/list-step-types

    :return: ``step_types``, each with ``version``, ``name``, ``description``, ``settings_schema``, and its key. Datalab's
        command reads the key from ``type``, another of its pages has ``step_type``: it is returned as Datalab sends it.
    """
    return read_request("list the types of steps", "/api/v1/workflows/step-types", model=_StepTypes)


def list_pipelines(
    *, saved_only: bool = True, include_archived: bool = False, limit: int = 50, offset: int = 0
) -> Request[dict[str, Any]]:
    """
    Read one page of the team's pipelines.

    They are described at https://documentation.datalab.to/api-reference/pipelines/list-pipelines

    :param saved_only: leave out those that have never been saved; default: yes.
    :param include_archived: list those that are archived, too; default: no.
    :param limit: how many at the most, 1 to 200; default: 50.
    :param offset: how many are left out before; default: 0.
    :return: Datalab's page: ``pipelines``, each like the one of ``get_pipeline``, and ``total``.
    :raises InvalidInput: if a parameter is wrong; nothing was sent.
    """
    query = {
        "saved_only": flag("saved_only", saved_only),
        "include_archived": flag("include_archived", include_archived),
        "limit": whole_number("limit", limit, least=1, most=_PAGE),
        "offset": whole_number("offset", offset),
    }
    return read_request("list pipelines", PIPELINES, model=_Pipelines, query=query)


def get_pipeline(pipeline_id: str) -> Request[dict[str, Any]]:
    """
    Read the definition of a pipeline: its draft, and which version is published.

    It is described at https://documentation.datalab.to/api-reference/pipelines/get-pipeline

    :param pipeline_id: the pipeline, ``pl_...``.
    :return: ``pipeline_id``, ``name``, ``steps``, ``is_saved``, ``archived``, ``active_version`` (0: none is published) and so
        on.
    :raises InvalidInput: if it is no id; nothing was sent.
    :raises NotFound: if there is no such pipeline.
    """
    return _about("read", pipeline_id, "")


def list_pipeline_versions(pipeline_id: str) -> Request[dict[str, Any]]:
    """
    List the published versions of a pipeline, newest first, all at once.

    They are described at https://documentation.datalab.to/api-reference/pipelines/list-pipeline-versions

    :param pipeline_id: the pipeline, ``pl_...``.
    :return: ``versions``, each with ``version``, ``steps``, ``description`` and ``created``, and ``total``.
    :raises InvalidInput: if it is no id; nothing was sent.
    :raises NotFound: if there is no such pipeline.
    """
    return _about("list the versions of", pipeline_id, "/versions", model=_Versions)


def get_pipeline_rate(pipeline_id: str, *, processing_location: str | None = None) -> Request[dict[str, Any]]:
    """
    Read what a pipeline costs, before it is run.

    It is described at https://documentation.datalab.to/api-reference/pipelines/get-pipeline-rate

    :param pipeline_id: the pipeline, ``pl_...``.
    :param processing_location: the region in which it would run, such as ``"us"`` or ``"eu"``; default: the team's.
    :return: ``rate_per_1000_pages_cents``, and ``rate_breakdown``, of which no page says more.
    :raises InvalidInput: if a parameter is wrong; nothing was sent.
    :raises NotFound: if there is no such pipeline.
    """
    # The page shows no response; these fields are in https://documentation.datalab.to/docs/recipes/pipelines/run-pipeline
    location = None if processing_location is None else text("processing_location", processing_location)
    return _about("read the rate of", pipeline_id, "/rate", query={"processing_location": location})


def _about(action: str, pipeline_id: str, below: str, **options: Any) -> Request[Any]:
    name = id_or_name("pipeline_id", pipeline_id)
    path = f"{PIPELINES}/{segment('pipeline_id', name)}{below}"
    return read_request(f"{action} pipeline {shown(name)}", path, **options)

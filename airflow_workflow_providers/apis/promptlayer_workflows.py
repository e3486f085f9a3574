"""
PromptLayer, what its workflows are: "List Workflows", "Get Workflow" and "Get Workflow Labels" of the API reference.

The reference is at https://docs.promptlayer.com/. It has no call that creates or moves a release label of a workflow: those that
it has are for prompt templates, and "Update Workflow" labels only the version that it creates.
"""

from datetime import date, datetime, timezone
from typing import Any, Literal

from pydantic import BaseModel

from airflow_workflow_providers.apis.promptlayer import Page
from airflow_workflow_providers.core.errors import InvalidInput
from airflow_workflow_providers.core.parameters import id_or_name, one_of, segment, text, whole_number
from airflow_workflow_providers.core.request import Request, read_request
from airflow_workflow_providers.core.text import shown

#: The path of all workflows.
WORKFLOWS = "/workflows"

#: What a list can be sorted by.
SORTED_BY = ("created_at", "updated_at", "name", "id")


class _Labels(BaseModel):
    release_labels: list[Any]


def list_workflows(
    *,
    created_by_email: str | None = None,
    created_after: date | str | None = None,
    created_before: date | str | None = None,
    updated_after: date | str | None = None,
    updated_before: date | str | None = None,
    external_source: str | None = None,
    external_id: str | None = None,
    sort_by: Literal["created_at", "updated_at", "name", "id"] | None = None,
    sort_order: Literal["asc", "desc"] | None = None,
    page: int = 1,
    per_page: int = 30,
) -> Request[dict[str, Any]]:
    """
    Read one page of workflows.

    They are described at https://docs.promptlayer.com/reference/list-workflows

    A time without a time zone is UTC, and a date is its midnight. A text is sent as it is.

    :param created_by_email: of their creator.
    :param created_after: created at this time, or later.
    :param created_before: created at this time, or earlier.
    :param updated_after: changed at this time, or later.
    :param updated_before: changed at this time, or earlier.
    :param external_source: the system of ``external_id``; give both or neither.
    :param external_id: the id that a workflow has in another system.
    :param sort_by: ``"created_at"``, ``"updated_at"``, ``"name"`` or ``"id"``; default: PromptLayer's own order.
    :param sort_order: ``"asc"`` or ``"desc"``; default: ``"desc"``.
    :param page: from 1.
    :param per_page: how many a page has, 1 to 100; default: 30.
    :return: PromptLayer's page: ``items``, each with ``id``, ``name``, ``latest_version_number``, ``release_labels`` and so on,
        then ``total``, ``pages``, ``has_next``, ``next_num`` and so on.
    :raises InvalidInput: if a parameter is wrong; nothing was sent.
    """
    if (external_source is None) != (external_id is None):
        raise InvalidInput("external_source and external_id need each other: give both or none.")
    texts = {
        "created_by_email": created_by_email,
        "external_source": external_source,
        "external_id": external_id,
    }
    times = {
        "created_after": created_after,
        "created_before": created_before,
        "updated_after": updated_after,
        "updated_before": updated_before,
    }
    query = {
        **{name: None if value is None else text(name, value) for name, value in texts.items()},
        **{name: None if value is None else _moment(name, value) for name, value in times.items()},
        "sort_by": None if sort_by is None else one_of("sort_by", sort_by, SORTED_BY),
        "sort_order": None if sort_order is None else one_of("sort_order", sort_order, ("asc", "desc")),
        "page": whole_number("page", page, least=1),
        "per_page": whole_number("per_page", per_page, least=1, most=100),
    }
    return read_request("list workflows", WORKFLOWS, model=Page, query=query)


def get_workflow(
    workflow_id_or_name: str | int, *, version: int | None = None, label: str | None = None
) -> Request[dict[str, Any]]:
    """
    Read a version of a workflow.

    It is described at https://docs.promptlayer.com/reference/get-workflow

    :param workflow_id_or_name: the workflow's name, or its number.
    :param version: the number of the version.
    :param label: the release label of the version. It excludes the number; without either it is the latest version.
    :return: ``workflow_id``, ``workflow_name``, ``version``, ``release_labels``, ``nodes``, ``edges``,
        ``required_input_variables`` and so on. PromptLayer also sends, or has sent instead, an object ``workflow`` with
        ``id`` and ``name``. All is returned as it was sent.
    :raises InvalidInput: if a parameter is wrong; nothing was sent.
    :raises NotFound: if there is no such workflow, version or label.
    """
    if version is not None and label is not None:
        raise InvalidInput("version and label exclude each other: give one or none.")
    query = {
        "version": None if version is None else whole_number("version", version, least=1),
        "label": None if label is None else text("label", label),
    }
    # No field of the body decides: one recorded in May 2025 has only the object, and the page shows only the other fields.
    return _about("read workflow", workflow_id_or_name, "", query=query)


def list_workflow_labels(workflow_id_or_name: str | int) -> Request[dict[str, Any]]:
    """
    List the release labels of a workflow, and the version to which each of them points.

    They are described at https://docs.promptlayer.com/reference/get-workflow-labels

    :param workflow_id_or_name: the workflow's name, or its number.
    :return: ``release_labels``, each with ``release_label``, ``release_label_id``, ``workflow_version_id`` and
        ``workflow_version_number``.
    :raises InvalidInput: if it is no id and no name; nothing was sent.
    :raises NotFound: if there is no such workflow.
    """
    return _about("list the release labels of workflow", workflow_id_or_name, "/labels", model=_Labels)


def _about(summary: str, workflow: str | int, below: str, **options: Any) -> Request[Any]:
    name = id_or_name("workflow_id_or_name", workflow)
    path = f"{WORKFLOWS}/{segment('workflow_id_or_name', name)}{below}"
    return read_request(f"{summary} {shown(name)}", path, **options)


def _moment(name: str, value: Any) -> str:
    """Return a time as the vendor's schema wants it: it has a date, a time and an offset."""
    if not isinstance(value, date):
        return text(name, value)
    moment = value if isinstance(value, datetime) else datetime(value.year, value.month, value.day)  # noqa: DTZ001  # it gets one
    return (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).isoformat()

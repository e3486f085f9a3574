"""What a hook reads of the definitions of workflows and pipelines."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import httpx
import pytest

from airflow_workflow_providers.apis import datalab_definitions as api
from airflow_workflow_providers.core import errors
from airflow_workflow_providers.emulator import Emulator
from airflow_workflow_providers.hooks.datalab import DatalabHook, DatalabPipelineHook
from tests.vendors import misread

CONVERT = {"type": "convert", "settings": {"mode": "fast"}}


def changed(emulator: Emulator, method: str, path: str, body: Any = None) -> Any:
    """Change a pipeline, as a person does on Datalab's page of it."""
    account = emulator.account("datalab")
    response = httpx.request(
        method,
        f"{account['base_url']}/api/v1/pipelines{path}",
        headers={"X-API-Key": account["api_key"]},
        json=body,
        trust_env=False,
    )
    assert response.status_code == 200
    return response.json()


def test_a_workflow_is_read_as_the_list_shows_it(emulator: Emulator) -> None:
    with closing(DatalabHook()) as hook:
        listed = {each["id"]: each for each in hook.list_workflows()["workflows"]}
        team = listed[101]["team_id"]

        assert hook.get_workflow(101) == hook.get_workflow("101") == listed[101]
        assert [step["unique_name"] for step in listed[101]["steps"]] == ["parse", "extract"]
        assert list(listed.values()) == hook.list_workflows(team_id=team)["workflows"]
        assert hook.list_workflows(team_id=team + 1)["workflows"] == []
        with pytest.raises(errors.NotFound, match="read workflow 999"):
            hook.get_workflow(999)

    queries = [request["query"] for request in emulator.requests("datalab", "list_workflows")]
    assert queries == [{}, {"team_id": str(team)}, {"team_id": str(team + 1)}]


@pytest.mark.parametrize("key", ["type", "step_type"])
def test_the_types_of_steps_are_returned_with_the_key_that_datalab_sends(
    emulator: Emulator, key: str
) -> None:
    emulator.configure("datalab", step_type_key=key)

    with closing(DatalabHook()) as hook:
        types = hook.list_step_types()["step_types"]

    assert {"marker_parse", "conditional"} <= {each[key] for each in types}


def test_only_saved_pipelines_that_are_not_archived_are_listed_unless_others_are_wanted(
    emulator: Emulator,
) -> None:
    draft = changed(emulator, "POST", "", {"steps": [CONVERT]})["pipeline_id"]
    changed(emulator, "POST", "/pl_fails/archive")

    with closing(DatalabPipelineHook()) as hook:
        usual = hook.list_pipelines()
        drafts, archived = hook.list_pipelines(saved_only=False), hook.list_pipelines(include_archived=True)
        second = hook.list_pipelines(limit=1, offset=1)

    assert (second["pipelines"], second["total"]) == (usual["pipelines"][1:2], usual["total"])
    known = {each["pipeline_id"] for each in usual["pipelines"]}
    assert not {draft, "pl_fails"} & known
    assert {each["pipeline_id"] for each in drafts["pipelines"]} == {*known, draft}
    assert {each["pipeline_id"] for each in archived["pipelines"]} == {*known, "pl_fails"}
    default = {"saved_only": "true", "include_archived": "false", "limit": "50", "offset": "0"}
    assert [request["query"] for request in emulator.requests("datalab", "list_pipelines")] == [
        default,
        {**default, "saved_only": "false"},
        {**default, "include_archived": "true"},
        {**default, "limit": "1", "offset": "1"},
    ]


def test_a_pipeline_shows_its_draft_and_its_versions_show_what_is_published(emulator: Emulator) -> None:
    first = changed(emulator, "GET", "/pl_parse")["steps"]
    changed(emulator, "PUT", "/pl_parse", {"steps": [CONVERT]})
    changed(emulator, "POST", "/pl_parse/versions", {"description": "convert only"})
    changed(emulator, "PUT", "/pl_parse", {"steps": [CONVERT, CONVERT]})

    with closing(DatalabPipelineHook()) as hook:
        pipeline, versions = hook.get_pipeline("pl_parse"), hook.list_pipeline_versions("pl_parse")

    assert (pipeline["active_version"], pipeline["steps"]) == (2, [CONVERT, CONVERT])
    published = [(each["version"], each["steps"], each["description"]) for each in versions["versions"]]
    assert published == [(2, [CONVERT], "convert only"), (1, first, None)]
    assert versions["total"] == 2


def test_the_rate_of_a_pipeline_is_read_for_the_region_that_is_named(emulator: Emulator) -> None:
    with closing(DatalabPipelineHook()) as hook:
        rate = hook.get_pipeline_rate("pl_parse")
        hook.get_pipeline_rate("pl_parse", processing_location="eu")

    assert rate["rate_per_1000_pages_cents"] == sum(rate["rate_breakdown"].values())
    queries = [request["query"] for request in emulator.requests("datalab", "get_pipeline_rate")]
    assert queries == [{}, {"processing_location": "eu"}]


@pytest.mark.parametrize(
    ("read", "action"),
    [
        (DatalabPipelineHook.get_pipeline, "read pipeline"),
        (DatalabPipelineHook.list_pipeline_versions, "list the versions of pipeline"),
        (DatalabPipelineHook.get_pipeline_rate, "read the rate of pipeline"),
    ],
)
def test_an_unknown_pipeline_is_not_found_and_named(read: Any, action: str) -> None:
    with closing(DatalabPipelineHook()) as hook, pytest.raises(errors.NotFound, match=f"{action} pl_none"):
        read(hook, "pl_none")


def test_wrong_parameters_are_rejected_before_anything_is_sent() -> None:
    wrong: list[tuple[Any, dict[str, Any]]] = [
        (api.list_workflows, {"team_id": "12"}),
        (api.list_workflows, {"team_id": -1}),
        (api.get_workflow, {"workflow_id": "pl_parse"}),
        (api.get_workflow, {"workflow_id": "1/2"}),
        (api.list_pipelines, {"saved_only": "false"}),
        (api.list_pipelines, {"include_archived": 1}),
        (api.list_pipelines, {"limit": 0}),
        (api.list_pipelines, {"limit": 201}),
        (api.list_pipelines, {"offset": -1}),
        (api.get_pipeline, {"pipeline_id": ".."}),
        (api.list_pipeline_versions, {"pipeline_id": ""}),
        (api.get_pipeline_rate, {"pipeline_id": "pl_parse", "processing_location": ""}),
        (api.get_pipeline_rate, {"pipeline_id": "pl_parse", "processing_location": 7}),
    ]

    assert misread(lambda case: case[0](**case[1]), [(case, errors.InvalidInput) for case in wrong]) == {}


def test_the_id_of_a_pipeline_is_one_segment_of_a_path() -> None:
    assert api.get_pipeline("a/../b").path == "/api/v1/pipelines/a%2F..%2Fb"
    assert api.list_pipeline_versions("a/b").path == "/api/v1/pipelines/a%2Fb/versions"
    assert api.get_pipeline_rate("a?b").path == "/api/v1/pipelines/a%3Fb/rate"

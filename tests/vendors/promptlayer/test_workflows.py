"""What a hook reads of workflows, their versions and their release labels."""

from __future__ import annotations

from contextlib import closing
from datetime import date, datetime, timedelta, timezone
from typing import Any

import pytest

from airflow_workflow_providers.apis import promptlayer_workflows as api
from airflow_workflow_providers.core import errors
from airflow_workflow_providers.emulator import Emulator
from airflow_workflow_providers.hooks.promptlayer import PromptLayerHook
from tests.vendors import misread

#: A name that is more than one segment of a path if it is not encoded.
NAME = "support/triage v2"


def test_workflows_are_listed_page_by_page(emulator: Emulator) -> None:
    with closing(PromptLayerHook()) as hook:
        whole = hook.list_workflows(per_page=100)
        second = hook.list_workflows(page=2, per_page=2, sort_by="name", sort_order="asc")

    names = [workflow["name"] for workflow in whole["items"]]
    assert {"answer-question", NAME} <= set(names)
    assert [workflow["name"] for workflow in second["items"]] == sorted(names)[2:4]
    assert (second["has_prev"], second["next_num"]) == (True, 3)
    assert [request["query"] for request in emulator.requests("promptlayer", "list_workflows")] == [
        {"page": "1", "per_page": "100"},
        {"sort_by": "name", "sort_order": "asc", "page": "2", "per_page": "2"},
    ]


def test_a_filter_finds_what_it_names(emulator: Emulator) -> None:
    """A time arrives with its offset, whose plus sign has a meaning of its own in a query."""
    emulator.add_workflow(
        "promptlayer", "new", created_at="2026-03-01T00:00:00Z", external_ids={"crm": "a & b"}
    )
    berlin = timezone(timedelta(hours=1))
    found: list[dict[str, Any]] = [
        {"created_after": datetime(2026, 3, 1, 1, tzinfo=berlin)},
        {"updated_after": date(2026, 3, 1)},
        {"created_after": "2026-02-01", "created_before": datetime(2026, 3, 1)},  # noqa: DTZ001  # it is UTC
        {"external_source": "crm", "external_id": "a & b"},
    ]
    missed: list[dict[str, Any]] = [
        {"created_after": datetime(2026, 3, 1, 1, 0, 1, tzinfo=berlin)},
        {"external_source": "crm", "external_id": "a"},
        {"created_by_email": "a@example.com"},
    ]

    with closing(PromptLayerHook()) as hook:
        for filters in found:
            assert [item["name"] for item in hook.list_workflows(**filters)["items"]] == ["new"], filters
        for filters in missed:
            assert hook.list_workflows(**filters)["items"] == [], filters


def test_a_label_leads_to_its_version(emulator: Emulator) -> None:
    emulator.add_workflow("promptlayer", NAME, versions=[1, 2, 3], labels={"production": 2, "beta": 3})

    with closing(PromptLayerHook()) as hook:
        labels = hook.list_workflow_labels(NAME)["release_labels"]
        latest, second = hook.get_workflow(NAME), hook.get_workflow(NAME, version=2)
        labelled = hook.get_workflow(NAME, label="production")
        by_number = hook.get_workflow(latest["workflow_id"], version=2)

    assert {each["release_label"]: each["workflow_version_number"] for each in labels} == {
        "production": 2,
        "beta": 3,
    }
    assert (latest["version"], labelled) == (3, second)
    assert by_number == second
    assert {request["path"] for request in emulator.requests("promptlayer", "workflow_labels")} == {
        "/workflows/support/triage v2/labels"
    }


@pytest.mark.parametrize("which", [{}, {"version": 9}, {"label": "staging"}])
def test_what_is_not_there_is_named(which: dict[str, Any]) -> None:
    name = "answer-question" if which else "nobody"

    with closing(PromptLayerHook()) as hook, pytest.raises(errors.NotFound, match=f"read workflow {name}"):
        hook.get_workflow(name, **which)


def test_a_workflow_is_returned_as_it_was_sent(emulator: Emulator) -> None:
    """Its form has changed, so no field of it is needed."""
    forms = [{"workflow": {"id": 3, "name": "a"}}, {"workflow_id": 3, "nodes": "many"}, {}]

    with closing(PromptLayerHook()) as hook:
        for body in forms:
            emulator.fail("promptlayer", "get_workflow", "status", status=200, body=body)
            assert hook.get_workflow("answer-question") == body


@pytest.mark.parametrize(
    ("operation", "read", "missing"),
    [
        ("list_workflows", lambda hook: hook.list_workflows(), "items"),
        ("workflow_labels", lambda hook: hook.list_workflow_labels("answer-question"), "release_labels"),
        ("get_workflow", lambda hook: hook.get_workflow("answer-question"), "not a JSON object"),
    ],
)
def test_another_body_is_not_returned(emulator: Emulator, operation: str, read: Any, missing: str) -> None:
    body = [] if operation == "get_workflow" else {"status": "ok"}
    emulator.fail("promptlayer", operation, "status", status=200, body=body)

    with closing(PromptLayerHook()) as hook, pytest.raises(errors.UnexpectedResponse, match=missing):
        read(hook)


def test_a_read_that_fails_for_a_moment_is_sent_again(emulator: Emulator) -> None:
    for operation in ("list_workflows", "get_workflow", "workflow_labels"):
        emulator.fail("promptlayer", operation, "rate_limit", retry_after=0)

    with closing(PromptLayerHook()) as hook:
        assert hook.list_workflows()["items"]
        assert hook.get_workflow("answer-question")["version"] == 3
        assert hook.list_workflow_labels("answer-question")["release_labels"]

    assert [request["status"] for request in emulator.requests("promptlayer")] == [429, 200] * 3


def test_wrong_parameters_are_rejected_before_anything_is_sent() -> None:
    lists = [
        {"page": 0},
        {"page": True},
        {"per_page": 101},
        {"sort_by": "size"},
        {"sort_order": "ascending"},
        {"created_by_email": 7},
        {"created_after": 1767225600},
        {"updated_before": ""},
        {"external_source": "crm"},
        {"external_id": "7"},
    ]
    versions: list[dict[str, Any]] = [
        {"version": 0},
        {"version": "2"},
        {"label": ""},
        {"label": 7},
        {"version": 2, "label": "production"},
    ]

    def rejects(read: Any, cases: list[dict[str, Any]]) -> dict[str, Any]:
        return misread(lambda given: read(**given), [(case, errors.InvalidInput) for case in cases])

    assert rejects(api.list_workflows, lists) == {}
    assert rejects(lambda **given: api.get_workflow("w", **given), versions) == {}
    for read in (api.get_workflow, api.list_workflow_labels):
        assert misread(read, [(name, errors.InvalidInput) for name in ("", " ", "..", None, True)]) == {}


def test_a_name_is_one_segment_of_a_path() -> None:
    assert api.get_workflow(NAME).path == "/workflows/support%2Ftriage%20v2"
    assert api.list_workflow_labels("a/../b").path == "/workflows/a%2F..%2Fb/labels"
    assert api.list_workflow_labels(101).path == "/workflows/101/labels"

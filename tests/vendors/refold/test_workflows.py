"""What a hook reads of workflows, and of the batches of a node."""

from __future__ import annotations

from contextlib import closing
from datetime import date

import pytest

from airflow_workflow_providers.apis import refold_workflows as api
from airflow_workflow_providers.core import errors
from airflow_workflow_providers.emulator import Emulator
from airflow_workflow_providers.hooks.refold import RefoldHook
from tests.vendors import misread

SCHEMA = {"type": "object", "required": ["email"], "properties": {"email": {"type": "string"}}}


def test_workflows_are_listed_page_by_page(emulator: Emulator) -> None:
    with closing(RefoldHook()) as hook:
        whole = hook.list_workflows(limit=100)
        second = hook.list_workflows(page=2, limit=2)
        drafts = hook.list_workflows(published=False, scope="private")

    assert {"sync-contacts", "draft"} <= {workflow["name"] for workflow in whole["docs"]}
    assert (second["docs"], second["hasPrevPage"]) == (whole["docs"][2:4], True)
    assert [workflow["name"] for workflow in drafts["docs"]] == ["draft"]
    assert [request["query"] for request in emulator.requests("refold", "list_workflows")] == [
        {"page": "1", "limit": "100"},
        {"page": "2", "limit": "2"},
        {"scope": "private", "published": "false", "page": "1", "limit": "10"},
    ]


def test_linked_accounts_are_listed_without_what_may_be_a_secret(emulator: Emulator) -> None:
    """A user's own fields of an account may hold one, and what a task returns becomes an XCom."""
    with closing(RefoldHook()) as hook:
        page = hook.list_linked_accounts(page=2, limit=1)

    assert ([each["account_id"] for each in page["docs"]], page["totalDocs"]) == (["customer_ada"], 4)
    assert "udf" not in page["docs"][0]
    assert emulator.requests("refold", "list_accounts")[0]["query"] == {"page": "2", "limit": "1"}


def test_a_workflow_is_read_by_the_id_that_the_list_shows() -> None:
    with closing(RefoldHook()) as hook:
        listed = hook.list_workflows(name="^sync-contacts$")["docs"][0]
        workflow = hook.get_workflow(listed["_id"])
        versions = hook.list_workflow_versions(listed["_id"])
        enabled = hook.list_enabled_workflows()

    assert workflow.items() >= listed.items()
    assert [node["type"] for node in workflow["nodes"]] == ["start", "action"]
    assert [version["version"] for version in versions["docs"]] == [1]
    assert listed["_id"] in {each["id"] for each in enabled}


def test_a_workflow_of_another_account_is_not_read() -> None:
    with (
        closing(RefoldHook(linked_account_id="another")) as hook,
        pytest.raises(errors.AuthFailed, match="private"),
    ):
        hook.get_workflow("sync-contacts")


def test_the_request_structure_has_the_schema_of_the_payload(emulator: Emulator) -> None:
    emulator.add_workflow("refold", "picky", schema=SCHEMA)

    with closing(RefoldHook()) as hook:
        assert hook.get_request_structure("picky")["schema"] == SCHEMA
        assert hook.get_request_structure("sync-contacts")["schema"] is None
        with pytest.raises(errors.NotFound, match="no-such-workflow"):
            hook.get_request_structure("no-such-workflow")


def test_the_batches_of_a_node_are_listed_and_one_without_batches_says_so() -> None:
    with closing(RefoldHook()) as hook:
        execution_id = str(hook.execute_workflow("group-node", slug="hubspot").execution_id)
        batches = hook.list_node_batches(execution_id, "3")
        others = hook.list_node_batches(execution_id, "3", status="Errored")
        with pytest.raises(errors.RequestRejected, match=r"node 1 of execution .*HTTP 501"):
            hook.list_node_batches(execution_id, "1")

    assert [batch["status"] for batch in batches["docs"]] == ["Success"]
    assert others["docs"] == []


def test_wrong_parameters_are_rejected_before_anything_is_sent() -> None:
    cases = [
        ({"page": 0}, errors.InvalidInput),
        ({"limit": True}, errors.InvalidInput),
        ({"scope": "public"}, errors.InvalidInput),
        ({"name": ["a"]}, errors.InvalidInput),
        ({"slug": ""}, errors.InvalidInput),
    ]

    assert misread(lambda parameters: api.list_workflows(**parameters), cases) == {}


def test_dates_are_sent_as_iso_8601() -> None:
    query = api.list_workflows(start_date=date(2026, 6, 16), end_date="2026-06-17").query

    assert query == {"start_date": "2026-06-16", "end_date": "2026-06-17", "page": "1", "limit": "10"}


def test_an_id_is_one_segment_of_a_path() -> None:
    assert api.get_workflow("a/../b").path.endswith("/workflow/a%2F..%2Fb")
    assert api.list_node_batches("a/b", "c/d").path.endswith("/execution/a%2Fb/nodes/c%2Fd/batches")

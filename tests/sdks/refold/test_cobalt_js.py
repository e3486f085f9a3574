"""
The calls of cobalt-js 9.2.0, Refold's JavaScript client, as they are on the wire.

The registry has only 8.0.0 of `@cobaltio/cobalt-js`, which cannot execute a workflow: none of its calls is about a run. So
the calls of 9.2.0 (github.com/gocobalt/cobalt-js) are written down here as facts, and sent as it sends them: a session
token, no linked account, the input as the whole body. It takes each status below 400 for a success, and each body for JSON.
"""

from typing import Any

import httpx
import pytest

#: Calls of an application's settings page. They are not about a run, so the emulator has none of them. Those that change a
#: definition, an account or a configuration are not about a run either, and are left out here.
NOT_EMULATED = {
    "getAccountDetails": "/api/v3/org/basics",
    "getApps": "/api/v2/f-sdk/application",
    "getConfigs": "/api/v2/public/slug/hubspot/configs",
}


@pytest.fixture
def call(emulator):
    """Send a request as the client does, and read its JSON; an error is raised, as there."""
    account = emulator.account("refold")
    headers = {"authorization": f"Bearer {account['token']}"}
    with httpx.Client(base_url=account["base_url"], headers=headers, trust_env=False) as client:

        def call(method: str, path: str, **options: Any) -> Any:
            return client.request(method, path, **options).raise_for_status().json()

        yield call


@pytest.fixture
def execute_workflow(call):
    def execute_workflow(
        workflow: str, payload: Any = None, slug: str = "", *, sync_execution: bool = False
    ) -> Any:
        headers = {"content-type": "application/json", "slug": slug}
        headers["sync_execution"] = "true" if sync_execution else "false"
        # Without a payload it sends no body, but still the content type.
        body = {} if payload is None else {"json": payload}
        return call("POST", f"/api/v2/public/workflow/{workflow}/execute", headers=headers, **body)

    return execute_workflow


def test_get_workflows(call):
    page = call("GET", "/api/v2/public/workflow", params={"page": "1", "limit": "100"})
    assert (page["page"], page["limit"], page["hasNextPage"]) == (1, 100, False)
    assert page["totalDocs"] == len(page["docs"])
    names = {workflow["name"] for workflow in page["docs"]}
    assert {"sync-contacts", "draft"} < names
    query = {"page": "1", "limit": "100", "slug": "hubspot", "published": "false"}
    assert [each["name"] for each in call("GET", "/api/v2/public/workflow", params=query)["docs"]] == [
        "draft"
    ]


def test_get_workflow_payload(call):
    (workflow,) = call("GET", "/api/v2/public/workflow", params={"page": 1, "limit": 1})["docs"]
    structure = call("GET", f"/api/v2/public/workflow/request-structure/{workflow['_id']}")
    assert structure.keys() == {"payload", "schema", "schema_interpreted"}


def test_execute_workflow_and_get_execution(emulator, call, execute_workflow):
    emulator.set_pace(status_checks=2)
    started = execute_workflow("sync-contacts", {"email": "jane@example.com"}, "hubspot")
    path = f"/api/v2/public/execution/{started['execution_id']}"
    assert [call("GET", path)["status"] for _ in range(2)] == ["QUEUED", "COMPLETED"]
    (run,) = emulator.runs("refold")
    assert (run["input"], run["wrapped"], run["id_received"]) == ({"email": "jane@example.com"}, False, True)


def test_execute_workflow_without_a_payload(emulator, execute_workflow):
    execute_workflow("sync-contacts", slug="hubspot")
    assert emulator.runs("refold")[0]["input"] == {}


def test_execute_workflow_synchronously(execute_workflow):
    result = execute_workflow("sync-contacts", {"a": 1}, "hubspot", sync_execution=True)
    assert result["return_value"] == {"received": {"a": 1}, "ok": True}
    assert result["errored"] is False


def test_execute_workflow_without_a_slug_is_refused(emulator, execute_workflow):
    """The client sends an empty one."""
    with pytest.raises(httpx.HTTPStatusError) as refused:
        execute_workflow("sync-contacts", {"a": 1})
    assert refused.value.response.json() == {
        "message": "Server Error",
        "error": "Workflow ID and slug are required",
    }
    assert emulator.runs() == []


def test_get_executions(emulator, call, execute_workflow):
    emulator.set_pace(seconds=0)
    execute_workflow("always-fails", slug="hubspot")
    execute_workflow("sync-contacts", slug="hubspot")
    query = {"page": "1", "limit": "10", "status": "ERRORED", "execution_type": "ASYNC"}
    page = call("GET", "/api/v2/public/execution", params=query)
    assert [execution["status"] for execution in page["docs"]] == ["ERRORED"]
    assert page["docs"][0]["_id"] == emulator.runs()[0]["execution_id"]


@pytest.mark.parametrize("path", NOT_EMULATED.values(), ids=NOT_EMULATED)
def test_a_call_that_is_not_about_a_run_is_not_there(emulator, call, path):
    with pytest.raises(httpx.HTTPStatusError):
        call("GET", path)
    assert [(each["operation"], each["status"]) for each in emulator.requests()] == [("unknown", 404)]

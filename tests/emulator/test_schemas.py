"""
The answers of the emulator match the vendors' schemas.

Every answer in the tests of this folder is held to them (``reach`` in ``conftest.py``). Here each operation that a vendor
describes is answered once, so that none is left out, and the check itself is tested.
"""

import copy

import pytest

from tests.emulator import schemas
from tests.emulator.test_every_vendor import starts_of

#: Laminar's configuration store, and the workspace that has it.
_STORE, _WORKSPACE = "/configurations/{configuration_id}", "workspaceId={workspace_id}"

#: The paths of PromptLayer's default tables, before the last digit of the id, and of the sheet of each.
_TABLE = "/api/public/v2/tables/00000000-0000-4000-8000-00000000000"
_SHEET = "/sheets/00000000-0000-4000-9000-000000000001"

#: How each described operation is sent: its method, path and body. In a path ``{run}`` is the execution that was started, and
#: other names are fields of the account. The first is the start.
EXCHANGES = {
    "altostrat": [
        ("POST", "/workflows/fl_sync_sites/execute", {"context": {"site_id": "a"}}, 202),
        ("GET", "/workflows/runs/{run}", None, 200),
        ("GET", "/workflows/fl_sync_sites/executions", None, 200),
        ("GET", "/workflows", None, 200),
        ("GET", "/workflows/fl_sync_sites", None, 200),
        ("GET", "/workflows/fl_sync_sites/logs", None, 200),
        ("GET", "/workflows/fl_sync_sites/logs/stats", None, 200),
        ("GET", "/workflows/logs/recent", None, 200),
        ("GET", "/workflows/authorization", None, 200),
        ("POST", "/workflows/sync/fl_responds", {"resource_id": "res_abc123"}, 200),
        ("POST", "/workflows/runs/{run}/rerun", None, 202),
        ("POST", "/workflows/runs/{run}/resume-from/n1", None, 409),
        ("POST", "/workflows/nobody/execute", {}, 404),
        ("POST", "/workflows/fl_forbidden/execute", {}, 403),
    ],
    "datalab": [
        ("POST", "/api/v1/workflows/workflows/101/execute", {}, 200),
        ("POST", "/api/v1/workflows/workflows/101/execute", {"input_config": 7}, 422),
        ("GET", "/api/v1/workflows/workflows", None, 200),
        ("GET", "/api/v1/workflows/workflows?team_id=ours", None, 422),
        ("GET", "/api/v1/workflows/workflows/101", None, 200),
        ("GET", "/api/v1/workflows/workflows/one", None, 422),
        ("GET", "/api/v1/workflows/step-types", None, 200),
        ("GET", "/api/v1/pipelines?saved_only=false", None, 200),
        ("GET", "/api/v1/pipelines?saved_only=maybe", None, 422),
        ("GET", "/api/v1/pipelines/pl_parse", None, 200),
        ("GET", "/api/v1/pipelines/pl_parse/versions", None, 200),
        ("GET", "/api/v1/pipelines/pl_parse/rate?processing_location=eu", None, 200),
    ],
    "laminar": [
        ("POST", "/workflow/execute/external/39", {"a": 1}, 200),
        ("POST", "/workflow/execute/external/40", {"a": 1}, 400),
        ("GET", f"{_STORE}/keys/external?{_WORKSPACE}", None, 200),
        (
            "PUT",
            f"{_STORE}/properties/external?{_WORKSPACE}",
            {"properties": [{"key": "a", "value": "b"}]},
            200,
        ),
        ("DELETE", f"{_STORE}/properties/a/external?{_WORKSPACE}", None, 200),
        ("DELETE", f"{_STORE}/external", None, 204),
        ("GET", f"{_STORE}/keys/external?{_WORKSPACE}", None, 404),
        ("PUT", f"{_STORE}/restore/external", None, 200),
        ("PUT", f"{_STORE}/restore/external", None, 404),
        # A created store stays: the folder of Laminar has the 201.
        ("POST", "/configurations/external", {"workspaceId": 7}, 400),
    ],
    "promptlayer": [
        ("POST", "/workflows/answer-question/run", {"input_variables": {"a": 1}}, 201),
        ("POST", "/workflows/101/run", {"callback_url": "https://example.com/a"}, 202),
        ("GET", "/workflow-version-execution-results?workflow_version_execution_id={run}", None, 200),
        ("GET", "/workflows", None, 200),
        ("GET", "/workflows?created_after=2026-01-01T00:00:00Z&sort_by=name&sort_order=asc", None, 200),
        ("GET", "/workflows?external_id=a", None, 422),
        ("GET", "/workflows/answer-question", None, 200),
        ("GET", "/workflows/answer-question?label=production", None, 200),
        ("GET", "/workflows/answer-question/labels", None, 200),
        ("GET", "/workflows/nobody", None, 404),
        ("POST", "/workflows/nobody/run", {"metadata": 7}, 422),
        ("POST", f"{_TABLE}1{_SHEET}/operations", {"statuses": []}, 202),
        ("GET", f"{_TABLE}1{_SHEET}/operations/none", None, 404),
        ("DELETE", f"{_TABLE}1{_SHEET}/operations/none", None, 200),
        ("POST", f"{_TABLE}5{_SHEET}/operations", {}, 200),
        ("POST", f"{_TABLE}6{_SHEET}/operations", {}, 200),
        ("POST", f"{_TABLE}1{_SHEET}/scorecard/recalculate", {}, 202),
        ("POST", f"{_TABLE}7{_SHEET}/scorecard/recalculate", {}, 400),
        ("GET", f"{_TABLE}1{_SHEET}/scorecard/calculations/none", None, 404),
    ],
    "refold": [
        ("POST", "/api/v2/public/workflow/sync-contacts/execute", {"a": 1}, 200),
        ("GET", "/api/v2/public/execution/{run}", None, 200),
        ("GET", "/api/v2/public/execution", None, 200),
        ("POST", "/api/v2/public/execution/{run}/stop", None, 200),
        ("POST", "/api/v2/public/execution/{run}/rerun", None, 400),
        ("GET", "/api/v2/public/workflow", None, 200),
        ("GET", "/api/v2/public/workflow/request-structure/sync-contacts", None, 200),
        ("GET", "/api/v2/public/workflow/sync-contacts", None, 200),
        ("GET", "/api/v2/public/workflow/enabled", None, 200),
        ("GET", "/api/v2/public/linked-account", None, 200),
        ("POST", "/api/v2/public/session-token", {"linked_account_id": "acct_1"}, 200),
        ("GET", "/api/v2/public/workflow/versions/sync-contacts", None, 200),
        ("GET", "/api/v2/public/execution/{run}/nodes/1/batches", None, 501),
        ("POST", "/api/v2/public/workflow/draft/execute", {}, 400),
        ("GET", "/api/v2/public/execution?limit=none", None, 400),
    ],
}


@pytest.fixture(params=schemas.VENDORS)
def vendor(request) -> str:
    return request.param


@pytest.fixture
def client(emulator, reach, vendor):
    account = emulator.account(vendor)
    headers = starts_of(vendor).STARTS[vendor].headers
    emulator.set_pace(status_checks=2)
    return reach(account["base_url"], {name: value.format(**account) for name, value in headers.items()})


def test_every_described_operation_is_answered_as_described(emulator, client, vendor):
    """Once before the end of the run, and once after it."""
    described = set()
    for _ in range(2):
        for method, path, body, status in EXCHANGES[vendor]:
            run = emulator.runs()[0]["execution_id"] if emulator.runs() else ""
            address = path.format(run=run, **emulator.account(vendor))
            response = client.request(method, address, json=body)
            operation = schemas.find(vendor, method, path.partition("?")[0])
            assert operation is not None, path
            # A run that is going has another status at PromptLayer.
            assert response.status_code in (status, 202 if status == 200 else status), path
            answered = response.json() if response.content else None
            assert operation.problems(response.status_code, answered) == []
            described.add((operation.method, operation.path))
    assert described == {(each.method, each.path) for each in schemas.operations(vendor)}


def test_promptlayers_results_with_all_outputs_are_nodes(emulator, reach):
    """The schema allows anything besides, because the output alone is anything."""
    emulator.set_pace(status_checks=3)
    account = emulator.account("promptlayer")
    client = reach(account["base_url"], {"X-API-KEY": account["api_key"]})
    started = client.post("/workflows/other-branch/run", json={}).json()["workflow_version_execution_id"]
    query = {"workflow_version_execution_id": started, "return_all_outputs": "true"}
    nodes = {"responses": {"200": schemas.answer(schemas.ref("Nodes"))}}
    operation = schemas.Operation("promptlayer", "GET", "", nodes)
    for status in (202, 202, 200):
        response = client.get("/workflow-version-execution-results", params=query)
        assert response.status_code == status
        assert operation.problems(200, response.json()) == []


@pytest.mark.parametrize(
    ("vendor", "field"),
    [("altostrat", "status"), ("promptlayer", "workflow_version_execution_id"), ("refold", "execution_id")],
    indirect=["vendor"],
)
def test_a_wrong_field_is_found(emulator, client, vendor, field, monkeypatch):
    """In an answer, and by every client of this folder."""
    method, path, body, status = EXCHANGES[vendor][0]
    operation = schemas.find(vendor, method, path)
    answer = client.request(method, path, json=body).json()
    assert operation.problems(status, {**answer, field: ["wrong"]})
    described = copy.deepcopy(schemas.document_of(vendor))
    described["paths"][operation.path]["post"]["responses"] = {
        "default": schemas.answer({"type": "array"}),
    }
    monkeypatch.setattr(schemas, "document_of", lambda _: described)
    with pytest.raises(AssertionError, match="is not of type 'array'"):
        client.request(method, path, json=body)


def test_each_exception_is_a_variant_and_has_a_reason(emulator):
    for (vendor, variant), (value, reason) in schemas.EXCEPTIONS.items():
        emulator.configure(vendor, **{variant: value})
        assert reason

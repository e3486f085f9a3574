"""Altostrat: authentication, and what exists."""

import re

import httpx
import pytest

MIDDLEWARE_401 = {"message": "Unauthorized or invalid token provided."}


DEFAULT_WORKFLOWS = [
    "fl_sync_sites",
    "fl_always_fails",
    "fl_never_ends",
    "fl_asks_a_person",
    "fl_asked_and_answered",
    "fl_continues_on_error",
    "fl_upgrade_site",
    "fl_no_logs",
    "fl_responds",
    "fl_on_webhook",
    "fl_forbidden",
]


REQUESTS = [
    ("POST", "/workflows/fl_sync_sites/execute"),
    ("GET", "/workflows/runs/fl_run_x"),
    ("GET", "/workflows/fl_sync_sites/executions"),
    ("GET", "/workflows"),
    ("POST", "/workflows/runs/fl_run_x/rerun"),
    ("POST", "/workflows/runs/fl_run_x/resume-from/n1"),
    ("POST", "/workflows/sync/fl_responds"),
    ("GET", "/workflows/fl_sync_sites"),
    ("GET", "/workflows/fl_sync_sites/logs"),
    ("GET", "/workflows/fl_sync_sites/logs/stats"),
    ("GET", "/workflows/logs/recent"),
    ("GET", "/workflows/authorization"),
]


def documented_error(response: httpx.Response) -> tuple[int, str]:
    """Return status and code of a documented ErrorResponse."""
    body = response.json()
    assert body.keys() == {"type", "code", "message", "doc_url"}
    assert body["type"] == ("api_error" if response.status_code == 500 else "invalid_request_error")
    assert body["doc_url"] == f"https://docs.altostrat.io/errors/{body['code']}"
    return response.status_code, body["code"]


def test_workflows_are_listed_as_an_array_without_their_nodes(altostrat):
    flows = altostrat.get("/workflows").json()
    assert [flow["id"] for flow in flows] == DEFAULT_WORKFLOWS
    flow = flows[0]
    assert flow.keys() == {
        "id", "name", "description", "schedule_type", "schedule_value", "next_run_at", "is_active", "webhook_url",
        "created_at", "updated_at",
    }  # fmt: skip
    assert (flow["schedule_type"], flow["is_active"]) == ("manual", True)


@pytest.mark.parametrize("secret", ["api_key", "token"])
def test_a_key_and_a_session_token_are_sent_in_the_same_header(emulator, altostrat, secret):
    account = emulator.account("altostrat")
    assert account["api_key"].startswith("alto_sk_")
    assert re.fullmatch(r"ey[\w-]+\.ey[\w-]+\.[\w-]+", account["token"])
    response = altostrat.get("/workflows", headers={"Authorization": f"Bearer {account[secret]}"})
    assert response.status_code == 200
    assert account[secret] not in str(emulator.requests())


@pytest.mark.parametrize(
    "credentials", ["", "Bearer", "Bearer alto_sk_wrong", "{api_key}", "Basic {api_key}"]
)
def test_wrong_credentials_get_the_401_of_the_middleware(emulator, altostrat, credentials):
    headers = {"Authorization": credentials.format(**emulator.account("altostrat"))}
    for method, path in REQUESTS:
        response = altostrat.request(method, path, headers=headers)
        assert (response.status_code, response.json()) == (401, MIDDLEWARE_401), path
    assert emulator.runs() == []


def test_a_401_can_also_be_as_documented(emulator, altostrat):
    emulator.configure("altostrat", unauthorized="documented")
    emulator.revoke("altostrat")
    assert documented_error(altostrat.get("/workflows")) == (401, "unauthorized")
    emulator.configure("altostrat", unauthorized="middleware")
    assert altostrat.get("/workflows").json() == MIDDLEWARE_401


def test_what_does_not_exist_is_the_documented_404(altostrat):
    """No page has a route that stops a run."""
    for method, path in (
        ("POST", "/workflows/fl_x/execute"),
        ("GET", "/workflows/runs/fl_run_x"),
        ("GET", "/workflows/fl_x/executions"),
        ("POST", "/workflows/runs/fl_run_x/rerun"),
        ("POST", "/workflows/runs/fl_run_x/resume-from/n1"),
        ("POST", "/workflows/sync/fl_x"),
        ("GET", "/workflows/fl_x"),
        ("GET", "/workflows/fl_x/logs"),
        ("GET", "/workflows/fl_x/logs/stats"),
        ("POST", "/workflows/runs/fl_run_x/cancel"),
        ("DELETE", "/workflows"),
        ("GET", "/x"),
    ):
        assert documented_error(altostrat.request(method, path)) == (404, "not_found"), path


def test_a_run_is_never_taken_for_a_workflow(emulator, altostrat):
    emulator.add_workflow("altostrat", "runs")
    altostrat.get("/workflows/runs/executions")
    assert [request["operation"] for request in emulator.requests()] == ["get"]


def test_a_forbidden_workflow_is_the_documented_403(emulator, altostrat):
    for path in ("/workflows/fl_forbidden/execute", "/workflows/sync/fl_forbidden"):
        assert documented_error(altostrat.post(path)) == (403, "forbidden")
    assert emulator.runs() == []

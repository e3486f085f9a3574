"""Altostrat: who may call it, and what is there; the literals here were written from the vendor's pages."""

import re

import httpx
import pytest

MIDDLEWARE_401 = {"message": "Unauthorized or invalid token provided."}


BUILT_IN = [
    "fl_sync_sites",
    "fl_always_fails",
    "fl_never_ends",
    "fl_asks_a_person",
    "fl_asked_and_answered",
    "fl_continues_on_error",
    "fl_no_logs",
    "fl_forbidden",
]


CALLS = [
    ("POST", "/workflows/fl_sync_sites/execute"),
    ("GET", "/workflows/runs/fl_run_x"),
    ("GET", "/workflows/fl_sync_sites/executions"),
    ("POST", "/workflows/runs/fl_run_x/rerun"),
    ("POST", "/workflows/runs/fl_run_x/resume-from/n1"),
    ("GET", "/workflows"),
    ("GET", "/workflows/fl_sync_sites"),
]


def refused(answer: httpx.Response) -> tuple[int, str]:
    """Return status and code of an answer that is an ErrorResponse as documented."""
    body = answer.json()
    assert body.keys() == {"type", "code", "message", "doc_url"}
    assert body["type"] == ("api_error" if answer.status_code == 500 else "invalid_request_error")
    assert body["doc_url"] == f"https://docs.altostrat.io/errors/{body['code']}"
    return answer.status_code, body["code"]


def test_workflows_are_listed_as_an_array_of_what_each_is_alone(altostrat):
    flows = altostrat.get("/workflows").json()
    assert [flow["id"] for flow in flows] == BUILT_IN
    flow = altostrat.get("/workflows/fl_sync_sites").json()
    assert flow == flows[0]
    assert flow.keys() == {
        "id", "name", "description", "nodes", "edges", "schedule_type", "schedule_value", "next_run_at",
        "is_active", "webhook_url", "created_at", "updated_at",
    }  # fmt: skip
    assert (flow["schedule_type"], flow["is_active"]) == ("manual", True)
    assert [node["id"] for node in flow["nodes"]] == ["n1", "n2"]


@pytest.mark.parametrize("secret", ["api_key", "token"])
def test_a_key_and_a_session_token_go_into_the_same_header(emulator, altostrat, secret):
    account = emulator.account("altostrat")
    assert account["api_key"].startswith("alto_sk_")
    assert re.fullmatch(r"ey[\w-]+\.ey[\w-]+\.[\w-]+", account["token"])
    answer = altostrat.get("/workflows", headers={"Authorization": f"Bearer {account[secret]}"})
    assert answer.status_code == 200
    assert account[secret] not in str(emulator.calls())


def test_the_connection_carries_the_key(emulator):
    account = emulator.account("altostrat")
    assert account["base_url"] == emulator.url + "/altostrat"
    assert emulator.connection("altostrat") == {
        "conn_type": "altostrat",
        "host": account["base_url"],
        "password": account["api_key"],
        "extra": {},
    }


@pytest.mark.parametrize(
    "credentials", ["", "Bearer", "Bearer alto_sk_wrong", "{api_key}", "Basic {api_key}"]
)
@pytest.mark.parametrize(("method", "path"), CALLS)
def test_wrong_credentials_get_the_middlewares_401(emulator, altostrat, method, path, credentials):
    headers = {"Authorization": credentials.format(**emulator.account("altostrat"))}
    answer = altostrat.request(method, path, headers=headers)
    assert (answer.status_code, answer.json()) == (401, MIDDLEWARE_401)
    assert emulator.runs() == []


def test_a_401_can_also_be_as_documented_and_a_revoked_key_gets_one(emulator, altostrat):
    emulator.configure("altostrat", unauthorized="documented")
    emulator.revoke("altostrat")
    assert refused(altostrat.get("/workflows")) == (401, "unauthorized")
    emulator.configure("altostrat", unauthorized="middleware")
    assert altostrat.get("/workflows").json() == MIDDLEWARE_401


@pytest.mark.parametrize(
    ("method", "path"),
    [(method, path.replace("fl_sync_sites", "fl_x")) for method, path in CALLS if path != "/workflows"]
    + [
        ("GET", "/workflows/runs"),
        ("POST", "/workflows/runs/execute"),
        ("DELETE", "/workflows"),
        ("GET", "/x"),
    ],
)
def test_what_is_not_there_is_documented_404(altostrat, method, path):
    assert refused(altostrat.request(method, path)) == (404, "not_found")


def test_a_path_of_runs_is_never_taken_for_a_workflow(emulator, altostrat):
    emulator.add_workflow("altostrat", "runs")
    altostrat.get("/workflows/runs/executions")
    assert [call["operation"] for call in emulator.calls()] == ["get"]


def test_what_may_not_be_executed_is_documented_403(emulator, altostrat):
    assert refused(altostrat.post("/workflows/fl_forbidden/execute")) == (403, "forbidden")
    assert emulator.runs() == []

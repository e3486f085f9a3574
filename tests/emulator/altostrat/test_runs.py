"""Altostrat: runs and lists of them."""

import re
from datetime import datetime, timedelta

import pytest

RUN_ID = re.compile(r"fl_run_[0-9a-z]{26}")


LOG_ID = re.compile(r"fl_log_[0-9a-z]{26}")


TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")


RUN_FIELDS = {"id", "status", "error_message", "started_at", "completed_at", "duration_in_seconds"}


LOG_FIELDS = {"id", "node_id", "component_id", "status", "output", "created_at"}


STATUSES = {
    "fl_sync_sites": ["pending", "running", "completed"],
    "fl_always_fails": ["pending", "running", "failed"],
    "fl_never_ends": ["pending", "running", "running"],
    "fl_asks_a_person": ["running", "awaiting_ui_interaction", "awaiting_ui_interaction"],
    "fl_asked_and_answered": ["pending", "awaiting_ui_interaction", "completed"],
    "fl_continues_on_error": ["pending", "running", "completed"],
    "fl_no_logs": ["pending", "running", "completed"],
}


@pytest.fixture
def start(altostrat):
    """Start a workflow and return the id of its run."""

    def start(workflow: str = "fl_sync_sites", context: object = None) -> str:
        response = altostrat.post(f"/workflows/{workflow}/execute", json={"context": context or {}})
        assert response.status_code == 202, response.text
        return response.json()["id"]

    return start


@pytest.fixture
def finished(emulator, start, get_run):
    """Run a workflow to its end and return its run."""

    def finished(workflow: str, context: object = None) -> dict:
        emulator.set_pace(seconds=0)
        return get_run(start(workflow, context))

    return finished


def test_a_start_is_accepted_with_the_run_but_without_its_logs(emulator, altostrat):
    emulator.set_pace(seconds=0)
    response = altostrat.post("/workflows/fl_sync_sites/execute", json={"context": {"site_id": "site_456"}})
    body = response.json()
    assert response.status_code == 202
    assert RUN_ID.fullmatch(body.pop("id"))
    assert TIME.fullmatch(body.pop("started_at"))
    assert body == {
        "status": "pending",
        "error_message": None,
        "completed_at": None,
        "duration_in_seconds": None,
    }


def test_a_finished_run_has_the_documented_fields_and_its_logs_in_order(finished):
    run = finished("fl_sync_sites", {"user_id": "usr_123"})
    first, last = run.pop("logs")
    assert run.keys() == RUN_FIELDS
    assert (run["status"], run["error_message"]) == ("completed", None)
    started, ended = (datetime.fromisoformat(run[name][:-1]) for name in ("started_at", "completed_at"))
    assert abs((ended - started) - timedelta(seconds=run["duration_in_seconds"])) < timedelta(milliseconds=1)
    assert first.keys() == last.keys() == LOG_FIELDS
    assert LOG_ID.fullmatch(last["id"])
    assert first["id"] != last["id"]
    assert TIME.fullmatch(last["created_at"])
    assert run["started_at"] <= first["created_at"] <= last["created_at"] <= run["completed_at"]
    assert [log["node_id"] for log in (first, last)] == ["n1", "n2"]
    assert (last["component_id"], last["status"]) == ("webhook", "success")
    assert last["output"] == {"received": {"user_id": "usr_123"}, "ok": True}


def test_a_finished_run_does_not_change(finished, get_run):
    run = finished("fl_sync_sites")
    assert get_run(run["id"]) == run


def test_a_running_run_has_neither_an_end_nor_its_last_log(emulator, start, get_run):
    emulator.set_pace(status_checks=3)
    run_id = start()
    seen = [get_run(run_id) for _ in range(3)]
    assert [(run["status"], len(run["logs"])) for run in seen] == [
        ("pending", 0),
        ("running", 1),
        ("completed", 2),
    ]
    assert [run["completed_at"] is None for run in seen] == [True, True, False]
    assert [run["duration_in_seconds"] is None for run in seen] == [True, True, False]


@pytest.mark.parametrize(("workflow", "statuses"), STATUSES.items())
def test_each_workflow_has_its_statuses(emulator, start, get_run, workflow, statuses):
    emulator.set_pace(status_checks=3)
    run_id = start(workflow)
    seen = [get_run(run_id) for _ in range(5)]
    assert [run["status"] for run in seen] == [*statuses, statuses[-1], statuses[-1]]
    assert [run["completed_at"] is not None for run in seen[2:]] == [
        statuses[-1] in ("completed", "failed")
    ] * 3


def test_a_failure_is_in_the_run_and_in_its_last_log(finished):
    run = finished("fl_always_fails")
    assert (run["status"], run["error_message"]) == (
        "failed",
        "Webhook request failed: 503 Service Unavailable",
    )
    assert [log["status"] for log in run["logs"]] == ["success", "error"]


def test_a_run_can_continue_after_an_error(finished):
    run = finished("fl_continues_on_error", {"a": 1})
    assert (run["status"], run["error_message"]) == ("completed", None)
    assert [log["status"] for log in run["logs"]] == ["success", "error", "success"]
    assert run["logs"][-1]["output"] == {"received": {"a": 1}, "ok": True}


def test_a_run_may_have_no_logs(finished):
    assert finished("fl_no_logs")["logs"] == []


@pytest.mark.parametrize(
    ("body", "given"),
    [({"json": {"context": {"a": 1}}}, {"a": 1}), ({"json": {}}, {}), ({}, {}), ({"json": {"a": 1}}, {})],
)
def test_the_context_is_the_input_and_optional(emulator, altostrat, body, given):
    run_id = altostrat.post("/workflows/fl_sync_sites/execute", **body).json()["id"]
    (run,) = emulator.runs("altostrat")
    assert run.pop("started_at")
    assert run == {
        "vendor": "altostrat",
        "execution_id": run_id,
        "workflow_id": "fl_sync_sites",
        "input": given,
        "status": "pending",
        "stops": 0,
        "is_terminal": False,
        "tag": None,
        "mode": "ASYNC",
        "id_received": True,
    }


@pytest.mark.parametrize(
    "content", [b'{"context": [1]}', b'{"context": null}', b'{"context": "a"}', b"[]", b"{a"]
)
def test_a_context_that_is_not_an_object_is_refused_in_laravels_words(emulator, altostrat, content):
    response = altostrat.post("/workflows/fl_sync_sites/execute", content=content)
    text = response.json()["message"]
    assert (response.status_code, response.json()) == (422, {"message": text, "errors": {"context": [text]}})
    assert emulator.runs() == []


def test_a_list_is_laravels_page_with_the_newest_first_and_no_logs(emulator, altostrat, start):
    ids = [start() for _ in range(16)]
    start("fl_no_logs")
    address = emulator.account("altostrat")["base_url"] + "/workflows/fl_sync_sites/executions"
    body = altostrat.get(address).json()
    assert [run["id"] for run in body["data"]] == ids[:0:-1]
    assert all(run.keys() == RUN_FIELDS for run in body["data"])
    assert body["links"] == {
        "first": f"{address}?page=1",
        "last": f"{address}?page=2",
        "prev": None,
        "next": f"{address}?page=2",
    }
    assert body["meta"] == {
        "current_page": 1,
        "from": 1,
        "last_page": 2,
        "path": address,
        "per_page": 15,
        "to": 15,
        "total": 16,
    }
    body = altostrat.get(body["links"]["next"]).json()
    assert [run["id"] for run in body["data"]] == ids[:1]
    assert (body["links"]["prev"], body["links"]["next"]) == (f"{address}?page=1", None)
    assert (body["meta"]["from"], body["meta"]["to"]) == (16, 16)


@pytest.mark.parametrize(("page", "current", "found"), [("0", 1, 1), ("x", 1, 1), ("-1", 1, 1), ("2", 2, 0)])
def test_an_invalid_page_is_the_first_and_one_past_the_end_is_empty(altostrat, start, page, current, found):
    start()
    body = altostrat.get("/workflows/fl_sync_sites/executions", params={"page": page}).json()
    assert (body["meta"]["current_page"], len(body["data"])) == (current, found)
    assert body["meta"]["from"] == (1 if found else None)


def test_a_list_is_a_status_check_of_the_runs_on_its_page(emulator, altostrat, start, get_run):
    """Runs that are paced by checks end when a client polls lists only; runs on other pages do not move on."""
    emulator.set_pace(status_checks=3)
    ids = [start() for _ in range(16)]

    def listed(page: int) -> dict[str, str]:
        body = altostrat.get("/workflows/fl_sync_sites/executions", params={"page": page}).json()
        return {run["id"]: run["status"] for run in body["data"]}

    seen = [listed(1) for _ in range(3)]

    assert [set(page.values()) for page in seen] == [{"pending"}, {"running"}, {"completed"}]
    assert list(seen[2]) == ids[:0:-1]
    assert [run["is_terminal"] for run in emulator.runs()] == [False] + [True] * 15
    assert get_run(ids[-1])["completed_at"]
    assert listed(2) == {ids[0]: "pending"}

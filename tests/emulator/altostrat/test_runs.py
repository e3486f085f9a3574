"""Altostrat: its runs; the literals here were written from the vendor's pages, not from the emulator."""

import re
from datetime import datetime, timedelta

import pytest

RUN_ID = re.compile(r"fl_run_[0-9a-z]{26}")


LOG_ID = re.compile(r"fl_log_[0-9a-z]{26}")


MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")


RUN_FIELDS = {"id", "status", "error_message", "started_at", "completed_at", "duration_in_seconds"}


LOG_FIELDS = {"id", "node_id", "component_id", "status", "output", "created_at"}


BUILT_IN = {
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
        answer = altostrat.post(f"/workflows/{workflow}/execute", json={"context": context or {}})
        assert answer.status_code == 202, answer.text
        return answer.json()["id"]

    return start


@pytest.fixture
def finished(emulator, start, look):
    """Run a workflow to its end and return its run."""

    def finished(workflow: str, context: object = None) -> dict:
        emulator.set_pace(seconds=0)
        return look(start(workflow, context))

    return finished


def test_a_start_is_accepted_with_the_run_but_without_its_logs(emulator, altostrat):
    emulator.set_pace(seconds=0)
    answer = altostrat.post("/workflows/fl_sync_sites/execute", json={"context": {"site_id": "site_456"}})
    body = answer.json()
    assert answer.status_code == 202
    assert RUN_ID.fullmatch(body.pop("id"))
    assert MOMENT.fullmatch(body.pop("started_at"))
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
    began, ended = (datetime.fromisoformat(run[name][:-1]) for name in ("started_at", "completed_at"))
    assert abs((ended - began) - timedelta(seconds=run["duration_in_seconds"])) < timedelta(milliseconds=1)
    assert first.keys() == last.keys() == LOG_FIELDS
    assert LOG_ID.fullmatch(last["id"])
    assert first["id"] != last["id"]
    assert MOMENT.fullmatch(last["created_at"])
    assert run["started_at"] <= first["created_at"] <= last["created_at"] <= run["completed_at"]
    assert [log["node_id"] for log in (first, last)] == ["n1", "n2"]
    assert (last["component_id"], last["status"]) == ("webhook", "success")
    assert last["output"] == {"received": {"user_id": "usr_123"}, "ok": True}


def test_a_run_that_is_over_does_not_change_any_more(finished, look):
    run = finished("fl_sync_sites")
    assert look(run["id"]) == run


def test_a_run_that_goes_on_has_neither_an_end_nor_its_last_log(emulator, start, look):
    emulator.set_pace(looks=3)
    run_id = start()
    seen = [look(run_id) for _ in range(3)]
    assert [(run["status"], len(run["logs"])) for run in seen] == [
        ("pending", 0),
        ("running", 1),
        ("completed", 2),
    ]
    assert [run["completed_at"] is None for run in seen] == [True, True, False]
    assert [run["duration_in_seconds"] is None for run in seen] == [True, True, False]


@pytest.mark.parametrize(("workflow", "words"), BUILT_IN.items())
def test_each_workflow_goes_its_way(emulator, start, look, workflow, words):
    emulator.set_pace(looks=3)
    run_id = start(workflow)
    seen = [look(run_id) for _ in range(5)]
    assert [run["status"] for run in seen] == [*words, words[-1], words[-1]]
    assert [run["completed_at"] is not None for run in seen[2:]] == [words[-1] in ("completed", "failed")] * 3


def test_a_failure_is_told_by_the_run_and_by_its_last_log(finished):
    run = finished("fl_always_fails")
    assert (run["status"], run["error_message"]) == (
        "failed",
        "Webhook request failed: 503 Service Unavailable",
    )
    assert [log["status"] for log in run["logs"]] == ["success", "error"]


def test_an_error_in_the_middle_may_be_passed_over(finished):
    run = finished("fl_continues_on_error", {"a": 1})
    assert (run["status"], run["error_message"]) == ("completed", None)
    assert [log["status"] for log in run["logs"]] == ["success", "error", "success"]
    assert run["logs"][-1]["output"] == {"received": {"a": 1}, "ok": True}


def test_a_run_may_have_no_logs_at_all(finished):
    assert finished("fl_no_logs")["logs"] == []


@pytest.mark.parametrize(
    ("body", "given"),
    [({"json": {"context": {"a": 1}}}, {"a": 1}), ({"json": {}}, {}), ({}, {}), ({"json": {"a": 1}}, {})],
)
def test_only_the_context_is_the_input_and_it_may_be_left_out(emulator, altostrat, body, given):
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
        "over": False,
        "tag": None,
        "mode": "ASYNC",
        "answered": True,
    }


@pytest.mark.parametrize(
    "content", [b'{"context": [1]}', b'{"context": null}', b'{"context": "a"}', b"[]", b"{a"]
)
def test_a_context_that_is_no_object_is_refused_in_the_frameworks_words(emulator, altostrat, content):
    answer = altostrat.post("/workflows/fl_sync_sites/execute", content=content)
    said = answer.json()["message"]
    assert (answer.status_code, answer.json()) == (422, {"message": said, "errors": {"context": [said]}})
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
def test_a_page_that_is_none_is_the_first_and_one_past_the_end_is_empty(
    altostrat, start, page, current, found
):
    start()
    body = altostrat.get("/workflows/fl_sync_sites/executions", params={"page": page}).json()
    assert (body["meta"]["current_page"], len(body["data"])) == (current, found)
    assert body["meta"]["from"] == (1 if found else None)


def test_only_reading_a_run_is_a_look_at_it(emulator, altostrat, start, look):
    emulator.set_pace(looks=2)
    run_id = start()
    for _ in range(3):
        body = altostrat.get("/workflows/fl_sync_sites/executions").json()
        assert [run["status"] for run in body["data"]] == ["pending"]
    assert [look(run_id)["status"] for _ in range(2)] == ["pending", "completed"]


@pytest.mark.parametrize("workflow", ["fl_always_fails", "fl_sync_sites"])
def test_a_rerun_is_a_new_run_with_the_old_context(emulator, altostrat, finished, look, workflow):
    first = finished(workflow, {"a": 1})
    answer = altostrat.post(f"/workflows/runs/{first['id']}/rerun")
    body = answer.json()
    assert (answer.status_code, body["message"]) == (202, "Workflow re-run initiated successfully.")
    assert body.keys() == {"message", "new_run"}
    assert body["new_run"].keys() == RUN_FIELDS
    assert body["new_run"]["status"] == "pending"
    old, new = emulator.runs()
    assert (new["execution_id"], new["rerun_of"]) == (body["new_run"]["id"], old["execution_id"])
    assert (new["input"], new["workflow_id"], new["answered"]) == ({"a": 1}, workflow, True)
    assert look(new["execution_id"])["status"] == first["status"]


def test_a_failed_run_is_resumed_from_a_node_that_succeeded(emulator, altostrat, finished):
    run_id = finished("fl_always_fails", {"a": 1})["id"]
    answer = altostrat.post(f"/workflows/runs/{run_id}/resume-from/n1")
    new = answer.json()["new_run"]
    assert (answer.status_code, answer.json()) == (
        202,
        {"message": "Workflow resumed successfully from node 'n1'.", "new_run": new},
    )
    assert emulator.runs()[1]["resumed_from"] == "n1"
    for node in ("n2", "n3"):
        assert altostrat.post(f"/workflows/runs/{run_id}/resume-from/{node}").status_code == 422
    completed = finished("fl_sync_sites")["id"]
    assert altostrat.post(f"/workflows/runs/{completed}/resume-from/n1").status_code == 422
    assert len(emulator.runs()) == 3


def test_a_run_that_goes_on_is_not_rerun(emulator, altostrat, start):
    assert altostrat.post(f"/workflows/runs/{start('fl_never_ends')}/rerun").status_code == 422
    assert len(emulator.runs()) == 1

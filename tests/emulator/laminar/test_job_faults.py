"""Laminar's jobs engine under each class of fault."""

import json

import httpx
import pytest


def test_lost_answer_starts_a_job_of_which_nobody_is_told(emulator, jobs, look):
    emulator.fail("laminar", "run_job", "lost_answer")
    with pytest.raises(httpx.ReadError):
        jobs.post("/sync-invoices", params={"async": "1"})
    (run,) = emulator.runs()
    assert look(run["execution_id"])["done"] is True
    assert emulator.runs()[0]["answered"] is False
    assert {call["execution_id"] for call in emulator.calls()} == {run["execution_id"]}


@pytest.mark.parametrize(
    ("fault", "options", "status", "told"),
    [
        ("status", {}, 429, []),
        ("server_error", {"status": 502, "carry_out": True}, 502, [False]),
        ("truncated", {}, 202, [False]),
        ("not_json", {}, 200, [False]),
        ("slow", {"seconds": 0.01}, 202, [True]),
        ("huge", {"bytes": 5000}, 202, [True]),
    ],
)
def test_faults_of_a_start_say_in_the_ledger_who_was_told(emulator, jobs, fault, options, status, told):
    emulator.fail("laminar", "run_job", fault, **options)
    assert jobs.post("/sync-invoices", headers={"x-job-async": "true"}).status_code == status
    assert [run["answered"] for run in emulator.runs()] == told


def test_unknown_status_changes_the_word_of_one_look_and_nothing_else(emulator, start, look):
    emulator.set_pace(looks=2)
    execution_id = start("sync-invoices")
    emulator.fail("laminar", "look_job", "unknown_status")
    assert look(execution_id) == {"jobExecutionId": execution_id, "status": "HIBERNATING", "done": False}
    assert look(execution_id)["status"] == "succeeded"
    with pytest.raises(ValueError, match="no status"):
        emulator.fail("laminar", "run_job", "unknown_status")


def test_huge_pads_the_output_of_a_look(emulator, start, look):
    execution_id = start("sync-invoices", {"a": 1})
    emulator.fail("laminar", "look_job", "huge", bytes=5000)
    output = look(execution_id)["output"]
    assert len(json.dumps(output)) == 5000
    assert output["received"] == {"a": 1}


def test_a_spoilt_look_is_still_a_look(emulator, start, look, jobs):
    emulator.set_pace(looks=2)
    execution_id = start("sync-invoices")
    emulator.fail("laminar", "look_job", "list_body")
    assert isinstance(look(execution_id), list)
    assert look(execution_id)["done"] is True


def test_a_call_that_hangs_or_breaks_off_is_in_the_ledger_without_a_status(emulator, jobs):
    emulator.fail("laminar", "jobs", "hang")
    emulator.fail("laminar", "jobs", "reset")
    with pytest.raises(httpx.ReadTimeout):
        jobs.get("/_jobs", timeout=0.1)
    with pytest.raises(httpx.ReadError):
        jobs.get("/_jobs")
    assert [(call["status"], call["fault"]) for call in emulator.calls()] == [(None, "hang"), (None, "reset")]


def test_echo_secret_repeats_the_trigger_urls_key(emulator, jobs, account):
    emulator.fail("laminar", "look_job", "echo_secret")
    answer = jobs.get("/_executions/any")
    assert answer.status_code == 401
    assert account["trigger_api_key"] in answer.json()["error"]
    assert account["trigger_api_key"] not in json.dumps(emulator.calls())

"""Every fault, by what it does on the wire and by what the ledger says was done."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from airflow_workflow_providers.emulator.faults import FAULTS
from tests.emulator import EXECUTE, noted


def told(emulator) -> list[bool]:
    """Say of every run whether its caller was told."""
    return [run["answered"] for run in emulator.runs()]


def test_lost_answer_starts_a_run_of_which_nobody_is_told(emulator, fail, begin):
    fail("execute", "lost_answer")
    with pytest.raises(httpx.ReadError, match="reset"):
        begin()
    assert told(emulator) == [False]
    assert noted(emulator) == [(None, "lost_answer")]
    assert emulator.calls()[0]["execution_id"] == emulator.runs()[0]["execution_id"]


def test_looking_at_a_run_by_a_guessed_id_does_not_make_its_start_answered(emulator, fail, begin, refold):
    fail("execute", "lost_answer")
    with pytest.raises(httpx.ReadError):
        begin()
    assert refold.get(f"/execution/{emulator.runs()[0]['execution_id']}").status_code == 200
    assert told(emulator) == [False]


def test_reset_breaks_off_before_anything_is_done(emulator, fail, begin):
    fail("execute", "reset")
    with pytest.raises(httpx.ReadError, match="reset"):
        begin()
    assert told(emulator) == []
    assert noted(emulator) == [(None, "reset")]


@pytest.mark.parametrize("fault", ["reset", "lost_answer"])
def test_a_connection_can_also_be_closed_in_order_and_without_an_answer(fail, begin, fault):
    fail("execute", fault, clean=True)
    with pytest.raises(httpx.RemoteProtocolError, match="disconnected"):
        begin()


@pytest.mark.parametrize(("options", "runs"), [({}, []), ({"carry_out": True}, [False])])
def test_hang_never_answers(emulator, fail, begin, options, runs):
    fail("execute", "hang", **options)
    with pytest.raises(httpx.ReadTimeout):
        begin(timeout=0.1)
    assert told(emulator) == runs
    assert noted(emulator) == [(None, "hang")]


@pytest.mark.parametrize("fault", ["slow", "delay"])
def test_slow_answers_late_but_in_full(emulator, fail, begin, fault):
    fail("execute", fault, seconds=0.1)
    before = time.monotonic()
    assert begin().json()["execution_id"] == emulator.runs()[0]["execution_id"]
    assert time.monotonic() - before >= 0.1
    assert told(emulator) == [True]


@pytest.mark.parametrize("fault", ["slow", "delay"])
def test_slow_has_started_the_run_when_an_impatient_caller_leaves(emulator, fail, begin, fault):
    fail("execute", fault, seconds=60)
    with pytest.raises(httpx.ReadTimeout):
        begin(timeout=0.1)
    assert told(emulator) == [False]
    assert noted(emulator) == [(None, fault)]


def test_status_turns_away_with_429_in_the_vendors_words_by_default(emulator, fail, begin):
    fail("execute", "status")
    answer = begin()
    assert answer.status_code == answer.json()["status_code"] == 429
    assert answer.json()["http_error_type"] == "TOO_MANY_REQUESTS"
    assert told(emulator) == []
    assert noted(emulator) == [(429, "status")]


def test_status_can_have_its_own_body_and_headers_and_be_carried_out(emulator, fail, begin):
    fail("execute", "status", status=418, body={"short": "stout"}, headers={"X-Pot": "tea"}, carry_out=True)
    answer = begin()
    assert (answer.status_code, answer.json(), answer.headers["x-pot"]) == (418, {"short": "stout"}, "tea")
    assert told(emulator) == [False]


def test_status_204_has_no_body(fail, begin, caplog):
    fail("execute", "status", status=204)
    answer = begin()
    assert (answer.status_code, answer.content) == (204, b"")
    assert begin().status_code == 200
    assert [record.getMessage() for record in caplog.records if record.name.startswith("uvicorn")] == []


@pytest.mark.parametrize(("wish", "header"), [(None, None), (7, "7"), ("Wed, 21 Oct 2026 07:28:00 GMT",) * 2])
def test_rate_limit_is_429_with_or_without_retry_after(emulator, fail, begin, wish, header):
    fail("execute", "rate_limit", retry_after=wish)
    answer = begin()
    assert (answer.status_code, answer.headers.get("retry-after")) == (429, header)
    assert told(emulator) == []


@pytest.mark.parametrize("status", [500, 502, 503, 529])
def test_server_error_carries_nothing_out_unless_told_to(emulator, fail, begin, status):
    fail("execute", "server_error", status=status)
    fail("execute", "server_error", status=status, carry_out=True)
    assert begin().status_code == status
    assert told(emulator) == []
    assert begin().status_code == status
    assert told(emulator) == [False]


def test_unknown_status_is_one_look_at_a_run_that_goes_on(emulator, fail, start, statuses):
    emulator.set_pace(looks=3)
    execution_id = start("sync-contacts")
    fail("get", "unknown_status")
    assert statuses(execution_id, 3) == ["HIBERNATING", "RUNNING", "COMPLETED"]


def test_unknown_status_can_be_any_word_and_stands_in_lists_too(fail, start, refold):
    start("sync-contacts")
    fail("list", "unknown_status", status="DREAMING")
    assert [item["status"] for item in refold.get("/execution").json()["docs"]] == ["DREAMING"]


@pytest.mark.parametrize("status", [200, 502])
def test_html_is_a_proxys_page_after_a_start_that_took_place(emulator, fail, begin, status):
    fail("execute", "html", status=status)
    answer = begin()
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.text.startswith("<!DOCTYPE html>")
    assert told(emulator) == [False]


def test_truncated_is_the_beginning_of_the_true_answer_under_valid_headers(emulator, fail, begin):
    fail("execute", "truncated")
    answer = begin()
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert int(answer.headers["content-length"]) == len(answer.content)
    assert answer.text.startswith('{"message": "Workflow')
    with pytest.raises(json.JSONDecodeError):
        answer.json()
    assert told(emulator) == [False]


def test_list_body_is_a_list_where_an_object_belongs(emulator, fail, begin):
    fail("execute", "list_body")
    answer = begin()
    assert answer.status_code == 200
    assert isinstance(answer.json(), list)
    assert told(emulator) == [False]


def test_not_json_says_json_and_is_none(emulator, fail, begin):
    fail("execute", "not_json")
    answer = begin()
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    with pytest.raises(json.JSONDecodeError):
        answer.json()
    assert told(emulator) == [False]


@pytest.mark.parametrize("fault", ["html", "truncated", "list_body", "not_json", "hang"])
def test_a_start_whose_answer_is_spoilt_need_not_have_taken_place(emulator, fail, begin, fault):
    fail("execute", fault, carry_out=False)
    if fault == "hang":
        with pytest.raises(httpx.ReadTimeout):
            begin(timeout=0.05)
    else:
        begin()
    assert told(emulator) == []


def test_huge_pads_the_output_in_the_answer_to_the_size(emulator, fail, start, refold):
    emulator.set_pace(seconds=0)
    execution_id = start("sync-contacts", {"a": 1})
    fail("get", "huge", bytes=200_000)
    (response,) = [
        node
        for node in refold.get(f"/execution/{execution_id}").json()["nodes"]
        if node["node_type"] == "response"
    ]
    assert len(json.dumps(response["latest_output"])) == 200_000
    assert response["latest_output"]["received"] == {"a": 1}


def test_huge_pads_what_a_synchronous_call_returns(emulator, fail, begin):
    emulator.set_pace(seconds=0)
    fail("execute", "huge", bytes=5000)
    assert len(json.dumps(begin(headers={"sync_execution": "true"}).json()["return_value"])) == 5000
    assert told(emulator) == [True]


def test_huge_pads_an_answer_that_has_no_output_yet(fail, begin):
    fail("execute", "huge", bytes=5000)
    assert len(begin().content) == 5000


@pytest.mark.parametrize("status", [401, 500])
def test_echo_secret_repeats_the_callers_key(emulator, fail, begin, status):
    fail("execute", "echo_secret", status=status)
    answer = begin()
    assert answer.status_code == status
    assert emulator.account("refold")["api_key"] in answer.json()["message"]
    assert told(emulator) == []


def test_a_fault_comes_before_the_credentials_are_looked_at(fail, connect):
    fail("list", "server_error", status=503)
    assert connect().get("/execution").status_code == 503


def test_a_spoilt_look_is_still_a_look(emulator, fail, start, refold, statuses):
    emulator.set_pace(looks=2)
    execution_id = start("sync-contacts")
    fail("get", "not_json")
    refold.get(f"/execution/{execution_id}")
    assert statuses(execution_id, 1) == ["COMPLETED"]


def test_an_answer_is_held_until_it_is_released(emulator, refold):
    """The vendor has done what it was asked; the caller reads the true answer when the test says so."""
    emulator.fail("refold", "execute", "hold")
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(refold.post, EXECUTE, json={})
        while not emulator.runs("refold"):
            assert not answer.done()
        assert emulator.calls("refold", "execute")[0]["status"] is None
        emulator.release()

    (run,) = emulator.runs("refold")
    assert answer.result().json()["execution_id"] == run["execution_id"]
    assert run["answered"]


def test_a_caller_that_leaves_while_its_answer_is_held_is_not_told(emulator, refold):
    emulator.fail("refold", "execute", "hold")
    with pytest.raises(httpx.ReadTimeout):
        refold.post(EXECUTE, json={}, timeout=0.3)

    emulator.release()

    (run,) = emulator.runs("refold")
    assert not run["answered"]


def test_every_fault_is_tested_here():
    """A fault that no test names could do anything."""
    here = "".join(path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_*faults.py"))
    assert [fault for fault in FAULTS if f'"{fault}"' not in here] == []

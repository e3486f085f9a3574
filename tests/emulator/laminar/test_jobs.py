"""Laminar's jobs engine; the literals here were written from the vendor's pages, not from the emulator."""

import uuid
from urllib.parse import urljoin

import httpx
import pytest

OUTCOMES = {
    "steps": [
        {"step": "Read invoices", "status": "succeeded", "output": {"read": 2}},
        {"step": "Post invoices", "status": "failed", "error": "Invoice 77 has no customer"},
    ]
}


@pytest.mark.parametrize(
    "how", [{"params": {"async": "1"}}, {"headers": {"x-job-async": "true"}}], ids=["query", "header"]
)
def test_an_asynchronous_start_is_queued_and_says_where_on_the_host_to_look(emulator, jobs, account, how):
    answer = jobs.post("/sync-invoices", json={"a": 1}, **how)
    told = answer.json()
    execution_id = str(uuid.UUID(told["jobExecutionId"]))
    assert answer.status_code == 202
    assert told == {
        "jobExecutionId": execution_id,
        "status": "queued",
        "resultPath": f"/laminar/m/acme/_executions/{execution_id}",
    }
    assert jobs.get(urljoin(emulator.url, told["resultPath"])).json()["jobExecutionId"] == execution_id
    (run,) = emulator.runs("laminar")
    run.pop("started_at")
    assert run == {
        "vendor": "laminar",
        "execution_id": execution_id,
        "workflow_id": "sync-invoices",
        "input": {"a": 1},
        "status": "succeeded",
        "stops": 0,
        "over": True,
        "tag": None,
        "mode": "ASYNC",
        "answered": True,
    }


def test_a_look_sees_queued_and_running_and_then_done_with_the_output(emulator, start, look):
    emulator.set_pace(looks=3)
    execution_id = start("sync-invoices", {"a": 1})
    assert [look(execution_id) for _ in range(3)] == [
        {"jobExecutionId": execution_id, "status": "queued", "done": False},
        {"jobExecutionId": execution_id, "status": "running", "done": False},
        {
            "jobExecutionId": execution_id,
            "status": "succeeded",
            "done": True,
            "output": {"received": {"a": 1}, "ok": True},
        },
    ]


@pytest.mark.parametrize(
    ("job", "told"),
    [
        ("always-fails", {"status": "failed", "error": "Portal login was refused"}),
        ("partly", {"status": "partial", "output": OUTCOMES}),
    ],
)
def test_a_job_that_fails_or_half_succeeds_says_so_when_done(start, look, job, told):
    execution_id = start(job)
    assert look(execution_id) == {"jobExecutionId": execution_id, "done": True, **told}


def test_a_job_that_never_ends_runs_on(emulator, start, look):
    emulator.set_pace(looks=2)
    execution_id = start("never-ends")
    assert [look(execution_id)["status"] for _ in range(4)] == ["queued", "running", "running", "running"]


@pytest.mark.parametrize(
    ("job", "status", "body"),
    [
        ("sync-invoices", 200, {"received": {"a": 1}, "ok": True}),
        ("nested/path%20job", 200, {"received": {"a": 1}, "ok": True}),
        ("partly", 207, OUTCOMES),
        ("always-fails", 502, {"error": "Portal login was refused"}),
    ],
)
def test_a_synchronous_call_is_answered_with_the_outcome_and_no_id(emulator, jobs, job, status, body):
    answer = jobs.post(f"/{job}", json={"a": 1})
    assert (answer.status_code, answer.json()) == (status, body)
    (run,) = emulator.runs()
    assert (run["mode"], run["answered"], run["workflow_id"]) == ("SYNC", False, job.replace("%20", " "))


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_any_method_runs_a_job(emulator, jobs, method):
    answer = jobs.request(method, "/sync-invoices", params={"a": "1"})
    assert answer.json() == {"received": {"a": "1"}, "ok": True}


def test_the_input_is_the_query_merged_with_the_body_and_the_body_wins(emulator, jobs):
    jobs.post("/sync-invoices", params={"async": "1", "a": "query", "b": "query"}, json={"b": "body", "c": 3})
    assert emulator.runs()[0]["input"] == {"a": "query", "b": "body", "c": 3}


@pytest.mark.parametrize(
    "how", [{"params": {"async": "true"}}, {"params": {"async": "0"}}, {"headers": {"x-job-async": "1"}}]
)
def test_only_the_two_documented_ways_make_a_call_asynchronous(emulator, jobs, how):
    assert jobs.post("/sync-invoices", **how).json() == {"received": {}, "ok": True}


@pytest.mark.parametrize("content", [b"[1]", b'"text"', b"words"])
def test_a_body_that_cannot_be_merged_is_refused(emulator, jobs, content):
    assert jobs.post("/sync-invoices", content=content).status_code == 400
    assert emulator.runs() == []


@pytest.mark.parametrize("body", [{"minicor.teach": {}}, {"minicor": {"teach": True}}])
def test_a_teaching_call_is_no_run(emulator, jobs, body):
    assert jobs.post("/sync-invoices", json=body).status_code == 501
    assert emulator.runs() == []


@pytest.mark.parametrize("path", ["/nothing", "/39", "/sync-invoices/", "/nested"])
def test_where_no_job_matches_nothing_is_found(emulator, jobs, path):
    assert jobs.post(path).status_code == 404
    assert emulator.runs() == []


def test_executions_of_others_are_not_found(emulator, jobs, account, no_tls):
    assert jobs.get(f"/_executions/{uuid.uuid4()}").status_code == 404
    httpx.post(
        account["base_url"] + "/workflow/execute/external/39",
        headers={"X-API-KEY": account["api_key"]},
        verify=no_tls,
    )
    other = emulator.runs()[0]["execution_id"]
    assert jobs.get(f"/_executions/{other}").status_code == 404  # a workflow's run is no job's


def test_the_jobs_are_listed_with_endpoints_that_can_be_called(emulator, jobs):
    emulator.add_workflow("laminar", "mine", surface="job")
    listed = jobs.get("/_jobs").json()["jobs"]
    assert {job["name"]: job["endpoint"] for job in listed} == {
        "sync-invoices": "/laminar/m/acme/sync-invoices",
        "always-fails": "/laminar/m/acme/always-fails",
        "never-ends": "/laminar/m/acme/never-ends",
        "partly": "/laminar/m/acme/partly",
        "nested/path job": "/laminar/m/acme/nested/path%20job",
        "mine": "/laminar/m/acme/mine",
    }
    assert jobs.post(urljoin(emulator.url, listed[4]["endpoint"])).status_code == 200


@pytest.mark.parametrize("path", ["/sync-invoices", "/nothing", "/_jobs", "/_executions/unknown"])
def test_without_the_trigger_urls_own_key_nothing_is_said(emulator, account, no_tls, path):
    url = account["trigger_url"] + path
    for how in (
        {},
        {"headers": {"x-api-key": account["api_key"]}},
        {"params": {"api_key": account["trigger_api_key"]}},
    ):
        answer = httpx.get(url, verify=no_tls, **how)
        assert (answer.status_code, answer.json()) == (401, {"error": "Unauthorized"})
    assert emulator.runs() == []


def test_a_revoked_key_is_refused(emulator, jobs, account):
    new = emulator.revoke("laminar")
    assert new["trigger_api_key"] != account["trigger_api_key"]
    assert new["trigger_url"] == account["trigger_url"]
    assert jobs.get("/_jobs").status_code == 401
    assert jobs.get("/_jobs", headers={"x-api-key": new["trigger_api_key"]}).status_code == 200


def test_the_words_and_members_that_nobody_documents_can_be_others(emulator, start, look):
    """Who goes by `done` alone need not care."""
    words = {"done_word": "completed", "partial_word": "mixed", "failed_word": "broken"}
    emulator.configure("laminar", **words, output_field="result", error_field="reason")
    seen = [look(start(job)) for job in ("sync-invoices", "partly", "always-fails")]
    assert [(told["status"], told["done"]) for told in seen] == [
        ("completed", True),
        ("mixed", True),
        ("broken", True),
    ]
    assert (seen[0]["result"], seen[1]["result"]) == ({"received": {}, "ok": True}, OUTCOMES)
    assert seen[2]["reason"] == "Portal login was refused"
    emulator.reset()
    emulator.set_pace(seconds=0)
    assert look(start("sync-invoices"))["status"] == "succeeded"


@pytest.mark.parametrize("options", [{"mood": "bad"}, {"done_word": 7}, {"output_field": ""}])
def test_a_habit_that_is_none_is_refused(emulator, options):
    with pytest.raises(ValueError, match="cannot be set"):
        emulator.configure("laminar", **options)


def test_an_added_job_runs_as_described(emulator, jobs, start, look):
    added = emulator.add_workflow("laminar", "a b/c", surface="job", ends="failed", error="no", looks=2)
    assert added == {"workflow_id": "a b/c", "surface": "job", "path": "/m/acme/a%20b/c"}
    execution_id = start("a%20b/c")
    assert [look(execution_id)["status"] for _ in range(2)] == ["queued", "failed"]
    assert jobs.post("/a b/c").json() == {"error": "no"}


def test_a_synchronous_job_that_never_ends_is_never_answered(emulator, jobs):
    with pytest.raises(httpx.ReadTimeout):
        jobs.post("/never-ends", timeout=0.1)
    assert [(run["status"], run["answered"]) for run in emulator.runs()] == [("running", False)]

"""Laminar: the jobs engine."""

import json
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
def test_an_asynchronous_start_is_queued_and_returns_the_path_of_its_result_on_the_host(
    emulator, jobs, account, how
):
    response = jobs.post("/sync-invoices", json={"a": 1}, **how)
    body = response.json()
    execution_id = str(uuid.UUID(body["jobExecutionId"]))
    assert response.status_code == 202
    assert body == {
        "jobExecutionId": execution_id,
        "status": "queued",
        "resultPath": f"/laminar/m/acme/_executions/{execution_id}",
    }
    assert jobs.get(urljoin(emulator.url, body["resultPath"])).json()["jobExecutionId"] == execution_id
    (run,) = emulator.runs("laminar")
    run.pop("started_at")
    assert run == {
        "vendor": "laminar",
        "execution_id": execution_id,
        "workflow_id": "sync-invoices",
        "input": {"a": 1},
        "status": "succeeded",
        "stops": 0,
        "is_terminal": True,
        "tag": None,
        "mode": "ASYNC",
        "id_received": True,
    }


def test_a_job_is_queued_then_running_then_done_with_its_output(emulator, start, get_job):
    emulator.set_pace(status_checks=3)
    execution_id = start("sync-invoices", {"a": 1})
    assert [get_job(execution_id) for _ in range(3)] == [
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
    ("job", "body"),
    [
        ("always-fails", {"status": "failed", "error": "Portal login was refused"}),
        ("partly", {"status": "partial", "output": OUTCOMES}),
    ],
)
def test_a_job_that_fails_or_partly_succeeds_says_so_when_done(start, get_job, job, body):
    execution_id = start(job)
    assert get_job(execution_id) == {"jobExecutionId": execution_id, "done": True, **body}


def test_a_job_that_never_ends_keeps_running(emulator, start, get_job):
    emulator.set_pace(status_checks=2)
    execution_id = start("never-ends")
    assert [get_job(execution_id)["status"] for _ in range(4)] == ["queued", "running", "running", "running"]


@pytest.mark.parametrize(
    ("job", "status", "body"),
    [
        ("sync-invoices", 200, {"received": {"a": 1}, "ok": True}),
        ("nested/path%20job", 200, {"received": {"a": 1}, "ok": True}),
        ("partly", 207, OUTCOMES),
        ("always-fails", 502, {"error": "Portal login was refused"}),
    ],
)
def test_a_synchronous_start_returns_the_outcome_and_no_id(emulator, jobs, job, status, body):
    response = jobs.post(f"/{job}", json={"a": 1})
    assert (response.status_code, response.json()) == (status, body)
    (run,) = emulator.runs()
    assert (run["mode"], run["id_received"], run["workflow_id"]) == ("SYNC", False, job.replace("%20", " "))


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_any_method_runs_a_job(emulator, jobs, method):
    response = jobs.request(method, "/sync-invoices", params={"a": "1"})
    assert response.json() == {"received": {"a": "1"}, "ok": True}


def test_the_input_is_the_query_merged_with_the_body_which_has_priority(emulator, jobs):
    jobs.post("/sync-invoices", params={"async": "1", "a": "query", "b": "query"}, json={"b": "body", "c": 3})
    assert emulator.runs()[0]["input"] == {"a": "query", "b": "body", "c": 3}


@pytest.mark.parametrize(
    "how", [{"params": {"async": "true"}}, {"params": {"async": "0"}}, {"headers": {"x-job-async": "1"}}]
)
def test_only_the_two_documented_ways_make_a_start_asynchronous(emulator, jobs, how):
    assert jobs.post("/sync-invoices", **how).json() == {"received": {}, "ok": True}


@pytest.mark.parametrize("content", [b"[1]", b'"text"', b"words"])
def test_a_body_that_cannot_be_merged_is_refused(emulator, jobs, content):
    assert jobs.post("/sync-invoices", content=content).status_code == 400
    assert emulator.runs() == []


@pytest.mark.parametrize("body", [{"minicor.teach": {}}, {"minicor": {"teach": True}}])
def test_a_teaching_call_starts_no_run(emulator, jobs, body):
    assert jobs.post("/sync-invoices", json=body).status_code == 501
    assert emulator.runs() == []


@pytest.mark.parametrize("path", ["/nothing", "/39", "/sync-invoices/", "/nested"])
def test_a_path_without_a_job_is_not_found(emulator, jobs, path):
    assert jobs.post(path).status_code == 404
    assert emulator.runs() == []


def test_executions_that_are_not_of_a_job_are_not_found(emulator, jobs, account, no_tls):
    assert jobs.get(f"/_executions/{uuid.uuid4()}").status_code == 404
    httpx.post(
        account["base_url"] + "/workflow/execute/external/39",
        headers={"X-API-KEY": account["api_key"]},
        verify=no_tls,
    )
    other = emulator.runs()[0]["execution_id"]
    assert jobs.get(f"/_executions/{other}").status_code == 404  # a workflow's run is not a job's


def test_jobs_are_listed_with_their_endpoints(emulator, jobs):
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
def test_the_trigger_url_needs_its_own_key(emulator, account, no_tls, path):
    url = account["trigger_url"] + path
    for how in (
        {},
        {"headers": {"x-api-key": account["api_key"]}},
        {"params": {"api_key": account["trigger_api_key"]}},
    ):
        response = httpx.get(url, verify=no_tls, **how)
        assert (response.status_code, response.json()) == (401, {"error": "Unauthorized"})
    assert emulator.runs() == []


def test_undocumented_statuses_and_fields_can_have_other_names(emulator, start, get_job):
    """A client that reads `done` only is not affected."""
    statuses = {"done_status": "completed", "partial_status": "mixed", "failed_status": "broken"}
    emulator.configure("laminar", **statuses, output_field="result", error_field="reason")
    seen = [get_job(start(job)) for job in ("sync-invoices", "partly", "always-fails")]
    assert [(body["status"], body["done"]) for body in seen] == [
        ("completed", True),
        ("mixed", True),
        ("broken", True),
    ]
    assert (seen[0]["result"], seen[1]["result"]) == ({"received": {}, "ok": True}, OUTCOMES)
    assert seen[2]["reason"] == "Portal login was refused"
    emulator.reset()
    emulator.set_pace(seconds=0)
    assert get_job(start("sync-invoices"))["status"] == "succeeded"


@pytest.mark.parametrize("options", [{"mood": "bad"}, {"done_status": 7}, {"output_field": ""}])
def test_an_unknown_variant_is_refused(emulator, options):
    with pytest.raises(ValueError, match="done_status: any text"):
        emulator.configure("laminar", **options)


def test_an_added_job_has_its_options(emulator, jobs, start, get_job):
    added = emulator.add_workflow(
        "laminar", "a b/c", surface="job", ends="failed", error="no", status_checks=2
    )
    assert added == {"workflow_id": "a b/c", "surface": "job", "path": "/m/acme/a%20b/c"}
    execution_id = start("a%20b/c")
    assert [get_job(execution_id)["status"] for _ in range(2)] == ["queued", "failed"]
    assert jobs.post("/a b/c").json() == {"error": "no"}


def test_a_synchronous_job_that_never_ends_gets_no_response(emulator, jobs):
    with pytest.raises(httpx.ReadTimeout):
        jobs.post("/never-ends", timeout=0.1)
    assert [(run["status"], run["id_received"]) for run in emulator.runs()] == [("running", False)]


def test_unknown_status_is_a_job_that_goes_on(emulator, start, get_job):
    emulator.set_pace(status_checks=2)
    execution_id = start("sync-invoices")
    emulator.fail("laminar", "get_job", "unknown_status")
    assert get_job(execution_id) == {"jobExecutionId": execution_id, "status": "HIBERNATING", "done": False}
    assert get_job(execution_id)["status"] == "succeeded"
    with pytest.raises(ValueError, match="no status"):
        emulator.fail("laminar", "run_job", "unknown_status")


def test_huge_pads_the_output_of_a_job(emulator, start, get_job):
    execution_id = start("sync-invoices", {"a": 1})
    emulator.fail("laminar", "get_job", "huge", bytes=5000)
    output = get_job(execution_id)["output"]
    assert len(json.dumps(output)) == 5000
    assert output["received"] == {"a": 1}

"""Datalab: executions of pipelines."""

import hashlib
import re
from datetime import datetime

import pytest

from tests.emulator.datalab import EXECUTION, PIPELINES

URL = "https://example.com/file.pdf"
FILE = ("file.pdf", b"%PDF-1.7", "application/pdf")
DESCRIBED = {
    "filename": "file.pdf",
    "content_type": "application/pdf",
    "bytes": 8,
    "sha256": hashlib.sha256(b"%PDF-1.7").hexdigest(),
}


def statuses(execution: dict) -> list[str]:
    return [step["status"] for step in execution["steps"]]


def test_a_start_returns_a_pending_execution_with_every_field_of_the_page(emulator, datalab):
    emulator.configure("datalab", input_config="shown")
    response = datalab.post(f"{PIPELINES}/pl_parse/run", data={"file_url": URL})
    body = response.json()
    step = {
        "lookup_key": None,
        "result_url": None,
        "started_at": None,
        "finished_at": None,
        "error_message": None,
        "source_step_type": None,
        "checkpoint_id": None,
        "status": "pending",
    }
    assert response.status_code == 200
    assert re.fullmatch(r"pex_\w+", body["execution_id"])
    assert body == {
        "execution_id": body["execution_id"],
        "pipeline_id": "pl_parse",
        "pipeline_version": 1,
        "status": "pending",
        "steps": [
            {**step, "step_index": 0, "step_type": "convert"},
            {**step, "step_index": 1, "step_type": "extract"},
        ],
        "started_at": None,
        "completed_at": None,
        "created": body["created"],
        "config_snapshot": {
            "steps": [{"type": "convert", "settings": {}}, {"type": "extract", "settings": {}}]
        },
        "input_config": {"file_url": URL},
        "rate_breakdown": None,
    }
    datetime.strptime(body["created"], "%Y-%m-%dT%H:%M:%S")  # noqa: DTZ007  # the example's times have no zone
    (run,) = emulator.runs()
    assert run.pop("started_at")
    assert run == {
        "vendor": "datalab",
        "execution_id": body["execution_id"],
        "workflow_id": "pl_parse",
        "input": {"file_url": URL},
        "status": "pending",
        "stops": 0,
        "is_terminal": False,
        "tag": None,
        "mode": "ASYNC",
        "id_received": True,
        "pipeline_version": 1,
        "pipeline_steps": [{"type": "convert", "settings": {}}, {"type": "extract", "settings": {}}],
    }


def test_a_file_is_recorded_without_its_bytes(emulator, datalab):
    """The ledger has its name, type, size and digest, beside the other fields of the form."""
    options = {"page_range": "0,2-4", "output_format": "html", "run_evals": "True", "skip_cache": "true"}
    more = {"webhook_url": "https://example.com/done", "version": "0"}
    response = datalab.post(f"{PIPELINES}/pl_parse/run", files={"file": FILE}, data={**options, **more})
    assert response.json()["pipeline_version"] == 0
    (run,) = emulator.runs()
    (request,) = emulator.requests()
    assert run["input"] == request["body"] == {**options, **more, "file": DESCRIBED}


def test_a_large_file_is_counted_and_digested(emulator, datalab):
    """It is larger than what is held in memory."""
    content = b"0123456789" * 200_000
    datalab.post(f"{PIPELINES}/pl_parse/run", files={"file": ("a.bin", content, "application/octet-stream")})
    (run,) = emulator.runs()
    assert run["input"]["file"]["bytes"] == len(content)
    assert run["input"]["file"]["sha256"] == hashlib.sha256(content).hexdigest()


def test_every_start_is_a_new_execution(datalab, run_pipeline):
    """The vendor has no idempotency key."""
    assert run_pipeline() != run_pipeline()


@pytest.mark.parametrize(
    ("form", "kind", "location"),
    [
        ({"data": {"page_range": "1"}}, "one_source", ["body"]),
        ({"json": {"file_url": URL}}, "one_source", ["body"]),
        ({"data": {"file_url": URL}, "files": {"file": FILE}}, "one_source", ["body"]),
        ({"data": {"file": "file.pdf"}}, "file_type", ["body", "file"]),
        ({"data": {"file_url": "file.pdf"}}, "url_parsing", ["body", "file_url"]),
        ({"data": {"file_url": "s3://a/b"}}, "url_scheme", ["body", "file_url"]),
        ({"data": {"file_url": URL, "output_format": "pdf"}}, "output_format", ["body", "output_format"]),
        ({"data": {"file_url": URL, "page_range": "1-"}}, "page_range", ["body", "page_range"]),
        ({"data": {"file_url": URL, "run_evals": "maybe"}}, "bool_parsing", ["body", "run_evals"]),
        ({"data": {"file_url": URL, "skip_cache": ""}}, "bool_parsing", ["body", "skip_cache"]),
        ({"data": {"file_url": URL, "version": "latest"}}, "int_parsing", ["body", "version"]),
        ({"data": {"file_url": URL}, "files": {"page_range": FILE}}, "string_type", ["body", "page_range"]),
        (
            {"content": b"--x\r\nbroken", "headers": {"Content-Type": "multipart/form-data"}},
            "form_parsing",
            ["body"],
        ),
    ],
)
def test_an_invalid_form_is_refused_with_its_location(emulator, datalab, form, kind, location):
    response = datalab.post(f"{PIPELINES}/pl_parse/run", **form)
    (problem,) = response.json()["detail"]
    assert (response.status_code, problem["type"], problem["loc"]) == (422, kind, location)
    assert emulator.runs() == []


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", f"{PIPELINES}/pl_none/run"),
        ("POST", f"{PIPELINES}/101/run"),
        ("GET", f"{PIPELINES}/pl_none/executions"),
        ("GET", f"{EXECUTION}/pex_none"),
        ("GET", f"{EXECUTION}/pex_none/steps/0/result"),
    ],
)
def test_what_does_not_exist_is_404_with_a_detail(emulator, datalab, method, path):
    response = datalab.request(method, path, data={"file_url": URL} if method == "POST" else None)
    assert response.status_code == 404
    assert isinstance(response.json()["detail"], str)
    assert emulator.runs() == []


def test_a_version_that_is_not_published_is_404(datalab):
    response = datalab.post(f"{PIPELINES}/pl_parse/run", data={"file_url": URL, "version": "2"})
    assert response.status_code == 404


def test_executions_of_workflows_and_of_pipelines_are_apart(datalab, execute, run_pipeline):
    assert datalab.get(f"{EXECUTION}/{execute()}").status_code == 404
    assert datalab.get(f"/api/v1/workflows/executions/{run_pipeline()}").status_code == 422


def test_an_execution_passes_the_documented_statuses(emulator, datalab, run_pipeline, get_pipeline_execution):
    emulator.add_workflow("datalab", "pl_three", steps=["convert", "segment", "extract"])
    emulator.set_pace(status_checks=3)
    execution_id = run_pipeline("pl_three")
    seen = [get_pipeline_execution(execution_id) for _ in range(3)]
    assert [execution["status"] for execution in seen] == ["pending", "running", "completed"]
    assert [statuses(execution) for execution in seen] == [
        ["pending"] * 3,
        ["completed", "running", "dispatched"],
        ["completed"] * 3,
    ]
    assert [bool(execution["started_at"]) for execution in seen] == [False, True, True]
    assert [bool(execution["completed_at"]) for execution in seen] == [False, False, True]
    running = seen[1]["steps"]
    assert [bool(step["finished_at"]) for step in running] == [True, False, False]
    assert [bool(step["result_url"]) for step in running] == [True, False, False]


@pytest.mark.parametrize("later", ["pending", "skipped"])
def test_the_error_of_a_failed_execution_is_in_its_step(
    emulator, run_pipeline, get_pipeline_execution, later
):
    emulator.set_pace(seconds=0)
    emulator.configure("datalab", later_steps=later)
    execution = get_pipeline_execution(run_pipeline("pl_fails"))
    assert execution["status"] == "failed"
    assert statuses(execution) == ["failed", later]
    assert [step["error_message"] for step in execution["steps"]] == ["document is encrypted", None]
    assert "error" not in execution


def test_an_execution_may_complete_with_errors(emulator, run_pipeline, get_pipeline_execution):
    emulator.set_pace(seconds=0)
    execution = get_pipeline_execution(run_pipeline("pl_partly"))
    assert execution["status"] == "completed_with_errors"
    assert statuses(execution) == ["completed", "failed"]
    assert execution["steps"][1]["error_message"] == "page 3 could not be read"
    assert execution["completed_at"]


def test_an_execution_that_never_ends_keeps_running(emulator, run_pipeline, get_pipeline_execution):
    emulator.set_pace(status_checks=2)
    execution_id = run_pipeline("pl_never_ends")
    assert [get_pipeline_execution(execution_id)["status"] for _ in range(4)] == ["pending"] + ["running"] * 3


@pytest.mark.parametrize("output_format", ["markdown", "html", "json", "chunks"])
def test_the_result_of_a_step_is_in_the_format_that_was_asked_for(
    emulator, datalab, run_pipeline, output_format
):
    emulator.set_pace(seconds=0)
    execution_id = run_pipeline(output_format=output_format)
    result = datalab.get(f"{EXECUTION}/{execution_id}/steps/0/result").json()
    assert (result["status"], result["success"], result["error"]) == ("complete", True, None)
    assert result["output_format"] == output_format
    assert result[output_format]
    extracted = datalab.get(f"{EXECUTION}/{execution_id}/steps/1/result").json()
    assert isinstance(extracted["extraction_schema_json"], str)


def test_a_pipeline_may_add_fields_to_its_results(emulator, datalab, run_pipeline):
    emulator.set_pace(seconds=0)
    emulator.add_workflow("datalab", "pl_added", steps=["convert"], output={"markdown": "# Mine", "rows": 3})
    result = datalab.get(f"{EXECUTION}/{run_pipeline('pl_added')}/steps/0/result").json()
    assert (result["markdown"], result["rows"], result["success"]) == ("# Mine", 3, True)


def test_the_result_of_a_failed_step_says_why(emulator, datalab, run_pipeline):
    emulator.set_pace(seconds=0)
    result = datalab.get(f"{EXECUTION}/{run_pipeline('pl_fails')}/steps/0/result").json()
    assert (result["success"], result["error"]) == (False, "document is encrypted")


@pytest.mark.parametrize("status", [404, 400])
def test_a_step_that_has_not_ended_has_no_result(
    emulator, datalab, run_pipeline, get_pipeline_execution, status
):
    """Asking for it is not a status check: the execution does not move on."""
    emulator.configure("datalab", unfinished_step=status)
    emulator.set_pace(status_checks=2)
    execution_id = run_pipeline()
    for _ in range(3):
        assert datalab.get(f"{EXECUTION}/{execution_id}/steps/0/result").status_code == status
    assert get_pipeline_execution(execution_id)["status"] == "pending"
    assert datalab.get(f"{EXECUTION}/{execution_id}/steps/2/result").status_code == 404
    assert datalab.get(f"{EXECUTION}/{execution_id}/steps/first/result").status_code == 422


def test_the_url_of_a_result_is_that_of_the_api_and_needs_the_key(emulator, datalab, stranger, run_pipeline):
    emulator.set_pace(seconds=0)
    (step, _) = datalab.get(f"{EXECUTION}/{run_pipeline()}").json()["steps"]
    assert stranger.get(step["result_url"]).status_code == 401
    assert datalab.get(step["result_url"]).json()["success"] is True


def test_executions_are_listed_from_the_newest_on(emulator, datalab, run_pipeline):
    emulator.set_pace(seconds=0)
    started = [run_pipeline() for _ in range(5)]
    run_pipeline("pl_fails")
    page = datalab.get(f"{PIPELINES}/pl_parse/executions", params={"limit": 2, "offset": 1}).json()
    assert page.keys() == {"executions", "total"}
    assert page["total"] == 5
    assert [each["execution_id"] for each in page["executions"]] == started[::-1][1:3]
    assert page["executions"][0] == datalab.get(f"{EXECUTION}/{started[3]}").json()


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "offset=-1", "limit=all"])
def test_a_page_out_of_bounds_is_refused(datalab, query):
    response = datalab.get(f"{PIPELINES}/pl_parse/executions?{query}")
    assert response.status_code == 422
    assert response.json()["detail"][0]["loc"] == ["query", query.partition("=")[0]]


def test_the_list_shows_the_file_of_an_execution_if_it_is_told_to(emulator, datalab, run_pipeline):
    """With it a client finds the execution of a start whose response it never received."""
    run_pipeline(file_url="https://example.com/one.pdf")
    datalab.post(f"{PIPELINES}/pl_parse/run", files={"file": FILE})
    path = f"{PIPELINES}/pl_parse/executions"
    assert [each["input_config"] for each in datalab.get(path).json()["executions"]] == [None, None]
    emulator.configure("datalab", input_config="shown")
    shown = [each["input_config"] for each in datalab.get(path).json()["executions"]]
    assert shown == [
        {"filename": "file.pdf", "content_type": "application/pdf"},
        {"file_url": "https://example.com/one.pdf"},
    ]


@pytest.mark.parametrize(
    ("workflow_id", "options", "named"),
    [
        ("pl_new", {"steps": []}, "at least one"),
        ("pl_new", {"failing_step": 2}, "failing_step"),
        ("pl_new", {"ends": 1}, "'ends'"),
        ("pl_new", {"active_version": -1}, "active_version"),
        ("pl_a/b", {}, "one segment"),
    ],
)
def test_an_invalid_pipeline_is_refused(emulator, workflow_id, options, named):
    with pytest.raises(ValueError, match=named):
        emulator.add_workflow("datalab", workflow_id, **options)


def test_faults_change_executions_and_results(emulator, datalab, run_pipeline, get_pipeline_execution):
    emulator.set_pace(seconds=0)
    execution_id = run_pipeline()
    emulator.fail("datalab", "get_pipeline_execution", "unknown_status", status="hibernating")
    assert get_pipeline_execution(execution_id)["status"] == "hibernating"
    emulator.fail("datalab", "get_step_result", "huge", bytes=5000)
    assert len(datalab.get(f"{EXECUTION}/{execution_id}/steps/0/result").content) == 5000
    emulator.fail("datalab", "run_pipeline", "rate_limit")
    response = datalab.post(f"{PIPELINES}/pl_parse/run", data={"file_url": URL})
    assert "endpoint /api/v1/pipelines/{pipeline_id}/run" in response.json()["detail"]

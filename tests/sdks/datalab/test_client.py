"""
Datalab's released client does with the emulator what it does with the vendor.

What it returns is compared with what the emulator has recorded: the client hides some errors.
"""

import hashlib
from contextlib import closing

import pytest

from airflow_workflow_providers.hooks.datalab import DatalabPipelineHook
from tests.conftest import connect
from tests.sdks import CHANGED_FILES, printed_json
from tests.sdks.datalab import REQUIREMENT
from tests.vendors import DATALAB

DIGEST = hashlib.sha256(b"%PDF-1.7 report").hexdigest()


@pytest.fixture
def operations(emulator):
    """Return what the client has asked for, and fail if any of it was refused."""

    def operations() -> list[str]:
        requests = emulator.requests("datalab")
        assert [(each["operation"], each["status"]) for each in requests if each["status"] != 200] == []
        return [each["operation"] for each in requests]

    return operations


def test_the_client_is_the_released_one(python, tmp_path):
    """Every file has the digest that the release says."""
    name, _, version = REQUIREMENT.partition("==")
    assert printed_json([str(python), "-c", CHANGED_FILES, name], tmp_path, {}) == [version, []]


def test_it_creates_a_workflow_executes_it_polls_and_downloads_what_was_made(
    emulator, call, document, operations
):
    seen = call("workflow", document=str(document))
    (run,) = emulator.runs("datalab")
    number = seen["created"]["id"]
    assert seen["read"]["steps"][1]["depends_on"] == ["parse"]
    assert number in seen["listed"]
    assert "marker_parse" in seen["step_types"]
    assert (seen["started"]["status"], seen["started"]["id"]) == ("processing", int(run["execution_id"]))

    ended = seen["ended"]
    assert (ended["status"], ended["success"], ended["error"]) == ("COMPLETED", True, None)
    assert (ended["workflow_id"], ended["input_config"]) == (number, run["input"])
    made = [
        cell["downloaded_data"][name]
        for step in ended["steps"].values()
        for cell in step.values()
        for name in ("step", "file")
    ]
    assert made == ["parse", "file-1", "parse", "file-2", "extract", "file-1", "extract", "file-2"]
    assert operations().count("output") == 4


def test_it_reports_a_workflow_that_failed(call):
    ended = call("workflow_until", workflow_id=102, polls=3)
    assert (ended["status"], ended["success"]) == ("FAILED", False)
    assert ended["error"] == "Step parse failed: document is encrypted"


def test_its_wait_ends_without_an_error_while_the_execution_goes_on(emulator, call):
    ended = call("workflow_until", workflow_id=103, polls=3)
    assert (ended["status"], ended["success"]) == ("IN_PROGRESS", False)
    assert len(emulator.requests("datalab", "get")) == 3


def test_it_reads_the_id_of_a_start_from_either_field(emulator, call):
    emulator.configure("datalab", start_id_field="id")
    assert call("workflow_until", workflow_id=101, polls=3)["success"] is True


def test_it_repeats_a_start_that_was_refused_for_the_rate(emulator, call):
    """It pauses for 5 s, and starts one execution."""
    emulator.fail("datalab", "run_pipeline", "rate_limit")
    assert call("pipeline_until", pipeline_id="pl_parse", polls=3)["status"] == "completed"
    assert [each["status"] for each in emulator.requests("datalab", "run_pipeline")] == [429, 200]
    assert len(emulator.runs("datalab")) == 1


def test_it_gives_up_a_wait_at_the_first_server_error(emulator, call):
    """A named exception: the pages say that the client repeats such a request; it does so for documents only."""
    emulator.fail("datalab", "get_pipeline_execution", "server_error")
    assert call("pipeline_until", pipeline_id="pl_parse", polls=3)["status"] == 500
    assert len(emulator.requests("datalab", "get_pipeline_execution")) == 1


def test_it_does_not_download_the_results_of_flat_steps(emulator, call):
    """The client reads nested steps only; the page shows flat ones."""
    emulator.configure("datalab", steps="flat")
    ended = call("workflow_until", workflow_id=101, polls=3)
    assert ended["success"] is True
    assert emulator.requests("datalab", "output") == []


def test_it_defines_runs_and_reads_a_pipeline(emulator, call, document, operations):
    seen = call("pipeline", document=str(document))
    name = seen["created"]["pipeline_id"]
    (run,) = emulator.runs("datalab")
    assert run["workflow_id"] == name
    assert run["input"]["file"] == {
        "filename": "report.pdf",
        "content_type": "application/pdf",
        "bytes": 15,
        "sha256": DIGEST,
    }
    given = {key: value for key, value in run["input"].items() if key != "file"}
    assert given == {"page_range": "0,2-4", "run_evals": "True", "version": "1"}

    assert (seen["saved"]["name"], seen["saved"]["is_saved"]) == ("invoices", True)
    assert (seen["published"]["version"], seen["published"]["description"]) == (1, "first")
    assert [step["type"] for step in seen["discarded"]["steps"]] == ["convert", "extract"]
    assert seen["read"] == seen["discarded"]
    assert seen["versions"]["total"] == 1
    assert seen["listed"]["total"] == len(seen["listed"]["pipelines"])
    assert seen["rate"]["rate_per_1000_pages_cents"] > 0
    assert name not in seen["archived"]
    assert name in seen["unarchived"]

    assert (seen["started"]["status"], seen["ended"]["status"]) == ("pending", "completed")
    assert seen["ended"]["pipeline_version"] == 1
    assert [step["status"] for step in seen["ended"]["steps"]] == ["completed", "completed"]
    assert [each["execution_id"] for each in seen["executions"]["executions"]] == [run["execution_id"]]
    assert [result["success"] for result in seen["results"]] == [True, True]
    assert "extraction_schema_json" in seen["results"][1]
    assert {"run_pipeline", "get_step_result", "list_pipeline_executions"} <= set(operations())


def test_our_hook_asks_for_definitions_as_it_does_and_returns_what_it_reads(emulator, call, monkeypatch):
    """In its release nothing reads the workflows of another team, and the rate in another region; our hook can."""
    connect(monkeypatch, DATALAB, emulator)
    emulator.add_workflow("datalab", "pl_mine", steps=["convert", "segment"], active_version=3)
    seen = call("definitions", workflow_id=102, pipeline_id="pl_mine")
    asked = [(each["operation"], each["query"]) for each in emulator.requests("datalab")]
    with closing(DatalabPipelineHook()) as hook:
        read = {
            "workflows": hook.list_workflows()["workflows"],
            "workflow": hook.get_workflow(102),
            "step_types": hook.list_step_types(),
            "pipelines": hook.list_pipelines(),
            "some_pipelines": hook.list_pipelines(saved_only=False, include_archived=True, limit=2, offset=1),
            "pipeline": hook.get_pipeline("pl_mine"),
            "versions": hook.list_pipeline_versions("pl_mine"),
            "rate": hook.get_pipeline_rate("pl_mine"),
        }
    assert read == seen
    assert [(each["operation"], each["query"]) for each in emulator.requests("datalab")] == asked * 2
    assert len(asked) == len(seen)


@pytest.mark.parametrize(
    ("pipeline_id", "status", "message"),
    [
        ("pl_parse", "completed", None),
        ("pl_fails", "failed", "document is encrypted"),
        ("pl_partly", "completed_with_errors", "page 3 could not be read"),
        ("pl_never_ends", "running", None),
    ],
)
def test_it_knows_every_end_of_a_pipeline(emulator, call, pipeline_id, status, message):
    seen = call("pipeline_until", pipeline_id=pipeline_id, polls=3)
    messages = [step["error_message"] for step in seen["steps"] if step["error_message"]]
    assert (seen["status"], messages) == (status, [message] if message else [])
    (run,) = emulator.runs("datalab")
    assert run["input"] == {"file_url": "https://example.com/file.pdf"}


def test_it_uploads_lists_downloads_and_deletes_files(emulator, call, document, operations):
    seen = call("files", document=str(document))
    first, second = seen["uploaded"]
    assert (first["upload_status"], first["file_size"]) == ("completed", 15)
    assert first["reference"] != second["reference"]
    assert {**first, "created": seen["read"]["created"]} == seen["read"]
    assert (seen["listed"]["total"], len(seen["listed"]["files"])) == (2, 1)
    assert seen["content"] == "%PDF-1.7 report"
    assert (seen["deleted"]["success"], seen["left"]) == (True, 1)
    assert operations().count("put_file") == 2
    bodies = [each["body"] for each in emulator.requests("datalab", "put_file")]
    assert bodies == [{"bytes": 15, "sha256": DIGEST}] * 2
    assert not any("x-api-key" in each["headers"] for each in emulator.requests("datalab", "put_file"))


def test_it_converts_extracts_and_segments_a_document(emulator, call, document, operations):
    seen = call("documents", document=str(document))
    assert seen["converted"]["success"] is True
    assert seen["saved"] == ["report.html", "report.json"]
    assert (seen["streamed"]["success"], seen["response"]["status"]) == (True, "complete")
    assert seen["extracted"]["extraction_schema_json"]
    assert seen["from_checkpoint"]["success"] is True
    assert seen["segmented"]["segmentation_results"]
    runs = [(run["workflow_id"], run["status"]) for run in emulator.runs("datalab")]
    kinds = ["convert", "convert", "extract", "extract", "segment"]
    assert runs == [(kind, "complete") for kind in kinds]
    assert operations().count("convert") == 2


def test_it_raises_for_a_document_that_failed(emulator, call, document):
    emulator.add_workflow("datalab", "convert", ends="failed", error="document is encrypted")
    seen = call("convert", document=str(document))
    assert seen == {"error": "Processing failed: document is encrypted", "status": None}


def test_it_raises_the_status_of_a_refusal(emulator, call):
    """A named exception: the client loses the vendor's own text, because it reads the body too late."""
    seen = call("workflow_until", workflow_id=999, polls=1)
    assert seen["status"] == 404
    assert "Workflow not found" not in seen["error"]
    emulator.fail("datalab", "execute", "status", status=401)
    assert call("workflow_until", workflow_id=101, polls=1)["status"] == 401


def test_it_cannot_save_what_it_has_extracted(call, document):
    """A named exception: the client gives pathlib a suffix without a dot, which is a ValueError."""
    assert "Invalid suffix" in call("extract_to_disk", document=str(document))["error"]


def test_it_deletes_a_workflow_without_executions(call):
    assert call("delete_workflow", workflow_id=101)["success"] is True
    call("workflow_until", workflow_id=104, polls=1)
    assert call("delete_workflow", workflow_id=104)["status"] == 400

"""Datalab: convert, extract and segment."""

import pytest

URL = "https://example.com/file.pdf"
PROCESSORS = ("convert", "extract", "segment")


@pytest.fixture
def submit(datalab):
    """Submit a document by its URL, and return the reply."""

    def submit(processor: str = "convert", **form: str) -> dict:
        response = datalab.post(f"/api/v1/{processor}", data={"file_url": URL, **form})
        assert response.status_code == 200, response.text
        return response.json()

    return submit


@pytest.fixture
def result(emulator, datalab, submit):
    """Submit a document and return its result."""

    def result(processor: str = "convert", **form: str) -> dict:
        emulator.set_pace(seconds=0)
        return datalab.get(submit(processor, **form)["request_check_url"]).json()

    return result


@pytest.mark.parametrize("processor", PROCESSORS)
def test_a_document_is_submitted_and_checked_until_it_is_complete(emulator, datalab, submit, processor):
    emulator.set_pace(status_checks=2)
    submitted = submit(processor)
    assert submitted == {
        "success": True,
        "error": None,
        "request_id": submitted["request_id"],
        "request_check_url": f"{emulator.url}/datalab/api/v1/{processor}/{submitted['request_id']}",
        "versions": None,
    }
    assert datalab.get(submitted["request_check_url"]).json() == {"status": "processing"}
    result = datalab.get(submitted["request_check_url"]).json()
    assert (result["status"], result["success"], result["error"]) == ("complete", True, None)
    (run,) = emulator.runs()
    assert (run["workflow_id"], run["execution_id"], run["input"], run["id_received"]) == (
        processor,
        submitted["request_id"],
        {"file_url": URL},
        True,
    )


def test_each_processor_has_its_own_result(result):
    assert result("convert")["markdown"]
    assert isinstance(result("extract")["extraction_schema_json"], str)
    assert result("segment")["segmentation_results"]


def test_a_result_may_have_several_formats(result):
    found = result(output_format="html,json")
    assert (found["output_format"], "markdown" in found) == ("html,json", False)
    assert found["html"]
    assert found["json"]


def test_a_checkpoint_stands_for_a_document(datalab, result):
    """Only where nothing is to be converted."""
    checkpoint = result(save_checkpoint="True")["checkpoint_id"]
    assert result()["checkpoint_id"] is None
    for processor, status in (("convert", 422), ("extract", 200), ("segment", 200)):
        response = datalab.post(f"/api/v1/{processor}", data={"checkpoint_id": checkpoint})
        assert response.status_code == status


def test_a_processor_may_fail_or_return_more(emulator, result):
    emulator.add_workflow("datalab", "convert", ends="failed", error="document is encrypted")
    failed = result()
    assert (failed["status"], failed["success"], failed["error"]) == (
        "failed",
        False,
        "document is encrypted",
    )
    emulator.add_workflow("datalab", "convert", output={"parse_quality_score": 4.5})
    assert result()["parse_quality_score"] == 4.5
    emulator.reset()
    assert result()["status"] == "complete"


def test_a_file_that_does_not_exist_fails_or_is_refused(emulator, datalab, result):
    url = "datalab://file-none"
    assert result(file_url=url)["error"] == f"File not found: {url}"
    emulator.configure("datalab", unusable_file="refused")
    assert datalab.post("/api/v1/convert", data={"file_url": url}).status_code == 400


def test_a_request_is_only_known_where_it_was_submitted(datalab, submit):
    request_id = submit("convert")["request_id"]
    assert datalab.get(f"/api/v1/extract/{request_id}").status_code == 404
    assert datalab.get("/api/v1/convert/none").status_code == 404


def test_faults_can_be_for_one_processor(emulator, datalab, submit):
    emulator.fail("datalab", "convert", "server_error", workflow_id="convert")
    submit("extract")
    assert datalab.post("/api/v1/convert", data={"file_url": URL}).status_code == 500
    emulator.fail("datalab", "check_convert", "unknown_status", status="hibernating")
    assert datalab.get(submit()["request_check_url"]).json()["status"] == "hibernating"

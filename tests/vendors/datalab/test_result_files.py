"""The documents that an execution has made: fetched at once, and kept in the record or in object storage."""

from __future__ import annotations

import hashlib
import json
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import structlog
from airflow.sdk import ObjectStoragePath

from airflow_workflow_providers.apis import datalab
from airflow_workflow_providers.core import errors
from airflow_workflow_providers.core.request import Response
from airflow_workflow_providers.emulator import Emulator
from airflow_workflow_providers.operators.datalab import DatalabExecuteWorkflowOperator
from tests.conftest import connect
from tests.fake_airflow import Task
from tests.vendors import DATALAB

FILES = {"file_urls": ["https://files.example/a.pdf", "https://files.example/b.pdf"]}


def task(workflow: int = 101, **options: Any) -> Task:
    return Task(
        lambda: DatalabExecuteWorkflowOperator(
            task_id="run", workflow_id=workflow, input_config=FILES, poll_interval=0.01, **options
        ),
        retries=1,
    )


def test_the_documents_are_in_the_record(emulator: Emulator) -> None:
    """Beside the status of each step and file."""
    output = task().run()["output"]

    assert output["parse"]["file-2"]["status"] == "COMPLETED"
    assert output["parse"]["file-2"]["result"]["markdown"] == "# file-2\n\nparse\n"


@pytest.mark.parametrize("limit", [0, 500])
def test_documents_that_are_too_large_leave_the_statuses_in_the_record(
    emulator: Emulator, limit: int
) -> None:
    """With a limit of 0 nothing is fetched: an execution whose documents are gone can still be waited for."""
    if not limit:
        emulator.fail("datalab", "output", "status", status=404, times=None)

    record = task(max_inline_output=limit).run()

    assert record["state"] == "succeeded"
    assert record["output_omitted"]["fetch"].startswith("DatalabHook('datalab_default').download_result(")
    assert (emulator.requests("datalab", "output") == []) is (limit == 0)
    assert limit == 0 or record["output"]["parse"]["file-1"] == {"status": "COMPLETED", "error": None}


@pytest.mark.parametrize("steps", ["nested", "flat"])
def test_the_documents_are_in_the_folder(emulator: Emulator, tmp_path: Path, steps: str) -> None:
    """Under the execution, the step and the file; the record names each."""
    emulator.configure("datalab", steps=steps)

    record = task(output_path=f"file://{tmp_path}").run()

    files = (
        ["parse", "extract"]
        if steps == "flat"
        else [f"{s}/file-{n}" for s in ("parse", "extract") for n in (1, 2)]
    )
    assert [entry["name"] for entry in record["output"]] == files
    root = tmp_path / record["execution_id"]
    assert {str(path.relative_to(root)) for path in root.rglob("[!.]*.json")} == {
        f"{name}.json" for name in files
    }
    assert json.loads((root / f"{files[0]}.json").read_bytes())["status"] == "complete"
    assert {entry["media_type"] for entry in record["output"]} == {"application/json"}


def test_a_file_that_failed_has_no_document(emulator: Emulator, tmp_path: Path) -> None:
    record = task(104, output_path=f"file://{tmp_path}", on_partial_failure="succeed").run()

    assert [entry["name"] for entry in record["output"]] == ["parse/file-1", "extract/file-1"]


def test_an_expired_address_is_asked_for_anew(emulator: Emulator, tmp_path: Path) -> None:
    """By one more read of the execution, which serves all files."""
    emulator.fail("datalab", "output", "status", status=403)
    before = task(output_path=f"file://{tmp_path / 'a'}")
    before.run()
    reads = len(emulator.requests("datalab", "get"))

    task(output_path=f"file://{tmp_path / 'b'}").run()

    assert reads == len(emulator.requests("datalab", "get")) - reads + 1


def test_a_document_that_is_gone_fails_the_task_and_a_retry_reads_the_same_execution(
    emulator: Emulator, tmp_path: Path
) -> None:
    """Nothing is published of it; the error names file and execution."""
    emulator.fail("datalab", "output", "status", status=404, times=2)
    run = task(output_path=f"file://{tmp_path}")

    with pytest.raises(errors.NotFound, match="result parse/file-1 could not be kept: HTTP 404") as failed:
        run.try_once()
    record = run.try_once()

    assert [each["execution_id"] for each in emulator.runs("datalab")] == [record["execution_id"]]
    assert failed.value.execution_id == record["execution_id"]
    assert len(record["output"]) == 4


def test_a_result_that_changes_between_two_reads_is_one_clear_error(
    emulator: Emulator, tmp_path: Path
) -> None:
    """The addresses have expired, and the fresh read of the execution names other files: nothing is guessed."""
    emulator.fail("datalab", "output", "status", times=None, status=403)
    emulator.configure("datalab", steps="nested")
    task = Task(lambda: DATALAB.task(input_config=FILES, output_path=f"file://{tmp_path}"))
    gone = {
        "execution_id": 1,
        "workflow_id": 101,
        "status": "COMPLETED",
        "steps": {"other": {"status": "COMPLETED"}},
    }
    emulator.fail("datalab", "get", "status", after_end=True, after=1, times=None, status=200, body=gone)

    with pytest.raises(
        errors.NotFound, match=r"its result parse/file-1 could not be kept: HTTP 403 from host"
    ):
        task.run()

    assert len([request for request in emulator.requests("datalab", "get") if request["fault"]]) == 1
    assert [path for path in tmp_path.rglob("*.json") if path.name[0] != "."] == []


def test_what_an_earlier_try_has_stored_is_not_fetched_again(emulator: Emulator, tmp_path: Path) -> None:
    """If it is still there as it was: the vendor keeps a result for an hour."""
    emulator.fail("datalab", "output", "status", status=404, after=3, times=2)
    run = task(output_path=f"file://{tmp_path}")
    with pytest.raises(errors.NotFound, match="extract/file-2"):
        run.try_once()
    first, second, _ = sorted(tmp_path.rglob("file-*.json"))
    first.write_text("{}")
    second.write_bytes(second.read_bytes().replace(b"file", b"life"))
    before = len(emulator.requests("datalab", "output"))

    record = run.try_once()

    fetched = [request["path"] for request in emulator.requests("datalab", "output")[before:]]
    assert len(fetched) == 3
    for entry in record["output"]:
        assert hashlib.sha256(ObjectStoragePath(entry["uri"]).read_bytes()).hexdigest() == entry["sha256"]


@pytest.mark.parametrize("fault", ["server_error", "reset", "truncated"])
def test_a_download_that_fails_in_passing_begins_again(
    emulator: Emulator, tmp_path: Path, fault: str
) -> None:
    emulator.fail("datalab", "output", fault)

    record = task(output_path=f"file://{tmp_path}").run()

    assert len(record["output"]) == 4
    assert not [path for path in tmp_path.rglob("*") if path.name.endswith(".part")]


def test_a_host_that_is_not_public_must_be_listed(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The emulator's address is http, and not public; nothing is sent there."""
    connect(monkeypatch, DATALAB, emulator, download_hosts="other.example")

    with pytest.raises(errors.UnexpectedResponse, match=r"at host 127\.0\.0\.1 that is not https"):
        task().try_once()

    assert emulator.requests("datalab", "output") == []


def test_files_that_are_shown_alike_stay_apart() -> None:
    """Their names differ in the signature alone, which is not shown."""
    cells = {
        f"https://files.example/a.pdf?X-Amz-Signature={n}": {
            "status": "COMPLETED",
            "output_url": f"https://r/{n}",
        }
        for n in ("1", "2")
    }
    body = {"execution_id": 7, "status": "COMPLETED", "steps": {"parse": cells}}
    response = Response(200, {}, json.dumps(body).encode())

    execution = datalab.get_execution("7").parse(response)

    assert len(execution.output["parse"]) == 2
    assert [(file.names[-1] in execution.output["parse"], file.source) for file in execution.files] == [
        (True, "https://r/1"),
        (True, "https://r/2"),
    ]


def test_the_hosts_of_results_do_not_tell_an_account(emulator: Emulator) -> None:
    """A connection that lists one more host leads to the same runs."""
    with closing(DATALAB.hook()) as hook:
        assert hook.client.endpoint.settings.download_hosts == {"127.0.0.1"}
        assert "download_hosts" not in hook.client.endpoint.account


def test_no_signature_is_kept_or_logged(emulator: Emulator, tmp_path: Path) -> None:
    """Also if the document is gone."""
    signature = emulator.account("datalab")["signature"]
    kept = [task(), task(output_path=f"file://{tmp_path}"), task(deferrable=True), task()]
    with structlog.testing.capture_logs() as logs:
        for each in kept[:-1]:
            each.run()
        emulator.fail("datalab", "output", "status", status=404, times=None)
        with pytest.raises(errors.NotFound):
            kept[-1].run()

    assert [each.everything_kept() for each in kept if signature in each.everything_kept()] == []
    assert signature not in str(logs)

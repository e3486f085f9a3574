"""Files of an input that are in object storage: uploaded once, before the start, and never more often than needed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import structlog
from airflow.sdk import ObjectStoragePath

from airflow_workflow_providers.core import errors
from airflow_workflow_providers.core.errors import InvalidInput, WorkflowError
from airflow_workflow_providers.emulator import Emulator
from airflow_workflow_providers.hooks.datalab import DatalabHook
from airflow_workflow_providers.operators.start_store import KEY, UPLOADS_KEY
from dev.vendors import DOCUMENT
from tests.conftest import connect
from tests.contract import text_of
from tests.contract.crash import kill_process
from tests.fake_airflow import Task
from tests.object_store import Store
from tests.vendors import DATALAB, DATALAB_PIPELINES

CONTENT = b"%PDF-1.4 a report"
ADDRESS = "memory://in/report.pdf"


@pytest.fixture(autouse=True)
def report(store: Store) -> None:
    """Put the report into the store."""
    store.pipe_file("/in/report.pdf", CONTENT)


def pipeline(workflow: str | None = None, **options: Any) -> Any:
    return DATALAB_PIPELINES.task(workflow, **{"file": ADDRESS, **options})


def workflow(*files: Any, **options: Any) -> Any:
    return DATALAB.task(input_config={"file_urls": list(files) or [ADDRESS]}, **options)


def operations(emulator: Emulator) -> list[str]:
    """Return what Datalab was asked for before a status check."""
    asked = [request["operation"] for request in emulator.requests("datalab")]
    return [
        each for each in asked if each not in ("get", "get_pipeline_execution", "get_step_result", "output")
    ]


def uploads(emulator: Emulator) -> list[dict[str, Any]]:
    return emulator.requests("datalab", "put_file")


@pytest.mark.parametrize("deferrable", [False, True])
@pytest.mark.parametrize("make", [pipeline, workflow])
def test_a_file_is_uploaded_before_the_start_which_names_its_reference(
    emulator: Emulator, make: Callable[..., Any], deferrable: bool
) -> None:
    """Whole, with its type, and without the key of the account."""
    record = Task(lambda: make(deferrable=deferrable)).run()

    assert record["state"] == "succeeded"
    assert operations(emulator)[:3] == ["upload_file", "put_file", "confirm_file"]
    assert operations(emulator)[3:] in (["run_pipeline"], ["execute"])
    [put] = uploads(emulator)
    assert put["body"] == {"bytes": len(CONTENT), "sha256": hashlib.sha256(CONTENT).hexdigest()}
    assert put["headers"]["content-type"] == "application/pdf"
    assert "x-api-key" not in put["headers"]
    [asked] = emulator.requests("datalab", "upload_file")
    assert asked["body"] == {"filename": "report.pdf", "content_type": "application/pdf"}
    [run] = emulator.runs("datalab")
    assert "datalab://" in json.dumps(run["input"])


def test_only_the_files_in_object_storage_are_uploaded_and_each_once(emulator: Emulator) -> None:
    """Their references stand where the author has named them; the others are sent as they are."""
    local = f"file://{DOCUMENT}"
    others = ["https://files.example/a.pdf?sig=1", "datalab://file-unknown"]
    emulator.configure("datalab", unusable_file="fails")
    task = Task(
        lambda: workflow(
            others[0], local, ADDRESS, ObjectStoragePath(local), others[1], wait_for_completion=False
        )
    )

    task.run()

    [run] = emulator.runs("datalab")
    sent = run["input"]["file_urls"]
    assert [sent[0], sent[4]] == others
    assert sent[1] == sent[3] != sent[2]
    assert {each.partition("://")[0] for each in sent[1:4]} == {"datalab"}
    assert len(uploads(emulator)) == 2


def test_a_typed_input_with_one_file_is_uploaded_too(emulator: Emulator) -> None:
    Task(lambda: DATALAB.task(input_config={"type": "single_file", "file_url": ADDRESS})).run()

    [run] = emulator.runs("datalab")
    assert run["input"]["type"] == "single_file"
    assert run["input"]["file_url"].startswith("datalab://")


def test_a_retry_uploads_nothing_again(emulator: Emulator) -> None:
    """Also if the first execution has failed, so that the retry starts another one."""
    task = Task(lambda: pipeline("pl_fails"), retries=2)

    with pytest.raises(errors.ExecutionFailed):
        task.run()

    assert len(emulator.runs("datalab")) == 3
    assert len(uploads(emulator)) == 1
    assert len({json.dumps(run["input"]) for run in emulator.runs("datalab")}) == 1


@pytest.mark.parametrize("change", ["content", "cleared", "account"])
def test_a_file_is_uploaded_again_if_it_has_changed_or_belongs_elsewhere(
    emulator: Emulator, store: Store, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    task = Task(lambda: pipeline("pl_fails"), retries=1)
    with pytest.raises(errors.ExecutionFailed):
        task.try_once()
    if change == "content":
        store.pipe_file("/in/report.pdf", CONTENT + b", corrected")
    elif change == "cleared":
        task.clear()
    else:
        elsewhere = emulator.connection("datalab")["host"].replace("127.0.0.1", "localhost")
        connect(monkeypatch, DATALAB, emulator, {"host": elsewhere}, download_hosts="127.0.0.1,localhost")

    with pytest.raises(errors.ExecutionFailed):
        task.try_once()

    assert len(uploads(emulator)) == 2


def test_a_retry_reattaches_although_the_file_is_gone(emulator: Emulator, store: Store) -> None:
    """It is at Datalab; a run that is paid for is not lost by a folder that was cleaned up."""
    task = Task(lambda: pipeline("pl_never_ends", timeout=1.0), retries=1)
    with pytest.raises(errors.ExecutionTimedOut):
        task.try_once()
    store.rm("/in/report.pdf")

    with pytest.raises(errors.ExecutionTimedOut):
        task.try_once()

    assert len(emulator.runs("datalab")) == len(uploads(emulator)) == 1


@pytest.mark.parametrize("stored", [True, False])
def test_a_process_that_is_killed_after_an_upload_has_started_nothing(
    emulator: Emulator, stored: bool
) -> None:
    """At the write of the intent: before it is stored, the retry starts with the same upload; after it, the start is lost."""
    task = Task(pipeline, retries=1)
    kill_process(task, 1, stored=stored)
    assert emulator.runs("datalab") == []

    if stored:
        with pytest.raises(errors.LostStart, match=r"a run may exist"):
            task.try_once()
    else:
        assert task.try_once()["state"] == "succeeded"
    assert len(emulator.runs("datalab")) == (not stored)
    assert len(uploads(emulator)) == 1


@pytest.mark.parametrize("operation", ["upload_file", "put_file", "confirm_file"])
def test_an_upload_that_fails_in_passing_is_repeated(emulator: Emulator, operation: str) -> None:
    emulator.fail("datalab", operation, "status", status=503)

    assert Task(pipeline).run()["state"] == "succeeded"
    assert uploads(emulator)[-1]["status"] == 200


@pytest.mark.parametrize(
    ("operation", "fault", "options", "what"),
    [
        (
            "upload_file",
            "status",
            {"status": 400, "body": {"detail": "Invalid file type."}},
            "Invalid file type",
        ),
        ("upload_file", "html", {}, "could not upload file report.pdf"),
        (
            "put_file",
            "status",
            {"status": 403},
            "memory://in/report.pdf could not be uploaded to Datalab: HTTP 403",
        ),
        ("confirm_file", "status", {"status": 404}, "confirm the upload"),
        ("confirm_file", "status", {"status": 200, "body": {"success": False}}, "not received"),
    ],
)
def test_without_its_file_nothing_is_started(
    emulator: Emulator, operation: str, fault: str, options: dict[str, Any], what: str
) -> None:
    """The retry may start it: no intent is left. No address of an upload is shown."""
    emulator.fail("datalab", operation, fault, **options)
    task = Task(pipeline, retries=1)
    with structlog.testing.capture_logs() as logs, pytest.raises(WorkflowError, match=what) as failed:
        task.try_once()
    assert emulator.runs("datalab") == []
    assert KEY not in task.store
    assert "Signature" not in text_of(logs) + str(failed.value) + json.dumps(task.store)

    assert task.try_once()["state"] == "succeeded"


@pytest.mark.parametrize("reference", ["https://elsewhere.example/a", "", 7, None])
def test_a_reference_that_is_none_is_never_started_with(emulator: Emulator, reference: Any) -> None:
    body = {
        "file_id": 1,
        "upload_url": "https://storage.example/a",
        "expires_in": 3600,
        "reference": reference,
    }
    emulator.fail("datalab", "upload_file", "status", status=200, body=body)

    with pytest.raises(errors.UnexpectedResponse):
        Task(pipeline).run()

    assert operations(emulator) == ["upload_file"]


def test_an_upload_goes_to_no_address_that_is_not_public(emulator: Emulator) -> None:
    """Whatever the response to the request for an upload says."""
    for address in (
        "http://files.example/a",
        "https://127.0.0.1.nip.example@10.0.0.1/a",
        "https://10.0.0.1/a",
    ):
        body = {"file_id": 1, "upload_url": address, "expires_in": 3600, "reference": "datalab://file-1"}
        emulator.fail("datalab", "upload_file", "status", status=200, body=body)
        with pytest.raises(WorkflowError, match=r"not https|not valid|not public"):
            Task(pipeline).run()
    assert uploads(emulator) == []


@pytest.mark.parametrize(
    ("file", "what"),
    [
        ("memory://in/no.pdf", "does not exist"),
        ("memory://in/a.exe", "extension"),
        ("nope://bucket/a.pdf", "cannot be read"),
        ("file:///etc/airflow.pdf", "outside of the allowed folders"),
        (f"file://{DOCUMENT.parent}/../datalab_blocking.pdf", "outside of the allowed folders"),
    ],
)
def test_a_file_that_cannot_be_an_input_is_rejected_before_anything_is_sent(
    emulator: Emulator, file: str, what: str
) -> None:
    """When the task runs: a parse does not read files. Also if a run's conf has rendered to it."""
    for make in (pipeline, lambda **options: workflow(options["file"])):
        with pytest.raises(InvalidInput, match=what):
            Task(lambda make=make: make(file=file)).run()
    assert emulator.requests("datalab") == []


def test_what_is_stored_of_an_upload_is_versioned_and_has_no_address_of_it(emulator: Emulator) -> None:
    """``size`` and ``version`` tell whether the file has changed."""
    task = Task(pipeline)
    task.run()

    stored = task.store[UPLOADS_KEY]
    assert stored.keys() == {"version", "max_tries", "account", "files"}
    assert stored["files"].keys() == {ADDRESS}
    assert stored["files"][ADDRESS].keys() == {"size", "version", "reference"}


def test_a_store_that_fails_costs_only_the_upload(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a state store, as on Airflow 3.2, each try uploads the file; nothing else is lost."""
    task = Task(lambda: pipeline("pl_fails"), retries=1, store=False)

    with pytest.raises(errors.ExecutionFailed):
        task.run()

    assert len(uploads(emulator)) == 2


def test_the_hook_uploads_a_file_for_a_task_of_its_own(emulator: Emulator) -> None:
    """Its reference can be the input of another task; the file can be listed, read and deleted."""
    hook = DatalabHook()

    reference = hook.upload_file(f"file://{DOCUMENT}")

    [listed] = hook.list_files()["files"]
    assert (listed["reference"], listed["original_filename"]) == (reference, DOCUMENT.name)
    assert hook.get_file(listed["file_id"])["upload_status"] == "completed"
    assert "Signature" in hook.get_file_address(listed["file_id"])
    hook.delete_file(listed["file_id"])
    with pytest.raises(errors.NotFound):
        hook.get_file(listed["file_id"])
    hook.close()


def test_a_local_document_is_a_test_of_its_own(tmp_path: Path) -> None:
    """The document of the tests and examples is a PDF that Datalab would take."""
    file = DatalabHook.input_file(f"file://{DOCUMENT}")

    assert (file.content_type, b"".join(file.pieces())[:5]) == ("application/pdf", b"%PDF-")

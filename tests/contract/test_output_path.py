"""Guarantee 10: with ``output_path`` the result lies in object storage, and the record says where and what it is."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from airflow.sdk import ObjectStoragePath

from airflow_workflow_providers.core import errors
from airflow_workflow_providers.emulator import Emulator
from tests.contract import blocking_and_deferred, runs, start
from tests.fake_airflow import Task
from tests.vendors import DATALAB_PIPELINES, VendorCase


@blocking_and_deferred
@pytest.mark.parametrize("kind", ["operator", "sensor"])
def test_the_output_is_stored_and_the_record_names_it(
    vendor: VendorCase, emulator: Emulator, tmp_path: Path, deferrable: bool, kind: str
) -> None:
    """The files hold what the record would hold, whatever its size is; the record holds no output."""
    options = {"deferrable": deferrable, "output_path": f"file://{tmp_path}", "max_inline_output": 10}
    if kind == "operator":
        task = Task(lambda: vendor.task(**options))
    else:
        run_id = start(vendor, vendor.succeeds)
        task = Task(lambda: vendor.sensor(task_id="wait", execution_id=run_id, poke_interval=0.01, **options))

    record = task.run()

    assert "output_omitted" not in record
    again = Task(lambda: vendor.sensor(task_id="again", execution_id=record["execution_id"])).run()
    assert record["output"] != []
    for entry in record["output"]:
        content = ObjectStoragePath(entry["uri"]).read_bytes()
        assert (entry["bytes"], entry["sha256"]) == (len(content), hashlib.sha256(content).hexdigest())
        assert record["execution_id"] in entry["uri"]
        inline = again["output"]
        if vendor is DATALAB_PIPELINES:  # the name begins with the place of the step
            inline = inline[int(entry["name"].partition("-")[0])]["result"]
        elif entry["name"] != "output":  # a file of the result
            for name in entry["name"].split("/"):
                inline = inline[name]
            inline = inline["result"]
        assert (content.decode() if isinstance(inline, str) else json.loads(content)) == inline


@blocking_and_deferred
def test_a_run_whose_output_cannot_be_stored_is_named_and_not_started_again(
    vendor: VendorCase, emulator: Emulator, tmp_path: Path, deferrable: bool
) -> None:
    """The folder is a file at the first try, and a folder at the second."""
    folder = tmp_path / "out"
    folder.write_text("")
    task = Task(lambda: vendor.task(deferrable=deferrable, output_path=f"file://{folder}"), retries=1)

    with pytest.raises(errors.WorkflowError, match=r"has ended as .* could not be kept") as failed:
        task.try_once()
    folder.unlink()
    record = task.try_once()

    assert [run["execution_id"] for run in runs(emulator, vendor)] == [record["execution_id"]]
    assert failed.value.execution_id == record["execution_id"]
    assert record["output"] != []


@pytest.mark.parametrize("path", ["out/here", "None", "", "nope://bucket", 7])
def test_a_folder_that_cannot_be_used_is_rejected_before_anything_is_sent(
    vendor: VendorCase, emulator: Emulator, path: str
) -> None:
    """Also if a template has rendered to it."""

    def rendered() -> None:
        task = vendor.task(output_path="{{ params.out }}")
        task.output_path = path
        task.execute(Task(vendor.task).context(task))

    for attempt in (lambda: Task(lambda: vendor.task(output_path=path)).run(), rendered):
        with pytest.raises(errors.InvalidInput, match="output_path"):
            attempt()
    assert emulator.requests(vendor.conn_type) == []


def test_a_task_without_a_wait_stores_nothing(vendor: VendorCase, emulator: Emulator, tmp_path: Path) -> None:
    """Its run has no output yet."""
    record = Task(lambda: vendor.task(wait_for_completion=False, output_path=f"file://{tmp_path}")).run()

    assert record["output"] is None
    assert list(tmp_path.iterdir()) == []

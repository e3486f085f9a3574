"""The external call with ``output_path``: its response is the result, and is streamed to the folder as it is."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from airflow_workflow_providers.core import errors
from airflow_workflow_providers.emulator import Emulator
from tests.fake_airflow import Task
from tests.object_store import Store
from tests.vendors import LAMINAR


def run(folder: str, workflow: str = "39", retries: int = 0, **options: Any) -> Task:
    return Task(lambda: LAMINAR.task(workflow, output_path=folder, **options), retries=retries)


@pytest.mark.parametrize(
    ("content_type", "body", "name"),
    [
        ("text/csv; charset=utf-8", "a;b\n1;2\n", "output.csv"),
        ("application/xml", "<a>\u00e4</a>", "output.xml"),
        ("application/vnd.api+json", '{"big": 1e400, "twice": 1, "twice": 2}', "output"),
        ("text/plain", "", "output.txt"),
    ],
)
def test_a_response_of_any_type_is_stored_byte_for_byte(
    emulator: Emulator, tmp_path: Path, content_type: str, body: str, name: str
) -> None:
    """Also what JSON would change, and a response of 0 bytes."""
    emulator.add_workflow("laminar", "900", output=body, media_type=content_type)

    record = run(f"file://{tmp_path}", "900").run()

    [entry] = record["output"]
    [stored] = tmp_path.rglob("output*")
    content = stored.read_bytes()
    assert (record["state"], record["execution_id"], entry["name"], stored.name) == (
        "succeeded",
        None,
        "output",
        name,
    )
    assert content == body.encode()
    assert entry["uri"].endswith(str(stored))
    assert (entry["bytes"], entry["sha256"]) == (len(content), hashlib.sha256(content).hexdigest())
    assert entry["media_type"] == content_type.partition(";")[0]


def test_a_run_that_fails_stores_nothing(emulator: Emulator, tmp_path: Path) -> None:
    emulator.fail("laminar", "execute", "status", status=400, body={"error": "no such invoice"})

    with pytest.raises(errors.ExecutionFailed, match="no such invoice"):
        run(f"file://{tmp_path}").run()

    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_call_that_started_nothing_is_sent_again(emulator: Emulator, tmp_path: Path) -> None:
    """As without a folder."""
    emulator.fail("laminar", "execute", "rate_limit", retry_after=0)

    assert run(f"file://{tmp_path}").run()["state"] == "succeeded"
    assert len(emulator.runs("laminar")) == 1


@pytest.mark.parametrize("fails", ["write", "close", "mv"])
def test_a_run_whose_result_cannot_be_stored_is_not_run_again(
    emulator: Emulator, store: Store, fails: str
) -> None:
    """It has no id, so nobody can read the result again. Nothing lies under the name of the result."""
    store.fails = fails
    task = run("memory://bucket/out", retries=2)

    with pytest.raises(errors.LostStart, match=r"could not be written.*no space left"):
        task.run()

    assert (len(emulator.runs("laminar")), task.tries) == (1, 1)
    assert [name for name in store.store if not name.rpartition("/")[2].startswith(".")] == []


def test_a_folder_that_cannot_be_written_is_noticed_before_the_run(emulator: Emulator, store: Store) -> None:
    """Nothing was sent, so the retry runs it."""
    store.fails = "open"
    task = run("memory://bucket/out", retries=1)
    with pytest.raises(errors.WorkflowError, match="403 access denied"):
        task.try_once()
    assert emulator.runs("laminar") == []

    store.fails = ""
    assert task.try_once()["state"] == "succeeded"
    assert len(emulator.runs("laminar")) == 1


def test_a_response_that_is_lost_is_a_lost_start_and_leaves_no_file(
    emulator: Emulator, tmp_path: Path
) -> None:
    emulator.fail("laminar", "execute", "lost_response")

    with pytest.raises(errors.LostStart):
        run(f"file://{tmp_path}", retries=1).run()

    assert len(emulator.runs("laminar")) == 1
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_an_html_page_is_no_result(emulator: Emulator, tmp_path: Path) -> None:
    emulator.fail("laminar", "execute", "html")

    with pytest.raises(errors.LostStart, match="an HTML page"):
        run(f"file://{tmp_path}").run()

    assert [path for path in tmp_path.rglob("output*")] == []  # noqa: C416  # the names, in the error

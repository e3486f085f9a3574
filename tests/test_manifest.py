"""The manifest of a batch: whole lines only, one for each input, whatever happened to the workers before."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from airflow_workflow_providers.core.errors import WorkflowError
from airflow_workflow_providers.outputs.folder import OutputFolder
from airflow_workflow_providers.outputs.manifest import (
    BatchManifest,
    FolderParts,
    ManifestWriter,
    manifest_line,
)
from tests.object_store import Store


def line(index: int, state: str = "succeeded", **known: Any) -> dict[str, Any]:
    return manifest_line(index, f"f{index}", state=state, execution_id=f"pex_{index}", **known)


def writer(path: Any) -> ManifestWriter:
    return ManifestWriter(FolderParts(OutputFolder(path), "run.manifest"))


def test_of_two_lines_about_an_execution_the_later_one_counts(tmp_path: Path) -> None:
    """The worker of an earlier try could not store the result, and was killed before it had published anything."""
    folder = f"file://{tmp_path}"
    for number in range(20):  # the names of the parts have an order
        worker = writer(folder)
        worker.add(line(0, "succeeded" if number == 19 else "not_stored"))
        worker.flush()

    [known] = writer(folder).lines().values()

    assert b'"succeeded"' in known


def test_what_a_dead_worker_has_left_half_written_is_no_line(tmp_path: Path) -> None:
    folder = f"file://{tmp_path}"
    worker = writer(folder)
    worker.add(line(0))
    worker.flush()
    [part] = (tmp_path / "run.manifest.parts").iterdir()
    part.write_text(part.read_text() + part.read_text()[:40])

    assert list(writer(folder).lines()) == ["pex_0"]


def test_the_manifest_is_there_whole_or_as_it_was_before(store: Store) -> None:
    worker = writer("memory://out")
    worker.publish([line(0)])
    worker.add(line(1))
    worker.flush()
    store.fails = "mv"

    with pytest.raises(WorkflowError, match="could not be written"):
        worker.publish([line(0), line(1)])
    store.fails = ""

    assert [each["index"] for each in BatchManifest("memory://out/run.manifest.jsonl")] == [0]
    assert list(writer("memory://out").lines()) == ["pex_0", "pex_1"]


def test_a_part_that_cannot_be_written_is_written_the_next_time(store: Store) -> None:
    worker = writer("memory://out")
    worker.add(line(0))
    store.fails = "open"
    with pytest.raises(WorkflowError):
        worker.flush()
    store.fails = ""
    worker.add(line(1))
    worker.flush()

    assert list(worker.lines()) == ["pex_0", "pex_1"]


def test_an_output_of_several_files_is_named_by_their_folder() -> None:
    files = [
        {
            "name": name,
            "uri": f"s3://out/a/{name}",
            "bytes": size,
            "sha256": name,
            "media_type": "application/json",
        }
        for name, size in (("0.json", 3), ("1.json", 4))
    ]

    one, both = line(0, files=files[:1]), line(0, files=files)

    assert (one["uri"], one["bytes"], one["sha256"], "files" in one) == (
        "s3://out/a/0.json",
        3,
        "0.json",
        False,
    )
    assert (both["uri"], both["bytes"], both["sha256"], both["files"]) == ("s3://out/a", 7, None, files)


def test_a_manifest_is_read_line_by_line(tmp_path: Path) -> None:
    """A damaged line is an error only when it is reached."""
    address = writer(f"file://{tmp_path}").publish([line(0), line(1, "failed", error="no")])
    path = Path(str(address).removeprefix("file://"))
    path.write_text(path.read_text() + "{}\n")
    manifest = iter(BatchManifest(str(address)))

    assert [next(manifest)["index"], next(manifest)["index"]] == [0, 1]
    with pytest.raises(WorkflowError, match="Line 3 of"):
        next(manifest)

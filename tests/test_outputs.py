"""Results in object storage: published whole or not at all, under a safe name, and never whole in memory."""

from __future__ import annotations

import hashlib
import json
import traceback
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk import ObjectStoragePath

from airflow_workflow_providers.core.errors import InvalidInput, WorkflowError
from airflow_workflow_providers.outputs.folder import NAME_LIMIT, OutputFolder, segment
from tests.object_store import Store


def files_below(path: Path) -> dict[str, bytes]:
    return {str(file.relative_to(path)): file.read_bytes() for file in path.rglob("*") if file.is_file()}


def html(write: Any) -> str:
    write(b"<p>")
    write(b"</p>")
    return "text/html"


def test_the_entry_of_a_file_is_true_and_its_address_can_be_opened(tmp_path: Path) -> None:
    """The folder need not exist."""
    folder = OutputFolder(f"file://{tmp_path}/new/folder/")

    entry = folder.write(["run 7", "page.html"], html)

    content = ObjectStoragePath(entry["uri"]).read_bytes()
    assert content == b"<p></p>"
    assert (entry["bytes"], entry["media_type"]) == (7, "text/html")
    assert entry["sha256"] == hashlib.sha256(content).hexdigest()
    assert len(files_below(tmp_path)) == 1


@pytest.mark.parametrize("path", ["{}", "file://{}", ObjectStoragePath("file:///x").parent])
def test_a_path_an_address_and_an_object_are_the_same_folder(tmp_path: Path, path: Any) -> None:
    given = path.format(tmp_path) if isinstance(path, str) else ObjectStoragePath(f"file://{tmp_path}")

    OutputFolder(given).write_value(["1", "output"], {"a": 1})

    assert files_below(tmp_path) == {"1/output.json": b'{"a": 1}'}


@pytest.mark.parametrize("operation", ["open", "write", "close", "mv"])
def test_a_store_that_fails_leaves_what_was_there_before(store: Store, operation: str) -> None:
    """One error names the file and the reason; nothing half written is left, also under another name."""
    folder = OutputFolder("memory://bucket/out")
    folder.write_value(["1", "output"], "first")
    store.fails = operation

    with pytest.raises(WorkflowError, match=r"bucket/out/1/\..*(access denied|no space left)") as failed:
        folder.write_value(["1", "output"], "second")
    assert "s3cret" not in "".join(traceback.format_exception(failed.value))
    assert "\n" not in str(failed.value)

    store.fails = ""
    assert [path for path in store.find("/") if "output" in path] == ["/bucket/out/1/output.txt"]
    assert store.cat("/bucket/out/1/output.txt") == b"first"


def test_a_download_that_breaks_off_is_not_published(store: Store) -> None:
    """Closing the file of an object store publishes what was written so far, so it has another name until then."""

    def break_off(write: Any) -> None:
        write(b"half")
        raise TimeoutError

    with pytest.raises(TimeoutError):
        OutputFolder("memory://bucket/out").write(["1", "a.pdf"], break_off)

    assert store.find("/") == []


def test_a_reader_sees_a_file_only_when_it_is_complete(tmp_path: Path) -> None:
    seen: list[list[str]] = []

    def fill(write: Any) -> str:
        for _ in range(3):
            write(b"x" * 100_000)
            seen.append([name for name in files_below(tmp_path) if not Path(name).name.startswith(".")])
        return "application/octet-stream"

    OutputFolder(f"file://{tmp_path}").write(["1", "a.bin"], fill)

    assert seen == [[], [], []]
    assert list(files_below(tmp_path)) == ["1/a.bin"]


@pytest.mark.parametrize(
    ("value", "content"),
    [
        ("plain", b"plain"),
        ("half \ud83d", b"half ?"),
        ({"a": ["é", 1]}, '{"a": ["é", 1]}'.encode()),
        ({"half": "\ud83d"}, b'{"half": "\\ud83d"}'),
        (2**70, str(2**70).encode()),
        (None, b"null"),
    ],
)
def test_a_value_is_stored_as_it_is(tmp_path: Path, value: Any, content: bytes) -> None:
    """A text as text, anything else as JSON, also what Airflow's XCom cannot hold."""
    entry = OutputFolder(f"file://{tmp_path}").write_value(["1", "output"], value)

    assert ObjectStoragePath(entry["uri"]).read_bytes() == content
    assert isinstance(value, str) or json.loads(content) == value


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/passwd",
        "a/b.pdf",
        "..",
        ".",
        "",
        ".hidden",
        "x" * 300 + ".pdf",
        "a\0b",
        "a\nb",
        "é" * 200,
        "C:\\x",
        "a b",
    ],
)
def test_a_name_of_a_vendor_becomes_one_safe_segment(name: str) -> None:
    safe = segment(name)

    assert safe == segment(name) != name
    assert 0 < len(safe.encode()) <= NAME_LIMIT
    assert not set(safe) & set("/\\\0\n:")
    assert not safe.startswith(".")


def test_names_that_look_alike_stay_apart_and_keep_their_extension() -> None:
    odd = ["a/b.pdf", "a_b.pdf", "a:b.pdf", "x" * 300 + ".pdf", "x" * 301 + ".pdf"]

    assert len({segment(name) for name in odd}) == len(odd)
    assert {segment(name)[-4:] for name in odd} == {".pdf"}
    assert segment("Invoice_2024-01.v2.pdf") == "Invoice_2024-01.v2.pdf"


@pytest.mark.parametrize("path", ["nope://bucket/x", "memory://other@bucket/x", "s3://"])
def test_a_folder_that_airflow_cannot_use_is_rejected(path: str) -> None:
    """The scheme or the connection is unknown, or the provider of the store is not installed."""
    with pytest.raises(InvalidInput, match=r"output_path .* cannot be used"):
        OutputFolder(path)

"""Input files in object storage: looked at before anything is sent, and read piece by piece."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from airflow.sdk import ObjectStoragePath

from airflow_workflow_providers.core.errors import InvalidInput, WorkflowError
from airflow_workflow_providers.inputs.file import InputFile, is_stored
from tests.object_store import Store

TYPES = {".pdf": "application/pdf", ".md": "text/markdown"}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the one folder that tasks may read."""
    allowed = tmp_path / "in"
    allowed.mkdir()
    monkeypatch.setenv("AIRFLOW__WORKFLOW_PROVIDERS__INPUT_FOLDERS", f"{allowed}, /no/such/folder")
    return allowed


def look(address: str | ObjectStoragePath, max_bytes: int = 100) -> InputFile:
    return InputFile.at(address, content_types=TYPES, max_bytes=max_bytes)


def test_a_file_has_its_size_its_type_and_a_version_that_changes_with_it(folder: Path) -> None:
    path = folder / "Report.PDF"
    path.write_bytes(b"%PDF-1.4")
    file = look(f"file://{path}")

    assert (file.name, file.size, file.content_type) == ("Report.PDF", 8, "application/pdf")
    assert b"".join(file.pieces()) == b"%PDF-1.4"
    assert look(ObjectStoragePath(f"file://{path}")) == file
    os.utime(path, (1, 1))
    assert look(f"file://{path}").version != file.version


@pytest.mark.parametrize(
    "known", [{"ETag": '"1"'}, {"etag": "1"}, {"LastModified": "1"}, {"md5Hash": "1", "updated": "1"}]
)
def test_each_store_says_in_its_own_word_whether_a_file_has_changed(
    store: Store, monkeypatch: pytest.MonkeyPatch, known: dict[str, str]
) -> None:
    store.pipe_file("/a.pdf", b"%PDF")
    monkeypatch.setattr(Store, "info", lambda *_, **__: {"size": 4, "type": "file", **known})
    version = look("memory://a.pdf").version
    changed = {name: value.replace("1", "2") for name, value in known.items()}
    monkeypatch.setattr(Store, "info", lambda *_, **__: {"size": 4, "type": "file", **changed})

    assert version
    assert look("memory://a.pdf").version != version


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("no.pdf", None, "does not exist"),
        ("empty.pdf", b"", "is empty"),
        ("large.pdf", b"x" * 101, "has 101 bytes; the limit is 100 bytes"),
        ("a.exe", b"x", r"must be one of \.pdf, \.md"),
        ("pdf", b"x", r"must be one of \.pdf, \.md"),
    ],
)
def test_a_file_that_the_vendor_does_not_take_is_rejected_by_name(
    folder: Path, name: str, content: bytes | None, why: str
) -> None:
    if content is not None:
        (folder / name).write_bytes(content)

    with pytest.raises(InvalidInput, match=f"{name}.*{why}"):
        look(f"file://{folder / name}")


def test_a_folder_is_no_file(folder: Path) -> None:
    (folder / "a.pdf").mkdir()

    with pytest.raises(InvalidInput, match="is a folder"):
        look(f"file://{folder}/a.pdf")


@pytest.mark.parametrize("scheme", ["file://", "FILE://", "local://", ""])
@pytest.mark.parametrize("way", ["outside", "up", "link", "sibling"])
def test_a_local_file_outside_of_the_allowed_folders_is_not_read(folder: Path, way: str, scheme: str) -> None:
    """What a DAG run renders must not send a file of the worker, such as its configuration, to a vendor."""
    secret = folder.parent / "airflow.pdf"
    secret.write_bytes(b"fernet_key")
    (folder / "link.pdf").symlink_to(secret)
    sibling = folder.parent / "in-other"
    sibling.mkdir()
    (sibling / "a.pdf").write_bytes(b"x")
    ways = {
        "outside": secret,
        "up": f"{folder}/../airflow.pdf",
        "link": folder / "link.pdf",
        "sibling": sibling / "a.pdf",
    }

    with pytest.raises(InvalidInput, match=r"outside of the allowed folders.*input_folders"):
        look(f"{scheme}{ways[way]}")


def test_no_local_file_is_read_unless_a_folder_is_allowed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "a.pdf").write_bytes(b"x")
    monkeypatch.setenv("AIRFLOW__WORKFLOW_PROVIDERS__INPUT_FOLDERS", "")

    with pytest.raises(InvalidInput, match=r"\(none\)"):
        look(f"file://{folder}/a.pdf")


@pytest.mark.parametrize(
    "address", ["nope://bucket/a.pdf", "simplecache::file:///etc/a.pdf", "http://x/a.pdf"]
)
def test_an_address_that_airflow_does_not_know_is_rejected(address: str) -> None:
    with pytest.raises(InvalidInput, match="cannot be read"):
        look(address)


def test_an_error_of_a_store_becomes_ours_without_its_signed_address(store: Store) -> None:
    """A later try can succeed, so it is not a wrong input."""
    store.pipe_file("/a.pdf", b"%PDF")
    file = look("memory://a.pdf")
    for fails, act in (("info", lambda: look("memory://a.pdf")), ("read", lambda: list(file.pieces()))):
        store.fails = fails
        with pytest.raises(
            WorkflowError, match=r"memory:.*a\.pdf.*(OSError: no space|PermissionError: 403)"
        ) as failed:
            act()
        assert not isinstance(failed.value, InvalidInput)
        assert "s3cret" not in str(failed.value)
        assert failed.value.__context__ is None


@pytest.mark.parametrize("content", [b"%P", b"%PDF-1.4 and more"])
def test_a_file_that_changes_while_it_is_read_is_noticed(store: Store, content: bytes) -> None:
    store.pipe_file("/a.pdf", b"%PDF-1.4")
    file = look("memory://a.pdf")
    store.pipe_file("/a.pdf", content)

    with pytest.raises(WorkflowError, match="has changed while it was uploaded"):
        list(file.pieces())


def test_only_an_address_of_object_storage_is_uploaded() -> None:
    """The vendor fetches a URL by itself, and knows its own references."""
    stored = ["s3://bucket/a.pdf", "file:///in/a.pdf", "gs://b/a", ObjectStoragePath("file:///in/a.pdf")]
    others = [
        "https://x/a.pdf",
        "HTTP://x/a",
        "datalab://file-1",
        "a.pdf",
        "/in/a.pdf",
        "",
        "http://[x",
        7,
        None,
    ]

    assert [is_stored(each) for each in stored] == [True] * 4
    assert [is_stored(each) for each in others] == [False] * 9

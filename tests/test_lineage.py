"""How files are named for lineage: as OpenLineage names them, few enough for an event, and without anything secret."""

from __future__ import annotations

from typing import Any

import pytest
from airflow.sdk import ObjectStoragePath

from airflow_workflow_providers.lineage import MOST_DATASETS, File, Lineage, file_at

SECRET = "sk-0123456789abcdef"


@pytest.mark.parametrize(
    ("address", "namespace", "name"),
    [
        ("s3://bucket/in/a.pdf", "s3://bucket", "in/a.pdf"),
        ("s3://conn_id@bucket/in/a.pdf", "s3://bucket", "in/a.pdf"),
        ("s3a://bucket/in/a.pdf", "s3://bucket", "in/a.pdf"),
        ("S3://Bucket/In/A.pdf", "s3://Bucket", "In/A.pdf"),
        ("s3://bucket/report #1.pdf", "s3://bucket", "report #1.pdf"),
        ("s3://bucket/a.pdf?versionId=7", "s3://bucket", "a.pdf"),
        ("s3://bucket", "s3://bucket", "/"),
        ("gcs://conn_id@bucket/a.pdf", "gs://bucket", "a.pdf"),
        ("abfs://container/a.pdf", "abfs://container", "a.pdf"),
        ("file:///data/a.pdf", "file", "/data/a.pdf"),
        ("local:///data/a.pdf", "file", "/data/a.pdf"),
        ("/data/a.pdf", "file", "/data/a.pdf"),
        (ObjectStoragePath("file:///data/a.pdf"), "file", "/data/a.pdf"),
        ("https://Files.Example/in/a.pdf", "https://files.example", "in/a.pdf"),
        ("http://files.example:8080/a.pdf", "http://files.example:8080", "a.pdf"),
        ("https://files.example", "https://files.example", "/"),
    ],
)
def test_a_file_has_openlineages_name(address: Any, namespace: str, name: str) -> None:
    assert file_at(address) == File(namespace, name)


@pytest.mark.parametrize(
    "address", ["datalab://file-1", "a.pdf", "", None, 7, {"a": 1}, "https://[::1", "{{ params.file }}"]
)
def test_what_is_no_address_of_a_file_is_no_dataset(address: Any) -> None:
    assert file_at(address) is None


@pytest.mark.parametrize(
    "address",
    [
        f"https://files.example/in/a.pdf?X-Amz-Signature={SECRET}",
        f"https://files.example/in/a.pdf#{SECRET}",
        f"https://user:{SECRET}@files.example/in/a.pdf",
        f"https://{SECRET}@files.example/in/a.pdf",
        f"https://files.example/{SECRET}/a.pdf",
        f"https://files.example/{SECRET.replace('-', '%2D')}/whsec_{SECRET}/a.pdf",
        f"s3://conn:{SECRET}@bucket/in/a.pdf",
        f"s3://bucket/a.pdf?signature={SECRET}#1",
    ],
)
def test_a_name_has_no_query_no_user_and_no_secret(address: str) -> None:
    [file] = Lineage(inputs=[address], secrets=(SECRET,)).input_files()
    [written] = Lineage(outputs=[{"uri": address}], secrets=(SECRET,)).output_files()

    assert file == written
    assert "0123456789abcdef" not in f"{file} {file.uri}"
    assert "@" not in file.uri
    assert "?" not in file.uri
    assert SECRET not in repr(Lineage(secrets=(SECRET,)))


def test_files_are_named_one_by_one_up_to_the_limit_and_each_once() -> None:
    outputs = [{"uri": f"s3://bucket/out/{number}/a.md", "bytes": 2} for number in range(MOST_DATASETS)]

    files = Lineage(outputs=[*outputs, *outputs]).output_files()

    assert len(files) == MOST_DATASETS
    assert files[0] == File("s3://bucket", "out/0/a.md", 2)


def test_more_files_are_named_by_their_folders_the_deepest_ones_first() -> None:
    """The folder that many files share stands for them, with their number and size; a file above it stays itself."""
    outputs = [{"uri": f"s3://bucket/out/{number}/a.md", "bytes": 2} for number in range(MOST_DATASETS + 1)]

    files = Lineage(outputs=[{"uri": "s3://bucket/log.txt", "bytes": None}, *outputs]).output_files()

    assert files == [
        File("s3://bucket", "log.txt"),
        File("s3://bucket", "out", 2 * (MOST_DATASETS + 1), MOST_DATASETS + 1),
    ]


def test_files_of_more_servers_than_the_limit_are_cut_off() -> None:
    files = Lineage(inputs=[f"https://{number}.example/a/b.pdf" for number in range(150)]).input_files()

    assert len(files) == MOST_DATASETS
    assert {file.name for file in files} == {"/"}

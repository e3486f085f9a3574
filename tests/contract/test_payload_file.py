"""An input can be a file beside the DAG, in JSON or YAML; only the parameter with the input, and only below the DAG's folders."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import DAG

from airflow_workflow_providers.core import errors
from airflow_workflow_providers.emulator import Emulator
from tests.contract import blocking_and_deferred, runs
from tests.fake_airflow import Task
from tests.vendors import ROWS, VendorCase

pytestmark = pytest.mark.parametrize("vendor", [row for row in ROWS if row.values[0].operator.payload_field])

#: What no error may repeat.
CONTENT = "content-of-nobody"


@pytest.fixture
def make(tmp_path: Path, vendor: VendorCase) -> Callable[..., Any]:
    """Make a task of a DAG whose templates are in a folder."""

    def make(file: str, *, batch: list[str] | None = None, **options: Any) -> Any:
        with DAG(
            "payload_file",
            template_searchpath=str(tmp_path),
            schedule=None,
            start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
        ):
            if batch is not None:
                return vendor.batch(
                    [{vendor.workflow: vendor.succeeds, vendor.input: name} for name in batch], **options
                )
            return vendor.task(**{vendor.input: file}, **options)

    return make


def given(emulator: Emulator, vendor: VendorCase) -> list[Any]:
    return [run["input"] for run in runs(emulator, vendor)]


@blocking_and_deferred
@pytest.mark.parametrize("suffix", [".json", ".yaml", ".yml"])
def test_the_object_in_the_file_is_the_input(
    vendor: VendorCase, emulator: Emulator, make: Any, tmp_path: Path, suffix: str, deferrable: bool
) -> None:
    """JSON is YAML too. Templates in it are rendered."""
    text = json.dumps(vendor.make_input("{{ ti.task_id }} \u00e4"), ensure_ascii=False)
    (tmp_path / f"input{suffix}").write_text(text, encoding="utf-8")
    task = Task(lambda: make(f"input{suffix}", deferrable=deferrable))

    assert task.run()["state"] == "succeeded"
    assert f"{task.operator.task_id} \u00e4" in str(given(emulator, vendor))


def test_each_input_of_a_batch_can_be_a_file(
    vendor: VendorCase, emulator: Emulator, make: Any, tmp_path: Path
) -> None:
    names = [f"{number}.json" for number in range(3)]
    for name in names:
        (tmp_path / name).write_text(json.dumps(vendor.make_input(f"text {name}")))

    Task(lambda: make("", batch=names)).run()

    assert sorted(name for name in names if f"text {name}" in str(given(emulator, vendor))) == names


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("missing.json", None, "there is no file 'missing.json' in the folder of the DAG"),
        ("../outside.json", b"{}", "there is no file '../outside.json' in the folder of the DAG"),
        ("list.json", f'["{CONTENT}"]'.encode(), "file 'list.json' has no object in it, but list"),
        ("empty.yaml", b"", "file 'empty.yaml' has no object in it, but NoneType"),
        ("text.yaml", CONTENT.encode(), "file 'text.yaml' has no object in it, but str"),
        ("broken.json", f'{{"a": "{CONTENT}",'.encode(), "file 'broken.json' is not JSON: "),
        ("broken.yaml", f"a: [{CONTENT}".encode(), "file 'broken.yaml' is not YAML: "),
        ("object.yaml", f"a: !!python/object:os.{CONTENT} {{}}".encode(), "file 'object.yaml' is not YAML: "),
        ("latin.json", f'{{"a": "\u00e4 {CONTENT}"}}'.encode("latin-1"), "file 'latin.json' is not UTF-8"),
        ("wide.json", f'{{"a": "{CONTENT}"}}'.encode("utf-16"), "file 'wide.json' is not UTF-8"),
        ("deep.json", b"[" * 100_000, "file 'deep.json' is nested too deep"),
        ("folder.json", "folder", "file 'folder.json'"),
        # As ``ds`` in a DAG run without a logical date.
        (
            "nothing.json",
            b'{"a": "{{ nothing.at_all }}"}',
            "file 'nothing.json' cannot be rendered: 'nothing' is undefined",
        ),
        ("wrong.yaml", b"a: '{{ 1 +'", "file 'wrong.yaml' cannot be rendered: "),
    ],
)
def test_a_file_that_is_no_input_starts_nothing(
    vendor: VendorCase, emulator: Emulator, make: Any, tmp_path: Path, name: str, content: Any, problem: str
) -> None:
    """The error names the parameter and the file, and shows nothing of what is in it; there is no retry."""
    (tmp_path / name).unlink(missing_ok=True)
    made = make("missing.json", retries=1)  # at parse it may be elsewhere
    if content == "folder":
        (tmp_path / name).mkdir()
        problem = "there is no file 'folder.json'"
    elif content is not None:
        (tmp_path / name).write_bytes(content)
    setattr(made, vendor.input, name)
    task = Task(lambda: made, retries=1)

    with pytest.raises(errors.InvalidInput) as error:
        task.run()

    assert f"{vendor.input}: {problem}" in str(error.value)
    assert CONTENT not in str(error.value)
    assert task.tries == 1
    assert emulator.requests() == []


def test_a_file_is_checked_at_parse_if_it_is_there(vendor: VendorCase, make: Any, tmp_path: Path) -> None:
    """The name of a file may be a template, and the file may be on the worker only: then the task finds it."""
    (tmp_path / "wrong.json").write_text("[]")
    make("missing.json")
    make("{{ ds }}.json")

    with pytest.raises(errors.InvalidInput, match=f"{vendor.input}: file 'wrong.json' has no object"):
        make("wrong.json")


def test_other_parameters_are_no_files(
    vendor: VendorCase, emulator: Emulator, make: Any, tmp_path: Path
) -> None:
    """Airflow's ``template_ext`` would read every templated parameter that ends like a file."""
    (tmp_path / "input.json").write_text(json.dumps(vendor.make_input("text")))
    folder = tmp_path / "out.json"

    record = Task(lambda: make("input.json", output_path=f"file://{folder}")).run()

    assert record["output"][0]["uri"].startswith(f"file://{folder}/")


def test_a_retry_whose_file_has_changed_submits_a_new_run(
    vendor: VendorCase, emulator: Emulator, make: Any, tmp_path: Path
) -> None:
    """What is in the file is the input, and not its name."""
    file = tmp_path / "input.json"
    file.write_text(json.dumps(vendor.make_input("one")))
    task = Task(lambda: make("input.json", retries=2, wait_for_completion=False), retries=2)
    task.run()
    task.run()
    assert len(given(emulator, vendor)) == 1
    file.write_text(json.dumps(vendor.make_input("two")))

    task.run()

    assert [text in str(run) for run, text in zip(given(emulator, vendor), ("one", "two"), strict=True)] == [
        True,
        True,
    ]

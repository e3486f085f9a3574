"""Airflow's own collector of lineage is told of each file that is read or written, and nothing else changes."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.lineage import hook as compat_hook
from airflow.providers.common.compat.sdk import HookLineageCollector

from airflow_workflow_providers.emulator import Emulator
from airflow_workflow_providers.operators import batch_run, batch_store
from airflow_workflow_providers.outputs.manifest import BatchManifest
from dev.vendors import DOCUMENT
from tests.contract import blocking_and_deferred
from tests.fake_airflow import Task
from tests.vendors import DATALAB, DATALAB_PIPELINES, VendorCase

only_datalab = pytest.mark.parametrize("vendor", [DATALAB_PIPELINES], ids=str)


class Collected:
    """What Airflow's own collector was told."""

    def __init__(self, collector: HookLineageCollector) -> None:
        self.collector = collector

    def _counts(self, kind: str) -> dict[str, int]:
        return {each.asset.uri: each.count for each in getattr(self.collector.collected_assets, kind)}

    @property
    def inputs(self) -> dict[str, int]:
        return self._counts("inputs")

    @property
    def outputs(self) -> dict[str, int]:
        return self._counts("outputs")


@pytest.fixture
def set_collector(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], Any]], None]:
    """Return a function that replaces how Airflow finds its collector: it keeps the first one for ever."""

    def set_collector(find: Callable[[], Any]) -> None:
        monkeypatch.setattr(compat_hook, "get_hook_lineage_collector", find)

    return set_collector


@pytest.fixture
def collected(set_collector: Callable[[Callable[[], Any]], None]) -> Collected:
    """Return a collector of this Airflow, as if a plugin read it."""
    collector = HookLineageCollector()
    set_collector(lambda: collector)
    return Collected(collector)


@blocking_and_deferred
def test_each_file_that_is_written_is_reported_once(
    vendor: VendorCase, emulator: Emulator, collected: Collected, tmp_path: Path, deferrable: bool
) -> None:
    record = Task(lambda: vendor.task(deferrable=deferrable, output_path=f"file://{tmp_path}")).run()

    assert record["output"] != []
    assert collected.outputs == {file["uri"]: 1 for file in record["output"]}
    assert collected.inputs == {}


def test_a_batch_reports_its_files_and_its_manifest_once(
    vendor: VendorCase,
    emulator: Emulator,
    collected: Collected,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(batch_run, "PACE", 0.02)
    monkeypatch.setattr(batch_store, "PACE", 0.0)

    result = Task(lambda: vendor.batch(vendor.inputs(3), output_path=f"file://{tmp_path}")).run()

    lines = list(BatchManifest(result))
    written = {file["uri"]: 1 for line in lines for file in line.get("files") or [line]}
    assert collected.outputs == {**written, result["manifest"]: 1}


@only_datalab
@blocking_and_deferred
def test_a_file_that_is_uploaded_is_reported_once(
    vendor: VendorCase, emulator: Emulator, collected: Collected, deferrable: bool
) -> None:
    Task(lambda: vendor.task(deferrable=deferrable, file=f"file://{DOCUMENT}")).run()

    assert collected.inputs == {f"file://{DOCUMENT}": 1}
    assert collected.outputs == {}


@only_datalab
def test_a_file_that_the_vendor_fetches_itself_is_not_reported(
    vendor: VendorCase, emulator: Emulator, collected: Collected
) -> None:
    Task(lambda: vendor.task(file="https://files.example/a.pdf?signature=s3cret")).run()

    assert collected.inputs == {}


@only_datalab
def test_a_hook_reports_what_it_uploads_and_downloads(
    vendor: VendorCase, emulator: Emulator, collected: Collected, tmp_path: Path
) -> None:
    with closing(vendor.hook()) as hook:
        reference = hook.upload_file(f"file://{DOCUMENT}")
        execution_id = Task(lambda: vendor.task(file=reference)).run()["execution_id"]
        stored = hook.download_result(execution_id, f"file://{tmp_path}")

    assert collected.inputs == {f"file://{DOCUMENT}": 1}
    assert collected.outputs == {file["uri"]: 1 for file in stored}


@pytest.mark.parametrize("vendor", [DATALAB, DATALAB_PIPELINES], ids=str)
@pytest.mark.parametrize("fails", ["found", "asked"])
def test_a_collector_that_fails_fails_no_task(
    vendor: VendorCase,
    emulator: Emulator,
    set_collector: Callable[[Callable[[], Any]], None],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    fails: str,
) -> None:
    """And its error, which may show an address, is named and not shown."""

    def fail(**_: Any) -> Any:
        raise RuntimeError("https://files.example/a.pdf?signature=s3cret")

    class Failing:
        add_input_asset = add_output_asset = staticmethod(fail)

    set_collector(fail if fails == "found" else Failing)

    record = Task(lambda: vendor.task(output_path=f"file://{tmp_path}")).run()

    assert record["output"] != []
    assert "Airflow was not told which files this task has moved: RuntimeError." in caplog.text
    assert "s3cret" not in caplog.text


def test_a_task_that_moves_no_file_does_not_ask_for_the_collector(
    vendor: VendorCase, emulator: Emulator, set_collector: Callable[[Callable[[], Any]], None]
) -> None:
    """It costs time to find, and Airflow keeps it for the whole process."""
    asked: list[int] = []
    set_collector(lambda: asked.append(1))

    Task(vendor.task).run()

    assert asked == []

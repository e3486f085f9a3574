"""``@task.<vendor>``: a function returns the input, and the vendor's operator does the rest."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from importlib import import_module
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import DAG, AirflowSkipException

from airflow_workflow_providers.core import errors
from airflow_workflow_providers.emulator import Emulator
from airflow_workflow_providers.get_provider_info import get_provider_info
from dev.vendors import CASES
from tests.contract import blocking_and_deferred, runs, starts
from tests.contract.crash import EXECUTION_ID, kill_process
from tests.fake_airflow import Task
from tests.vendors import REFOLD, VendorCase

#: By the name of the row, that of the decorator.
NAMES = {
    "laminar": "laminar",
    "laminar_jobs": "laminar_job",
    "datalab": "datalab",
    "datalab_pipelines": "datalab_pipeline",
    "refold": "refold",
    "promptlayer": "promptlayer",
    "altostrat": "altostrat",
}
DECORATORS = {row["name"]: row["class-name"] for row in get_provider_info()["task-decorators"]}

each_row = pytest.mark.parametrize(
    "vendor",
    [
        pytest.param(case, id=name, marks=[] if case is REFOLD else [pytest.mark.every_vendor])
        for name, case in CASES.items()
    ],
)


def decorated(vendor: VendorCase, function: Callable[..., Any], *args: Any, **options: Any) -> Any:
    """Return the operator that the decorator makes of a function, as Airflow finds it."""
    module, _, name = DECORATORS[NAMES[vendor.name]].rpartition(".")
    interval = {"poll_interval": 0.01} if vendor.get_status else {}
    required = {key: value for key, value in vendor.required.items() if key != vendor.input}
    given = {vendor.workflow: vendor.succeeds, **interval, **required, **options}
    if "payload" not in options:
        given.pop(vendor.input, None)
    start_date = datetime(2026, 1, 1, tzinfo=timezone.utc)
    with DAG("decorated", schedule=None, start_date=start_date):
        return getattr(import_module(module), name)(**given)(function)(*args).operator


def no_input() -> dict[str, int]:
    return {}


def test_every_kind_of_execution_has_a_decorator() -> None:
    assert NAMES.keys() == CASES.keys()
    assert set(NAMES.values()) == DECORATORS.keys()


@each_row
def test_what_a_function_returns_is_the_input(vendor: VendorCase, emulator: Emulator) -> None:
    """Its arguments are rendered, and those that Airflow knows are given. The result of the task is the record."""

    def make_input(text: str, ti: Any = None) -> Any:
        return vendor.make_input(f"{text}-for-{ti.task_id}")

    record = Task(lambda: decorated(vendor, make_input, "text")).run()

    assert record["state"] == "succeeded"
    assert "text-for-make_input" in str(runs(emulator, vendor)[0]["input"])


@each_row
def test_a_function_that_returns_nothing_starts_nothing(vendor: VendorCase, emulator: Emulator) -> None:
    def forgot() -> None:
        pass

    task = Task(lambda: decorated(vendor, forgot, retries=1), retries=1)

    with pytest.raises(
        errors.InvalidInput, match=f"Function forgot has returned None. It must return {vendor.input}"
    ):
        task.run()

    assert task.tries == 1
    assert emulator.requests() == []


def test_what_is_no_input_is_rejected_by_the_name_of_the_parameter(emulator: Emulator) -> None:
    def wrong() -> list[int]:
        return [1]

    with pytest.raises(errors.InvalidInput, match="payload must be a dict"):
        Task(lambda: decorated(REFOLD, wrong)).run()

    assert emulator.requests() == []


def test_an_error_of_the_function_is_its_own(emulator: Emulator) -> None:
    """Also the one with which it skips the task."""

    def skips() -> Any:
        raise AirflowSkipException("nothing to do")

    with pytest.raises(AirflowSkipException):
        Task(lambda: decorated(REFOLD, skips)).run()

    assert emulator.requests() == []


def test_the_input_is_no_parameter_of_the_decorator() -> None:
    with pytest.raises(errors.InvalidInput, match=r"@task.refold has no parameter payload"):
        decorated(REFOLD, no_input, payload={})


def test_a_wrong_parameter_is_rejected_at_parse() -> None:
    with pytest.raises(errors.InvalidInput, match="workflow_id"):
        decorated(REFOLD, no_input, workflow_id="..")


def test_multiple_outputs_are_off_unless_asked_for() -> None:
    """Airflow would split the record, because the function says that it returns a dict."""

    def make_input() -> dict[str, int]:
        return {"a": 1}

    assert decorated(REFOLD, make_input).multiple_outputs is False
    assert decorated(REFOLD, make_input, multiple_outputs=True).multiple_outputs is True


@blocking_and_deferred
def test_the_function_runs_once_in_a_try(emulator: Emulator, deferrable: bool) -> None:
    """What resumes after a deferral does not need its input."""
    calls = []

    def make_input() -> dict[str, int]:
        calls.append(1)
        return {"call": len(calls)}

    Task(lambda: decorated(REFOLD, make_input, deferrable=deferrable)).run()

    assert len(calls) == 1


@pytest.mark.parametrize(("on_changed_input", "started"), [("resubmit", 2), ("reattach", 1)])
def test_the_author_decides_what_a_retry_does_with_another_input(
    emulator: Emulator, on_changed_input: str, started: int
) -> None:
    """A function may return something else in each try."""
    calls = []

    def make_input() -> dict[str, int]:
        calls.append(1)
        return {"call": len(calls)}

    task = Task(
        lambda: decorated(REFOLD, make_input, retries=1, on_changed_input=on_changed_input), retries=1
    )
    kill_process(task, EXECUTION_ID)

    record = task.run()

    assert record["output"]["received"] == {"call": started}
    assert len(starts(emulator, REFOLD)) == started

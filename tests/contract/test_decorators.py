"""``@task.<vendor>``: a function returns the input, and the vendor's operator does the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from importlib import import_module
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import DAG, AirflowSkipException, TaskDeferred

from airflow_workflow_providers.core import errors
from airflow_workflow_providers.decorators.base import INPUTS_KEY, decorator
from airflow_workflow_providers.emulator import Emulator
from airflow_workflow_providers.get_provider_info import get_provider_info
from airflow_workflow_providers.operators import batch_run
from airflow_workflow_providers.outputs.manifest import BatchManifest
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
    interval = {"poll_interval": 0.01} if vendor.get_status else {}
    required = {key: value for key, value in vendor.required.items() if key != vendor.input}
    given = {vendor.workflow: vendor.succeeds, **interval, **required, **options}
    if "payload" not in options:
        given.pop(vendor.input, None)
    start_date = datetime(2026, 1, 1, tzinfo=timezone.utc)
    with DAG("decorated", schedule=None, start_date=start_date):
        return decorator_of(vendor)(**given)(function)(*args).operator


def decorator_of(vendor: VendorCase) -> Any:
    module, _, name = DECORATORS[NAMES[vendor.name]].rpartition(".")
    return getattr(import_module(module), name)


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


@each_row
def test_a_function_of_a_batch_returns_its_inputs(vendor: VendorCase, emulator: Emulator) -> None:
    """The vendor's batch operator runs them in one task, and the result is its manifest."""

    def make_inputs(count: int) -> list[dict[str, Any]]:
        return [vendor.input_of(f"number-{number}") for number in range(count)]

    result = Task(lambda: decorated(vendor, make_inputs, 3, batch=True)).run()

    assert result["counts"] == {"succeeded": 3}
    assert [line["index"] for line in BatchManifest(result)] == [0, 1, 2]
    started = sorted(str(run["input"]) for run in runs(emulator, vendor))
    assert [f"number-{number}" in text for number, text in enumerate(started)] == [True] * 3


@blocking_and_deferred
def test_the_inputs_of_a_batch_stay_the_same_when_it_resumes(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch, deferrable: bool
) -> None:
    """The function would return others then. A text may have characters that a database does not take."""
    monkeypatch.setattr(batch_run, "PACE", 0.02)
    emulator.set_pace(status_checks=4)
    calls = []

    def make_inputs() -> list[dict[str, Any]]:
        calls.append(1)
        return [{"payload": {"call": min(len(calls), 2), "text": "\0"}, "output_name": name} for name in "ab"]

    options = {"batch": True, "poll_interval": 0.3, "deferrable": deferrable}
    task = Task(lambda: decorated(REFOLD, make_inputs, **options))

    assert task.run()["counts"] == {"succeeded": 2}
    assert len(calls) == 1
    assert bool(task.deferrals) == deferrable
    assert [run["input"]["call"] for run in runs(emulator, REFOLD)] == [1, 1]
    assert "\0" not in str(task.xcom.get(INPUTS_KEY))


def test_a_batch_whose_stored_inputs_are_gone_calls_its_function_again(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a retry, nothing is started twice."""
    monkeypatch.setattr(batch_run, "PACE", 0.02)
    emulator.set_pace(status_checks=4)

    def make_inputs() -> list[dict[str, Any]]:
        return [{"payload": {"number": number}} for number in range(2)]

    options = {"batch": True, "poll_interval": 0.3, "deferrable": True}
    task = Task(lambda: decorated(REFOLD, make_inputs, **options))
    with pytest.raises(TaskDeferred) as deferred:
        task.execute()
    event = task.fire(deferred.value)
    del task.xcom[INPUTS_KEY]

    assert task.resume(deferred.value, event)["counts"] == {"succeeded": 2}
    assert len(starts(emulator, REFOLD)) == 2


@pytest.mark.parametrize(
    ("returned", "words"),
    [
        (None, "Function wrong has returned None. It must return inputs"),
        ([], "inputs is empty"),
        ((), "inputs is empty"),
        ({"payload": {}}, "inputs must be a list of objects"),
        (iter([{"payload": {}}]), "inputs must be a list of objects"),
        (7, "inputs must be a list of objects"),
        ("inputs.jsonl", "inputs must be a list, or the whole address of a file"),
        ([{"payload": {}}, None], r"inputs\[1\] must be an object of parameters"),
        ([{"email": "ada@example.com"}], r"inputs\[0\] has 'email', which is not a parameter"),
        ([{"payload": {}}, {"payload": [1]}], r"inputs\[1\].*payload must be a dict"),
    ],
)
def test_what_are_no_inputs_of_a_batch_starts_nothing(emulator: Emulator, returned: Any, words: str) -> None:
    def wrong() -> Any:
        return returned

    task = Task(lambda: decorated(REFOLD, wrong, batch=True))

    with pytest.raises(errors.InvalidInput, match=words):
        task.run()

    assert emulator.requests() == []


def test_a_generator_is_no_list_of_inputs(emulator: Emulator) -> None:
    def make_inputs() -> Iterator[dict[str, Any]]:
        yield {"payload": {}}

    with pytest.raises(errors.InvalidInput, match=r"inputs must be a list of objects.*generator"):
        Task(lambda: decorated(REFOLD, make_inputs, batch=True)).run()

    assert emulator.requests() == []


def test_the_parameters_of_a_batch_are_those_of_the_batch_operator() -> None:
    """Also what is common to all inputs; what only the inputs have need not be there."""
    task = decorated(REFOLD, no_input, batch=True, max_active=3, payload={"a": 1})

    assert (task.max_active, task.payload) == (3, {"a": 1})
    for options, words in [
        ({"inputs": []}, r"@task.refold has no parameter inputs"),
        ({"max_active": 0}, "max_active"),
        ({"workflow_id": ".."}, "workflow_id"),
        ({"wait_for_completion": False}, "wait_for_completion"),
        ({"batch": "yes"}, "batch must be True or False"),
    ]:
        with pytest.raises(errors.InvalidInput, match=words):
            decorated(REFOLD, no_input, **{"batch": True, **options})


def test_a_decorator_without_a_batch_operator_has_no_batch() -> None:
    task = decorator(REFOLD.operator, "refold", returns="payload")

    with pytest.raises(errors.InvalidInput, match=r"@task.refold has no parameter batch"):
        task(workflow_id="sync-contacts", slug="hubspot", batch=True)


def test_a_batch_can_be_mapped(emulator: Emulator) -> None:
    """Each mapped task has a batch of its own."""

    def make_inputs(names: str) -> list[dict[str, Any]]:
        return [{"payload": {"name": name}} for name in names]

    def make() -> Any:
        refold = decorator_of(REFOLD)(
            workflow_id="sync-contacts", slug="hubspot", poll_interval=0.01, batch=True
        )
        with DAG("mapped", schedule=None, start_date=datetime(2026, 1, 1, tzinfo=timezone.utc)):
            mapped = refold(make_inputs).expand(names=["abc", "d"]).operator
        return mapped.unmap({"op_kwargs": {"names": "abc"}})

    assert Task(make).run()["counts"] == {"succeeded": 3}

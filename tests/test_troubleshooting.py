"""docs/troubleshooting.md has every class of error, with the message that a task's log shows."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog
from airflow.providers.common.compat.sdk import TaskDeferred

from airflow_workflow_providers import compat
from airflow_workflow_providers.core import errors
from airflow_workflow_providers.core.errors import ExecutionTimedOut, WorkflowError
from airflow_workflow_providers.core.waiter import GIVE_UP
from airflow_workflow_providers.emulator import Emulator
from airflow_workflow_providers.hooks.datalab import DatalabHook
from airflow_workflow_providers.hooks.refold import RefoldHook
from airflow_workflow_providers.operators.altostrat import AltostratExecuteWorkflowOperator
from airflow_workflow_providers.operators.refold import RefoldExecuteWorkflowOperator
from airflow_workflow_providers.sensors.refold import RefoldExecutionSensor
from tests.conftest import connect
from tests.fake_airflow import Task
from tests.vendors import VENDORS

PAGE = (Path(__file__).parent.parent / "docs" / "troubleshooting.md").read_text()
REFOLD = next(vendor for vendor in VENDORS if vendor.conn_type == "refold")
CLASSES = {
    name: cls
    for name, cls in vars(errors).items()
    if isinstance(cls, type) and issubclass(cls, WorkflowError) and cls.__module__ == errors.__name__
}


def section(name: str) -> str:
    """Return the text below a heading. The name is the whole heading, or the class at its end."""
    heading = rf"[^\n]*: `{name}`" if name in CLASSES else re.escape(name)
    (found,) = re.findall(rf"^### {heading}\n(.*?)(?=^##)", PAGE, re.MULTILINE | re.DOTALL)
    return found


def messages(name: str) -> list[re.Pattern[str]]:
    """Return patterns for the messages in a section. ``...`` stands for any text."""
    texts = re.findall(r"^```text\n(.*?)\n```", section(name), re.MULTILINE | re.DOTALL)
    return [re.compile(re.escape(text).replace(r"\.\.\.", ".*"), re.DOTALL) for text in texts]


def test_the_table_has_every_class_and_nothing_else() -> None:
    table = PAGE.partition("\n## Every error\n")[2]

    assert sorted(re.findall(r"^\| \[`(\w+)`\]", table, re.MULTILINE)) == sorted(CLASSES)


@pytest.mark.parametrize("name", CLASSES)
def test_a_class_has_a_section_with_message_cause_and_solution(name: str) -> None:
    assert messages(name)
    assert all(f"\n**{part}.** " in section(name) for part in ("Cause", "Solution"))


@pytest.mark.parametrize("name", CLASSES)
def test_the_table_says_after_which_errors_airflow_makes_no_retry(name: str) -> None:
    """These are the subclasses of ``AirflowFailException``."""
    (row,) = re.findall(rf"^\| \[`{name}`\].*\|$", PAGE, re.MULTILINE)

    assert ("is not made" in row) == issubclass(CLASSES[name], errors.AirflowFailException)


# -- what a task does ---------------------------------------------------------------------------------------------


def start() -> Any:
    with closing(RefoldHook(sleep=lambda _: None)) as hook:
        return hook.execute_workflow("sync-contacts", slug="hubspot")


def read() -> Any:
    with closing(RefoldHook(sleep=lambda _: None)) as hook:
        return hook.get_execution("6a314c54d4616e99e7fa5a02")


def run(workflow_id: str = "sync-contacts", **parameters: Any) -> Callable[[], Any]:
    return operator(workflow_id, **parameters).run


def operator(workflow_id: str = "sync-contacts", **parameters: Any) -> Task:
    return Task(
        lambda: RefoldExecuteWorkflowOperator(
            task_id="sync", workflow_id=workflow_id, slug="hubspot", **parameters
        )
    )


def wait_for_a_stopped_execution() -> Any:
    with closing(RefoldHook()) as hook:
        execution_id = str(hook.execute_workflow("never-ends", slug="hubspot").execution_id)
        hook.stop_execution(execution_id)
    return Task(lambda: RefoldExecutionSensor(task_id="wait", execution_id=execution_id)).run()


def give_up(_: Emulator, patch: pytest.MonkeyPatch) -> Any:
    """Do what a person does under *Required Actions* of Airflow 3.3."""
    patch.setattr(compat, "HAS_REQUIRED_ACTIONS", True)
    task = Task(
        lambda: AltostratExecuteWorkflowOperator(
            task_id="sync", workflow_id="fl_asks_a_person", poll_interval=0.01, deferrable=True
        )
    )
    with pytest.raises(TaskDeferred) as first:
        task.execute()
    with pytest.raises(TaskDeferred) as second:
        task.resume(first.value, task.fire(first.value))
    return task.resume(second.value, task.answer(GIVE_UP))


def stop_at_datalab() -> Any:
    with closing(DatalabHook()) as hook:
        return hook.stop_execution("70001")


def resume_after_a_broken_trigger() -> Any:
    """Do what Airflow does if the triggerer could not run the trigger."""
    waiting = operator()
    resumed = waiting.make()
    return resumed.resume_execution("__fail__", {"error": "Trigger failure"}, waiting.context(resumed))


# -- and what goes wrong ------------------------------------------------------------------------------------------

Way = Callable[[Emulator, pytest.MonkeyPatch], Any]


def without_fault(act: Callable[[], Any]) -> Way:
    return lambda _emulator, _patch: act()


def with_fault(operation: str, fault: str, act: Callable[[], Any], **options: Any) -> Way:
    def way(emulator: Emulator, _: pytest.MonkeyPatch) -> Any:
        emulator.fail("refold", operation, fault, **options)
        return act()

    return way


def with_connection(act: Callable[[], Any], **change: Any) -> Way:
    def way(emulator: Emulator, patch: pytest.MonkeyPatch) -> Any:
        connect(patch, REFOLD, emulator, change)
        return act()

    return way


def without_connection(_: Emulator, patch: pytest.MonkeyPatch) -> Any:
    patch.delenv("AIRFLOW_CONN_REFOLD_DEFAULT")
    return start()


def over_tls(emulator: Emulator, patch: pytest.MonkeyPatch) -> Any:
    """Use https to the emulator, which speaks plain http."""
    plain = emulator.connection("refold")["host"]
    return with_connection(start, host=plain.replace("http://", "https://"))(emulator, patch)


def by_a_proxy(emulator: Emulator, patch: pytest.MonkeyPatch) -> Any:
    for name in ("HTTPS_PROXY", "https_proxy"):
        patch.setenv(name, "http://127.0.0.1:9")
    return with_connection(start, host=None)(emulator, patch)


def after_many_requests(emulator: Emulator, patch: pytest.MonkeyPatch) -> Any:
    connect(patch, REFOLD, emulator, requests_per_second=20)
    with closing(RefoldHook(sleep=lambda _: None)) as hook:
        for _ in range(30):
            hook.client.take_turn(hook.client.endpoint.ping())
    return run(timeout=0.5)()


def with_a_large_response(emulator: Emulator, patch: pytest.MonkeyPatch) -> Any:
    emulator.set_pace(status_checks=1)
    emulator.add_workflow("refold", "sync-contacts", slug="hubspot", output={"text": "x" * 2_000_000})
    with closing(RefoldHook()) as hook:
        execution_id = hook.execute_workflow("sync-contacts", slug="hubspot").execution_id
    connect(patch, REFOLD, emulator, max_response_mb=1)
    with closing(RefoldHook()) as hook:
        return hook.get_execution(str(execution_id))


def with_status(operation: str, status: int, act: Callable[[], Any]) -> Way:
    return with_fault(operation, "status", act, status=status, body={"message": "no"}, times=9)


#: For each message of a section: how to cause it, and the class of its error.
WAYS: list[tuple[str, str, Way]] = [
    ("InvalidInput", "InvalidInput", without_fault(run(payload="jane@example.com"))),
    ("The connection is of another type", "InvalidInput", with_connection(start, conn_type="datalab")),
    ("There is no such connection", "Unavailable", without_connection),
    ("AuthFailed", "AuthFailed", with_status("execute", 401, start)),
    ("NotFound", "NotFound", with_status("get", 404, read)),
    ("The response is a redirect", "RequestRejected", with_status("execute", 302, start)),
    ("The TLS certificate is not accepted", "Unavailable", over_tls),
    ("A proxy is needed, or a proxy blocks the request", "Unavailable", by_a_proxy),
    ("Unavailable", "Unavailable", with_connection(start, host="http://127.0.0.1:9")),
    ("Unavailable", "Unavailable", with_fault("get", "server_error", read, status=503, times=9)),
    ("A request may not be sent in time", "Unavailable", after_many_requests),
    ("RequestRejected", "RequestRejected", with_status("execute", 400, start)),
    ("RateLimited", "RateLimited", with_fault("execute", "rate_limit", start, retry_after=0, times=9)),
    ("LostStart", "LostStart", with_fault("execute", "lost_response", run())),
    (
        "UncertainStart",
        "UncertainStart",
        with_fault("execute", "lost_response", run(on_lost_start="resubmit")),
    ),
    ("UnexpectedResponse", "UnexpectedResponse", with_fault("get", "html", read, times=9)),
    (
        "ExecutionTimedOut",
        "ExecutionTimedOut",
        without_fault(run("never-ends", timeout=timedelta(seconds=0.2))),
    ),
    ("ExecutionFailed", "ExecutionFailed", without_fault(run("always-fails"))),
    ("NotSupported", "NotSupported", without_fault(stop_at_datalab)),
    ("ExecutionStopped", "ExecutionStopped", without_fault(wait_for_a_stopped_execution)),
    ("ExecutionGivenUp", "ExecutionGivenUp", give_up),
    ("WorkflowError", "WorkflowError", without_fault(resume_after_a_broken_trigger)),
    ("The response is too large", "UnexpectedResponse", with_a_large_response),
]


def test_every_class_is_raised_by_a_message_above() -> None:
    assert {cls for _, cls, _ in WAYS} == set(CLASSES)


@pytest.mark.parametrize(("name", "cls", "way"), WAYS, ids=[name for name, _, _ in WAYS])
def test_the_page_has_the_message_of_an_error(
    workflow_emulator: Emulator, monkeypatch: pytest.MonkeyPatch, name: str, cls: str, way: Way
) -> None:
    with pytest.raises(CLASSES[cls]) as raised:
        way(workflow_emulator, monkeypatch)

    assert type(raised.value) is CLASSES[cls]
    assert [each for each in messages(name) if each.match(str(raised.value))], str(raised.value)


def test_the_page_has_the_warning_about_an_unknown_status(workflow_emulator: Emulator) -> None:
    workflow_emulator.fail("refold", "get", "unknown_status", times=None, status="HIBERNATING")

    with structlog.testing.capture_logs() as logs, pytest.raises(ExecutionTimedOut):
        run("never-ends", timeout=timedelta(seconds=0.5))()

    (message,) = messages("The execution has ended, but the task still waits")
    assert [line for line in logs if message.match(str(line["event"]))], logs

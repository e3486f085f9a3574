"""docs/troubleshooting.md has every class of error, with the message as a task's log has it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from airflow_workflow_providers.core import errors
from airflow_workflow_providers.core.errors import WorkflowError
from airflow_workflow_providers.emulator import Emulator
from airflow_workflow_providers.hooks.refold import RefoldHook
from airflow_workflow_providers.operators.refold import RefoldExecuteWorkflowOperator
from airflow_workflow_providers.sensors.refold import RefoldExecutionSensor
from tests.task import Task

PAGE = (Path(__file__).parent.parent / "docs" / "troubleshooting.md").read_text()
CLASSES = {
    name: cls
    for name, cls in vars(errors).items()
    if isinstance(cls, type) and issubclass(cls, WorkflowError) and cls.__module__ == errors.__name__
}


def section(name: str) -> str:
    """Return what the page says under the heading that ends in a class's name."""
    (found,) = re.findall(rf"^### [^\n]*: `{name}`\n(.*?)(?=^##)", PAGE, re.MULTILINE | re.DOTALL)
    return found


def messages(name: str) -> list[re.Pattern[str]]:
    """Return the messages in a section, ``...`` standing for anything."""
    texts = re.findall(r"^```text\n(.*?)\n```", section(name), re.MULTILINE | re.DOTALL)
    return [re.compile(re.escape(text).replace(r"\.\.\.", ".*"), re.DOTALL) for text in texts]


def test_the_table_has_every_class_and_nothing_else() -> None:
    table = PAGE.partition("\n## Every error\n")[2]

    assert re.findall(r"^\| \[`(\w+)`\]", table, re.MULTILINE) == list(CLASSES)


@pytest.mark.parametrize("name", CLASSES)
def test_a_class_has_a_section_with_message_cause_and_cure(name: str) -> None:
    assert messages(name)
    assert all(f"\n**{part}.** " in section(name) for part in ("Cause", "Cure"))


@pytest.mark.parametrize("name", CLASSES)
def test_a_class_that_forbids_a_retry_says_so(name: str) -> None:
    """Airflow decides that by the class alone."""
    (row,) = re.findall(rf"^\| \[`{name}`\].*\|$", PAGE, re.MULTILINE)

    assert ("is not made" in row) == issubclass(CLASSES[name], errors.AirflowFailException)


def start() -> Any:
    with closing(RefoldHook(sleep=lambda _: None)) as hook:
        return hook.execute_workflow("sync-contacts", slug="hubspot")


def look() -> Any:
    with closing(RefoldHook(sleep=lambda _: None)) as hook:
        return hook.get_execution("6a314c54d4616e99e7fa5a02")


def task(workflow_id: str = "sync-contacts", **parameters: Any) -> Task:
    return Task(
        lambda: RefoldExecuteWorkflowOperator(
            task_id="sync", workflow_id=workflow_id, slug="hubspot", **parameters
        )
    )


def stopped() -> Any:
    with closing(RefoldHook()) as hook:
        execution_id = str(hook.execute_workflow("never-ends", slug="hubspot").execution_id)
        hook.stop_execution(execution_id)
    waiting = Task(lambda: RefoldExecutionSensor(task_id="wait", execution_id=execution_id, poke_interval=1))
    return waiting.run()


def broken_trigger() -> Any:
    """Resume as Airflow does where the triggerer could not run the trigger."""
    waiting = task()
    operator = waiting.make()
    return operator.resume_execution("__fail__", {"error": "Trigger failure"}, waiting.context(operator))


#: What makes Refold and its emulator fail so: a fault of the emulator's, if one is needed, and what is done then.
WAYS: dict[str, list[tuple[tuple[Any, ...] | None, dict[str, Any], Callable[[], Any]]]] = {
    "InvalidInput": [(None, {}, lambda: task(payload="jane@example.com").run())],
    "AuthFailed": [(("execute", "status"), {"status": 401, "body": {"message": "no"}, "times": 9}, start)],
    "RequestRefused": [(("execute", "status"), {"status": 400, "body": {"message": "no"}}, start)],
    "NotFound": [(("get", "status"), {"status": 404, "body": {"message": "no"}}, look)],
    "QuotaExceeded": [(("execute", "rate_limit"), {"retry_after": 0, "times": 9}, start)],
    "Unavailable": [
        (None, {"host": "http://127.0.0.1:9"}, start),
        (("get", "server_error"), {"status": 503, "times": 9}, look),
    ],
    "UnreadableAnswer": [(("get", "html"), {}, look)],
    "LostStart": [(("execute", "lost_answer"), {}, lambda: task().run())],
    "UncertainStart": [(("execute", "lost_answer"), {}, lambda: task(on_lost_start="restart").run())],
    "ExecutionFailed": [(None, {}, lambda: task("always-fails").run())],
    "ExecutionStopped": [(None, {}, stopped)],
    "ExecutionTimedOut": [(None, {}, lambda: task("never-ends", timeout=timedelta(seconds=0.2)).run())],
    "WorkflowError": [(None, {}, broken_trigger)],
}


@pytest.mark.parametrize(
    ("name", "number"), [(name, number) for name in CLASSES for number in range(len(WAYS[name]))]
)
def test_a_message_is_on_the_page_as_a_task_shows_it(
    workflow_emulator: Emulator, monkeypatch: pytest.MonkeyPatch, name: str, number: int
) -> None:
    fault, options, way = WAYS[name][number]
    if fault:
        workflow_emulator.fail("refold", *fault, **options)
    elif options:
        changed = {**workflow_emulator.connection("refold"), **options}
        monkeypatch.setenv("AIRFLOW_CONN_REFOLD_DEFAULT", json.dumps(changed))

    with pytest.raises(CLASSES[name]) as raised:
        way()

    assert type(raised.value) is CLASSES[name]
    assert messages(name)[number].match(str(raised.value)), str(raised.value)

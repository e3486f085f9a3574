"""The warning in the response to a start, and the address of a callback, which is a secret."""

from __future__ import annotations

import logging
from typing import Any

import pytest
import structlog

from airflow_workflow_providers.apis import promptlayer as api
from airflow_workflow_providers.core import errors
from airflow_workflow_providers.emulator import Emulator
from tests.contract import blocking_and_deferred
from tests.fake_airflow import Task
from tests.vendors import PROMPTLAYER, response
from tests.vendors.promptlayer import CALLBACK, CALLBACK_PATH, run


def test_a_warning_of_the_vendor_is_logged_and_the_run_continues(emulator: Emulator) -> None:
    emulator.add_workflow("promptlayer", "strict", required=["topic"])

    def warnings(**variables: str) -> list[str]:
        with structlog.testing.capture_logs() as logs:
            assert run("strict", input_variables=variables)["state"] == "succeeded"
        events = [str(entry["event"]) for entry in logs if entry["log_level"] == "warning"]
        return [event for event in events if "PromptLayer says" in event]

    assert warnings(topic="x") == []
    (line,) = warnings(other="x")
    assert "Missing input variables: topic. Unused input variables: other." in line


def test_a_warning_is_one_line_without_the_secrets_of_addresses() -> None:
    body = {"workflow_version_execution_id": 5, "warning": f"see\n{CALLBACK}\nand mend"}

    note = api.run_workflow("w").parse(response(body, 201)).note

    assert note == "see https://hooks.example.com/promptlayer?*** and mend"


@blocking_and_deferred
def test_the_address_of_a_callback_is_sent_and_not_stored_or_logged(
    emulator: Emulator, caplog: pytest.LogCaptureFixture, deferrable: bool
) -> None:
    """However the run ends, and at log level DEBUG."""
    caplog.set_level(logging.DEBUG)
    cases = [
        (workflow, address)
        for workflow in (PROMPTLAYER.succeeds, PROMPTLAYER.fails, PROMPTLAYER.unknown)
        for address in (CALLBACK, CALLBACK_PATH)
    ]

    def shown(workflow: str, address: str) -> str:
        task = Task(lambda: PROMPTLAYER.task(workflow, callback_url=address, deferrable=deferrable))
        try:
            task.run()
        except errors.WorkflowError:
            assert workflow != PROMPTLAYER.succeeds
        rendered = {name: getattr(task.operator, name) for name in task.operator.template_fields}
        return f"{task.everything_kept()} {rendered}"

    with structlog.testing.capture_logs() as logs:
        kept = [shown(*case) for case in cases]

    sent = [request["body"]["callback_url"] for request in emulator.requests("promptlayer", "run")]
    assert sent == [address for _, address in cases]
    assert "a-callback-secret" not in f"{kept} {logs} {caplog.text}"


@pytest.mark.parametrize(
    ("address", "body"),
    [
        (CALLBACK, {"success": False, "message": f"cannot reach {CALLBACK}"}),
        (CALLBACK_PATH, {"detail": [{"loc": ["body", "callback_url"], "msg": "wrong", "input": CALLBACK_PATH}]}),
        (CALLBACK_PATH, {"detail": [{"loc": ["body", "callback_url"], "msg": f"{CALLBACK_PATH} is wrong"}]}),
    ],
)  # fmt: skip
def test_the_address_of_a_callback_is_cut_where_the_vendor_repeats_it(
    emulator: Emulator, address: str, body: Any
) -> None:
    emulator.fail("promptlayer", "run", "status", status=422, body=body)
    task = Task(lambda: PROMPTLAYER.task(callback_url=address))

    with pytest.raises(errors.RequestRejected, match="HTTP 422"):
        task.run()

    assert "a-callback-secret" not in task.everything_kept()

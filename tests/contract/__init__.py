"""
What every vendor must do in every mode. The emulator's ledger says what the vendor was asked for.

The numbers are those of the guarantees in CONTRIBUTING.md, which also says which of them a vendor cannot give.
"""

from __future__ import annotations

import asyncio
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowRuntimeError, ErrorType
from airflow.sdk.execution_time import task_runner
from airflow.sdk.execution_time.comms import ErrorResponse

from airflow_workflow_providers.core.errors import WorkflowError
from airflow_workflow_providers.emulator import Emulator
from tests.fake_airflow import Task
from tests.vendors import ROWS, VendorCase

blocking_and_deferred = pytest.mark.parametrize("deferrable", [False, True], ids=["blocking", "deferred"])

#: Only the vendors that can stop a run.
vendors_with_a_stop = pytest.mark.parametrize("vendor", [row for row in ROWS if row.values[0].stop])


def runs(emulator: Emulator, vendor: VendorCase) -> list[dict[str, Any]]:
    return emulator.runs(vendor.conn_type)


def requests(emulator: Emulator, vendor: VendorCase, operation: str | None = None) -> list[dict[str, Any]]:
    return emulator.requests(vendor.conn_type, operation)


def status_checks(emulator: Emulator, vendor: VendorCase) -> list[dict[str, Any]]:
    """Return the requests that read a run, for its status or its result."""
    return requests(emulator, vendor, vendor.get_status)


def starts(emulator: Emulator, vendor: VendorCase) -> list[dict[str, Any]]:
    return requests(emulator, vendor, vendor.start)


def start(vendor: VendorCase, workflow: str) -> str:
    """Start a run that no task waits for yet."""
    with closing(vendor.hook()) as hook:
        return hook.send(vendor.task(workflow).build_start_request(60.0)).execution_id


async def until(condition: Callable[[], Any]) -> None:
    """Return when the condition holds; the other tasks of the event loop bring it about."""
    give_up = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < give_up, "the condition did not come true"
        await asyncio.sleep(0.01)  # the vendor is in another thread


def trigger_for(vendor: VendorCase, execution_id: str, **options: Any) -> Any:
    """Return the trigger of a task that waits for this run."""
    parameters = {"deadline": time.time() + 60, "poll_interval": 0.01, "cancel_on_kill": True, **options}
    trigger = vendor.trigger(conn_id=f"{vendor.conn_type}_default", execution_id=execution_id, **parameters)
    trigger.task_instance = Task(vendor.task).context(vendor.task())["ti"]
    return trigger


def text_of(logs: list[Any]) -> str:
    """Return the lines of a captured log."""
    return "\n".join(str(entry["event"]) for entry in logs)


def error_of(call: Callable[[], Any]) -> WorkflowError | None:
    """Return the error that a call raises; a test of many cases then shows each case that is wrong."""
    try:
        call()
    except WorkflowError as error:
        return error
    return None


def assert_stopped(vendor: VendorCase, emulator: Emulator, execution_id: str, text: str) -> None:
    """
    Check that a run was stopped once; or, if its vendor cannot stop a run, that the author is told that it goes on.

    :param text: the log or the error; it names the run, and says once what happened to it.
    """
    stops = {run["execution_id"]: run["stops"] for run in runs(emulator, vendor)}
    if vendor.stop:
        assert stops[execution_id] == 1
        assert text.count("was asked to stop") == 1
        assert execution_id in text
    else:
        assert stops[execution_id] == 0
        assert (
            text.count(f"{vendor.hook.hook_name} cannot stop a run: execution {execution_id} goes on.") == 1
        )


class Airflow:
    """
    The triggerer's connection to Airflow, over which a trigger asks for the state of its task, and for a person's answer.

    :param state: of the task.
    """

    def __init__(self, state: str | None) -> None:
        self.state = state
        #: When a person has answered the question of the task; ``None``: there is no question.
        self.answered_at: datetime | None = None
        self.questions = 0

    def send(self, request: Any = None, *, msg: Any = None) -> Any:
        """Return the state of the task, or the answer."""
        if msg is not None:
            if self.answered_at is None:
                detail = {"status_code": 404, "message": "HITLDetail not found"}
                raise AirflowRuntimeError(ErrorResponse(error=ErrorType.API_SERVER_ERROR, detail=detail))
            return SimpleNamespace(
                response_received=True, responded_by_user="jane", responded_at=self.answered_at
            )
        self.questions += 1
        return task_runner.TaskStatesResult(
            task_states={request.run_ids[0]: {request.task_ids[0]: self.state}}
        )


@contextmanager
def signal_once(condition: Callable[[], Any], handler: Callable[[], Any]) -> Iterator[None]:
    """
    Call a function from a signal handler, as Airflow does with ``on_kill`` and with its timeout of a task.

    :param condition: is asked in another thread; the signal comes when it is true, whatever this thread does then.
    :param handler: what to call; an error that it raises appears in the middle of this thread's work.
    """
    ended = threading.Event()

    def wait() -> None:
        while not condition():
            if ended.wait(0.01):
                return
        os.kill(os.getpid(), signal.SIGUSR1)

    before = signal.signal(signal.SIGUSR1, lambda *_: handler())
    waiting = threading.Thread(target=wait)
    waiting.start()
    try:
        yield
    finally:
        ended.set()
        waiting.join()
        signal.signal(signal.SIGUSR1, before)

"""A rerun is a start like any other: it is sent once, and a lost response is a lost start."""

from __future__ import annotations

from contextlib import closing

import pytest

from airflow_workflow_providers.core import errors
from airflow_workflow_providers.core.execution import State
from airflow_workflow_providers.emulator import Emulator
from airflow_workflow_providers.hooks.refold import RefoldHook
from tests.vendors.refold import run


@pytest.fixture
def failed(emulator: Emulator) -> str:
    """Return an execution that has failed."""
    with pytest.raises(errors.ExecutionFailed):
        run("always-fails", payload={"a": 1})
    return str(emulator.runs()[0]["execution_id"])


@pytest.mark.parametrize("reply", ["id", "instanceId"])
def test_a_failed_execution_is_run_again_with_its_payload(
    emulator: Emulator, failed: str, reply: str
) -> None:
    emulator.configure("refold", rerun=reply)

    with closing(RefoldHook()) as hook:
        started = hook.rerun_execution(failed)

    old, new = emulator.runs()
    assert (started.execution_id, started.state) == (new["execution_id"], State.QUEUED)
    assert (new["rerun_of"], new["input"]) == (failed, old["input"])


@pytest.mark.parametrize("fault", ["reset", "server_error", "not_json"])
def test_a_lost_response_to_a_rerun_is_a_lost_start(emulator: Emulator, failed: str, fault: str) -> None:
    emulator.fail("refold", "rerun", fault, carry_out=True)

    with (
        closing(RefoldHook()) as hook,
        pytest.raises(errors.LostStart, match=f"rerun execution {failed}.*may exist"),
    ):
        hook.rerun_execution(failed)

    assert len(emulator.requests("refold", "rerun")) == 1
    assert len(emulator.runs()) == 2


def test_an_execution_that_goes_on_or_has_succeeded_is_not_run_again(emulator: Emulator) -> None:
    going = str(run("never-ends", wait_for_completion=False)["execution_id"])
    succeeded = str(run()["execution_id"])

    with closing(RefoldHook()) as hook:
        for execution_id in (going, succeeded):
            with pytest.raises(
                errors.RequestRejected, match=f"rerun execution {execution_id}.*Nothing was started"
            ):
                hook.rerun_execution(execution_id)

    assert len(emulator.runs()) == 2

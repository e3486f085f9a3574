"""``auth_type`` ``session_token``: the key stays in Airflow, and each request carries a token of the linked account."""

from __future__ import annotations

import asyncio
from contextlib import closing
from typing import Any

import pytest

from airflow_workflow_providers.core import errors
from airflow_workflow_providers.emulator import Emulator
from airflow_workflow_providers.hooks.refold import RefoldHook
from tests.conftest import connect
from tests.contract import blocking_and_deferred
from tests.fake_airflow import Task
from tests.vendors import REFOLD
from tests.vendors.refold import run


@pytest.fixture(autouse=True)
def _session(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    connect(monkeypatch, REFOLD, emulator, auth_type="session_token")
    emulator.configure("refold", unknown_execution="404")


def created(emulator: Emulator) -> list[dict[str, Any]]:
    """Return the requests for a token."""
    return emulator.requests("refold", "session_token")


def others(emulator: Emulator) -> list[dict[str, Any]]:
    return [each for each in emulator.requests("refold") if each["operation"] != "session_token"]


@blocking_and_deferred
def test_the_key_is_sent_for_a_token_and_nothing_else(emulator: Emulator, deferrable: bool) -> None:
    """One token for a worker, and Refold's own for the next one: it is valid for days."""
    record = run(deferrable=deferrable)

    account = emulator.account("refold")["linked_account_id"]
    assert record["state"] == "succeeded"
    assert {request["body"]["linked_account_id"] for request in created(emulator)} == {account}
    assert len(created(emulator)) <= 3
    assert [request["query"] for request in created(emulator) if request["query"]] == []
    for request in others(emulator):
        assert {"x-api-key", "linked_account_id"}.isdisjoint(request["headers"])


@blocking_and_deferred
def test_a_token_that_expires_in_the_middle_of_a_wait_is_replaced(
    emulator: Emulator, deferrable: bool
) -> None:
    """The wait goes on, the execution is started once, and Refold has to reject no request."""
    emulator.configure("refold", session_expires_in="2")
    emulator.set_pace(seconds=5)

    record = run(deferrable=deferrable, poll_interval=0.2)

    assert record["state"] == "succeeded"
    assert len(emulator.runs()) == 1
    assert len(created(emulator)) >= 3
    assert {request["status"] for request in emulator.requests("refold")} == {200}


@blocking_and_deferred
def test_a_token_that_refold_rejects_is_replaced(emulator: Emulator, deferrable: bool) -> None:
    """It was revoked, or Refold did not say when it expires."""
    emulator.configure("refold", session_expires_in="not_said")
    emulator.fail("refold", "get", "status", times=1, status=401)

    assert run(deferrable=deferrable)["state"] == "succeeded"
    # Refold has returned the token that it then rejects once more, so a new one was asked for.
    assert [each["query"] for each in created(emulator)].count({"force_refresh": "true"}) == 1
    assert len(emulator.runs()) == 1


@blocking_and_deferred
def test_a_task_has_the_token_of_its_own_account(emulator: Emulator, deferrable: bool) -> None:
    emulator.add_workflow("refold", "each", shared=True)

    run("each", linked_account_id="customer_1", deferrable=deferrable)

    assert [each["linked_account_id"] for each in emulator.runs()] == ["customer_1"]
    assert {request["body"]["linked_account_id"] for request in created(emulator)} == {"customer_1"}


def test_an_unknown_account_starts_nothing(emulator: Emulator) -> None:
    with pytest.raises(
        errors.RequestRejected, match=r"session token for linked account user_99999.*No linked account"
    ):
        run(linked_account_id="user_99999")

    assert others(emulator) == []


def test_the_test_of_a_connection_proves_the_key_and_the_account(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(RefoldHook()) as hook:
        assert hook.test_connection() == (True, "Refold accepts this connection.")
    connect(monkeypatch, REFOLD, emulator, {"password": "tk_wrong"}, auth_type="session_token")
    with closing(RefoldHook()) as hook:
        works, said = hook.test_connection()

    assert not works
    assert "could not create a session token for linked account" in said
    assert "HTTP 401" in said


def test_a_connection_without_an_account_is_rejected_before_anything_is_sent(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(monkeypatch, REFOLD, emulator, auth_type="session_token", linked_account_id=None)

    with pytest.raises(errors.InvalidInput, match="linked_account_id"):
        run()

    assert emulator.requests() == []


#: A token of nobody.
TOKEN = "eyJhbGciOiJIUzI1NiJ9.c2VjcmV0LW9mLW5vYm9keQ"


@pytest.mark.parametrize(
    "body", [{"Token": TOKEN}, {"token": [TOKEN]}, {"token": f"{TOKEN}\n"}, [TOKEN], TOKEN]
)
def test_a_token_is_in_no_message_if_the_response_is_odd(emulator: Emulator, body: Any) -> None:
    emulator.fail("refold", "session_token", "status", times=None, status=200, body=body)

    with pytest.raises(errors.UnexpectedResponse, match="without a usable token") as error:
        run()

    assert TOKEN not in f"{error.value}{error.value.__cause__}{error.value.__context__}"
    assert others(emulator) == []


@blocking_and_deferred
def test_no_token_is_in_a_log_a_record_or_a_trigger(
    emulator: Emulator, deferrable: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """Also not if Refold repeats it in an error."""
    emulator.fail("refold", "get", "echo_secret", times=1, status=500)
    task = Task(lambda: REFOLD.task(deferrable=deferrable))

    task.run()

    written = f"{caplog.text}{task.xcom}{task.store}{task.deferrals}{task.events}"
    assert [secret for secret in emulator.secrets() if secret in written] == []


def test_a_hook_on_an_event_loop_has_a_token_too(emulator: Emulator) -> None:
    started = asyncio.run(RefoldHook().aexecute_workflow("sync-contacts", slug="hubspot"))

    assert started.execution_id
    assert len(created(emulator)) == 1

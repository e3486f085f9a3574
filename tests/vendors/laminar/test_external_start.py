"""The external call: it is sent once (guarantee 1), and no secret leaves the process but in it (guarantee 7)."""

from __future__ import annotations

import json
import logging
import time
from contextlib import closing
from typing import Any

import pytest
import structlog
from airflow.providers.common.compat.sdk import AirflowFailException

from airflow_workflow_providers.core import errors
from airflow_workflow_providers.emulator import Emulator
from airflow_workflow_providers.hooks.laminar import LaminarHook
from tests.conftest import connect
from tests.vendors import LAMINAR_JOBS
from tests.vendors.laminar import CALLBACK, external


@pytest.mark.parametrize(
    ("fault", "options"),
    [
        ("lost_response", {}),
        ("lost_response", {"clean": True}),
        ("reset", {}),
        ("html", {}),
        ("html", {"status": 502}),
        ("html", {"status": 504}),
        ("server_error", {"carry_out": True}),
        ("server_error", {"status": 529}),
        ("status", {"status": 408}),
        ("status", {"status": 501}),  # which the workflow may have chosen
    ],
)
def test_a_start_whose_response_is_lost_is_reported_and_not_sent_again(
    emulator: Emulator, fault: str, options: dict[str, Any]
) -> None:
    """However the response is lost, and however many retries the task has."""
    emulator.fail("laminar", "execute", fault, **options)
    task = external(retries=3)

    with pytest.raises(errors.LostStart, match=r"Laminar could not run workflow 39.*a run may exist") as lost:
        task.run()

    assert isinstance(lost.value, AirflowFailException)
    assert (len(emulator.requests("laminar", "execute")), task.tries) == (1, 1)


def test_timeout_limits_the_response_and_the_read_timeout_does_not(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The read timeout of the connection is for short requests; this one ends with its run."""
    connect(monkeypatch, LAMINAR_JOBS, emulator, read_timeout=0.05)
    emulator.fail("laminar", "execute", "slow", seconds=0.3)
    assert external().run()["state"] == "succeeded"

    began = time.monotonic()
    with pytest.raises(errors.LostStart, match="a run may exist"):
        external(41, timeout=0.5, retries=2).run()

    assert time.monotonic() - began < 3
    assert len(emulator.requests("laminar", "execute")) == 2


def test_a_start_that_was_rejected_with_429_is_sent_again(emulator: Emulator) -> None:
    emulator.fail("laminar", "execute", "rate_limit", times=2, retry_after=0)

    assert external().run()["state"] == "succeeded"

    assert [request["status"] for request in emulator.requests("laminar", "execute")] == [429, 429, 200]
    assert len(emulator.runs("laminar")) == 1


def test_a_start_that_was_never_sent_is_repeated_and_the_error_says_that_nothing_was_started(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing listens at the address, so each attempt is safe."""
    connect(monkeypatch, LAMINAR_JOBS, emulator, {"host": "http://127.0.0.1:9"})
    pauses: list[float] = []

    with (
        closing(LaminarHook(sleep=pauses.append)) as hook,
        pytest.raises(errors.Unavailable, match="Nothing was started") as down,
    ):
        hook.execute_workflow(39)

    assert not down.value.sent
    assert len(pauses) == 4
    assert emulator.runs("laminar") == []


def test_a_redirect_is_not_followed(emulator: Emulator) -> None:
    """The key would be sent along, and the run could start elsewhere."""
    emulator.fail(
        "laminar", "execute", "status", status=302, headers={"Location": "https://login.example.com/"}
    )

    with pytest.raises(errors.RequestRejected, match=r"HTTP 302, a redirect to 'https://login.example.com/'"):
        external().run()

    assert len(emulator.requests("laminar")) == 1


@pytest.mark.parametrize(
    ("change", "extra", "said"),
    [
        ({"password": None}, {}, "no password"),
        ({}, {"api_kee": "x"}, "api_kee: not a field"),
        ({}, {"region": "eu"}, "region: Input should be 'us' or 'ca'"),
    ],
)
def test_a_wrong_connection_is_rejected_before_anything_is_sent(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch, change: dict[str, Any], extra: Any, said: str
) -> None:
    """With an error that names the field."""
    connect(monkeypatch, LAMINAR_JOBS, emulator, change, **extra)

    with pytest.raises(errors.InvalidInput, match=said):
        external(retries=2).run()

    assert emulator.requests("laminar") == []


def test_a_missing_connection_is_named() -> None:
    with pytest.raises(errors.Unavailable, match=r"'nowhere'.*'laminar'"):
        external(laminar_conn_id="nowhere").run()


def test_no_secret_is_stored_logged_or_shown(emulator: Emulator, caplog: pytest.LogCaptureFixture) -> None:
    """Also at log level DEBUG, and if the vendor repeats the key in an error."""
    caplog.set_level(logging.DEBUG)
    account = emulator.account("laminar")
    secrets = (account["api_key"], account["trigger_api_key"], "t0ken-in-the-path", "s1gned")

    for status in (None, 400, 401, 422, 500):
        if status:
            emulator.fail("laminar", "execute", "echo_secret", status=status)
        task = external(callback_url=CALLBACK)
        with structlog.testing.capture_logs() as logs:
            try:
                task.run()
            except errors.WorkflowError:
                assert status
            else:
                assert not status
        hook = task.operator.hook
        shown = task.everything_kept() + json.dumps(logs, default=str) + caplog.text
        shown += repr([vars(hook), hook.client.endpoint.settings, vars(hook.client)])
        assert [secret for secret in secrets if secret in shown] == [], status

    requests = emulator.requests("laminar", "execute")
    assert not any(account["api_key"] in request["query"].values() for request in requests)


def test_the_address_of_a_callback_is_cut_where_the_vendor_repeats_it(emulator: Emulator) -> None:
    """It has a secret in its path and one in its query."""
    body = {"error": f"callback {CALLBACK} and {json.dumps(CALLBACK)} could not be reached"}
    emulator.fail("laminar", "execute", "status", status=400, body=body)
    task = external(callback_url=CALLBACK)

    with pytest.raises(errors.ExecutionFailed, match="could not be reached"):
        task.run()

    assert [part for part in ("t0ken", "s1gned") if part in task.everything_kept()] == []

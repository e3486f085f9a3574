"""What Altostrat refuses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import structlog

from airflow_workflow_providers.apis import altostrat as api
from airflow_workflow_providers.core import errors
from airflow_workflow_providers.core.call import Answer
from airflow_workflow_providers.emulator import Emulator
from airflow_workflow_providers.hooks.altostrat import AltostratHook
from airflow_workflow_providers.sensors.altostrat import AltostratExecutionSensor
from tests.task import Task
from tests.vendors import answer
from tests.vendors.altostrat import WEBHOOK, every_mode, run


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (
            {
                "type": "invalid_request_error",
                "code": "parameter_missing",
                "message": "The 'name' parameter is required for this request.",
                "doc_url": "https://docs.altostrat.io/errors/parameter_missing",
            },
            "The 'name' parameter is required for this request. (parameter_missing)",
        ),
        ({"message": "Unauthorized or invalid token provided."}, "Unauthorized or invalid token provided."),
        (
            {"message": "The context field must be an array.", "errors": {"context": ["..."]}},
            "The context field must be an array.",
        ),
        ({"code": "server_error"}, "server_error"),
        ({"message": None, "code": "server_error"}, "server_error"),
        ({"message": {"a": 1}, "code": 7}, '{"a": 1} (7)'),
        ({"message": ["a"]}, '["a"]'),
        (
            {"message": f"No workflow at {WEBHOOK}."},
            "No workflow at https://v1.api.altostrat.io/workflows/webhooks/***.",
        ),
        ({"message": ""}, None),
        ({}, None),
        ([], None),
        ("text", None),
    ],
)
def test_both_envelopes_are_read(body: Any, said: str | None) -> None:
    """The reference's and Laravel's; in neither does anything have to be what it should be."""
    assert api.explain(answer(body, 400)) == said
    assert api.explain(Answer(502, {}, b"<html>")) is None


@pytest.mark.parametrize(
    ("shape", "said"),
    [
        ("middleware", "HTTP 401: Unauthorized or invalid token provided."),
        (
            "documented",
            "HTTP 401: The request requires authentication, but a valid token was not provided. (unauthorized)",
        ),
    ],
)
@pytest.mark.parametrize("deferrable", [False, True])
def test_a_401_of_either_shape_names_the_connection(
    emulator: Emulator, shape: str, said: str, deferrable: bool
) -> None:
    emulator.configure("altostrat", unauthorized=shape)
    emulator.revoke("altostrat")

    with pytest.raises(errors.AuthFailed, match="'altostrat_default'") as refused:
        run(deferrable=deferrable)
    ok, sentence = AltostratHook().test_connection()

    assert said in str(refused.value)
    assert not ok
    assert sentence == (
        f"Altostrat could not check the connection: {said.rstrip('.')}. "
        "The connection is 'altostrat_default'."
    )
    assert emulator.runs("altostrat") == []


@pytest.mark.parametrize(
    ("workflow", "error", "said"),
    [
        ("fl_no_such_workflow", errors.NotFound, r"HTTP 404: .+ \(not_found\)"),
        ("fl_forbidden", errors.AuthFailed, r"HTTP 403: .+ \(forbidden\).*'altostrat_default'"),
    ],
)
def test_what_is_refused_was_not_started(
    emulator: Emulator, workflow: str, error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=f"could not start workflow {workflow}: {said}.*") as refused:
        run(workflow)

    assert "Nothing was started" in str(refused.value)
    assert len(emulator.calls("altostrat")) == 1


def test_laravels_422_is_a_refusal_in_its_words(emulator: Emulator) -> None:
    """No page has it; the framework answers so when it does not like a member."""
    said = "The context field must be an array."
    body = {"message": said, "errors": {"context": [said]}}
    emulator.fail("altostrat", "execute", "status", status=422, body=body)

    with pytest.raises(errors.RequestRefused, match=f"HTTP 422: {said}.*Nothing was started"):
        run()

    assert emulator.runs("altostrat") == []


def test_a_500_in_the_documented_envelope_is_a_lost_start(emulator: Emulator) -> None:
    """It does not say whether the run was accepted before the error."""
    emulator.fail("altostrat", "execute", "server_error")

    with pytest.raises(errors.LostStart, match=r"HTTP 500: An unexpected error .+ \(server_error\)"):
        run()


def test_a_run_that_is_not_known_ends_in_an_error_that_names_it(emulator: Emulator) -> None:
    task = Task(
        lambda: AltostratExecutionSensor(
            task_id="wait", execution_id="fl_run_gone", poke_interval=0.01, timeout=30
        )
    )

    with pytest.raises(errors.NotFound, match="fl_run_gone"):
        task.run()


@every_mode
def test_the_address_of_a_webhook_is_kept_nowhere(
    emulator: Emulator, kind: Callable[..., Task], deferrable: bool
) -> None:
    """Its path is its key: whoever has it can start the workflow."""
    error = f"cURL error 28 for {WEBHOOK}"
    emulator.add_workflow("altostrat", "fl_calls", ends="failed", error=error)
    task = kind("fl_calls", deferrable)

    with (
        structlog.testing.capture_logs() as logs,
        pytest.raises(errors.ExecutionFailed, match=r"webhooks/\*\*\*"),
    ):
        task.run()

    assert "abc123-XYZ" not in task.everything_kept() + str(logs)

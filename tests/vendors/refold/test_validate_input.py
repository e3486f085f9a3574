"""With ``validate_input`` a payload is checked against the workflow's request structure before anything is sent."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_workflow_providers.core import errors
from airflow_workflow_providers.emulator import Emulator
from tests.fake_airflow import Task
from tests.vendors import REFOLD, misread

SCHEMA = {
    "type": "object",
    "required": ["email"],
    "additionalProperties": False,
    "properties": {"email": {"type": "string", "pattern": "@"}, "tags": {"items": {"enum": ["a", "b"]}}},
}


def task(payload: Any, workflow: str = "picky", **options: Any) -> Task:
    return Task(lambda: REFOLD.task(workflow, payload=payload, validate_input=True, **options))


@pytest.fixture(autouse=True)
def _picky(emulator: Emulator) -> None:
    emulator.add_workflow("refold", "picky", schema=SCHEMA)


def operations(emulator: Emulator) -> list[str]:
    return [request["operation"] for request in emulator.requests("refold")]


def test_a_payload_that_fits_is_started(emulator: Emulator) -> None:
    assert task({"email": "a@example.com", "tags": ["a"]}).run()["state"] == "succeeded"
    assert operations(emulator)[:2] == ["request_structure", "execute"]


@pytest.mark.parametrize(
    ("payload", "problem"),
    [
        (None, "'email' is a required property"),
        ({"email": 4711}, "email: does not fit the rule 'type': 'string'"),
        ({"email": "hunter2-secret"}, "email: does not fit the rule 'pattern': '@'"),
        (
            {"email": "a@b", "tags": ["a", "hunter2-secret"]},
            "tags[1]: does not fit the rule 'enum': ['a', 'b']",
        ),
        ({"email": "a@b", "other": 1}, "Additional properties are not allowed ('other' was unexpected)"),
    ],
)
def test_a_payload_that_does_not_fit_starts_nothing(emulator: Emulator, payload: Any, problem: str) -> None:
    """The error names the field and the rule, and shows no value; there is no retry, and no intent that a retry would find."""
    failing = task(payload)

    with pytest.raises(errors.InvalidInput) as error:
        failing.run()

    assert str(error.value) == (
        f"payload does not fit the request structure of workflow picky: {problem}. Nothing was started."
    )
    assert failing.tries == 1
    assert failing.store == {}
    assert operations(emulator) == ["request_structure"]


def test_an_input_of_a_batch_that_does_not_fit_is_named_before_the_first_start(emulator: Emulator) -> None:
    """The request structure is read once for all inputs."""
    inputs = [{"payload": {"email": "a@example.com", "tags": ["a"] * size}} for size in range(30)]
    inputs[27] = {"payload": {"email": 1}}

    with pytest.raises(errors.InvalidInput, match=r"inputs\[27\]: payload does not fit"):
        Task(lambda: REFOLD.batch(inputs, workflow_id="picky", validate_input=True)).run()

    assert operations(emulator) == ["request_structure"]


def test_a_workflow_without_a_schema_takes_any_payload(emulator: Emulator) -> None:
    assert task({"anything": 1}, "sync-contacts").run()["state"] == "succeeded"


@pytest.mark.parametrize(
    ("structure", "why"),
    [
        ({"schema": {"type": "nonsense"}}, "it is no JSON Schema"),
        ({"schema": "text"}, "it is no JSON Schema"),
        # What it refers to is not fetched: the address could be one inside the network of the worker.
        ({"schema": {"$ref": "{base_url}/elsewhere"}}, "it refers to something outside of it"),
    ],
)
def test_a_schema_that_cannot_be_used_starts_nothing(emulator: Emulator, structure: Any, why: str) -> None:
    """The author wanted the check."""
    base_url = emulator.account("refold")["base_url"]
    if isinstance(structure["schema"], dict) and "$ref" in structure["schema"]:
        structure = {"schema": {"$ref": f"{base_url}/elsewhere"}}
    emulator.fail("refold", "request_structure", "status", status=200, body=structure)

    with pytest.raises(errors.UnexpectedResponse, match=why):
        task({"email": "a@example.com"}).run()

    assert operations(emulator) == ["request_structure"]


def test_a_request_structure_that_cannot_be_read_starts_nothing(emulator: Emulator) -> None:
    with pytest.raises(errors.NotFound, match="request structure of workflow no-such-workflow"):
        task({}, "no-such-workflow").run()

    assert emulator.runs() == []


def test_validate_input_rejects_what_is_no_flag() -> None:
    cases = [(value, errors.InvalidInput) for value in ("True", 1, None)]

    assert misread(lambda value: REFOLD.task("picky", validate_input=value), cases) == {}

"""With ``validate_input`` the input variables are checked against the version before anything is started."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_workflow_providers.core import errors
from airflow_workflow_providers.emulator import Emulator
from tests.fake_airflow import Task
from tests.vendors import PROMPTLAYER


def task(variables: Any, **options: Any) -> Task:
    return Task(
        lambda: PROMPTLAYER.task(
            "picky", input_variables=variables, validate_input=True, retries=1, **options
        ),
        retries=1,
    )


@pytest.fixture(autouse=True)
def _picky(emulator: Emulator) -> None:
    emulator.add_workflow(
        "promptlayer", "picky", required=["question", "tone"], versions=[1, 2], labels={"production": 1}
    )


def operations(emulator: Emulator) -> list[str]:
    return [request["operation"] for request in emulator.requests("promptlayer")]


@pytest.mark.parametrize("which", [{}, {"workflow_version_number": 2}, {"workflow_label_name": "production"}])
def test_the_version_that_will_run_is_asked(emulator: Emulator, which: dict[str, Any]) -> None:
    """A variable that it does not know is no error: PromptLayer warns about it."""
    assert task({"question": "?", "tone": 1, "more": 2}, **which).run()["state"] == "succeeded"

    assert operations(emulator)[:2] == ["get_workflow", "run"]
    names = {"workflow_version_number": "version", "workflow_label_name": "label"}
    (asked,) = emulator.requests("promptlayer", "get_workflow")
    assert asked["query"] == {names[name]: str(value) for name, value in which.items()}


@pytest.mark.parametrize(
    ("variables", "missing"), [(None, "question, tone"), ({"tone": "secret-of-nobody"}, "question")]
)
def test_a_variable_that_is_missing_starts_nothing(emulator: Emulator, variables: Any, missing: str) -> None:
    """The error names it, and there is no retry."""
    failing = task(variables)

    with pytest.raises(errors.InvalidInput) as error:
        failing.run()

    assert str(error.value) == (
        f"input_variables does not fit workflow picky, which requires {missing} too. Nothing was started."
    )
    assert failing.tries == 1
    assert operations(emulator) == ["get_workflow"]


def test_an_input_of_a_batch_that_lacks_a_variable_is_named_before_the_first_start(
    emulator: Emulator,
) -> None:
    inputs: list[dict[str, Any]] = [
        {"input_variables": {"question": number, "tone": 1}} for number in range(9)
    ]
    inputs[7] = {"input_variables": {"question": 7}}

    with pytest.raises(errors.InvalidInput, match=r"inputs\[7\]: input_variables does not fit"):
        Task(lambda: PROMPTLAYER.batch(inputs, workflow_name="picky", validate_input=True)).run()

    assert operations(emulator) == ["get_workflow"]


@pytest.mark.parametrize(
    "body", [{}, {"required_input_variables": None}, {"required_input_variables": ["question"]}]
)
def test_a_version_that_does_not_say_what_it_requires_starts_nothing(emulator: Emulator, body: Any) -> None:
    """The author wanted the check."""
    emulator.fail("promptlayer", "get_workflow", "status", times=None, status=200, body=body)

    with pytest.raises(
        errors.UnexpectedResponse, match="does not say which input variables workflow picky requires"
    ):
        task({"question": "?", "tone": 1}).run()

    assert "run" not in operations(emulator)

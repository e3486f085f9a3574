"""The fuzzer finds each of eleven defects that are planted in the package, and nothing in the package as it is."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from airflow_workflow_providers.apis import altostrat, datalab, refold
from airflow_workflow_providers.core import endpoint, http, parameters, request, text
from airflow_workflow_providers.core.errors import InvalidInput, WorkflowError
from airflow_workflow_providers.core.execution import Execution, State
from airflow_workflow_providers.core.request import StatusPage
from airflow_workflow_providers.core.text import shown
from dev.fuzz.__main__ import run_all
from dev.fuzz.kinds import KINDS
from dev.fuzz.run import Problem, run

pytestmark = pytest.mark.fuzz

SEED = 11

#: After how many cases a defect must be found.
BOUND = {"responses": 5_000, "parameters": 1_000, "connections": 500, "echoes": 1_000}


@dataclass(frozen=True)
class Planted:
    """
    A defect.

    :param kind: the kind of cases that find it.
    :param plant: puts it into the package.
    :param is_found_as: whether a problem comes from this defect.
    """

    kind: str
    plant: Callable[[pytest.MonkeyPatch], None]
    is_found_as: Callable[[Problem], bool]


def leak_in_an_error(patch: pytest.MonkeyPatch) -> None:
    explain = endpoint.Endpoint.explain

    def telling(self: endpoint.Endpoint, request: Any, error: WorkflowError) -> WorkflowError:
        explained = explain(self, request, error)
        explained.args = (f"{explained} It was sent with {self.settings.secrets[0]}.",)
        return explained

    patch.setattr(endpoint.Endpoint, "explain", telling)


def foreign_exception(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(endpoint.Endpoint, "receive", endpoint.Endpoint._parse)
    patch.setattr(altostrat, "state_of", lambda status, table: table[status])


def similar_word_as_a_success(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(
        altostrat, "state_of", lambda status, table: table.get(status.strip().lower(), State.UNKNOWN)
    )


def endless_loop(patch: pytest.MonkeyPatch) -> None:
    cells_of = datalab._cells

    def never(*asked: Any) -> list[Any]:
        cells = list(cells_of(*asked))
        while any(len(str(cell)) > 1_000 for cell in cells):
            pass
        return cells

    patch.setattr(datalab, "_cells", never)


def changed_id(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(
        altostrat,
        "Execution",
        lambda execution_id, *rest, **more: Execution(execution_id.lower(), *rest, **more),
    )


def changed_status_of_a_list(patch: pytest.MonkeyPatch) -> None:
    def in_lower_case(statuses: tuple[tuple[str, str], ...], more: bool) -> StatusPage:  # as the class has it
        return StatusPage(tuple((run, status.lower()) for run, status in statuses), more)

    patch.setattr(request, "StatusPage", in_lower_case)


def strictness(patch: pytest.MonkeyPatch) -> None:
    class Status(refold._Status):
        completion_percentage: int | None = None

    patch.setattr(refold, "_Status", Status)


def control_character(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(
        endpoint,
        "shown",
        lambda said, secrets=(), **options: shown(said, secrets, **options).replace(
            "true", "true\x07planted"
        ),
    )


class Unserialisable:
    """A value that JSON cannot express; the error names its class."""


def unserialisable_parameter(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(http, "json_bytes", lambda _name, value: json.dumps(value).encode())
    patch.setattr(
        altostrat,
        "json_object",
        lambda _name, value: value if isinstance(value, dict) else {"at": Unserialisable()},
    )


def secret_in_a_connection_error(patch: pytest.MonkeyPatch) -> None:
    header = parameters.header

    def telling(name: str, value: str) -> str:
        try:
            return header(name, value)
        except InvalidInput:
            raise InvalidInput(f"planted: {value!r} cannot be sent") from None

    patch.setattr(datalab, "header", telling)


def encoding_that_is_not_found(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(text, "_UNIT", re.compile("(?!)"))


def rule(name: str, *, where: str = "", what: str = "") -> Callable[[Problem], bool]:
    return lambda problem: problem.rule == name and where in problem.where and what in problem.what


DEFECTS = {
    "a leak in an error": Planted(
        "responses", leak_in_an_error, rule("a key is shown", where="error", what="sent with")
    ),
    "a foreign exception": Planted(
        "responses", foreign_exception, rule("KeyError is raised", where="altostrat")
    ),
    "a similar word that is read as a success": Planted(
        "responses",
        similar_word_as_a_success,
        rule("a response that is no success is read as one", where="altostrat"),
    ),
    "an endless loop": Planted(
        "responses", endless_loop, rule("a call takes too long", where="apis/datalab.py")
    ),
    "an id that is changed": Planted("responses", changed_id, rule("an id is changed", where="altostrat")),
    "a status of a list that is changed": Planted(
        "responses",
        changed_status_of_a_list,
        rule("a status that the list does not have is read", where="datalab_pipelines"),
    ),
    "strictness about a field that decides nothing": Planted(
        "responses",
        strictness,
        rule("a documented outcome is rejected", where="refold", what="(completion_percentage"),
    ),
    "a control character that is shown": Planted(
        "responses", control_character, rule("an unprintable character is shown", what="planted")
    ),
    "a parameter that JSON cannot express": Planted(
        "parameters", unserialisable_parameter, rule("TypeError is raised", what="Unserialisable")
    ),
    "a secret in a connection's error": Planted(
        "connections", secret_in_a_connection_error, rule("a key is shown", what="planted")
    ),
    "an encoding that is not found": Planted(
        "echoes", encoding_that_is_not_found, lambda p: p.where == "percent" and ", error:" in p.what
    ),
}


@pytest.mark.parametrize("defect", DEFECTS.values(), ids=DEFECTS)
def test_a_planted_defect_is_found(defect: Planted, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a limited number of cases, with the smallest case that shows it."""
    defect.plant(monkeypatch)

    report = run(KINDS[defect.kind], BOUND[defect.kind], SEED, counts=defect.is_found_as, until_one=True)

    assert len(report.failures) == 1
    assert report.failures[0].reproduction


def test_the_number_of_cases_and_each_failure_are_printed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the seed, a line for each kind, and the smallest case of each failure. The exit status is 1."""
    leak_in_an_error(monkeypatch)

    failed = run_all({"responses": 5, "connections": 0}, SEED)

    printed = capsys.readouterr().out
    assert failed == 1
    assert f"seed {SEED}\n" in printed
    assert "responses: 5 cases, " in printed
    assert "connections: 0 cases, 0 failed" in printed
    assert "a key is shown: " in printed
    assert "\n    receive(" in printed
    assert run_all({"connections": 0}, SEED) == 0


@pytest.mark.parametrize("kind", KINDS)
def test_a_seed_repeats_its_cases(kind: str) -> None:
    def cases(seed: int) -> list[str]:
        seen: list[str] = []
        run(replace(KINDS[kind], check=lambda case: seen.append(repr(case)) or ()), 30, seed)
        return seen

    assert cases(SEED) == cases(SEED)
    assert cases(SEED) != cases(SEED + 1)


@pytest.mark.parametrize("kind", BOUND)
def test_nothing_is_found_in_the_package_as_it_is(kind: str) -> None:
    """The same cases, with the package as it is."""
    report = run(KINDS[kind], BOUND[kind], SEED)

    assert report.cases == BOUND[kind]
    assert report.failures == []

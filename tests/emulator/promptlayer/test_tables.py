"""PromptLayer: recalculations of the sheet of a table, and of its scorecard."""

import uuid

import pytest

SHEET = "00000000-0000-4000-9000-000000000001"
NOTHING_TO_DO = {"success": True, "cell_count": 0, "virtual_cell_count": 0, "cells": []}


def table(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012}"


def path(number: int, sheet: str = SHEET) -> str:
    return f"/api/public/v2/tables/{table(number)}/sheets/{sheet}"


@pytest.fixture
def operate(client):
    """Create an operation."""

    def operate(number: int = 1, **fields: object):
        return client.post(f"{path(number)}/operations", json=fields)

    return operate


@pytest.fixture
def operation(client):
    """Get an operation."""

    def operation(number: int, own: str) -> dict:
        return client.get(f"{path(number)}/operations/{own}").json()["operation"]

    return operation


@pytest.fixture
def calculate(client):
    """Recalculate a scorecard, and return the id of the calculation."""

    def calculate(number: int = 1, **fields: object) -> str:
        response = client.post(f"{path(number)}/scorecard/recalculate", json=fields)
        assert response.status_code == 202
        return response.json()["calculation_id"]

    return calculate


def test_an_operation_is_queued_and_counts_its_cells_until_they_are_completed(emulator, operate, operation):
    emulator.set_pace(status_checks=3)
    response = operate()
    started = response.json()
    own = started["operation_id"]
    assert (response.status_code, started["operation"], started["cell_count"]) == (202, "recalculate", 20)
    assert (started["execution_id"], started["execution_ids"]) == (own, [own])
    assert {cell["status"] for cell in started["cells"]} == {"QUEUED"}

    seen = [operation(1, own) for _ in range(4)]

    assert [each["status"] for each in seen] == ["queued", "running", "completed", "completed"]
    assert [each["pending_count"] for each in seen] == [20, 20, 0, 0]
    assert [each["completed_count"] for each in seen] == [0, 0, 20, 20]
    assert [each["status_counts"] for each in seen[:3]] == [
        {"QUEUED": 20},
        {"RUNNING": 20},
        {"COMPLETED": 20},
    ]
    (run,) = emulator.runs()
    assert (run["execution_id"], run["workflow_id"]) == (f"{table(1)}.{SHEET}.{own}", table(1))
    assert run["id_received"]


@pytest.mark.parametrize(
    ("number", "status", "counts"),
    [(1, "completed", (20, 0)), (2, "failed", (0, 20)), (4, "completed", (17, 3))],
)
def test_the_cells_of_an_operation_complete_or_fail(emulator, operate, operation, number, status, counts):
    emulator.set_pace(seconds=0)
    ended = operation(number, operate(number).json()["operation_id"])
    assert (ended["status"], ended["completed_count"], ended["failed_count"]) == (status, *counts)


def test_an_operation_is_for_the_cells_that_its_body_names(emulator, operate):
    columns = [str(uuid.uuid4()) for _ in range(3)]
    emulator.add_workflow("promptlayer", table(9), columns=columns, rows=4)
    assert operate(9).json()["cell_count"] == 12
    assert operate(9, column_ids=columns[:2]).json()["cell_count"] == 8
    assert operate(9, column_ids=columns[:1], row_ids=[0, 3, 99]).json()["cell_count"] == 2
    assert operate(9, column_ids=None, row_ids=None, statuses=["STALE", "FAILED"]).json()["cell_count"] == 12
    assert operate(9, column_ids=columns[:1], row_ids=[1.0]).json()["cell_count"] == 1  # an integer to JSON
    assert operate(9, statuses=["FAILED"]).json() == NOTHING_TO_DO
    assert operate(9, column_ids=[str(uuid.uuid4())]).status_code == 404


def test_without_stale_cells_there_is_nothing_to_do_unless_all_cells_are_asked_for(emulator, operate):
    response = operate(5)
    assert (response.status_code, response.json()) == (200, NOTHING_TO_DO)
    assert emulator.runs() == []
    assert operate(5, statuses=[]).status_code == 202


def test_many_cells_need_a_confirmation_and_nothing_starts_before(emulator, operate):
    response = operate(6)
    wanted = response.json()
    token = wanted["confirmation_token"]
    assert (response.status_code, wanted["success"], wanted["requires_confirmation"]) == (200, False, True)
    assert wanted["affected_cell_count"] == 400
    assert emulator.runs() == []

    assert operate(1, confirmation_token=token).status_code == 400
    assert operate(6, confirmation_token="another").status_code == 400
    token = operate(6).json()["confirmation_token"]
    assert operate(6, confirmation_token=token).status_code == 202
    assert len(emulator.runs()) == 1


def test_a_cancelled_operation_stays_cancelled_and_one_that_has_ended_is_left_alone(
    emulator, client, operate, operation
):
    emulator.set_pace(status_checks=9)
    own = operate(3).json()["operation_id"]
    cancel = f"{path(3)}/operations/{own}"
    first, second = client.delete(cancel).json(), client.delete(cancel).json()
    assert (first["cancelled_cell_count"], first["execution_ids"]) == (20, [own])
    assert (second["success"], second["cancelled_cell_count"], second["execution_ids"]) == (True, 0, [])
    assert operation(3, own)["status"] == "cancelled"
    unknown = client.delete(f"{path(3)}/operations/nobody")
    assert (unknown.status_code, unknown.json()["cancelled_cell_count"]) == (200, 0)
    assert [run["stops"] for run in emulator.runs()] == [1]


def test_what_does_not_exist_is_not_found(client, operate, calculate):
    own, calculation = operate().json()["operation_id"], calculate()
    other = str(uuid.uuid4())
    for method, address in (
        ("POST", f"{path(999)}/operations"),
        ("POST", f"{path(1, other)}/operations"),
        ("POST", f"{path(1, other)}/scorecard/recalculate"),
        ("DELETE", f"{path(1, other)}/operations/{own}"),
        ("GET", f"{path(2)}/operations/{own}"),
        ("GET", f"{path(1)}/operations/{calculation}"),
        ("GET", f"{path(1)}/scorecard/calculations/{own}"),
    ):
        response = client.request(method, address, json={} if method == "POST" else None)
        assert (response.status_code, response.json()["success"]) == (404, False), address


@pytest.mark.parametrize(
    "body",
    [
        [],
        {"operation": "delete"},
        {"column_ids": "all"},
        {"column_ids": ["A"]},
        {"row_ids": [-1]},
        {"row_ids": [True]},
        {"statuses": ["stale"]},
        {"statuses": [[]]},
        {"confirmation_token": 7},
        {"force": True},
    ],
)
def test_a_body_that_the_schema_does_not_allow_is_refused(emulator, client, body):
    assert client.post(f"{path(1)}/operations", json=body).status_code == 400
    assert emulator.runs() == []


@pytest.mark.parametrize(
    "body", [[], {"force": True}, {"row_indices": None}, {"row_indices": ["0"]}, {"step_ids": ["A"]}]
)
def test_a_calculation_that_the_schema_does_not_allow_is_refused(emulator, client, body):
    assert client.post(f"{path(1)}/scorecard/recalculate", json=body).status_code == 400
    assert emulator.runs() == []


def test_a_calculation_has_a_score_and_a_verdict_when_it_is_completed(emulator, client, calculate):
    emulator.set_pace(status_checks=3)
    address = f"{path(4)}/scorecard/calculations/{calculate(4, row_indices=[0])}"
    seen = [client.get(address).json()["calculation"] for _ in range(3)]
    assert [each["status"] for each in seen] == ["queued", "running", "completed"]
    assert [each["aggregate_score"] for each in seen] == [None, None, 0.4]
    assert [each["aggregate_verdict"] for each in seen] == [None, None, "fail"]


def test_a_calculation_that_fails_says_why(emulator, client, calculate):
    emulator.set_pace(seconds=0)
    failed = client.get(f"{path(2)}/scorecard/calculations/{calculate(2)}").json()["calculation"]
    assert (failed["status"], failed["aggregate_score"]) == ("failed", None)
    assert "not available" in failed["error_summary"]


def test_a_sheet_without_a_scorecard_has_no_calculation(client):
    response = client.post(f"{path(7)}/scorecard/recalculate")
    assert (response.status_code, response.json()["message"]) == (400, "Scorecard is not configured")


def test_a_table_is_no_workflow(client):
    named = [item["name"] for item in client.get("/workflows?per_page=100").json()["items"]]
    assert "answer-question" in named
    assert table(1) not in named
    assert client.post(f"/workflows/{table(1)}/run", json={}).status_code == 404


@pytest.mark.parametrize(
    "options", [{"sheet_id": "A"}, {"columns": ["A"]}, {"rows": 0}, {"failing_cells": -1}]
)
def test_an_option_of_a_table_that_it_cannot_have_is_refused(emulator, options):
    with pytest.raises(ValueError, match=r"UUIDs|at least one row"):
        emulator.add_workflow("promptlayer", table(9), **options)

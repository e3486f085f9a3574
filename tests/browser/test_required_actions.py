"""An execution that waits for a person, as Airflow's own page shows it in Chromium."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from airflow_workflow_providers.emulator import Emulator
from dev.real_airflow import RealAirflow
from tests.browser.conftest import PICTURES

pytestmark = pytest.mark.browser


@pytest.fixture
def run_id(airflow: RealAirflow, emulator: Emulator) -> Iterator[str]:
    """Start a DAG run whose task is deferred, and whose execution waits for a person until the test is over."""
    emulator.add_workflow("altostrat", "fl_form", passes=["awaiting_ui_interaction"])
    emulator.set_pace(seconds=3600)
    airflow.add_connection("altostrat_default", emulator.connection("altostrat"))
    airflow.wait_for_dags(["asks"])
    run_id = airflow.trigger("asks")
    deadline = time.monotonic() + 60
    while airflow.task_instances("asks", run_id)[0]["state"] != "deferred":
        assert time.monotonic() < deadline
        airflow.check_alive()
    yield run_id
    emulator.set_pace(seconds=0)


def test_a_person_gives_an_execution_up_under_required_actions(
    page: Page, airflow: RealAirflow, run_id: str
) -> None:
    page.goto(f"/dags/asks/runs/{run_id}/tasks/approve/required_actions")
    question = page.get_by_text("Altostrat waits for a person: workflow fl_form")
    expect(question.first).to_be_visible()
    expect(page.get_by_text("Try 1 of the task approve waits for execution fl_run_")).to_be_visible()
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PICTURES / "required-action.png", animations="disabled")

    page.get_by_role("button", name="Give up").click()

    assert airflow.wait_for_run("asks", run_id, 60) == "failed"

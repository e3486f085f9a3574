"""
The question about an execution that waits for a person, as that person sees and answers it in Airflow.

The pictures are in ``build/pictures``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect

from airflow_workflow_providers.core.waiter import GIVE_UP, KEEP_WAITING
from airflow_workflow_providers.emulator import Emulator
from dev.real_airflow import RealAirflow
from tests.browser.conftest import PICTURES, THEMES
from tests.real import wait_for

pytestmark = pytest.mark.browser
# A busy machine needs more than the default of 5 s until Airflow has responded.
expect.set_options(timeout=30_000)

DAG, TASK, WORKFLOW = "change_of_site", "approve", "fl_approve_change"
SUBJECT = f"Altostrat waits for a person: workflow {WORKFLOW}"
#: Airflow's page of a task has a part beside it that leaves no room on a phone; its list of required actions opens over everything.
WIDE: ViewportSize = {"width": 1280, "height": 760}
PHONE: ViewportSize = {"width": 375, "height": 900}


@pytest.fixture(scope="module")
def vendor(airflow: RealAirflow) -> Iterator[Emulator]:
    """Give an Altostrat whose executions wait for a person, with an address at which a person finds an execution."""
    with Emulator() as vendor:
        connection = vendor.connection("altostrat")
        page = {"execution_url": "https://altostrat.example/runs/{execution_id}"}
        airflow.add_connection(
            "altostrat_default", {**connection, "extra": {**connection.get("extra", {}), **page}}
        )
        yield vendor


class Asked:
    """
    A task that has asked a person.

    :param airflow: the Airflow.
    :param run_id: the run of its DAG.
    """

    def __init__(self, airflow: RealAirflow, run_id: str) -> None:
        self.airflow = airflow
        self.run_id = run_id
        self.execution_id = airflow.xcom(DAG, run_id, TASK, "execution_id")
        self.path = f"/dags/{DAG}/runs/{quote(run_id)}/tasks/{TASK}/required_actions"

    @property
    def instance(self) -> dict[str, Any]:
        """The task instance."""
        (instance,) = self.airflow.task_instances(DAG, self.run_id)
        return instance

    @property
    def question(self) -> dict[str, Any]:
        """The question, as Airflow has stored it; empty if there is none."""
        found = self.airflow.request("GET", f"/api/v2/dags/{DAG}/dagRuns/{quote(self.run_id)}/hitlDetails")
        return dict(next(iter(found["hitl_details"]), {}))

    def log(self) -> str:
        """Return the log of the last try of the task."""
        tried = self.instance["try_number"]
        return json.dumps(self.airflow.task_log(DAG, self.run_id, TASK, try_number=tried))


@pytest.fixture
def ask(airflow: RealAirflow, vendor: Emulator) -> Callable[[], Asked]:
    """Give a function that starts the DAG, and returns when its task waits in the triggerer for a person's answer."""

    def start() -> Asked:
        vendor.set_pace(seconds=3600)
        vendor.add_workflow("altostrat", WORKFLOW, passes=["awaiting_ui_interaction"])
        airflow.wait_for_dags([DAG])
        run_id = airflow.trigger(DAG)
        wait_for(airflow, lambda: airflow.xcom(DAG, run_id, TASK, "execution_id"), 120)
        asked = Asked(airflow, run_id)
        wait_for(airflow, lambda: asked.question.get("response_received") is False, 120)
        wait_for(airflow, lambda: asked.instance["state"] == "deferred", 120)
        # Before the first status check of the trigger, Airflow's scheduler may not have noticed the deferral.
        checks = len(vendor.requests("altostrat", "get"))
        wait_for(airflow, lambda: len(vendor.requests("altostrat", "get")) > checks, 120)
        return asked

    return start


@pytest.fixture
def open_page(browser: Browser, airflow: RealAirflow) -> Iterator[Callable[..., Page]]:
    """Give a function that opens a page of Airflow in a theme and a size of the window."""
    contexts: list[BrowserContext] = []

    def open_in(path: str, theme: Any = "light", size: ViewportSize = WIDE) -> Page:
        context = browser.new_context(
            base_url=airflow.url, color_scheme=theme, viewport=size, timezone_id="UTC", locale="en-US"
        )
        contexts.append(context)
        context.set_default_timeout(60_000)
        page = context.new_page()
        page.goto(path)
        return page

    yield open_in
    for context in contexts:
        context.close()


def test_a_person_reads_the_question_and_gives_up(
    ask: Callable[[], Asked], open_page: Callable[..., Page], airflow: RealAirflow
) -> None:
    """
    The page of the task has the question, a link to the vendor's page that opens beside Airflow, and the two answers.

    So has Airflow's list of required actions, on a phone too. The answer fails the task with its own error, without a retry.
    """
    asked = ask()
    address = f"https://altostrat.example/runs/{asked.execution_id}"
    for theme in THEMES:
        page = open_page(asked.path, theme)
        expect(page.get_by_text(SUBJECT)).to_be_visible()
        expect(page.get_by_text(asked.execution_id)).to_be_visible()
        link = page.get_by_role("link", name="open its page at Altostrat")
        expect(link).to_have_attribute("href", address)
        expect(link).to_have_attribute("target", "_blank")
        expect(page.get_by_role("button", name=KEEP_WAITING)).to_be_visible()
        picture(page, "required-action", theme)

    for theme in THEMES:
        page = open_page("/required_actions?response_received=false", theme, PHONE)
        page.get_by_role("row").filter(has_text=WORKFLOW).get_by_role("button").first.click()
        dialog = page.get_by_role("dialog")
        expect(dialog.get_by_text(SUBJECT)).to_be_visible()
        expect(dialog.get_by_role("link", name="open its page at Altostrat")).to_have_attribute(
            "href", address
        )
        expect(dialog.get_by_role("button", name=GIVE_UP)).to_be_visible()
        assert dialog.evaluate("each => each.scrollWidth <= each.clientWidth")
        picture(page, "required-action-phone", theme)

    asking = asked.instance
    page = open_page(asked.path)
    page.get_by_role("button", name=GIVE_UP).click()

    assert airflow.wait_for_run(DAG, asked.run_id, 120) == "failed"
    assert asked.instance["try_number"] == asking["try_number"] <= asked.instance["max_tries"]
    assert asked.question["chosen_options"] == [GIVE_UP]
    assert "ExecutionGivenUp" in asked.log()
    assert f"A person has given up Altostrat execution {asked.execution_id}" in asked.log()
    expect(page.get_by_role("button", name=KEEP_WAITING)).to_be_disabled()


def test_the_page_asks_no_more_when_the_execution_has_gone_on(
    ask: Callable[[], Asked], open_page: Callable[..., Page], airflow: RealAirflow, vendor: Emulator
) -> None:
    """A person has answered at the vendor, and nobody in Airflow."""
    asked = ask()
    page = open_page("/required_actions?response_received=false")
    question = page.get_by_role("row").filter(has_text=asked.run_id)
    expect(question).to_be_visible()
    vendor.set_pace(seconds=0)

    assert airflow.wait_for_run(DAG, asked.run_id, 120) == "success"
    closed = asked.question
    assert (closed["chosen_options"], closed["responded_by_user"]) == ([KEEP_WAITING], None)
    page.reload()
    expect(page.get_by_text("No Required Actions found")).to_be_visible()
    expect(question).to_be_hidden()
    page.goto(asked.path)
    expect(page.get_by_text(SUBJECT)).to_be_visible()
    for option in (KEEP_WAITING, GIVE_UP):
        expect(page.get_by_role("button", name=option)).to_be_disabled()


def picture(page: Page, name: str, theme: str) -> None:
    """Save a picture of the page."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(
        path=PICTURES / (f"{name}.png" if theme == "light" else f"{name}-{theme}.png"), animations="disabled"
    )

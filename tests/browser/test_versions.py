"""The tab *Remote execution* on the other versions of Airflow, each in the environment that `make matrix` has made for it."""

from __future__ import annotations

import shutil
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, FrameLocator, Page, expect

from airflow_workflow_providers.emulator import Emulator
from dev import matrix
from dev.real_airflow import RealAirflow
from tests.browser.conftest import ROOT

pytestmark = pytest.mark.browser
# A busy machine needs more than the default of 5 s until Airflow has responded.
expect.set_options(timeout=30_000)

#: An example whose first task runs an execution; the second one has none.
DAG, OURS, OTHER = "datalab_blocking", "parse", "use"


@pytest.mark.parametrize("version", [each for each in matrix.installable() if each != matrix.NEWEST])
def test_the_tab_shows_the_execution_of_its_task_and_a_sentence_for_another_task(
    browser: Browser, tmp_path_factory: pytest.TempPathFactory, version: str
) -> None:
    """The operator has stored the execution on this version, too."""
    python = matrix.made(version)
    if python is None:
        pytest.skip(f"`make matrix` makes the environment with Airflow {version}")
    dags = tmp_path_factory.mktemp("dags")
    shutil.copy(ROOT / "example_dags" / f"{DAG}.py", dags)
    settings = {"AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT": "60", "PYTHONPATH": str(ROOT)}
    home = tmp_path_factory.mktemp("airflow")

    # Nothing is deferred here.
    parts = ("api-server", "scheduler", "dag-processor")
    with (
        Emulator() as vendor,
        RealAirflow(home, dags, {}, settings, components=parts, python=python) as airflow,
    ):
        vendor.set_pace(seconds=0)
        airflow.add_connection("datalab_default", vendor.connection("datalab"))
        assert airflow.version().startswith(f"{version}.")
        airflow.wait_for_dags([DAG])
        run_id = airflow.trigger(DAG)
        assert airflow.wait_for_run(DAG, run_id, 120) == "success"
        page = browser.new_context(base_url=airflow.url).new_page()
        page.set_default_timeout(60_000)
        # Airflow logs everybody in here, and then some versions show the home page whatever was asked for.
        page.goto("/")
        expect(page.get_by_text("Dag Processor")).to_be_visible()

        ours = opened(page, run_id, OURS)
        expect(ours.locator("#summary")).to_have_text("The execution has succeeded.")
        expect(ours.locator("#facts")).to_contain_text(airflow.xcom(DAG, run_id, OURS, "execution_id"))

        other = opened(page, run_id, OTHER)
        expect(other.locator("#summary")).to_contain_text("This task has no remote execution")
        page.context.close()


def opened(page: Page, run_id: str, task: str) -> FrameLocator:
    """Open the tab of a task as a person does, and return its content."""
    page.goto(f"/dags/{DAG}/runs/{quote(run_id)}/tasks/{task}")
    page.get_by_role("link", name="Remote execution").or_(
        page.get_by_role("tab", name="Remote execution")
    ).first.click()
    return page.frame_locator("iframe[title='Remote execution']")

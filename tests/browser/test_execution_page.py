"""
The page *Remote execution* as a person sees it, on a real Airflow, with data that a DAG has stored as the operators do.

The pictures are in ``build/pictures``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from airflow_workflow_providers.plugin.files import POLICY
from dev.real_airflow import RealAirflow
from tests.browser.conftest import PICTURES, ROOT, THEMES
from tests.browser.executions import CASES, GOING, RECORD, SCRIPT, STEPS

pytestmark = pytest.mark.browser
# A busy machine needs more than the default of 5 s until Airflow has responded.
expect.set_options(timeout=30_000)

DAG = "executions"
FOLDER = "remote-execution"
BELOW = "/a/b"
#: A user of the Airflow that asks for a login, who may read everything and change nothing.
USER, PASSWORD = "vera", "let me see"
SIZES: dict[str, ViewportSize] = {
    "wide": {"width": 1200, "height": 900},
    "phone": {"width": 375, "height": 812},
}
#: What a person may look at: the cases that have something to show, and those with a sentence only.
SHOWN = ["steps", "going", "failed", "lost", "batch", "batch_ended", "hostile", "newer"]
SENTENCES = {
    "not_ours": "This task has no remote execution: its operator is Execution.",
    "elsewhere": "What the task has stored is not in Airflow's database",
    "not_begun": "The task has not begun, so it has no execution yet.",
    "not_run": "The task did not run (upstream failed), so it has no execution.",
}


@pytest.fixture(scope="module")
def run_id(airflow: RealAirflow) -> str:
    """Give a run of the DAG in which each task has stored its data."""
    airflow.wait_for_dags([DAG])
    run_id = airflow.trigger(DAG)
    ends = {"waits": "deferred", "fails": "failed"}
    states: dict[str, str | None] = {
        name: ends.get(then, "success") if isinstance(then, str) else "success"
        for name, (_, then) in CASES.items()
    }
    airflow.wait_for_tasks(
        DAG, run_id, {**states, "mapped": "success", "not_begun": None, "not_run": "upstream_failed"}, 400
    )
    return run_id


@pytest.fixture(scope="module")
def with_users(
    airflow: RealAirflow, tmp_path_factory: pytest.TempPathFactory, python: Path | None
) -> Iterator[RealAirflow]:
    """Give one more API server on the same database: it is below a path, and asks for a login."""
    home = tmp_path_factory.mktemp("with-users")
    passwords = home / "passwords.json"
    passwords.write_text(json.dumps({USER: PASSWORD}))
    settings = {
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "False",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(passwords),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": f"{USER}:viewer",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{airflow.home}/airflow.db",
        "PYTHONPATH": str(ROOT),
    }
    part = ("api-server",)
    with RealAirflow(home, airflow.home, {}, settings, components=part, path=BELOW, python=python) as server:
        yield server


class Visit:
    """
    A visitor's browser on the page itself, which is what Airflow's frame shows.

    :param page: the page of the browser.
    :param url: the address of Airflow.
    :param run_id: the DAG run.
    """

    def __init__(self, page: Page, url: str, run_id: str) -> None:
        self.page = page
        self.url = url
        self.run_id = run_id
        self.errors: list[str] = []
        self.requests: list[tuple[str, str]] = []
        page.on(
            "console", lambda message: self.errors.append(message.text) if message.type == "error" else None
        )
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("request", lambda request: self.requests.append((request.method, request.url)))

    def open(self, task: str, index: str = "{MAP_INDEX}") -> Page:
        """Open the page of a task, and wait until it has read its data."""
        run = quote(self.run_id, safe="")
        self.page.goto(f"{self.url}/{FOLDER}/index.html?dag={DAG}&run={run}&task={task}&map={index}")
        expect(self.page.locator("#summary")).not_to_have_text("Reading from Airflow.")
        return self.page


@pytest.fixture
def visits(browser: Browser, airflow: RealAirflow, run_id: str) -> Iterator[Callable[..., Visit]]:
    """Give a function that makes a visitor with a theme and a size of the window; by default without users, all are admins."""
    contexts = []

    def visit(theme: Any = "light", size: str = "wide", server: RealAirflow = airflow) -> Visit:
        context = browser.new_context(
            base_url=server.url, color_scheme=theme, viewport=SIZES[size], timezone_id="UTC", locale="en-US"
        )
        contexts.append(context)
        context.set_default_timeout(60_000)
        if server is airflow:
            # Where all are admins, some versions of Airflow log in only a visitor of the login page.
            context.request.get("/api/v2/auth/login")
        return Visit(context.new_page(), server.url, run_id)

    yield visit
    for context in contexts:
        context.close()


@pytest.mark.parametrize("theme", THEMES)
def test_the_tab_of_a_task_instance_shows_its_execution_in_airflows_theme(
    visits: Callable[..., Visit], theme: str
) -> None:
    """The system has the other theme, so it is that of Airflow which is followed."""
    visit = visits("light" if theme == "dark" else "dark")
    page = visit.page
    page.set_viewport_size({"width": 1440, "height": 1120})
    page.goto("/")
    page.evaluate("theme => localStorage.setItem('theme', theme)", theme)
    page.goto(f"/dags/{DAG}/runs/{quote(visit.run_id)}/tasks/steps")

    page.get_by_role("link", name="Remote execution").or_(
        page.get_by_role("tab", name="Remote execution")
    ).first.click()
    frame = page.frame_locator("iframe[title='Remote execution']")

    expect(frame.locator("#summary")).to_have_text("The execution has succeeded.")
    expect(frame.locator("html")).to_have_attribute("data-theme", theme)
    picture(page, "in-airflow", theme)


def test_the_tab_of_a_mapped_task_instance_shows_its_own_execution(visits: Callable[..., Visit]) -> None:
    visit = visits()
    visit.page.goto(f"/dags/{DAG}/runs/{quote(visit.run_id)}/tasks/mapped/mapped/1/plugin/{FOLDER}")

    frame = visit.page.frame_locator("iframe[title='Remote execution']")

    expect(frame.locator("#facts")).to_contain_text("pex_1")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("case", SHOWN)
def test_a_case_fits_the_window_without_an_error(
    visits: Callable[..., Visit], case: str, theme: str, size: str
) -> None:
    """Nothing reaches out of the window, and the console has no error and no violation of the policy."""
    visit = visits(theme, size)
    page = visit.open(case)

    expect(page.locator("#facts")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert visit.errors == []
    picture(page, case + ("-phone" if size == "phone" else ""), theme)


@pytest.mark.parametrize("theme", THEMES)
def test_an_execution_that_has_ended_shows_its_steps_and_its_result(
    visits: Callable[..., Visit], theme: str
) -> None:
    page = visits(theme).open("steps")

    expect(page.locator("#state")).to_have_text("succeeded")
    assert rows(page, "#course")[2] == [
        "extract invoice lines",
        "succeeded",
        "completed",
        "14:01:12",
        "1 min 17 s",
    ]
    expect(page.locator("#course svg.picture")).to_have_attribute(
        "aria-label", contains("extract totals: succeeded, begins after 1 min 12 s, takes 32 s")
    )
    expect(page.locator("#course svg.picture rect.bar")).to_have_count(5)
    shown = page.locator("#facts").inner_text()
    for text in (
        "pex_V7c2mW1rQ",
        "pl_8fk2m1xq",
        "2026-11-24 14:00:00",
        "3 min 12 s",
        "datalab_default",
        "48 kB",
    ):
        assert text in shown
    assert json.loads(page.locator("#output pre").inner_text()) == RECORD["output"]
    expect(page.locator("#foot")).not_to_contain_text("reads again")


def test_an_execution_without_steps_shows_the_changes_of_its_status(visits: Callable[..., Visit]) -> None:
    page = visits().open("failed")

    expect(page.locator("#state")).to_have_text("failed")
    assert [row[:3] for row in rows(page, "#course")][2] == [
        "WAITING",
        "waits for a person",
        "node 2 of 4 waits for an approval",
    ]
    expect(page.get_by_role("link")).to_have_attribute(
        "href", "https://app.refold.ai/executions/6744a1f2c8?tab=logs"
    )


def test_a_task_that_ended_before_its_execution_says_so(visits: Callable[..., Visit]) -> None:
    page = visits().open("lost")

    expect(page.locator("#note")).to_contain_text("The task ended before it saw the end of the execution.")


def test_a_batch_shows_its_counts_its_rate_and_the_inputs_that_failed(visits: Callable[..., Visit]) -> None:
    page = visits().open("batch")

    tiles = page.locator("#batch .tiles").inner_text()
    for text in ("4,103 of 10,000", "4,089", "11", "200", "5,697", "3.1 a second", "about 32 min left"):
        assert text in tiles
    expect(page.locator("#batch .curve svg")).to_have_attribute("aria-label", contains("4,103 of 10,000"))
    assert rows(page, "#failures")[2] == [
        "2207",
        "failed",
        "not started",
        "The start was rejected: HTTP 422.",
    ]
    expect(page.locator("#failures")).to_contain_text("10 more inputs without success")


@pytest.mark.parametrize("task", SENTENCES)
def test_a_task_without_an_execution_gets_a_sentence(visits: Callable[..., Visit], task: str) -> None:
    visit = visits()
    page = visit.open(task)

    expect(page.locator("#summary")).to_contain_text(SENTENCES[task])
    assert page.locator("main section:visible").count() == 0


def test_a_task_that_does_not_exist_gets_a_sentence(visits: Callable[..., Visit]) -> None:
    """So does an address with no ids, and one that would lead to another folder of the API."""
    visit = visits()

    expect(visit.open("nothing").locator("#summary")).to_contain_text("Airflow has no such task instance.")
    expect(visit.open("..").locator("#summary")).to_contain_text("names no task")
    expect(visit.open("").locator("#summary")).to_contain_text("names no task")


def test_the_page_reads_again_and_shows_what_has_changed(
    visits: Callable[..., Visit], airflow: RealAirflow
) -> None:
    """It is not loaded again: what a person has selected is selected still."""
    visit = visits()
    page = visit.open("changes")
    expect(page.locator("#state")).to_have_text("running")
    page.evaluate("getSelection().selectAllChildren(document.querySelector('#facts dd bdi'))")
    path = (
        f"/api/v2/dags/{DAG}/dagRuns/{quote(visit.run_id)}/taskInstances/changes/xcomEntries/remote_execution"
    )

    airflow.request("PATCH", path, {"value": {**STEPS, "ended_at": None, "state": "stopping"}})
    if isinstance(airflow.xcom(DAG, visit.run_id, "changes", "remote_execution"), str):
        pytest.skip("The API of this Airflow stores an object as a text of JSON; its tasks do not.")

    expect(page.locator("#state")).to_have_text("stopping")
    assert page.evaluate("getSelection().toString()") == GOING["execution_id"]


def test_no_text_becomes_an_element_or_a_script_or_a_link(visits: Callable[..., Visit]) -> None:
    page = visits().open("hostile")

    expect(page.locator("#vendor")).to_have_text(f"Datalab {SCRIPT}")
    expect(page.locator("#output pre")).to_contain_text("<script>")
    expect(page.locator("#output")).to_contain_text("These are the first 20,000 of")
    assert page.title() == "Remote execution"
    assert page.locator("img, main script, iframe, object, a").count() == 0
    assert page.evaluate("/[\\u202e\\u200b\\u0000]/.test(document.body.textContent)") is False


def test_odd_values_are_shown_as_far_as_they_can_be(visits: Callable[..., Visit]) -> None:
    """A number for an id is shown, a list for steps and a time that is none are left out, an unknown state is unknown."""
    visit = visits()
    page = visit.open("odd")

    expect(page.locator("#state")).to_have_text("unknown")
    expect(page.locator("#facts")).to_contain_text("12")
    assert len(rows(page, "#course")) == 2
    assert visit.errors == []


def test_a_visitor_without_a_login_gets_no_data(
    visits: Callable[..., Visit], with_users: RealAirflow
) -> None:
    """Below a path, too: the page finds its files and Airflow's API there."""
    visit = visits(server=with_users)
    page = visit.open("steps")

    expect(page.locator("#summary")).to_contain_text("You are not logged in to Airflow")
    assert page.locator("main section:visible").count() == 0
    assert "pex_" not in page.content()
    assert all(url.startswith(f"{with_users.url}/") for _, url in visit.requests)


def test_a_visitor_who_logs_in_below_a_path_sees_the_execution_in_the_tab(
    visits: Callable[..., Visit], with_users: RealAirflow
) -> None:
    """Airflow asks for the login before it shows the tab. No file of the page and no data is asked for outside of the path."""
    visit = visits(server=with_users)
    page = visit.page
    page.goto(f"{with_users.url}/dags/{DAG}/runs/{quote(visit.run_id)}/tasks/steps/plugin/{FOLDER}")
    page.locator("input[name=username]").fill(USER)
    assert "pex_" not in page.content()
    page.locator("input[name=password]").fill(PASSWORD)

    page.get_by_role("button", name="Sign in").click()

    frame = page.frame_locator("iframe[title='Remote execution']")
    expect(frame.locator("#summary")).to_have_text("The execution has succeeded.")
    expect(frame.locator("#facts")).to_contain_text("pex_V7c2mW1rQ")
    # Airflow's own page may ask for something outside.
    asked = [url for _, url in visit.requests if f"/{FOLDER}/" in url or "/remote_execution" in url]
    assert asked
    assert [url for url in asked if not url.startswith(f"{with_users.url}/")] == []


def test_a_visitor_who_may_not_read_xcoms_gets_no_data(visits: Callable[..., Visit]) -> None:
    """Airflow lets everybody read the task instance here, so its answer about the XCom is replaced."""
    visit = visits()
    visit.page.route(
        "**/xcomEntries/**", lambda route: route.fulfill(status=403, json={"detail": "Forbidden"})
    )
    page = visit.open("steps")

    expect(page.locator("#summary")).to_contain_text("You may not see this task.")
    assert page.locator("main section:visible").count() == 0
    assert "pex_" not in page.content()


def test_the_page_only_reads_airflows_api(visits: Callable[..., Visit], airflow: RealAirflow) -> None:
    """Every request is a GET of one of its files or of this task; none has more in its address than ids."""
    visit = visits()
    visit.open("steps")
    run = quote(visit.run_id, safe="")
    instance = f"{airflow.url}/api/v2/dags/{DAG}/dagRuns/{run}/taskInstances/steps"

    assert {method for method, _ in visit.requests} == {"GET"}
    assert {url for _, url in visit.requests if f"/{FOLDER}/" not in url} == {
        instance,
        f"{instance}/xcomEntries/remote_execution?map_index=-1",
        f"{instance}/xcomEntries/return_value?map_index=-1",
    }
    assert visit.page.evaluate("localStorage.length + sessionStorage.length") == 0


def test_no_script_or_style_runs_that_is_not_a_file_of_the_page(visits: Callable[..., Visit]) -> None:
    page = visits().open("steps")

    tried = page.evaluate(
        """() => {
            const refused = [];
            for (const attempt of [
                () => { document.body.innerHTML = "<p>x</p>"; },
                () => { document.body.insertAdjacentHTML("beforeend", "<img>"); },
                () => { document.createElement("script").textContent = "document.title = 'hacked'"; },
                () => { document.createElement("script").src = "https://example.com/x.js"; },
            ]) {
                try { attempt(); } catch { refused.push(attempt.toString()); }
            }
            const script = document.createElement("script");
            script.append(document.createTextNode("document.title = 'hacked'"));
            document.body.append(script);
            document.querySelector("h1").setAttribute("style", "color: red");
            const color = getComputedStyle(document.querySelector("h1")).color;
            return { refused: refused.length, color };
        }"""
    )

    assert tried["refused"] == 4
    assert tried["color"] != "rgb(255, 0, 0)"
    assert page.title() == "Remote execution"


def test_a_button_copies_an_id(visits: Callable[..., Visit]) -> None:
    page = visits().open("failed")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])

    page.get_by_role("button", name="Copy the page at the vendor").click()

    expect(page.locator("#said")).to_have_text("The page at the vendor is copied.")
    assert (
        page.evaluate("navigator.clipboard.readText()")
        == "https://app.refold.ai/executions/6744a1f2c8?tab=logs"
    )


def test_what_was_read_before_stays_while_airflow_does_not_respond(visits: Callable[..., Visit]) -> None:
    """And the page reads again, until it does."""
    visit = visits()
    page = visit.open("going")
    expect(page.locator("#facts")).to_contain_text("pex_V7c2mW1rQ")
    page.route("**/api/v2/**", lambda route: route.fulfill(status=502, body="Bad gateway"))

    expect(page.locator("#note")).to_contain_text("HTTP 502")
    expect(page.locator("#facts")).to_contain_text("pex_V7c2mW1rQ")
    page.unroute("**/api/v2/**")
    expect(page.locator("#note")).to_be_hidden(timeout=15_000)


def test_airflow_serves_the_page_with_its_policy(visits: Callable[..., Visit], airflow: RealAirflow) -> None:
    """Whatever Airflow's own middleware does to the headers."""
    request = visits().page.context.request

    response = request.get(f"/{FOLDER}/index.html")

    assert response.headers["content-security-policy"] == POLICY
    assert request.get(f"/{FOLDER}/__init__.py").status == 404
    assert request.post(f"/{FOLDER}/index.html").status == 405


def rows(page: Page, section: str) -> list[list[str]]:
    """Return the cells of the table of a section."""
    expect(page.locator(f"{section} tbody tr").first).to_be_visible()
    return [
        [cell.strip() for cell in row.locator("th, td").all_inner_texts()]
        for row in page.locator(f"{section} tbody tr").all()
    ]


def contains(text: str) -> re.Pattern[str]:
    """Return a pattern for an attribute that contains a text."""
    return re.compile(re.escape(text))


def picture(page: Page, name: str, theme: str) -> None:
    """Save a picture of the page."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(
        path=PICTURES / (f"execution-{name}.png" if theme == "light" else f"execution-{name}-{theme}.png"),
        animations="disabled",
        full_page=name != "in-airflow",
    )

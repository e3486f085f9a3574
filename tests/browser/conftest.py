"""Airflow in Chromium, with the emulator; every connection is typed in or added by a test."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, sync_playwright

from airflow_workflow_providers.emulator import Emulator
from dev import matrix
from dev.real_airflow import RealAirflow

CHROMIUM = shutil.which("chromium")
ROOT = Path(__file__).parent.parent.parent
PICTURES = ROOT / "build" / "pictures"
#: Airflow's minor version for all tests of this folder, such as `3.1`, in the environment that `make matrix` has made; default: the
#: Airflow of the running interpreter.
VERSION = os.environ.get("BROWSER_AIRFLOW")
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    missing = pytest.mark.skip(reason="Chromium is not installed (Debian: apt-get install chromium)")
    for item in items:
        if CHROMIUM is None and item.get_closest_marker("browser"):
            item.add_marker(missing)


@pytest.fixture(scope="session")
def emulator() -> Iterator[Emulator]:
    with Emulator() as emulator:
        emulator.set_pace(seconds=0)
        yield emulator


@pytest.fixture(scope="session")
def python() -> Path | None:
    """Give the interpreter of the tests' Airflow; ``None`` for the running one."""
    if VERSION is None:
        return None
    python = matrix.made(VERSION)
    assert python is not None, f"`make matrix ONLY={VERSION}` makes the environment"
    return python


@pytest.fixture(scope="session")
def airflow(tmp_path_factory: pytest.TempPathFactory, python: Path | None) -> Iterator[RealAirflow]:
    settings = {
        "AIRFLOW__CORE__TEST_CONNECTION": "Enabled",
        # On a busy machine Airflow's default of 5 s fails a task before it has begun.
        "AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT": "60",
        "PYTHONPATH": str(ROOT),
    }
    home = tmp_path_factory.mktemp("airflow")
    with RealAirflow(home, Path(__file__).parent / "dags", {}, settings, python=python) as airflow:
        yield airflow


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        # CI runs as root, for whom Chromium has no sandbox; the only pages are those of Airflow on this machine.
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--no-proxy-server"]
        )
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def contexts(browser: Browser, airflow: RealAirflow) -> dict[str, BrowserContext]:
    """Give a browser context for each theme, which keeps Airflow's pages in its cache."""
    size: ViewportSize = {"width": 1280, "height": 2000}
    return {
        theme: browser.new_context(base_url=airflow.url, color_scheme=theme, viewport=size)
        for theme in THEMES
    }


@pytest.fixture
def page(contexts: dict[str, BrowserContext], request: pytest.FixtureRequest) -> Iterator[Page]:
    """Give a page of Airflow, in the theme of the test, or in the light one."""
    page = contexts[request.node.callspec.params.get("theme", "light")].new_page()
    page.set_default_timeout(60_000)
    yield page
    page.close()

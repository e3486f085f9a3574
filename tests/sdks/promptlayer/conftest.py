import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from airflow_workflow_providers.emulator import Emulator
from dev.sdks import javascript_sdk, missing_node, python_sdk
from tests.sdks import printed_json
from tests.sdks.promptlayer import JAVASCRIPT, PYTHON

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def python() -> Path:
    """Return the Python that has the vendor's client."""
    return python_sdk("promptlayer", PYTHON)


@pytest.fixture(scope="session")
def modules() -> Path:
    """Return the folder with the JavaScript client. Without Node the test is skipped, but not in CI."""
    if missing := missing_node():
        # A missing program must not make a check of CI disappear.
        (pytest.fail if os.environ.get("CI") else pytest.skip)(missing)
    return javascript_sdk("promptlayer-js", JAVASCRIPT)


@pytest.fixture
def run_python(emulator: Emulator, python: Path, tmp_path: Path) -> Callable[..., list[dict[str, Any]]]:
    """Run workflows with one of the Python clients, and return the outcome of each run."""

    def run(client: str, *runs: dict[str, Any], **account: str) -> list[dict[str, Any]]:
        account = {**emulator.account("promptlayer"), **account}
        environment = {
            "PROMPTLAYER_BASE_URL": account["base_url"],
            "PROMPTLAYER_API_KEY": account["api_key"],
        }
        given = json.dumps({"client": client, "runs": runs})
        return printed_json([str(python), str(HERE / "run_workflow.py"), given], tmp_path, environment)

    return run


@pytest.fixture
def run_javascript(emulator: Emulator, modules: Path, tmp_path: Path) -> Callable[..., list[dict[str, Any]]]:
    """Run workflows with the JavaScript client, and return the outcome of each run."""

    def run(*runs: dict[str, Any]) -> list[dict[str, Any]]:
        account = emulator.account("promptlayer")
        given = json.dumps({"apiKey": account["api_key"], "baseURL": account["base_url"], "runs": runs})
        command = ["node", str(HERE / "run_workflow.cjs"), given]
        return printed_json(command, tmp_path, {"NODE_PATH": str(modules)})

    return run

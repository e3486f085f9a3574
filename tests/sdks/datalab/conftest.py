import json
from pathlib import Path

import pytest

from dev import environment
from dev.sdks import python_sdk
from tests.sdks import printed_json, run_client
from tests.sdks.datalab import REQUIREMENT

CALLS = Path(__file__).parent / "calls.py"


@pytest.fixture(scope="session")
def python() -> Path:
    """Return the Python that has the vendor's client, which fits the packages of the newest Airflow."""
    return python_sdk("datalab", REQUIREMENT, environment.constraints_for("3.3"))


@pytest.fixture
def account(emulator) -> dict[str, str]:
    return emulator.account("datalab")


@pytest.fixture
def document(tmp_path) -> Path:
    """Return a document to process."""
    path = tmp_path / "report.pdf"
    path.write_bytes(b"%PDF-1.7 report")
    return path


@pytest.fixture
def call(python, account, tmp_path):
    """Let the client do one of the functions of calls.py, and return what that returned."""

    def call(function: str, **arguments: object) -> dict:
        command = [str(python), str(CALLS), function, json.dumps(arguments)]
        environment = {"BASE_URL": account["base_url"], "DATALAB_API_KEY": account["api_key"]}
        return printed_json(command, tmp_path, environment)

    return call


@pytest.fixture
def command_line(python, account, tmp_path):
    """Run the client's command, with its address and key in the environment, and return exit code, output and errors."""

    def command_line(*arguments: str) -> tuple[int, str, str]:
        environment = {"DATALAB_HOST": account["base_url"], "DATALAB_API_KEY": account["api_key"]}
        done = run_client([str(python.parent / "datalab"), *arguments], tmp_path, environment)
        return done.returncode, done.stdout, done.stderr

    return command_line

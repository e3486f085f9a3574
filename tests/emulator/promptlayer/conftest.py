from collections.abc import Callable

import httpx
import pytest

from airflow_workflow_providers.emulator import Emulator
from tests.emulator.promptlayer import RESULTS


@pytest.fixture
def client(emulator: Emulator, reach) -> httpx.Client:
    account = emulator.account("promptlayer")
    headers = {"X-API-KEY": account["api_key"]}
    return reach(account["base_url"], headers)


@pytest.fixture
def begin(client: httpx.Client) -> Callable[..., httpx.Response]:
    """Run a workflow, by its name in the path as it must be written there."""

    def begin(workflow: str = "answer-question", **members: object) -> httpx.Response:
        return client.post(f"/workflows/{workflow}/run", json=members)

    return begin


@pytest.fixture
def look(client: httpx.Client) -> Callable[..., httpx.Response]:
    """Ask for a run's results, with all outputs unless told otherwise."""

    def look(started: httpx.Response | int, every: str | None = "true", **timeout: float) -> httpx.Response:
        number = started if isinstance(started, int) else started.json()["workflow_version_execution_id"]
        params = {"workflow_version_execution_id": number}
        return client.get(
            RESULTS, params=params if every is None else {**params, "return_all_outputs": every}, **timeout
        )

    return look

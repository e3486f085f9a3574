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
def start(client: httpx.Client) -> Callable[..., httpx.Response]:
    """Run a workflow, by its name as it is written in the path."""

    def start(workflow: str = "answer-question", **fields: object) -> httpx.Response:
        return client.post(f"/workflows/{workflow}/run", json=fields)

    return start


@pytest.fixture
def get_results(client: httpx.Client) -> Callable[..., httpx.Response]:
    """Get the results of a run, by default with all outputs."""

    def get_results(
        started: httpx.Response | int, all_outputs: str | None = "true", **timeout: float
    ) -> httpx.Response:
        number = started if isinstance(started, int) else started.json()["workflow_version_execution_id"]
        params = {"workflow_version_execution_id": number}
        return client.get(
            RESULTS,
            params=params if all_outputs is None else {**params, "return_all_outputs": all_outputs},
            **timeout,
        )

    return get_results

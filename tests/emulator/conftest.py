import ssl
from collections.abc import Callable, Iterator

import httpx
import pytest

from airflow_workflow_providers.emulator import Emulator
from tests.emulator import EXECUTE, schemas


@pytest.fixture(scope="session")
def no_tls() -> ssl.SSLContext:
    """Return a context without certificates: reading them takes longer than a whole test."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


@pytest.fixture(scope="session")
def running() -> Iterator[Emulator]:
    """Start one emulator for the whole folder; tests take `emulator`, which is reset before each test."""
    with Emulator() as emulator:
        yield emulator


@pytest.fixture
def emulator(running: Emulator) -> Emulator:
    running.reset()
    return running


@pytest.fixture
def against_schema() -> None:
    """Exempt a test from the vendors' schemas, because the author of its workflow does what the schema does not have."""


@pytest.fixture
def reach(request, no_tls: ssl.SSLContext, running: Emulator) -> Iterator[Callable[..., httpx.Client]]:
    """Make clients of a base URL with these headers. What they receive is held to the vendors' schemas."""
    clients: list[httpx.Client] = []
    exempt = "against_schema" in request.fixturenames
    hooks = {"response": [] if exempt else [lambda response: schemas.check(running, response)]}

    def make(base_url: str, headers: dict[str, str] | None = None) -> httpx.Client:
        client = httpx.Client(
            base_url=base_url, headers=headers, timeout=10, verify=no_tls, event_hooks=hooks
        )
        clients.append(client)
        return client

    yield make
    for client in clients:
        client.close()


@pytest.fixture
def connect(emulator: Emulator, reach) -> Callable[..., httpx.Client]:
    """Make clients of Refold with these headers."""
    return lambda **headers: reach(emulator.account("refold")["base_url"] + "/api/v2/public", headers)


@pytest.fixture
def refold(emulator: Emulator, connect) -> httpx.Client:
    """Return a client with the key, the account, and the slug that every built-in workflow has."""
    account = emulator.account("refold")
    headers = {"x-api-key": account["api_key"], "linked_account_id": account["linked_account_id"]}
    return connect(**headers, slug="hubspot")


@pytest.fixture
def start(refold: httpx.Client) -> Callable[..., str]:
    """Start a workflow and return the id of its execution."""

    def start(workflow: str, body: object = None, **headers: str) -> str:
        response = refold.post(f"/workflow/{workflow}/execute", json=body or {}, headers=headers)
        assert response.status_code == 200, response.text
        return str(response.json()["execution_id"])

    return start


@pytest.fixture
def statuses(refold: httpx.Client) -> Callable[[str, int], list[str]]:
    """Check the status of an execution this many times."""

    def statuses(execution_id: str, checks: int) -> list[str]:
        return [refold.get(f"/execution/{execution_id}").json()["status"] for _ in range(checks)]

    return statuses


@pytest.fixture
def finished(emulator, refold, start):
    """Run a workflow to its end and return the execution."""

    def finished(workflow: str, body: object = None) -> dict:
        emulator.set_pace(seconds=0)
        return refold.get(f"/execution/{start(workflow, body)}").json()

    return finished


@pytest.fixture
def sync(emulator, refold):
    """Execute a workflow synchronously, which takes no time."""

    def sync(workflow: str, body: object = None) -> httpx.Response:
        emulator.set_pace(status_checks=9)
        return refold.post(
            f"/workflow/{workflow}/execute", json=body or {}, headers={"sync_execution": "true"}
        )

    return sync


@pytest.fixture
def fail(emulator):
    """Schedule a fault of Refold."""

    def fail(operation: str, fault: str, **options: object) -> None:
        emulator.fail("refold", operation, fault, **options)

    return fail


@pytest.fixture
def send_start(refold):
    """Send a start and return the response."""
    return lambda **options: refold.post(EXECUTE, json={"payload": {"a": 1}}, **options)

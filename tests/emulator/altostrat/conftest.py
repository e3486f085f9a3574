import httpx
import pytest


@pytest.fixture
def altostrat(emulator, no_tls):
    """Return a client with the key."""
    account = emulator.account("altostrat")
    headers = {"Authorization": f"Bearer {account['api_key']}"}
    with httpx.Client(base_url=account["base_url"], headers=headers, timeout=10, verify=no_tls) as client:
        yield client


@pytest.fixture
def look(altostrat):
    return lambda run_id: altostrat.get(f"/workflows/runs/{run_id}").json()

import pytest


@pytest.fixture
def altostrat(emulator, reach):
    """Return a client with the key."""
    account = emulator.account("altostrat")
    headers = {"Authorization": f"Bearer {account['api_key']}"}
    return reach(account["base_url"], headers)


@pytest.fixture
def look(altostrat):
    return lambda run_id: altostrat.get(f"/workflows/runs/{run_id}").json()

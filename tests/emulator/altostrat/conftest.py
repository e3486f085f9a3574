import pytest


@pytest.fixture
def altostrat(emulator, reach):
    """Return a client with the key."""
    account = emulator.account("altostrat")
    headers = {"Authorization": f"Bearer {account['api_key']}"}
    return reach(account["base_url"], headers)


@pytest.fixture
def get_run(altostrat):
    """Check the status of a run and return it."""
    return lambda run_id: altostrat.get(f"/workflows/runs/{run_id}").json()


@pytest.fixture
def send_start(altostrat):
    """Send the start of a workflow and return the response."""
    return lambda workflow="fl_sync_sites", **options: altostrat.post(
        f"/workflows/{workflow}/execute", **options
    )

import httpx
import pytest


@pytest.fixture
def account(emulator) -> dict:
    emulator.set_pace(seconds=0)
    return emulator.account("laminar")


@pytest.fixture
def jobs(account, reach):
    """Return a client of the trigger URL with its key."""
    headers = {"x-api-key": account["trigger_api_key"]}
    return reach(account["trigger_url"], headers)


@pytest.fixture
def start(jobs):
    """Start a job and return the id of its execution."""

    def start(job: str, body: object = None) -> str:
        response = jobs.post(f"/{job}", params={"async": "1"}, json=body or {})
        assert response.status_code == 202, response.text
        return str(response.json()["jobExecutionId"])

    return start


@pytest.fixture
def get_job(jobs):
    """Check the status of a job's execution and return it."""
    return lambda execution_id: jobs.get(f"/_executions/{execution_id}").json()


@pytest.fixture
def laminar(account, reach):
    """Return a client of the external API with the workspace's key."""
    headers = {"X-API-KEY": account["api_key"]}
    return reach(account["base_url"], headers)


@pytest.fixture
def execute(laminar):
    def execute(workflow: str, **options: object) -> httpx.Response:
        return laminar.post(f"/workflow/execute/external/{workflow}", **options)

    return execute


@pytest.fixture
def list_keys(laminar, account):
    def list_keys(**options: object) -> httpx.Response:
        request = {"params": {"workspaceId": account["workspace_id"]}, **options}
        return laminar.get(f"/configurations/{account['configuration_id']}/keys/external", **request)

    return list_keys

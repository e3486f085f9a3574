import httpx
import pytest


@pytest.fixture
def account(emulator) -> dict:
    emulator.set_pace(seconds=0)
    return emulator.account("laminar")


@pytest.fixture
def jobs(account, reach):
    """Connect a client to the trigger URL with its key."""
    headers = {"x-api-key": account["trigger_api_key"]}
    return reach(account["trigger_url"], headers)


@pytest.fixture
def start(jobs):
    """Start a job and return the id of its execution."""

    def start(job: str, body: object = None) -> str:
        answer = jobs.post(f"/{job}", params={"async": "1"}, json=body or {})
        assert answer.status_code == 202, answer.text
        return str(answer.json()["jobExecutionId"])

    return start


@pytest.fixture
def look(jobs):
    return lambda execution_id: jobs.get(f"/_executions/{execution_id}").json()


@pytest.fixture
def laminar(account, reach):
    """Connect a client to the external API with the workspace's key."""
    headers = {"X-API-KEY": account["api_key"]}
    return reach(account["base_url"], headers)


@pytest.fixture
def execute(laminar):
    def execute(workflow: str, **options: object) -> httpx.Response:
        return laminar.post(f"/workflow/execute/external/{workflow}", **options)

    return execute


@pytest.fixture
def keys(laminar, account):
    def keys(**options: object) -> httpx.Response:
        asked = {"params": {"workspaceId": account["workspace_id"]}, **options}
        return laminar.get(f"/configurations/{account['configuration_id']}/keys/external", **asked)

    return keys

import pytest

from tests.emulator.datalab import EXECUTION, EXECUTIONS, PIPELINES, WORKFLOWS


@pytest.fixture
def stranger(emulator, reach):
    """Return a client without a key."""
    return reach(emulator.account("datalab")["base_url"])


@pytest.fixture
def datalab(emulator, reach):
    """Return a client with the key."""
    account = emulator.account("datalab")
    headers = {"X-API-Key": account["api_key"]}
    return reach(account["base_url"], headers)


@pytest.fixture
def execute(datalab):
    """Start a workflow with an `input_config` and return the id."""

    def execute(workflow: int = 101, given: object = None) -> int:
        response = datalab.post(f"{WORKFLOWS}/{workflow}/execute", json={"input_config": given})
        assert response.status_code == 200, response.text
        return response.json()["execution_id"]

    return execute


@pytest.fixture
def get_execution(datalab):
    """Check the status of an execution and return it."""
    return lambda execution_id: datalab.get(f"{EXECUTIONS}/{execution_id}").json()


@pytest.fixture
def finished(emulator, execute, get_execution):
    """Run a workflow to its end and return its execution."""

    def finished(workflow: int = 101, given: object = None) -> dict:
        emulator.set_pace(seconds=0)
        return get_execution(execute(workflow, given))

    return finished


@pytest.fixture
def run_pipeline(datalab):
    """Start a pipeline with a URL, and return the id of the execution."""

    def run_pipeline(pipeline: str = "pl_parse", **form: str) -> str:
        data = {"file_url": "https://example.com/file.pdf", **form}
        response = datalab.post(f"{PIPELINES}/{pipeline}/run", data=data)
        assert response.status_code == 200, response.text
        return response.json()["execution_id"]

    return run_pipeline


@pytest.fixture
def get_pipeline_execution(datalab):
    """Check the status of an execution of a pipeline and return it."""
    return lambda execution_id: datalab.get(f"{EXECUTION}/{execution_id}").json()

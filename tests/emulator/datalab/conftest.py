import httpx
import pytest

from tests.emulator.datalab import EXECUTION, EXECUTIONS, PIPELINES, WORKFLOWS, schemas


@pytest.fixture
def held_to_the_pages(emulator, reach):
    """Make clients that fail if a reply does not fit its schema, unless it is a fault or no JSON of the API."""

    def check(response: httpx.Response) -> None:
        request = emulator.requests("datalab")[-1]
        operation = request["operation"]
        if request["fault"] is None and operation not in {*schemas.STORAGE, "unknown"}:
            response.read()
            schemas.check(operation, response.status_code, response.json())

    def make(headers: dict[str, str] | None = None) -> httpx.Client:
        client = reach(emulator.account("datalab")["base_url"], headers)
        client.event_hooks = {"response": [check]}
        return client

    return make


@pytest.fixture
def stranger(held_to_the_pages):
    """Return a client without a key."""
    return held_to_the_pages()


@pytest.fixture
def datalab(emulator, held_to_the_pages):
    """Return a client with the key."""
    return held_to_the_pages({"X-API-Key": emulator.account("datalab")["api_key"]})


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

"""Datalab: what is its own in the effect of faults."""

import json

import httpx
import pytest

from tests.emulator.datalab import EXECUTIONS

EXECUTE = "/api/v1/workflows/workflows/101/execute"


@pytest.fixture
def start(emulator, datalab):
    """Send a start that meets a fault."""

    def start(fault: str, **options: object) -> httpx.Response:
        emulator.fail("datalab", "execute", fault, **options)
        return datalab.post(EXECUTE, json={})

    return start


@pytest.fixture
def get(emulator, datalab):
    """Check the status of a run that has ended, with a fault."""

    def get(fault: str, workflow: int = 101, **options: object) -> httpx.Response:
        emulator.set_pace(seconds=0)
        started = datalab.post(f"/api/v1/workflows/workflows/{workflow}/execute").json()
        emulator.fail("datalab", "get", fault, **options)
        return datalab.get(f"{EXECUTIONS}/{started['execution_id']}")

    return get


def test_errors_have_a_detail_only(start):
    for status in (403, 413, 500, 529):
        body = start("status", status=status).json()
        assert body.keys() == {"detail"}
        assert isinstance(body["detail"], str)
    paid = start("status", status=403).json()
    assert paid == {"detail": "You need an active, paid subscription to use this API."}
    (invalid,) = start("status", status=422).json()["detail"]
    assert invalid.keys() == {"type", "loc", "msg", "input"}


def test_a_rate_limit_has_the_text_of_the_page(start):
    """No page has a Retry-After, and none excludes it."""
    response = start("rate_limit")
    assert (response.status_code, response.headers.get("retry-after")) == (429, None)
    assert response.json() == {
        "detail": "Rate limit exceeded for endpoint /api/v1/workflows/workflows/{workflow_id}/execute. You can make "
        "400 requests every 60 seconds. Please try again later, or reach out to support@datalab.to if you need a "
        "higher limit."
    }
    assert start("rate_limit", retry_after=30).headers["retry-after"] == "30"


def test_an_unknown_status_is_in_the_run_and_not_in_its_cells(emulator, get):
    body = get("unknown_status", status="HIBERNATING").json()
    assert body["status"] == "HIBERNATING"
    assert body["steps"]["extract"]["aggregated"]["status"] == "COMPLETED"
    assert emulator.runs()[0]["status"] == "COMPLETED"


@pytest.mark.parametrize("shape", ["nested", "flat"])
def test_a_huge_output_is_a_huge_cell(emulator, get, shape):
    emulator.configure("datalab", steps=shape)
    steps = get("huge", bytes=5000).json()["steps"]
    cell = steps["parse"] if shape == "flat" else steps["parse"]["aggregated"]
    assert len(json.dumps(cell)) == 5000
    assert (cell["status"], list(steps)) == ("COMPLETED", ["parse", "extract"])


@pytest.mark.parametrize("workflow", [105, 106])
def test_without_steps_the_execution_itself_is_huge(get, workflow):
    assert len(json.dumps(get("huge", workflow, bytes=5000).json())) == 5000


def test_other_operations_return_no_status_that_could_be_unknown(emulator):
    for operation in ("execute", "user_health", "output"):
        with pytest.raises(ValueError, match="no status"):
            emulator.fail("datalab", operation, "unknown_status")

"""Datalab under each class of fault, by its effect on the wire and in the ledger."""

import json

import httpx
import pytest

from tests.emulator.datalab import EXECUTIONS

EXECUTE = "/api/v1/workflows/workflows/101/execute"


@pytest.fixture
def begin(emulator, datalab):
    """Start a run with a fault, after which the run is there or not and its caller was told of it or not."""

    def begin(fault: str, **options: object) -> httpx.Response:
        emulator.fail("datalab", "execute", fault, **options)
        return datalab.post(EXECUTE, json={}, timeout=0.2 if fault == "hang" else 10)

    return begin


@pytest.fixture
def look(emulator, datalab):
    """Look at a run that is over, with a fault."""

    def look(fault: str, workflow: int = 101, **options: object) -> httpx.Response:
        emulator.set_pace(seconds=0)
        started = datalab.post(f"/api/v1/workflows/workflows/{workflow}/execute").json()
        emulator.fail("datalab", "get", fault, **options)
        return datalab.get(f"{EXECUTIONS}/{started['execution_id']}")

    return look


def told(emulator) -> list[bool]:
    return [run["answered"] for run in emulator.runs("datalab")]


@pytest.mark.parametrize(
    ("fault", "options", "error", "runs"),
    [
        ("lost_answer", {}, httpx.ReadError, [False]),
        ("lost_answer", {"clean": True}, httpx.RemoteProtocolError, [False]),
        ("reset", {}, httpx.ReadError, []),
        ("hang", {}, httpx.ReadTimeout, []),
        ("hang", {"carry_out": True}, httpx.ReadTimeout, [False]),
    ],
)
def test_a_start_without_an_answer(emulator, begin, fault, options, error, runs):
    with pytest.raises(error):
        begin(fault, **options)
    assert told(emulator) == runs
    assert emulator.calls()[0]["fault"] == fault
    assert [emulator.calls()[0]["execution_id"]] * len(runs) == [
        run["execution_id"] for run in emulator.runs()
    ]


@pytest.mark.parametrize(
    ("fault", "options", "runs"),
    [
        ("server_error", {}, []),
        ("server_error", {"status": 529}, []),
        ("server_error", {"status": 502, "carry_out": True}, [False]),
        ("status", {"status": 403}, []),
        ("status", {"status": 422}, []),
        ("echo_secret", {}, []),
        ("html", {}, [False]),
        ("truncated", {}, [False]),
        ("list_body", {}, [False]),
        ("not_json", {}, [False]),
        ("slow", {"seconds": 0}, [True]),
        ("huge", {"bytes": 5000}, [True]),
    ],
)
def test_a_start_with_an_answer_tells_of_its_run_or_not(emulator, begin, fault, options, runs):
    answer = begin(fault, **options)
    default = {"server_error": 500, "echo_secret": 401}.get(fault, 200)
    assert answer.status_code == options.get("status", default)
    assert told(emulator) == runs


def test_errors_have_a_detail_and_nothing_else(begin):
    for status in (403, 413, 500, 529):
        body = begin("status", status=status).json()
        assert body.keys() == {"detail"}
        assert isinstance(body["detail"], str)
    paid = begin("status", status=403).json()
    assert paid == {"detail": "You need an active, paid subscription to use this API."}
    (invalid,) = begin("status", status=422).json()["detail"]
    assert invalid.keys() == {"type", "loc", "msg", "input"}


def test_too_many_requests_are_turned_away_in_the_pages_words(emulator, begin):
    """No page has a Retry-After; one can be scripted, for it is not excluded."""
    answer = begin("rate_limit")
    assert (answer.status_code, answer.headers.get("retry-after")) == (429, None)
    assert answer.json() == {
        "detail": "Rate limit exceeded for endpoint /api/v1/workflows/workflows/{workflow_id}/execute. You can make "
        "400 requests every 60 seconds. Please try again later, or reach out to support@datalab.to if you need a "
        "higher limit."
    }
    assert begin("rate_limit", retry_after=30).headers["retry-after"] == "30"
    assert told(emulator) == []


def test_an_echo_has_the_key_in_its_detail_and_the_ledger_has_not(emulator, begin):
    key = emulator.account("datalab")["api_key"]
    assert key in begin("echo_secret").json()["detail"]
    assert key not in json.dumps(emulator.calls())


def test_a_word_that_nobody_knows_is_seen_in_the_run_and_not_in_its_cells(emulator, look):
    body = look("unknown_status", status="HIBERNATING").json()
    assert body["status"] == "HIBERNATING"
    assert body["steps"]["extract"]["aggregated"]["status"] == "COMPLETED"
    assert emulator.runs()[0]["status"] == "COMPLETED"


def test_only_the_status_read_can_show_such_a_word(emulator, datalab):
    for operation in ("execute", "list_workflows", "user_health", "health"):
        with pytest.raises(ValueError, match="no status"):
            emulator.fail("datalab", operation, "unknown_status")


@pytest.mark.parametrize("shape", ["nested", "flat"])
def test_a_huge_output_is_a_huge_cell(emulator, look, shape):
    emulator.configure("datalab", steps=shape)
    steps = look("huge", bytes=5000).json()["steps"]
    cell = steps["parse"] if shape == "flat" else steps["parse"]["aggregated"]
    assert len(json.dumps(cell)) == 5000
    assert (cell["status"], list(steps)) == ("COMPLETED", ["parse", "extract"])


@pytest.mark.parametrize("workflow", [105, 106])
def test_without_steps_the_execution_itself_is_huge(look, workflow):
    assert len(json.dumps(look("huge", workflow, bytes=5000).json())) == 5000


def test_a_look_that_is_cut_short_is_no_json(look):
    answer = look("truncated")
    assert answer.status_code == 200
    with pytest.raises(ValueError, match=r"\w"):
        answer.json()


@pytest.mark.parametrize("operation", ["list_workflows", "user_health", "health"])
def test_the_other_calls_meet_faults_too(emulator, datalab, operation):
    paths = {"list_workflows": "workflows/workflows", "user_health": "user_health", "health": "health"}
    emulator.fail("datalab", operation, "server_error", status=503)
    emulator.fail("datalab", operation, "huge", bytes=300)
    path = f"/api/v1/{paths[operation]}"
    assert datalab.get(path).status_code == 503
    assert len(json.dumps(datalab.get(path).json())) >= 300

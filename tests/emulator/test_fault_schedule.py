"""Which request meets a fault, and which options a fault has."""

import contextlib
import socket

import pytest

from airflow_workflow_providers.emulator.faults import FAULTS
from tests.emulator import recorded, wait_until


def test_a_fault_comes_after_some_requests_and_for_some(emulator, fail, refold):
    fail("list", "server_error", after=1, times=2)
    assert [refold.get("/execution").status_code for _ in range(5)] == [200, 500, 500, 200, 200]
    assert [fault for _, fault in recorded(emulator)] == [None, "server_error", "server_error", None, None]


def test_faults_of_one_operation_follow_one_another(fail, refold):
    fail("list", "rate_limit", times=2)
    fail("list", "server_error")
    fail("list", "html", status=502, after=4)
    assert [refold.get("/execution").status_code for _ in range(6)] == [429, 429, 500, 200, 502, 200]


def test_without_a_number_of_times_a_fault_never_ends(fail, refold):
    fail("list", "rate_limit", times=None)
    assert {refold.get("/execution").status_code for _ in range(5)} == {429}


def test_a_fault_meets_its_operation_only_and_comes_before_authentication(fail, refold, connect):
    fail("stop", "server_error")
    assert refold.get("/execution").status_code == 200
    assert connect().post("/execution/unknown/stop").status_code == 500


def test_a_fault_can_be_for_one_workflow_and_its_runs(emulator, start, refold):
    """Requests for other workflows neither meet it nor use it up; the ledger says which workflow a request is for."""
    emulator.fail("refold", "get", "server_error", workflow_id="never-ends", times=2)
    met, spared = start("never-ends"), start("sync-contacts")

    statuses = [refold.get(f"/execution/{one}").status_code for one in (spared, met, spared, met, met)]

    assert statuses == [200, 500, 200, 500, 200]
    workflows = [request["workflow_id"] for request in emulator.requests("refold")]
    assert workflows[:4] == ["never-ends", "sync-contacts", "sync-contacts", "never-ends"]


def test_a_fault_can_be_for_reads_after_the_end(emulator, start, refold):
    """Neither a list nor a response with a fault has told the client the end; another run's end does not count."""
    emulator.set_pace(status_checks=1)
    other, met = start("sync-contacts"), start("sync-contacts")
    emulator.fail("refold", "get", "not_json")
    emulator.fail("refold", "get", "server_error", after_end=True, times=2)

    assert refold.get("/execution").json()["docs"][0]["status"] == "COMPLETED"
    statuses = [refold.get(f"/execution/{one}").status_code for one in (met, met, other, met, met, met)]

    assert statuses == [200, 200, 200, 500, 500, 200]


@pytest.mark.parametrize(
    ("operation", "fault", "options", "named"),
    [
        ("execute", "reset", {"status": 500}, "no option 'status'"),
        ("execute", "slow", {"seconds": "long"}, "'seconds'"),
        ("execute", "slow", {"seconds": -0.1}, "'seconds'"),
        ("execute", "status", {"status": True}, "'status'"),
        ("execute", "status", {"status": 99}, "from 200 to 599"),
        ("execute", "status", {"headers": "a: b"}, "'headers'"),
        ("execute", "server_error", {"status": 404}, "from 500 to 599"),
        ("execute", "echo_secret", {"status": 200}, "from 400 to 599"),
        ("execute", "echo_secret", {"encoding": "rot13"}, "'encoding'"),
        ("execute", "huge", {"bytes": -1}, "'bytes'"),
        ("execute", "unknown_status", {}, "no status"),
        ("get", "unknown_status", {"status": 7}, "'status'"),
        ("execute", "hang", {"times": 0}, "`times`"),
        ("execute", "hang", {"after": -1}, "`after`"),
        ("get", "hang", {"after_end": "yes"}, "`after_end`"),
        ("execute", "hang", {"carry_out": 1}, "'carry_out'"),
        ("execute", "hold", {"released": True}, "no option 'released'"),
        ("execute", "drip", {"part": "trailer"}, "'part'"),
        ("execute", "drip", {"part": None}, "'part'"),
        ("execute", "drip", {"seconds": -1}, "'seconds'"),
        ("execute", "endless_continue", {"seconds": "soon"}, "'seconds'"),
        ("execute", "empty_gzip", {"bytes": 5}, "no option 'bytes'"),
        ("execute", "gzip_bomb", {"bytes": 1.5}, "'bytes'"),
        ("execute", "large", {"chunked": "yes"}, "'chunked'"),
        ("execute", "garbled", {"value": 1}, "no status"),
        ("get", "garbled", {"field": ""}, "'field'"),
        ("get", "garbled", {"field": "a..b"}, "'field'"),
        ("get", "garbled", {"field": "a", "value": {1, 2}}, "'value'"),
        ("execute", "deep_json", {"depth": 0}, "'depth'"),
        ("execute", "deep_json", {"depth": True}, "'depth'"),
        ("execute", "deep_json", {"field": "."}, "'field'"),
    ],
)
def test_what_a_fault_does_not_take_is_refused_by_name(emulator, refold, operation, fault, options, named):
    with pytest.raises(ValueError, match=named):
        emulator.fail("refold", operation, fault, **options)
    assert refold.get("/execution").status_code == 200


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_with_its_defaults_spoils_one_request(emulator, fail, refold, start, fault):
    """The next request is as if nothing had happened; a status check that was carried out counts."""
    emulator.set_pace(status_checks=2)
    execution_id = start("sync-contacts")
    fail("get", fault)
    request = refold.build_request("GET", f"/execution/{execution_id}")
    lines = [f"GET {request.url.path} HTTP/1.1", *(f"{k}: {v}" for k, v in request.headers.items())]
    with socket.create_connection(("127.0.0.1", emulator.port), timeout=0.1) as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode())
        with contextlib.suppress(TimeoutError, ConnectionResetError):
            connection.recv(100)
        wait_until(lambda: len(emulator.requests("refold", "get")) == 1)
    second = refold.get(f"/execution/{execution_id}")
    assert second.json()["status"] == ("COMPLETED" if FAULTS[fault]().carry_out else "QUEUED")
    assert [request["fault"] for request in emulator.requests("refold", "get")] == [fault, None]
    emulator.release()

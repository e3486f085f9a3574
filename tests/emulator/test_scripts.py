"""Scripting faults: how often one comes, and to which call of which workflow."""

import httpx
import pytest

from tests.emulator import noted


def test_faults_come_after_so_many_calls_and_so_many_times(emulator, fail, refold):
    fail("list", "server_error", after=1, times=2)
    assert [refold.get("/execution").status_code for _ in range(5)] == [200, 500, 500, 200, 200]
    assert [fault for _, fault in noted(emulator)] == [None, "server_error", "server_error", None, None]


def test_scripts_for_one_operation_follow_one_another(fail, refold):
    fail("list", "rate_limit", times=2)
    fail("list", "server_error")
    fail("list", "html", status=502, after=4)
    assert [refold.get("/execution").status_code for _ in range(6)] == [429, 429, 500, 200, 502, 200]


def test_a_script_without_a_number_of_times_never_ends(fail, refold):
    fail("list", "rate_limit", times=None)
    assert {refold.get("/execution").status_code for _ in range(5)} == {429}


def test_a_fault_meets_its_operation_only(fail, refold):
    fail("stop", "server_error")
    assert refold.get("/execution").status_code == 200
    assert refold.post("/execution/unknown/stop").status_code == 500


def test_a_fault_can_be_meant_for_one_workflow_and_its_runs(emulator, start, refold):
    """Calls of other workflows neither meet it nor use it up; the ledger says which workflow a call was of."""
    emulator.fail("refold", "get", "server_error", workflow_id="never-ends", times=2)
    met, spared = start("never-ends"), start("sync-contacts")

    answers = [refold.get(f"/execution/{one}").status_code for one in (spared, met, spared, met, met)]

    assert answers == [200, 500, 200, 500, 200]
    assert [call["workflow_id"] for call in emulator.calls("refold", "get")][:2] == [
        "sync-contacts",
        "never-ends",
    ]
    assert [call["workflow_id"] for call in emulator.calls("refold", "execute")] == [
        "never-ends",
        "sync-contacts",
    ]


@pytest.mark.parametrize(
    ("vendor", "path", "workflow"),
    [
        ("promptlayer", "/workflows/support%2Ftriage%20v2/run", "support/triage v2"),
        ("laminar", "/m/acme/nested/path%20job", "nested/path job"),
        ("laminar", "/workflow/execute/external/39", "39"),
        ("datalab", "/api/v1/workflows/workflows/101/execute", "101"),
        ("altostrat", "/workflows/fl_sync_sites/execute", "fl_sync_sites"),
    ],
)
def test_every_vendors_start_names_its_workflow(emulator, no_tls, vendor, path, workflow):
    """However the vendor writes it into a path; here the caller has no key, and is met by the fault all the same."""
    base = emulator.account(vendor)["base_url"]
    operation = {"promptlayer": "run", "laminar": "run_job" if "/m/" in path else "execute"}.get(
        vendor, "execute"
    )
    emulator.fail(vendor, operation, "server_error", workflow_id=workflow, status=599)

    assert httpx.post(base + path, json={}, verify=no_tls).status_code == 599


@pytest.mark.parametrize(
    ("operation", "fault", "options"),
    [
        ("execute", "reset", {"carry_out": True}),
        ("execute", "slow", {"seconds": "long"}),
        ("execute", "slow", {"seconds": -1}),
        ("execute", "status", {"status": True}),
        ("execute", "status", {"status": 99}),
        ("execute", "server_error", {"status": 404}),
        ("execute", "huge", {"bytes": -1}),
        ("execute", "unknown_status", {}),
        ("get", "unknown_status", {"status": 7}),
        ("execute", "hang", {"times": 0}),
        ("execute", "hang", {"after": -1}),
        ("execute", "drip", {"part": "trailer"}),
        ("execute", "drip", {"part": None}),
        ("execute", "drip", {"seconds": -1}),
        ("execute", "endless_continue", {"seconds": "soon"}),
        ("execute", "gzip_bomb", {"bytes": -1}),
        ("execute", "gzip_bomb", {"bytes": 1.5}),
        ("execute", "empty_gzip", {"bytes": 5}),
        ("execute", "large", {"bytes": "many"}),
        ("execute", "large", {"chunked": "yes"}),
        ("execute", "garbled", {"value": 1}),
        ("get", "garbled", {"field": ""}),
        ("get", "garbled", {"field": "a..b"}),
        ("get", "garbled", {"field": "a", "value": {1, 2}}),
        ("execute", "deep_json", {"depth": 0}),
        ("execute", "deep_json", {"depth": True}),
        ("execute", "deep_json", {"field": "."}),
        ("execute", "echo_secret", {"encoding": "rot13"}),
        ("execute", "delay", {"seconds": -0.1}),
    ],
)
def test_an_option_that_a_fault_does_not_take_is_refused(emulator, operation, fault, options):
    with pytest.raises(ValueError, match=r"\w+"):
        emulator.fail("refold", operation, fault, **options)
    assert emulator._faults._scripts == []

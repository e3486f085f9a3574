from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.emulator import wait_until


@pytest.fixture
def control(emulator, reach):
    return reach(emulator.control_url, {"Authorization": f"Bearer {emulator.control_token}"})


def test_the_ledger_over_http_is_the_ledger(emulator, control, start):
    start("sync-contacts")
    assert control.get("/ledger").json() == {"requests": emulator.requests(), "runs": emulator.runs()}


def test_control_requests_are_not_in_the_ledger(emulator, control):
    control.get("/ledger")
    control.post("/pace", json={"status_checks": 1})
    assert emulator.requests() == []


def test_the_pace_can_be_set(control, start, statuses):
    assert control.post("/pace", json={"status_checks": 1}).status_code == 200
    assert statuses(start("sync-contacts"), 1) == ["COMPLETED"]


def test_a_fault_can_be_scheduled_with_its_options(emulator, control, refold):
    fault = {
        "vendor": "refold",
        "operation": "list",
        "fault": "status",
        "status": 503,
        "times": 2,
        "after": 1,
    }
    assert control.post("/faults", json=fault).json() == {"ok": True, "result": None}
    assert [refold.get("/execution").status_code for _ in range(4)] == [200, 503, 503, 200]


def test_a_workflow_can_be_added(control, start, emulator):
    added = control.post(
        "/workflows", json={"vendor": "refold", "workflow_id": "mine", "ends": "ERRORED", "status_checks": 1}
    )
    assert added.json()["result"]["alias"] == "mine"
    start("mine")
    assert emulator.runs()[0]["workflow_id"] == "mine"


def test_a_key_can_be_revoked(emulator, control, refold):
    new = control.post("/revoke", json={"vendor": "refold"}).json()["result"]
    assert new == emulator.account("refold")
    assert refold.get("/execution").status_code == 401


def test_a_variant_can_be_chosen(control, refold):
    control.post("/configure", json={"vendor": "refold", "unknown_execution": "404"})
    assert refold.get("/execution/unknown").status_code == 404


def test_everything_can_be_reset(emulator, control, start):
    start("sync-contacts")
    assert control.post("/reset", json={}).status_code == 200
    assert emulator.requests() == emulator.runs() == []


@pytest.mark.parametrize("path", ["/", "/_control/"])
def test_the_emulator_says_what_it_is(emulator, control, path):
    response = control.get(emulator.url + path)
    assert response.status_code == 200
    assert "/refold" in response.text
    assert "/_control" in response.text
    assert response.text.count("\n") == 1


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/pace", {}),
        ("/pace", {"speed": 1}),
        ("/pace", []),
        ("/pace", {"seconds": "soon"}),
        ("/faults", {"vendor": "refold", "operation": "execute"}),
        ("/faults", {"vendor": "refold", "operation": "execute", "fault": "misfortune"}),
        ("/faults", {"vendor": "refold", "operation": "execute", "fault": "reset", "status": 500}),
        ("/faults", {"vendor": "refold", "operation": "execute", "fault": "reset", "times": 0}),
        ("/faults", {"vendor": "refold", "operation": "execute", "fault": "reset", "after": -1}),
        ("/workflows", {"vendor": "refold"}),
        ("/workflows", {"vendor": "refold", "workflow_id": "w", "colour": "red"}),
        ("/workflows", {"vendor": "refold", "workflow_id": "w", "slug": 7}),
        ("/revoke", {"vendor": "nobody"}),
        ("/configure", {"vendor": "refold", "mood": "bad"}),
    ],
)
def test_a_bad_request_gets_400_and_one_sentence(control, path, body):
    response = control.post(path, json=body)
    assert response.status_code == 400
    assert response.json().keys() == {"error"}
    assert "\n" not in response.json()["error"]


def test_a_body_that_is_not_json_gets_400(control):
    response = control.post("/pace", content=b"{", headers={"Content-Type": "application/json"})
    assert (response.status_code, response.json()) == (400, {"error": "The body must be a JSON object."})


def test_a_held_response_can_be_released(emulator, control, refold):
    emulator.fail("refold", "execute", "hold")
    with ThreadPoolExecutor(1) as pool:
        response = pool.submit(refold.post, "/workflow/sync-contacts/execute", json={})
        wait_until(lambda: emulator.requests("refold") != [])
        assert control.post("/release", json={}).status_code == 200
    assert response.result().status_code == 200


def test_secrets_are_all_that_were_ever_issued(emulator, control):
    """A test that searches for keys must find the old ones too."""
    before = {emulator.account("refold")["api_key"], emulator.account("datalab")["signature"]}
    control.post("/revoke", json={"vendor": "refold"})
    assert before | {emulator.account("refold")["api_key"]} <= emulator.secrets()
    assert "hubspot" not in emulator.secrets()

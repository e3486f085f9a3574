"""Faults that change one thing in the vendor's own reply."""

import json
import math

import pytest

from tests.emulator import ids_received


@pytest.fixture
def get(emulator, fail, refold, start):
    """Check the status of a run that has ended, with a fault."""

    def get(fault: str, **options: object):
        emulator.set_pace(seconds=0)
        execution_id = start("sync-contacts", {"a": 1})
        fail("get", fault, **options)
        response = refold.get(f"/execution/{execution_id}")
        assert (response.status_code, response.headers["content-type"]) == (200, "application/json")
        return response

    return get


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("status", 7),
        ("completion_percentage", "all"),
        ("nodes", {"1": {}}),
        ("linked_account_id", {"id": [None]}),
        ("brand_new", True),
    ],
)
def test_garbled_changes_one_field_and_no_other(get, field, value):
    right = get("garbled", field="name", value="x").json()
    garbled = get("garbled", field=field, value=value).json()
    assert garbled.pop(field) == value
    right.pop(field, None)
    assert {**garbled, "name": ""} == {**right, "name": ""}


@pytest.mark.parametrize(
    ("field", "read"),
    [
        ("nodes.0.node_name", lambda body: [body["nodes"][0]["node_name"]]),
        ("nodes.*.node_name", lambda body: [node["node_name"] for node in body["nodes"]]),
        ("nodes.9", lambda body: [body["nodes"][9]]),
        ("nodes.0.latest_output.*", lambda body: body["nodes"][0]["latest_output"].values()),
        ("org_id.deeper.still", lambda body: [body["org_id"]["deeper"]["still"]]),
    ],
)
def test_a_garbled_field_is_found_by_its_path(get, field, read):
    """A number is a place in a list, an asterisk all of them; what does not exist is made."""
    body = get("garbled", field=field, value=[7]).json()
    assert {json.dumps(seen) for seen in read(body)} == {"[7]"}
    assert body["status"] == "COMPLETED"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (math.nan, "NaN"),
        (-math.inf, "-Infinity"),
        (2**70, str(2**70)),
        ("\ud800", '"\\ud800"'),
        (None, "null"),
    ],
)
def test_a_garbled_value_may_be_what_json_can_hardly_say(get, value, text):
    response = get("garbled", field="status", value=value)
    assert f'"status": {text}' in response.text


def test_without_a_field_the_status_is_garbled_wherever_the_vendor_says_it(
    emulator, fail, refold, start, reach
):
    start("sync-contacts")
    start("never-ends")
    fail("list", "garbled", value=None)
    assert [item["status"] for item in refold.get("/execution").json()["docs"]] == [None, None]

    account = emulator.account("promptlayer")
    client = reach(account["base_url"], {"X-API-KEY": account["api_key"]})
    started = client.post("/workflows/answer-question/run", json={}).json()
    emulator.fail("promptlayer", "results", "garbled", value=3)
    emulator.set_pace(seconds=0)
    nodes = client.get("/workflow-version-execution-results", params={**started, "return_all_outputs": True})
    assert {node["status"] for node in nodes.json().values()} == {3}


@pytest.mark.parametrize(
    ("field", "received"), [("execution_id", False), ("message", True), ("message.execution_id", True)]
)
def test_the_id_of_a_garbled_start_is_received_if_it_can_still_be_read(
    emulator, fail, send_start, field, received
):
    fail("execute", "garbled", field=field, value="x")
    response = send_start()
    assert ids_received(emulator) == [received]
    assert (emulator.runs()[0]["execution_id"] in response.text) is received


def test_deep_json_is_the_vendors_own_body_with_a_deep_field(emulator, fail, send_start):
    fail("execute", "deep_json")
    text = send_start().text
    deep = "[" * 1500 + "]" * 1500
    assert text.count(deep) == 1
    assert json.loads(text.replace(deep, "[]")) == {
        "message": "Workflow execution started",
        "execution_id": emulator.runs()[0]["execution_id"],
        "deep": [],
    }


def test_the_output_may_be_what_is_deep(get):
    body = get("deep_json", field="nodes.3.latest_output.items", depth=3).json()
    assert body["nodes"][3]["latest_output"]["items"] == [[[]]]
    assert body["status"] == "COMPLETED"


def test_a_body_that_is_not_an_object_becomes_one_to_be_deep(emulator, reach):
    account = emulator.account("laminar")
    client = reach(account["base_url"], {"X-API-KEY": account["api_key"]})
    emulator.set_pace(seconds=0)
    for workflow in ("42", "43", "46"):
        emulator.fail("laminar", "execute", "deep_json", depth=2)
        response = client.post(f"/workflow/execute/external/{workflow}")
        assert (response.json(), response.headers["content-type"]) == ({"deep": [[]]}, "application/json")


def test_unknown_status_is_one_status_check_of_a_run_that_goes_on(emulator, fail, start, statuses):
    emulator.set_pace(status_checks=3)
    execution_id = start("sync-contacts")
    fail("get", "unknown_status")
    assert statuses(execution_id, 3) == ["HIBERNATING", "RUNNING", "COMPLETED"]


def test_unknown_status_can_be_any_text_and_is_in_lists_too(fail, start, refold):
    start("sync-contacts")
    fail("list", "unknown_status", status="DREAMING")
    assert [item["status"] for item in refold.get("/execution").json()["docs"]] == ["DREAMING"]


def test_truncated_is_half_the_body_with_headers_that_fit_it(fail, send_start):
    fail("execute", "truncated")
    response = send_start()
    assert response.headers["content-type"] == "application/json"
    assert int(response.headers["content-length"]) == len(response.content)
    assert response.text.startswith('{"message": "Workflow')
    with pytest.raises(json.JSONDecodeError):
        response.json()


def test_huge_pads_the_output_to_the_size(get):
    (node,) = [each for each in get("huge", bytes=200_000).json()["nodes"] if each["node_type"] == "response"]
    assert len(json.dumps(node["latest_output"])) == 200_000
    assert node["latest_output"]["received"] == {"a": 1}


def test_huge_pads_the_result_of_a_synchronous_start(emulator, fail, send_start):
    emulator.set_pace(seconds=0)
    fail("execute", "huge", bytes=5000)
    result = send_start(headers={"sync_execution": "true"}).json()
    assert len(json.dumps(result["return_value"])) == 5000
    assert ids_received(emulator) == [True]

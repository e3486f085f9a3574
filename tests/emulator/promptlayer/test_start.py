"""PromptLayer: starts, and who may call; the literals here were written from the vendor's pages, not from the emulator."""

import json

import pytest

from tests.emulator.promptlayer import RESULTS

INVALID_KEY = {"success": False, "message": "Invalid API key"}


BOTH = {"workflow_label_name": "production", "workflow_version_number": 1}


BUILT_IN = {
    "answer-question",
    "always-fails",
    "never-ends",
    "other-branch",
    "no-output-node",
    "bare-text",
    "looks-like-nodes",
    "empty-object",
    "support/triage v2",
}


def test_the_account_and_the_connection_are_a_base_url_and_a_key(emulator):
    account = emulator.account("promptlayer")
    assert account == {"base_url": f"{emulator.url}/promptlayer", "api_key": account["api_key"]}
    assert account["api_key"].startswith("pl_")
    assert emulator.connection("promptlayer") == {
        "conn_type": "promptlayer",
        "host": account["base_url"],
        "password": account["api_key"],
        "extra": {},
    }


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/workflows/answer-question/run"),
        ("GET", RESULTS),
        ("GET", "/workflows"),
        ("GET", "/workflows/x"),
    ],
)
@pytest.mark.parametrize("key", ["", "pl_somebody_elses", "Bearer"])
def test_every_call_wants_the_right_key(emulator, client, method, path, key):
    answer = client.request(method, path, headers={"X-API-KEY": key})
    assert (answer.status_code, answer.json()) == (401, INVALID_KEY)
    assert emulator.runs() == []
    assert emulator.calls()[0]["headers"]["x-api-key"] == "***"


def test_no_other_header_carries_the_key(emulator, client):
    key = client.headers.pop("x-api-key")
    assert client.get("/workflows", headers={"Authorization": f"Bearer {key}"}).status_code == 401
    assert key not in json.dumps(emulator.calls())


def test_a_revoked_key_is_refused(emulator, client):
    new = emulator.revoke("promptlayer")
    assert client.get("/workflows").json() == INVALID_KEY
    assert client.get("/workflows", headers={"X-API-KEY": new["api_key"]}).status_code == 200


def test_a_start_is_answered_as_the_vendor_recorded_it(begin):
    answer = begin(input_variables={"user_message": "I need help with billing"})
    number = answer.json()["workflow_version_execution_id"]
    assert type(number) is int
    assert (answer.status_code, answer.json()) == (
        201,
        {
            "success": True,
            "message": "Workflow execution created successfully",
            "warning": None,
            "workflow_version_execution_id": number,
        },
    )


def test_a_start_with_a_callback_is_accepted_and_nothing_is_posted(emulator, begin, look):
    emulator.set_pace(seconds=0)
    answer = begin(callback_url=f"{emulator.url}/promptlayer/callback")
    assert (answer.status_code, answer.json()["message"]) == (202, "Workflow execution accepted")
    assert answer.json().keys() == {"success", "message", "warning", "workflow_version_execution_id"}
    assert look(answer).status_code == 200
    assert [call["operation"] for call in emulator.calls()] == ["run", "results"]


def test_a_run_is_in_the_ledger_with_what_its_start_said(emulator, begin):
    members = {
        "workflow_label_name": "production",
        "metadata": {"environment": "production"},
        "input_variables": {"a": [1]},
        "return_all_outputs": True,
        "callback_url": "https://example.com/promptlayer/workflow-callback",
    }
    number = begin(**members, channel_name_suffix="undocumented").json()["workflow_version_execution_id"]
    (run,) = emulator.runs("promptlayer")
    del run["started_at"]
    assert run == {
        "vendor": "promptlayer",
        "execution_id": str(number),
        "workflow_id": "answer-question",
        "input": {"a": [1]},
        "status": "QUEUED",
        "stops": 0,
        "over": False,
        "tag": None,
        "mode": "ASYNC",
        "answered": True,
        "label": "production",
        "version": None,
        "metadata": {"environment": "production"},
        "callback_url": "https://example.com/promptlayer/workflow-callback",
        "return_all_outputs": True,
    }


def test_a_start_needs_no_member_and_a_run_has_the_defaults_then(emulator, begin):
    assert begin().status_code == 201
    (run,) = emulator.runs()
    assert (run["input"], run["return_all_outputs"], run["metadata"]) == ({}, False, None)


def test_no_run_has_the_id_of_another_not_even_after_a_reset(emulator, begin, look):
    first, second = begin(), begin()
    assert first.json() != second.json()
    emulator.reset()
    assert look(first).status_code == 404
    assert begin().json() not in (first.json(), second.json())


@pytest.mark.parametrize("path", ["support%2Ftriage%20v2", "support/triage%20v2"])
def test_a_name_may_hold_slashes_and_spaces(emulator, begin, client, path):
    """Encoded as a whole, and also as the vendor's Python client sends it, with the slash as it is."""
    assert begin(path).status_code == 201
    assert emulator.runs()[0]["workflow_id"] == "support/triage v2"
    assert client.get(f"/workflows/{path}").json()["workflow_name"] == "support/triage v2"


def test_every_workflow_can_be_run_by_its_numeric_id(emulator, client, begin):
    items = client.get("/workflows").json()["items"]
    assert {item["name"] for item in items} == BUILT_IN
    assert len({item["id"] for item in items}) == 9
    for item in items:
        assert begin(str(item["id"])).status_code == 201
        assert client.get(f"/workflows/{item['id']}").json()["workflow_name"] == item["name"]
    assert [run["workflow_id"] for run in emulator.runs()] == [str(item["id"]) for item in items]


@pytest.mark.parametrize(
    "members", [{}, {"workflow_label_name": "staging"}, {"workflow_version_number": 4}], ids=str
)
def test_an_unknown_name_label_or_version_is_not_found(emulator, begin, members):
    answer = begin("answer-question" if members else "nobodys", **members)
    assert answer.status_code == 404
    assert (answer.json().keys(), answer.json()["success"]) == ({"success", "message"}, False)
    assert emulator.runs() == []


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_version_that_there_is_can_be_run(emulator, begin, number):
    assert begin(workflow_version_number=number).status_code == 201
    assert (emulator.runs()[0]["version"], emulator.runs()[0]["label"]) == (number, None)


def test_label_and_version_exclude_each_other(emulator, begin):
    answer = begin(**BOTH)
    assert (answer.status_code, answer.json()["success"]) == (400, False)
    assert emulator.runs() == []
    assert begin(workflow_label_name="production", workflow_version_number=None).status_code == 201


@pytest.mark.parametrize(
    "members",
    [
        {"workflow_label_name": 7},
        {"workflow_version_number": "1"},
        {"workflow_version_number": True},
        {"metadata": {"attempt": 1}},
        {"metadata": {"attempt": None}},
        {"metadata": ["a"]},
        {"input_variables": None},
        {"input_variables": [1]},
        {"return_all_outputs": "true"},
        {"return_all_outputs": 1},
        {"callback_url": 7},
        {"callback_url": ""},
        {"callback_url": "ftp://example.com"},
        {"callback_url": "https://"},
        {"callback_url": "http:///hook"},
        {"callback_url": "http://[::1/hook"},
    ],
    ids=str,
)
def test_a_member_of_a_wrong_type_is_refused(emulator, begin, members):
    answer = begin(**members)
    assert (answer.status_code, answer.json().keys()) == (422, {"success", "message"})
    assert next(iter(members)) in answer.json()["message"]
    assert emulator.runs() == []


@pytest.mark.parametrize("content", [b"", b"[1]", b"{broken", b"7", b"null"])
def test_a_body_that_is_no_object_is_refused(emulator, client, content):
    """The specification requires a body."""
    assert client.post("/workflows/answer-question/run", content=content).status_code == 422
    assert emulator.runs() == []


def test_a_wrong_type_may_be_answered_by_a_list_of_details(emulator, begin):
    emulator.configure("promptlayer", invalid="detail")
    (detail,) = begin(return_all_outputs="no").json()["detail"]
    assert detail.keys() == {"loc", "msg", "type"}
    assert detail["loc"] == ["body", "return_all_outputs"]


def test_an_error_may_be_said_in_error_instead_of_message(emulator, client):
    emulator.configure("promptlayer", error_member="error")
    assert client.get("/workflows", headers={"X-API-KEY": "x"}).json() == {
        "success": False,
        "error": "Invalid API key",
    }


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"a": 1, "b": 2}, set()),
        ({"a": 1}, {"Missing", "b"}),
        ({"a": 1, "b": 2, "c": 3}, {"Unused", "c"}),
        ({"c": 3}, {"Missing", "a", "b", "Unused", "c"}),
    ],
)
def test_missing_and_unused_variables_are_a_warning_and_the_run_starts(emulator, begin, given, named):
    emulator.add_workflow("promptlayer", "mine", required=["a", "b"])
    answer = begin("mine", input_variables=given)
    warning = answer.json()["warning"]
    said = set((warning or "").replace(",", " ").replace(".", " ").split()) - {"input", "variables:"}
    assert (answer.status_code, said, warning is None) == (201, named, not named)
    assert emulator.runs()[0]["input"] == given


def test_a_workflow_that_takes_no_variables_warns_of_any(emulator, begin):
    emulator.add_workflow("promptlayer", "mine", required=[])
    assert "a" in begin("mine", input_variables={"a": 1}).json()["warning"]
    assert begin(input_variables={"a": 1}).json()["warning"] is None

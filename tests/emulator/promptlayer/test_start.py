"""PromptLayer: starts and authentication."""

import json

import pytest

from tests.emulator.promptlayer import RESULTS

INVALID_KEY = {"success": False, "message": "Invalid API key"}


BOTH = {"workflow_label_name": "production", "workflow_version_number": 1}


DEFAULT_WORKFLOWS = {
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


@pytest.mark.parametrize("key", ["", "pl_somebody_elses", "Bearer"])
def test_every_request_needs_the_right_key(emulator, client, key):
    for method, path in (("POST", "/workflows/answer-question/run"), ("GET", RESULTS), ("GET", "/workflows")):
        response = client.request(method, path, headers={"X-API-KEY": key})
        assert (response.status_code, response.json()) == (401, INVALID_KEY), path
    assert emulator.runs() == []
    assert {request["headers"]["x-api-key"] for request in emulator.requests()} == {"***"}


def test_no_other_header_carries_the_key(emulator, client):
    key = client.headers.pop("x-api-key")
    assert client.get("/workflows", headers={"Authorization": f"Bearer {key}"}).status_code == 401
    assert key not in json.dumps(emulator.requests())


def test_the_response_to_a_start_is_as_the_vendor_recorded_it(start):
    response = start(input_variables={"user_message": "I need help with billing"})
    number = response.json()["workflow_version_execution_id"]
    assert type(number) is int
    assert (response.status_code, response.json()) == (
        201,
        {
            "success": True,
            "message": "Workflow execution created successfully",
            "warning": None,
            "workflow_version_execution_id": number,
        },
    )


def test_a_start_with_a_callback_is_accepted_and_nothing_is_posted(emulator, start, get_results):
    emulator.set_pace(seconds=0)
    response = start(callback_url=f"{emulator.url}/promptlayer/callback")
    assert (response.status_code, response.json()["message"]) == (202, "Workflow execution accepted")
    assert response.json().keys() == {"success", "message", "warning", "workflow_version_execution_id"}
    assert get_results(response).status_code == 200
    assert [request["operation"] for request in emulator.requests()] == ["run", "results"]


def test_a_run_is_recorded_with_what_its_start_said(emulator, start):
    fields = {
        "workflow_label_name": "production",
        "metadata": {"environment": "production"},
        "input_variables": {"a": [1]},
        "return_all_outputs": True,
        "callback_url": "https://example.com/promptlayer/workflow-callback",
    }
    number = start(**fields, channel_name_suffix="undocumented").json()["workflow_version_execution_id"]
    (run,) = emulator.runs("promptlayer")
    del run["started_at"]
    assert run == {
        "vendor": "promptlayer",
        "execution_id": str(number),
        "workflow_id": "answer-question",
        "input": {"a": [1]},
        "status": "QUEUED",
        "stops": 0,
        "is_terminal": False,
        "tag": None,
        "mode": "ASYNC",
        "id_received": True,
        "label": "production",
        "version": None,
        "metadata": {"environment": "production"},
        "callback_url": "https://example.com/promptlayer/workflow-callback",
        "return_all_outputs": True,
    }


def test_every_field_of_a_start_is_optional(emulator, start):
    assert start().status_code == 201
    (run,) = emulator.runs()
    assert (run["input"], run["return_all_outputs"], run["metadata"]) == ({}, False, None)


def test_no_run_has_the_id_of_another_even_after_a_reset(emulator, start, get_results):
    first, second = start(), start()
    assert first.json() != second.json()
    emulator.reset()
    assert get_results(first).status_code == 404
    assert start().json() not in (first.json(), second.json())


@pytest.mark.parametrize("path", ["support%2Ftriage%20v2", "support/triage%20v2"])
def test_a_name_may_contain_slashes_and_spaces(emulator, start, path):
    """Encoded as a whole, and also as the vendor's Python client sends it, with the slash as it is."""
    assert start(path).status_code == 201
    assert emulator.runs()[0]["workflow_id"] == "support/triage v2"


def test_every_workflow_can_be_run_by_its_numeric_id(emulator, client, start):
    items = client.get("/workflows").json()["items"]
    assert {item["name"] for item in items} == DEFAULT_WORKFLOWS
    assert len({item["id"] for item in items}) == 9
    for item in items:
        assert start(str(item["id"])).status_code == 201
    assert [run["workflow_id"] for run in emulator.runs()] == [str(item["id"]) for item in items]


@pytest.mark.parametrize(
    "fields", [{}, {"workflow_label_name": "staging"}, {"workflow_version_number": 4}], ids=str
)
def test_an_unknown_name_label_or_version_is_not_found(emulator, start, fields):
    response = start("answer-question" if fields else "nobodys", **fields)
    assert response.status_code == 404
    assert (response.json().keys(), response.json()["success"]) == ({"success", "message"}, False)
    assert emulator.runs() == []


@pytest.mark.parametrize("number", [1, 2, 3])
def test_every_version_can_be_run(emulator, start, number):
    assert start(workflow_version_number=number).status_code == 201
    assert (emulator.runs()[0]["version"], emulator.runs()[0]["label"]) == (number, None)


def test_label_and_version_exclude_each_other(emulator, start):
    response = start(**BOTH)
    assert (response.status_code, response.json()["success"]) == (400, False)
    assert emulator.runs() == []
    assert start(workflow_label_name="production", workflow_version_number=None).status_code == 201


@pytest.mark.parametrize(
    "fields",
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
def test_a_field_of_a_wrong_type_is_refused(emulator, start, fields):
    response = start(**fields)
    assert (response.status_code, response.json().keys()) == (422, {"success", "message"})
    assert next(iter(fields)) in response.json()["message"]
    assert emulator.runs() == []


@pytest.mark.parametrize("content", [b"", b"[1]", b"{broken", b"7", b"null"])
def test_a_body_that_is_not_an_object_is_refused(emulator, client, content):
    """The specification requires a body."""
    assert client.post("/workflows/answer-question/run", content=content).status_code == 422
    assert emulator.runs() == []


def test_the_error_for_a_wrong_type_may_be_a_list_of_details(emulator, start):
    emulator.configure("promptlayer", invalid="detail")
    (detail,) = start(return_all_outputs="no").json()["detail"]
    assert detail.keys() == {"loc", "msg", "type"}
    assert detail["loc"] == ["body", "return_all_outputs"]


def test_an_error_may_be_in_the_field_error_instead_of_message(emulator, client):
    emulator.configure("promptlayer", error_field="error")
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
def test_missing_and_unused_variables_are_a_warning_and_the_run_starts(emulator, start, given, named):
    emulator.add_workflow("promptlayer", "mine", required=["a", "b"])
    response = start("mine", input_variables=given)
    warning = response.json()["warning"]
    found = set((warning or "").replace(",", " ").replace(".", " ").split()) - {"input", "variables:"}
    assert (response.status_code, found, warning is None) == (201, named, not named)
    assert emulator.runs()[0]["input"] == given


def test_a_workflow_that_takes_no_variables_warns_of_any(emulator, start):
    emulator.add_workflow("promptlayer", "mine", required=[])
    assert "a" in start("mine", input_variables={"a": 1}).json()["warning"]
    assert start(input_variables={"a": 1}).json()["warning"] is None

"""Refold: starts."""

import pytest

ODD_400 = {"message": "Server Error", "error": "Workflow ID and slug are required"}


def test_an_asynchronous_start_returns_an_id_of_24_digits(emulator, refold):
    response = refold.post("/workflow/sync-contacts/execute", json={"payload": {"email": "jane@example.com"}})
    execution_id = response.json()["execution_id"]
    assert response.status_code == 200
    assert response.json() == {"message": "Workflow execution started", "execution_id": execution_id}
    assert len(execution_id) == 24
    assert int(execution_id, 16)


@pytest.mark.parametrize(
    ("body", "given", "wrapped"),
    [
        ({"payload": {"a": 1}}, {"a": 1}, True),
        ({"a": 1}, {"a": 1}, False),
        ({"payload": {"a": 1}, "b": 2}, {"payload": {"a": 1}, "b": 2}, False),
        ({}, {}, False),
        ({"payload": {}}, {}, True),
    ],
)
def test_the_input_may_come_flat_or_wrapped(emulator, refold, body, given, wrapped):
    assert refold.post("/workflow/sync-contacts/execute", json=body).status_code == 200
    (run,) = emulator.runs()
    assert (run["input"], run["wrapped"]) == (given, wrapped)


@pytest.mark.parametrize(
    ("variant", "body", "given"),
    [
        ("flat", {"a": 1}, {"a": 1}),
        ("flat", {"payload": {"a": 1}}, {"payload": {"a": 1}}),
        ("wrapped", {"payload": {"a": 1}}, {"a": 1}),
        ("wrapped", {"payload": {"a": 1}, "b": 2}, {"a": 1}),
        ("wrapped", {"a": 1}, {}),
    ],
)
def test_the_vendor_can_be_literal_about_the_body(emulator, refold, variant, body, given):
    emulator.configure("refold", body=variant)
    assert refold.post("/workflow/sync-contacts/execute", json=body).status_code == 200
    assert emulator.runs()[0]["input"] == given


@pytest.mark.parametrize("content", [b"[1]", b'"text"', b"{broken", b"7"])
def test_a_body_that_is_not_a_json_object_is_refused(emulator, refold, content):
    response = refold.post("/workflow/sync-contacts/execute", content=content)
    assert response.status_code == 400
    assert response.json().keys() == {"message", "error"}
    assert emulator.runs() == []


def test_no_body_at_all_is_an_empty_input(emulator, refold):
    assert refold.post("/workflow/sync-contacts/execute").status_code == 200
    assert emulator.runs()[0]["input"] == {}


@pytest.mark.parametrize("workflow", ["draft", "nobodys", "0" * 24])
def test_a_draft_and_an_unknown_workflow_are_refused_like_a_missing_slug(emulator, refold, workflow):
    response = refold.post(f"/workflow/{workflow}/execute", json={})
    assert (response.status_code, response.json()) == (400, ODD_400)
    assert emulator.runs() == []


@pytest.fixture
def without_slug(emulator, connect):
    """Return a client with the key and the account, and no slug."""
    account = emulator.account("refold")
    return connect(**{"x-api-key": account["api_key"], "linked_account_id": account["linked_account_id"]})


@pytest.mark.parametrize("slug", [{}, {"slug": ""}])
def test_a_missing_slug_is_refused_outside_the_standard_envelope(emulator, without_slug, slug):
    response = without_slug.post("/workflow/sync-contacts/execute", json={}, headers=slug)
    assert (response.status_code, response.json()) == (400, ODD_400)
    assert emulator.runs() == []


@pytest.mark.parametrize("slug", ["salesforce", "HubSpot", "hubspot,salesforce"])
def test_a_slug_that_is_not_the_workflows_is_named(emulator, without_slug, slug):
    """An author who has sent one learns that it is wrong, not that one is required."""
    response = without_slug.post("/workflow/sync-contacts/execute", json={}, headers={"slug": slug})
    assert response.status_code == 400
    assert response.json() == {
        "message": "Server Error",
        "error": f"No application with slug '{slug}' for this workflow",
    }
    assert emulator.runs() == []


@pytest.mark.parametrize("workflow", ["draft", "nobodys"])
def test_the_slug_of_a_workflow_that_cannot_run_is_not_checked(without_slug, workflow):
    response = without_slug.post(f"/workflow/{workflow}/execute", json={}, headers={"slug": "salesforce"})
    assert response.json() == ODD_400


@pytest.mark.parametrize("value", ["1", "True", "yes", ""])
def test_sync_execution_is_true_or_false(emulator, refold, value):
    response = refold.post("/workflow/sync-contacts/execute", json={}, headers={"sync_execution": value})
    assert response.status_code == 400
    assert emulator.runs() == []


def test_sync_execution_false_is_asynchronous(emulator, refold):
    refold.post("/workflow/sync-contacts/execute", json={}, headers={"sync_execution": "false"})
    assert emulator.runs()[0]["mode"] == "ASYNC"


def test_every_workflow_can_be_started_by_its_alias_and_by_its_id(refold, emulator):
    added = emulator.add_workflow("refold", "mine")
    assert (len(added["workflow_id"]), added["alias"]) == (24, "mine")
    assert int(added["workflow_id"], 16)
    for name in (added["workflow_id"], added["alias"]):
        assert refold.post(f"/workflow/{name}/execute", json={}).status_code == 200, name


@pytest.mark.parametrize(
    "how", [{"headers": {"include-headers": "true"}}, {"params": {"include-headers": "true"}}]
)
def test_include_headers_returns_the_requests_headers_without_secrets(emulator, refold, how):
    response = refold.post("/workflow/sync-contacts/execute", json={}, **how).json()
    assert response["headers"]["slug"] == "hubspot"
    assert "x-api-key" not in response["headers"]
    assert emulator.account("refold")["api_key"] not in str(response)

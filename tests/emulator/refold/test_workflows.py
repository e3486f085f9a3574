"""Refold: workflows, what they expect, and the batches of a node."""

import pytest

SCHEMA = {"type": "object", "required": ["email"], "properties": {"email": {"type": "string"}}}


def test_a_workflow_has_its_nodes_and_edges(refold):
    (listed,) = refold.get("/workflow", params={"name": "^sync-contacts$"}).json()["docs"]
    workflow = refold.get(f"/workflow/{listed['_id']}").json()
    assert {name: workflow[name] for name in listed} == listed
    assert workflow["edges"] == [{"source": "1", "target": "2"}]


def test_a_workflow_of_another_account_is_refused(emulator, connect):
    emulator.add_workflow("refold", "ours", shared=True)
    other = connect(**{"x-api-key": emulator.account("refold")["api_key"], "linked_account_id": "another"})
    refused = other.get("/workflow/sync-contacts")
    assert (refused.status_code, refused.json()["message"]) == (
        403,
        "Workflow is private to another linked account",
    )
    assert other.get("/workflow/ours").json()["name"] == "ours"


def test_only_published_workflows_are_enabled_and_have_a_version(refold):
    enabled = {workflow["name"] for workflow in refold.get("/workflow/enabled").json()}
    assert "sync-contacts" in enabled
    assert "draft" not in enabled
    versions = [
        refold.get(f"/workflow/versions/{name}").json()["docs"] for name in ("sync-contacts", "draft")
    ]
    assert [[version["version"] for version in docs] for docs in versions] == [[1], []]


@pytest.mark.parametrize("path", ["", "/versions", "/request-structure"])
def test_an_unknown_workflow_is_not_found(refold, path):
    refused = refold.get(f"/workflow{path}/no-such-workflow")
    assert (refused.status_code, refused.json()["message"]) == (404, "Workflow not found")


@pytest.mark.parametrize("body", [{}, {"email": 7}, {"payload": {"email": 7}}])
def test_a_payload_that_the_schema_rejects_starts_nothing(emulator, refold, body):
    emulator.add_workflow("refold", "picky", schema=SCHEMA)
    refused = refold.post("/workflow/picky/execute", json=body)
    assert refused.status_code == 400
    assert "email" in refused.json()["error"]
    assert refold.get("/workflow/request-structure/picky").json()["schema"] == SCHEMA
    assert refold.post("/workflow/picky/execute", json={"email": "a@example.com"}).status_code == 200
    assert len(emulator.runs()) == 1


def test_only_a_group_node_has_batches(refold, start):
    execution = start("group-node")
    batches = refold.get(f"/execution/{execution}/nodes/3/batches").json()
    assert (batches["totalDocs"], batches["docs"][0]["status"]) == (1, "Success")
    assert refold.get(f"/execution/{execution}/nodes/1/batches").status_code == 501
    assert refold.get("/execution/unknown/nodes/3/batches").status_code == 404


def test_linked_accounts_are_for_an_api_key_alone(emulator, connect):
    account = emulator.account("refold")
    of_key = connect(**{"x-api-key": account["api_key"]}).get("/linked-account", params={"limit": "1"}).json()
    assert [each["account_id"] for each in of_key["docs"]] == [account["linked_account_id"]]
    assert of_key["hasNextPage"] is True
    assert connect(authorization=f"Bearer {account['token']}").get("/linked-account").status_code == 401

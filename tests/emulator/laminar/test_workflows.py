"""Laminar: the external API."""

import json
import threading
import time

import httpx
import pytest

UNAUTHORIZED = {"error": {"code": "UNAUTHORIZED", "message": "Unauthorized"}}
NO_QUERY = {
    "configuration_id": None,
    "response_type": None,
    "start_from_step": None,
    "end_at_step": None,
    "callback_url": None,
}


def test_an_account_has_both_urls_and_their_keys(emulator, account):
    assert account.keys() == {
        "base_url",
        "api_key",
        "trigger_url",
        "trigger_api_key",
        "workspace_id",
        "configuration_id",
    }
    assert account["base_url"] == emulator.url + "/laminar"
    assert account["trigger_url"] == emulator.url + "/laminar/m/acme"
    assert int(account["workspace_id"])
    assert min(len(account["api_key"]), len(account["trigger_api_key"])) >= 20


@pytest.mark.usefixtures("against_schema")
@pytest.mark.parametrize(
    ("workflow", "status", "output"),
    [
        ("39", 200, {"received": {"a": 1}, "ok": True}),
        ("40", 400, {"error": {"code": "STEP_FAILED", "message": "Step 2: invoice 77 has no customer"}}),
        ("43", 200, [1, 2, 3]),
        ("44", 201, {"created": True}),
        ("45", 422, {"message": "author says no"}),
        ("46", 200, None),
        ("47", 200, {"error": "Out of stock"}),
    ],
)
def test_the_body_is_the_output_and_the_author_may_choose_the_status(execute, workflow, status, output):
    response = execute(workflow, json={"a": 1})
    assert (response.status_code, response.json()) == (status, output)
    assert response.headers["content-type"] == "application/json"


def test_the_output_may_be_plain_text(execute):
    response = execute("42")
    assert (response.status_code, response.text) == (200, "plain words")
    assert response.headers["content-type"].startswith("text/plain")


@pytest.mark.parametrize(
    ("sent", "given"),
    [
        ({"json": {"data": "your workflow input"}}, {"data": "your workflow input"}),
        ({"json": [1, None]}, [1, None]),
        ({"content": b"just words", "headers": {"content-type": "text/plain"}}, "just words"),
        ({}, None),
    ],
)
def test_the_body_is_the_input_json_or_text_or_nothing(emulator, execute, sent, given):
    assert execute("39", **sent).json() == {"received": given, "ok": True}
    assert emulator.runs()[0]["input"] == given


def test_a_run_is_recorded_with_an_id_that_its_client_never_receives(emulator, execute):
    response = execute("39", json={"a": 1})
    (run,) = emulator.runs("laminar")
    execution_id = run.pop("execution_id")
    assert time.time() - run.pop("started_at") < 60
    assert run == {
        "vendor": "laminar",
        "workflow_id": "39",
        "input": {"a": 1},
        "status": "SUCCESS",
        "stops": 0,
        "is_terminal": True,
        "tag": None,
        "mode": "SYNC",
        "id_received": False,
        **NO_QUERY,
    }
    assert isinstance(execution_id, str)
    assert execution_id not in response.text + str(response.headers)
    assert emulator.requests()[0]["execution_id"] == execution_id


def test_query_parameters_are_recorded_with_the_run(emulator, execute):
    sent = {
        "configuration_id": "acme",
        "response_type": "json",
        "start_from_step": "2",
        "end_at_step": "-2147483648",
        "callback_url": "https://example.com/hook",
    }
    assert execute("39", params=sent).status_code == 200
    (run,) = emulator.runs()
    expected = {**sent, "start_from_step": 2, "end_at_step": -2147483648}
    assert {name: run[name] for name in NO_QUERY} == expected


@pytest.mark.parametrize("name", ["start_from_step", "end_at_step"])
@pytest.mark.parametrize("step", ["two", "1.0", "", "2147483648", "-2147483649", "9" * 25])
def test_a_step_that_is_not_an_int32_is_refused_with_the_400_of_a_failed_run(emulator, execute, name, step):
    response = execute("39", params={name: step})
    assert (response.status_code, response.json()["error"]["code"]) == (400, "BAD_REQUEST")
    assert emulator.runs() == []


def test_an_unknown_workflow_is_not_found(emulator, execute):
    assert execute("4711").status_code == 404
    assert execute("sync-invoices").status_code == 404  # a job is not a workflow
    assert emulator.runs() == []


@pytest.mark.parametrize("where", ["headers", "params"])
def test_the_key_may_be_in_the_header_or_in_the_query(emulator, account, no_tls, where):
    name = {"headers": "X-API-KEY", "params": "api_key"}[where]
    url = account["base_url"] + "/workflow/execute/external/39"
    for key, status in (
        (account["api_key"], 200),
        (account["trigger_api_key"], 401),
        ("wrong-key-here", 401),
    ):
        response = httpx.post(url, verify=no_tls, **{where: {name: key}})
        assert response.status_code == status
        assert status == 200 or response.json() == UNAUTHORIZED
    assert len(emulator.runs()) == 1
    written = json.dumps(emulator.requests())
    assert not any(
        key in written for key in (account["api_key"], account["trigger_api_key"], "wrong-key-here")
    )


def test_no_key_and_a_revoked_one_are_refused(emulator, account, execute, list_keys, no_tls):
    assert httpx.post(account["base_url"] + "/workflow/execute/external/39", verify=no_tls).status_code == 401
    emulator.revoke("laminar")
    for response in (execute("39"), list_keys()):
        assert (response.status_code, response.json()) == (401, UNAUTHORIZED)
    assert emulator.runs() == []


def test_keys_are_the_names_in_a_store(account, list_keys):
    response = list_keys()
    assert response.status_code == 200
    assert response.json() == {
        "keys": ["PORTAL_URL", "PORTAL_USER"],
        "externalId": account["configuration_id"],
        "name": "Acme",
    }


def test_keys_of_another_store_or_workspace_are_not_found(laminar, account, list_keys):
    workspace = {"workspaceId": account["workspace_id"]}
    assert laminar.get("/configurations/nobodys/keys/external", params=workspace).status_code == 404
    assert list_keys(params={"workspaceId": "7"}).status_code == 404
    assert list_keys(params={"workspaceId": "mine"}).status_code == 400


def test_a_start_blocks_until_the_run_ends(emulator, execute):
    emulator.set_pace(seconds=3600)
    responses: list[httpx.Response] = []
    client = threading.Thread(target=lambda: responses.append(execute("39")))
    client.start()
    client.join(0.1)
    assert responses == []
    emulator.set_pace(seconds=0)
    client.join(5)
    assert responses[0].json() == {"received": None, "ok": True}


def test_a_pace_of_status_checks_ends_at_once_for_a_client_that_cannot_make_any(emulator, execute):
    emulator.set_pace(status_checks=9)
    assert execute("39").status_code == 200


def test_a_run_that_never_ends_gets_no_response(emulator, execute):
    with pytest.raises(httpx.ReadTimeout):
        execute("41", timeout=0.1)
    assert [(run["status"], run["id_received"]) for run in emulator.runs()] == [("RUNNING", False)]


def test_an_added_workflow_has_its_options(emulator, laminar, execute):
    added = emulator.add_workflow(
        "laminar", "my flow", output={"said": ["{input}"]}, http_status=418, status_checks=1
    )
    assert added == {
        "workflow_id": "my flow",
        "surface": "external",
        "path": "/workflow/execute/external/my%20flow",
    }
    response = laminar.post(added["path"], json="hello")
    assert (response.status_code, response.json()) == (418, {"said": ["hello"]})
    emulator.add_workflow("laminar", "39", ends="FAILED", error="no more")
    assert execute("39").json() == {"error": {"code": "STEP_FAILED", "message": "no more"}}
    emulator.reset()
    emulator.set_pace(seconds=0)
    assert (execute("39").status_code, laminar.post(added["path"]).status_code) == (200, 404)


@pytest.mark.parametrize(
    ("workflow", "options", "named"),
    [
        ("a/b", {}, "one segment"),
        ("", {}, "one segment"),
        ("_jobs", {"surface": "job"}, "starts with neither"),
        ("w", {"surface": "platform"}, "'surface'"),
        ("w", {"ends": "succeeded"}, "`ends`"),
        ("w", {"ends": "FAILED", "surface": "job"}, "`ends`"),
        ("w", {"error": 7}, "'error'"),
        ("w", {"http_status": 99}, "`http_status`"),
        ("w", {"http_status": 201, "surface": "job"}, "`http_status`"),
        ("w", {"media_type": 7}, "'media_type'"),
    ],
)
def test_an_invalid_workflow_is_refused(emulator, workflow, options, named):
    with pytest.raises(ValueError, match=named):
        emulator.add_workflow("laminar", workflow, **options)


@pytest.mark.parametrize("workflow", ["39", "42", "43", "46"])
def test_huge_is_the_size_of_the_whole_body(emulator, execute, workflow):
    emulator.fail("laminar", "execute", "huge", bytes=5000)
    assert len(execute(workflow).content) == 5000

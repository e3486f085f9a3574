"""Refold as its documentation has it: the literals here were written from the vendor's pages, not from the emulator."""

import threading
import time

import httpx
import pytest

BUILT_IN_ENDS = {
    "sync-contacts": "COMPLETED",
    "always-fails": "ERRORED",
    "times-out": "TIMED_OUT",
    "terminates": "TERMINATED",
    "no-response-node": "COMPLETED",
    "partially": "Partially Successful",
    "answers-201": "COMPLETED",
    "answers-500": "COMPLETED",
    "group-node": "COMPLETED",
}
ODD_400 = {"message": "Server Error", "error": "Workflow ID and slug are required"}
NO_EXECUTION = {
    "status_code": 404,
    "http_error_type": "NOT_FOUND",
    "error_code": "RESOURCE_NOT_FOUND",
    "message": "Execution not found",
}
START_NODE = {
    "node_id": "1",
    "node_name": "Start",
    "node_type": "start",
    "node_status": "Success",
    "is_batch": False,
    "attempts_made": 1,
    "execution_time": 403,
    "latest_output": {
        "message": "Workflow started successfully",
        "node_id": "1",
        "node_type": "start",
        "status": "initialized",
    },
}


@pytest.fixture
def finished(emulator, refold, start):
    """Run a workflow to its end and return its detail."""

    def finished(workflow: str, body: object = None) -> dict:
        emulator.set_pace(seconds=0)
        return refold.get(f"/execution/{start(workflow, body)}").json()

    return finished


@pytest.fixture
def sync(emulator, refold):
    """Execute a workflow synchronously, which takes no time."""

    def sync(workflow: str, body: object = None) -> httpx.Response:
        emulator.set_pace(looks=9)
        return refold.post(
            f"/workflow/{workflow}/execute", json=body or {}, headers={"sync_execution": "true"}
        )

    return sync


def of_type(detail: dict, kind: str) -> list[dict]:
    return [node for node in detail["nodes"] if node["node_type"] == kind]


# Execute


def test_an_asynchronous_start_is_acknowledged_with_an_id_of_24_digits(emulator, refold):
    answer = refold.post("/workflow/sync-contacts/execute", json={"payload": {"email": "jane@example.com"}})
    execution_id = answer.json()["execution_id"]
    assert answer.status_code == 200
    assert answer.json() == {"message": "Workflow execution started", "execution_id": execution_id}
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


@pytest.mark.parametrize("content", [b"[1]", b'"text"', b"{broken", b"7"])
def test_a_body_that_is_no_json_object_is_refused(emulator, refold, content):
    answer = refold.post("/workflow/sync-contacts/execute", content=content)
    assert answer.status_code == 400
    assert answer.json().keys() == {"message", "error"}
    assert emulator.runs() == []


def test_no_body_at_all_is_an_empty_input(emulator, refold):
    assert refold.post("/workflow/sync-contacts/execute").status_code == 200
    assert emulator.runs()[0]["input"] == {}


@pytest.mark.parametrize("workflow", ["draft", "nobodys", "0" * 24])
def test_a_draft_and_a_workflow_of_somebody_else_are_refused_like_a_missing_slug(emulator, refold, workflow):
    answer = refold.post(f"/workflow/{workflow}/execute", json={})
    assert (answer.status_code, answer.json()) == (400, ODD_400)
    assert emulator.runs() == []


@pytest.mark.parametrize("slug", [{}, {"slug": ""}, {"slug": "salesforce"}])
def test_a_missing_or_wrong_slug_is_refused_outside_the_standard_envelope(emulator, connect, slug):
    account = emulator.account("refold")
    client = connect(
        **{"x-api-key": account["api_key"], "linked_account_id": account["linked_account_id"]}, **slug
    )
    answer = client.post("/workflow/sync-contacts/execute", json={})
    assert (answer.status_code, answer.json()) == (400, ODD_400)


def test_another_account_owns_none_of_the_workflows(emulator, connect, start):
    execution_id = start("sync-contacts")
    other = connect(
        **{"x-api-key": emulator.account("refold")["api_key"], "linked_account_id": "acct_other"},
        slug="hubspot",
    )
    assert other.post("/workflow/sync-contacts/execute", json={}).json() == ODD_400
    assert other.get("/execution").json()["docs"] == []
    assert other.get("/workflow").json()["docs"] == []
    assert other.post(f"/execution/{execution_id}/stop").json() == NO_EXECUTION


@pytest.mark.parametrize("value", ["1", "True", "yes", ""])
def test_sync_execution_is_the_word_true_or_false(emulator, refold, value):
    answer = refold.post("/workflow/sync-contacts/execute", json={}, headers={"sync_execution": value})
    assert answer.status_code == 400
    assert emulator.runs() == []


def test_sync_execution_false_is_asynchronous(emulator, refold):
    refold.post("/workflow/sync-contacts/execute", json={}, headers={"sync_execution": "false"})
    assert emulator.runs()[0]["mode"] == "ASYNC"


def test_every_workflow_can_be_called_by_alias_and_by_id(refold, emulator):
    workflows = refold.get("/workflow", params={"limit": 50, "published": "true"}).json()["docs"]
    assert {flow["alias"] for flow in workflows} == {*BUILT_IN_ENDS, "never-ends"}
    for flow in workflows:
        assert len(flow["_id"]) == 24
        assert int(flow["_id"], 16)
        for name in (flow["_id"], flow["alias"]):
            assert refold.post(f"/workflow/{name}/execute", json={}).status_code == 200, name


@pytest.mark.parametrize(
    "how", [{"headers": {"include-headers": "true"}}, {"params": {"include-headers": "true"}}]
)
def test_include_headers_returns_the_requests_headers_without_secrets(emulator, refold, how):
    answer = refold.post("/workflow/sync-contacts/execute", json={}, **how).json()
    assert answer["headers"]["slug"] == "hubspot"
    assert "x-api-key" not in answer["headers"]
    assert emulator.account("refold")["api_key"] not in str(answer)


# Execute, synchronously


def test_a_synchronous_start_returns_the_output_of_the_response_node(emulator, sync):
    answer = sync("sync-contacts", {"payload": {"a": 1}})
    (run,) = emulator.runs()
    assert answer.status_code == 200
    assert answer.json() == {
        "execution_id": run["execution_id"],
        "return_value": {"received": {"a": 1}, "ok": True},
        "errored": False,
        "status_code": 200,
    }
    assert (run["mode"], run["status"], run["answered"]) == ("SYNC", "COMPLETED", True)


@pytest.mark.parametrize(("workflow", "status"), [("answers-201", 201), ("answers-500", 500)])
def test_the_response_node_chooses_the_http_status_of_a_success(emulator, sync, workflow, status):
    answer = sync(workflow, {"a": 1})
    assert answer.status_code == answer.json()["status_code"] == status
    assert answer.json()["errored"] is False
    assert answer.json()["return_value"] == {"received": {"a": 1}, "ok": True}
    assert emulator.runs()[0]["status"] == "COMPLETED"


def test_a_synchronous_failure_says_so_in_the_body_only(sync):
    answer = sync("always-fails")
    assert answer.status_code == 200
    assert answer.json()["errored"] is True
    assert answer.json()["return_value"] is None
    assert answer.json()["execution_error"]["message"] == "Upstream CRM answered 403: contact quota exceeded"


@pytest.mark.parametrize(
    ("workflow", "errored"),
    [("times-out", True), ("terminates", False), ("no-response-node", False), ("partially", False)],
)
def test_how_other_ends_look_to_a_synchronous_caller(sync, workflow, errored):
    answer = sync(workflow).json()
    assert answer["errored"] is errored
    assert ("execution_error" in answer) is errored
    assert (answer["return_value"] is not None) is (workflow == "partially")


def test_a_workflow_with_a_group_node_runs_only_asynchronously(emulator, sync, start):
    assert sync("group-node").status_code == 400
    assert emulator.runs() == []
    assert start("group-node")


def in_the_background(refold: httpx.Client, workflow: str) -> tuple[threading.Thread, list[httpx.Response]]:
    answers: list[httpx.Response] = []

    def call() -> None:
        answers.append(
            refold.post(f"/workflow/{workflow}/execute", json={}, headers={"sync_execution": "true"}),
        )

    caller = threading.Thread(target=call)
    caller.start()
    return caller, answers


def wait_for_a_run(emulator) -> str:
    give_up = time.monotonic() + 5
    while not emulator.runs():
        assert time.monotonic() < give_up
    return emulator.runs()[0]["execution_id"]


def test_a_synchronous_caller_waits_until_the_run_is_over(emulator, refold):
    emulator.set_pace(seconds=3600)
    caller, answers = in_the_background(refold, "sync-contacts")
    wait_for_a_run(emulator)
    caller.join(0.1)
    assert answers == []
    assert emulator.runs()[0]["answered"] is False
    emulator.set_pace(seconds=0)
    caller.join(5)
    assert answers[0].json()["return_value"] == {"received": {}, "ok": True}


def test_a_synchronous_caller_is_answered_when_somebody_stops_the_run(emulator, refold):
    caller, answers = in_the_background(refold, "never-ends")
    refold.post(f"/execution/{wait_for_a_run(emulator)}/stop")
    caller.join(5)
    assert answers[0].json()["return_value"] is None
    assert emulator.runs()[0]["status"] == "STOPPED"


def test_a_synchronous_caller_that_leaves_was_told_nothing(emulator, refold):
    with pytest.raises(httpx.ReadTimeout):
        refold.post(
            "/workflow/never-ends/execute",
            json={},
            headers={"sync_execution": "true"},
            timeout=httpx.Timeout(0.1),
        )
    (run,) = emulator.runs()
    assert run["answered"] is False
    assert emulator.calls()[0]["status"] is None


# Credentials


def test_a_session_token_replaces_both_headers(emulator, connect):
    client = connect(Authorization=f"Bearer {emulator.account('refold')['token']}", slug="hubspot")
    execution_id = client.post("/workflow/sync-contacts/execute", json={}).json()["execution_id"]
    assert client.get(f"/execution/{execution_id}").status_code == 200
    active = client.get("/session/active-linked-account").json()
    assert active["linked_account_id"] == emulator.account("refold")["linked_account_id"]


@pytest.mark.parametrize(
    ("path", "member"), [("/execution", "error_code"), ("/execution/1", "error_code"), ("/workflow", "error")]
)
@pytest.mark.parametrize("headers", [{}, {"x-api-key": "tk_wrong"}, {"Authorization": "Bearer wrong"}])
def test_wrong_credentials_get_401_in_the_standard_envelope(connect, path, member, headers):
    """Some services say `error_code` and some say `error`; a client must read both."""
    answer = connect(**headers).get(path)
    body = answer.json()
    assert answer.status_code == 401
    assert body.pop("request_id")
    assert body == {
        "status_code": 401,
        "http_error_type": "UNAUTHORIZED",
        member: "SERVER_ERROR",
        "message": "Invalid Credentials",
    }


def test_wrong_credentials_start_nothing(emulator, connect):
    answer = connect(**{"x-api-key": "tk_wrong"}, slug="hubspot").post(
        "/workflow/sync-contacts/execute", json={}
    )
    assert answer.status_code == 401
    assert emulator.runs() == []


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/execution"), ("POST", "/workflow/sync-contacts/execute")]
)
def test_a_key_needs_a_linked_account(emulator, connect, method, path):
    client = connect(**{"x-api-key": emulator.account("refold")["api_key"]}, slug="hubspot")
    answer = client.request(method, path)
    assert answer.status_code == 400
    assert answer.json()["message"] == "linked_account_id or org_id is required"


def test_the_organisations_calls_take_the_key_alone_and_the_tokens_own_call_only_the_token(emulator, connect):
    account = emulator.account("refold")
    key, token = (
        connect(**{"x-api-key": account["api_key"]}),
        connect(Authorization=f"Bearer {account['token']}"),
    )
    listed = key.get("/linked-account", params={"page": 1, "limit": 1})
    assert listed.json()["docs"][0]["linked_account_id"] == account["linked_account_id"]
    assert token.get("/linked-account").status_code == 401
    assert key.get("/session/active-linked-account").status_code == 401


# Get


def test_a_finished_execution_has_the_documented_fields_and_no_id(emulator, finished):
    account = emulator.account("refold")["linked_account_id"]
    detail = finished("sync-contacts", {"a": 1})
    name, nodes = detail.pop("name"), detail.pop("nodes")
    assert name.startswith("Execution for workflow ")
    assert len(detail.pop("org_id")) == 24
    assert detail == {
        "environment": "test",
        "status": "COMPLETED",
        "completion_percentage": 100,
        "config_id": account,
        "linked_account_id": account,
    }
    assert nodes[0] == START_NODE
    assert all(node.keys() == START_NODE.keys() for node in nodes)
    assert nodes[-1]["latest_output"] == {"received": {"a": 1}, "ok": True}


def test_the_config_is_the_one_that_the_start_named(refold, start):
    execution_id = start("sync-contacts", config_id="config-7")
    assert refold.get(f"/execution/{execution_id}").json()["config_id"] == "config-7"


def test_nodes_are_empty_until_the_run_is_over(emulator, refold, start):
    emulator.set_pace(looks=3)
    execution_id = start("sync-contacts")
    seen = [refold.get(f"/execution/{execution_id}").json() for _ in range(3)]
    assert [(look["status"], bool(look["nodes"])) for look in seen] == [
        ("QUEUED", False),
        ("RUNNING", False),
        ("COMPLETED", True),
    ]


def test_a_node_that_was_tried_again_is_there_twice(finished):
    tries = of_type(finished("sync-contacts"), "action")
    assert [node["node_id"] for node in tries] == ["2", "2"]
    assert [node["node_status"] for node in tries] == ["Errored", "Success"]
    assert [node["attempts_made"] for node in tries] == [1, 2]


@pytest.mark.parametrize(("workflow", "end"), BUILT_IN_ENDS.items())
def test_each_workflow_has_its_end(finished, workflow, end):
    assert finished(workflow)["status"] == end


def test_a_run_that_never_ends_runs_on(emulator, start, statuses):
    emulator.set_pace(looks=2)
    assert statuses(start("never-ends"), 5) == ["QUEUED", "RUNNING", "RUNNING", "RUNNING", "RUNNING"]


def test_the_text_of_a_failure_is_in_the_node_that_failed(finished):
    (node,) = of_type(finished("always-fails"), "action")
    assert node["node_status"] == "Errored"
    assert node["latest_output"]["message"] == "Upstream CRM answered 403: contact quota exceeded"


@pytest.mark.parametrize("workflow", ["no-response-node", "always-fails", "times-out", "terminates"])
def test_without_a_response_node_reached_there_is_no_output(finished, workflow):
    assert of_type(finished(workflow), "response") == []


def test_an_unknown_execution_is_never_answered(emulator, refold):
    """The documentation has a 404; what was seen live is silence."""
    with pytest.raises(httpx.ReadTimeout):
        refold.get("/execution/000000000000000000000000", timeout=0.1)
    assert [(call["status"], call["fault"]) for call in emulator.calls()] == [(None, None)]


def test_an_unknown_execution_can_be_answered_as_documented(emulator, refold):
    emulator.configure("refold", unknown_execution="404")
    answer = refold.get("/execution/000000000000000000000000")
    assert (answer.status_code, answer.json()) == (404, NO_EXECUTION)


# Stop, rerun


def test_a_stopped_run_is_stopping_and_then_stopped(emulator, refold, start, statuses):
    execution_id = start("never-ends")
    answer = refold.post(f"/execution/{execution_id}/stop")
    assert (answer.status_code, answer.json()) == (200, {"message": "Stopping instance"})
    assert emulator.runs()[0]["status"] == "STOPPING"
    assert statuses(execution_id, 3) == ["STOPPING", "STOPPED", "STOPPED"]
    assert emulator.runs()[0]["stops"] == 1


def test_stopping_a_finished_run_changes_nothing(emulator, refold, start, statuses):
    emulator.set_pace(seconds=0)
    execution_id = start("sync-contacts")
    assert refold.post(f"/execution/{execution_id}/stop").status_code == 200
    assert statuses(execution_id, 1) == ["COMPLETED"]
    assert emulator.runs()[0]["stops"] == 0


def test_each_stop_of_a_run_that_is_going_is_counted(emulator, refold, start):
    execution_id = start("never-ends")
    for _ in range(2):
        refold.post(f"/execution/{execution_id}/stop")
    assert emulator.runs()[0]["stops"] == 2
    assert [call["execution_id"] for call in emulator.calls("refold", "stop")] == [execution_id] * 2


@pytest.mark.parametrize("call", ["stop", "rerun"])
def test_an_unknown_execution_can_be_neither_stopped_nor_rerun(refold, call):
    answer = refold.post(f"/execution/unknown/{call}")
    assert (answer.status_code, answer.json()) == (404, NO_EXECUTION)


def test_a_rerun_is_a_new_execution_with_the_old_input(emulator, refold, start, statuses):
    emulator.set_pace(seconds=0)
    first = start("always-fails", {"payload": {"a": 1}})
    answer = refold.post(f"/execution/{first}/rerun").json()
    assert answer == {"status": "success", "id": answer["id"]}
    old, new = emulator.runs()
    assert (old["execution_id"], new["execution_id"]) == (first, answer["id"])
    assert (new["input"], new["answered"], new["stops"]) == ({"a": 1}, True, 0)
    assert statuses(answer["id"], 1) == ["ERRORED"]


def test_a_rerun_has_its_own_stops_and_its_own_answer(emulator, refold, start, statuses):
    first = start("never-ends")
    refold.post(f"/execution/{first}/stop")
    assert statuses(first, 2) == ["STOPPING", "STOPPED"]
    emulator.fail("refold", "rerun", "lost_answer")
    with pytest.raises(httpx.ReadError):
        refold.post(f"/execution/{first}/rerun")
    assert [(run["status"], run["stops"], run["answered"]) for run in emulator.runs()] == [
        ("STOPPED", 1, True),
        ("QUEUED", 0, False),
    ]


def test_a_rerun_can_also_be_answered_as_the_older_page_has_it(emulator, refold, start):
    emulator.configure("refold", rerun_answer="v2")
    emulator.set_pace(seconds=0)
    answer = refold.post(f"/execution/{start('always-fails')}/rerun").json()
    assert answer == {"message": "Execution queued", "instanceId": emulator.runs()[1]["execution_id"]}


def test_only_what_failed_or_was_stopped_is_rerun(emulator, refold, start):
    emulator.set_pace(seconds=0)
    assert refold.post(f"/execution/{start('sync-contacts')}/rerun").status_code == 400
    assert len(emulator.runs()) == 1


# Lists


@pytest.fixture
def three(emulator, start, sync):
    """Start a finished failure, a synchronous success and a run that goes on."""
    emulator.set_pace(seconds=0)
    ids = [start("always-fails")]
    ids.append(sync("sync-contacts").json()["execution_id"])
    ids.append(start("never-ends"))
    return ids


def test_a_list_is_paged_as_documented_with_the_newest_first(refold, three):
    body = refold.get("/execution", params={"limit": 2}).json()
    assert [item["_id"] for item in body.pop("docs")] == [three[2], three[1]]
    assert body == {
        "totalDocs": 3,
        "limit": 2,
        "page": 1,
        "totalPages": 2,
        "pagingCounter": 1,
        "hasPrevPage": False,
        "hasNextPage": True,
        "prevPage": None,
        "nextPage": 2,
    }
    body = refold.get("/execution", params={"limit": 2, "page": 2}).json()
    assert [item["_id"] for item in body["docs"]] == [three[0]]
    assert (body["pagingCounter"], body["prevPage"], body["nextPage"]) == (3, 1, None)


def test_an_item_of_a_list_says_how_and_when_it_began(refold, three):
    item = refold.get("/execution", params={"sortAsc": "true"}).json()["docs"][1]
    assert item["trigger_application_event"] == "API Call"
    assert item["type_of_execution"] == "SYNC"
    assert item["createdAt"][10] == "T"
    assert item["createdAt"].endswith("Z")
    assert item["status"] == "COMPLETED"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, [0, 1, 2]),
        ({"page": "1"}, [0, 1, 2]),
        ({"status": "COMPLETED"}, [1]),
        ({"slug": "hubspot,salesforce"}, [0, 1, 2]),
        ({"slug": "salesforce"}, []),
        ({"workflow_name": "never-ends"}, [2]),
        ({"execution_type": "SYNC"}, [1]),
        ({"execution_type": "ASYNC"}, [0, 2]),
        ({"execution_source": "API Call"}, [0, 1, 2]),
        ({"execution_source": "API_CALL"}, [0, 1, 2]),
        ({"execution_source": "Schedule"}, []),
        ({"start_date": "2020-01-01"}, [0, 1, 2]),
        ({"end_date": "2020-01-01"}, []),
        ({"start_date": "2020-01-01T00:00:00.000Z", "end_date": "2020-01-02T00:00:00.000Z"}, []),
    ],
)
def test_a_list_can_be_narrowed(refold, three, query, found):
    items = refold.get("/execution", params={**query, "sortAsc": "true"}).json()["docs"]
    assert [three.index(item["_id"]) for item in items] == found


def test_a_list_can_be_narrowed_to_an_execution_or_a_workflow(refold, three):
    workflow = refold.get("/workflow", params={"name": "^never"}).json()["docs"][0]["_id"]
    by_execution = refold.get("/execution", params={"execution_id": three[1]}).json()["docs"]
    by_workflow = refold.get("/execution", params={"workflow_id": workflow}).json()["docs"]
    assert [item["_id"] for item in by_execution + by_workflow] == [three[1], three[2]]


@pytest.mark.parametrize(
    "query", [{"page": 0}, {"limit": "many"}, {"execution_type": "x"}, {"start_date": "soon"}]
)
def test_a_list_refuses_a_query_that_it_cannot_read(refold, query):
    assert refold.get("/execution", params=query).status_code == 400


def test_workflows_are_listed_with_what_a_start_needs(refold):
    body = refold.get("/workflow", params={"name": "draft", "published": "false"}).json()
    assert [(flow["name"], flow["published"], flow["slug"]) for flow in body["docs"]] == [
        ("draft", False, "hubspot")
    ]
    assert {"schema", "totalDocs", "limit", "page", "totalPages", "hasNextPage"} <= body.keys()


# Added workflows


def test_an_added_workflow_runs_as_described(emulator, refold):
    added = emulator.add_workflow("refold", "mine", slug="slack", output={"said": ["{input}"]}, looks=1)
    assert added.keys() == {"workflow_id", "alias", "slug"}
    assert refold.post("/workflow/mine/execute", json={}).json() == ODD_400
    told = refold.post(
        f"/workflow/{added['workflow_id']}/execute", json={"a": 1}, headers={"slug": "slack"}
    ).json()
    detail = refold.get(f"/execution/{told['execution_id']}").json()
    assert detail["status"] == "COMPLETED"
    assert of_type(detail, "response")[0]["latest_output"] == {"said": [{"a": 1}]}


def test_an_added_workflow_may_end_in_a_word_that_nobody_knows(emulator, finished):
    emulator.add_workflow("refold", "mine", ends="EVAPORATED")
    assert finished("mine")["status"] == "EVAPORATED"


def test_an_added_workflow_may_have_an_id_of_its_own(emulator, start):
    emulator.add_workflow("refold", "0123456789abcdef01234567")
    assert start("0123456789abcdef01234567")


def test_an_added_workflow_keeps_its_own_pace(emulator, start, statuses):
    emulator.add_workflow("refold", "mine", seconds=3600)
    emulator.set_pace(seconds=0)
    assert statuses(start("mine"), 2) == ["QUEUED", "QUEUED"]


def test_the_output_may_be_the_input_itself(emulator, sync):
    emulator.add_workflow("refold", "mine", output="{input}")
    assert sync("mine", {"a": 1}).json()["return_value"] == {"a": 1}

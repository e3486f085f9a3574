"""What is Refold's own: its parameters, its two envelopes, its statuses, its synchronous answers, its stop."""

from __future__ import annotations

import json
from contextlib import closing
from typing import Any

import httpx
import pytest
import structlog
from airflow.providers.common.compat.sdk import AirflowSkipException

from airflow_workflow_providers.apis import refold as api
from airflow_workflow_providers.core import errors
from airflow_workflow_providers.core.call import Answer
from airflow_workflow_providers.core.execution import State
from airflow_workflow_providers.emulator import Emulator
from airflow_workflow_providers.hooks.refold import RefoldHook
from airflow_workflow_providers.operators.refold import (
    RefoldExecuteWorkflowOperator,
    RefoldStopExecutionOperator,
)
from airflow_workflow_providers.sensors.refold import RefoldExecutionSensor
from tests.conftest import connect
from tests.task import Task, new_id
from tests.vendors import REFOLD

pytestmark = pytest.mark.usefixtures("emulator")


def run(workflow: str = "sync-contacts", **options: Any) -> dict[str, Any]:
    """Run a workflow to its end, through whichever mode the options say."""
    return Task(lambda: REFOLD.task(workflow, **options)).run()


def answer(body: Any, status: int = 200) -> Answer:
    return Answer(status, {}, json.dumps(body).encode())


# -- execute --------------------------------------------------------------------------------------------------------


def test_every_parameter_reaches_the_vendor(emulator: Emulator) -> None:
    """As the page of Execute Workflow says: the path, five headers, and a body."""
    run(
        payload={"email": "jane@example.com"},
        slug="hubspot",
        config_id="config-1",
        instance_tag="nightly",
        include_headers=True,
    )

    (call,) = emulator.calls("refold", "execute")
    headers = call["headers"]
    sent = {name: headers.get(name) for name in ("slug", "config_id", "instance_tag", "include-headers")}
    assert call["path"].endswith("/api/v2/public/workflow/sync-contacts/execute")
    assert sent == {
        "slug": "hubspot",
        "config_id": "config-1",
        "instance_tag": "nightly",
        "include-headers": "true",
    }
    assert headers["linked_account_id"] == emulator.account("refold")["linked_account_id"]
    assert "sync_execution" not in headers
    assert call["body"] == {"payload": {"email": "jane@example.com"}}
    assert emulator.runs("refold")[0]["tag"] == "nightly"


@pytest.mark.parametrize(
    ("options", "body"),
    [
        ({}, {"payload": {}}),
        ({"payload": {"a": 1}}, {"payload": {"a": 1}}),
        ({"payload": {"a": 1}, "wrap_payload": False}, {"a": 1}),
    ],
)
def test_the_body_is_wrapped_unless_the_author_says_otherwise(
    emulator: Emulator, options: dict[str, Any], body: Any
) -> None:
    """The example wraps the input; the specification does not. Both arrive as the same input."""
    run(**options)

    assert emulator.calls("refold", "execute")[0]["body"] == body
    assert emulator.runs("refold")[0]["input"] == options.get("payload", {})


def test_an_alias_may_hold_whatever_a_person_types(emulator: Emulator) -> None:
    """It is one segment of the path, percent-encoded."""
    emulator.add_workflow("refold", "nightly sync ä?")

    assert run("nightly sync ä?")["state"] == "succeeded"


def test_the_headers_that_the_vendor_repeats_are_in_the_log(emulator: Emulator) -> None:
    with structlog.testing.capture_logs() as logs:
        run(include_headers=True)

    assert [entry for entry in logs if "Request headers as Refold saw them" in str(entry)]
    assert emulator.account("refold")["api_key"] not in str(logs)


def test_a_bearer_token_needs_no_linked_account(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """A session token or personal access token names its own."""
    account = emulator.account("refold")
    connection = {
        "conn_type": "refold",
        "host": account["base_url"],
        "password": account["token"],
        "extra": {"auth_type": "bearer"},
    }
    monkeypatch.setenv("AIRFLOW_CONN_REFOLD_DEFAULT", json.dumps(connection))

    assert run()["state"] == "succeeded"
    assert RefoldHook().test_connection() == (True, "Refold accepts this connection.")
    sent = emulator.calls("refold", "execute")[0]["headers"]
    assert "authorization" in sent
    assert not {"x-api-key", "linked_account_id"} & set(sent)


def test_an_api_key_without_a_linked_account_is_refused_here(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(monkeypatch, REFOLD, emulator, linked_account_id=None)

    with pytest.raises(errors.InvalidInput, match="linked_account_id"):
        run()

    assert emulator.calls("refold") == []


@pytest.mark.parametrize(
    ("workflow", "options", "said"),
    [
        ("draft", {}, "HTTP 400: "),
        ("no-such-workflow", {}, "HTTP 400: "),
        ("sync-contacts", {"slug": "salesforce"}, "HTTP 400: "),
        ("group-node", {"sync_execution": True}, "Group"),
    ],
)
def test_what_the_vendor_refuses_fails_with_its_words(
    emulator: Emulator, workflow: str, options: dict[str, Any], said: str
) -> None:
    """Unpublished, not owned, the wrong application: nothing was started, and the error says so."""
    with pytest.raises(errors.RequestRefused, match="Nothing was started") as refused:
        run(workflow, **options)

    assert said in str(refused.value)
    assert f"could not start workflow {workflow}" in str(refused.value)
    assert emulator.runs("refold") == []


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (
            {"message": "Server Error", "error": "Workflow ID and slug are required"},
            "Workflow ID and slug are required (Server Error)",
        ),
        (
            {
                "status_code": 401,
                "http_error_type": "UNAUTHORIZED",
                "error_code": "SERVER_ERROR",
                "message": "Invalid Credentials",
            },
            "Invalid Credentials (SERVER_ERROR)",
        ),
        (
            {
                "status_code": 404,
                "http_error_type": "NOT_FOUND",
                "error": "GONE",
                "message": "Execution not found",
            },
            "Execution not found (GONE)",
        ),
        ({"message": "alone"}, "alone"),
        ({"error": {"code": 7}}, "{'code': 7}"),
        ({}, None),
        ([], None),
        ("text", None),
    ],
)
def test_both_envelopes_are_read(body: Any, said: str | None) -> None:
    """In one the words for people are in ``message``, in the other in ``error``."""
    assert api.explain(answer(body, 400)) == said
    assert api.explain(Answer(502, {}, b"<html>")) is None


# -- synchronous ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("deferrable", [False, True])
def test_a_synchronous_run_answers_with_its_output(emulator: Emulator, deferrable: bool) -> None:
    """One request; nothing is looked at, whatever ``deferrable`` says."""
    emulator.set_pace(seconds=0)

    record = run(payload={"a": 1}, sync_execution=True, deferrable=deferrable)

    assert (record["state"], record["status"]) == ("succeeded", "COMPLETED")
    assert record["output"] == {"received": {"a": 1}, "ok": True}
    assert [call["operation"] for call in emulator.calls("refold")] == ["execute"]
    assert emulator.runs("refold")[0]["mode"] == "SYNC"


@pytest.mark.parametrize(("workflow", "status"), [("answers-201", 201), ("answers-500", 500)])
def test_the_http_status_of_a_synchronous_run_is_its_authors(
    emulator: Emulator, workflow: str, status: int
) -> None:
    """A Response node may answer 500 on success: what counts is what the body says of the run."""
    emulator.set_pace(seconds=0)

    assert run(workflow, sync_execution=True)["state"] == "succeeded"
    assert emulator.calls("refold", "execute")[0]["status"] == status


def test_a_synchronous_run_that_fails_fails_the_task_with_its_message(emulator: Emulator) -> None:
    emulator.set_pace(seconds=0)

    with pytest.raises(errors.ExecutionFailed, match="contact quota exceeded"):
        run("always-fails", sync_execution=True)

    assert len(emulator.runs("refold")) == 1


@pytest.mark.parametrize(
    ("body", "state"),
    [
        ({"execution_id": "1", "return_value": {"a": 1}}, State.SUCCEEDED),
        ({"execution_id": "1", "return_value": None}, State.SUCCEEDED),
        ({"execution_id": "1", "errored": False}, State.SUCCEEDED),
        ({"execution_id": "1", "errored": True, "return_value": {}}, State.FAILED),
        ({"execution_id": "1", "execution_error": {"message": "no"}, "return_value": {}}, State.FAILED),
        # The acknowledgement of an asynchronous run: not over, and no success.
        ({"execution_id": "1", "message": "Workflow execution started"}, State.RUNNING),
    ],
)
def test_a_synchronous_success_is_said_and_not_guessed(body: Any, state: State) -> None:
    call = api.execute_workflow("w", slug="s", sync_execution=True)

    assert call.read(answer(body)).state is state


def test_an_acknowledgement_is_waited_for_though_the_run_was_to_be_synchronous(emulator: Emulator) -> None:
    """Refold answers at once all the same: the run is looked at until it ends."""
    emulator.set_pace(looks=3)
    with closing(RefoldHook()) as hook:
        started = hook.execute_workflow("sync-contacts", slug="hubspot")
    emulator.fail(
        "refold",
        "execute",
        "status",
        status=200,
        body={"message": "Workflow execution started", "execution_id": started.execution_id},
    )

    assert run(sync_execution=True)["state"] == "succeeded"
    assert emulator.calls("refold", "get")


@pytest.mark.parametrize("fault", ["server_error", "html", "lost_answer"])
def test_a_synchronous_start_without_an_id_is_lost(emulator: Emulator, fault: str) -> None:
    """A 500 from a proxy is not a 500 from a Response node: it names no run."""
    emulator.fail("refold", "execute", fault)

    with pytest.raises(errors.LostStart):
        run(sync_execution=True)


# -- statuses and results -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("status", "state"), api.STATUSES.items())
def test_every_status_of_the_vendors_pages_has_one_meaning(
    emulator: Emulator, status: str, state: State
) -> None:
    """Success is success in one place only."""
    looked = api.look("1").read(answer({"status": status}))

    assert looked.state is state
    assert (state is State.SUCCEEDED) == (status == "COMPLETED")


@pytest.mark.parametrize("status", ["completed", "Success", "HIBERNATING", ""])
def test_any_other_status_is_unknown(status: str) -> None:
    """Letters count: a word that is nearly in the table is not in it."""
    assert api.look("1").read(answer({"status": status})).state is State.UNKNOWN


@pytest.mark.parametrize("workflow", ["terminates", "partially"])
@pytest.mark.parametrize("deferrable", [False, True])
def test_what_is_neither_success_nor_failure_is_the_authors_choice(workflow: str, deferrable: bool) -> None:
    """It fails unless the author has said that it succeeds."""
    with pytest.raises(errors.ExecutionFailed, match="a part undone"):
        run(workflow, deferrable=deferrable)

    accepted = run(workflow, deferrable=deferrable, on_partial_failure="succeed")
    assert accepted["state"] == "partial"


def test_a_run_that_the_vendor_timed_out_has_failed() -> None:
    with pytest.raises(errors.ExecutionFailed, match="TIMED_OUT"):
        run("times-out")


def test_the_result_is_what_the_response_node_answered(emulator: Emulator) -> None:
    assert run(payload={"a": 1})["output"] == {"received": {"a": 1}, "ok": True}
    assert run("no-response-node")["output"] is None


@pytest.mark.parametrize("options", [{"deferrable": False}, {"deferrable": True}, {"sync_execution": True}])
def test_a_huge_output_is_a_result_and_stays_at_the_vendor(
    emulator: Emulator, options: dict[str, Any]
) -> None:
    """Six megabytes are too many for XCom by default: the record says how to fetch them."""
    emulator.set_pace(looks=1)
    emulator.fail("refold", "get", "huge", times=None, bytes=6_000_000)
    emulator.fail("refold", "execute", "huge", bytes=6_000_000)

    record = run(**options)

    assert (record["state"], record["output"]) == ("succeeded", None)
    assert record["output_omitted"]["bytes"] == 6_000_000
    assert record["output_omitted"]["fetch"] == (
        f"RefoldHook('refold_default').get_execution('{record['execution_id']}').output"
    )
    with closing(RefoldHook("refold_default")) as hook:
        assert len(json.dumps(hook.get_execution(record["execution_id"]).output)) == 6_000_000


def test_of_a_node_that_was_tried_again_the_last_answer_counts() -> None:
    """Refold lists it once for each try."""
    body = {
        "status": "COMPLETED",
        "nodes": [
            {"node_type": "response", "latest_output": {"try": 1}},
            {"node_type": "response", "latest_output": {"try": 2}},
        ],
    }

    assert api.get_execution("1").read(answer(body)).output == {"try": 2}


@pytest.mark.parametrize("nodes", [None, [], [{}], [{"node_status": "Errored"}]])
def test_nodes_that_are_missing_or_bare_are_survived(nodes: Any) -> None:
    execution = api.get_execution("1").read(answer({"status": "ERRORED", "nodes": nodes}))

    assert (execution.state, execution.output) == (State.FAILED, None)


def test_a_failed_run_says_which_node_failed_and_why() -> None:
    with pytest.raises(errors.ExecutionFailed, match=r"node '.+' \(Errored\): Upstream CRM answered 403"):
        run("always-fails")


def test_an_unknown_id_hangs_at_the_vendor_and_not_here(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Refold was seen to leave such a request without an answer."""
    connect(monkeypatch, REFOLD, emulator, read_timeout=0.2)
    sensor = RefoldExecutionSensor(task_id="wait", execution_id=new_id(), timeout=0.5, poke_interval=0.05)

    with pytest.raises(errors.ExecutionTimedOut, match=sensor.execution_id):
        Task(lambda: sensor).run()


def test_our_requests_are_not_logged_one_by_one_and_other_peoples_are(
    emulator: Emulator, caplog: pytest.LogCaptureFixture
) -> None:
    """In a triggerer each line costs more than the request; but the library's logger is not ours to silence."""
    caplog.set_level("INFO", logger="httpx")

    run()
    assert [record for record in caplog.records if record.name == "httpx"] == []

    httpx.get(emulator.control_url + "/ledger")
    assert [record.name for record in caplog.records if record.name == "httpx"] == ["httpx"]


# -- stop, list, test -----------------------------------------------------------------------------------------------


def stop(execution_id: Any, **options: Any) -> Any:
    options = {"poll_interval": 0.01, **options}
    return Task(
        lambda: RefoldStopExecutionOperator(task_id="stop", execution_id=execution_id, **options)
    ).run()


def test_a_stop_ends_when_the_run_has_ended(emulator: Emulator) -> None:
    """Refold acknowledges at once; the run goes through STOPPING to STOPPED."""
    started = run("never-ends", wait_for_completion=False)

    record = stop(started["execution_id"])

    assert (record["state"], record["status"]) == ("stopped", "STOPPED")
    assert emulator.runs("refold")[0]["stops"] == 1


def test_a_stop_without_a_wait_ends_at_once(emulator: Emulator) -> None:
    started = run("never-ends", wait_for_completion=False)

    assert stop(started["execution_id"], wait_for_completion=False)["state"] in ("stopping", "stopped")


def test_a_run_that_is_over_is_not_stopped(emulator: Emulator) -> None:
    """What Refold does with such a request is not documented: none is sent."""
    assert stop(run()["execution_id"])["state"] == "succeeded"
    assert emulator.calls("refold", "stop") == []


@pytest.mark.parametrize("nothing", [None, "", "None"])
def test_a_teardown_with_nothing_to_stop_is_skipped(emulator: Emulator, nothing: Any) -> None:
    with pytest.raises(AirflowSkipException):
        stop(nothing)

    assert emulator.calls("refold") == []


def test_a_stop_that_takes_too_long_names_the_run(emulator: Emulator) -> None:
    started = run("never-ends", wait_for_completion=False)
    emulator.fail("refold", "get", "unknown_status", times=None)

    with pytest.raises(errors.ExecutionTimedOut, match=started["execution_id"]):
        stop(started["execution_id"], timeout=0.2)


def test_the_list_is_filtered_by_the_vendor(emulator: Emulator) -> None:
    """Filters go out under the vendor's names; its page comes back whole."""
    run()
    run("no-response-node")

    with closing(RefoldHook()) as hook:
        page = hook.list_executions(limit=1, status="COMPLETED", sort_asc=True, execution_type="ASYNC")

    query = emulator.calls("refold", "list")[0]["query"]
    assert query == {"limit": "1", "status": "COMPLETED", "sortAsc": "true", "execution_type": "ASYNC"}
    assert (len(page["docs"]), page["totalDocs"], page["hasNextPage"]) == (1, 2, True)


def test_the_hooks_methods_do_what_they_are_called(emulator: Emulator) -> None:
    with closing(RefoldHook("refold_default")) as hook:
        started = hook.execute_workflow("never-ends", slug="hubspot", payload={"a": 1})
        assert started.execution_id is not None
        assert hook.get_execution(started.execution_id).state in (State.QUEUED, State.RUNNING)
        assert hook.stop_execution(started.execution_id) == "Stopping instance"

    assert emulator.runs("refold")[0]["stops"] == 1


@pytest.mark.parametrize(
    ("fault", "options", "said"),
    [
        ("status", {"status": 503, "body": {"message": "maintenance"}}, "HTTP 503: maintenance"),
        ("html", {}, "HTTP 200"),
        ("hang", {}, "ReadTimeout"),
    ],
)
def test_a_connection_test_says_in_one_sentence_what_was_wrong(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch, fault: str, options: dict[str, Any], said: str
) -> None:
    monkeypatch.setattr("airflow_workflow_providers.hooks.base.TEST_LIMIT", 0.3)
    emulator.fail("refold", "list", fault, **options)

    ok, sentence = RefoldHook().test_connection()

    assert not ok
    assert said in sentence
    assert sentence.startswith("Refold could not check the connection: ")


def test_a_connection_test_with_a_wrong_key_names_the_connection(emulator: Emulator) -> None:
    emulator.revoke("refold")

    ok, sentence = RefoldHook().test_connection()

    assert not ok
    assert "HTTP 401: Invalid Credentials" in sentence
    assert "'refold_default'" in sentence


@pytest.mark.parametrize(
    ("host", "schema", "port", "url"),
    [
        (None, None, None, "https://app.refold.ai"),
        ("refold.example.com", None, None, "https://refold.example.com"),
        ("https://refold.example.com/", None, 0, "https://refold.example.com"),
        ("refold.example.com", "http", 8080, "http://refold.example.com:8080"),
    ],
)
def test_the_address_may_be_written_as_airflow_users_write_it(
    monkeypatch: pytest.MonkeyPatch, host: str | None, schema: str | None, port: int | None, url: str
) -> None:
    connection = {
        "conn_type": "refold",
        "host": host,
        "schema": schema,
        "port": port,
        "password": "tk_1",
        "extra": {"linked_account_id": "acct"},
    }
    monkeypatch.setenv("AIRFLOW_CONN_REFOLD_DEFAULT", json.dumps(connection))

    assert RefoldHook().session.settings.base_url == url


def test_templated_fields_are_named_and_kept_under_the_same_name() -> None:
    """Airflow renders what stands in ``template_fields``; a wrapped payload would not be found there."""
    values = {name: f"{{{{ {name} }}}}" for name in RefoldExecuteWorkflowOperator.template_fields}
    operator = RefoldExecuteWorkflowOperator(task_id="run", **values)

    assert {name: getattr(operator, name) for name in values} == values

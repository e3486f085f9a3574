"""What is Altostrat's own: one header for keys and tokens, runs that wait for a person, results in a log."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest
import structlog

from airflow_workflow_providers.apis import altostrat as api
from airflow_workflow_providers.core import errors
from airflow_workflow_providers.core.call import Answer
from airflow_workflow_providers.core.execution import State
from airflow_workflow_providers.emulator import Emulator
from airflow_workflow_providers.hooks.altostrat import AltostratHook
from airflow_workflow_providers.operators.altostrat import AltostratExecuteWorkflowOperator
from airflow_workflow_providers.sensors.altostrat import AltostratExecutionSensor
from tests.task import Task
from tests.vendors import ALTOSTRAT

pytestmark = pytest.mark.usefixtures("emulator")

FAILURE = "Webhook request failed: 503 Service Unavailable"
WEBHOOK = "https://v1.api.altostrat.io/workflows/webhooks/whsec_abc123-XYZ"


def run(workflow: str = "fl_sync_sites", **options: Any) -> dict[str, Any]:
    """Run a workflow to its end, through whichever mode the options say."""
    return Task(lambda: ALTOSTRAT.task(workflow, **options)).run()


def start(workflow: str) -> str:
    """Start a run that nobody waits for yet."""
    return str(run(workflow, wait_for_completion=False)["execution_id"])


def operator(workflow: str, deferrable: bool, **options: Any) -> Task:
    return Task(lambda: ALTOSTRAT.task(workflow, deferrable=deferrable, **options))


def sensor(workflow: str, deferrable: bool, **options: Any) -> Task:
    execution_id = start(workflow)
    options = {"poke_interval": 0.01, "deferrable": deferrable, **options}
    return Task(lambda: AltostratExecutionSensor(task_id="wait", execution_id=execution_id, **options))


every_mode = pytest.mark.parametrize(
    ("kind", "deferrable"),
    [(operator, False), (operator, True), (sensor, False), (sensor, True)],
    ids=["blocking", "deferred", "sensor", "deferred-sensor"],
)


def answer(body: Any, status: int = 200) -> Answer:
    return Answer(status, {}, json.dumps(body).encode())


def get(body: Any) -> Any:
    return api.get_execution("fl_run_1").read(answer(body))


# -- execute --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "body"),
    [
        ({}, {}),
        ({"context": {}}, {"context": {}}),
        (
            {"context": {"user_id": "usr_123", "deep": {"a": [1, None, "ä"]}}},
            {"context": {"user_id": "usr_123", "deep": {"a": [1, None, "ä"]}}},
        ),
    ],
)
def test_the_context_reaches_the_trigger_node_and_is_optional(
    emulator: Emulator, options: dict[str, Any], body: Any
) -> None:
    """As the page of Execute a workflow says: the id in the path, the context in the body, and nothing else."""
    record = run(**options)

    (call,) = emulator.calls("altostrat", "execute")
    assert (call["method"], call["path"]) == ("POST", "/workflows/fl_sync_sites/execute")
    assert call["query"] == {}
    assert call["body"] == body
    assert call["headers"]["content-type"] == "application/json"
    assert call["headers"]["authorization"] == "Bearer ***"
    assert emulator.runs("altostrat")[0]["input"] == options.get("context", {})
    assert record["output"]["received"] == options.get("context", {})


def test_an_id_is_one_segment_of_the_path() -> None:
    """Whatever a template brings, it cannot name another address."""
    odd = "fl_a/b c?ä%"
    encoded = "fl_a%2Fb%20c%3F%C3%A4%25"

    assert api.execute_workflow(odd).path == f"/workflows/{encoded}/execute"
    assert api.list_runs(odd).path == f"/workflows/{encoded}/executions"
    for call in (api.look, api.get_execution, api.get_run):
        assert call(odd).path == f"/workflows/runs/{encoded}"
        with pytest.raises(errors.InvalidInput, match="execution_id"):
            call("..")


def test_an_odd_id_arrives_as_it_was_written(emulator: Emulator) -> None:
    emulator.add_workflow("altostrat", "fl_nightly sync ä?")

    assert run("fl_nightly sync ä?")["state"] == "succeeded"


@pytest.mark.parametrize("secret", ["api_key", "token"])
def test_a_key_and_a_token_go_into_the_same_header(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch, secret: str
) -> None:
    """Altostrat tells them apart by how they begin."""
    account = emulator.account("altostrat")
    connection = {"conn_type": "altostrat", "host": account["base_url"], "password": account[secret]}
    monkeypatch.setenv("AIRFLOW_CONN_ALTOSTRAT_DEFAULT", json.dumps(connection))

    assert api.credentials(account[secret]) == {"Authorization": f"Bearer {account[secret]}"}
    assert run()["state"] == "succeeded"


def test_without_a_host_the_vendors_own_address_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """That of the specification, not the one of last year's pages."""
    monkeypatch.setenv(
        "AIRFLOW_CONN_ALTOSTRAT_DEFAULT", '{"conn_type": "altostrat", "password": "alto_sk_1"}'
    )

    assert AltostratHook().session.settings.base_url == "https://v1.api.altostrat.io"


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("pending", State.QUEUED),
        ("running", State.RUNNING),
        ("awaiting_ui_interaction", State.PAUSED),
        ("completed", State.QUEUED),
        ("failed", State.QUEUED),
        ("HIBERNATING", State.QUEUED),
    ],
)
def test_no_start_is_an_end(word: str, state: State) -> None:
    """The page's example of an accepted start says completed: it is no result, for it has no log."""
    started = api.execute_workflow("w").read(answer({"id": "fl_run_1", "status": word}, 202))

    assert (started.execution_id, started.state, started.status) == ("fl_run_1", state, word)
    assert not started.over


@pytest.mark.parametrize("deferrable", [False, True])
@pytest.mark.parametrize("word", ["completed", "failed"])
def test_a_start_that_is_answered_as_over_is_looked_at(
    emulator: Emulator, word: str, deferrable: bool
) -> None:
    """Only the read of a run has its log: there is the output, and there is the truth."""
    emulator.set_pace(looks=3)
    running = start("fl_sync_sites")
    said = {"id": running, "status": word, "error_message": FAILURE, "duration_in_seconds": 5}
    emulator.fail("altostrat", "execute", "status", status=202, body=said)

    record = run(deferrable=deferrable)

    assert (record["state"], record["status"]) == ("succeeded", "completed")
    assert record["output"] == {"received": {}, "ok": True}
    assert len(emulator.calls("altostrat", "get")) >= 3


@pytest.mark.parametrize("status", [{}, {"status": None}, {"status": 7}, {"status": ""}])
def test_a_start_needs_an_id_and_nothing_else(status: dict[str, Any]) -> None:
    """No member is marked as required: a run whose id is known is not lost."""
    body = {"id": "fl_run_1", "logs": "none", "error_message": 7, **status}

    started = api.execute_workflow("w").read(answer(body, 202))

    assert (started.execution_id, started.state, started.status) == ("fl_run_1", State.QUEUED, "pending")


@pytest.mark.parametrize("body", [{}, {"id": None}, {"id": ""}, {"id": 7}, {"new_run": {"id": "x"}}, []])
def test_a_start_without_an_id_is_lost(emulator: Emulator, body: Any) -> None:
    """A run may exist; its error shows what came, and nothing is sent again."""
    if isinstance(body, dict) and body:
        body = {**body, "status": "completed"}
    emulator.fail("altostrat", "execute", "status", status=202, body=body)

    with pytest.raises(errors.LostStart, match="HTTP 202"):
        run()

    assert [call["operation"] for call in emulator.calls("altostrat")] == ["execute"]


# -- a run that waits for a person ----------------------------------------------------------------------------------


@every_mode
def test_a_run_that_waits_for_a_person_is_waited_for_and_said_once(
    emulator: Emulator, kind: Callable[..., Task], deferrable: bool
) -> None:
    """Nobody would go and answer if the log did not say so; and nobody would read a log that said it each time."""
    emulator.set_pace(looks=8)
    task = kind("fl_asked_and_answered", deferrable)

    with structlog.testing.capture_logs() as logs:
        record = task.run()

    said = [entry for entry in logs if "waits for a person" in str(entry)]
    assert (record["state"], record["status"]) == ("succeeded", "completed")
    assert [entry["log_level"] for entry in said] == ["warning"]
    assert record["execution_id"] in str(said[0])
    assert len(emulator.calls("altostrat", "get")) >= 8


@every_mode
def test_a_run_that_waits_for_a_person_fails_the_task_where_the_author_wants_it(
    emulator: Emulator, kind: Callable[..., Task], deferrable: bool
) -> None:
    """It is looked at until then, and the error says why; the run itself is left to the person."""
    emulator.set_pace(looks=4)
    task = kind("fl_asks_a_person", deferrable, on_ui_interaction="fail", timeout=5)

    with pytest.raises(errors.ExecutionFailed, match=r"waits for a person \(awaiting_ui_inter") as failed:
        task.run()

    (known,) = emulator.runs("altostrat")
    assert failed.value.execution_id == known["execution_id"]
    assert known["execution_id"] in str(failed.value)
    assert known["status"] == "awaiting_ui_interaction"
    assert [kwargs["stop_at_pause"] for kwargs in task.deferrals] == [True] * len(task.deferrals)
    assert bool(task.deferrals) == deferrable


@every_mode
def test_a_run_that_no_person_answers_ends_at_the_deadline(
    emulator: Emulator, kind: Callable[..., Task], deferrable: bool
) -> None:
    task = kind("fl_asks_a_person", deferrable, timeout=0.15)

    with pytest.raises(errors.ExecutionTimedOut, match="awaiting_ui_interaction"):
        task.run()

    assert len(emulator.calls("altostrat", "get")) > 2


@pytest.mark.parametrize("deferrable", [False, True])
def test_a_run_that_waits_for_a_person_from_its_start_is_the_same(
    emulator: Emulator, deferrable: bool
) -> None:
    """The answer to the start may say so already."""
    emulator.set_pace(looks=6)
    emulator.add_workflow("altostrat", "fl_form", passes=["awaiting_ui_interaction"])

    with structlog.testing.capture_logs() as logs:
        record = run("fl_form", deferrable=deferrable)

    said = [entry for entry in logs if "waits for a person" in str(entry)]
    # A deferred wait is another process, whose log cannot know what the worker's has said.
    assert len(said) == (2 if deferrable else 1)
    assert record["state"] == "succeeded"
    with pytest.raises(errors.ExecutionFailed, match="waits for a person"):
        run("fl_form", deferrable=deferrable, on_ui_interaction="fail")


@pytest.mark.parametrize("choice", ["click", None, "", True])
def test_no_other_choice_is_taken_when_the_dag_is_parsed(choice: Any) -> None:
    for refused in (
        lambda: AltostratExecuteWorkflowOperator(task_id="a", workflow_id="w", on_ui_interaction=choice),
        lambda: AltostratExecutionSensor(task_id="a", execution_id="e", on_ui_interaction=choice),
    ):
        with pytest.raises(errors.InvalidInput, match="on_ui_interaction"):
            refused()


# -- statuses and results -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("status", "state"), api.STATUSES.items())
def test_every_status_of_the_page_has_one_meaning(status: str, state: State) -> None:
    """Success is success in one place only."""
    looked = api.look("fl_run_1").read(answer({"id": "fl_run_1", "status": status}))

    assert (looked.execution_id, looked.state, looked.status) == ("fl_run_1", state, status)
    assert get({"status": status}).state is state
    assert (state is State.SUCCEEDED) == (status == "completed")
    assert looked.over == (status in ("completed", "failed"))


def test_the_table_is_the_pages() -> None:
    assert set(api.STATUSES) == {"pending", "running", "completed", "failed", "awaiting_ui_interaction"}


@pytest.mark.parametrize("status", ["Completed", "success", "cancelled", "HIBERNATING", ""])
def test_any_other_status_is_unknown(status: str) -> None:
    """Even if the rest of the answer looks like the end of a run."""
    body = {"status": status, "completed_at": "2025-10-31T12:00:05.000000Z", "logs": [{"output": {"a": 1}}]}

    assert api.look("1").read(answer(body)).state is State.UNKNOWN
    assert (get(body).state, get(body).output) == (State.UNKNOWN, None)


@pytest.mark.parametrize("body", [{}, {"status": None}, {"status": 1}, {"status": ["completed"]}, [], None])
def test_an_answer_without_a_status_says_nothing_of_a_run(body: Any) -> None:
    """It is one clear error and no success, however much else it has."""
    if isinstance(body, dict):
        body = {"id": "fl_run_1", "completed_at": "2025-10-31T12:00:05Z", "logs": [{"output": 1}], **body}

    for call in (api.look, api.get_execution, api.get_run):
        with pytest.raises(errors.UnreadableAnswer, match="HTTP 200 with something else"):
            call("fl_run_1").read(answer(body))


@pytest.mark.parametrize("deferrable", [False, True])
def test_the_result_is_the_output_of_the_last_log(emulator: Emulator, deferrable: bool) -> None:
    """A run has no other; what the earlier steps put out stays at the vendor."""
    logs = [{"output": {"first": 1}}, {"output": {"status": 200, "body": {"message": "ok"}}}]
    emulator.add_workflow("altostrat", "fl_steps", logs=logs)

    assert run("fl_steps", deferrable=deferrable)["output"] == {"status": 200, "body": {"message": "ok"}}
    assert run("fl_no_logs", deferrable=deferrable)["output"] is None


@pytest.mark.parametrize(
    ("logs", "output"),
    [
        ({}, None),
        ({"logs": None}, None),
        ({"logs": []}, None),
        ({"logs": [{}]}, None),
        ({"logs": [{"output": None}]}, None),
        ({"logs": [{"output": {"a": 1}}, {"status": "warning", "output": {"b": 2}}]}, {"b": 2}),
        ({"logs": [{"output": {"a": 1}}, {"node_id": "n2", "status": "error"}]}, None),
        # An output is an object, says the page; whatever it is, it is the result.
        ({"logs": [{"output": []}]}, []),
        ({"logs": [{"output": "text"}]}, "text"),
        ({"logs": [{"output": 0}]}, 0),
        ({"logs": [{"node_id": 7, "component_id": None, "status": None, "output": False}]}, False),
    ],
)
def test_a_result_of_any_shape_is_survived(logs: dict[str, Any], output: Any) -> None:
    execution = get({"status": "completed", **logs})

    assert (execution.state, execution.output) == (State.SUCCEEDED, output)


@pytest.mark.parametrize("logs", ["text", {"n1": {}}, [None], ["text"]])
def test_a_log_that_is_none_ends_in_one_error_but_does_not_end_a_wait(logs: Any) -> None:
    """A look does not need it. A success without its result would be worse than an error that names the place."""
    assert api.look("1").read(answer({"status": "running", "logs": logs})).state is State.RUNNING
    with pytest.raises(errors.UnreadableAnswer, match="logs"):
        get({"status": "completed", "logs": logs})


@pytest.mark.parametrize("status", ["pending", "running", "awaiting_ui_interaction"])
def test_a_run_that_is_not_over_has_no_result_yet(status: str) -> None:
    """The last entry of its log is that of a step on the way; an error there need not be the end of it."""
    log = {"node_id": "n1", "status": "error", "output": {"a": 1}}
    execution = get({"status": status, "completed_at": "2025-10-31T12:00:05Z", "logs": [log]})

    assert (execution.over, execution.output, execution.message) == (False, None, None)


def test_the_pages_own_example_is_a_success() -> None:
    """It is completed and carries an error_message: the status decides."""
    execution = get(
        {
            "id": "fl_run_01h3j4k5l6m7n8p9q0r1s2t3u4",
            "status": "completed",
            "error_message": FAILURE,
            "started_at": "2025-10-31T12:00:00.000000Z",
            "completed_at": "2025-10-31T12:00:05.000000Z",
            "duration_in_seconds": 5,
            "logs": [
                {
                    "id": "fl_log_01h3j4k5l6m7n8p9q0r1s2t3u4",
                    "node_id": "n2",
                    "component_id": "webhook",
                    "status": "success",
                    "output": {"status": 200, "body": {"message": "ok"}},
                    "created_at": "2025-10-31T12:00:02.000000Z",
                }
            ],
        }
    )

    assert (execution.state, execution.message) == (State.SUCCEEDED, None)
    assert execution.output == {"status": 200, "body": {"message": "ok"}}


def test_a_run_that_went_on_after_an_error_is_a_success(emulator: Emulator) -> None:
    """The author of the workflow has said so, with continue_on_error."""
    record = run("fl_continues_on_error", context={"a": 1})

    assert (record["state"], record["output"]) == ("succeeded", {"received": {"a": 1}, "ok": True})


@every_mode
def test_a_failed_run_says_why(kind: Callable[..., Task], deferrable: bool) -> None:
    with pytest.raises(errors.ExecutionFailed, match=f"failed \\(failed\\): {FAILURE}"):
        kind("fl_always_fails", deferrable).run()


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"error_message": FAILURE, "logs": [{"node_id": "n1", "status": "error"}]}, FAILURE),
        (
            {
                "error_message": None,
                "logs": [
                    {"node_id": "n1", "status": "success"},
                    {"node_id": "n2", "status": "error", "output": {"password": "hunter2"}},
                    {"node_id": "n3", "status": "warning"},
                    {"node_id": "n4", "status": "error"},
                ],
            },
            "an error in node 'n2', node 'n4'",
        ),
        ({"error_message": "", "logs": [{"node_id": "n2", "status": "error"}]}, "an error in node 'n2'"),
        ({"error_message": {"reason": "no"}}, '{"reason": "no"}'),
        ({"error_message": "two\nlines"}, "two lines"),
        ({"error_message": f"POST {WEBHOOK}?sig=s3cr3t failed"}, f"POST {WEBHOOK[:-10]}***?*** failed"),
        ({"error_message": None, "logs": [{"node_id": "n1", "status": "success"}]}, None),
        ({"logs": None}, None),
        ({}, None),
    ],
)
def test_a_failed_run_is_explained_as_well_as_can_be(members: dict[str, Any], message: str | None) -> None:
    """By its own message, else by the nodes whose log is an error; what they put out stays out of it."""
    execution = get({"status": "failed", **members})

    assert (execution.state, execution.message) == (State.FAILED, message)


def test_error_logs_are_named_where_there_is_no_message(emulator: Emulator) -> None:
    emulator.add_workflow("altostrat", "fl_mute", ends="failed", error="")

    with pytest.raises(errors.ExecutionFailed, match="an error in node 'n2'"):
        run("fl_mute")


@every_mode
def test_a_huge_output_is_a_result_and_stays_at_the_vendor(
    emulator: Emulator, kind: Callable[..., Task], deferrable: bool
) -> None:
    """Six megabytes are too many for XCom by default: the record says how to fetch them."""
    emulator.set_pace(looks=1)
    emulator.fail("altostrat", "get", "huge", times=None, bytes=6_000_000)

    record = kind("fl_sync_sites", deferrable).run()

    assert (record["state"], record["output"]) == ("succeeded", None)
    assert record["output_omitted"] == {
        "bytes": 6_000_000,
        "fetch": f"AltostratHook('altostrat_default').get_execution('{record['execution_id']}').output",
    }


# -- refusals -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (
            {
                "type": "invalid_request_error",
                "code": "parameter_missing",
                "message": "The 'name' parameter is required for this request.",
                "doc_url": "https://docs.altostrat.io/errors/parameter_missing",
            },
            "The 'name' parameter is required for this request. (parameter_missing)",
        ),
        ({"message": "Unauthorized or invalid token provided."}, "Unauthorized or invalid token provided."),
        (
            {"message": "The context field must be an array.", "errors": {"context": ["..."]}},
            "The context field must be an array.",
        ),
        ({"code": "server_error"}, "server_error"),
        ({"message": None, "code": "server_error"}, "server_error"),
        ({"message": {"a": 1}, "code": 7}, '{"a": 1} (7)'),
        ({"message": ["a"]}, '["a"]'),
        ({"message": f"No workflow at {WEBHOOK}."}, f"No workflow at {WEBHOOK[:-10]}***."),
        ({"message": ""}, None),
        ({}, None),
        ([], None),
        ("text", None),
    ],
)
def test_both_envelopes_are_read(body: Any, said: str | None) -> None:
    """The reference's and Laravel's; in neither does anything have to be what it should be."""
    assert api.explain(answer(body, 400)) == said
    assert api.explain(Answer(502, {}, b"<html>")) is None


@pytest.mark.parametrize(
    ("shape", "said"),
    [
        ("middleware", "HTTP 401: Unauthorized or invalid token provided."),
        (
            "documented",
            "HTTP 401: The request requires authentication, but a valid token was not provided. (unauthorized)",
        ),
    ],
)
@pytest.mark.parametrize("deferrable", [False, True])
def test_a_401_of_either_shape_names_the_connection(
    emulator: Emulator, shape: str, said: str, deferrable: bool
) -> None:
    emulator.configure("altostrat", unauthorized=shape)
    emulator.revoke("altostrat")

    with pytest.raises(errors.AuthFailed, match="'altostrat_default'") as refused:
        run(deferrable=deferrable)
    ok, sentence = AltostratHook().test_connection()

    assert said in str(refused.value)
    assert not ok
    assert sentence == (
        f"Altostrat could not check the connection: {said.rstrip('.')}. "
        "The credentials are those of connection 'altostrat_default'."
    )
    assert emulator.runs("altostrat") == []


@pytest.mark.parametrize(
    ("workflow", "error", "said"),
    [
        ("fl_no_such_workflow", errors.NotFound, r"HTTP 404: .+ \(not_found\)"),
        ("fl_forbidden", errors.AuthFailed, r"HTTP 403: .+ \(forbidden\).*'altostrat_default'"),
    ],
)
def test_what_is_refused_was_not_started(
    emulator: Emulator, workflow: str, error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=f"could not start workflow {workflow}: {said}.*") as refused:
        run(workflow)

    assert "Nothing was started" in str(refused.value)
    assert len(emulator.calls("altostrat")) == 1


def test_laravels_422_is_a_refusal_in_its_words(emulator: Emulator) -> None:
    """No page has it; the framework answers so when it does not like a member."""
    said = "The context field must be an array."
    body = {"message": said, "errors": {"context": [said]}}
    emulator.fail("altostrat", "execute", "status", status=422, body=body)

    with pytest.raises(errors.RequestRefused, match=f"HTTP 422: {said[:-1]}. Nothing was started"):
        run()

    assert emulator.runs("altostrat") == []


def test_a_500_in_the_documented_envelope_is_a_lost_start(emulator: Emulator) -> None:
    """It does not say whether the run was accepted before the error."""
    emulator.fail("altostrat", "execute", "server_error")

    with pytest.raises(errors.LostStart, match=r"HTTP 500: An unexpected error .+ \(server_error\)"):
        run()


def test_a_run_that_is_not_known_ends_in_an_error_that_names_it(emulator: Emulator) -> None:
    task = Task(
        lambda: AltostratExecutionSensor(
            task_id="wait", execution_id="fl_run_gone", poke_interval=0.01, timeout=30
        )
    )

    with pytest.raises(errors.NotFound, match="fl_run_gone"):
        task.run()


@every_mode
def test_the_address_of_a_webhook_is_kept_nowhere(
    emulator: Emulator, kind: Callable[..., Task], deferrable: bool
) -> None:
    """Its path is its key: whoever has it can start the workflow."""
    error = f"cURL error 28 for {WEBHOOK}"
    emulator.add_workflow("altostrat", "fl_calls", ends="failed", error=error)
    task = kind("fl_calls", deferrable)

    with structlog.testing.capture_logs() as logs, pytest.raises(errors.ExecutionFailed, match=r"whsec_\*"):
        task.run()

    assert "abc123-XYZ" not in task.everything_kept() + str(logs)


# -- the connection test --------------------------------------------------------------------------------------------


def test_a_right_connection_is_accepted(emulator: Emulator) -> None:
    assert AltostratHook().test_connection() == (True, "Altostrat accepts this connection.")

    (call,) = emulator.calls("altostrat")
    assert (call["method"], call["path"], call["query"]) == ("GET", "/workflows", {})


@pytest.mark.parametrize("body", [[], [{"id": "fl_1"}], {"data": [], "links": {}, "meta": {}}])
def test_a_list_of_workflows_may_be_an_array_or_a_page(body: Any) -> None:
    """An array is documented; the same vendor's other list is a page."""
    api.check().read(answer(body))


@pytest.mark.parametrize(
    ("fault", "options", "said"),
    [
        ("html", {}, "HTTP 200 with something else"),
        ("not_json", {}, "HTTP 200 with something else"),
        ("truncated", {}, "HTTP 200 with something else"),
        ("status", {"status": 200, "body": {"message": "Unauthenticated."}}, "Unauthenticated."),
        (
            "status",
            {"status": 302, "body": {}, "headers": {"Location": "https://sso.example.com/"}},
            "redirect",
        ),
        ("status", {"status": 403}, "HTTP 403: The authenticated user does not have permission"),
        ("status", {"status": 503}, "HTTP 503: Service Unavailable"),
        ("hang", {}, "ReadTimeout"),
    ],
)
def test_a_connection_test_says_in_one_sentence_what_was_wrong(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch, fault: str, options: dict[str, Any], said: str
) -> None:
    """A page of a proxy, or of something else that answers 200, is not Altostrat."""
    monkeypatch.setattr("airflow_workflow_providers.hooks.base.TEST_LIMIT", 0.3)
    emulator.fail("altostrat", "list_workflows", fault, **options)

    ok, sentence = AltostratHook().test_connection()

    assert not ok
    assert said in sentence
    assert sentence.startswith("Altostrat could not check the connection: ")
    assert "\n" not in sentence


@pytest.mark.parametrize("address", [WEBHOOK, WEBHOOK.replace("/", "\\/")])
def test_a_connection_test_shows_no_webhooks_address(address: str) -> None:
    """Each workflow has one, and PHP writes its slashes escaped; an answer cut short is quoted all the same."""
    cut = f'[{{"id":"fl_1","webhook_url":"{address}"}},'.encode()

    with pytest.raises(errors.UnreadableAnswer, match="fl_1") as unreadable:
        api.check().read(Answer(200, {}, cut))

    assert "abc123" not in str(unreadable.value)


# -- the hook -------------------------------------------------------------------------------------------------------


def test_the_hooks_methods_do_what_they_are_called(emulator: Emulator) -> None:
    """Start, look, and read with and without the whole log."""
    with closing(AltostratHook("altostrat_default")) as hook:
        started = hook.execute_workflow("fl_sync_sites", context={"a": 1})
        assert started.execution_id is not None
        going = hook.get_run(started.execution_id)
        ended = hook.get_execution(started.execution_id)
        known = hook.get_run(started.execution_id)

    assert (started.state, started.output) == (State.QUEUED, None)
    assert going["status"] in ("pending", "running")
    assert (ended.state, ended.output, ended.url) == (
        State.SUCCEEDED,
        {"received": {"a": 1}, "ok": True},
        None,
    )
    assert set(known) == {
        "id",
        "status",
        "error_message",
        "started_at",
        "completed_at",
        "duration_in_seconds",
        "logs",
    }
    assert (known["id"], known["status"]) == (started.execution_id, "completed")
    assert [(log["node_id"], log["status"]) for log in known["logs"]] == [
        ("n1", "success"),
        ("n2", "success"),
    ]
    assert known["logs"][-1]["output"] == ended.output
    assert set(known["logs"][0]) == {"id", "node_id", "component_id", "status", "output", "created_at"}


def test_a_run_is_given_as_altostrat_describes_it() -> None:
    """With what no page has; and what is missing can be asked for."""
    body = {"status": "running", "trigger_payload": {"a": 1}, "logs": [{"node_id": 7, "more": True}]}

    known = api.get_run("fl_run_1").read(answer(body))

    assert known == {"id": None, "error_message": None, **body}


def test_the_list_of_runs_comes_in_pages_newest_first(emulator: Emulator) -> None:
    with closing(AltostratHook()) as hook:
        ids = [hook.execute_workflow("fl_sync_sites").execution_id for _ in range(17)]
        first, second = hook.list_runs("fl_sync_sites"), hook.list_runs("fl_sync_sites", page=2)
        with pytest.raises(errors.NotFound, match="fl_no_such_workflow"):
            hook.list_runs("fl_no_such_workflow")

    calls = emulator.calls("altostrat", "list")
    assert [call["query"] for call in calls[:2]] == [{"page": "1"}, {"page": "2"}]
    assert {call["path"] for call in calls[:2]} == {"/workflows/fl_sync_sites/executions"}
    assert [known["id"] for known in first["data"] + second["data"]] == ids[::-1]
    assert (first["meta"]["last_page"], first["meta"]["total"]) == (2, 17)
    assert first["links"]["next"].endswith("?page=2")
    assert second["links"]["next"] is None
    assert "logs" not in first["data"][0]


@pytest.mark.parametrize("page", [0, -1, True, "2", 1.0, None])
def test_a_page_that_is_no_number_is_refused_before_anything_is_sent(emulator: Emulator, page: Any) -> None:
    """The vendor would take it for the first, and a loop over pages would never end."""
    with pytest.raises(errors.InvalidInput, match="page"):
        api.list_runs("fl_sync_sites", page=page)


@pytest.mark.parametrize("body", [[], {}, {"data": None}, {"data": {"a": 1}}, {"data": ["text"]}])
def test_a_list_that_is_no_page_is_one_clear_error(body: Any) -> None:
    with pytest.raises(errors.UnreadableAnswer, match="HTTP 200 with something else"):
        api.list_runs("fl_1").read(answer(body))


def test_nothing_is_sent_to_stop_a_run_and_no_page_is_made_up() -> None:
    assert api.stop_execution("fl_run_1") is None
    assert api.execution_url("https://v1.api.altostrat.io", "fl_run_1") is None


def test_templated_fields_are_named_and_kept_under_the_same_name() -> None:
    """Airflow renders what stands in ``template_fields``."""
    values = {name: f"{{{{ {name} }}}}" for name in AltostratExecuteWorkflowOperator.template_fields}
    task = AltostratExecuteWorkflowOperator(task_id="run", **values)

    assert {name: getattr(task, name) for name in values} == values
    assert set(values) == {"workflow_id", "context", "altostrat_conn_id"}
    assert set(AltostratExecutionSensor.template_fields) == {"execution_id", "altostrat_conn_id"}

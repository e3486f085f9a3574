"""What is Laminar's own: the external call, which no row of the laws stands for, and the jobs' own shapes."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest
import structlog
from airflow.providers.common.compat.sdk import AirflowFailException

from airflow_workflow_providers.apis import laminar as api
from airflow_workflow_providers.apis import laminar_jobs as jobs
from airflow_workflow_providers.core import errors
from airflow_workflow_providers.core.call import Answer
from airflow_workflow_providers.core.execution import State
from airflow_workflow_providers.emulator import Emulator
from airflow_workflow_providers.hooks.laminar import LaminarHook, LaminarJobHook
from airflow_workflow_providers.operators.laminar import LaminarExecuteWorkflowOperator
from airflow_workflow_providers.sensors.laminar import LaminarJobExecutionSensor
from tests.conftest import connect
from tests.task import Task
from tests.vendors import LAMINAR_JOBS

pytestmark = pytest.mark.usefixtures("emulator")

CALLBACK = "https://hooks.example.com/in/t0ken-in-the-path?signature=s1gned"


def external(workflow: int | str = 39, **options: Any) -> Task:
    """Return a task that runs a workflow of the external API."""
    retries = options.pop("retries", 0)
    return Task(
        lambda: LaminarExecuteWorkflowOperator(task_id="run", workflow_id=workflow, **options),
        retries=retries,
    )


def run(workflow: int | str = 39, **options: Any) -> dict[str, Any]:
    return external(workflow, **options).run()


def job(path: str = "sync-invoices", **options: Any) -> dict[str, Any]:
    return Task(lambda: LAMINAR_JOBS.task(path, **options)).run()


def answer(body: Any, status: int = 200, **headers: str) -> Answer:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Answer(status, {name.replace("_", "-"): value for name, value in headers.items()}, content)


def change(monkeypatch: pytest.MonkeyPatch, emulator: Emulator, **fields: Any) -> None:
    """Set the default connection to one with some fields changed."""
    connection = {**emulator.connection("laminar"), **fields}
    monkeypatch.setenv("AIRFLOW_CONN_LAMINAR_DEFAULT", json.dumps(connection))


# -- the external call: what is sent --------------------------------------------------------------------------------


def test_every_parameter_reaches_the_vendor(emulator: Emulator) -> None:
    """As the page of Execute Workflow (External) says: the path, five query parameters, a body; the key in a header."""
    record = run(
        payload={"data": "your workflow input"},
        configuration_id="store & co",
        response_type="json",
        start_from_step=2,
        end_at_step=3,
        callback_url=CALLBACK,
    )

    (call,) = emulator.calls("laminar", "execute")
    assert (call["method"], call["path"]) == ("POST", "/workflow/execute/external/39")
    assert call["query"] == {
        "configuration_id": "store & co",
        "response_type": "json",
        "start_from_step": "2",
        "end_at_step": "3",
        "callback_url": CALLBACK,
    }
    assert call["headers"]["x-api-key"] == "***"
    assert call["headers"]["content-type"] == "application/json"
    assert call["body"] == {"data": "your workflow input"}
    assert record == {
        "execution_id": None,
        "state": "succeeded",
        "status": "HTTP 200",
        "output": {"received": {"data": "your workflow input"}, "ok": True},
        "url": None,
    }


def test_what_is_not_given_is_not_sent(emulator: Emulator) -> None:
    """No parameter has a default of ours, and no body is sent without an input."""
    run()

    (call,) = emulator.calls("laminar", "execute")
    assert (call["query"], call["body"]) == ({}, None)


@pytest.mark.parametrize("payload", [{"a": [1]}, [1, "two"], "text", 7, 0, False, "", {}])
def test_the_input_is_json_of_any_type(emulator: Emulator, payload: Any) -> None:
    """What is empty is an input too."""
    assert run(payload=payload)["output"]["received"] == payload
    assert emulator.runs("laminar")[0]["input"] == payload


@pytest.mark.parametrize("workflow", [39, "39", " 39 "])
def test_an_id_is_a_number_or_its_text(emulator: Emulator, workflow: int | str) -> None:
    run(workflow)

    assert emulator.runs("laminar")[0]["workflow_id"] == "39"


def test_an_id_is_one_segment_of_the_path() -> None:
    """A slash or a question mark in it cannot lead elsewhere."""
    assert api.execute_workflow("a/b ä?c").path == "/workflow/execute/external/a%2Fb%20%C3%A4%3Fc"


@pytest.mark.parametrize(
    "window", [{"end_at_step": 2}, {"start_from_step": 2, "end_at_step": 2}, {"start_from_step": 2}]
)
def test_a_window_of_steps_may_be_open_or_a_single_step(emulator: Emulator, window: dict[str, int]) -> None:
    run(**window)

    assert emulator.calls("laminar", "execute")[0]["query"] == {k: str(v) for k, v in window.items()}


# -- law 8, of the external call ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parameters", "name"),
    [
        ({"workflow_id": ""}, "workflow_id"),
        ({"workflow_id": ".."}, "workflow_id"),
        ({"workflow_id": None}, "workflow_id"),
        ({"payload": {"when": object()}}, "payload"),
        ({"payload": [float("nan")]}, "payload"),
        ({"configuration_id": ""}, "configuration_id"),
        ({"configuration_id": "None"}, "configuration_id"),
        ({"response_type": ""}, "response_type"),
        ({"response_type": 7}, "response_type"),
        ({"start_from_step": 0}, "start_from_step"),
        ({"start_from_step": "1"}, "start_from_step"),
        ({"start_from_step": True}, "start_from_step"),
        ({"end_at_step": -1}, "end_at_step"),
        ({"start_from_step": 3, "end_at_step": 2}, "start_from_step=3 comes after end_at_step=2"),
        ({"callback_url": "hooks.example.com"}, "callback_url"),
        ({"callback_url": "ftp://hooks.example.com"}, "callback_url"),
        ({"callback_url": "https://"}, "callback_url"),
        ({"callback_url": "http://[s3cret"}, "callback_url"),
        ({"timeout": 0}, "timeout"),
        ({"timeout": "soon"}, "timeout"),
        ({"max_inline_output": -1}, "max_inline_output"),
    ],
)
def test_bad_input_is_refused_when_the_dag_is_parsed(
    emulator: Emulator, parameters: dict[str, Any], name: str
) -> None:
    """Law 8: one error, which names the parameter, and no call."""
    with pytest.raises(errors.InvalidInput, match=name):
        external(**{"workflow": parameters.pop("workflow_id", 39), **parameters}).run()

    assert emulator.calls("laminar") == []


def test_a_bad_callback_address_is_not_repeated() -> None:
    """Law 7: a typing error does not make it less of a secret; its cause would be shown with it."""
    for address in ("http://[s3cret", "s3cret.example.com/x", "https://s3cret\uff03.example.com"):
        with pytest.raises(errors.InvalidInput) as refused:
            external(callback_url=address).run()
        assert "s3cret" not in f"{refused.value}{refused.value.__cause__}"
        assert refused.value.__suppress_context__ or refused.value.__context__ is None


@pytest.mark.parametrize("field", ["workflow_id", "configuration_id"])
def test_a_template_that_renders_to_nothing_is_refused_before_anything_is_sent(
    emulator: Emulator, field: str
) -> None:
    """Law 8: it is fine at parse, where nothing is known of it, and is refused in the task."""
    operator = LaminarExecuteWorkflowOperator(
        task_id="run", **{"workflow_id": 39, field: "{{ ti.xcom_pull('missing') }}"}
    )
    setattr(operator, field, "None")

    with pytest.raises(errors.InvalidInput, match=field):
        operator.execute(Task(lambda: operator).context(operator))

    assert emulator.calls("laminar") == []


def test_templated_fields_are_named_and_the_callback_address_is_none_of_them() -> None:
    """Law 7: Airflow stores rendered fields, and shows them."""
    fields = LaminarExecuteWorkflowOperator.template_fields
    values = {name: f"{{{{ {name} }}}}" for name in fields}
    operator = LaminarExecuteWorkflowOperator(task_id="run", **values)

    assert {name: getattr(operator, name) for name in values} == values
    assert "callback_url" not in fields


# -- law 1, of the external call ------------------------------------------------------------------------------------


@pytest.mark.parametrize("deferrable", [False, True])
@pytest.mark.parametrize(
    ("fault", "options"),
    [
        ("lost_answer", {}),
        ("lost_answer", {"clean": True}),
        ("reset", {}),
        ("html", {}),
        ("html", {"status": 502}),
        ("html", {"status": 504}),
        ("server_error", {"carry_out": True}),
        ("server_error", {"status": 529}),
        ("status", {"status": 408}),
    ],
)
def test_a_run_whose_answer_was_lost_is_reported_and_not_repeated(
    emulator: Emulator, fault: str, options: dict[str, Any], deferrable: bool
) -> None:
    """Law 1: whatever was lost, and however many retries the task has, the vendor is asked once."""
    emulator.fail("laminar", "execute", fault, **options)
    task = external(deferrable=deferrable, retries=3)

    with pytest.raises(errors.LostStart, match=r"Laminar could not run workflow 39.*a run may exist") as lost:
        task.run()

    assert isinstance(lost.value, AirflowFailException)
    assert (len(emulator.calls("laminar", "execute")), task.tries) == (1, 1)


def test_timeout_is_how_long_the_answer_may_take(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """Law 1 and what is left of law 4: the read timeout of the connection is for short calls, and does not hold."""
    connect(monkeypatch, LAMINAR_JOBS, emulator, read_timeout=0.05)
    emulator.fail("laminar", "execute", "slow", seconds=0.3)
    assert run()["state"] == "succeeded"

    begun = time.monotonic()
    with pytest.raises(errors.LostStart, match="a run may exist"):
        run(41, timeout=0.5, retries=2)

    assert time.monotonic() - begun < 3
    assert len(emulator.calls("laminar", "execute")) == 2


def test_a_run_that_was_refused_with_429_is_tried_again(emulator: Emulator) -> None:
    """Law 1: 429 says that nothing was done; the next attempt starts the one run."""
    emulator.fail("laminar", "execute", "rate_limit", times=2, retry_after=0)

    assert run()["state"] == "succeeded"

    assert [call["status"] for call in emulator.calls("laminar", "execute")] == [429, 429, 200]
    assert len(emulator.runs("laminar")) == 1


def test_a_run_that_never_left_says_so(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """Law 1: nothing listens at the address; every attempt is safe, and nothing was started."""
    change(monkeypatch, emulator, host="http://127.0.0.1:9")
    operator = LaminarExecuteWorkflowOperator(task_id="run", workflow_id=39)
    slept: list[float] = []
    operator.hook.sleep = slept.append

    with pytest.raises(errors.Unavailable, match="Nothing was started") as down:
        operator.execute(Task(lambda: operator).context(operator))

    assert not down.value.sent
    assert len(slept) == 4
    assert emulator.runs("laminar") == []


@pytest.mark.parametrize(
    ("status", "error"),
    [(401, errors.AuthFailed), (403, errors.AuthFailed), (404, errors.NotFound)],
)
def test_a_refusal_is_not_a_failed_run(
    emulator: Emulator, status: int, error: type[errors.WorkflowError]
) -> None:
    """Law 1: nothing was started, and the error says so."""
    emulator.fail("laminar", "execute", "status", status=status)

    with pytest.raises(error, match=f"HTTP {status}: .*Nothing was started"):
        run()

    assert len(emulator.calls("laminar", "execute")) == 1


def test_an_unknown_workflow_and_a_wrong_key_are_told_apart(emulator: Emulator) -> None:
    with pytest.raises(errors.NotFound, match=r"could not run workflow 999: HTTP 404: .*Workflow not found"):
        run(999)
    with closing(LaminarHook()) as hook:
        hook.execute_workflow(39)
        emulator.revoke("laminar")
        with pytest.raises(errors.AuthFailed, match=r"HTTP 401: .*Unauthorized.*'laminar_default'"):
            hook.execute_workflow(39)


def test_a_redirect_is_not_followed(emulator: Emulator) -> None:
    """The key would go along, and the run might start elsewhere."""
    emulator.fail(
        "laminar", "execute", "status", status=302, headers={"Location": "https://login.example.com/"}
    )

    with pytest.raises(errors.RequestRefused, match=r"HTTP 302, a redirect to 'https://login.example.com/'"):
        run()

    assert len(emulator.calls("laminar")) == 1


# -- law 7, of the external call ------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [None, 400, 401, 422, 500])
def test_no_secret_is_kept_or_said_anywhere(
    emulator: Emulator, status: int | None, caplog: pytest.LogCaptureFixture
) -> None:
    """Law 7: not even where the vendor repeats the key in an error, or logging is at its loudest."""
    caplog.set_level(logging.DEBUG)
    if status:
        emulator.fail("laminar", "execute", "echo_secret", status=status)
    task = external(callback_url=CALLBACK, deferrable=True)

    with structlog.testing.capture_logs() as logs:
        try:
            task.run()
        except errors.WorkflowError:
            assert status
        else:
            assert not status

    hook = task.operator.hook
    kept = task.everything_kept() + json.dumps(logs, default=str) + caplog.text
    kept += repr([vars(hook), hook.session.settings, vars(hook.session)])
    account = emulator.account("laminar")
    secrets = (account["api_key"], account["trigger_api_key"], "t0ken-in-the-path", "s1gned")
    assert [secret for secret in secrets if secret in kept] == []
    assert not any(account["api_key"] in call["query"].values() for call in emulator.calls("laminar"))
    assert "api_key" not in emulator.calls("laminar", "execute")[0]["query"]


def test_a_callback_address_that_the_vendor_repeats_is_left_out_of_the_error(emulator: Emulator) -> None:
    """Law 7: it is a secret in its path as well as in its query."""
    body = {"error": f"callback {CALLBACK} and {json.dumps(CALLBACK)} could not be reached"}
    emulator.fail("laminar", "execute", "status", status=400, body=body)
    task = external(callback_url=CALLBACK)

    with pytest.raises(errors.ExecutionFailed, match="could not be reached"):
        task.run()

    assert [part for part in ("t0ken", "s1gned") if part in task.everything_kept()] == []


# -- the external call: what comes back -----------------------------------------------------------------------------


@pytest.mark.parametrize("deferrable", [False, True])
@pytest.mark.parametrize(
    ("workflow", "status", "output"),
    [
        (39, "HTTP 200", {"received": {"a": 1}, "ok": True}),
        (42, "HTTP 200", "plain words"),
        (43, "HTTP 200", [1, 2, 3]),
        (44, "HTTP 201", {"created": True}),
        (46, "HTTP 200", None),
        # Ending early with lam.exit is a success to Laminar, whatever the author says with it.
        (47, "HTTP 200", {"error": "Out of stock"}),
    ],
)
def test_the_answer_is_the_output(
    emulator: Emulator, workflow: int, status: str, output: Any, deferrable: bool
) -> None:
    """One request, whatever ``deferrable`` says; nothing about the body is documented, so all of it is the output."""
    task = external(workflow, payload={"a": 1}, deferrable=deferrable)

    record = task.run()

    assert (record["state"], record["status"], record["output"]) == ("succeeded", status, output)
    assert (record["execution_id"], record["url"]) == (None, None)
    assert len(emulator.calls("laminar")) == 1
    assert task.deferrals == []


@pytest.mark.parametrize(
    ("content", "output"),
    [
        (b"42.5", 42.5),
        (b"true", True),
        (b'"text"', "text"),
        (b"", ""),
        (b"{cut", "{cut"),
        (b"NaN", "NaN"),
        (b'{"ratio": Infinity}', '{"ratio": Infinity}'),
        (b"[" * 100_000, "[" * 100_000),
        (b"9" * 5_000, "9" * 5_000),
        ("größer".encode(), "größer"),
        (b"\xff\xfe\xfa", "\ufffd\ufffd\ufffd"),
        (b"<p>not sent as a page</p>", "<p>not sent as a page</p>"),
    ],
)
def test_what_is_not_json_is_text(content: bytes, output: Any) -> None:
    """NaN is not JSON either, and could not be put into XCom."""
    execution = api.execute_workflow(1).read(answer(content))

    assert (execution.state, execution.output) == (State.SUCCEEDED, output)


@pytest.mark.parametrize("status", [200, 201])
def test_a_page_for_people_is_no_output(status: int) -> None:
    """It comes from a proxy in between, and says nothing of the run."""
    with pytest.raises(errors.UnreadableAnswer, match="an HTML page"):
        api.execute_workflow(1).read(
            answer(b"<!doctype html>", status, content_type="Text/HTML; charset=utf-8")
        )


@pytest.mark.parametrize("deferrable", [False, True])
@pytest.mark.parametrize(
    ("workflow", "said"),
    [(40, "HTTP 400.*Step 2: invoice 77 has no customer"), (45, "HTTP 422.*author says no")],
)
def test_a_failed_run_fails_the_task_with_its_words(
    emulator: Emulator, workflow: int, said: str, deferrable: bool
) -> None:
    """400 is documented as a failed execution; another status of 4xx is its author's. A retry starts a new run."""
    task = external(workflow, deferrable=deferrable, retries=1)

    with pytest.raises(errors.ExecutionFailed, match=said):
        task.run()

    assert len(emulator.runs("laminar")) == 2


@pytest.mark.parametrize("status", [400, 402, 405, 406, 407, 409, 410, 418, 422, 451])
def test_a_status_of_4xx_is_a_failed_run_unless_it_is_a_refusal(status: int) -> None:
    """Never a success, and its body is kept as the message."""
    call = api.execute_workflow(1)
    said = answer({"anything": "no"}, status)

    assert call.expects(said)
    execution = call.read(said)
    assert (execution.state, execution.status) == (State.FAILED, f"HTTP {status}")
    assert execution.message == '{"anything": "no"}'


@pytest.mark.parametrize("status", [301, 303, 401, 403, 404, 408, 429, 500, 502, 503, 504, 529])
def test_no_other_status_is_read_as_a_run(status: int) -> None:
    assert not api.execute_workflow(1).expects(answer({}, status))


def test_no_error_has_a_documented_shape() -> None:
    """The body is shown whole."""
    assert api.explain(answer({"error": {"code": "X", "message": "no"}}, 401)) is None
    assert api.explain(Answer(502, {}, b"<html>")) is None


def test_a_huge_output_is_a_result_that_cannot_be_fetched_again(emulator: Emulator) -> None:
    """Six megabytes are too many for XCom by default; there is no id to fetch them by, and the record says so."""
    emulator.fail("laminar", "execute", "huge", bytes=6_000_000)

    with structlog.testing.capture_logs() as logs:
        record = run()

    assert (record["state"], record["output"]) == ("succeeded", None)
    assert record["output_omitted"]["bytes"] == 6_000_000
    assert "cannot be fetched again" in record["output_omitted"]["fetch"]
    assert "get_execution" not in str(logs)
    assert [entry["log_level"] for entry in logs if "max_inline_output" in str(entry)] == ["warning"]


def test_deferrable_waits_on_the_worker_and_says_why_once() -> None:
    """It may stand in ``default_args``: no harm, and one line."""
    for deferrable, lines in ((True, 1), (False, 0)):
        task = external(deferrable=deferrable)
        with structlog.testing.capture_logs() as logs:
            task.run()
        assert len([entry for entry in logs if "the wait is on the worker" in str(entry)]) == lines
        assert task.deferrals == []


@pytest.mark.parametrize(
    "options",
    [
        {"wait_for_completion": False},
        {"poll_interval": 60},
        {"on_timeout": "leave", "on_sigterm": "leave"},
        {"wait_for_completion": False, "deferrable": True, "retries": 2},
    ],
)
def test_what_other_vendors_need_does_no_harm(emulator: Emulator, options: dict[str, Any]) -> None:
    """The same ``default_args`` can stand over tasks of all vendors."""
    assert run(**options)["state"] == "succeeded"
    assert len(emulator.calls("laminar")) == 1


def test_an_execution_cannot_be_looked_at_or_stopped(emulator: Emulator) -> None:
    """It has no id: the hook says so and asks nobody."""
    with closing(LaminarHook("laminar_default")) as hook:
        for method in (hook.look, hook.get_execution):
            with pytest.raises(errors.NotFound, match=r"has no id.*'7'"):
                method("7")
        assert hook.execution_url("7") is None
        assert "cannot stop a run" in hook.try_to_stop("7")
        execution = hook.execute_workflow(43, payload=[1], start_from_step=1, limit=5)

    assert (execution.execution_id, execution.output) == (None, [1, 2, 3])
    assert len(emulator.calls("laminar")) == 1


# -- the connection test --------------------------------------------------------------------------------------------


def test_a_connection_test_reads_the_keys_of_a_store(emulator: Emulator) -> None:
    """The only thing that an API key can read."""
    account = emulator.account("laminar")

    assert LaminarHook().test_connection() == (True, "Laminar accepts this connection.")

    (call,) = emulator.calls("laminar")
    assert call["path"] == f"/configurations/{account['configuration_id']}/keys/external"
    assert call["query"] == {"workspaceId": account["workspace_id"]}
    assert emulator.runs("laminar") == []


@pytest.mark.parametrize("missing", ["workspace_id", "configuration_id"])
def test_a_connection_test_without_a_store_is_not_checkable(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    """It does not guess, and runs nothing."""
    connect(monkeypatch, LAMINAR_JOBS, emulator, **{missing: None})

    ok, sentence = LaminarHook().test_connection()

    assert not ok
    assert sentence.startswith("Not checkable")
    assert emulator.calls("laminar") == []


def test_a_connection_test_with_an_unknown_store_shows_a_right_key(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """404 comes after the key was accepted. Ids may be written as numbers, and are one segment of the path."""
    connect(monkeypatch, LAMINAR_JOBS, emulator, configuration_id=7, workspace_id=12)
    assert LaminarHook().test_connection() == (
        True,
        "Laminar accepts this key; it knows no such configuration store.",
    )
    assert emulator.calls("laminar")[0]["path"] == "/configurations/7/keys/external"
    assert api.keys("a/b c", "1").path == "/configurations/a%2Fb%20c/keys/external"


@pytest.mark.parametrize("hook", [LaminarHook, LaminarJobHook])
def test_a_connection_test_with_a_wrong_key_names_the_connection(
    emulator: Emulator, hook: Callable[[], Any]
) -> None:
    """The two keys are not interchangeable; each test tries its own."""
    emulator.revoke("laminar")

    ok, sentence = hook().test_connection()

    assert not ok
    assert "HTTP 401: " in sentence
    assert "Unauthorized" in sentence
    assert "'laminar_default'" in sentence


@pytest.mark.parametrize(("hook", "operation"), [(LaminarHook, "keys"), (LaminarJobHook, "jobs")])
@pytest.mark.parametrize(
    ("fault", "options", "said"),
    [
        ("status", {"status": 503, "body": {"error": "maintenance"}}, "HTTP 503: "),
        ("html", {}, "HTTP 200"),
        ("html", {"status": 502}, "HTTP 502"),
        ("hang", {}, "ReadTimeout"),
    ],
)
def test_a_connection_test_says_in_one_sentence_what_was_wrong(
    emulator: Emulator,
    monkeypatch: pytest.MonkeyPatch,
    hook: Callable[[], Any],
    operation: str,
    fault: str,
    options: dict[str, Any],
    said: str,
) -> None:
    """A person waits for it: it has a limit of its own."""
    for module in ("base", "laminar"):
        monkeypatch.setattr(f"airflow_workflow_providers.hooks.{module}.TEST_LIMIT", 0.2)
    emulator.fail("laminar", operation, fault, **options)

    begun = time.monotonic()
    ok, sentence = hook().test_connection()

    assert time.monotonic() - begun < 3
    assert not ok
    assert said in sentence
    assert sentence.startswith("Laminar could not ")


def test_a_connection_test_that_is_answered_with_something_else_fails(emulator: Emulator) -> None:
    emulator.fail("laminar", "keys", "list_body")

    assert LaminarHook().test_connection()[0] is False


def test_a_connection_that_is_not_there_is_named() -> None:
    assert "'nowhere'" in LaminarHook("nowhere").test_connection()[1]
    with pytest.raises(errors.Unavailable, match="'nowhere'"):
        run(laminar_conn_id="nowhere")


@pytest.mark.parametrize(
    ("fields", "said"),
    [({"password": None}, "no password"), ({"extra": {"api_kee": "x"}}, "api_kee: not a field")],
)
def test_a_wrong_connection_is_refused_before_anything_is_sent(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch, fields: dict[str, Any], said: str
) -> None:
    """Law 8: one error that names the field."""
    change(monkeypatch, emulator, **fields)

    with pytest.raises(errors.InvalidInput, match=said):
        run(retries=2)

    assert emulator.calls("laminar") == []


def test_without_a_host_the_vendors_own_address_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_LAMINAR_DEFAULT", json.dumps({"conn_type": "laminar", "password": "k"}))

    assert LaminarHook().session.settings.base_url == "https://api.laminar.run"


@pytest.mark.parametrize(
    ("host", "region", "address"),
    [
        (None, "ca", "https://ca.api.laminar.run"),
        (None, "us", "https://api.laminar.run"),
        ("https://laminar.example", "ca", "https://laminar.example"),
    ],
)
def test_the_region_says_where_the_workspace_is_unless_the_host_does(
    monkeypatch: pytest.MonkeyPatch, host: str | None, region: str, address: str
) -> None:
    connection = {"conn_type": "laminar", "password": "key", "host": host, "extra": {"region": region}}
    monkeypatch.setenv("AIRFLOW_CONN_LAMINAR_DEFAULT", json.dumps(connection))

    assert LaminarHook().session.settings.base_url == address


def test_a_region_that_is_none_is_refused_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    connection = {"conn_type": "laminar", "password": "key", "extra": {"region": "eu"}}
    monkeypatch.setenv("AIRFLOW_CONN_LAMINAR_DEFAULT", json.dumps(connection))

    with pytest.raises(errors.InvalidInput, match="region: Input should be 'us' or 'ca'"):
        LaminarHook().session  # noqa: B018  # a property that reads


# -- jobs: what is sent ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", jobs.METHODS)
def test_a_job_is_called_with_its_method_query_and_payload(emulator: Emulator, method: str) -> None:
    """As the page says: any method, ``?async=1``, and an input of which the payload wins over the query."""
    record = job(method=method, payload={"a": 1, "b": {"c": None}}, query={"a": "2", "page size": "ä&b"})

    (call,) = emulator.calls("laminar", "run_job")
    assert (call["method"], call["path"]) == (method, "/m/acme/sync-invoices")
    assert call["query"] == {"a": "2", "page size": "ä&b", "async": "1"}
    assert call["body"] == {"a": 1, "b": {"c": None}}
    assert call["headers"]["x-api-key"] == "***"
    assert record["output"]["received"] == {"a": 1, "page size": "ä&b", "b": {"c": None}}
    assert emulator.runs("laminar")[0]["mode"] == "ASYNC"


def test_a_job_without_an_input_has_no_body(emulator: Emulator) -> None:
    job()

    (call,) = emulator.calls("laminar", "run_job")
    assert (call["method"], call["query"], call["body"]) == ("POST", {"async": "1"}, None)


def test_numbers_in_the_query_are_written_out(emulator: Emulator) -> None:
    job(query={"limit": 5, "ratio": 0.5})

    assert emulator.calls("laminar", "run_job")[0]["query"] == {"limit": "5", "ratio": "0.5", "async": "1"}


@pytest.mark.parametrize("path", ["nested/path job", "/nested/path job", "nested/path job/"])
def test_a_path_may_have_slashes_and_spaces(emulator: Emulator, path: str) -> None:
    """Its slashes are the path's own; all else is percent-encoded."""
    assert job(path)["state"] == "succeeded"
    assert emulator.runs("laminar")[0]["workflow_id"] == "nested/path job"
    assert jobs.run_job("a/b c?d").path == "/a/b%20c%3Fd"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"path": "a//b"}, "job_path"),
        ({"path": "/"}, "job_path"),
        ({"path": "./a"}, "job_path"),
        ({"method": "post"}, "method"),
        ({"payload": ["a"]}, "payload"),
        ({"payload": {"minicor.teach": {}}}, "minicor.teach"),
        ({"payload": {"minicor": {"teach": {}}}}, "minicor.teach"),
        ({"query": ["a"]}, "query"),
        ({"query": {"a": None}}, "query parameter 'a'"),
        ({"query": {"a": ["b"]}}, "query parameter 'a'"),
        ({"query": {"async": "1"}}, "async"),
    ],
)
def test_a_bad_job_is_refused_when_the_dag_is_parsed(
    emulator: Emulator, options: dict[str, Any], said: str
) -> None:
    """Law 8: a lesson is no run, and what a query cannot say is not guessed."""
    with pytest.raises(errors.InvalidInput, match=said):
        job(**options)

    assert emulator.calls("laminar") == []


@pytest.mark.parametrize("payload", [{"minicor": "a vendor"}, {"minicor": {"else": 1}}, {"teach": True}])
def test_a_payload_that_is_no_lesson_is_sent(emulator: Emulator, payload: dict[str, Any]) -> None:
    assert job(payload=payload)["output"]["received"] == payload


@pytest.mark.parametrize("missing", ["trigger_url", "trigger_api_key"])
def test_a_connection_without_a_trigger_is_refused_for_jobs_and_not_for_workflows(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    """Law 8: the workspace's key is not tried where it does not belong."""
    connect(monkeypatch, LAMINAR_JOBS, emulator, **{missing: None})

    with pytest.raises(errors.InvalidInput, match="'laminar_default' needs trigger_url and trigger_api_key"):
        job()
    assert "trigger_api_key" in LaminarJobHook().test_connection()[1]
    assert emulator.calls("laminar") == []
    assert run()["state"] == "succeeded"


def test_jobs_need_no_workspace_key(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """A trigger URL has a key of its own, and a slash at its end does no harm."""
    account = emulator.account("laminar")
    extra = {"trigger_url": account["trigger_url"] + "/", "trigger_api_key": account["trigger_api_key"]}
    change(monkeypatch, emulator, password=None, host=None, extra=extra)

    assert job()["state"] == "succeeded"
    assert LaminarJobHook().test_connection() == (True, "Laminar accepts this connection.")


@pytest.mark.parametrize(
    ("body", "status", "execution_id"),
    [
        ({"jobExecutionId": "8f2c", "status": "queued", "resultPath": "/x"}, "queued", "8f2c"),
        ({"jobExecutionId": "8f2c", "status": None}, "queued", "8f2c"),
        ({"jobExecutionId": "8f2c"}, "queued", "8f2c"),
        ({"jobExecutionId": "8f2c", "status": "succeeded", "done": True}, "succeeded", "8f2c"),
    ],
)
def test_a_start_needs_only_an_id(body: Any, status: str, execution_id: str) -> None:
    """It is never over by its own answer: the next look says."""
    started = jobs.run_job("j").read(answer(body, 202))

    assert (started.execution_id, started.state, started.status) == (execution_id, State.QUEUED, status)


@pytest.mark.parametrize(
    "body", [{}, [], None, {"jobExecutionId": ""}, {"jobExecutionId": None}, {"ok": True}]
)
def test_a_start_without_an_id_is_lost(emulator: Emulator, body: Any) -> None:
    """Law 1: a job that answers with its output, as a synchronous one does, may have run."""
    emulator.fail("laminar", "run_job", "status", status=200, body=[] if body is None else body)

    with pytest.raises(errors.LostStart, match="could not run job sync-invoices"):
        job()

    with pytest.raises(errors.UnreadableAnswer):
        jobs.run_job("j").read(answer(body))


# -- jobs: what comes back ------------------------------------------------------------------------------------------


def looked(body: Any, status: int = 200) -> Any:
    call = jobs.look("1")
    said = answer(body, status)
    assert call.expects(said)
    return call.read(said)


@pytest.mark.parametrize("word", [*jobs.STATUSES, "HIBERNATING"])
@pytest.mark.parametrize("done", [{}, {"done": False}, {"done": None}])
def test_done_decides_and_no_word_does(word: str, done: dict[str, Any]) -> None:
    """A word of an end without ``done`` ends nothing."""
    assert not looked({"status": word, "output": {}, **done}).over


@pytest.mark.parametrize(("word", "state"), jobs.STATUSES.items())
def test_every_word_of_an_end_has_one_meaning(word: str, state: State) -> None:
    """A run that is done and yet queued or running makes no sense, and is no success."""
    ended = looked({"status": word, "done": True, "output": 1})

    assert ended.state is (State.FAILED if word in ("queued", "running") else state)
    assert (ended.state is State.SUCCEEDED) == (word in ("succeeded", "success", "completed"))


@pytest.mark.parametrize("word", ["Succeeded", "SUCCESS", "done", ""])
def test_a_word_that_is_not_known_is_no_success(word: str) -> None:
    """Letters count: waited on while the run goes on, and a failure at once when it is done."""
    assert looked({"status": word}).state is State.UNKNOWN
    assert looked({"status": word, "done": True}).state is State.FAILED


@pytest.mark.parametrize("deferrable", [False, True])
def test_an_end_that_is_not_known_fails_at_once_and_is_named(emulator: Emulator, deferrable: bool) -> None:
    """No deadline is waited for: ``done`` has said that the run is over."""
    emulator.configure("laminar", done_word="finito")

    with pytest.raises(errors.ExecutionFailed, match=r"\(finito\).*not known"):
        job(deferrable=deferrable)


@pytest.mark.parametrize("word", ["success", "completed", "succeeded"])
def test_the_likely_words_of_a_success_are_one(emulator: Emulator, word: str) -> None:
    emulator.configure("laminar", done_word=word)

    assert job()["status"] == word


@pytest.mark.parametrize(
    ("field", "output"),
    [
        ("output", {"received": {"a": 1}, "ok": True}),
        ("result", {"received": {"a": 1}, "ok": True}),
        ("data", {"data": {"received": {"a": 1}, "ok": True}}),
    ],
)
@pytest.mark.parametrize("deferrable", [False, True])
def test_an_output_under_another_name_is_not_lost(
    emulator: Emulator, field: str, output: Any, deferrable: bool
) -> None:
    """Its name is not documented: what is neither of the likely ones is kept whole."""
    emulator.configure("laminar", output_field=field)

    assert job(payload={"a": 1}, deferrable=deferrable)["output"] == output


@pytest.mark.parametrize("output", [None, 0, "", [], {}, "text", [1], {"error": "Out of stock"}])
def test_an_output_is_json_of_any_type(output: Any) -> None:
    assert looked({"status": "succeeded", "done": True, "output": output, "result": "other"}).output == output


@pytest.mark.parametrize("deferrable", [False, True])
@pytest.mark.parametrize("word", ["partial", "partially_succeeded"])
def test_a_job_that_succeeded_in_part_is_the_authors_choice(
    emulator: Emulator, word: str, deferrable: bool
) -> None:
    """It fails, and the error shows which part is undone, unless the author has said that it succeeds."""
    emulator.configure("laminar", partial_word=word)
    with pytest.raises(errors.ExecutionFailed, match=r"a part undone.*Invoice 77 has no customer"):
        job("partly", deferrable=deferrable)

    accepted = job("partly", deferrable=deferrable, on_partial_failure="succeed")

    assert (accepted["state"], accepted["status"]) == ("partial", word)
    assert accepted["output"]["steps"][1]["status"] == "failed"


@pytest.mark.parametrize("deferrable", [False, True])
def test_a_sensor_has_the_same_choice(emulator: Emulator, deferrable: bool) -> None:
    """It waits for what another task has started, with the options of the vendor."""
    started = job("partly", wait_for_completion=False)

    def wait(**options: Any) -> Any:
        options = {"poke_interval": 0.01, "deferrable": deferrable, **options}
        return Task(
            lambda: LaminarJobExecutionSensor(task_id="w", execution_id=started["execution_id"], **options)
        ).run()

    accepted = wait(on_partial_failure="succeed")
    record = accepted if isinstance(accepted, dict) else accepted.xcom_value
    assert (record["execution_id"], record["state"]) == (started["execution_id"], "partial")
    with pytest.raises(errors.ExecutionFailed, match="a part undone"):
        wait()
    with pytest.raises(errors.InvalidInput, match="on_partial_failure"):
        wait(on_partial_failure="ignore")
    assert len(emulator.runs("laminar")) == 1


@pytest.mark.parametrize("deferrable", [False, True])
@pytest.mark.parametrize(("field", "word"), [("error", "error"), ("reason", "failed")])
def test_a_failed_job_says_why_wherever_the_words_are(
    emulator: Emulator, field: str, word: str, deferrable: bool
) -> None:
    """The name of the error is not documented either."""
    emulator.configure("laminar", error_field=field, failed_word=word)

    with pytest.raises(errors.ExecutionFailed, match=rf"failed \({word}\): .*Portal login was refused"):
        job("always-fails", deferrable=deferrable)


@pytest.mark.parametrize(
    ("status", "word", "state"),
    [
        (200, "completed", State.SUCCEEDED),
        (207, "completed", State.PARTIAL),
        (207, "partial", State.PARTIAL),
        (207, "failed", State.FAILED),
        (502, "completed", State.FAILED),
        (502, "partial", State.FAILED),
        (502, "failed", State.FAILED),
    ],
)
def test_what_http_calls_undone_is_no_success(status: int, word: str, state: State) -> None:
    """The synchronous call's statuses may come here too; where they and the word contradict, the worse one holds."""
    assert looked({"status": word, "done": True, "error": "x"}, status).state is state


@pytest.mark.parametrize(
    "body", [b"<html>", b"", [], {"done": False}, {"done": "maybe"}, {"status": "failed"}]
)
def test_a_502_that_names_no_end_is_the_gateways(body: Any) -> None:
    """It is tried again, like any look that fails in passing."""
    assert not jobs.look("1").expects(answer(body, 502))


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", [], None, 7, "text", {}, {"done": True}, {"done": True, "output": {}}, {"status": None},
     {"status": 7, "done": True}, {"status": "succeeded", "done": {"at": 1}}],
)  # fmt: skip
def test_a_look_that_contradicts_the_page_is_no_end(body: Any) -> None:
    """One clear error, after which the wait looks again for a while."""
    with pytest.raises(errors.UnreadableAnswer, match="something else than documented"):
        jobs.look("1").read(answer(body))


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"error": "No job matches"}, "No job matches"),
        ({"message": "no", "error": "X"}, "no"),
        ({"message": "", "error": "X"}, "X"),
        ({"error": {"code": 7}}, "{'code': 7}"),
        ({}, None),
        ([], None),
        ("text", None),
    ],
)
def test_an_error_of_the_jobs_engine_is_read(body: Any, said: str | None) -> None:
    assert jobs.explain(answer(body, 400)) == said
    assert jobs.explain(Answer(502, {}, b"<html>")) is None


def test_a_401_without_a_word_is_a_sentence_all_the_same(emulator: Emulator) -> None:
    """The page says that its body has no further detail."""
    emulator.fail("laminar", "run_job", "status", times=None, status=401, body="")

    with pytest.raises(
        errors.AuthFailed, match=r"could not run job sync-invoices: HTTP 401.*'laminar_default'"
    ):
        job()

    assert emulator.runs("laminar") == []


def test_the_job_hooks_methods_do_what_they_are_called(emulator: Emulator) -> None:
    """An id is one segment of the path; a job cannot be stopped, and has no page."""
    with closing(LaminarJobHook("laminar_default")) as hook:
        started = hook.run_job("sync-invoices", method="PUT", payload={"a": 1}, query={"b": "2"})
        assert started.execution_id is not None
        assert hook.look(started.execution_id).state in (State.QUEUED, State.RUNNING)
        emulator.set_pace(seconds=0)
        assert hook.get_execution(started.execution_id).output["received"] == {"a": 1, "b": "2"}
        assert "cannot stop a run" in hook.try_to_stop(started.execution_id)
        assert hook.execution_url(started.execution_id) is None

    assert jobs.look("a/b c").path == "/_executions/a%2Fb%20c"
    assert jobs.stop_execution("1") is None


def test_the_two_surfaces_have_their_own_keys(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """Law 7: neither key is sent to the other's address, where it would open nothing and could be kept."""
    account = emulator.account("laminar")
    connect(monkeypatch, LAMINAR_JOBS, emulator, trigger_api_key="other")

    assert run()["state"] == "succeeded"
    with pytest.raises(errors.AuthFailed):
        job()

    change(monkeypatch, emulator, password="other", extra=emulator.connection("laminar")["extra"])
    assert job()["state"] == "succeeded"
    with pytest.raises(errors.AuthFailed):
        run()
    with closing(LaminarHook()) as external_hook, closing(LaminarJobHook()) as job_hook:
        assert account["trigger_api_key"] not in external_hook.session.settings.headers.values()
        assert list(job_hook.session.settings.headers.values()) == [account["trigger_api_key"]]

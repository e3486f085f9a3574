"""Jobs: what comes back."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import pytest

from airflow_workflow_providers.apis import laminar_jobs as jobs
from airflow_workflow_providers.core import errors
from airflow_workflow_providers.core.call import Answer
from airflow_workflow_providers.core.execution import State
from airflow_workflow_providers.emulator import Emulator
from airflow_workflow_providers.hooks.laminar import LaminarHook, LaminarJobHook
from airflow_workflow_providers.sensors.laminar import LaminarJobExecutionSensor
from tests.conftest import connect
from tests.task import Task
from tests.vendors import LAMINAR_JOBS, answer
from tests.vendors.laminar import change, job, run


def looked(body: Any, status: int = 200) -> Any:
    """Read the same answer as a look and as the read of the result: they say the same of the run."""
    said = answer(body, status)
    look, read = jobs.look("1"), jobs.get_execution("1")
    assert look.expects(said)
    assert read.expects(said)
    seen, execution = look.read(said), read.read(said)
    assert (seen.state, seen.status, seen.output) == (execution.state, execution.status, None)
    return execution


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
    assert (ended.state is State.SUCCEEDED) == (word in ("ok", "done", "succeeded", "success", "completed"))


@pytest.mark.parametrize("word", ["Succeeded", "SUCCESS", "OK", "Done", "successful", "completed ", ""])
def test_a_word_that_is_not_known_is_no_success(word: str) -> None:
    """Letters count: waited on while the run goes on, and a failure at once, which names it, when it is done."""
    assert looked({"status": word}).state is State.UNKNOWN
    ended = looked({"status": word, "done": True, "output": {"a": 1}})
    assert (ended.state, ended.status, ended.output) == (State.FAILED, word, {"a": 1})
    assert f"the status {word.strip()!r}, which is not known" in str(ended.message)


@pytest.mark.parametrize("word", [{}, {"status": None}])
@pytest.mark.parametrize(
    ("members", "status", "state"),
    [
        ({"output": 1}, 200, State.SUCCEEDED),
        ({}, 200, State.SUCCEEDED),
        ({"error": None}, 200, State.SUCCEEDED),
        ({}, 207, State.PARTIAL),
        ({}, 502, State.FAILED),
        ({"error": "login was refused"}, 200, State.FAILED),
    ],
)
def test_a_job_that_is_done_without_a_word_has_succeeded(
    word: dict[str, Any], members: dict[str, Any], status: int, state: State
) -> None:
    """Only ``done`` is documented; an error, or what HTTP says, speaks where there is no word."""
    ended = looked({"done": True, **members, **word}, status)

    assert ended.state is state
    assert ("login was refused" in str(ended.message)) == ("login was refused" in members.values())


@pytest.mark.parametrize("status", [7, True, [], {"at": 1}])
def test_a_status_that_is_no_text_is_one_clear_error(status: Any) -> None:
    for call in (jobs.look, jobs.get_execution):
        with pytest.raises(errors.UnreadableAnswer, match="neither done nor a status"):
            call("1").read(answer({"status": status, "done": True}))


def test_a_job_that_says_only_that_it_is_not_done_is_running() -> None:
    assert looked({"done": False}).state is State.RUNNING


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
    [b"", b"<html>", [], None, 7, "text", {}, {"output": {}}, {"status": None}, {"status": 7}, {"done": "yes"}, {"done": 1}],
)  # fmt: skip
def test_a_look_that_contradicts_the_page_is_no_end(body: Any) -> None:
    """One clear error, after which the wait looks again for a while."""
    for call in (jobs.look, jobs.get_execution):
        with pytest.raises(errors.UnreadableAnswer, match="something else than documented"):
            call("1").read(answer(body))


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"error": "No job matches"}, "No job matches"),
        ({"message": "no", "error": "X"}, "no"),
        ({"message": "", "error": "X"}, "X"),
        ({"error": {"code": 7}}, '{"code": 7}'),
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
        assert "cannot stop a run" in hook.try_to_stop(started.execution_id).said
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

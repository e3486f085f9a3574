"""What is Datalab's own: its input, its ids, its steps by file, its quota of pages, and its signed addresses."""

from __future__ import annotations

import json
import logging
from contextlib import closing
from typing import Any

import pytest
import structlog

from airflow_workflow_providers.apis import datalab as api
from airflow_workflow_providers.core import errors
from airflow_workflow_providers.core.call import Answer
from airflow_workflow_providers.core.execution import Execution, State
from airflow_workflow_providers.emulator import Emulator
from airflow_workflow_providers.hooks.datalab import DatalabHook
from airflow_workflow_providers.operators.datalab import DatalabExecuteWorkflowOperator
from airflow_workflow_providers.sensors.datalab import DatalabExecutionSensor
from tests.task import Task
from tests.vendors import DATALAB

pytestmark = pytest.mark.usefixtures("emulator")

QUOTA = "Page rate limit exceeded. Your team has 5000 pages in flight."
SIGNED = "https://bucket.example.com/out/1.json?X-Amz-Signature=5ec2e7&X-Amz-Expires=3600"


def run(workflow: int | str = 101, **options: Any) -> dict[str, Any]:
    """Run a workflow to its end, through whichever mode the options say."""
    return Task(lambda: DATALAB.task(workflow, **options)).run()


def start(workflow: int | str = 101, **options: Any) -> str:
    """Start a workflow for somebody else to wait for."""
    with closing(DatalabHook()) as hook:
        return str(hook.execute_workflow(workflow, **options).execution_id)


def wait_for(execution_id: str, **options: Any) -> dict[str, Any]:
    """Wait for an execution with a sensor."""
    options = {"poke_interval": 0.01, **options}
    return Task(lambda: DatalabExecutionSensor(task_id="wait", execution_id=execution_id, **options)).run()


def in_mode(mode: str, workflow: int, **options: Any) -> dict[str, Any]:
    """Wait for a run of the workflow in one of the four ways."""
    deferrable = "deferred" in mode
    if "sensor" in mode:
        return wait_for(start(workflow), deferrable=deferrable, **options)
    return run(workflow, deferrable=deferrable, **options)


every_mode = pytest.mark.parametrize("mode", ["blocking", "deferred", "sensor", "deferred sensor"])


def answer(body: Any, status: int = 200) -> Answer:
    return Answer(status, {}, json.dumps(body).encode())


def started(body: Any) -> Execution:
    """Read the answer to a start."""
    return api.execute_workflow(101).read(answer(body))


def looked(body: Any) -> Execution:
    """Read the answer to a look."""
    return api.get_execution("70001").read(answer(body))


# -- execute --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "given",
    [
        {"type": "single_file", "file_url": "https://example.com/a.pdf"},
        {"type": "file_list", "file_urls": ["https://example.com/a.pdf", "https://example.com/b ä.pdf"]},
        {"file_urls": ["https://example.com/a.pdf", "datalab://file-abc123"]},
        {"bucket": "b", "prefix": "path/", "pattern": "*.pdf", "storage_type": "s3"},
        {"type": "something_newer", "whatever": [1, None]},
        {},
    ],
    ids=["one file", "files", "client's files", "bucket", "newer", "empty"],
)
def test_the_input_reaches_the_vendor_as_it_was_given(emulator: Emulator, given: dict[str, Any]) -> None:
    """In the page's forms and in those of the vendor's own client alike: neither is made into the other."""
    assert run(101, input_config=given)["state"] == "succeeded"

    (call,) = emulator.calls("datalab", "execute")
    assert call["method"] == "POST"
    assert call["path"] == "/api/v1/workflows/workflows/101/execute"
    assert call["query"] == {}
    assert call["headers"]["content-type"] == "application/json"
    assert call["body"] == {"input_config": given}
    assert emulator.runs("datalab")[0]["input"] == given


def test_without_an_input_none_is_sent(emulator: Emulator) -> None:
    """The page's own default is an empty object."""
    run()

    assert emulator.calls("datalab", "execute")[0]["body"] == {}


def test_the_key_is_in_its_own_header_on_every_call(emulator: Emulator) -> None:
    run()

    assert len(emulator.calls("datalab")) > 1
    for call in emulator.calls("datalab"):
        assert "x-api-key" in call["headers"]
        assert "authorization" not in call["headers"]
    assert api.credentials("k1") == {"X-API-Key": "k1"}


@pytest.mark.parametrize("workflow", [101, "101", " 101 "])
def test_a_workflow_is_a_number_however_it_is_written(emulator: Emulator, workflow: int | str) -> None:
    run(workflow)

    assert emulator.runs("datalab")[0]["workflow_id"] == "101"


@pytest.mark.parametrize("workflow", ["pl_abc123", "1/2", "-1", "1.0", "²", True, None, 1.5, "101?a=b"])
def test_what_is_no_number_is_refused_when_the_dag_is_parsed(emulator: Emulator, workflow: Any) -> None:
    with pytest.raises(errors.InvalidInput, match="workflow_id"):
        DatalabExecuteWorkflowOperator(task_id="run", workflow_id=workflow)

    assert emulator.calls("datalab") == []


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"type": "single_file", "file_urls": ["https://example.com/a.pdf"]}, "'file_url'"),
        ({"type": "single_file", "file_url": None}, "'file_url'"),
        ({"type": "file_list", "file_url": "https://example.com/a.pdf"}, "'file_urls'"),
        (["https://example.com/a.pdf"], "input_config"),
    ],
)
def test_a_form_without_its_files_is_refused_when_the_dag_is_parsed(given: Any, said: str) -> None:
    """Datalab may take it and run over nothing."""
    with pytest.raises(errors.InvalidInput, match=said):
        DatalabExecuteWorkflowOperator(task_id="run", workflow_id=101, input_config=given)


@pytest.mark.parametrize("kind", [["single_file"], {}, 7, None])
def test_a_type_that_is_no_word_is_left_to_the_vendor(kind: Any) -> None:
    assert api.execute_workflow(1, input_config={"type": kind}).body == {"input_config": {"type": kind}}


def test_templated_fields_are_named_and_kept_under_the_same_name() -> None:
    values = {name: f"{{{{ {name} }}}}" for name in DatalabExecuteWorkflowOperator.template_fields}
    operator = DatalabExecuteWorkflowOperator(task_id="run", **values)
    inside = {"type": "file_list", "file_urls": "{{ ti.xcom_pull('list') }}"}

    assert {name: getattr(operator, name) for name in values} == values
    assert DATALAB.task(101, input_config=inside).input_config == inside


def test_an_execution_id_is_one_segment_of_the_path(emulator: Emulator) -> None:
    """Percent-encoded; what is no number is refused by Datalab at once, with the place of the error."""
    with pytest.raises(errors.RequestRefused, match=r"path\.execution_id: Input should be a valid integer"):
        wait_for("7 ä?x=1#")

    assert {call["execution_id"] for call in emulator.calls("datalab", "get")} == {"7 ä?x=1#"}
    assert api.look("a/../b").path == "/api/v1/workflows/executions/a%2F..%2Fb"


@pytest.mark.parametrize(
    ("status", "body", "error", "said"),
    [
        (400, {"detail": "Invalid file type."}, errors.RequestRefused, "HTTP 400: Invalid file type"),
        (403, None, errors.AuthFailed, "active, paid subscription"),
        (404, None, errors.NotFound, "HTTP 404: Not found"),
        (413, {"detail": "Too large"}, errors.RequestRefused, "HTTP 413: Too large"),
        (422, None, errors.RequestRefused, "HTTP 422: body: Value error"),
    ],
)
def test_what_the_vendor_refuses_fails_with_its_words(
    emulator: Emulator, status: int, body: Any, error: type[Exception], said: str
) -> None:
    """Nothing was started, and the error says so."""
    emulator.fail("datalab", "execute", "status", status=status, body=body)

    with pytest.raises(error, match="Nothing was started") as refused:
        run()

    assert said in str(refused.value)
    assert "could not start workflow 101" in str(refused.value)
    assert emulator.runs("datalab") == []


# -- the answer to a start, of which no field is documented ---------------------------------------------------------


@pytest.mark.parametrize("member", ["execution_id", "id"])
def test_the_id_may_be_called_either_name(emulator: Emulator, member: str) -> None:
    emulator.configure("datalab", started_as=member)

    record = run()

    assert record["state"] == "succeeded"
    assert record["execution_id"] == emulator.runs("datalab")[0]["execution_id"]


@pytest.mark.parametrize(
    ("body", "execution_id"),
    [
        ({"execution_id": 1, "status": "processing", "success": True}, "1"),
        ({"execution_id": 1, "id": 2}, "1"),
        ({"execution_id": None, "id": 2}, "2"),
        ({"execution_id": 0, "id": 2}, "2"),
        ({"execution_id": "1", "status": None}, "1"),
        ({"execution_id": 1, "id": {"a": 1}, "status": 5, "success": "yes", "error": []}, "1"),
        ({"execution_id": 1, "status": "COMPLETED", "results": {}}, "1"),
        ({"execution_id": 1, "status": "HIBERNATING"}, "1"),
    ],
)
def test_an_id_is_found_beside_anything_and_a_start_is_never_a_success(body: Any, execution_id: str) -> None:
    """An id that is lost is an execution that nobody waits for."""
    execution = started(body)

    assert (execution.execution_id, execution.state) == (execution_id, State.RUNNING)
    assert execution.status


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"execution_id": None, "id": None},
        {"execution_id": 0},
        {"execution_id": True},
        {"execution_id": "  "},
        {"execution_id": {"id": 1}},
        {"success": True, "status": "COMPLETED"},
        {"success": False, "error": QUOTA},
    ],
    ids=str,
)
def test_a_start_without_an_id_is_lost_with_the_vendors_words(emulator: Emulator, body: Any) -> None:
    """The page does not say that nothing was started then."""
    emulator.fail("datalab", "execute", "status", status=200, body=body, carry_out=True)

    with pytest.raises(errors.LostStart, match="answered without an execution id") as lost:
        run()

    assert str(body.get("error", "")) in str(lost.value)
    assert len(emulator.calls("datalab", "execute")) == 1


@pytest.mark.parametrize("body", [{"success": False, "status": "processing"}, {"status": "failed"}])
@pytest.mark.parametrize("wait_for_completion", [True, False])
def test_a_start_that_says_it_failed_fails_the_task_waited_for_or_not(
    emulator: Emulator, body: Any, wait_for_completion: bool
) -> None:
    body = {"execution_id": 70001, "error": QUOTA, **body}
    emulator.fail("datalab", "execute", "status", status=200, body=body)

    with pytest.raises(errors.ExecutionFailed, match=r"execution 70001 failed .*Page rate limit exceeded"):
        run(wait_for_completion=wait_for_completion)


# -- statuses -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("PENDING", State.QUEUED),
        ("QUEUED", State.QUEUED),
        ("processing", State.RUNNING),
        ("IN_PROGRESS", State.RUNNING),
        ("COMPLETED", State.SUCCEEDED),
        ("FAILED", State.FAILED),
        # Documented nowhere; the engine that Datalab runs on has these ends.
        ("CANCELED", State.STOPPED),
        ("CANCELLED", State.STOPPED),
        ("TERMINATED", State.STOPPED),
        ("TIMED_OUT", State.FAILED),
    ],
)
def test_every_status_has_one_meaning_in_either_case(status: str, state: State) -> None:
    assert status.upper() in api.STATUSES
    for word in (status, status.lower(), status.upper()):
        assert looked({"status": word}).state is state
        assert looked({"status": word}).status == word
    assert (state is State.SUCCEEDED) == (status == "COMPLETED")


def test_no_other_status_is_in_the_table() -> None:
    assert len(api.STATUSES) == 10


@pytest.mark.parametrize(
    "status", ["", "complete", "completed_with_errors", "SUCCESS", "HIBERNATING", "COMPLETED "]
)
def test_any_other_status_is_unknown(status: str) -> None:
    """Datalab may add words, says its page on versioning; an error beside one changes nothing."""
    assert looked({"status": status}).state is State.UNKNOWN
    assert looked({"status": status, "success": False, "error": "no"}).state is State.UNKNOWN


def test_a_run_may_pass_through_queued(emulator: Emulator) -> None:
    """Only one of the two pages lists it."""
    emulator.configure("datalab", queued=True)
    emulator.set_pace(looks=4)

    assert run()["state"] == "succeeded"


@pytest.mark.parametrize("ends", ["CANCELED", "TERMINATED"])
def test_an_execution_that_was_stopped_is_not_waited_for(emulator: Emulator, ends: str) -> None:
    emulator.add_workflow("datalab", "7", ends=ends)

    with pytest.raises(errors.ExecutionStopped, match=ends):
        run(7)


# -- the quota of pages, told in a 200 ------------------------------------------------------------------------------


@every_mode
def test_a_quota_that_is_told_in_a_200_fails_the_task_with_its_words(emulator: Emulator, mode: str) -> None:
    """It has no status; there is nothing more to wait for."""
    body = {"success": False, "error": QUOTA}
    emulator.fail("datalab", "get", "status", times=None, status=200, body=body)

    with pytest.raises(errors.ExecutionFailed, match="Page rate limit exceeded"):
        in_mode(mode, 101)


@pytest.mark.parametrize(
    ("body", "state"),
    [
        ({"success": False, "error": QUOTA}, State.FAILED),
        ({"success": False}, State.FAILED),
        ({"success": False, "status": "COMPLETED"}, State.FAILED),
        ({"success": False, "error": QUOTA, "status": "COMPLETED"}, State.FAILED),
        ({"success": True, "status": "FAILED"}, State.FAILED),
        ({"success": False, "status": "IN_PROGRESS"}, State.RUNNING),
        ({"status": "COMPLETED", "error": QUOTA}, State.PARTIAL),
        ({"status": "COMPLETED", "error": None, "success": True}, State.SUCCEEDED),
        ({"status": "COMPLETED", "error": "", "success": None}, State.SUCCEEDED),
    ],
)
def test_an_answer_that_contradicts_itself_is_no_success(body: Any, state: State) -> None:
    execution = looked(body)

    assert execution.state is state
    assert (execution.message or "") == (body.get("error") or "")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"status": None},
        {"status": None, "success": True, "steps": {"parse": {"status": "COMPLETED"}}},
        {"error": "try again"},
        {"status": 5},
        {"status": ["COMPLETED"]},
        {"status": "COMPLETED", "steps": "all"},
        [],
        None,
        "COMPLETED",
    ],
)
def test_an_answer_that_says_no_status_cannot_be_read(body: Any) -> None:
    with pytest.raises(errors.UnreadableAnswer):
        looked(body)


@every_mode
def test_answers_without_a_status_end_in_one_error_that_shows_them(emulator: Emulator, mode: str) -> None:
    """In passing they are waited out."""
    odd = {"execution_id": 1, "note": "nothing here"}
    emulator.fail("datalab", "get", "status", times=2, status=200, body=odd)
    assert in_mode(mode, 101)["state"] == "succeeded"

    emulator.fail("datalab", "get", "status", times=None, status=200, body=odd)
    with pytest.raises(errors.UnreadableAnswer, match="nothing here"):
        in_mode(mode, 101)


# -- steps ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "given", "output"),
    [
        ({}, None, {"parse": {"aggregated": "COMPLETED"}, "extract": {"aggregated": "COMPLETED"}}),
        (
            {},
            {"file_urls": ["https://example.com/a.pdf", "https://example.com/b.pdf"]},
            {
                "parse": {"file-1": "COMPLETED", "file-2": "COMPLETED"},
                "extract": {"file-1": "COMPLETED", "file-2": "COMPLETED"},
            },
        ),
        ({"steps": "flat"}, None, {"parse": "COMPLETED", "extract": "COMPLETED"}),
    ],
)
def test_the_output_is_what_became_of_each_step_and_file(
    emulator: Emulator, options: dict[str, Any], given: Any, output: Any
) -> None:
    """By file as the vendor's client reads it, or flat as the page shows it."""
    emulator.configure("datalab", **options)

    record = run(input_config=given)

    def cells(what: Any) -> Any:
        if isinstance(what, str):
            return {"status": what, "error": None}
        return {name: cells(inner) for name, inner in what.items()}

    assert record["output"] == cells(output)
    assert record["url"] is None


@pytest.mark.parametrize("workflow", [105, 106])
@every_mode
def test_steps_that_are_null_or_missing_are_survived(mode: str, workflow: int) -> None:
    """The status alone says how it ended."""
    record = in_mode(mode, workflow)

    assert (record["state"], record["output"]) == ("succeeded", {})


@pytest.mark.parametrize(
    ("steps", "state", "said"),
    [
        ({"parse": {"status": "COMPLETED"}}, State.SUCCEEDED, None),
        ({"parse": {"status": "completed", "error": None}}, State.SUCCEEDED, None),
        ({"parse": {"f1": {"status": "COMPLETED"}, "f2": {"status": "COMPLETED"}}}, State.SUCCEEDED, None),
        # What says nothing leaves the word to the execution.
        ({"parse": None}, State.SUCCEEDED, None),
        ({"parse": {}}, State.SUCCEEDED, None),
        ({"parse": {"status": None}}, State.SUCCEEDED, None),
        ({"parse": {"f1": None, "f2": {}}}, State.SUCCEEDED, None),
        ({"parse": "COMPLETED"}, State.SUCCEEDED, None),
        ([], State.SUCCEEDED, None),
        # Failed, in any of the shapes.
        ({"parse": {"status": "FAILED"}}, State.PARTIAL, "parse: FAILED"),
        ({"parse": {"status": "failed", "error": "bad page"}}, State.PARTIAL, "parse: bad page"),
        ({"parse": {"f1": {"status": "FAILED", "error": "bad page"}}}, State.PARTIAL, "parse[f1]: bad page"),
        (
            {"parse": {"f1": {"status": "COMPLETED", "error": "bad page"}}},
            State.PARTIAL,
            "parse[f1]: bad page",
        ),
        ({"parse": {"f1": {"error_message": "bad page"}}}, State.PARTIAL, "parse[f1]: bad page"),
        ({"parse": {"status": None, "error": "bad page"}}, State.PARTIAL, "parse: bad page"),
        (
            {"parse": {"status": "FAILED"}, "x": {"f1": {"status": "COMPLETED"}}},
            State.PARTIAL,
            "parse: FAILED",
        ),
        ({"parse": "FAILED"}, State.PARTIAL, "parse: FAILED"),
        ({"parse": {"f1": "FAILED"}}, State.PARTIAL, "parse[f1]: FAILED"),
        ([{"step_type": "parse", "status": "FAILED"}], State.PARTIAL, "0: FAILED"),
        # Not over, or in a word that nobody knows: completed it is not.
        ({"parse": {"status": "IN_PROGRESS"}}, State.PARTIAL, "parse: IN_PROGRESS"),
        ({"parse": {"f1": {"status": "PENDING"}}}, State.PARTIAL, "parse[f1]: PENDING"),
        ({"parse": {"f1": {"status": "HIBERNATING"}}}, State.PARTIAL, "parse[f1]: HIBERNATING"),
        ({"parse": {"status": 5}}, State.PARTIAL, "parse: 5"),
        ({"parse": [{"status": "FAILED"}]}, State.PARTIAL, "parse: [{'status': 'FAILED'}]"),
    ],
    ids=str,
)
def test_completed_is_a_success_only_if_no_part_says_otherwise(steps: Any, state: State, said: Any) -> None:
    execution = looked({"status": "COMPLETED", "steps": steps})

    assert (execution.state, execution.message) == (state, said)


def test_what_is_undone_beside_what_failed_is_not_the_reason() -> None:
    """A file that fails at one step never comes to the next."""
    steps = {
        "parse": {"f1": {"status": "FAILED", "error": "bad page"}},
        "extract": {"f1": {"status": "PENDING"}},
    }

    assert looked({"status": "COMPLETED", "steps": steps}).message == "parse[f1]: bad page"
    assert looked({"status": "FAILED", "steps": steps}).message == "parse[f1]: bad page"
    assert looked({"status": "FAILED", "error": "no", "steps": steps}).message == "no; parse[f1]: bad page"


def test_a_file_that_has_failed_does_not_end_a_run_that_goes_on() -> None:
    steps = {"parse": {"f1": {"status": "FAILED"}, "f2": {"status": "IN_PROGRESS"}}}

    assert looked({"status": "IN_PROGRESS", "steps": steps}).state is State.RUNNING


@pytest.mark.parametrize("shape", ["nested", "flat"])
@every_mode
def test_files_that_failed_are_the_authors_choice(emulator: Emulator, mode: str, shape: str) -> None:
    """They fail the task with the names of step and file, unless the author has said otherwise."""
    emulator.configure("datalab", steps=shape)
    named = r"parse\[aggregated\]" if shape == "nested" else "parse"

    with pytest.raises(errors.ExecutionFailed, match=f"a part undone.*{named}: page 3 could not be read"):
        in_mode(mode, 104)

    accepted = in_mode(mode, 104, on_partial_failure="succeed")
    assert (accepted["state"], accepted["status"]) == ("partial", "COMPLETED")
    assert "page 3 could not be read" in json.dumps(accepted["output"])


def test_of_many_files_the_one_that_failed_is_named() -> None:
    files = {"file_urls": [f"https://example.com/{n}.pdf" for n in range(3)]}

    with pytest.raises(errors.ExecutionFailed, match=r"parse\[file-3\]: page 3") as failed:
        run(104, input_config=files)

    assert "file-1" not in str(failed.value)


@pytest.mark.parametrize("shape", ["nested", "flat"])
@every_mode
def test_a_failed_run_fails_whatever_is_accepted_and_says_why(
    emulator: Emulator, mode: str, shape: str
) -> None:
    emulator.configure("datalab", steps=shape)

    with pytest.raises(errors.ExecutionFailed, match=r"FAILED.*document is encrypted"):
        in_mode(mode, 102, on_partial_failure="succeed")


def test_a_sensor_refuses_a_choice_that_is_none() -> None:
    with pytest.raises(errors.InvalidInput, match="on_partial_failure"):
        DatalabExecutionSensor(task_id="wait", execution_id="1", on_partial_failure="ignore")


# -- errors ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"detail": "Invalid file type."}, "Invalid file type."),
        ({"error": QUOTA, "success": False}, QUOTA),
        ({"detail": "first", "error": "second"}, "first"),
        (
            {
                "detail": [
                    {
                        "type": "int_parsing",
                        "loc": ["path", "workflow_id"],
                        "msg": "Not a number",
                        "input": "x",
                    },
                    {"type": "missing", "loc": ["body", "files", 0], "msg": "Field required", "input": {}},
                ]
            },
            "path.workflow_id: Not a number; body.files.0: Field required",
        ),
        ({"detail": [{"loc": "body", "msg": "no"}]}, "body: no"),
        ({"detail": [{"loc": 5, "type": "missing"}]}, "5: missing"),
        ({"detail": [{"loc": None}]}, "refused"),
        ({"detail": ["plain", None, 7]}, "plain; None; 7"),
        ({"detail": {"code": 7}}, "{'code': 7}"),
        ({"detail": []}, None),
        ({"detail": None}, None),
        ({}, None),
        ([], None),
        ("text", None),
    ],
)
def test_every_envelope_is_read(body: Any, said: str | None) -> None:
    """A text, FastAPI's list of problems, or the member that only the vendor's client reads."""
    assert api.explain(answer(body, 422)) == said
    assert api.explain(Answer(502, {}, b"<html>")) is None


def test_a_problem_is_told_without_the_input_that_it_repeats(emulator: Emulator) -> None:
    """That may be an address with a key in it, or all the addresses."""
    problem = {"type": "url", "loc": ["body", "input_config"], "msg": "Not reachable", "input": SIGNED}
    emulator.fail("datalab", "execute", "status", status=422, body={"detail": [problem]})
    task = Task(lambda: DATALAB.task(101, input_config={"type": "single_file", "file_url": SIGNED}))

    with pytest.raises(errors.RequestRefused, match=r"body\.input_config: Not reachable"):
        task.run()

    assert "5ec2e7" not in task.everything_kept()


# -- signed addresses -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("workflow", [101, 102, 104, 103])
@pytest.mark.parametrize("shape", ["nested", "flat"])
@pytest.mark.parametrize("deferrable", [False, True])
def test_no_signed_address_is_kept_or_said_anywhere(
    emulator: Emulator, workflow: int, shape: str, deferrable: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither of a success nor of a failure, of a part undone nor of a deadline: it opens the result to anybody."""
    caplog.set_level(logging.DEBUG)
    emulator.configure("datalab", steps=shape)
    task = Task(
        lambda: DATALAB.task(workflow, deferrable=deferrable, timeout=0.15 if workflow == 103 else 60)
    )

    with structlog.testing.capture_logs() as logs:
        try:
            task.run()
        except errors.WorkflowError as error:
            task.errors.append(error)

    kept = task.everything_kept() + json.dumps(logs, default=str) + caplog.text
    assert emulator.calls("datalab", "get")
    assert emulator.account("datalab")["signature"] not in kept
    assert "output_url" not in kept


@pytest.mark.parametrize(
    "body",
    [
        {"status": "COMPLETED", "steps": {"parse": {"output_url": SIGNED}}},
        {"status": "COMPLETED", "steps": {"parse": {"f1": {"status": {"at": SIGNED}}}}},
        {"status": "COMPLETED", "steps": {"parse": {SIGNED: {"status": "FAILED"}}}},
        {"status": "COMPLETED", "steps": {SIGNED: SIGNED}},
        {"status": "FAILED", "error": {"at": SIGNED}, "steps": {"parse": {"f1": {"error": f"at {SIGNED}"}}}},
        {"success": False, "error": f"Could not write {SIGNED}"},
    ],
    ids=["no status", "status", "file", "step", "error", "quota"],
)
def test_no_signature_hides_where_the_page_has_no_address(body: Any) -> None:
    execution = looked(body)

    assert "5ec2e7" not in json.dumps(execution.record()) + repr(execution)


def test_an_answer_that_cannot_be_read_is_shown_without_signatures() -> None:
    steps = {"parse": {"f1": {"status": "COMPLETED", "output_url": SIGNED}}}
    for body in ({"steps": steps}, {"status": 5, "steps": steps}, {"status": "FAILED", "steps": SIGNED}):
        with pytest.raises(errors.UnreadableAnswer, match=r"bucket\.example\.com|steps") as unreadable:
            looked(body)
        assert "5ec2e7" not in str(unreadable.value)


# -- size -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", ["nested", "flat"])
@pytest.mark.parametrize("deferrable", [False, True])
def test_a_huge_answer_is_read_and_only_what_counts_is_kept(
    emulator: Emulator, shape: str, deferrable: bool
) -> None:
    """What a cell holds besides its status and its error goes nowhere, however large it is."""
    emulator.configure("datalab", steps=shape)
    emulator.set_pace(looks=1)
    emulator.fail("datalab", "get", "huge", times=None, bytes=6_000_000)

    record = run(deferrable=deferrable)

    assert record["state"] == "succeeded"
    assert len(json.dumps(record)) < 1000


@every_mode
def test_very_many_files_stay_at_the_vendor(emulator: Emulator, mode: str) -> None:
    """The record says how to fetch what became of each."""
    cells = {f"file-{n}": {"status": "COMPLETED", "output_url": SIGNED} for n in range(1500)}
    body = {"status": "COMPLETED", "steps": {"parse": cells}}
    emulator.fail("datalab", "get", "status", times=None, status=200, body=body)

    record = in_mode(mode, 101, max_inline_output=50_000)

    assert (record["state"], record["output"]) == ("succeeded", None)
    assert record["output_omitted"]["bytes"] > 50_000
    assert record["output_omitted"]["fetch"] == (
        f"DatalabHook('datalab_default').get_execution('{record['execution_id']}').output"
    )
    with closing(DatalabHook("datalab_default")) as hook:
        output = hook.get_execution(record["execution_id"]).output
    assert len(json.dumps(output)) == record["output_omitted"]["bytes"]
    assert output["parse"]["file-1499"] == {"status": "COMPLETED", "error": None}


def test_a_long_list_of_failures_is_cut() -> None:
    cells = {f"file-{n}": {"status": "FAILED", "error": "x" * 2000} for n in range(100)}
    execution = looked({"status": "COMPLETED", "steps": {"parse": cells}})

    assert execution.message is not None
    assert execution.message.startswith("parse[file-0]: xxx")
    assert len(execution.message) <= 500


# -- the hook -------------------------------------------------------------------------------------------------------


def test_the_hooks_methods_do_what_they_are_called(emulator: Emulator) -> None:
    given = {"file_urls": ["https://example.com/a.pdf"]}
    with closing(DatalabHook("datalab_default")) as hook:
        execution = hook.execute_workflow(103, input_config=given)
        assert execution.execution_id is not None
        assert (execution.state, execution.status) == (State.RUNNING, "processing")
        assert hook.get_execution(execution.execution_id).state in (State.QUEUED, State.RUNNING)
        assert hook.execution_url(execution.execution_id) is None
        said = hook.try_to_stop(execution.execution_id)

    assert said == f"Datalab cannot stop a run: execution {execution.execution_id} goes on."
    (made,) = emulator.runs("datalab")
    assert (made["workflow_id"], made["input"], made["stops"]) == ("103", given, 0)
    assert [call["operation"] for call in emulator.calls("datalab")] == ["execute", "get"]


def test_an_execution_that_nobody_knows_is_named() -> None:
    with (
        closing(DatalabHook()) as hook,
        pytest.raises(errors.NotFound, match=r"execution 5.*Execution not found"),
    ):
        hook.get_execution("5")


def test_a_right_connection_is_accepted_without_a_start(emulator: Emulator) -> None:
    assert DatalabHook().test_connection() == (True, "Datalab accepts this connection.")

    (call,) = emulator.calls("datalab")
    assert (call["method"], call["path"], call["body"]) == ("GET", "/api/v1/user_health", None)


def test_a_connection_test_with_a_wrong_key_names_the_connection(emulator: Emulator) -> None:
    old = emulator.account("datalab")["api_key"]
    emulator.revoke("datalab")

    ok, sentence = DatalabHook().test_connection()

    assert not ok
    assert "HTTP 401: Invalid API key provided" in sentence
    assert "'datalab_default'" in sentence
    assert old not in sentence


@pytest.mark.parametrize(
    ("fault", "options", "said"),
    [
        ("status", {"status": 403}, "active, paid subscription"),
        ("status", {"status": 503, "body": {"detail": "maintenance"}}, "HTTP 503: maintenance"),
        ("status", {"status": 529}, "HTTP 529"),
        ("status", {"status": 429}, "400 requests every 60 seconds"),
        ("status", {"status": 200, "body": {"hello": "from a portal"}}, "from a portal"),
        ("status", {"status": 302, "headers": {"Location": "https://login.example.com/"}}, "redirect"),
        ("html", {}, "Please try again"),
        ("html", {"status": 502}, "HTTP 502"),
        ("list_body", {}, "unexpected"),
        ("hang", {}, "ReadTimeout"),
    ],
)
def test_a_connection_test_says_in_one_sentence_what_was_wrong(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch, fault: str, options: dict[str, Any], said: str
) -> None:
    """A page of a proxy is not the vendor's word, whatever its status."""
    monkeypatch.setattr("airflow_workflow_providers.hooks.base.TEST_LIMIT", 0.3)
    emulator.fail("datalab", "user_health", fault, **options)

    ok, sentence = DatalabHook().test_connection()

    assert not ok
    assert said in sentence
    assert sentence.startswith("Datalab could not check the connection: ")
    assert "\n" not in sentence

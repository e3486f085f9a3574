"""What is sent, and the answer to a start, of which no field is documented."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_workflow_providers.apis import datalab as api
from airflow_workflow_providers.core import errors
from airflow_workflow_providers.core.execution import State
from airflow_workflow_providers.emulator import Emulator
from airflow_workflow_providers.operators.datalab import DatalabExecuteWorkflowOperator
from tests.vendors import DATALAB
from tests.vendors.datalab import QUOTA, run, started, wait_for


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
        {"execution_id": "..", "id": 2},
        {"execution_id": {"id": 1}},
        {"success": True, "status": "COMPLETED"},
        {"success": False, "error": QUOTA},
    ],
    ids=str,
)
def test_a_start_without_an_id_is_lost_with_the_vendors_words(emulator: Emulator, body: Any) -> None:
    """The page does not say that nothing was started then."""
    emulator.fail("datalab", "execute", "status", status=200, body=body, carry_out=True)

    with pytest.raises(errors.LostStart, match="without an execution id that can be used") as lost:
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

"""What a start sends, and what its response means, of which no field is documented."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_workflow_providers.apis import datalab as api
from airflow_workflow_providers.core import errors
from airflow_workflow_providers.core.execution import State
from airflow_workflow_providers.emulator import Emulator
from airflow_workflow_providers.operators.datalab import DatalabExecuteWorkflowOperator
from airflow_workflow_providers.sensors.datalab import DatalabExecutionSensor
from tests.fake_airflow import Task
from tests.vendors import DATALAB, misread, response
from tests.vendors.datalab import QUOTA, SIGNED, run


def test_a_start_has_the_workflow_in_its_path_and_the_input_in_its_body(emulator: Emulator) -> None:
    given = {"type": "file_list", "file_urls": ["https://example.com/a.pdf", "https://example.com/b ä.pdf"]}

    assert run(101, input_config=given)["state"] == "succeeded"

    (request,) = emulator.requests("datalab", "execute")
    assert (request["method"], request["path"]) == ("POST", "/api/v1/workflows/workflows/101/execute")
    assert (request["query"], request["body"]) == ({}, {"input_config": given})
    assert request["headers"]["content-type"] == "application/json"
    assert emulator.runs("datalab")[0]["input"] == given


def test_an_input_is_sent_as_it_is() -> None:
    """In the form of the page, in that of the vendor's own client, and in a newer one; without an input none is sent."""
    inputs: list[Any] = [
        {"type": "single_file", "file_url": "https://example.com/a.pdf"},
        {"file_urls": ["https://example.com/a.pdf", "datalab://file-abc123"]},
        {"bucket": "b", "prefix": "path/", "pattern": "*.pdf", "storage_type": "s3"},
        {"type": "something_newer", "whatever": [1, None]},
        *({"type": kind} for kind in (["single_file"], {}, 7, None)),
        {},
    ]

    def body(given: Any) -> Any:
        return api.execute_workflow(101, input_config=given).body

    assert misread(body, ((given, {"input_config": given}) for given in inputs)) == {}
    assert body(None) == {}


def test_an_input_without_its_files_is_rejected_when_the_dag_is_parsed() -> None:
    """Datalab may accept it and read no file. A template may become a list of files."""
    cases: list[tuple[Any, str]] = [
        ({"type": "single_file", "file_urls": ["https://example.com/a.pdf"]}, "'file_url'"),
        ({"type": "single_file", "file_url": None}, "'file_url'"),
        ({"type": "file_list", "file_url": "https://example.com/a.pdf"}, "'file_urls'"),
        (["https://example.com/a.pdf"], "input_config"),
    ]
    for given, said in cases:
        with pytest.raises(errors.InvalidInput, match=said):
            DatalabExecuteWorkflowOperator(task_id="run", workflow_id=101, input_config=given)

    template = {"type": "file_list", "file_urls": "{{ ti.xcom_pull('list') }}"}
    assert DATALAB.task(101, input_config=template).input_config == template


def test_a_workflow_is_a_number_or_its_text() -> None:
    paths = {api.execute_workflow(workflow).path for workflow in (101, "101", " 101 ")}

    assert paths == {"/api/v1/workflows/workflows/101/execute"}


def test_the_key_is_in_its_own_header_of_each_request(emulator: Emulator) -> None:
    """The addresses of results hold a signature of their own, and lead to another server: the key does not go there."""
    run()

    requests = {request["operation"]: request["headers"] for request in emulator.requests("datalab")}
    with_key = {operation for operation, headers in requests.items() if "x-api-key" in headers}

    assert with_key == {"execute", "get"}
    assert requests.keys() == {*with_key, "output"}
    assert not any("authorization" in headers for headers in requests.values())


def test_an_execution_id_that_is_not_a_number_is_rejected_by_the_vendor(emulator: Emulator) -> None:
    """Its error has the place of the problem; the id arrives as it was written."""
    options = {"task_id": "wait", "execution_id": "7 ä?x=1#", "poke_interval": 0.01}

    with pytest.raises(errors.RequestRejected, match=r"path\.execution_id: Input should be a valid integer"):
        Task(lambda: DatalabExecutionSensor(**options)).run()

    assert {request["execution_id"] for request in emulator.requests("datalab", "get")} == {"7 ä?x=1#"}


def test_a_start_needs_an_id_and_is_never_a_success() -> None:
    """The vendor's own client reads the id from one of two fields, and the page documents neither."""

    def read(body: Any) -> tuple[str | None, State]:
        started = api.execute_workflow(101).parse(response(body))
        assert started.status
        return started.execution_id, started.state

    cases: list[tuple[Any, Any]] = [
        ({"execution_id": 1, "status": "processing", "success": True}, ("1", State.RUNNING)),
        ({"execution_id": 1, "id": 2}, ("1", State.RUNNING)),
        ({"execution_id": None, "id": 2}, ("2", State.RUNNING)),
        ({"execution_id": 0, "id": 2}, ("2", State.RUNNING)),
        ({"execution_id": "1", "status": None}, ("1", State.RUNNING)),
        ({"execution_id": "1", "status": ""}, ("1", State.RUNNING)),
        ({"execution_id": 1, "id": {"a": 1}, "status": 5, "success": "yes", "error": []}, ("1", State.RUNNING)),
        ({"execution_id": 1, "status": "COMPLETED", "results": {}}, ("1", State.RUNNING)),
        ({"execution_id": 1, "status": "HIBERNATING"}, ("1", State.RUNNING)),
        ({"execution_id": 1, "status": "processing", "success": False}, ("1", State.FAILED)),
        ({"execution_id": 1, "status": "failed"}, ("1", State.FAILED)),
        *(
            (body, errors.UnexpectedResponse)
            for body in (
                *({}, [], {"execution_id": None, "id": None}, {"execution_id": 0}, {"execution_id": True}),
                *({"execution_id": "  "}, {"execution_id": "..", "id": 2}, {"execution_id": {"id": 1}}),
                *({"success": True, "status": "COMPLETED"}, {"success": False, "error": QUOTA}),
            )
        ),
    ]  # fmt: skip

    assert misread(read, cases) == {}


def test_a_start_without_an_id_is_lost_with_the_vendors_explanation(emulator: Emulator) -> None:
    """No page says that such a start has started nothing."""
    body = {"success": False, "error": QUOTA}
    emulator.fail("datalab", "execute", "status", status=200, body=body, carry_out=True)

    with pytest.raises(errors.LostStart, match=f"without a usable execution id.*{QUOTA}"):
        run()

    assert len(emulator.requests("datalab", "execute")) == 1


@pytest.mark.parametrize("wait_for_completion", [True, False])
def test_a_start_that_says_it_has_failed_fails_the_task(
    emulator: Emulator, wait_for_completion: bool
) -> None:
    """Also a task that does not wait."""
    body = {"execution_id": 70001, "success": False, "status": "processing", "error": QUOTA}
    emulator.fail("datalab", "execute", "status", status=200, body=body)

    with pytest.raises(errors.ExecutionFailed, match=f"execution 70001 failed .*{QUOTA}"):
        run(wait_for_completion=wait_for_completion)


def test_the_error_of_a_rejected_start_does_not_repeat_the_input(emulator: Emulator) -> None:
    """Datalab repeats it in the list of problems, and it can hold an address with a key."""
    problem = {"type": "url", "loc": ["body", "input_config"], "msg": "Not reachable", "input": SIGNED}
    emulator.fail("datalab", "execute", "status", status=422, body={"detail": [problem]})
    task = Task(lambda: DATALAB.task(101, input_config={"type": "single_file", "file_url": SIGNED}))

    with pytest.raises(errors.RequestRejected, match=r"body\.input_config: Not reachable"):
        task.run()

    assert "5ec2e7" not in task.everything_kept()

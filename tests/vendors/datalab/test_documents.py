"""Convert, extract and segment: a request for one document, which is polled like an execution."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from airflow.sdk import ObjectStoragePath

from airflow_workflow_providers.apis import datalab_documents as api
from airflow_workflow_providers.core import errors
from airflow_workflow_providers.core.errors import InvalidInput
from airflow_workflow_providers.core.execution import State
from airflow_workflow_providers.emulator import Emulator
from airflow_workflow_providers.operators.datalab import (
    DatalabConvertOperator,
    DatalabExtractOperator,
    DatalabSegmentOperator,
)
from airflow_workflow_providers.sensors.datalab import (
    DatalabConvertExecutionSensor,
    DatalabExtractExecutionSensor,
    DatalabSegmentExecutionSensor,
)
from airflow_workflow_providers.triggers.datalab import DatalabConvertExecutionTrigger
from dev.vendors import DOCUMENT
from tests.contract import start, trigger_for
from tests.fake_airflow import Task
from tests.vendors import DATALAB, DATALAB_PIPELINES, misread, response
from tests.vendors.datalab import QUOTA

URL = "https://files.example/a.pdf"
SCHEMA = {"properties": {"total": {"type": "number"}}}

#: Each operator with its own parameters, its sensor, and the field of its result.
PROCESSORS: dict[str, tuple[type[Any], dict[str, Any], type[Any], str]] = {
    "convert": (DatalabConvertOperator, {}, DatalabConvertExecutionSensor, "markdown"),
    "extract": (
        DatalabExtractOperator,
        {"page_schema": SCHEMA},
        DatalabExtractExecutionSensor,
        "extraction_schema_json",
    ),
    "segment": (
        DatalabSegmentOperator,
        {"segmentation_schema": {"segments": [{"name": "total"}]}},
        DatalabSegmentExecutionSensor,
        "segmentation_results",
    ),
}

each_processor = pytest.mark.parametrize("processor", PROCESSORS)
blocking_and_deferred = pytest.mark.parametrize("deferrable", [False, True], ids=["blocking", "deferred"])


def make(processor: str, **options: Any) -> Any:
    operator, own, *_ = PROCESSORS[processor]
    return operator(**{"task_id": "run", "file": URL, "poll_interval": 0.01, **own, **options})


@each_processor
@blocking_and_deferred
def test_a_document_is_processed_and_its_result_is_the_output(
    emulator: Emulator, processor: str, deferrable: bool
) -> None:
    record = Task(lambda: make(processor, deferrable=deferrable)).run()

    [run] = emulator.runs("datalab")
    assert (run["workflow_id"], run["input"]["file_url"]) == (processor, URL)
    assert (record["execution_id"], record["state"], record["status"]) == (
        run["execution_id"],
        "succeeded",
        "complete",
    )
    assert record["output"][PROCESSORS[processor][3]]


@each_processor
@blocking_and_deferred
def test_a_sensor_waits_for_a_document_that_another_task_has_sent(
    emulator: Emulator, processor: str, deferrable: bool
) -> None:
    started = Task(lambda: make(processor, wait_for_completion=False)).run()
    sensor = PROCESSORS[processor][2]

    record = Task(
        lambda: sensor(
            task_id="wait", execution_id=started["execution_id"], poke_interval=0.01, deferrable=deferrable
        )
    ).run()

    assert record["execution_id"] == started["execution_id"]
    assert record["output"][PROCESSORS[processor][3]]


@each_processor
@blocking_and_deferred
def test_a_document_that_fails_fails_the_task_with_the_reason(
    emulator: Emulator, processor: str, deferrable: bool
) -> None:
    emulator.add_workflow("datalab", processor, ends="failed", error="document is encrypted")

    with pytest.raises(errors.ExecutionFailed, match="document is encrypted"):
        Task(lambda: make(processor, deferrable=deferrable)).run()


@each_processor
def test_a_lost_start_is_not_sent_again_and_a_retry_reattaches(emulator: Emulator, processor: str) -> None:
    emulator.fail("datalab", processor, "lost_response")
    with pytest.raises(errors.LostStart, match="a run may exist"):
        Task(lambda: make(processor), retries=1).run()
    assert len(emulator.runs("datalab")) == 1

    emulator.add_workflow("datalab", processor, ends=None)
    task = Task(lambda: make(processor, timeout=1.0), retries=1)
    with pytest.raises(errors.ExecutionTimedOut):
        task.run()
    assert task.tries == 2
    assert len(emulator.runs("datalab")) == 2


@each_processor
def test_a_file_in_object_storage_is_uploaded_first_and_the_result_can_go_to_a_folder(
    emulator: Emulator, tmp_path: Path, processor: str
) -> None:
    file = ObjectStoragePath(f"file://{DOCUMENT}")

    record = Task(lambda: make(processor, file=file, output_path=f"file://{tmp_path}")).run()

    [run] = emulator.runs("datalab")
    assert run["input"]["file_url"].startswith("datalab://")
    [entry] = record["output"]
    assert json.loads(ObjectStoragePath(entry["uri"]).read_text())[PROCESSORS[processor][3]]


def test_the_fields_of_the_form_are_those_of_the_vendors_client() -> None:
    """Objects as JSON, and what is not given is not sent."""

    def form(request: Any) -> dict[str, str]:
        assert request.media_type == "application/x-www-form-urlencoded"
        return {name: value for name, [value] in parse_qs(request.body).items()}

    assert form(api.convert(file=URL)) == {"file_url": URL, "output_format": "markdown"}
    assert form(
        api.convert(
            file=URL,
            output_format="html,json",
            mode="accurate",
            page_range="0,2-4",
            max_pages=3,
            options={
                "paginate": True,
                "additional_config": {"a": 1},
                "extras": "extract_links",
                "none": None,
            },
        )
    ) == {
        "file_url": URL,
        "output_format": "html,json",
        "mode": "accurate",
        "page_range": "0,2-4",
        "max_pages": "3",
        "paginate": "true",
        "additional_config": '{"a": 1}',
        "extras": "extract_links",
    }
    assert form(api.extract(checkpoint_id="c1", schema_id="sch_1")) == {
        "checkpoint_id": "c1",
        "schema_id": "sch_1",
    }
    assert json.loads(form(api.extract(file=URL, page_schema=SCHEMA))["page_schema"]) == SCHEMA
    assert (
        json.loads(form(api.segment(file=URL, segmentation_schema=SCHEMA))["segmentation_schema"]) == SCHEMA
    )


@pytest.mark.parametrize(
    ("processor", "wrong", "what"),
    [
        ("convert", {"file": None}, "file"),
        ("convert", {"file": "a.pdf"}, "file"),
        ("convert", {"mode": "slow"}, "mode"),
        ("convert", {"max_pages": 0}, "max_pages"),
        ("convert", {"page_range": ""}, "page_range"),
        ("convert", {"output_format": 7}, "output_format"),
        ("convert", {"options": ["paginate"]}, "options"),
        ("convert", {"options": {"mode": "fast"}}, "options has mode"),
        ("extract", {"page_schema": None}, "page_schema or schema_id"),
        ("extract", {"schema_id": "sch_1"}, "page_schema or schema_id"),
        ("extract", {"file": None}, "file or by checkpoint_id"),
        ("extract", {"checkpoint_id": "c1"}, "file or by checkpoint_id"),
        ("extract", {"page_schema": "total"}, "page_schema"),
        ("segment", {"segmentation_schema": {}}, "segmentation_schema is empty"),
        ("segment", {"checkpoint_id": "c1"}, "file or by checkpoint_id"),
    ],
)
def test_a_wrong_parameter_is_rejected_by_name_before_anything_is_sent(
    emulator: Emulator, processor: str, wrong: dict[str, Any], what: str
) -> None:
    with pytest.raises(InvalidInput, match=what):
        make(processor, **wrong)
    assert emulator.requests("datalab") == []


@each_processor
def test_each_parameter_of_a_request_is_one_of_its_operator(processor: str) -> None:
    """A template may stand for each templated one."""
    operator = PROCESSORS[processor][0]
    for name in operator.template_fields:
        own = {"schema_id": {"page_schema": None}, "checkpoint_id": {"file": None}}.get(name, {})
        assert getattr(make(processor, **{**own, name: "{{ params.x }}"}), name) == "{{ params.x }}"


def test_only_a_complete_request_without_an_error_is_a_success() -> None:
    cases = [
        ({"status": "processing"}, State.RUNNING),
        ({"status": "processing", "success": None}, State.RUNNING),
        ({"status": "complete", "success": True, "markdown": "# A"}, State.SUCCEEDED),
        ({"status": "COMPLETE"}, State.SUCCEEDED),
        ({"status": "complete", "success": True, "error": ""}, State.SUCCEEDED),
        ({"status": "complete", "success": False, "error": "no"}, State.FAILED),
        ({"status": "complete", "success": "true"}, State.FAILED),
        ({"status": "complete", "error": "no"}, State.FAILED),
        ({"status": "failed"}, State.FAILED),
        ({"success": False, "error": QUOTA}, State.FAILED),
        ({"status": "paused"}, State.UNKNOWN),
    ]

    for read in (api.CONVERT.get_status, api.CONVERT.get_execution):
        assert misread(lambda body, read=read: read("r1").parse(response(body)).state, cases) == {}
    for body in ({}, {"status": 7}, {"success": True}):
        with pytest.raises(errors.UnexpectedResponse):
            api.CONVERT.get_status("r1").parse(response(body))


def test_a_result_behind_a_signed_address_is_fetched_and_its_address_is_not_shown() -> None:
    """Datalab names an address instead of the content if a result is large."""
    address = "https://results.example/r1.json?X-Amz-Signature=5ec2e7"
    body = {
        "status": "complete",
        "success": True,
        "result_url": address,
        "expires_in": 3600,
        "markdown": None,
    }

    execution = api.CONVERT.get_execution("r1").parse(response(body))

    assert [file.source for file in execution.files] == [address]
    assert address not in json.dumps(execution.output) + repr(execution)


def test_waits_for_several_kinds_of_runs_over_one_connection_ask_each_api_for_its_own(
    emulator: Emulator,
) -> None:
    """A triggerer runs all of them in one event loop, and they share what they can."""
    started = [(vendor, start(vendor, vendor.succeeds)) for vendor in (DATALAB, DATALAB_PIPELINES)]
    converted = Task(lambda: make("convert", wait_for_completion=False)).run()["execution_id"]
    options = {"deadline": time.time() + 60, "poll_interval": 0.01, "cancel_on_kill": True}
    convert = DatalabConvertExecutionTrigger(
        conn_id="datalab_default", execution_id=converted, account=None, **options
    )
    convert.task_instance = trigger_for(DATALAB, "1").task_instance

    async def first_events() -> list[Any]:
        triggers = [convert, *(trigger_for(vendor, run) for vendor, run in started)]
        return await asyncio.gather(*(anext(trigger.run()) for trigger in triggers))

    events = asyncio.run(first_events())

    assert [event.payload["outcome"] for event in events] == ["ended"] * 3
    checks = [request for request in emulator.requests("datalab") if request["status"] == 404]
    assert checks == []

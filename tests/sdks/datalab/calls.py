"""
What the vendor's client is asked to do: each function uses only its documented interface.

This runs in the environment of the client, where nothing of this project is installed.
"""

import dataclasses
import json
import os
import sys
import urllib.request
from pathlib import Path

from datalab_sdk import (
    ConvertOptions,
    DatalabAPIError,
    DatalabClient,
    ExtractOptions,
    InputConfig,
    PipelineProcessor,
    SegmentOptions,
    WorkflowStep,
)


def workflow(client, document):
    """Create a workflow, run it on two files until its end, and download what it made."""
    steps = [
        WorkflowStep(unique_name="parse", step_key="marker_parse", settings={"max_pages": 5}),
        WorkflowStep(unique_name="extract", step_key="marker_extract", settings={}, depends_on=["parse"]),
    ]
    created = client.create_workflow(name="two steps", steps=steps)
    uploaded = client.upload_files(document)
    urls = InputConfig(file_urls=["https://example.com/file.pdf", uploaded.reference])
    started = client.execute_workflow(workflow_id=created.id, input_config=urls)
    ended = client.get_execution_status(started.id, max_polls=5, poll_interval=0, download_results=True)
    return {
        "created": created,
        "read": client.get_workflow(created.id),
        "listed": [each.id for each in client.list_workflows()],
        "step_types": [each["type"] for each in client.get_step_types()["step_types"]],
        "started": started,
        "ended": ended,
    }


def workflow_until(client, workflow_id, polls):
    """Run a workflow that exists, check it this often, and download what it made."""
    started = client.execute_workflow(workflow_id=workflow_id, input_config=InputConfig())
    return client.get_execution_status(started.id, max_polls=polls, poll_interval=0, download_results=True)


def delete_workflow(client, workflow_id):
    return client.delete_workflow(workflow_id)


def pipeline(client, document):
    """Define, publish and run a pipeline, and read what it made."""
    steps = [PipelineProcessor(type="convert", settings={"mode": "fast"})]
    created = client.create_pipeline(steps)
    name = created.pipeline_id
    updated = client.update_pipeline(name, [*steps, PipelineProcessor(type="extract", settings={})])
    saved = client.save_pipeline(name, name="invoices")
    published = client.create_pipeline_version(name, description="first")
    client.update_pipeline(name, steps)
    discarded = client.discard_pipeline_draft(name)
    started = client.run_pipeline(name, file_path=document, page_range="0,2-4", run_evals=True, version=1)
    ended = client.get_pipeline_execution(started.execution_id, max_polls=5, poll_interval=0)
    seen = {
        "created": created,
        "updated": updated,
        "saved": saved,
        "published": published,
        "discarded": discarded,
        "read": client.get_pipeline(name),
        "versions": client.list_pipeline_versions(name),
        "listed": client.list_pipelines(),
        "rate": client.get_pipeline_rate(name),
        "started": started,
        "ended": ended,
        "executions": client.list_pipeline_executions(name),
        "results": [client.get_step_result(started.execution_id, index) for index in range(2)],
    }
    client.archive_pipeline(name)
    seen["archived"] = [each.pipeline_id for each in client.list_pipelines()["pipelines"]]
    client.unarchive_pipeline(name)
    seen["unarchived"] = [each.pipeline_id for each in client.list_pipelines()["pipelines"]]
    return seen


def definitions(client, workflow_id, pipeline_id):
    """Read the definitions of workflows and of pipelines."""
    return {
        "workflows": client.list_workflows(),
        "workflow": client.get_workflow(workflow_id),
        "step_types": client.get_step_types(),
        "pipelines": client.list_pipelines(),
        "some_pipelines": client.list_pipelines(saved_only=False, include_archived=True, limit=2, offset=1),
        "pipeline": client.get_pipeline(pipeline_id),
        "versions": client.list_pipeline_versions(pipeline_id),
        "rate": client.get_pipeline_rate(pipeline_id),
    }


def pipeline_until(client, pipeline_id, polls):
    """Run a pipeline that exists with a URL and check it this often, with the one call that does both."""
    url = "https://example.com/file.pdf"
    return client.run_pipeline(pipeline_id, file_url=url, max_polls=polls + 1, poll_interval=0)


def files(client, document):
    """Upload two files, list them, read one back, and delete it."""
    uploaded = client.upload_files([document, document])
    first = uploaded[0].file_id
    got = client.get_file_download_url(first, expires_in=60)
    with urllib.request.urlopen(got["download_url"]) as response:  # noqa: S310  # the emulator's own address
        content = response.read().decode()
    seen = {
        "uploaded": uploaded,
        "listed": client.list_files(limit=1, offset=1),
        "read": client.get_file_metadata(first),
        "content": content,
        "deleted": client.delete_file(first),
    }
    return {**seen, "left": client.list_files()["total"]}


def documents(client, document):
    """Convert, extract and segment a document, in memory and to the disk."""
    schema = json.dumps({"properties": {"title": {"type": "string"}}})
    segments = json.dumps({"segments": [{"name": "all", "description": ""}]})
    formats = ConvertOptions(output_format="html,json", save_checkpoint=True, page_range="0-1")
    converted = client.convert(document, options=formats, save_output="saved/report", poll_interval=0)
    streamed = client.convert(
        file_url="https://example.com/a.pdf", stream_response_to="streamed.json", poll_interval=0
    )
    from_checkpoint = ExtractOptions(page_schema=schema, checkpoint_id=converted.checkpoint_id)
    return {
        "converted": converted,
        "saved": sorted(path.name for path in Path("saved").iterdir()),
        "streamed": streamed,
        "response": json.loads(Path("streamed.json").read_text()),
        "extracted": client.extract(document, options=ExtractOptions(page_schema=schema), poll_interval=0),
        "from_checkpoint": client.extract(options=from_checkpoint, poll_interval=0),
        "segmented": client.segment(
            document, options=SegmentOptions(segmentation_schema=segments), poll_interval=0
        ),
    }


def convert(client, document):
    return client.convert(document, poll_interval=0)


def extract_to_disk(client, document):
    options = ExtractOptions(page_schema=json.dumps({"properties": {}}))
    return client.extract(document, options=options, save_output="saved", poll_interval=0)


def plain(value):
    """Return what JSON has no word for as text or as a dict."""
    return dataclasses.asdict(value) if dataclasses.is_dataclass(value) else str(value)


if __name__ == "__main__":
    function, arguments = globals()[sys.argv[1]], json.loads(sys.argv[2])
    try:
        returned = function(DatalabClient(base_url=os.environ["BASE_URL"]), **arguments)
    except DatalabAPIError as error:
        returned = {"error": str(error), "status": error.status_code}
    except ValueError as error:
        returned = {"error": str(error)}
    sys.stdout.write(json.dumps(returned, default=plain))

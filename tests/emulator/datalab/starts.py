"""How Datalab starts an execution of a workflow and of a pipeline: ``test_every_vendor.py`` loads this."""

from tests.emulator import Start

STARTS = {
    "datalab": Start(
        path="/api/v1/workflows/workflows/101/execute",
        workflow_id="101",
        status=200,
        headers={"X-API-Key": "{api_key}"},
    ),
    "datalab_pipelines": Start(
        path="/api/v1/pipelines/pl_parse/run",
        workflow_id="pl_parse",
        status=200,
        headers={"X-API-Key": "{api_key}"},
        body={"data": {"file_url": "https://example.com/file.pdf"}},
    ),
}

#: The fields of its connection besides the base URL and the key.
EXTRA = ("download_hosts",)

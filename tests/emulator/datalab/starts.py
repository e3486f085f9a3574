"""How Datalab starts an execution: ``test_every_vendor.py`` loads this."""

from tests.emulator import Start

STARTS = {
    "datalab": Start(
        path="/api/v1/workflows/workflows/101/execute",
        workflow_id="101",
        status=200,
        headers={"X-API-Key": "{api_key}"},
    )
}

#: The fields of its connection besides the base URL and the key.
EXTRA = ("download_hosts",)

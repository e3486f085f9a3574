"""How Laminar starts an execution: ``test_every_vendor.py`` loads this."""

from tests.emulator import Start

STARTS = {
    "laminar": Start(
        path="/workflow/execute/external/39", workflow_id="39", status=200, headers={"X-API-KEY": "{api_key}"}
    ),
    "laminar_jobs": Start(
        path="/m/acme/nested/path%20job?async=1",
        workflow_id="nested/path job",
        status=202,
        headers={"x-api-key": "{trigger_api_key}"},
    ),
}

#: The fields of its connection besides the base URL and the key.
EXTRA = ("trigger_url", "trigger_api_key", "workspace_id", "configuration_id")

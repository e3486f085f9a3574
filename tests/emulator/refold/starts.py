"""How Refold starts an execution: ``test_every_vendor.py`` loads this."""

from tests.emulator import Start

STARTS = {
    "refold": Start(
        path="/api/v2/public/workflow/sync-contacts/execute",
        workflow_id="sync-contacts",
        status=200,
        headers={"x-api-key": "{api_key}", "linked_account_id": "{linked_account_id}", "slug": "hubspot"},
    )
}

#: The fields of its connection besides the base URL and the key.
EXTRA = ("linked_account_id",)

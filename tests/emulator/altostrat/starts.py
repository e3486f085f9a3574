"""How Altostrat starts an execution: ``test_every_vendor.py`` loads this."""

from tests.emulator import Start

STARTS = {
    "altostrat": Start(
        path="/workflows/fl_sync_sites/execute",
        workflow_id="fl_sync_sites",
        status=202,
        headers={"Authorization": "Bearer {api_key}"},
    )
}

#: The fields of its connection besides the base URL and the key.
EXTRA = ()

"""How PromptLayer starts an execution: ``test_every_vendor.py`` loads this."""

from tests.emulator import Start

STARTS = {
    "promptlayer": Start(
        path="/workflows/support%2Ftriage%20v2/run",
        workflow_id="support/triage v2",
        status=201,
        headers={"X-API-KEY": "{api_key}"},
    )
}

#: The fields of its connection besides the base URL and the key.
EXTRA = ()

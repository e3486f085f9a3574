"""
Answers of PromptLayer's own server, as the tests of its Python client have recorded them in April and May 2025.

They are in github.com/MagnivOrg/prompt-layer-library, ``tests/fixtures/cassettes``. Here they are as facts: what was asked
and what came, with a name and a token of ours.
"""

from dataclasses import dataclass, field
from typing import Any

CHANNEL = "workflows:3:run:5d9c"
_RESULTS = "/workflow-version-execution-results"


@dataclass(frozen=True, kw_only=True)
class Recorded:
    method: str
    path: str
    query: dict[str, str] = field(default_factory=dict)
    sent: dict[str, Any] | None = None
    status: int
    body: Any


WORKFLOW = Recorded(
    method="GET",
    path="/workflows/bare-text",
    status=200,
    body={
        "success": True,
        "workflow": {
            "id": 3,
            "workspace_id": 1,
            "user_id": None,
            "name": "bare-text",
            "is_draft": False,
            "is_deleted": False,
        },
    },
)
TOKEN = Recorded(
    method="POST",
    path="/ws-token-request-library",
    query={"capability": CHANNEL},
    status=201,
    body={
        "success": True,
        "token_details": {
            "expires": 1746119430452,
            "token": "a-token",
            "issued": 1746115830452,
            "capability": {"user:1": ["presence", "subscribe"], CHANNEL: ["presence", "subscribe"]},
            "clientId": "1",
        },
    },
)
STARTED = Recorded(
    method="POST",
    path="/workflows/bare-text/run",
    sent={
        "input_variables": {"var1": "value1"},
        "metadata": None,
        "workflow_label_name": None,
        "workflow_version_number": None,
        "return_all_outputs": False,
        "channel_name_suffix": "5d9c",
    },
    status=201,
    body={
        "success": True,
        "message": "Workflow execution created successfully",
        "warning": None,
        "workflow_version_execution_id": 787,
    },
)
NODES = Recorded(
    method="GET",
    path=_RESULTS,
    query={"workflow_version_execution_id": "717", "return_all_outputs": "true"},
    status=200,
    body={
        "Node 1": {
            "status": "SUCCESS",
            "value": "AAA",
            "error_message": None,
            "raw_error_message": None,
            "is_output_node": True,
        }
    },
)
VALUE = Recorded(
    method="GET",
    path=_RESULTS,
    query={"workflow_version_execution_id": "717", "return_all_outputs": "false"},
    status=200,
    body="AAA",
)

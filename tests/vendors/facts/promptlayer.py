"""PromptLayer."""

from __future__ import annotations

from typing import Any

from airflow_workflow_providers.apis import promptlayer, promptlayer_workflows
from airflow_workflow_providers.core.errors import NotFound
from airflow_workflow_providers.core.request import Request
from tests.vendors.facts import Facts
from tests.vendors.facts.bad_values import CALLBACKS, FLAGS, IDS, NAMES, NUMBERS, OBJECTS
from tests.vendors.facts.error_bodies import NO_EXPLANATION, PROBLEMS


def start(**options: Any) -> Request[Any]:
    return promptlayer.run_workflow("w", **{"input_variables": {"a": 1}, **options})


FACTS = Facts(
    ping=("list_workflows", "GET", "/workflows", {"per_page": "1"}),
    wrong_keys=[({}, "HTTP 401: Invalid API key.")],
    ping_faults=[
        ("status", {"status": 422, "body": {"detail": [{"loc": ["query"], "msg": "no"}]}}, "query: no"),
        ("status", {"status": 200, "body": {"status": "ok"}}, "items"),
        ("list_body", {}, "not a JSON object"),
    ],
    base_urls=[({}, "https://api.promptlayer.com")],
    right={"workflow_name": "answer"},
    bad={
        "workflow_name": IDS,
        "workflow_label_name": NAMES,
        "workflow_version_number": NUMBERS,
        "input_variables": OBJECTS,
        "metadata": [*OBJECTS, {"a": 1}, {"a": None}, {"a": ["x"]}, {1: "x"}],
        "return_all_outputs": FLAGS,
        "callback_url": CALLBACKS,
    },
    operator_only={"validate_input": FLAGS},
    sensor_only={"return_all_outputs": FLAGS},
    flat={"metadata"},
    explanations=[
        # The explanation is in one of three fields, and in one of them it can be a list.
        ({"success": False, "message": "Invalid API key"}, "Invalid API key"),
        ({"success": False, "error": "Workflow not found"}, "Workflow not found"),
        ({"success": False, "message": None, "error": "in error"}, "in error"),
        ({"success": False, "message": "in message", "error": "in error"}, "in message"),
        ({"detail": "Not authenticated"}, "Not authenticated"),
        ({"message": {"code": 7}}, '{"code": 7}'),
        ({"success": False}, None),
        *PROBLEMS,
        *NO_EXPLANATION,
    ],
    rejected=[
        ("no-such-workflow", {}, {}, NotFound, "HTTP 404: Workflow not found"),
        ("answer-question", {"workflow_label_name": "staging"}, {}, NotFound, "HTTP 404: Release label not found"),
        ("answer-question", {"workflow_version_number": 9}, {}, NotFound, "HTTP 404: Workflow version not found"),
    ],
    methods={"run_workflow", "list_workflows", "get_workflow", "list_workflow_labels"},
    requests={
        "workflows": promptlayer_workflows.list_workflows,
        "workflow": lambda: promptlayer_workflows.get_workflow("w"),
        "labels": lambda: promptlayer_workflows.list_workflow_labels("w"),
    },
    id_in_query="workflow_version_execution_id",
    started=lambda execution_id: {"success": True, "workflow_version_execution_id": execution_id},
    successes=[
        ("result", {"A": {"status": "SUCCESS", "is_output_node": True}}, ("A", "status"), {"'SUCCESS'"}),
        ("result", {"A": {"status": "SUCCESS", "is_output_node": True}}, ("A", "is_output_node"), {"true"}),
        (
            "result",
            {"A": {"status": "SUCCESS", "is_output_node": True}, "B": {"status": "SKIPPED"}},
            ("B", "status"),
            {"'SUCCESS'"},
        ),
    ],
    same_start=[
        (start(metadata={"try": "1"}), start(metadata={"try": "2"})),
        (start(callback_url="https://a.example/?t=1"), start(callback_url="https://a.example/?t=2")),
        (start(), start(return_all_outputs=True)),
    ],
    other_start=[
        (start(), start(input_variables={"a": 2})),
        (start(), start(workflow_label_name="production")),
        (start(workflow_version_number=1), start(workflow_version_number=2)),
    ],
)  # fmt: skip

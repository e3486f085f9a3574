"""Refold."""

from __future__ import annotations

from typing import Any

from airflow_workflow_providers.apis import refold, refold_accounts, refold_lists, refold_workflows
from airflow_workflow_providers.core.errors import RequestRejected
from airflow_workflow_providers.core.execution import Execution, State
from airflow_workflow_providers.core.request import Request
from tests.vendors.documented.refold import LABEL
from tests.vendors.facts import Facts, Search, StatusList
from tests.vendors.facts.bad_values import CHOICES, FLAGS, HEADER_IDS, HEADERS, IDS, OBJECTS
from tests.vendors.facts.error_bodies import NO_EXPLANATION
from tests.vendors.facts.odd_values import NOTHING


def start(**options: Any) -> Request[Any]:
    return refold.execute_workflow("w", slug="s", **{"payload": {"a": 1}, **options})


def find_output() -> Request[Any]:
    found = refold.find_output(
        Execution("48291", State.SUCCEEDED, "COMPLETED", output_missing="no node has one")
    )
    assert found is not None
    return found


FACTS = Facts(
    ping=("list", "GET", "/api/v2/public/execution", {"limit": "1"}),
    wrong_keys=[({}, "HTTP 401: Invalid Credentials")],
    ping_faults=[("list_body", {}, "not a JSON object")],
    base_urls=[
        ({"extra": {"linked_account_id": "acct"}}, "https://app.refold.ai"),
        # Airflow's form saves an empty port as 0.
        ({"host": "https://refold.example", "port": 0, "extra": {"linked_account_id": "acct"}}, "https://refold.example"),
    ],
    operator_only={
        "require_output": FLAGS,
        "linked_account_id": HEADER_IDS,
        "validate_input": FLAGS,
        "on_failed_run": CHOICES,
        "required_action": FLAGS,
    },
    sensor_only={"require_output": FLAGS, "linked_account_id": HEADER_IDS},
    right={"workflow_id": "a", "slug": "hubspot"},
    bad={
        "workflow_id": IDS,
        "slug": [None, *HEADERS],
        "payload": OBJECTS,
        "config_id": HEADERS,
        "instance_tag": HEADERS,
        "sync_execution": FLAGS,
        "include_headers": FLAGS,
        "wrap_payload": FLAGS,
    },
    explanations=[
        # In one form the explanation is in "message", in the other in "error".
        ({"message": "Server Error", "error": "Workflow ID and slug are required"}, "Workflow ID and slug are required (Server Error)"),
        ({"http_error_type": "UNAUTHORIZED", "error_code": "SERVER_ERROR", "message": "Invalid Credentials"}, "Invalid Credentials (SERVER_ERROR)"),
        ({"http_error_type": "NOT_FOUND", "error": "GONE", "message": "Execution not found"}, "Execution not found (GONE)"),
        ({"message": "alone"}, "alone"),
        ({"error": {"code": 7}}, '{"code": 7}'),
        *NO_EXPLANATION,
    ],
    rejected=[
        ("draft", {}, {}, RequestRejected, "HTTP 400: "),
        ("no-such-workflow", {}, {}, RequestRejected, "HTTP 400: "),
        ("sync-contacts", {"slug": "salesforce"}, {}, RequestRejected, "HTTP 400: "),
        ("group-node", {"sync_execution": True}, {}, RequestRejected, "Group"),
    ],
    methods={
        "execute_workflow",
        "rerun_execution",
        "list_executions",
        "list_workflows",
        "get_workflow",
        "list_enabled_workflows",
        "list_workflow_versions",
        "get_request_structure",
        "list_node_batches",
        "list_linked_accounts",
    },
    acknowledgement="Stopping instance",
    page="{base_url}/logs#{execution_id}",
    unknown_execution={"unknown_execution": "404"},
    failed_parts="TERMINATED",  # there is no message
    started=lambda execution_id: {"execution_id": execution_id},
    requests={
        "status_with_details": lambda: refold.get_status_with_details("48291"),
        "start": lambda: refold.execute_workflow("a", slug="hubspot", include_headers=True),
        "sync_start": lambda: refold.execute_workflow("a", slug="hubspot", sync_execution=True),
        "output": find_output,
        "list": refold_lists.list_executions,
        "rerun": lambda: refold.rerun_execution("48291"),
        "workflows": refold_workflows.list_workflows,
        "workflow": lambda: refold_workflows.get_workflow("w"),
        "enabled": refold_workflows.list_enabled_workflows,
        "versions": lambda: refold_workflows.list_workflow_versions("w"),
        "structure": lambda: refold_workflows.get_request_structure("w"),
        "accounts": refold_accounts.list_linked_accounts,
        "batches": lambda: refold_workflows.list_node_batches("48291", "3"),
        "statuses": lambda: refold_lists.list_statuses("", 1e9, 1),
        "newest": lambda: refold_lists.find_newest("w", 1e9),
        "begun": lambda: refold.list_begun("w", 1e9, 1),
        "find_started": lambda: next(refold_lists.find_started(start(), LABEL, 1e9)),
    },
    successes=[
        ("result", {"status": "COMPLETED"}, ("status",), {"'COMPLETED'", "'Success'"}),
        ("sync_start", {"execution_id": "48291", "errored": False, "return_value": 1}, ("errored",), {"false", "null", "nothing"}),
        ("sync_start", {"execution_id": "48291", "errored": False, "execution_error": None}, ("execution_error",), NOTHING),
    ],
    same_start=[
        (start(instance_tag="one"), start(instance_tag="other")),
        (start(), start(include_headers=True, wrap_payload=True)),
        (start(payload={"a": 1, "b": 2}), start(payload={"b": 2, "a": 1})),
    ],
    other_start=[
        (start(), start(payload={"a": 2})),
        (start(), start(payload={"a": "1"})),
        (start(), start(config_id="c")),
        (refold.execute_workflow("w", slug="s"), refold.execute_workflow("w", slug="t")),
        (refold.execute_workflow("w", slug="s"), refold.execute_workflow("v", slug="s")),
    ],
    search=Search(
        operation="list",
        page_size=100,
        newest_first=False,
        page=lambda entries: {"docs": entries, "hasNextPage": "true"},
        entry={"_id": "6a31", "instance_tag": LABEL},
        id_field="_id",
        may_have_more=False,  # only a hasNextPage of true says so
    ),
    statuses=StatusList(
        path="/api/v2/public/execution",
        needs_workflow=False,
        # Since a minute before, because clocks differ.
        page_3={"status": "RUNNING", "sortAsc": "true", "limit": "100", "page": "3", "start_date": "2001-09-09T01:45:40.000Z"},
        first_page={"status": "RUNNING", "sortAsc": "true", "limit": "100", "page": "1"},
        list_field="docs",
        id_field="_id",
        more=[
            (1e9, {"docs": [{}], "hasNextPage": True}, True),
            (0, {"docs": ["odd"], "hasNextPage": True}, True),
            *((0, {"docs": [{}], "hasNextPage": value}, False) for value in (False, None, "true", 1, [True])),
            (0, {"docs": [{}]}, False),
            (0, {"docs": [], "hasNextPage": True}, False),
        ],
    ),
)  # fmt: skip

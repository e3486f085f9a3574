"""Altostrat."""

from __future__ import annotations

from typing import Any

from airflow_workflow_providers.apis import altostrat, altostrat_starts, altostrat_workflows
from airflow_workflow_providers.core.errors import AuthFailed, NotFound, RequestRejected
from airflow_workflow_providers.core.request import Request
from tests.vendors.altostrat import WEBHOOK
from tests.vendors.facts import Facts, Search, StatusList
from tests.vendors.facts.bad_values import CHOICES, FLAGS, IDS, NAMES, OBJECTS
from tests.vendors.facts.error_bodies import NO_EXPLANATION

#: Of runs that were begun a minute before, and earlier than that; clocks differ by a minute at the most.
NEAR, OLD = {"started_at": "2001-09-09T01:45:40Z"}, {"started_at": "2001-09-09T01:45:39Z"}


def listed() -> Request[Any]:
    found = altostrat.list_statuses("fl_1", 1e9, 1)
    assert found is not None
    return found


FACTS = Facts(
    ping=("list_workflows", "GET", "/workflows", {}),
    wrong_keys=[
        ({"unauthorized": "middleware"}, "HTTP 401: Unauthorized or invalid token provided."),
        ({"unauthorized": "documented"}, "HTTP 401: The request requires authentication, but a valid token was not provided. (unauthorized)."),
    ],
    ping_faults=[
        ("status", {"status": 200, "body": {"message": "Unauthenticated."}}, "Unauthenticated."),
        ("status", {"status": 403}, "HTTP 403: The authenticated user does not have permission"),
    ],
    base_urls=[
        # The pages of 2025 have another address than the specification.
        ({}, "https://v1.api.altostrat.io"),
    ],
    right={"workflow_id": "fl_1"},
    bad={"workflow_id": IDS, "context": OBJECTS},
    operator_only={"nonce_key": NAMES, "on_ui_interaction": CHOICES, "required_action": FLAGS, "return_log": FLAGS, "log_entries": FLAGS, "on_failed_run": CHOICES},
    hook_only={"nonce": OBJECTS},
    sensor_only={"on_ui_interaction": CHOICES, "return_log": FLAGS, "log_entries": FLAGS},
    explanations=[
        # The form of the reference, and that of its framework, Laravel.
        (
            {
                "type": "invalid_request_error",
                "code": "parameter_missing",
                "message": "The 'name' parameter is required for this request.",
                "doc_url": "https://docs.altostrat.io/errors/parameter_missing",
            },
            "The 'name' parameter is required for this request. (parameter_missing)",
        ),
        ({"message": "Unauthorized or invalid token provided."}, "Unauthorized or invalid token provided."),
        ({"message": "The context field must be an array.", "errors": {"context": ["..."]}}, "The context field must be an array."),
        ({"code": "server_error"}, "server_error"),
        ({"message": None, "code": "server_error"}, "server_error"),
        ({"message": {"a": 1}, "code": 7}, '{"a": 1} (7)'),
        ({"message": f"No workflow at {WEBHOOK}."}, "No workflow at https://v1.api.altostrat.io/workflows/webhooks/***."),
        ({"message": ""}, None),
        *NO_EXPLANATION,
    ],
    rejected=[
        ("fl_no_such_workflow", {}, {}, NotFound, "(not_found)"),
        ("fl_forbidden", {}, {}, AuthFailed, "(forbidden)"),
        (
            "fl_sync_sites",
            {},
            {"status": 422, "body": {"message": "The context field must be an array.", "errors": {"context": ["no"]}}},
            RequestRejected,
            "HTTP 422: The context field must be an array.",
        ),
    ],
    methods={
        "execute_workflow",
        "execute_workflow_sync",
        "rerun_run",
        "resume_run",
        "get_run",
        "list_runs",
        "list_workflows",
        "get_workflow",
        "list_workflow_logs",
        "list_recent_logs",
        "get_log_statistics",
        "list_authorizations",
    },
    started=lambda execution_id: {"id": execution_id, "status": "pending"},
    requests={
        "status_with_details": lambda: altostrat.get_status_with_details("48291"),
        "run": lambda: altostrat.get_run("48291"),
        "list": lambda: altostrat.list_runs("fl_1"),
        "statuses": listed,
        "newest": lambda: altostrat.find_newest("fl_1", 1e9),
        "begun": lambda: altostrat.list_begun("fl_1", 1e9, 1),
        "rerun": lambda: altostrat_starts.rerun_run("48291"),
        "resume": lambda: altostrat_starts.resume_run("48291", "n2"),
        "execute_sync": lambda: altostrat_starts.execute_workflow_sync("fl_1"),
        "workflows": altostrat_workflows.list_workflows,
        "workflow": lambda: altostrat_workflows.get_workflow("fl_1"),
        "logs": lambda: altostrat_workflows.list_workflow_logs("fl_1"),
        "recent_logs": altostrat_workflows.list_recent_logs,
        "log_statistics": lambda: altostrat_workflows.get_log_statistics("fl_1"),
        "authorizations": altostrat_workflows.list_authorizations,
    },
    successes=[("result", {"status": "completed"}, ("status",), set())],
    same_start=[
        (altostrat.execute_workflow("w"), altostrat.execute_workflow("w", context=None)),
        (altostrat_starts.execute_workflow_sync("w"), altostrat_starts.execute_workflow_sync("w", payload={})),
    ],
    other_start=[
        (altostrat_starts.execute_workflow_sync("w"), altostrat.execute_workflow("w")),
        (altostrat_starts.execute_workflow_sync("w"), altostrat_starts.execute_workflow_sync("w", payload={"a": 1})),
        (altostrat_starts.rerun_run("r"), altostrat_starts.rerun_run("s")),
        (altostrat_starts.rerun_run("r"), altostrat_starts.resume_run("r", "n1")),
        (altostrat_starts.resume_run("r", "n1"), altostrat_starts.resume_run("r", "n2")),
        (altostrat_starts.resume_run("r", "n1"), altostrat_starts.resume_run("s", "n1")),
        (altostrat.execute_workflow("w"), altostrat.execute_workflow("w", context={"a": 1})),
        (altostrat.execute_workflow("w"), altostrat.execute_workflow("v")),
    ],
    search=Search(
        operation="list",
        page_size=15,
        newest_first=True,
        page=lambda entries: {"data": entries},
        entry={"id": "fl_run_1", "started_at": "2001-09-09T01:46:40Z"},
        id_field="id",
        may_have_more=True,  # an entry without a time may be as new as any
    ),
    statuses=StatusList(
        path="/workflows/w/executions",
        needs_workflow=True,
        page_3={"page": "3"},
        first_page={"page": "1"},
        list_field="data",
        id_field="id",
        more=[
            (1e9, {"data": [NEAR]}, True),
            (1e9, {"data": [OLD, NEAR, OLD]}, True),
            (1e9, {"data": [OLD, OLD]}, False),
            *((1e9, {"data": [OLD, {"started_at": value}]}, True) for value in (None, "", 7, "yesterday", [])),
            (0, {"data": [OLD]}, True),
            (0, {"data": [{}]}, True),
            (0, {"data": []}, False),
            (0, {"data": [], "links": {"next": "https://v1.api.altostrat.io/?page=2"}}, False),
            # Only what says that this is the last page is believed.
            (0, {"data": [{}], "links": {"next": None}}, False),
            (0, {"data": [{}], "meta": {"current_page": 2, "last_page": 2}}, False),
            (0, {"data": [{}], "links": {"next": "?page=2"}, "meta": {"current_page": 1, "last_page": 2}}, True),
            *((0, {"data": [{}], "links": links}, True) for links in (None, {}, [None], "none", {"next": ""}, {"next": 7})),
            *(
                (0, {"data": [{}], "meta": meta}, True)
                for meta in (None, {}, [], "last", {"last_page": 1}, {"current_page": "2", "last_page": 2}, {"current_page": True, "last_page": 1})
            ),
        ],
    ),
)  # fmt: skip

"""Datalab."""

from __future__ import annotations

from typing import Any

from airflow_workflow_providers.apis import datalab, datalab_definitions, datalab_files
from airflow_workflow_providers.core.errors import AuthFailed, NotFound, RequestRejected
from airflow_workflow_providers.core.request import Request
from tests.vendors.datalab import QUOTA
from tests.vendors.facts import Facts
from tests.vendors.facts.bad_values import IDS, OBJECTS
from tests.vendors.facts.error_bodies import NO_EXPLANATION, PROBLEMS
from tests.vendors.facts.odd_values import NOTHING

FILE = "https://bucket.example/in/a.pdf"
SIGNED = f"{FILE}?X-Amz-Date=1&X-Amz-Signature=aaaa"


def start(workflow_id: int | str = 1, **input_config: Any) -> Request[Any]:
    return datalab.execute_workflow(workflow_id, input_config=input_config)


FACTS = Facts(
    ping=("user_health", "GET", "/api/v1/user_health", {}),
    wrong_keys=[({}, "HTTP 401: Invalid API key provided")],
    ping_faults=[
        ("status", {"status": 403}, "active, paid subscription"),
        ("status", {"status": 529}, "HTTP 529"),
        ("status", {"status": 429}, "400 requests every 60 seconds"),
        ("status", {"status": 200, "body": {"hello": "from a portal"}}, "from a portal"),
        ("list_body", {}, "not a JSON object"),
    ],
    base_urls=[({}, "https://www.datalab.to")],
    right={"workflow_id": 7},
    bad={
        "workflow_id": [*IDS, "pl_abc123", "-1", -1, "1/2", "1.0", "101?a=b", "\u0661", "\u00b2"],
        "input_config": OBJECTS,
    },
    explanations=[
        # A text, FastAPI's list of problems, or the field that only the vendor's client reads.
        ({"detail": "Invalid file type."}, "Invalid file type."),
        ({"error": QUOTA, "success": False}, QUOTA),
        ({"detail": "first", "error": "second"}, "first"),
        ({"detail": {"code": 7}}, '{"code": 7}'),
        ({"detail": None}, None),
        *PROBLEMS,
        *NO_EXPLANATION,
    ],
    rejected=[
        ("101", {}, {"status": 400, "body": {"detail": "Invalid file type."}}, RequestRejected, "HTTP 400: Invalid file type"),
        ("101", {}, {"status": 403}, AuthFailed, "active, paid subscription"),
        ("101", {}, {"status": 404}, NotFound, "HTTP 404: Not found"),
        ("101", {}, {"status": 413, "body": {"detail": "Too large"}}, RequestRejected, "HTTP 413: Too large"),
        ("101", {}, {"status": 422}, RequestRejected, "HTTP 422: body: Value error"),
    ],
    methods={
        *("execute_workflow", "list_workflows", "get_workflow", "list_step_types"),
        *("list_files", "get_file", "get_file_address", "delete_file"),
    },
    failed_parts="parse[aggregated]: page 3 could not be read",
    started=lambda execution_id: {"execution_id": execution_id, "status": "processing"},
    requests={
        "file": lambda: datalab_files.get_file(123),
        "files": datalab_files.list_files,
        "file_address": lambda: datalab_files.get_file_address(123),
        "delete_file": lambda: datalab_files.delete_file(123),
        "workflow": lambda: datalab_definitions.get_workflow(101),
        "workflows": datalab_definitions.list_workflows,
        "step_types": datalab_definitions.list_step_types,
    },
    successes=[
        ("result", {"status": "COMPLETED"}, ("status",), {"'COMPLETED'", "'Completed'"}),
        ("result", {"status": "COMPLETED", "success": True}, ("success",), {"null", "nothing", "true"}),
        ("result", {"status": "COMPLETED", "error": None}, ("error",), NOTHING),
        (
            "result",
            {"status": "COMPLETED", "steps": {"parse": {"status": "COMPLETED"}}},
            ("steps", "parse", "status"),
            # An object is read as the cell of a file with the name "status".
            {"'COMPLETED'", "'Completed'", "null", "nothing", "an empty text"}
            | {"an object", "a member of half a surrogate pair", "what Airflow reserves"},
        ),
        (
            "result",
            {"status": "COMPLETED", "steps": {"parse": {"a": {"status": "COMPLETED", "error": None}}}},
            ("steps", "parse", "a", "error"),
            NOTHING,
        ),
    ],
    same_start=[
        (start(file_url=SIGNED), start("1", file_url=SIGNED.replace("aaaa", "bbbb"))),
        (start(file_urls=[f"{FILE}?sv=1&sig=a"]), start(file_urls=[f"{FILE}?sv=2&sig=b"])),
    ],
    other_start=[
        (datalab.execute_workflow(1), datalab.execute_workflow(2)),
        (start(file_url=SIGNED), start(file_url=SIGNED.replace("a.pdf", "b.pdf"))),
        (start(file_url=f"{FILE}?page=1"), start(file_url=f"{FILE}?page=2")),
        (start(file_url=f"{SIGNED}&versionId=1"), start(file_url=f"{SIGNED}&versionId=2")),
        (start(file_url=f"{FILE}?id=1&token=k"), start(file_url=f"{FILE}?id=2&token=k")),
    ],
)  # fmt: skip

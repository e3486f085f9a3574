"""Laminar's jobs."""

from __future__ import annotations

from airflow_workflow_providers.apis.laminar_jobs import list_jobs, run_job, run_job_sync
from airflow_workflow_providers.core.errors import AuthFailed, NotFound
from tests.vendors.facts import Facts
from tests.vendors.facts.bad_values import CHOICES, IDS, OBJECTS
from tests.vendors.facts.error_bodies import NO_EXPLANATION

FACTS = Facts(
    ping=("list_jobs", "GET", "/m/acme/_jobs", {}),
    wrong_keys=[({}, "HTTP 401: ")],
    base_urls=[],  # an address belongs to one customer
    right={"job_path": "sync-invoices"},
    bad={
        "job_path": [*IDS, "/", "./a", "a//b", "a/../b"],
        "payload": [*OBJECTS, {"minicor.teach": 1}, {"minicor": {"teach": 1}}],
        "query": [
            *OBJECTS,
            *({"a": value} for value in (None, True, [], {}, 2**70, 1e300)),
            *({"": "x"}, {" ": "x"}, {1: "x"}, {"async": "0"}, {"a": "x" * 10_000}, {"x" * 2_000: "a"}),
        ],
        "method": [*CHOICES, "post"],
    },
    flat={"query"},
    explanations=[
        ({"error": "No job matches"}, "No job matches"),
        ({"message": "no", "error": "X"}, "no"),
        ({"message": "", "error": "X"}, "X"),
        ({"error": {"code": 7}}, '{"code": 7}'),
        *NO_EXPLANATION,
    ],
    rejected=[
        ("no-such-job", {}, {}, NotFound, "HTTP 404: "),
        # The page says that the body of a 401 is empty.
        ("sync-invoices", {}, {"status": 401, "body": ""}, AuthFailed, "HTTP 401"),
    ],
    methods={"run_job", "run_job_sync", "list_jobs"},
    requests={"jobs": list_jobs, "execute_sync": lambda: run_job_sync("sync-invoices")},
    failed_parts="Invoice 77 has no customer",
    started=lambda execution_id: {"jobExecutionId": execution_id, "status": "queued"},
    successes=[
        ("result", {"status": "completed", "done": True}, ("done",), {"true"}),
        ("result", {"status": "ok", "done": True}, ("status",), {"null", "nothing", "'success'"}),
    ],
    other_start=[
        (run_job("a"), run_job("b")),
        (run_job("a", query={"n": "1"}), run_job("a", query={"n": "2"})),
        (run_job("a", payload={"n": 1}), run_job("a")),
        (run_job_sync("a"), run_job("a")),
        (run_job_sync("a"), run_job_sync("b")),
        (run_job_sync("a", payload={"n": 1}), run_job_sync("a")),
    ],
)

"""Laminar (now Minicor), jobs behind a trigger URL: "Calling jobs" of the platform documentation at docs.minicor.com."""

from __future__ import annotations

from typing import Any

from tests.vendors.documented.response import Documented, Outcome, Path, errors

_CALLING = "https://docs.minicor.com/api/calling-jobs"
_AUTHENTICATION = "https://docs.minicor.com/authentication"

_ID = "8f2c41d6-93b4-4a1e-9d0e-5b7a2c6f13aa"
_OUTPUT = {"received": {"a": 1}, "invoices": [77, 78]}
_STEPS = [
    {"name": "Open portal", "status": "succeeded"},
    {"name": "Invoice 77", "status": "failed", "error": "no customer"},
]

#: Responses of jobs that have ended. Only a 502 needs more than its HTTP status: a proxy on the way responds with it, too.
_SYNCHRONOUS: tuple[tuple[str, Outcome, Any, int, str, tuple[Path, ...]], ...] = (
    ("an object", "succeeded", _OUTPUT, 200, "application/json", ()),
    ("an object that looks like a failure", "succeeded", {"error": "no"}, 200, "application/json", ()),
    ("an object as of a start", "succeeded", {"jobExecutionId": _ID}, 200, "application/json", ()),
    ("an array", "succeeded", [77, 78], 200, "application/json", ()),
    ("a text", "succeeded", b"all is well", 200, "text/plain", ()),
    ("a partial success", "partial", {"steps": _STEPS}, 207, "application/json", ()),
    (
        "a failure",
        "failed",
        {"error": "portal login was refused", "step": 2},
        502,
        "application/json",
        (("error",),),
    ),
    ("a 502 of a proxy", "lost_start", b"<html>502 Bad Gateway</html>", 502, "text/html", ()),
    ("a 502 of a gateway", "lost_start", {"message": "x"}, 502, "application/json", (("error",),)),
    ("a job that goes on", "lost_start", {"jobExecutionId": _ID}, 202, "application/json", ()),
)


def _execution(name: str, outcome: Outcome, body: Any, status: int = 200) -> list[Documented]:
    """Return one response to a status check for both operations that read it; ``done`` and the status decide."""
    return [
        Documented(
            "laminar_jobs",
            operation,
            name,
            f"{_CALLING}#polling",
            outcome,
            {"jobExecutionId": _ID, **body},
            status,
            decides=(("status",), ("done",)),
        )
        for operation in ("status", "result")
    ]


RESPONSES = [
    Documented(
        "laminar_jobs",
        "start",
        "accepted",
        f"{_CALLING}#asynchronous",
        "started",
        {"jobExecutionId": _ID, "status": "queued", "resultPath": f"/m/acme/_executions/{_ID}"},
        202,
        decides=(("jobExecutionId",),),
        execution_id=_ID,
    ),
    # A server that does not know ?async=1 has run the job, and its id is not known.
    Documented(
        "laminar_jobs",
        "start",
        "the job's output at once",
        f"{_CALLING}#synchronous",
        "lost_start",
        _OUTPUT,
        decides=(("jobExecutionId",),),
    ),
    Documented(
        "laminar_jobs",
        "start",
        "a partial success at once",
        f"{_CALLING}#synchronous",
        "lost_start",
        {"steps": _STEPS},
        207,
        decides=(("jobExecutionId",),),
    ),
    *(
        Documented(
            "laminar_jobs",
            "execute_sync",
            name,
            f"{_CALLING}#synchronous",
            outcome,
            body,
            status,
            headers={"content-type": kind},
            decides=decides,
        )
        for name, outcome, body, status, kind, decides in _SYNCHRONOUS
    ),
    *_execution("queued", "queued", {"status": "queued", "done": False}),
    *_execution("running", "running", {"status": "running", "done": False}),
    *_execution("running, without done", "running", {"status": "running"}),
    *_execution("done, without a status", "succeeded", {"done": True, "output": _OUTPUT}),
    *(
        response
        for status in ("ok", "done", "success", "succeeded", "completed")
        for response in _execution(status, "succeeded", {"status": status, "done": True, "output": _OUTPUT})
    ),
    *_execution(
        "done, with the job's output beside the other fields",
        "succeeded",
        {"status": "completed", "done": True, **_OUTPUT, "resultPath": f"/m/acme/_executions/{_ID}"},
    ),
    *_execution("failed", "failed", {"status": "failed", "done": True, "error": "portal login was refused"}),
    *_execution(
        "error", "failed", {"status": "error", "done": True, "error": {"message": "portal login was refused"}}
    ),
    *_execution(
        "207, the status of a partial success in the synchronous call",
        "partial",
        {"status": "completed", "done": True, "steps": _STEPS},
        207,
    ),
    *_execution(
        "502, the status of a failure in the synchronous call",
        "failed",
        {"status": "failed", "done": True, "error": "portal login was refused"},
        502,
    ),
    *(
        Documented(
            "laminar_jobs",
            operation,
            "the jobs",
            f"{_CALLING}#listing-jobs",
            "value",
            [{"name": "sync-invoices", "path": "/sync-invoices", "method": "POST"}],
        )
        for operation in ("ping", "jobs")
    ),
    *errors(
        "laminar_jobs",
        ("execute_sync",),
        rows=[
            {
                "name": "401, without a detail",
                "page": _AUTHENTICATION,
                "status": 401,
                "body": b"",
                "headers": {},
            },
            {"name": "404", "page": _CALLING, "status": 404, "body": {"error": "No job matches this path"}},
        ],
    ),
    *errors(
        "laminar_jobs",
        ("start", "status", "result", "ping", "jobs"),
        decides={"status": (("done",),), "result": (("done",),)},
        rows=[
            {
                "name": "401, without a detail",
                "page": _AUTHENTICATION,
                "status": 401,
                "body": b"",
                "headers": {},
            },
            {"name": "404", "page": _CALLING, "status": 404, "body": {"error": "No job matches this path"}},
            {"name": "429", "page": _CALLING, "status": 429, "body": {"message": "Too many requests"}},
            {
                "name": "502, also the status of a failure in the synchronous call",
                "page": _CALLING,
                "status": 502,
                "body": {"error": "portal login was refused"},
            },
        ],
    ),
]

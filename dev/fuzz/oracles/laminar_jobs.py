"""How responses of Laminar's jobs must be read, and what else the fuzzer knows of it."""

from __future__ import annotations

from typing import Any

from dev.fuzz.expected import NOT_JSON, Expected, Response, http_error, is_ok, members_of, only, started
from dev.fuzz.oracles import Oracle
from dev.fuzz.oracles.laminar import SHARED_FIELDS

_SUCCESS = ("ok", "done", "success", "succeeded", "completed")


def expected(response: Response) -> Expected:
    """Return what may and what must be read of a response."""
    read = _sync if response.operation == "execute_sync" else _other
    return read(response, members_of(response.body))


def _other(response: Response, members: dict[str, Any]) -> Expected:
    polled = response.operation in ("status", "result")
    ended = members.get("done") is True
    if not is_ok(response):
        if polled and response.status == 502 and "done" in members:
            return Expected(
                must=only("failed" if ended and members.get("status", "failed") == "failed" else None)
            )
        return http_error(response)
    if response.operation == "start":
        return started(response, (202,), "jobExecutionId")
    if not polled:
        return Expected(
            must=only("value") if response.status == 200 and response.body is not NOT_JSON else None
        )
    word = members.get("status")
    good = "status" not in members or word in _SUCCESS
    if not ended:
        going = members.get("done", False) is False and word in ("queued", "running")
        return Expected(must=only(str(word)) if going and response.status == 200 else None)
    ends = {200: "succeeded", 207: "partial"} if good else {}
    if word in ("failed", "error"):
        ends = {200: "failed", 207: "failed"}
    sure = not members.get("error") or word in _SUCCESS or word in ("failed", "error")
    may = (good or word is None) and response.status != 207
    return Expected(may, only(ends.get(response.status)) if sure else None)


def _sync(response: Response, members: dict[str, Any]) -> Expected:
    """
    Return the expectation of a response that is the output of a job: JSON or text.

    An HTML page comes from a proxy, and JSON may be cut. A 502 is the failure of a job only if it has the error.
    """
    if response.status == 502 and (members.get("error") or response.body is NOT_JSON):
        # What is nested too deep for the oracle may have an error.
        return Expected(must=frozenset(["failed"] if members else ["failed", "lost_start"]))
    if response.status == 501:
        # The job may have chosen it.
        return Expected(must=frozenset(["lost_start"]))
    if not is_ok(response):
        return http_error(response)
    kind = response.headers.get("content-type", "").lower()
    unsure = response.body is NOT_JSON and ("html" in kind or "json" in kind)
    outcome = {200: "succeeded", 207: "partial"}.get(response.status)
    return Expected(response.status == 200, None if unsure else only(outcome))


_TRIGGER_URL: tuple[list[Any], list[Any]] = (
    ["https://vendor.example/m/acme", "http://127.0.0.1:8080/"],
    ["ftp://vendor.example", "https://u:p@vendor.example", "https://vendor.example?x=1", 5],
)

ORACLE = Oracle(
    expected=expected,
    methods={
        "jobs": ("list_jobs", {}),
        "execute_sync": ("run_job_sync", {"job_path": "sync-invoices", "payload": {"a": 1}}),
    },
    key_field="trigger_api_key",
    extra={"trigger_url": "https://vendor.example/m/acme"},
    fields={"trigger_url": _TRIGGER_URL, **SHARED_FIELDS},
)

"""
How a response must be read, from the vendors' pages alone and without the package.

A success may be read only if the fields that decide are exactly as documented. If they are, their outcome must be read,
with any values of the other fields. In all other cases anything but a success may be read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from dev.fuzz.expected import (
    FREE,
    NOT_JSON,
    Expected,
    Response,
    http_error,
    is_id,
    is_ok,
    list_of,
    looked_up,
    members_of,
    only,
    started,
)

_REFOLD = {
    "QUEUED": "queued",
    "RUNNING": "running",
    "STOPPING": "stopping",
    "COMPLETED": "succeeded",
    "Success": "succeeded",
    "ERRORED": "failed",
    "TIMED_OUT": "failed",
    "DUPLICATE": "failed",
    "STOPPED": "stopped",
    "TERMINATED": "partial",
    "Partially Successful": "partial",
}
_ALTOSTRAT = {
    "pending": "queued",
    "running": "running",
    "awaiting_ui_interaction": "paused",
    "completed": "succeeded",
    "failed": "failed",
}
_DATALAB = {
    "PENDING": "queued",
    "QUEUED": "queued",
    "IN_PROGRESS": "running",
    "COMPLETED": "succeeded",
    "FAILED": "failed",
}
_JOB_SUCCESS = ("ok", "done", "success", "succeeded", "completed")

#: Values that mean false: with one of them as ``success``, there is no success.
_NO = (False, 0, "0", "false", "False", "FALSE", "no", "off", "n", "f")


def expected(vendor: str, response: Response) -> Expected:
    """Return what may and what must be read of a response."""
    return _VENDORS[vendor](response)


def _altostrat(response: Response) -> Expected:
    if not is_ok(response):
        return http_error(response)
    members = members_of(response.body)
    if response.operation == "start":
        return started(response, (202,), "id")
    if response.operation == "ping":
        items = response.body if isinstance(response.body, list) else members.get("data")
        return list_of(response, items, dict)
    if response.operation == "list":
        return list_of(response, members.get("data"), dict)
    outcome = looked_up(_ALTOSTRAT, members.get("status")) if response.status == 200 else None
    if response.operation == "run":
        return Expected(must=only(outcome and "value"))
    return Expected(members.get("status") == "completed", only(outcome))


def _datalab(response: Response) -> Expected:
    if not is_ok(response):
        return http_error(response)
    members = members_of(response.body)
    if response.operation == "ping":
        sure = response.status == 200 and isinstance(members.get("status"), str)
        return Expected(must=frozenset(["value"]) if sure else None)
    if response.operation == "start":
        began = started(response, (200,), "execution_id", "id")
        number = members.get("execution_id", members.get("id"))
        sure = response.status == 200 and type(number) is int and 0 < number < 2**63
        failed = members.get("success", True) is not True or str(members.get("status")).upper() == "FAILED"
        must = frozenset(["started", "failed"]) if failed else frozenset(["started"])
        return Expected(must=must if sure or began.must else None, ids=began.ids)
    word = members.get("status")
    word = word.upper() if isinstance(word, str) else word
    cells = list(_cells(members.get("steps")))
    words = {cell.get("status") if isinstance(cell, dict) else cell for cell in cells if _plain(cell)}
    words = {each.upper() if isinstance(each, str) else each for each in words}
    odd = any(not _plain(cell) for cell in cells)
    may = (
        word == "COMPLETED"
        and not odd
        and words <= {"COMPLETED", "SKIPPED", None, ""}
        and members.get("success", True) not in _NO
    )
    # No page shows an error together with a success.
    sure = (
        response.status == 200
        and members.get("success", True) is True
        and members.get("error") is None
        and isinstance(members.get("steps"), dict)
        and all(_documented_cell(cell) for cell in cells)
        and words <= {"COMPLETED", "SKIPPED", "FAILED"}
    )
    if "status" not in members:  # a team that has used up its quota of pages
        return Expected(
            must=only("failed") if response.status == 200 and members.get("success") is False else None
        )
    if word == "COMPLETED":
        return Expected(may, only("partial" if "FAILED" in words else "succeeded") if sure else None)
    return Expected(
        may, only(looked_up(_DATALAB, word)) if response.status == 200 and "success" not in members else None
    )


def _cells(steps: Any) -> Iterable[Any]:
    """Yield the cells of each step: the step itself if its status is not an object, else one cell for each file."""
    for step in steps.values() if isinstance(steps, dict) else steps if isinstance(steps, list) else ():
        if isinstance(step, dict) and isinstance(step.get("status", {}), dict):
            yield from step.values()
        else:
            yield step


def _plain(cell: Any) -> bool:
    """Return whether the status of a cell can be compared with a word."""
    word = cell.get("status") if isinstance(cell, dict) else cell
    return word is None or isinstance(word, str)


def _documented_cell(cell: Any) -> bool:
    if not (isinstance(cell, dict) and isinstance(cell.get("status"), str)):
        return False
    return cell["status"].upper() == "FAILED" or (
        cell.get("error") is None and cell.get("error_message") is None
    )


def _laminar(response: Response) -> Expected:
    """Return the expectation of the external call: its HTTP status is its outcome. An HTML page comes from a proxy."""
    if response.operation == "ping":
        keys = members_of(response.body).get("keys")
        if response.status == 404:  # the store is unknown, so the key is accepted
            return Expected(must=only("value"))
        return list_of(response, keys, str) if is_ok(response) else http_error(response)
    if is_ok(response):
        page = "html" in response.headers.get("content-type", "").lower()
        return FREE if page else Expected(may_succeed=True, must=frozenset(["succeeded"]))
    if 400 <= response.status < 500 and response.status not in (401, 403, 404, 408, 429):
        return Expected(must=frozenset(["failed"]))
    return http_error(response)


def _laminar_jobs(response: Response) -> Expected:
    members = members_of(response.body)
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
    good = "status" not in members or word in _JOB_SUCCESS
    if not ended:
        going = members.get("done", False) is False and word in ("queued", "running")
        return Expected(must=only(str(word)) if going and response.status == 200 else None)
    ends = {200: "succeeded", 207: "partial"} if good else {}
    if word in ("failed", "error"):
        ends = {200: "failed", 207: "failed"}
    sure = not members.get("error") or word in _JOB_SUCCESS or word in ("failed", "error")
    may = (good or word is None) and response.status != 207
    return Expected(may, only(ends.get(response.status)) if sure else None)


def _promptlayer(response: Response) -> Expected:
    if not is_ok(response):
        return http_error(response)
    members = members_of(response.body)
    if response.operation == "ping":
        return list_of(response, members.get("items"), object)
    if response.operation == "start":
        return _promptlayer_start(response, members)
    if response.status in (202, 204):
        return Expected(must=frozenset(["running"]))
    return _promptlayer_nodes(list(members.values()), documented=response.status == 200)


def _promptlayer_start(response: Response, members: dict[str, Any]) -> Expected:
    began = started(response, (201, 202), "workflow_version_execution_id")
    number, success = members.get("workflow_version_execution_id"), members.get("success", True)
    sure = response.status in (201, 202) and type(number) is int and 0 < number < 2**63 and success is True
    # Only false says that nothing was started; with a similar value and an id, a run may exist and is polled.
    must = (
        frozenset(["started"])
        if sure
        else frozenset(["lost_start", "rejected"])
        if success is False
        else None
    )
    return Expected(must=must, ids=began.ids)


def _promptlayer_nodes(nodes: list[Any], *, documented: bool) -> Expected:
    """Return the expectation of nodes: all are final and an output node succeeded, then the execution has succeeded."""
    words = [node.get("status") if isinstance(node, dict) else None for node in nodes]
    words = [word if isinstance(word, str) else None for word in words]
    final = all(word in ("SUCCESS", "FAILED", "FAILURE", "SKIPPED") for word in words)
    succeeded = any(
        node["is_output_node"] is True and node["status"] == "SUCCESS"
        for node in nodes
        if isinstance(node, dict) and "is_output_node" in node and "status" in node
    )
    may = final and succeeded
    sure = (
        documented
        and bool(nodes)
        and all(
            isinstance(node, dict)
            and node.get("is_output_node") in (True, False, None)
            and type(node.get("is_output_node")) is not int
            for node in nodes
        )
    )
    if not sure:
        return Expected(may)
    if final:
        return Expected(may, frozenset(["succeeded" if succeeded else "failed"]))
    going = all(word in ("SUCCESS", "FAILED", "FAILURE", "SKIPPED", "QUEUED", "RUNNING") for word in words)
    return Expected(may, frozenset(["queued", "running"]) if going else None)


def _refold(response: Response) -> Expected:
    members = members_of(response.body)
    if response.operation == "sync_start":
        return _refold_sync(response, members)
    if not is_ok(response):
        return http_error(response)
    if response.operation == "start":
        return started(response, (200,), "execution_id")
    if response.operation == "stop":
        sure = response.status == 200 and isinstance(members.get("message"), str)
        return Expected(must=frozenset(["value"]) if sure else None)
    if response.operation in ("list", "ping", "find_started"):
        found = list_of(response, members.get("docs"), dict)
        docs = members["docs"] if isinstance(members.get("docs"), list) else []
        return Expected(must=found.must, ids=tuple(str(members_of(run).get("_id")) for run in docs))
    outcome = looked_up(_REFOLD, members.get("status"))
    return Expected(outcome == "succeeded", only(outcome) if response.status == 200 else None)


def _refold_sync(response: Response, members: dict[str, Any]) -> Expected:
    """
    Return the expectation of a synchronous run, which can have any HTTP status: its author chooses it.

    A response with an execution id comes from the run itself.
    """
    named = members.get("execution_id")
    if not isinstance(named, str) or not named:
        return FREE if is_ok(response) or "execution_id" in members else http_error(response)
    errored, error = members.get("errored"), members.get("execution_error")
    may = not error and (errored is False or (errored is None and "return_value" in members))
    if not is_id(named) or response.status not in (200, 201, 400, 422, 500, 503):
        return Expected(may, ids=(named,))
    sure = "errored" not in members or type(errored) is bool
    must: str | None = None
    if errored is True or (isinstance(error, dict) and error):
        must = "failed"
    elif may and error is None:
        must = "succeeded"
    elif not members.keys() & {"errored", "execution_error", "return_value"}:
        must = "started"
    return Expected(may, only(must) if sure else None, (named,))


_VENDORS: dict[str, Callable[[Response], Expected]] = {
    "altostrat": _altostrat,
    "datalab": _datalab,
    "laminar": _laminar,
    "laminar_jobs": _laminar_jobs,
    "promptlayer": _promptlayer,
    "refold": _refold,
}

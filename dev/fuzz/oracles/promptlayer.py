"""How responses of PromptLayer must be read, and what else the fuzzer knows of it."""

from __future__ import annotations

from typing import Any

from dev.fuzz.expected import Expected, Response, http_error, is_ok, list_of, members_of, object_of, started
from dev.fuzz.oracles import CALLBACK, Oracle

#: By operation that reads a list, the field that has it.
_LISTS = {"ping": "items", "workflows": "items", "labels": "release_labels"}


def expected(response: Response) -> Expected:
    """Return what may and what must be read of a response."""
    if not is_ok(response):
        return http_error(response)
    members = members_of(response.body)
    if response.operation in _LISTS:
        return list_of(response, members.get(_LISTS[response.operation]), object)
    if response.operation == "workflow":
        return object_of(response)
    if response.operation == "start":
        return _start(response, members)
    return _results(response, members)


def _start(response: Response, members: dict[str, Any]) -> Expected:
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


def _results(response: Response, members: dict[str, Any]) -> Expected:
    if response.status in (202, 204):
        return Expected(must=frozenset(["running"]))
    return _nodes(list(members.values()), documented=response.status == 200)


def _nodes(nodes: list[Any], *, documented: bool) -> Expected:
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


ORACLE = Oracle(
    expected=expected,
    start={"callback_url": CALLBACK},
    methods={
        "workflows": ("list_workflows", {}),
        "workflow": ("get_workflow", {"workflow_id_or_name": "w"}),
        "labels": ("list_workflow_labels", {"workflow_id_or_name": "w"}),
    },
)

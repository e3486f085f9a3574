"""How responses of Datalab's pipelines must be read, and what else the fuzzer knows of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from dev.fuzz.expected import (
    NOT_JSON,
    Expected,
    Response,
    http_error,
    is_ok,
    list_of,
    looked_up,
    members_of,
    newest_of,
    object_of,
    only,
    started,
    statuses_of,
)
from dev.fuzz.oracles import Oracle
from tests.vendors.documented.datalab_pipelines import REFERENCE

_STATES = {
    "pending": "queued",
    "running": "running",
    "completed": "succeeded",
    "completed_with_errors": "partial",
    "failed": "failed",
}


def expected(response: Response) -> Expected:
    """Return what may and what must be read of a response."""
    if not is_ok(response):
        return http_error(response)
    members = members_of(response.body)
    if response.operation == "start":
        began = started(response, (200,), "execution_id")
        failed = str(members.get("status")).lower() == "failed"
        return Expected(
            must=(only("failed") if failed else began.must) if began.must else None, ids=began.ids
        )
    if read := _READS.get(response.operation):
        return read(response, members)
    is_json = response.body is not NOT_JSON
    sure = isinstance(members.get("status"), str) if response.operation == "ping" else is_json
    return Expected(must=only("value") if sure and response.status == 200 else None)


def _executions(response: Response, members: Mapping[str, Any]) -> Expected:
    runs = members.get("executions")
    ids = tuple(str(members_of(run).get("execution_id")) for run in runs) if isinstance(runs, list) else ()
    return Expected(must=list_of(response, runs, dict).must, ids=ids)


def _listed(response: Response, members: Mapping[str, Any]) -> Expected:
    """Return the expectation of a list in the field of the operation's name, whatever is in it."""
    return list_of(response, members.get(response.operation), object)


def _execution(members: Mapping[str, Any], *, documented: bool) -> Expected:
    word = members.get("status")
    word = word.lower() if isinstance(word, str) else word
    steps = members.get("steps")
    listed = steps if isinstance(steps, list) else []
    words = [step.get("status") if isinstance(step, dict) else step for step in listed]
    words = [each.lower() if isinstance(each, str) else each for each in words]
    done = not any(_holder(each) for each in words) and all(
        each in ("completed", "skipped", "", None) for each in words
    )
    troubled = any(isinstance(step, dict) and step.get("error_message") for step in listed)
    may = word == "completed" and done and not troubled
    # A page shows a list of objects with a status each, and an error only with a step that failed.
    sure = documented and isinstance(steps, list) and all(_documented(step) for step in steps)
    if word == "completed":
        return Expected(may, only("succeeded" if done else "partial") if sure else None)
    return Expected(may, only(looked_up(_STATES, word)) if sure else None)


def _holder(value: Any) -> bool:
    return isinstance(value, (dict, list))


def _documented(step: Any) -> bool:
    if not isinstance(step, dict) or not isinstance(step.get("status"), str):
        return False
    error = step.get("error_message")
    return error is None or (isinstance(error, str) and step["status"].lower() == "failed")


#: How the response of an operation is read.
_READS: Mapping[str, Callable[[Response, Mapping[str, Any]], Expected]] = {
    **dict.fromkeys(
        ("status", "result"),
        lambda response, members: _execution(members, documented=response.status == 200),
    ),
    **dict.fromkeys(("list", "find_started"), _executions),
    **dict.fromkeys(("pipelines", "versions"), _listed),
    **dict.fromkeys(("pipeline", "rate"), lambda response, _: object_of(response)),
    "statuses": lambda response, members: statuses_of(response, members.get("executions"), "execution_id"),
    **dict.fromkeys(
        ("newest", "begun"),
        lambda response, members: newest_of(response, members.get("executions"), "execution_id"),
    ),
}

ORACLE = Oracle(
    expected=expected,
    methods={
        "step_result": ("get_step_result", {"execution_id": "pex_abc123", "step_index": 0}),
        "list": ("list_pipeline_executions", {"pipeline_id": "pl_abc123"}),
        "pipelines": ("list_pipelines", {}),
        "pipeline": ("get_pipeline", {"pipeline_id": "pl_abc123"}),
        "versions": ("list_pipeline_versions", {"pipeline_id": "pl_abc123"}),
        "rate": ("get_pipeline_rate", {"pipeline_id": "pl_abc123"}),
    },
    label=REFERENCE,
)

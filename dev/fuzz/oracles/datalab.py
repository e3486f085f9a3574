"""How responses of Datalab must be read, and what else the fuzzer knows of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from dev.fuzz.expected import (
    Expected,
    Response,
    http_error,
    is_ok,
    list_of,
    looked_up,
    members_of,
    only,
    started,
)
from dev.fuzz.oracles import Oracle

_STATES = {
    "PENDING": "queued",
    "QUEUED": "queued",
    "IN_PROGRESS": "running",
    "COMPLETED": "succeeded",
    "FAILED": "failed",
}

#: Values that mean false: with one of them as ``success``, there is no success.
_NO = (False, 0, "0", "false", "False", "FALSE", "no", "off", "n", "f")

#: The operations with a value, and the field that it needs; an empty one: an object.
_VALUES = {"ping": "status", "file": "", "delete_file": "", "file_address": "download_url", "workflow": ""}
#: The operations with a list, which is in the field of the same name.
_LISTS = ("files", "workflows", "step_types")


def expected(response: Response) -> Expected:
    """Return what may and what must be read of a response."""
    if not is_ok(response):
        return http_error(response)
    members = members_of(response.body)
    if response.operation in _LISTS:
        return list_of(response, members.get(response.operation), object)
    if response.operation in _VALUES:
        needed = _VALUES[response.operation]
        known = isinstance(members.get(needed), str) if needed else members
        return Expected(must=only("value") if response.status == 200 and known else None)
    if response.operation == "start":
        began = started(response, (200,), "execution_id", "id")
        number = members.get("execution_id", members.get("id"))
        sure = response.status == 200 and type(number) is int and 0 < number < 2**63
        failed = members.get("success", True) is not True or str(members.get("status")).upper() == "FAILED"
        must = frozenset(["started", "failed"]) if failed else frozenset(["started"])
        return Expected(must=must if sure or began.must else None, ids=began.ids)
    return _execution(members, documented=response.status == 200)


def _execution(members: Mapping[str, Any], *, documented: bool) -> Expected:
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
        documented
        and members.get("success", True) is True
        and members.get("error") is None
        and isinstance(members.get("steps"), dict)
        and all(_documented_cell(cell) for cell in cells)
        and words <= {"COMPLETED", "SKIPPED", "FAILED"}
    )
    if "status" not in members:  # a team that has used up its quota of pages
        return Expected(must=only("failed") if documented and members.get("success") is False else None)
    if word == "COMPLETED":
        return Expected(may, only("partial" if "FAILED" in words else "succeeded") if sure else None)
    return Expected(may, only(looked_up(_STATES, word)) if documented and "success" not in members else None)


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


ORACLE = Oracle(
    expected=expected,
    methods={
        "file": ("get_file", {"file_id": 123}),
        "files": ("list_files", {}),
        "file_address": ("get_file_address", {"file_id": 123}),
        "delete_file": ("delete_file", {"file_id": 123}),
        "workflow": ("get_workflow", {"workflow_id": 101}),
        "workflows": ("list_workflows", {}),
        "step_types": ("list_step_types", {}),
    },
)

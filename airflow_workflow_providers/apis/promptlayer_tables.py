"""
PromptLayer, the recalculation of a sheet of a table: PromptLayer calls it an operation.

Pages: "Create Operation", "Get Operation" and "Cancel Operation" of the API reference at https://docs.promptlayer.com/. Where they leave something open, a comment names the page.

PromptLayer knows an operation only below its table and its sheet, so the execution id has all three: ``<table>.<sheet>.<operation>``.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from pydantic import BaseModel

from airflow_workflow_providers.apis import promptlayer
from airflow_workflow_providers.core.errors import InvalidInput, RequestRejected
from airflow_workflow_providers.core.execution import Execution, State, state_of
from airflow_workflow_providers.core.parameters import id_or_name, one_of, quoted, segment, text, whole_number
from airflow_workflow_providers.core.request import Request, Response, Word

T = TypeVar("T")

#: The path of a sheet.
SHEET = "/api/public/v2/tables/{}/sheets/{}"

#: No page lists the statuses of an operation. The vendor's own client ends at the last three, in any case of the letters. Its
#: comments name "running", and the first two are statuses of cells, which are documented.
#: https://docs.promptlayer.com/reference/table-sheet-operations-get
STATUSES = {
    "queued": State.QUEUED,
    "dispatched": State.QUEUED,
    "running": State.RUNNING,
    "completed": State.SUCCEEDED,
    "failed": State.FAILED,
    "cancelled": State.STOPPED,
}

#: The statuses of cells.
CELL_STATUSES = ("STALE", "QUEUED", "DISPATCHED", "RUNNING", "COMPLETED", "FAILED")

#: The counts of an operation, in the order of the output.
COUNTS = ("cell_count", "completed_count", "failed_count", "pending_count")

#: It can be in the name of a folder, and is in no UUID.
_SEPARATOR = "."

#: The ids of tables and sheets are UUIDs. Other ids of the same characters are accepted, too.
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)


class ConfirmationWanted(RequestRejected):
    """
    PromptLayer wants a confirmation before it recalculates so many cells. Nothing was started.

    :param message: as in :class:`~airflow_workflow_providers.core.errors.WorkflowError`.
    :param token: what confirms the same start.
    """

    def __init__(self, message: str, *, token: str, **known: Any) -> None:
        super().__init__(message, **known)
        self.token = token


class _Started(BaseModel):
    # One schema has three forms: queued, nothing to do, and a confirmation is wanted. Their fields tell them apart.
    # https://docs.promptlayer.com/reference/table-sheet-operations-create
    operation_id: Any = None
    success: Any = None
    cell_count: Any = None
    requires_confirmation: Any = None
    confirmation_token: Any = None
    affected_cell_count: Any = None


class _Operation(BaseModel):
    status: Word
    cell_count: Any = None
    completed_count: Any = None
    failed_count: Any = None
    pending_count: Any = None


class _Status(BaseModel):
    operation: _Operation


def recalculate_sheet(
    table_id: str,
    *,
    sheet_id: str,
    column_ids: Sequence[str] | None = None,
    row_indices: Sequence[int] | None = None,
    statuses: Sequence[str] | None = None,
    confirmation_token: str | None = None,
) -> Request[Execution]:
    """
    Recalculate cells of a sheet.

    It is described at https://docs.promptlayer.com/reference/table-sheet-operations-create

    :param table_id: the table.
    :param sheet_id: its sheet.
    :param column_ids: the columns; default: all that are computed.
    :param row_indices: the rows, from 0; default: all.
    :param statuses: only cells with one of these statuses: ``STALE``, ``QUEUED``, ``DISPATCHED``, ``RUNNING``, ``COMPLETED``,
        ``FAILED``. An empty list: all cells. Default: only ``STALE``.
    :param confirmation_token: the ``token`` of ``ConfirmationWanted``, which the same start has raised; default: none.
    :return: the operation, which is not over. If no cell needs work it has succeeded, and has no id.
    :raises InvalidInput: if a parameter is wrong; nothing was sent.
    :raises ConfirmationWanted: if PromptLayer wants a confirmation, because many cells would be recalculated; nothing was started.
    :raises LostStart: if the response was lost, so that the cells may be recalculated.
    """
    path, name = sheet(table_id, sheet_id)
    cells = {
        "column_ids": ids("column_ids", column_ids),
        "row_ids": row_numbers("row_indices", row_indices),
        "statuses": statuses
        if statuses is None
        else [
            one_of("statuses", each, CELL_STATUSES)
            for each in listed("statuses", statuses, may_be_empty=True)
        ],
    }
    # Its length is not documented.
    if confirmation_token is not None and (
        not isinstance(confirmation_token, str) or not confirmation_token.strip()
    ):
        raise InvalidInput("confirmation_token must be a text that is not empty. It is not shown here.")
    body = {"operation": "recalculate", **cells, "confirmation_token": confirmation_token}

    def read(response: Response) -> Execution:
        started = response.parse(_Started)
        if started.operation_id is not None:
            execution_id = joined(response, table_id, sheet_id, started.operation_id)
            return Execution(execution_id, State.QUEUED, "queued")
        if started.requires_confirmation is True:
            raise _confirmation_wanted(started)
        if type(started.cell_count) is int and started.cell_count == 0 and started.success is not False:
            return Execution(None, State.SUCCEEDED, "nothing to do", dict.fromkeys(COUNTS, 0))
        # The body is not shown: it may have a token.
        raise response.unexpected(" without an operation id, and does not say that no cell needs work")

    return Request(
        f"recalculate {name}",
        "POST",
        f"{path}/operations",
        body={key: value for key, value in body.items() if value is not None},
        parse=read,
        starts_run=True,
        fingerprint_input={"table_id": table_id, "sheet_id": sheet_id, **cells},
    )


def confirmed(start: Request[Execution], token: str) -> Request[Execution]:
    """
    Return a start with its confirmation.

    :param start: the start, which has raised ``ConfirmationWanted``.
    :param token: the token of that error.
    """
    return replace(start, body={**start.body, "confirmation_token": token})


def _confirmation_wanted(started: _Started) -> ConfirmationWanted:
    count = started.affected_cell_count
    cells = f"{count} cells" if type(count) is int else "many cells"
    token = started.confirmation_token
    # The page has a message, too. It is not shown, because no page says what is in it; the token has no business in a log.
    return ConfirmationWanted(
        f"it wants a confirmation, because {cells} would be recalculated. confirm=True of the operator confirms it, and "
        "confirmation_token of the hook's method",
        token=token if isinstance(token, str) else "",
    )


def get_status(execution_id: str) -> Request[Execution]:
    """Read the status of an operation, without its counts."""
    return sheet_request(execution_id, "/operations/{}", _read_status)


def _read_status(execution_id: str, response: Response) -> Execution:
    found = response.parse(_Status).operation
    return Execution(execution_id, _state(found), found.status)


def get_execution(execution_id: str) -> Request[Execution]:
    """Read an operation with its counts."""
    return sheet_request(execution_id, "/operations/{}", _read)


def _read(execution_id: str, response: Response) -> Execution:
    found = response.parse(_Status).operation
    counts = {name: _count(getattr(found, name)) for name in COUNTS}
    message = None
    if counts["failed_count"]:
        # PromptLayer gives no reason here: it is in the cells.
        cells = "" if counts["cell_count"] is None else f" of {counts['cell_count']}"
        message = f"{counts['failed_count']}{cells} cells failed"
    elif counts["failed_count"] is None:
        message = "PromptLayer does not say how many cells failed"
    state = _state(found)
    return Execution(
        execution_id, state, found.status, counts, message=None if state is State.SUCCEEDED else message
    )


def _state(operation: _Operation) -> State:
    state = state_of(operation.status.lower(), STATUSES)
    # What the status is if only some cells failed is not documented.
    if state is State.SUCCEEDED and _count(operation.failed_count) != 0:
        return State.PARTIAL
    return state


def _count(value: Any) -> int | None:
    return value if type(value) is int and value >= 0 else None


def stop(execution_id: str) -> Request[str]:
    """
    Cancel an operation. What a cell has cost is not undone.

    PromptLayer accepts it also for an operation that has ended, or that it does not know.
    https://docs.promptlayer.com/reference/table-sheet-operations-cancel
    """
    return sheet_request(execution_id, "/operations/{}", _read_stop, action="stop", method="DELETE")


def _read_stop(_: str, response: Response) -> str:
    return response.explain("message") or ""


# -- what all requests below a sheet share ---------------------------------------------------------------------------


def sheet(table_id: object, sheet_id: object) -> tuple[str, str]:
    """
    Return the path of a sheet, and how an error names it.

    :param table_id: the id of the table.
    :param sheet_id: the id of the sheet.
    :raises InvalidInput: if one is no id: the name of a table or a sheet, for example.
    """
    for name, value in (("table_id", table_id), ("sheet_id", sheet_id)):
        # A template over nothing renders to the text "None".
        if not isinstance(value, str) or not _ID.fullmatch(value) or value == "None":
            raise InvalidInput(
                f"{name} must be an id, as it is in the address of the sheet's page; got {quoted(value)}."
            )
    return SHEET.format(table_id, sheet_id), f"sheet {sheet_id} of table {table_id}"


def joined(response: Response, table_id: str, sheet_id: str, own: object) -> str:
    """
    Return the execution id of what PromptLayer knows by an id below a sheet.

    :param response: the response to its start.
    :param table_id: the table.
    :param sheet_id: its sheet.
    :param own: where its own id was found.
    :raises UnexpectedResponse: if it is no usable id.
    """
    return response.execution_id(_SEPARATOR.join((table_id, sheet_id, response.execution_id(own))))


def sheet_request(
    execution_id: str,
    below: str,
    read: Callable[[str, Response], T],
    *,
    action: str = "read",
    method: str = "GET",
) -> Request[T]:
    """
    Return a request about something that PromptLayer knows below a sheet.

    :param execution_id: the execution id, ``<table>.<sheet>.<its own id>``.
    :param below: the path below the sheet, with ``{}`` for its own id.
    :param read: reads the response; it gets the execution id too.
    :param action: what the request does with the execution, as an error message says it.
    :param method: the HTTP method.
    :raises InvalidInput: if it is no such execution id.
    """
    known = id_or_name("execution_id", execution_id)
    table_id, _, rest = known.partition(_SEPARATOR)
    sheet_id, _, own = rest.partition(_SEPARATOR)
    if not (_ID.fullmatch(table_id) and _ID.fullmatch(sheet_id) and own.strip()):
        raise InvalidInput(
            "execution_id must be <table>.<sheet>.<id>, as the task that has started it returns it; got "
            f"{quoted(execution_id)}."
        )
    path = SHEET.format(table_id, sheet_id) + below.format(segment("execution_id", own))
    return Request(f"{action} execution {known}", method, path, parse=lambda response: read(known, response))


def listed(name: str, value: object, *, may_be_empty: bool = False) -> Sequence[Any]:
    """
    Return a list or a tuple.

    :param name: the parameter, for the error.
    :param value: the author's choice.
    :param may_be_empty: whether an empty one has a meaning of its own. No page says what else it would mean: nothing, or all.
    :raises InvalidInput: if it is something else.
    """
    if not isinstance(value, (list, tuple)):
        raise InvalidInput(f"{name} must be a list; got {quoted(value)}.")
    if not value and not may_be_empty:
        raise InvalidInput(f"{name} is empty. Leave it out for all.")
    return value


def ids(name: str, value: object) -> list[str] | None:
    """Return ids as a list of texts, or ``None``; the error names ``name``."""
    return None if value is None else [text(name, each) for each in listed(name, value)]


def row_numbers(name: str, value: object) -> list[int] | None:
    """Return the numbers of rows, from 0, or ``None``; the error names ``name``."""
    return None if value is None else [whole_number(name, each) for each in listed(name, value)]


API = replace(
    promptlayer.API,
    get_status=get_status,
    get_execution=get_execution,
    stop=stop,
    has_labels=False,
    has_partial=True,
)

"""What the tests of all vendors know about each vendor: one module for each row of ``dev/vendors.py``, named like the row."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from airflow_workflow_providers.core.errors import WorkflowError
from airflow_workflow_providers.core.request import Request
from dev.vendors import CASES, CONTRACT_ROWS
from tests.vendors.documented import Path


@dataclass(frozen=True, kw_only=True)
class Search:
    """
    How a vendor's list of executions is searched for a start that is lost.

    :param operation: the emulator's name of the operation that reads the list.
    :param page_size: how many executions a page has in that search.
    :param newest_first: whether the newest execution is first in the list; if not, the oldest is.
    :param page: from the entries of a page to its body.
    :param entry: the entry of an execution that the search for ``LABEL`` finds, which was started 10**9 seconds after the epoch.
    :param id_field: the field of an entry that has the id.
    :param may_have_more: whether a page with that entry among odd ones may be followed by another page.
    """

    operation: str
    page_size: int
    newest_first: bool
    page: Callable[[list[Any]], Any]
    entry: Mapping[str, Any]
    id_field: str
    may_have_more: bool


@dataclass(frozen=True, kw_only=True)
class StatusList:
    """
    How the statuses of many executions are read from a vendor's list.

    :param path: of the list of workflow ``w``.
    :param needs_workflow: whether the list is that of one workflow; if not, of the account.
    :param page_3: the query for its third page, of executions started since 10**9 seconds after the epoch.
    :param first_page: the query for its first page, of all executions.
    :param list_field: the field of a page that has the entries.
    :param id_field: the field of an entry that has the id.
    :param more: since when executions are asked for, a page, and whether another one is needed.
    """

    path: str
    needs_workflow: bool
    page_3: Mapping[str, str]
    first_page: Mapping[str, str]
    list_field: str
    id_field: str
    more: list[tuple[float, Any, bool]]


@dataclass(frozen=True, kw_only=True)
class Facts:
    """
    The facts about one row. ``tests/vendors/test_facts.py`` checks that only what a vendor does not have is empty.

    :param ping: what the connection test sends: the emulator's name of the operation, its method, path and query, with
        places for the fields of the emulator's account.
    :param wrong_keys: settings of the emulator, and what the vendor says about a wrong key with them.
    :param ping_faults: faults of the emulator, and what the connection test says about each: what only this vendor says, and
        what responds with JSON but is not this vendor.
    :param base_urls: fields of a connection, and the vendor's own address to which it leads; empty if there is none.
    :param right: the required parameters of a start, as the operator and the method of the hook accept them.
    :param bad: for each parameter of a start, values that both reject.
    :param operator_only: the same for the operator's own parameters that the method does not have.
    :param hook_only: the same for the method's own parameters that the operator does not have.
    :param sensor_only: the same for the sensor's own parameters.
    :param flat: the parameters that are JSON objects of texts only.
    :param explanations: bodies of error responses, and the explanation that an error shows; ``None``: there is none.
    :param rejected: starts that the vendor rejects: the workflow, further parameters, the response that the emulator is told
        to send, if any, and the class and a part of the error.
    :param methods: the methods that the hook has besides those of all hooks.
    :param acknowledgement: what the hook returns when it stops an execution.
    :param page: the page where a person sees an execution, with places for the base URL and the id.
    :param id_in_query: the parameter of the query that has the id of an execution, a number; empty if the id is in the path.
    :param unknown_id: an id of an execution that the vendor does not know.
    :param unknown_execution: settings of the emulator with which it responds with 404 to an unknown id, if it has a choice.
    :param failed_parts: a part of the error of an execution that finishes with failed parts.
    :param started: from an id to the body of a response to a start.
    :param requests: how to build the requests of documented operations that need more than the table of the API and
        ``right``.
    :param successes: an operation, the body of a success, a field in it that decides, and the names of the values in
        ``odd_values.py`` with which it still is a success; with every other value it is not.
    :param same_start: pairs of starts that ask for the same.
    :param other_start: pairs of starts that ask for something else.
    :param search: the search for a start that is lost.
    :param statuses: the list with the statuses of many executions.
    """

    ping: tuple[str, str, str, Mapping[str, str]]
    wrong_keys: list[tuple[Mapping[str, str], str]]
    ping_faults: list[tuple[str, Mapping[str, Any], str]] = field(default_factory=list)
    base_urls: list[tuple[Mapping[str, Any], str]]
    right: Mapping[str, Any]
    bad: Mapping[str, list[Any]]
    operator_only: Mapping[str, list[Any]] = field(default_factory=dict)
    hook_only: Mapping[str, list[Any]] = field(default_factory=dict)
    sensor_only: Mapping[str, list[Any]] = field(default_factory=dict)
    flat: Collection[str] = ()
    explanations: list[tuple[Any, str | None]]
    rejected: list[tuple[str, Mapping[str, Any], Mapping[str, Any], type[WorkflowError], str]]
    methods: set[str]
    acknowledgement: str = ""
    page: str = ""
    id_in_query: str = ""
    unknown_id: str = "79999"
    unknown_execution: Mapping[str, str] = field(default_factory=dict)
    failed_parts: str = ""
    started: Callable[[Any], Any] | None
    requests: Mapping[str, Callable[[], Request[Any]]] = field(default_factory=dict)
    successes: list[tuple[str, Any, Path, set[str]]]
    same_start: list[tuple[Request[Any], Request[Any]]] = field(default_factory=list)
    other_start: list[tuple[Request[Any], Request[Any]]]
    search: Search | None = None
    statuses: StatusList | None = None


#: The facts about each row, by its name. A row without its module is an error here.
FACTS: dict[str, Facts] = {
    name: import_module(f"tests.vendors.facts.{name}").FACTS
    for name in (*CASES, *(row.name for row in CONTRACT_ROWS))
}

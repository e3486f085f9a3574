"""A vendor as a table: what its module of ``apis/`` has. What a vendor lacks is ``None``."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from airflow_workflow_providers.core.execution import Execution
from airflow_workflow_providers.core.request import Flow, Request, Response, RunPage, StatusPage


@dataclass(frozen=True, kw_only=True)
class VendorApi:
    """
    One vendor's HTTP API, described; nothing here sends.

    :param base_url: where paths begin, unless the connection says otherwise.
    :param auth_headers: from the secret and the connection's own extra fields to the headers that authenticate a request.
    :param error_message: from an error response to the vendor's explanation, or ``None``.
    :param ping: from the connection's own extra fields to a cheap request that only a right connection can make; its value
        may be a sentence for the person who tests the connection.
    :param get_status: reads the status of a run as cheaply as the vendor allows; the output may be missing.
    :param get_status_with_details: the same with what the run does: its log, its nodes, whether it waits for a person; ``None`` if
        no request reads both.
    :param list_statuses: from a workflow, the time since when its runs have begun, in seconds since the epoch, and the number
        of a page, from 1, to that page of the vendor's list of runs; ``None`` if the list needs a workflow and none is known.
    :param find_newest: from a workflow and a time, in seconds since the epoch, to the request that reads the id of the newest run
        of this workflow begun since then, from the vendor's list of runs; its value is ``None`` if there is none.
    :param list_begun: from a workflow, the time since when its runs have begun, in seconds since the epoch, and the number of a
        page, from 1, to that page of the vendor's list of the runs of this workflow, newest first.
    :param get_execution: reads a run with its output.
    :param find_output: from a run, as ``get_execution`` has read it, to the request that looks for its output elsewhere
        and reads the run with it; ``None`` for a run that has its output, or cannot have one.
    :param stop: stops a run; its value is the vendor's acknowledgement.
    :param find_started: from a start as it was sent, its nonce and the time of its intent to the ids of the runs that
        carry the nonce.
    :param has_labels: whether a run can carry a text that is for people.
    :param has_partial: whether a run can finish with failed parts.
    :param execution_url: from the base URL and an execution id to the page where a person sees the run.
    """

    base_url: str
    auth_headers: Callable[..., dict[str, str]]
    error_message: Callable[[Response], str | None] | None = None
    ping: Callable[..., Request[Any]] | None = None
    get_status: Callable[[str], Request[Execution]] | None = None
    get_status_with_details: Callable[[str], Request[Execution]] | None = None
    list_statuses: Callable[[str, float, int], Request[StatusPage] | None] | None = None
    find_newest: Callable[[str, float], Request[str | None]] | None = None
    list_begun: Callable[[str, float, int], Request[RunPage]] | None = None
    get_execution: Callable[[str], Request[Execution]] | None = None
    find_output: Callable[[Execution], Request[Execution] | None] | None = None
    stop: Callable[[str], Request[str]] | None = None
    find_started: Callable[[Request[Execution], str, float], Flow[list[str]]] | None = None
    has_labels: bool = False
    has_partial: bool = False
    execution_url: Callable[[str, str], str] | None = None

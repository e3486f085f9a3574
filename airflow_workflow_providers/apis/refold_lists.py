"""Refold's lists of runs: "List Executions" of the API reference at https://docs.refold.ai/."""

import re
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

from pydantic import BaseModel

from airflow_workflow_providers.core.errors import InvalidInput
from airflow_workflow_providers.core.execution import CLOCK_DRIFT, Execution, State
from airflow_workflow_providers.core.parameters import id_or_name
from airflow_workflow_providers.core.request import (
    Flow,
    Request,
    Response,
    RunPage,
    StatusPage,
    list_request,
    newest_request,
    paged,
    read_request,
    runs_request,
    texts,
)

#: How many pages of 100 runs are searched for one that may have started.
SEARCHED_PAGES = 50

#: The nonce of a start of this package, which is in the run's label unless the author has set another one.
_NONCE = re.compile(r"\bairflow-[0-9a-f]{32}\b")


class Page(BaseModel):
    """One page of any list of Refold."""

    docs: list[dict[Any, Any]]


class _Searched(BaseModel):
    # One odd entry must not hide the others.
    docs: list[Any]
    hasNextPage: Any = None  # noqa: N815  # the vendor's name

    @property
    def more(self) -> bool:
        """Whether there is another page."""
        return bool(self.docs) and self.hasNextPage is True


#: The filters of the list of runs.
FILTERS = frozenset(
    "page limit status slug workflow_id workflow_name execution_id execution_type execution_source "  # noqa: SIM905  # words are easier to read
    "start_date end_date sort_asc".split()
)


def list_executions(**filters: Any) -> Request[dict[str, Any]]:
    """
    Read one page of runs, newest first unless ``sort_asc``.

    The filters are keywords; one that is ``None`` is left out: ``page``, ``limit``, ``status``,
    ``slug`` (comma-separated), ``workflow_id``, ``workflow_name``, ``execution_id``, ``execution_type`` (``All``,
    ``SYNC``, ``ASYNC``), ``execution_source``, ``start_date``, ``end_date`` (ISO 8601), ``sort_asc``.

    :return: Refold's page: ``docs``, ``totalDocs``, ``page``, ``hasNextPage`` and so on.
    :raises InvalidInput: if there is no such filter; nothing was sent.
    """
    if unknown := filters.keys() - FILTERS:
        raise InvalidInput(f"Executions cannot be filtered by {', '.join(sorted(unknown))}.")
    given = {"sortAsc" if name == "sort_asc" else name: value for name, value in filters.items()}
    return read_request("list executions", "/api/v2/public/execution", model=Page, query=given)


def list_statuses(workflow_id: str, since: float, page: int) -> Request[StatusPage]:  # noqa: ARG001  # other vendors need it
    """
    Read the statuses of the runs that are running, one page of all workflows of the linked account.

    :param workflow_id: not used: the list is that of the account.
    :param since: only runs begun since then, in seconds since the epoch; 0: all.
    :param page: from 1.
    """

    def read(response: Response) -> tuple[list[Any], bool]:
        found = response.parse(_Searched)
        return found.docs, found.more

    return list_request(_list_begun(since, page, status="RUNNING"), read, "_id")


def find_newest(workflow_id: str, since: float) -> Request[str | None]:
    """
    Read the id of the newest run of a workflow begun since then, which is on the first page.

    The page shows dates without a time as filters. So the time of each run counts, too:
    https://docs.refold.ai/v2/api-reference/executions/list-executions

    :param workflow_id: the id of the workflow; no page says that the list knows its alias.
    :param since: in seconds since the epoch.
    """
    workflow = id_or_name("workflow_id", workflow_id)
    listed = list_executions(workflow_id=workflow, start_date=_timestamp(since), limit=10)
    return newest_request(listed, lambda response: response.parse(_Searched).docs, "_id", "createdAt", since)


def list_begun(
    workflow_id: str, since: float, page: int, *, state: Callable[[str], State]
) -> Request[RunPage]:
    """
    Read the runs of a workflow begun since then, one page of 100, newest first.

    :param workflow_id: the id of the workflow; no page says that the list knows its alias.
    :param since: in seconds since the epoch.
    :param page: from 1.
    :param state: from Refold's status to our state.
    """

    def read(response: Response) -> tuple[list[Any], bool]:
        found = response.parse(_Searched)
        return found.docs, found.more

    workflow = id_or_name("workflow_id", workflow_id)
    begun = list_executions(
        workflow_id=workflow, start_date=_timestamp(since - CLOCK_DRIFT), limit=100, page=page
    )
    return runs_request(
        begun,
        read,
        id_field="_id",
        began_field="createdAt",
        # In the specification only, without a format. A number of seconds is no time and is left out.
        ended_field="completion_time",
        state=state,
        from_airflow=_is_from_airflow,
    )


def _is_from_airflow(run: dict[Any, Any]) -> bool:
    """
    Return whether a run shows the nonce of a start of this package.

    The reference does not document where a run shows its ``instance_tag``, so every text of the run counts. What its nodes have
    is left out: an input or an output may name another run.
    https://docs.refold.ai/v2/api-reference/executions/list-executions
    """
    shown = {name: value for name, value in run.items() if name != "nodes"}
    return any(_NONCE.search(each) for each in texts(shown))


def find_started(start: Request[Execution], nonce: str, since: float) -> Flow[list[str]]:  # noqa: ARG001  # other vendors need it
    """
    Find the runs begun since then that show the nonce.

    :param start: not used: the nonce alone decides.
    :param nonce: what the start was labelled with.
    :param since: when it was sent, in seconds since the epoch.
    """
    found = yield from paged(lambda page: _search_page(nonce, since, page), SEARCHED_PAGES)
    return list(dict.fromkeys(found))


def _search_page(nonce: str, since: float, page: int) -> Request[tuple[list[str], bool]]:
    """
    Search one page for the nonce, and return whether there is another page.

    The reference does not document where a run shows its ``instance_tag``, so every text of the run is searched:
    https://docs.refold.ai/v2/api-reference/executions/list-executions
    """

    def read(response: Response) -> tuple[list[str], bool]:
        found = response.parse(_Searched)
        runs = [
            run for run in found.docs if isinstance(run, dict) and any(nonce in each for each in texts(run))
        ]
        ids = [known for run in runs if (known := response.find_id(run.get("_id")))]
        return ids, found.more

    return _list_begun(since, page).read_as("search for a run that may have started", read)


def _list_begun(since: float, page: int, **filters: str) -> Request[Any]:
    """
    Read one page of the runs begun since then; 0: of all.

    The list is oldest first, so that runs that begin meanwhile do not move others to another page.
    """
    start_date = _timestamp(since - CLOCK_DRIFT) if since else None
    return list_executions(start_date=start_date, limit=100, sort_asc=True, page=page, **filters)


def _timestamp(moment: float) -> str:
    known = datetime.fromtimestamp(moment, timezone.utc).isoformat(timespec="milliseconds")
    return known.replace("+00:00", "Z")

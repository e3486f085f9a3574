"""The search for a run whose start is lost: a flow, driven by hand, without a client."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timezone
from typing import Any

import pytest

from airflow_workflow_providers.apis import altostrat, refold, refold_lists
from airflow_workflow_providers.core.errors import (
    RequestRejected,
    Unavailable,
    UnexpectedResponse,
    WorkflowError,
)
from airflow_workflow_providers.core.request import Flow, Request
from tests.vendors import misread, response

NONCE = "airflow-6f1d0c5e2b7a"

#: When the start was sent, in seconds since the epoch.
SINCE = datetime(2026, 6, 16, 13, 15, tzinfo=timezone.utc).timestamp()

Requests = list[Request[Any]]


def search(flow: Flow[list[str]], bodies: Iterable[Any]) -> tuple[Requests, list[str]]:
    """
    Run a flow with the body of a response for each of its requests; an error is thrown in the place of a response.

    :return: its requests, and what it returns.
    """
    requests: Requests = []
    step = next(flow)
    try:
        for body in bodies:
            assert isinstance(step, Request)
            requests.append(step)
            if isinstance(body, WorkflowError):
                step = flow.throw(body)
            else:
                step = flow.send(step.parse(response(body)))
    except StopIteration as end:
        return requests, end.value
    raise AssertionError(f"the flow asks for more: {step}")


# -- Refold: one list of all runs, oldest first; a run with the nonce anywhere in it is ours ------------------------


def refold_search(*bodies: Any) -> tuple[Requests, list[str]]:
    return search(refold_lists.find_started(refold.execute_workflow("w", slug="s"), NONCE, SINCE), bodies)


def docs(*runs: Any, more: Any = False) -> dict[str, Any]:
    return {"docs": list(runs), "hasNextPage": more}


OTHER = {"_id": "other", "instance_tag": "nightly"}
OURS = {"_id": "6a31", "instance_tag": NONCE}


def test_refold_is_searched_page_by_page_until_the_last_one() -> None:
    """From a minute before the start, because clocks differ, and all pages with the same filters."""
    requests, found = refold_search(
        docs(OTHER, more=True), docs(OTHER, OURS, more=True), docs(OTHER, more=False)
    )

    assert found == ["6a31"]
    assert {(request.method, request.path) for request in requests} == {("GET", "/api/v2/public/execution")}
    assert [request.query for request in requests] == [
        {"start_date": "2026-06-16T13:14:00.000Z", "limit": "100", "sortAsc": "true", "page": str(page)}
        for page in (1, 2, 3)
    ]


@pytest.mark.parametrize(
    "last", [docs(OURS, more="true"), docs(OURS, more=None), docs(more=True), {"docs": []}]
)
def test_refold_has_no_more_pages_unless_it_says_true_and_has_runs(last: Any) -> None:
    requests, _ = refold_search(last)

    assert len(requests) == 1


def test_the_search_at_refold_is_limited() -> None:
    """A list that never ends returns what was found by then."""
    pages = [docs({"_id": f"run-{page}", "instance_tag": NONCE}, more=True) for page in range(60)]

    requests, found = refold_search(*pages)

    assert len(requests) == refold_lists.SEARCHED_PAGES == 50
    assert found == [f"run-{page}" for page in range(50)]


def test_a_refold_run_is_ours_if_any_text_of_it_has_the_nonce() -> None:
    """No page says in which field it is. A run that moves to the next page is found once."""
    cases: list[tuple[Any, list[str]]] = [
        ({"_id": "1", "tags": [{"label": f"tag:{NONCE}"}]}, ["1"]),
        ({"_id": "1", "nodes": {NONCE: {}}}, ["1"]),
        ({"_id": "1", "instance_tag": NONCE[:-1]}, []),
        ({"_id": "1", "instance_tag": [7, None, True]}, []),
        ({"instance_tag": NONCE}, []),
        ({"_id": "..", "instance_tag": NONCE}, []),
        (f"a text with {NONCE}", []),
    ]

    assert misread(lambda run: refold_search(docs(run))[1], cases) == {}
    assert refold_search(docs(OURS, more=True), docs(OURS))[1] == ["6a31"]


# -- Altostrat: the runs of the workflow, newest first; the nonce is in the trigger payload of a run, which is read ----


def altostrat_search(*bodies: Any) -> tuple[Requests, list[str]]:
    return search(altostrat.find_started(altostrat.execute_workflow("fl_a/b"), NONCE, SINCE), bodies)


def page(*seconds: float | None) -> dict[str, Any]:
    """Return a page with one run for each number of seconds after the start; ``None``: the run has no time."""

    def begun(after: float | None) -> str | None:
        return None if after is None else datetime.fromtimestamp(SINCE + after, timezone.utc).isoformat()

    return {"data": [{"id": f"run{after}", "started_at": begun(after)} for after in seconds]}


def payload(value: Any = NONCE) -> dict[str, Any]:
    """Return a run as "Retrieve a workflow run" shows it."""
    return {"status": "running", "trigger_payload": {"site": "a", "start": value}}


def test_altostrat_is_searched_from_the_newest_run_to_the_first_that_is_too_old() -> None:
    """Of each page, only the runs that were begun within a minute of the start are read."""
    requests, found = altostrat_search(
        page(300, 61),  # begun later: ours is on another page
        page(60, 1),
        page(0, -60, -61),
        page(-61, -300),
        payload("another"),
        payload(),
        payload("another"),
        payload("another"),
    )

    assert found == ["run1"]
    runs = "/workflows/fl_a%2Fb/executions"
    assert [(request.path, request.query.get("page")) for request in requests] == [
        (runs, "1"),
        (runs, "2"),
        (runs, "3"),
        (runs, "4"),
        ("/workflows/runs/run60", None),
        ("/workflows/runs/run1", None),
        ("/workflows/runs/run0", None),
        ("/workflows/runs/run-60", None),
    ]


@pytest.mark.parametrize("last", [page(), page(-61), page(-300, -301)])
def test_the_search_at_altostrat_ends_with_a_page_of_older_runs(last: Any) -> None:
    requests, found = altostrat_search(last)

    assert (len(requests), found) == (1, [])


def test_the_search_at_altostrat_is_limited() -> None:
    """A list that never ends, for example because no run has a time, returns what was found by then."""
    requests, found = altostrat_search(page(5), *(page(None) for _ in range(19)), payload())

    assert len(requests) == altostrat.SEARCHED_PAGES + 1 == 21
    assert found == ["run5"]


def test_an_altostrat_run_is_ours_if_a_value_of_its_trigger_payload_is_the_nonce() -> None:
    """An equal context proves nothing: another task may have sent it. A run that moves to the next page is found once."""
    cases: list[tuple[Any, list[str]]] = [
        (payload(), ["run5"]),
        (payload(f"tag:{NONCE}"), []),
        (payload([NONCE]), []),
        ({"status": "running", "trigger_payload": {NONCE: "start"}}, []),
        ({"status": "running", "trigger_payload": NONCE}, []),
        ({"status": "running", "context": {"start": NONCE}}, []),
        ({"status": "running"}, []),
    ]

    assert misread(lambda run: altostrat_search(page(5, -61), page(-61), run)[1], cases) == {}
    assert altostrat_search(page(5), page(5), page(-61), payload())[1] == ["run5"]


def test_a_time_of_altostrat_is_read_in_utc_unless_it_names_a_zone() -> None:
    """A run whose time cannot be read may be as new as any, so the search goes on to the next page."""

    def read(started_at: Any) -> tuple[list[str], int]:
        runs = {"data": [{"id": "run", "started_at": started_at}]}
        first = next(altostrat.find_started(altostrat.execute_workflow("w"), NONCE, SINCE))
        assert isinstance(first, Request)
        ids, more = first.parse(response(runs))
        return ids, more

    cases: list[tuple[Any, Any]] = [
        ("2026-06-16T13:15:00Z", (["run"], True)),
        ("2026-06-16T13:15:30.123456Z", (["run"], True)),
        ("2026-06-16T13:15:00", (["run"], True)),
        ("2026-06-16T15:15:00+02:00", (["run"], True)),
        ("2026-06-16T13:14:00Z", (["run"], True)),
        ("2026-06-16T15:15:00Z", ([], True)),
        ("2026-06-16T11:15:00Z", ([], False)),
        *((odd, ([], True)) for odd in (None, 7, "", "yesterday", ["2026-06-16T13:15:00Z"])),
    ]

    assert misread(read, cases) == {}


# -- both -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [Unavailable("down"), RequestRejected("no"), UnexpectedResponse("odd")])
def test_an_error_ends_the_search(error: WorkflowError) -> None:
    """Also if a run was found before it."""
    searches: list[tuple[Any, tuple[Any, ...]]] = [
        (refold_search, (error,)),
        (refold_search, (docs(OURS, more=True), error)),
        (altostrat_search, (error,)),
        (altostrat_search, (page(5), error)),
        (altostrat_search, (page(5), page(-61), error)),
    ]

    for run, bodies in searches:
        with pytest.raises(type(error)) as ended:
            run(*bodies)
        assert ended.value is error

"""The runs of a workflow in a vendor's list."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest

from airflow_workflow_providers.core.errors import UnexpectedResponse
from airflow_workflow_providers.core.execution import State
from airflow_workflow_providers.core.request import ListedRun
from tests.vendors import CASES, VendorCase, misread, response
from tests.vendors.facts import FACTS

SINCE = 1e9 + 0.7

#: The fields of an entry that say when the run began and ended, the query for the third page, and words for ends.
KNOWN: dict[str, tuple[str, str, dict[str, str], dict[str, State]]] = {
    "refold": (
        "createdAt",
        "completion_time",
        # Since a minute before, because clocks differ; the newest first.
        {"workflow_id": "w", "start_date": "2001-09-09T01:45:40.700Z", "limit": "100", "page": "3"},
        {"COMPLETED": State.SUCCEEDED, "ERRORED": State.FAILED, "RUNNING": State.RUNNING, "?": State.UNKNOWN},
    ),
    "altostrat": (
        "started_at",
        "completed_at",
        {"page": "3"},
        {"completed": State.SUCCEEDED, "failed": State.FAILED, "running": State.RUNNING, "?": State.UNKNOWN},
    ),
    "datalab_pipelines": (
        "created",
        "completed_at",
        {"limit": "100", "offset": "200"},
        {"Completed": State.SUCCEEDED, "failed": State.FAILED, "running": State.RUNNING, "?": State.UNKNOWN},
    ),
}

each_vendor = pytest.mark.parametrize(
    "vendor", [vendor for vendor in CASES.values() if vendor.hook.api.list_begun], ids=str
)


def begun(vendor: VendorCase, entries: list[Any]) -> tuple[ListedRun, ...]:
    statuses = FACTS[vendor.name].statuses
    assert statuses is not None
    page = vendor.hook.api.list_begun("w", SINCE, 1).parse(response({statuses.list_field: entries}))
    return page.runs


def entry(vendor: VendorCase, run: Any, began: Any, status: Any = "?", **members: Any) -> dict[str, Any]:
    statuses = FACTS[vendor.name].statuses
    assert statuses is not None
    at = began
    if isinstance(began, (int, float)):
        at = datetime.fromtimestamp(SINCE + began, timezone.utc).isoformat(timespec="milliseconds")
    return {statuses.id_field: run, KNOWN[vendor.name][0]: at, "status": status, **members}


def test_every_vendor_with_a_list_of_a_workflow_is_known() -> None:
    assert {vendor.name for vendor in CASES.values() if vendor.hook.api.list_begun} == set(KNOWN)


@each_vendor
def test_a_page_of_the_workflow_is_asked_for(vendor: VendorCase) -> None:
    statuses = FACTS[vendor.name].statuses
    assert statuses is not None

    request = vendor.hook.api.list_begun("w", SINCE, 3)

    query = {name: value for name, value in request.query.items() if value is not None}
    assert (request.method, request.path, request.body, query) == (
        "GET",
        statuses.path,
        None,
        KNOWN[vendor.name][2],
    )


@each_vendor
def test_an_entry_has_its_state_and_its_times(vendor: VendorCase) -> None:
    _, ended, _, words = KNOWN[vendor.name]
    runs = [entry(vendor, "a", at, word) for at, word in enumerate(words)]
    runs.append(entry(vendor, "b", 5, **{ended: "2001-09-09T01:46:50"}))

    *first, last = begun(vendor, runs)

    assert [run.state for run in first] == list(words.values())
    assert [round(run.began_at - SINCE, 3) for run in first] == list(range(len(words)))
    assert {run.ended_at for run in first} == {None}
    assert last.ended_at == 1e9 + 10
    assert not any(run.from_airflow for run in (*first, last))


@each_vendor
def test_an_odd_entry_is_left_out_and_hides_no_other(vendor: VendorCase) -> None:
    odd = [
        *(None, "text", 7, [], {}),
        *(entry(vendor, run, 1) for run in (None, "", "..", "a/b", 7, [], {})),
        *(entry(vendor, "odd", at) for at in (None, "", "soon", "99", [], {})),
        *(entry(vendor, "odd", 1, status) for status in (None, 7, [], {})),
    ]

    assert [run.execution_id for run in begun(vendor, [*odd, entry(vendor, "right", 1), *odd])] == ["right"]


@each_vendor
def test_a_body_without_a_list_is_unexpected(vendor: VendorCase) -> None:
    bodies: list[Any] = [{}, [], None, "text", b"", b"<html>"]

    def read(body: Any) -> Any:
        return vendor.hook.api.list_begun("w", SINCE, 1).parse(response(body))

    assert misread(read, [(body, UnexpectedResponse) for body in bodies]) == {}


@each_vendor
def test_there_is_another_page_as_for_the_statuses(vendor: VendorCase) -> None:
    statuses = FACTS[vendor.name].statuses
    assert statuses is not None

    def more(case: tuple[float, Any]) -> bool:
        since, body = case
        return bool(vendor.hook.api.list_begun("w", since, 1).parse(response(body)).more)

    cases = [((since, body), expected) for since, body, expected in statuses.more if since]
    assert misread(more, cases) == {}


NONCE = "airflow-0123456789abcdef0123456789abcdef"


@pytest.mark.parametrize(
    ("members", "is_ours"),
    [
        ({"instance_tag": NONCE}, True),
        ({"instance_tag": f"{NONCE} dag_id=claims run_id=manual__1 task_id=charge"}, True),
        ({"meta": {"labels": ["x", NONCE]}}, True),
        ({"instance_tag": "airflow-nightly"}, False),
        ({"instance_tag": f"{NONCE}0"}, False),
        ({"instance_tag": None}, False),
        # An input may name another run.
        ({"nodes": [{"input_data": {"after": NONCE}}]}, False),
    ],
)
def test_refolds_executions_of_this_package_are_known_by_their_label(
    members: dict[str, Any], is_ours: bool
) -> None:
    (run,) = begun(CASES["refold"], [entry(CASES["refold"], "a", 1, **members)])

    assert run.from_airflow is is_ours

"""The statuses of many executions in one request: a page of the vendor's list."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import pytest

from airflow_workflow_providers.core.errors import UnexpectedResponse
from airflow_workflow_providers.core.request import Request, StatusPage
from airflow_workflow_providers.emulator import Emulator
from tests.vendors import CASES, VendorCase, misread, response
from tests.vendors.facts import FACTS, StatusList
from tests.vendors.facts.odd_values import KEY

each_vendor = pytest.mark.parametrize(
    "vendor", [vendor for vendor in CASES.values() if vendor.hook.api.list_statuses], ids=str
)


def facts(vendor: VendorCase) -> StatusList:
    found = FACTS[vendor.name].statuses
    assert found is not None
    return found


def request(
    vendor: VendorCase, since: float = 0, page: int = 1, workflow_id: str = "w"
) -> Request[StatusPage]:
    built = vendor.hook.api.list_statuses(workflow_id, since, page)
    assert isinstance(built, Request)
    return built


@each_vendor
def test_a_page_of_the_list_is_asked_for(vendor: VendorCase) -> None:
    """As long as the vendor allows, and only of executions that are needed, if the vendor can select them."""
    expected = facts(vendor)

    built = [request(vendor, 1e9, 3), request(vendor)]

    assert [(each.method, each.path, each.body) for each in built] == [("GET", expected.path, None)] * 2
    assert [each.query for each in built] == [expected.page_3, expected.first_page]
    assert {each.summary for each in built} == {"read the list of executions"}


@each_vendor
def test_without_a_workflow_there_is_a_list_only_of_the_account(vendor: VendorCase) -> None:
    assert (vendor.hook.api.list_statuses("", 0, 1) is None) == facts(vendor).needs_workflow


@each_vendor
def test_each_id_has_the_word_that_the_vendor_wrote(vendor: VendorCase) -> None:
    """
    In the vendor's order, also if an execution comes twice.

    An entry without an id or a status that is text is left out, and hides no other one.
    """
    listed = facts(vendor)
    written = [
        ("1", "running"),
        ("2", "RUNNING"),
        ("1", " Running\n"),
        ("3", ""),
        ("a/b", "\ud800"),
        ("", KEY),
        (KEY, "x" * 5_000),
    ]
    none: list[Any] = [None, 7, 1.5, True, [], ["running"], {}, {"a": "running"}]
    odd = [
        *(None, "running", 7, [], ["1", "running"], {}, {"status": "running"}),
        {listed.id_field: "1"},
        *({listed.id_field: "1", "status": value} for value in none),
        *({listed.id_field: value, "status": "running"} for value in none),
    ]
    entries = [
        each for run, word in written for each in (*odd, {listed.id_field: run, "status": word, "steps": odd})
    ]

    page = request(vendor).parse(response({listed.list_field: entries}))

    assert page.statuses == tuple(written)
    assert KEY not in repr(page)


@each_vendor
def test_another_page_is_needed_only_if_it_may_have_executions_since_the_time(vendor: VendorCase) -> None:
    table = [((since, body), more) for since, body, more in facts(vendor).more]

    assert misread(lambda given: request(vendor, given[0]).parse(response(given[1])).more, table) == {}


@each_vendor
def test_a_body_without_a_list_is_unexpected(vendor: VendorCase) -> None:
    field = facts(vendor).list_field
    values: list[Any] = [None, {}, {"0": {}}, "text", 7, True]
    bodies = [*values, [], [{field: []}], {}, b"", b"<html>", *({field: value} for value in values)]

    wrong = misread(
        lambda body: request(vendor).parse(response(body)), [(body, UnexpectedResponse) for body in bodies]
    )

    assert wrong == {}


@each_vendor
def test_the_pages_show_each_execution_once_and_with_the_status_of_its_own_check(
    vendor: VendorCase, emulator: Emulator
) -> None:
    """Letter by letter, or the poller would believe no entry."""
    emulator.set_pace(seconds=0)
    search = FACTS[vendor.name].search
    assert search is not None
    seen: list[tuple[str, str]] = []
    pages, more = 0, True
    with closing(vendor.hook()) as hook:
        start = getattr(hook, vendor.operator.start_request.__name__)
        going = [start(vendor.goes_on, **vendor.required).execution_id for _ in range(120)]
        alone = hook.get_status(going[0])
        while more:
            pages += 1
            page = hook.client.send(request(vendor, 1e9, pages, vendor.goes_on))
            seen, more = [*seen, *page.statuses], page.more

    assert sorted(seen) == sorted((each, alone.status) for each in going)
    assert pages == -(-len(going) // search.page_size)
    assert {call["operation"] for call in emulator.requests()} == {
        vendor.start,
        vendor.get_status,
        vendor.list_statuses,
    }

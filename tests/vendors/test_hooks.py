"""What the hooks of all vendors do alike."""

from __future__ import annotations

import asyncio
import inspect
from contextlib import closing
from typing import Any

import pytest

from airflow_workflow_providers.core import errors
from airflow_workflow_providers.core.engine import httpx
from airflow_workflow_providers.core.execution import State
from airflow_workflow_providers.emulator import Emulator
from tests.conftest import connect
from tests.fake_airflow import Task
from tests.vendors import DOCUMENTED_ROWS, REFOLD, VENDORS, VendorCase
from tests.vendors.facts import FACTS

each_vendor = pytest.mark.parametrize("vendor", VENDORS, ids=str)


@each_vendor
def test_a_hook_starts_a_run_and_reads_it(vendor: VendorCase, emulator: Emulator) -> None:
    """The run ends at its second status check."""
    start = vendor.operator.start_request.__name__

    with closing(vendor.hook(f"{vendor.conn_type}_default")) as hook:
        started = getattr(hook, start)(vendor.succeeds, **vendor.required)
        going = hook.get_status(started.execution_id)
        ended = hook.get_execution(started.execution_id)

    (run,) = emulator.runs(vendor.conn_type)
    assert started.execution_id == going.execution_id == ended.execution_id == run["execution_id"]
    assert {started.state, going.state} <= {State.QUEUED, State.RUNNING}
    assert started.output is None
    assert ended.state is State.SUCCEEDED
    assert ended.output


@each_vendor
def test_a_hook_does_on_an_event_loop_what_it_does_in_a_thread(
    vendor: VendorCase, emulator: Emulator
) -> None:
    """Its methods whose names begin with "a" are for ``@task async def``. They share connections, and leave none open."""
    start = vendor.operator.start_request.__name__
    hook = vendor.hook()

    async def run() -> tuple[Any, Any, Any]:
        started = await getattr(hook, f"a{start}")(vendor.succeeds, **vendor.required)
        going = await hook.aget_status(started.execution_id)
        return started, going, await hook.aget_execution(started.execution_id)

    started, going, ended = asyncio.run(run())

    (known,) = emulator.runs(vendor.conn_type)
    assert started.execution_id == going.execution_id == ended.execution_id == known["execution_id"]
    assert ended.state is State.SUCCEEDED
    assert ended.output


@each_vendor
def test_a_hook_stops_a_run_on_an_event_loop_or_says_that_the_vendor_cannot(
    vendor: VendorCase, emulator: Emulator
) -> None:
    execution_id = Task(lambda: vendor.task(vendor.goes_on, wait_for_completion=False)).run()["execution_id"]
    stop = vendor.hook().astop_execution(execution_id)

    if vendor.stop:
        assert asyncio.run(stop) == FACTS[vendor.name].acknowledgement
    else:
        with pytest.raises(errors.NotSupported, match=execution_id):
            asyncio.run(stop)

    assert [run["stops"] for run in emulator.runs(vendor.conn_type)] == [1 if vendor.stop else 0]


@each_vendor
def test_a_hook_stops_a_run_or_says_that_the_vendor_cannot(vendor: VendorCase, emulator: Emulator) -> None:
    """The error names the run, and no request is sent."""
    execution_id = Task(lambda: vendor.task(vendor.goes_on, wait_for_completion=False)).run()["execution_id"]

    with closing(vendor.hook()) as hook:
        if vendor.stop:
            assert hook.stop_execution(execution_id) == FACTS[vendor.name].acknowledgement
        else:
            with pytest.raises(errors.NotSupported) as cannot:
                hook.stop_execution(execution_id)
            sentence = f"{hook.hook_name} cannot stop a run: execution {execution_id} goes on."
            assert str(cannot.value) == sentence
            assert cannot.value.execution_id == execution_id

    requests = [request["operation"] for request in emulator.requests(vendor.conn_type)]
    assert requests == [vendor.start, *([vendor.stop] if vendor.stop else [])]
    assert [run["stops"] for run in emulator.runs(vendor.conn_type)] == [1 if vendor.stop else 0]


@each_vendor
def test_the_page_of_a_run_is_the_documented_one(vendor: VendorCase) -> None:
    """None is invented: a vendor that documents no page has none."""
    with closing(vendor.hook()) as hook:
        url = hook.execution_url("6a31")
        base_url = hook.client.endpoint.settings.base_url

    assert url == (FACTS[vendor.name].page.format(base_url=base_url, execution_id="6a31") or None)


@each_vendor
def test_the_connection_may_say_where_the_page_of_a_run_is(
    vendor: VendorCase, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With it every vendor has the button and the address in the record; an id is one part of the address."""
    connect(
        monkeypatch, vendor, emulator, execution_url="https://console.example/runs/{execution_id}?tab=log"
    )

    with closing(vendor.hook()) as hook:
        assert hook.execution_url("6a/31?") == "https://console.example/runs/6a%2F31%3F?tab=log"


@each_vendor
@pytest.mark.parametrize(
    "wrong",
    [
        "https://console.example/runs",
        "javascript:alert({execution_id})",
        "https://{execution_id}.example/",
        "https://user:secret-word@console.example/{execution_id}",
        "https://console.example/{execution_id}/{execution_id}",
        "https://console.example/ {execution_id}",
    ],
)
def test_an_address_of_pages_that_leads_nowhere_is_rejected(
    vendor: VendorCase, emulator: Emulator, monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    connect(monkeypatch, vendor, emulator, execution_url=wrong)

    with closing(vendor.hook()) as hook, pytest.raises(errors.InvalidInput, match="execution_url") as refused:
        hook.execution_url("6a31")

    assert "secret-word" not in str(refused.value)


@each_vendor
def test_an_execution_id_cannot_change_the_path_of_a_request(vendor: VendorCase) -> None:
    """It is one segment of the path, or a number in the query."""
    in_query = FACTS[vendor.name].id_in_query
    for build in (vendor.hook.api.get_status, vendor.hook.api.get_execution, vendor.hook.api.stop):
        if build is None:
            continue
        if in_query:
            assert build("7").query[in_query] == "7"
            assert "7" not in build("7").path
        else:
            assert "/a%2F..%2Fb%3F%C3%A4" in build("a/../b?ä").path
            assert build("a/../b?ä").query == {}
        for bad in ("..", "None", ""):
            with pytest.raises(errors.InvalidInput, match="execution_id"):
                build(bad)


@pytest.mark.parametrize("vendor", DOCUMENTED_ROWS.values(), ids=str)
def test_a_method_of_a_hook_has_the_parameters_and_the_text_of_its_request(vendor: VendorCase) -> None:
    """So that an editor can complete and explain it; it returns the value, and not the request. Each has an async twin."""
    hook = vendor.hook
    own = {
        name
        for name, value in vars(hook).items()
        if inspect.isfunction(value) and hasattr(value, "__wrapped__")
    }

    methods = FACTS[vendor.name].methods
    assert own == methods | {f"a{name}" for name in methods}
    for name in own:
        method = getattr(hook, name)
        build = method.__wrapped__
        assert list(inspect.signature(method).parameters)[1:] == list(inspect.signature(build).parameters)
        assert method.__doc__ == build.__doc__
        assert "Request[" not in str(inspect.signature(method).return_annotation)
        assert method.__name__ == name
        assert inspect.iscoroutinefunction(method) == (name not in methods)


def test_the_requests_of_a_wait_are_not_in_the_log(
    emulator: Emulator, caplog: pytest.LogCaptureFixture
) -> None:
    """In a triggerer each line costs more than the request. Other users of the HTTP library keep their lines."""
    library = httpx.__name__
    caplog.set_level("INFO", logger=library)
    headers = {"Authorization": f"Bearer {emulator.control_token}"}

    Task(REFOLD.task).run()
    assert [record for record in caplog.records if record.name == library] == []

    httpx.get(emulator.control_url + "/ledger", headers=headers)
    assert [record.name for record in caplog.records if record.name == library] == [library]

"""Both clients: a flow of several requests, the statuses of several runs; and a body that goes to a sink."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import os
import socket
import time
import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest

from airflow_workflow_providers.core import errors
from airflow_workflow_providers.core.async_client import AsyncClient
from airflow_workflow_providers.core.body import Sink
from airflow_workflow_providers.core.client import Client
from airflow_workflow_providers.core.endpoint import Endpoint
from airflow_workflow_providers.core.execution import Execution, State
from airflow_workflow_providers.core.http import HttpSettings
from airflow_workflow_providers.core.request import Flow, Pause, Request
from tests.core.raw import HEAD, blocking_and_asynchronous, endpoint, hangs, request, says, serving

MIB = 1024 * 1024


def reply(body: bytes, status: bytes = b"200 OK", headers: bytes = b"") -> bytes:
    return b"HTTP/1.1 %s\r\n%sContent-Length: %d\r\n\r\n%s" % (status, headers, len(body), body)


OK, MISSING, DOWN = reply(b'"ok"'), reply(b"no such run", b"404 Not Found"), reply(b"", b"503 Down")


class Replies:
    """A server's behaviour: each request gets the next reply, and the last one again and again."""

    def __init__(self, *replies: bytes) -> None:
        self.replies = list(replies)
        self.count = 0

    def __call__(self, peer: socket.socket, _: Any) -> None:
        sent = self.replies[min(self.count, len(self.replies) - 1)]
        self.count += 1
        peer.sendall(sent)


def use(known: Endpoint, action: Callable[[Any], Any], *, asynchronous: bool) -> Any:
    """Return what an action does with a client: a value of the blocking one, an awaitable of the asynchronous one."""
    if not asynchronous:
        client = Client(lambda: known)
        try:
            return action(client)
        finally:
            client.close()

    async def read() -> Endpoint:
        return known

    async def run() -> Any:
        shared = AsyncClient(read)
        try:
            return await action(shared)
        finally:
            await shared.close()

    return asyncio.run(run())


# -- flows ---------------------------------------------------------------------------------------------------------


def run_flow(flow: Flow[Any], *replies: bytes, asynchronous: bool) -> Any:
    with serving(Replies(*replies)) as address:
        known = endpoint(HttpSettings(address))
        return use(known, lambda client: client.run(flow), asynchronous=asynchronous)


@blocking_and_asynchronous
def test_a_flow_receives_the_value_of_each_request_and_returns_its_own(asynchronous: bool) -> None:
    def flow() -> Flow[list[Any]]:
        first = yield request()
        pause = yield Pause(0.2)
        second = yield request()
        return [first.json(), pause, second.json()]

    began = time.monotonic()

    assert run_flow(flow(), reply(b"1"), reply(b"2"), asynchronous=asynchronous) == [1, None, 2]
    assert time.monotonic() - began >= 0.2


@blocking_and_asynchronous
def test_a_request_that_fails_raises_inside_its_flow_which_can_handle_that(asynchronous: bool) -> None:
    """The flow continues with another request."""

    def flow() -> Flow[tuple[type, Any]]:
        try:
            yield request()
        except errors.NotFound as error:
            caught = type(error)
        again = yield request()
        return caught, again.json()

    assert run_flow(flow(), MISSING, OK, asynchronous=asynchronous) == (errors.NotFound, "ok")


@blocking_and_asynchronous
def test_a_flow_that_does_not_handle_a_failure_ends_with_it(asynchronous: bool) -> None:
    """Its own cleanup runs before."""
    steps: list[str] = []

    def flow() -> Flow[None]:
        try:
            yield request()
            steps.append("after the request")
        finally:
            steps.append("cleanup")

    with pytest.raises(errors.NotFound, match="Vendor could not do it: HTTP 404"):
        run_flow(flow(), MISSING, asynchronous=asynchronous)

    assert steps == ["cleanup"]


@blocking_and_asynchronous
def test_a_request_of_a_flow_has_the_retries_of_a_request(asynchronous: bool) -> None:
    """The flow sees only the last response."""

    def flow() -> Flow[Any]:
        response = yield request()
        return response.json()

    assert run_flow(flow(), DOWN, OK, asynchronous=asynchronous) == "ok"


@blocking_and_asynchronous
def test_the_requests_of_a_flow_share_one_deadline(asynchronous: bool) -> None:
    """The first one uses it up; each later one is still sent, with the least time for a request."""

    def flow() -> Flow[int]:
        failed = 0
        for _ in range(3):
            try:
                yield request()
            except errors.Unavailable:
                failed += 1
        return failed

    began = time.monotonic()
    with serving(hangs) as address:
        known = endpoint(HttpSettings(address))
        failed = use(known, lambda client: client.run(flow(), budget=1.0), asynchronous=asynchronous)
        elapsed = time.monotonic() - began

    assert failed == 3
    assert elapsed < 2.3


@blocking_and_asynchronous
def test_the_statuses_of_several_runs_are_read_together(asynchronous: bool) -> None:
    """Each status belongs to its run, and one that cannot be read is an error that names its run."""

    def get_status(execution_id: str) -> Request[Execution]:
        def parse(_: Any) -> Execution:
            return Execution(execution_id, State.RUNNING, "RUNNING")

        return Request(f"read {execution_id}", "GET", f"/{execution_id}", parse=parse)

    def statuses(*replies: bytes) -> Any:
        with serving(Replies(*replies)) as address:
            known = endpoint(HttpSettings(address), get_status=get_status)
            return use(known, lambda client: client.get_statuses(["1", "2"]), asynchronous=asynchronous)

    assert {name: run.execution_id for name, run in statuses(OK).items()} == {"1": "1", "2": "2"}
    with pytest.raises(errors.NotFound, match=r"could not read [12]: HTTP 404"):
        statuses(OK, MISSING)


# -- a body that goes to a sink ------------------------------------------------------------------------------------


def fetch(address: str, sink: Sink, *, timeout: float = 10, **settings: Any) -> Any:
    """Send a request whose body goes to a sink; a client of a worker does that, and no asynchronous one."""
    known = endpoint(HttpSettings(address, **settings), error_message=lambda response: response.quote())
    return use(known, lambda client: client.send(request(timeout=timeout), sink=sink), asynchronous=False)


@pytest.mark.parametrize("encoding", ["", "gzip"])
def test_the_body_of_a_success_goes_to_the_sink_and_not_into_memory(encoding: str) -> None:
    """The limit of the connection, which is for memory, does not count."""
    body = os.urandom(MIB) * 32
    packed = gzip.compress(body, 1) if encoding else body
    head = b"Content-Encoding: gzip\r\n" if encoding else b""
    length, digest = 0, hashlib.sha256()

    def write(piece: bytes) -> None:
        nonlocal length
        length += len(piece)
        digest.update(piece)

    response = reply(packed, headers=head)
    with serving(Replies(response)) as address:
        tracemalloc.start()
        try:
            received = fetch(address, Sink(write, 32 * MIB), timeout=60, max_response=MIB)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert received.content == b""
    assert (length, digest.digest()) == (len(body), hashlib.sha256(body).digest())
    assert peak < 16 * MIB


@pytest.mark.parametrize(
    "behave",
    [
        says(HEAD + b"Content-Length: 1500000000\r\n\r\n", bytes(MIB), endlessly=True),
        says(HEAD + b"\r\n", bytes(MIB), endlessly=True),
    ],
    ids=["with its length", "without its length"],
)
def test_a_sink_has_a_limit_of_its_own(behave: Any) -> None:
    """No more than that is written, and the error does not name the field of the connection."""
    written = bytearray()

    with serving(behave) as address, pytest.raises(errors.UnexpectedResponse) as large:
        fetch(address, Sink(written.extend, 3 * MIB))

    assert f"the limit is {3 * MIB} bytes" in str(large.value)
    assert "max_response_mb" not in str(large.value)
    assert len(written) <= 3 * MIB


def test_the_body_of_an_error_stays_in_memory() -> None:
    """It has the vendor's explanation, and it is no part of a result."""
    written = bytearray()

    with serving(Replies(MISSING)) as address, pytest.raises(errors.NotFound, match="no such run"):
        fetch(address, Sink(written.extend, MIB))

    assert written == b""


def test_the_deadline_holds_over_a_body_that_goes_to_a_sink() -> None:
    slow = says(HEAD + b"Content-Length: 1000000\r\n\r\n", b"x", every=0.05, endlessly=True)
    began = time.monotonic()

    with serving(slow) as address, pytest.raises(errors.Unavailable, match=r"within 0\.5 s"):
        fetch(address, Sink(lambda _: None, MIB), timeout=0.5)

    assert time.monotonic() - began < 0.5 * 1.1 + 0.5


@pytest.mark.parametrize("error", [OSError("no space left"), ValueError("write to closed file")])
def test_a_sink_that_fails_is_not_a_vendor_that_is_down(error: Exception) -> None:
    """The file systems of object stores raise other errors than ``OSError`` too. The request is not repeated."""

    def write(_: bytes) -> None:
        raise error

    replies = Replies(OK)
    with serving(replies) as address, pytest.raises(errors.WorkflowError, match=str(error)) as failed:
        fetch(address, Sink(write, MIB))

    assert type(failed.value) is errors.WorkflowError
    assert "could not be stored" in str(failed.value)
    assert replies.count == 1


def test_a_request_with_a_sink_is_sent_once() -> None:
    """A part of the body may be in the sink already."""
    replies = Replies(DOWN, OK)

    with serving(replies) as address, pytest.raises(errors.Unavailable):
        fetch(address, Sink(lambda _: None, MIB))

    assert replies.count == 1

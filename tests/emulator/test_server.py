"""The HTTP server: its port and thread, and the parts of uvicorn that it depends on."""

import asyncio
import contextlib
import inspect
import socket
import threading
import time

import httpx
import pytest
import uvicorn
from starlette.requests import Request
from starlette.responses import Response

from airflow_workflow_providers.emulator import Emulator
from airflow_workflow_providers.emulator.server import Server
from tests.emulator import wait_until


def listens(emulator: Emulator) -> bool:
    with (
        contextlib.suppress(ConnectionRefusedError),
        socket.create_connection(("127.0.0.1", emulator.port)),
    ):
        return True
    return False


def threads_of(emulator: Emulator) -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == f"emulator-{emulator.port}"]


def test_port_0_takes_a_port_below_those_of_outgoing_connections():
    with Emulator(port=0) as emulator:
        assert emulator.port < 32768
        assert emulator.url == f"http://127.0.0.1:{emulator.port}"
        assert emulator.control_url == emulator.url + "/_control"
        assert listens(emulator)


def test_a_port_can_be_used_again_at_once_after_a_stop():
    with Emulator() as first:
        pass
    with Emulator(port=first.port) as second:
        assert second.port == first.port


def test_a_port_in_use_is_an_error(emulator):
    with pytest.raises(OSError, match="in use"), Emulator(port=emulator.port):
        pass


def test_stop_leaves_neither_thread_nor_socket():
    emulator = Emulator()
    emulator.start()
    assert [thread.daemon for thread in threads_of(emulator)] == [True]
    emulator.stop()
    assert threads_of(emulator) == []
    assert not listens(emulator)
    emulator.stop()  # a second stop does nothing


def test_stop_breaks_requests_that_hang(no_tls):
    with Emulator() as emulator:
        account = emulator.account("refold")
        headers = {"x-api-key": account["api_key"], "linked_account_id": account["linked_account_id"]}
        client = httpx.Client(base_url=account["base_url"], headers=headers, timeout=30, verify=no_tls)
        errors: list[Exception] = []

        def get() -> None:
            try:
                client.get("/api/v2/public/execution/unknown")
            except httpx.TransportError as error:
                errors.append(error)

        clients = [threading.Thread(target=get) for _ in range(10)]
        for thread in clients:
            thread.start()
        wait_until(lambda: len(emulator.requests()) == 10)
        before = time.monotonic()
    assert time.monotonic() - before < 2
    for thread in clients:
        thread.join(5)
    client.close()
    assert len(errors) == 10
    assert not any(isinstance(error, httpx.TimeoutException) for error in errors)


def test_a_client_that_leaves_a_hanging_request_leaves_nothing_behind(emulator, refold):
    with pytest.raises(httpx.ReadTimeout):
        refold.get("/execution/unknown", timeout=0.05)
    wait_until(lambda: emulator._server.open_requests == 0)
    assert emulator.requests()[0]["status"] is None


def test_the_parts_of_uvicorn_that_the_server_uses_are_there(reach):
    """They are not documented, so each release of uvicorn may change them; ``emulator/server.py`` then has to follow."""
    missing = []

    def expect(condition: bool, part: str, use: str) -> None:
        if not condition:
            missing.append(
                f"uvicorn {uvicorn.__version__} has no {part}, with which emulator/server.py {use}"
            )

    async def app(scope, receive, send) -> None:
        protocol = scope.get("state", {}).get("protocol")
        expect(
            protocol is not None,
            "H11Protocol.app_state in a request's scope",
            "hands responses their protocol",
        )
        transport, flow = getattr(protocol, "transport", None), getattr(protocol, "flow", None)
        expect(
            isinstance(transport, asyncio.Transport), "H11Protocol.transport", "writes raw bytes and resets"
        )
        expect(
            inspect.iscoroutinefunction(getattr(flow, "drain", None)),
            "FlowControl.drain",
            "waits for slow readers",
        )
        cycle = getattr(protocol, "cycle", None)
        expect(
            hasattr(cycle, "response_complete"),
            "RequestResponseCycle.response_complete",
            "stops open requests",
        )
        expect(getattr(protocol, "access_log", None) is False, "H11Protocol.access_log", "turns the log off")
        expect(inspect.ismethod(getattr(protocol, "shutdown", None)), "H11Protocol.shutdown", "stops at once")
        upgrade = getattr(protocol, "handle_websocket_upgrade", None)
        expect(
            inspect.ismethod(upgrade) and isinstance(getattr(protocol, "headers", None), list),
            "H11Protocol.handle_websocket_upgrade and .headers",
            "takes an empty header",
        )
        tasks = getattr(getattr(server._uvicorn, "server_state", None), "tasks", ())
        expect(len(tasks) == 1, "Server.server_state.tasks", "counts open requests")
        await Response("done")(scope, receive, send)

    server = Server(app, 0)
    server.start()
    try:
        assert reach(f"http://127.0.0.1:{server.port}").get("/").text == "done"
    finally:
        server.stop()
    assert missing == []


def test_a_client_that_leaves_is_seen_as_a_message(reach):
    """ASGI says so; the faults that wait for the client depend on it."""
    messages: list[str] = []

    async def app(scope, receive, send) -> None:
        await Request(scope, receive).body()
        messages.append((await receive())["type"])

    server = Server(app, 0)
    server.start()
    try:
        with pytest.raises(httpx.ReadTimeout):
            reach(f"http://127.0.0.1:{server.port}").get("/", timeout=0.05)
        wait_until(lambda: messages == ["http.disconnect"])
    finally:
        server.stop()

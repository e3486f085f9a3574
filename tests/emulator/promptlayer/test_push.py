"""
PromptLayer: the websocket on which its clients wait, as they use it (Centrifugo's JSON protocol).

Their own tests are in ``tests/sdks``. Here is what those clients never do, and what only some servers do.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from airflow_workflow_providers.emulator import Emulator
from tests.emulator import wait_until


class Socket:
    """A client that sends commands; each has the next number, and so has its answer."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._number = 0

    def send(self, **command: Any) -> dict[str, Any]:
        self._number += 1
        self._connection.send(json.dumps({"id": self._number, **command}))
        answer = self.receive()
        assert answer.pop("id") == self._number
        return answer

    def send_text(self, text: str) -> None:
        self._connection.send(text)

    def receive(self, timeout: float = 10) -> dict[str, Any]:
        return json.loads(self._connection.recv(timeout))

    def close_code(self) -> int | None:
        with pytest.raises(ConnectionClosed) as closed:
            self.receive()
        return closed.value.rcvd and closed.value.rcvd.code


@pytest.fixture
def open_socket(emulator) -> Iterator[Callable[..., Socket]]:
    """Connect to the websocket, at the root of the port or below the base URL."""
    with ExitStack() as opened:

        def open_socket(base: str = "") -> Socket:
            url = f"ws://127.0.0.1:{emulator.port}{base}/connection/websocket"
            # Some clients send an empty list of subprotocols.
            headers = {"Sec-WebSocket-Protocol": ""}
            return Socket(opened.enter_context(connect(url, proxy=None, additional_headers=headers)))

        yield open_socket


@pytest.fixture
def token(client) -> Callable[[str], str]:
    """Get a token for a channel."""

    def token(channel: str) -> str:
        response = client.post("/ws-token-request-library", params={"capability": channel})
        assert response.status_code == 201
        return response.json()["token_details"]["token"]

    return token


@pytest.fixture
def subscribe(open_socket, token) -> Callable[..., Socket]:
    """Connect and subscribe to a channel."""

    def subscribe(channel: str, base: str = "") -> Socket:
        socket = open_socket(base)
        assert socket.send(connect={"token": token(channel)}).keys() == {"connect"}
        assert socket.send(subscribe={"channel": channel}) == {"subscribe": {}}
        return socket

    return subscribe


def pushed(socket: Socket, channel: str) -> dict[str, Any]:
    """Return the content of the next message, which is about the end of a run."""
    push = socket.receive()["push"]
    assert push["channel"] == channel
    assert push["pub"]["data"]["message_name"] == "SET_WORKFLOW_COMPLETE"
    return json.loads(push["pub"]["data"]["data"])


def number_of(started) -> int:
    return started.json()["workflow_version_execution_id"]


@pytest.mark.parametrize("base", ["", "/promptlayer"])
@pytest.mark.parametrize(
    ("all_outputs", "output"),
    [(False, {"echo": {"a": 1}}), (True, {"Draft", "Answer"})],
)
def test_the_end_is_pushed_to_the_channel_of_the_suffix(
    emulator, start, subscribe, base, all_outputs, output
):
    emulator.set_pace(seconds=0)
    channel = "workflows:101:run:suffix"
    socket = subscribe(channel, base)
    started = start(channel_name_suffix="suffix", input_variables={"a": 1}, return_all_outputs=all_outputs)
    message = pushed(socket, channel)
    final_output = message.pop("final_output")
    assert message == {"workflow_version_execution_id": number_of(started), "result_code": "OK"}
    assert (set(final_output) if all_outputs else final_output) == output


def test_nothing_is_pushed_before_the_end_and_the_end_is_pushed_once(emulator, start, subscribe):
    emulator.set_pace(seconds=60)
    started = start("bare-text")
    channel = f"workflow_updates:{number_of(started)}"
    socket = subscribe(channel)
    with pytest.raises(TimeoutError):
        socket.receive(timeout=0.2)
    emulator.set_pace(seconds=0)
    assert pushed(socket, channel)["final_output"] == "AAA"
    with pytest.raises(TimeoutError):
        socket.receive(timeout=0.2)


def test_a_run_that_is_paced_by_status_checks_ends_for_a_client_that_makes_none(emulator, start, subscribe):
    emulator.set_pace(status_checks=5)
    started = start("always-fails")
    channel = f"workflow_updates:{number_of(started)}"
    final_output = pushed(subscribe(channel), channel)["final_output"]
    assert final_output["Answer"]["status"] == "FAILED"


def test_a_large_result_is_not_pushed(emulator, start, subscribe):
    emulator.set_pace(seconds=0)
    emulator.configure("promptlayer", result_code="EXCEEDS_SIZE_LIMIT")
    channel = f"workflow_updates:{number_of(start('bare-text'))}"
    message = pushed(subscribe(channel), channel)
    assert message["result_code"] == "EXCEEDS_SIZE_LIMIT"
    assert "AAA" not in message["final_output"]


def test_a_client_that_subscribes_after_the_end_may_get_nothing(emulator, start, subscribe):
    emulator.set_pace(seconds=0)
    emulator.configure("promptlayer", late_subscriber="missed")
    socket = subscribe(f"workflow_updates:{number_of(start('bare-text'))}")
    with pytest.raises(TimeoutError):
        socket.receive(timeout=0.2)


def test_a_token_is_for_one_channel(open_socket, token):
    socket = open_socket()
    socket.send(connect={"token": token("workflow_updates:1")})
    assert socket.send(subscribe={"channel": "workflow_updates:2"})["error"]["code"] == 103
    assert socket.send(subscribe={"channel": "workflow_updates:1"}) == {"subscribe": {}}
    assert socket.send(unsubscribe={"channel": "workflow_updates:1"}) == {"unsubscribe": {}}


def test_a_client_without_a_token_is_closed(open_socket):
    socket = open_socket()
    assert socket.send(subscribe={"channel": "workflow_updates:1"})["error"]["code"] == 103
    socket.send_text(json.dumps({"id": 2, "connect": {"token": "somebody's"}}))
    assert socket.close_code() == 3500


@pytest.mark.parametrize("text", ["not json", "[1]", '{"connect": 7', '{"subscribe": {"channel": "a"}}'])
def test_what_is_no_command_closes_the_websocket(open_socket, text):
    socket = open_socket()
    socket.send_text(text)
    assert socket.close_code() == 3501


def test_an_unknown_command_is_an_error(open_socket):
    assert open_socket().send(history={"channel": "a"})["error"]["code"] == 104


def test_a_token_needs_the_key_and_a_channel(client):
    path = "/ws-token-request-library"
    assert client.post(path).status_code == 422
    wrong = client.post(path, params={"capability": "a"}, headers={"X-API-KEY": "pl_wrong"})
    assert wrong.status_code == 401


def test_the_ledger_has_the_connection_but_no_token(emulator, open_socket, token):
    issued = token("workflow_updates:1")
    socket = open_socket("/promptlayer")
    socket.send(connect={"token": issued})
    request = emulator.requests("promptlayer", "push")[0]
    assert (request["method"], request["path"], request["status"]) == ("GET", "/connection/websocket", 101)
    assert issued in emulator.secrets()
    assert issued not in json.dumps(emulator.requests())


def test_a_client_that_leaves_leaves_nothing_behind(emulator, open_socket):
    open_socket().send_text("not json")
    wait_until(lambda: emulator._server.open_requests == 0)


def test_stop_closes_websockets():
    emulator = Emulator()
    emulator.start()
    with connect(f"ws://127.0.0.1:{emulator.port}/connection/websocket", proxy=None) as connection:
        emulator.stop()
        with pytest.raises(ConnectionClosed):
            connection.recv(10)

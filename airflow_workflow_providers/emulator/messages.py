"""What passes between a vendor and the application around it: requests, replies and routes."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol

from airflow_workflow_providers.emulator.body import BodyKind

#: After this many seconds a blocking request gets a 504, with any pace.
MAX_BLOCKING_SECONDS = 30.0


@dataclass(frozen=True)
class Incoming:
    """
    A request that has been read.

    Header names are in lower case. ``origin`` is the scheme and the host that the client has used. ``body`` is parsed where it is JSON; ``raw`` is empty where there is none. Without
    ``is_complete`` the client has left before its end, and nothing more of it is known.
    """

    operation: str
    method: str
    path: str
    path_params: dict[str, str]
    query: dict[str, str]
    headers: dict[str, str]
    origin: str
    body: Any
    raw: bytes
    is_complete: bool = True


@dataclass(frozen=True)
class Reply:
    """
    A whole response. A body of bytes is sent as it is, any other as JSON.

    ``execution_id`` is set where the client can read in it the id of a run that its request has started.
    """

    status: int
    body: Any
    headers: dict[str, str] = field(default_factory=dict)
    execution_id: str | None = None
    media_type: str = "application/json"

    def encoded(self) -> bytes:
        """Return the body as it is sent; HTTP allows none with 204 and 304."""
        if self.status in (204, 304):
            return b""
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


@dataclass(frozen=True)
class StreamedReply:
    """A reply whose body is sent in pieces; the client has received it when it has read the last one."""

    reply: Reply
    pieces: Iterable[bytes]
    seconds: float = 0.0


@dataclass(frozen=True)
class RawBytes:
    """Bytes that are written to the connection as they are, which need not be valid HTTP."""

    pieces: Iterable[bytes]
    seconds: float = 0.0


@dataclass(frozen=True)
class ConnectionReset:
    """The end of the connection without a response: a TCP reset, or an orderly close (``clean``)."""

    clean: bool = False


@dataclass(frozen=True)
class NoResponse:
    """No response at all: the client waits until it gives up."""


Result = Reply | StreamedReply | RawBytes | ConnectionReset | NoResponse


@dataclass(frozen=True)
class Pending:
    """
    A result that is available later, as that of a blocking request is.

    :param ready: says whether it is available; called again and again.
    :param result: returns it.
    :param execution_id: the run that the client waits for.
    :param timeout: seconds after which the vendor answers 504; None waits for as long as the client does.
    """

    ready: Callable[[], bool]
    result: Callable[[], Reply]
    execution_id: str | None = None
    timeout: float | None = MAX_BLOCKING_SECONDS


@dataclass(frozen=True)
class Route:
    """
    One operation of a vendor.

    :param method: the HTTP method; an empty one means any.
    :param takes: what the body of its request is.
    :param returns_status: whether its reply has the status of a run.
    :param execution_id_parameter: the query parameter that names the run, where the path does not.
    """

    operation: str
    method: str
    path: str
    handle: Callable[[Incoming], Reply | Pending | NoResponse]
    takes: BodyKind = "json"
    returns_status: bool = False
    execution_id_parameter: str | None = None


@dataclass(frozen=True)
class Close:
    """The end of a websocket, with a code and a reason as the vendor gives them."""

    code: int
    reason: str


class Conversation(Protocol):
    """What a vendor says on one websocket; each message is a text."""

    def answer(self, text: str) -> list[str | Close]:
        """Return what a message of the client is answered with."""

    def due(self) -> list[str]:
        """Return what is to be sent now although the client has said nothing; called again and again."""


@dataclass(frozen=True)
class WebSocketRoute:
    """
    A websocket of a vendor, below its base URL and at the root of the port: a client may drop the path of a base URL.

    :param begin: begins the conversation with a client that has connected.
    :param execution_id_parameter: as of a :class:`Route`.
    """

    operation: str
    path: str
    begin: Callable[[], Conversation]
    execution_id_parameter: str | None = None


def padded(value: Any, size: int) -> dict[str, Any]:
    """Return the value as an object that is ``size`` bytes of JSON, or longer if it already is."""
    grown = {**value, "padding": ""} if isinstance(value, dict) else {"value": value, "padding": ""}
    grown["padding"] = "x" * max(size - len(json.dumps(grown)), 0)
    return grown

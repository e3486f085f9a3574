"""
How PromptLayer tells a client that waits that a run has ended: a message on a websocket, by Centrifugo's JSON protocol.

PromptLayer documents none of it. The messages are those that the vendor's own clients send and read (promptlayer 1.5.16
for Python and 1.3.6 for JavaScript); the codes are Centrifugo's (centrifugal.dev/docs/transports/client_protocol and
centrifugal.dev/docs/server/codes). Its pings are left out: a server may have none.
"""

import json
from collections.abc import Callable, Mapping
from secrets import token_urlsafe
from typing import Any

from airflow_workflow_providers.emulator.messages import Close

#: Where Centrifugo's websocket is.
PATH = "/connection/websocket"

_PERMISSION_DENIED = {"code": 103, "message": "permission denied"}
_METHOD_NOT_FOUND = {"code": 104, "message": "method not found"}
_INVALID_TOKEN = Close(3500, "invalid token")
_BAD_REQUEST = Close(3501, "bad request")


def channels_of(execution_id: str, workflow: int, suffix: str | None) -> list[str]:
    """Return the channels of a run: the JavaScript client's, and the Python client's if the start had its suffix."""
    named = [f"workflows:{workflow}:run:{suffix}"] if suffix is not None else []
    return [f"workflow_updates:{execution_id}", *named]


def completed(execution_id: str, result_code: str, final_output: Any) -> dict[str, Any]:
    """Return the message about the end of a run, whose own content is JSON in a text."""
    if result_code != "OK":
        final_output = "The output is too large for this message: get the results of the execution."
    data = {
        "workflow_version_execution_id": int(execution_id),
        "result_code": result_code,
        "final_output": final_output,
    }
    return {"message_name": "SET_WORKFLOW_COMPLETE", "data": json.dumps(data)}


class Subscriber:
    """
    One client on the websocket.

    :param tokens: the channel of each token that the vendor has issued.
    :param message_for: returns the message on a channel whose run has ended, None before.
    :param late: whether a client that subscribes after the end still gets the message.
    """

    def __init__(
        self,
        tokens: Mapping[str, str],
        message_for: Callable[[str], dict[str, Any] | None],
        late: Callable[[], bool],
    ) -> None:
        self._tokens = tokens
        self._message_for = message_for
        self._late = late
        self._allowed: str | None = None
        self._subscribed: set[str] = set()

    def answer(self, text: str) -> list[str | Close]:
        """Answer the commands in a message, one on each line."""
        try:
            commands = [json.loads(line) for line in text.splitlines()]
        except ValueError:
            return [_BAD_REQUEST]
        return [answer for command in commands for answer in self._answer(command)]

    def due(self) -> list[str]:
        """Return the messages about runs that have ended, each once."""
        messages = {channel: self._message_for(channel) for channel in sorted(self._subscribed)}
        ended = {channel: message for channel, message in messages.items() if message is not None}
        self._subscribed -= ended.keys()
        return [
            json.dumps({"push": {"channel": channel, "pub": {"data": message}}})
            for channel, message in ended.items()
        ]

    def _answer(self, command: Any) -> list[str | Close]:
        match command:
            case {"id": int(), "connect": {"token": str(token)}} if token in self._tokens:
                self._allowed = self._tokens[token]
                reply: dict[str, Any] = {"connect": {"client": token_urlsafe(9), "version": "0"}}
            case {"connect": _}:
                return [_INVALID_TOKEN]
            case {"id": int(), "subscribe": {"channel": str(channel)}} if channel == self._allowed:
                if self._late() or self._message_for(channel) is None:
                    self._subscribed.add(channel)
                reply = {"subscribe": {}}
            case {"id": int(), "subscribe": _}:
                reply = {"error": _PERMISSION_DENIED}
            case {"id": int(), "unsubscribe": {"channel": str(channel)}}:
                self._subscribed.discard(channel)
                reply = {"unsubscribe": {}}
            case {"id": int()}:
                reply = {"error": _METHOD_NOT_FOUND}
            case _:
                return [_BAD_REQUEST]
        return [json.dumps({"id": command["id"], **reply})]

"""
What happens to a request around its vendor's handler, once for all vendors.

The request is recorded, its fault is looked up, the vendor authenticates and handles it, the fault changes the reply,
and what the client is about to receive is recorded before it is sent. Of a websocket its opening is recorded; no fault
applies to it.
"""

import asyncio
import contextlib
from typing import Any

from starlette.convertors import Convertor, register_url_convertor  # codespell:ignore  # as Starlette has it
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.routing import Route as Address
from starlette.routing import WebSocketRoute as WebSocketAddress
from starlette.websockets import WebSocket, WebSocketDisconnect
from typing_extensions import override

from airflow_workflow_providers.emulator.body import read_body
from airflow_workflow_providers.emulator.ledger import HIDDEN, RecordedRequest, hide, hide_header
from airflow_workflow_providers.emulator.messages import (
    Close,
    ConnectionReset,
    Incoming,
    NoResponse,
    Pending,
    RawBytes,
    Reply,
    Result,
    Route,
    StreamedReply,
    WebSocketRoute,
)
from airflow_workflow_providers.emulator.server import (
    HangResponse,
    RawResponse,
    ResetResponse,
    left_within,
    stream_response,
)
from airflow_workflow_providers.emulator.state import State
from airflow_workflow_providers.emulator.vendor import EmulatedVendor

_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
#: How often a blocking request checks whether its result is available, and a websocket whether a message is due.
_READY_INTERVAL = 0.02


class _Anything(Convertor[str]):  # codespell:ignore  # as Starlette has it
    """What a path has from here on; Starlette's own ends before a line feed, which a client may send (``%0A``)."""

    regex = r"[\s\S]*"

    @override
    def convert(self, value: str) -> str:
        return value

    @override
    def to_string(self, value: str) -> str:
        return value


register_url_convertor("anything", _Anything())


class VendorApp:
    """The HTTP side of one vendor."""

    def __init__(self, vendor: EmulatedVendor[Any], state: State) -> None:
        self._vendor = vendor
        self._state = state

    def addresses(self) -> list[BaseRoute]:
        """Return the vendor's routes, and one for every other path."""
        unknown = Route(
            "unknown", "", "/{rest:anything}", lambda incoming: self._vendor.error(incoming.operation, 404)
        )
        return [
            *(self._address(route) for route in self._vendor.routes),
            *(self._websocket_address(route, f"/{self._vendor.name}") for route in self._vendor.websockets()),
            self._address(unknown),
        ]

    def addresses_at_root(self) -> list[BaseRoute]:
        """Return the routes of the vendor's websockets without the vendor's name in their path."""
        return [self._websocket_address(route) for route in self._vendor.websockets()]

    def _address(self, route: Route) -> Address:
        async def serve(request: Request) -> Response:
            return await self._serve(request, route)

        path = f"/{self._vendor.name}{route.path}"
        return Address(path, serve, methods=[route.method] if route.method else _METHODS)

    async def _serve(self, request: Request, route: Route) -> Response:
        incoming = await self._read(request, route)
        with self._state.lock:
            recorded = self._record(incoming, route)
            if not incoming.is_complete:
                return HangResponse()
            fault = self._state.faults.due(
                self._vendor.name,
                route.operation,
                recorded.workflow_id,
                end_reported=self._state.ledger.end_reported(self._vendor.name, recorded.execution_id),
            )
            recorded.fault = fault.name if fault is not None else None
        reply: Result | None = None
        if fault is None or fault.carry_out:
            reply = await self._wait(request, incoming, self._handle(incoming, route, recorded))
            if reply is None:
                return HangResponse()
        if fault is not None:
            reply = await self._wait(request, incoming, fault.apply(reply, incoming, self._vendor))
        return self._respond(recorded, reply)

    async def _read(self, request: Request, route: Route) -> Incoming:
        body: Any = None
        raw: bytes | None = None
        with contextlib.suppress(ClientDisconnect):
            body, raw = await read_body(request, route.takes)
        return Incoming(
            operation=route.operation,
            method=request.method,
            path=str(request.scope["path"]).removeprefix(f"/{self._vendor.name}"),
            path_params={name: str(value) for name, value in request.path_params.items()},
            query=dict(request.query_params),
            headers=dict(request.headers),
            origin=f"{request.url.scheme}://{request.headers.get('host', '')}",
            body=body,
            raw=raw or b"",
            is_complete=raw is not None,
        )

    def _record(self, incoming: Incoming, route: Route | WebSocketRoute) -> RecordedRequest:
        secrets = self._vendor.issued_secrets
        headers = {
            name: hide_header(value) if name in self._vendor.secret_headers else hide(value, secrets)
            for name, value in incoming.headers.items()
        }
        secret_parameters = incoming.query.keys() & set(self._vendor.secret_parameters)
        in_query = incoming.query.get(route.execution_id_parameter or "")
        execution_id = self._vendor.execution_id_of(incoming) or hide(in_query, secrets)
        return self._state.ledger.add_request(
            vendor=self._vendor.name,
            operation=incoming.operation,
            method=incoming.method,
            path=hide(incoming.path, secrets),
            query={**hide(incoming.query, secrets), **dict.fromkeys(secret_parameters, HIDDEN)},
            headers=headers,
            body=hide(incoming.body, secrets),
            execution_id=execution_id,
            workflow_id=self._state.ledger.workflow_of(self._vendor.name, execution_id)
            or self._vendor.workflow_id_of(incoming),
        )

    def _handle(
        self, incoming: Incoming, route: Route, recorded: RecordedRequest
    ) -> Reply | Pending | NoResponse:
        with self._state.lock:
            reply = self._refusal(incoming) or route.handle(incoming)
            recorded.execution_id = getattr(reply, "execution_id", None) or recorded.execution_id
            return reply

    def _refusal(self, incoming: Incoming) -> Reply | None:
        """Return the vendor's refusal of a request without valid credentials, or of one above its limit."""
        vendor, operation = self._vendor, incoming.operation
        if operation == "unknown":
            return None
        if refusal := vendor.authenticate(incoming):
            return refusal
        limit, counted_as = vendor.rate_limit, vendor.counted_as(operation)
        if limit and counted_as and self._state.limits.refuses(vendor.name, counted_as, limit):
            return vendor.error(operation, 429)
        return None

    def _websocket_address(self, route: WebSocketRoute, base: str = "") -> WebSocketAddress:
        async def serve(websocket: WebSocket) -> None:
            await websocket.accept()
            # A client may leave while a message is sent to it.
            with contextlib.suppress(WebSocketDisconnect):
                await self._converse(websocket, route)

        return WebSocketAddress(base + route.path, serve)

    async def _converse(self, websocket: WebSocket, route: WebSocketRoute) -> None:
        """Record that a client has connected, and pass messages between it and the vendor until one of them leaves."""
        query, headers = dict(websocket.query_params), dict(websocket.headers)
        opening = Incoming(route.operation, "GET", route.path, {}, query, headers, "", body=None, raw=b"")
        with self._state.lock:
            self._state.ledger.record_status(self._record(opening, route), 101, client_received=False)
            conversation = route.begin()
        receiving = asyncio.ensure_future(websocket.receive())
        try:
            while True:
                await asyncio.wait({receiving}, timeout=_READY_INTERVAL)
                with self._state.lock:
                    messages: list[str | Close] = [*conversation.due()]
                    if receiving.done():
                        received = receiving.result()
                        if received["type"] == "websocket.disconnect":
                            return
                        messages += conversation.answer(received.get("text") or "")
                        receiving = asyncio.ensure_future(websocket.receive())
                for message in messages:
                    if isinstance(message, Close):
                        await websocket.close(message.code, message.reason)
                        return
                    await websocket.send_text(message)
        finally:
            receiving.cancel()

    async def _wait(self, request: Request, incoming: Incoming, result: Result | Pending) -> Result | None:
        """Return the result when it is available; None if the client leaves before."""
        if not isinstance(result, Pending):
            return result
        waited = 0.0
        while result.timeout is None or waited < result.timeout:
            with self._state.lock:
                if result.ready():
                    return result.result()
            if await left_within(request, _READY_INTERVAL):
                return None
            waited += _READY_INTERVAL
        return self._vendor.error(incoming.operation, 504)

    def _respond(self, recorded: RecordedRequest, result: Result | None) -> Response:
        """Record what the client is about to receive, and return it as a response."""
        match result:
            case Reply():
                self._record_status(recorded, result)
                return Response(result.encoded(), result.status, result.headers, result.media_type)
            case StreamedReply(reply=reply):
                self._state.ledger.record_status(recorded, reply.status, client_received=False)
                return stream_response(
                    result.pieces,
                    reply.status,
                    reply.headers,
                    reply.media_type,
                    seconds=result.seconds,
                    before_last=lambda: self._record_status(recorded, reply),
                )
            case RawBytes():
                return RawResponse(result.pieces, result.seconds)
            case ConnectionReset():
                return ResetResponse(clean=result.clean)
            case _:
                return HangResponse()

    def _record_status(self, recorded: RecordedRequest, reply: Reply) -> None:
        received = reply.execution_id is not None
        self._state.ledger.record_status(recorded, reply.status, client_received=received)

"""Everything that happens to a call around its vendor's handler, once for all vendors.

The call is read and written down, a scripted fault is looked up, the vendor says whether the caller may come in and
does what it is asked, the fault spoils the answer, and what is about to be told is written down before it is sent.
"""

import itertools
import json
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount
from starlette.routing import Route as Address

from airflow_workflow_providers.emulator.fault_answers import faulty_answer
from airflow_workflow_providers.emulator.faults import HARMLESS, STREAMED, Fault, Faults
from airflow_workflow_providers.emulator.ledger import HIDDEN, Call, Ledger, hide, hide_header
from airflow_workflow_providers.emulator.shape import LONGEST_WAIT, Answer, Asked, Never, Route, Wait
from airflow_workflow_providers.emulator.streams import (
    CONTINUE,
    drip_body,
    drip_headers,
    empty_gzip,
    gzip_bomb,
    padded_with_blanks,
)
from airflow_workflow_providers.emulator.vendor import Vendor
from airflow_workflow_providers.emulator.wire import BrokenOff, Raw, Silence, left_within, stream_response

_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
#: How often a blocking call asks whether its run is over.
_GLANCE = 0.02


class Door:
    """The way in to one vendor."""

    def __init__(self, vendor: Vendor[Any], ledger: Ledger, faults: Faults) -> None:
        self._vendor = vendor
        self._ledger = ledger
        self._faults = faults

    def mount(self) -> Mount:
        """Return the vendor's addresses, and one for all that it does not have."""
        known = [self._address(route) for route in self._vendor.routes]
        nowhere = Route("unknown", "", "/{rest:path}", lambda asked: self._vendor.error(asked.operation, 404))
        return Mount(f"/{self._vendor.name}", routes=[*known, self._address(nowhere)])

    def _address(self, route: Route) -> Address:
        async def enter(request: Request) -> Response:
            return await self._enter(request, route)

        return Address(route.path, enter, methods=[route.method] if route.method else _METHODS)

    async def _enter(self, request: Request, route: Route) -> Response:
        asked = await self._read(request, route)
        with self._ledger.lock:
            call = self._write_down(asked, route)
            fault = self._faults.due(self._vendor.name, route.operation, call.workflow_id)
            call.fault = fault.name if fault is not None else None
            before = self._faults.releases
        reply: Answer | Never | None = None
        if fault is None or fault.carries_out:
            reply = await self._carry_out(request, route, asked, call)
            if reply is None:
                return Silence()
        # What is released while the vendor was at work is not held after it.
        if fault is not None and fault.name == "hold" and not await self._released(request, before):
            return Silence()
        return await self._deliver(request, asked, call, fault, reply)

    async def _read(self, request: Request, route: Route) -> Asked:
        raw = await request.body()
        return Asked(
            operation=route.operation,
            method=request.method,
            path=str(request.scope["path"]).removeprefix(f"/{self._vendor.name}"),
            where={name: str(value) for name, value in request.path_params.items()},
            query=dict(request.query_params),
            headers=dict(request.headers),
            body=_parsed(raw),
            raw=raw,
        )

    def _write_down(self, asked: Asked, route: Route) -> Call:
        secrets = self._vendor.issued
        in_query = asked.query.get(route.run_in_query) if route.run_in_query else None
        headers = {
            name: hide_header(value) if name in self._vendor.secret_headers else hide(value, secrets)
            for name, value in asked.headers.items()
        }
        keys = asked.query.keys() & set(self._vendor.secret_parameters)
        execution_id = asked.where.get("execution_id") or hide(in_query, secrets)
        return self._ledger.add_call(
            vendor=self._vendor.name,
            operation=asked.operation,
            method=asked.method,
            path=hide(asked.path, secrets),
            query={**hide(asked.query, secrets), **dict.fromkeys(keys, HIDDEN)},
            headers=headers,
            body=hide(asked.body, secrets),
            execution_id=execution_id,
            workflow_id=self._ledger.workflow_of(self._vendor.name, execution_id)
            or self._vendor.workflow_of(asked),
        )

    async def _carry_out(
        self, request: Request, route: Route, asked: Asked, call: Call
    ) -> Answer | Never | None:
        """Let the vendor do it; None when the caller has left before there was an answer."""
        with self._ledger.lock:
            refusal = None if route.operation == "unknown" else self._vendor.refuse(asked)
            reply = refusal or route.handle(asked)
            call.execution_id = getattr(reply, "execution_id", None) or call.execution_id
        if not isinstance(reply, Wait):
            return reply
        for _ in range(int(LONGEST_WAIT / _GLANCE)):
            with self._ledger.lock:
                if reply.until():
                    return reply.then()
            if await left_within(request, _GLANCE):
                return None
        return self._vendor.error(asked.operation, 504)

    async def _deliver(
        self, request: Request, asked: Asked, call: Call, fault: Fault | None, reply: Answer | Never | None
    ) -> Response:
        if fault is None:
            return self._sent(call, reply)
        name, options = fault.name, fault.options
        if name in ("reset", "lost_answer"):
            return BrokenOff(clean=options["clean"])
        if name == "endless_continue":
            return Raw(itertools.repeat(CONTINUE), options["seconds"])
        if name == "hang" or (name in ("slow", "delay") and await left_within(request, options["seconds"])):
            return Silence()
        answer = faulty_answer(self._vendor, asked, fault, reply)
        if name in STREAMED and isinstance(answer, Answer):
            return self._streamed(call, fault, answer)
        return self._sent(call, answer, client_received=name in HARMLESS)

    def _sent(self, call: Call, answer: Answer | Never | None, *, client_received: bool = True) -> Response:
        """Send an answer in one piece, and note before whether its caller reads in it of its run."""
        if not isinstance(answer, Answer):
            return Silence()
        self._ledger.answered(call, answer.status, told=client_received and answer.execution_id is not None)
        return Response(answer.encoded(), answer.status, answer.headers, answer.media_type)

    def _streamed(self, call: Call, fault: Fault, answer: Answer) -> Response:
        """Send an answer in pieces; its caller reads of its run when it has read them all."""
        options, whole, headers = fault.options, answer.encoded(), dict(answer.headers)
        if options.get("part") == "headers":
            return Raw(drip_headers(answer), options["seconds"])
        if fault.name == "drip":
            pieces = drip_body(whole)
        elif fault.name == "large":
            pieces = padded_with_blanks(whole, options["bytes"])
            if not options["chunked"]:
                headers["Content-Length"] = str(max(options["bytes"], len(whole)))
        else:
            pieces = gzip_bomb(whole, options["bytes"]) if fault.name == "gzip_bomb" else empty_gzip()
            headers["Content-Encoding"] = "gzip"
        # HTTP allows no body with these two.
        status = 200 if answer.status in (204, 304) else answer.status
        self._ledger.answered(call, status, told=False)
        return stream_response(
            pieces,
            status,
            headers,
            answer.media_type,
            seconds=options.get("seconds", 0),
            before_last=lambda: self._ledger.answered(call, status, told=answer.execution_id is not None),
        )

    async def _released(self, request: Request, before: int) -> bool:
        """Wait until what is held is released; False when the caller has left before."""
        while self._faults.releases == before:
            if await left_within(request, _GLANCE):
                return False
        return True


def _parsed(raw: bytes) -> Any:
    """Return JSON where the body is JSON, its text where it is not, None where there is none."""
    if not raw:
        return None
    try:
        return json.loads(raw)
    except ValueError:
        return raw.decode("utf-8", "replace")

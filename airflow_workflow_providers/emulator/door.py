"""Everything that happens to a call around its vendor's handler, once for all vendors.

The call is read and written down, a scripted fault is looked up, the vendor says whether the caller may come in and
does what it is asked, the fault spoils the answer, and what is about to be told is written down before it is sent.
"""

import json
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount
from starlette.routing import Route as Address

from airflow_workflow_providers.emulator.faults import HARMLESS, Fault, Faults
from airflow_workflow_providers.emulator.ledger import HIDDEN, Call, Ledger, hide, hide_header
from airflow_workflow_providers.emulator.shape import LONGEST_WAIT, Answer, Asked, Never, Route, Wait
from airflow_workflow_providers.emulator.vendor import Vendor
from airflow_workflow_providers.emulator.wire import BrokenOff, Silence, left_within

_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
#: How often a blocking call asks whether its run is over.
_GLANCE = 0.02
_PROXY_PAGE = b"<!DOCTYPE html>\n<html><head><title>Gateway</title></head><body><h1>Please try again</h1></body></html>\n"


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
        if fault is not None and fault.name in ("reset", "lost_answer"):
            return BrokenOff(clean=fault.options["clean"])
        if fault is not None and fault.name == "hang":
            return Silence()
        if (
            fault is not None
            and fault.name == "slow"
            and await left_within(request, fault.options["seconds"])
        ):
            return Silence()
        answer = reply if fault is None else self._spoilt(asked, fault, reply)
        if not isinstance(answer, Answer):
            return Silence()
        told = answer.execution_id is not None and (fault is None or fault.name in HARMLESS)
        self._ledger.answered(call, answer.status, told=told)
        return Response(answer.encoded(), answer.status, answer.headers, answer.media_type)

    async def _released(self, request: Request, before: int) -> bool:
        """Wait until what is held is released; False when the caller has left before."""
        while self._faults.releases == before:
            if await left_within(request, _GLANCE):
                return False
        return True

    def _spoilt(self, asked: Asked, fault: Fault, reply: Answer | Never | None) -> Answer | Never:
        """Return what the fault makes of the vendor's reply (None: the vendor was not asked)."""
        options = fault.options
        if fault.name in HARMLESS or fault.name == "truncated":
            whole = reply if reply is not None else self._vendor.error(asked.operation, 500)
            return self._altered(fault, whole) if isinstance(whole, Answer) else whole
        if fault.name == "html":
            return Answer(options["status"], _PROXY_PAGE, media_type="text/html")
        if fault.name == "list_body":
            return Answer(200, [{"unexpected": "list"}])
        if fault.name == "not_json":
            return Answer(200, b"OK, but this is no JSON")
        if fault.name == "echo_secret":
            sent = [v for k, v in asked.headers.items() if k in self._vendor.secret_headers]
            sent += [v for k, v in asked.query.items() if k in self._vendor.secret_parameters]
            said = " ".join(sent)
            return self._vendor.error(asked.operation, options["status"], f"Invalid Credentials: {said}")
        status = options.get("status", 429)
        worded = self._vendor.error(asked.operation, status)
        headers = {name: str(value) for name, value in (options.get("headers") or {}).items()}
        if options.get("retry_after") is not None:
            headers["Retry-After"] = str(options["retry_after"])
        own = options.get("body")
        body, media_type = (worded.body, worded.media_type) if own is None else (own, "application/json")
        return Answer(status, body, headers, media_type=media_type)

    def _altered(self, fault: Fault, answer: Answer) -> Answer:
        """Return the vendor's own answer with one thing in it changed."""
        body: Any = answer.body
        if fault.name == "truncated":
            whole = answer.encoded()
            body = whole[: max(len(whole) // 2, 1)]
        elif fault.name == "unknown_status":
            body = self._vendor.with_status(body, fault.options["status"])
        elif fault.name == "huge":
            body = self._vendor.with_output_of(body, fault.options["bytes"])
        return Answer(answer.status, body, answer.headers, answer.execution_id, answer.media_type)


def _parsed(raw: bytes) -> Any:
    """Return JSON where the body is JSON, its text where it is not, None where there is none."""
    if not raw:
        return None
    try:
        return json.loads(raw)
    except ValueError:
        return raw.decode("utf-8", "replace")

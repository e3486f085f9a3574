"""The control routes: what the Python API does, over HTTP, for a client in another process that knows the token.

Every program on the machine, and every web page in its browser, can reach a port of the loopback address. So a request
needs the token, which only the process that started the emulator knows; and what a browser sends for a page from
elsewhere is refused even with it.
"""

from __future__ import annotations

import hmac
import json
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route, Router

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Receive, Scope, Send

    from airflow_workflow_providers.emulator.server import Emulator

_ABOUT = (
    "This is an emulator of workflow vendors, for tests and demos; nothing here is real. Each vendor answers under its "
    "own name ({vendors}). Under /_control: GET /ledger tells what was called and what runs; POST /pace, /faults, "
    "/workflows, /configure, /release, /revoke and /reset change what happens next, each with a JSON object. All need "
    "the header Authorization: Bearer, with the token that the process that started the emulator was given.\n"
)


def control_routes(emulator: Emulator) -> list[BaseRoute]:
    """Return the self-description, which anybody may read, and everything under ``/_control``."""

    async def about(_: Request) -> Response:
        return PlainTextResponse(_ABOUT.format(vendors=", ".join(f"/{name}" for name in emulator.vendors)))

    async def ledger(_: Request) -> Response:
        return JSONResponse({"calls": emulator.calls(), "runs": emulator.runs()})

    def change(path: str, act: Callable[..., Any], *, needs: tuple[str, ...] = ()) -> Route:
        async def endpoint(request: Request) -> Response:
            try:
                given = _given(await request.body(), needs)
                return JSONResponse({"ok": True, "result": act(**given)})
            except (TypeError, ValueError) as refused:
                return _error(400, str(refused))

        return Route(path, endpoint, methods=["POST"])

    controls = Router(
        [
            Route("/ledger", ledger),
            change("/pace", emulator.set_pace),
            change("/faults", emulator.fail, needs=("vendor", "operation", "fault")),
            change("/workflows", emulator.add_workflow, needs=("vendor", "workflow_id")),
            change("/configure", emulator.configure, needs=("vendor",)),
            change("/release", emulator.release),
            change("/revoke", emulator.revoke, needs=("vendor",)),
            change("/reset", emulator.reset),
        ]
    )
    return [
        Route("/", about),
        Route("/_control/", about),
        Mount("/_control", app=_Guarded(controls, emulator)),
    ]


class _Guarded:
    """An application that a request reaches only with the token, and from no web page but the emulator's own."""

    def __init__(self, app: ASGIApp, emulator: Emulator) -> None:
        self._app = app
        self._emulator = emulator

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await (self._refusal(Request(scope)) or self._app)(scope, receive, send)

    def _refusal(self, request: Request) -> Response | None:
        port = self._emulator.url.rpartition(":")[2]
        own = (f"127.0.0.1:{port}", f"localhost:{port}")
        # A browser that was led here by a name of somebody else (DNS rebinding) sends that name.
        if request.headers.get("host") not in own:
            return _error(403, f"The Host of a control request is {own[0]} or {own[1]}.")
        if any(
            origin not in [f"http://{host}" for host in own] for origin in request.headers.getlist("origin")
        ):
            return _error(403, "Web pages of other origins cannot control the emulator.")
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        right = hmac.compare_digest(token.encode(), self._emulator.control_token.encode())
        if scheme.lower() != "bearer" or not right:
            refusal = _error(401, "A control request needs the header Authorization: Bearer <control token>.")
            refusal.headers["WWW-Authenticate"] = "Bearer"
            return refusal
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if request.method == "POST" and kind != "application/json":
            return _error(415, "The Content-Type of a control request is application/json.")
        return None


def _error(status: int, said: str) -> JSONResponse:
    return JSONResponse({"error": said}, status)


def _given(raw: bytes, needs: tuple[str, ...]) -> dict[str, Any]:
    """Return the request's JSON object, or refuse it in one sentence."""
    try:
        given = json.loads(raw or b"{}")
    except ValueError:
        given = None
    if not isinstance(given, dict):
        raise TypeError("The body must be a JSON object.")
    missing = [name for name in needs if not isinstance(given.get(name), str)]
    if missing:
        raise ValueError(f"The body must name {', '.join(missing)}, each as a string.")
    return given

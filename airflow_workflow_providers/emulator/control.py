"""
The control routes: the Python API over HTTP, for a client in another process that knows the token.

Every program on the machine, and every web page in its browser, can reach a port of the loopback address. So a request
needs the token, which only the process that started the emulator knows; and a request that a browser sends for a page
of another origin is refused even with the token.
"""

import hmac
import json
from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from airflow_workflow_providers.emulator.state import State

_ABOUT = (
    "This is an emulator of workflow vendors, for tests and demos; nothing here is real. Each vendor is under its own "
    "name ({vendors}). Under /_control: GET /ledger returns the requests and the runs; POST /pace, /faults, /workflows, "
    "/configure, /limit, /release, /revoke and /reset change what happens next, each with a JSON object. All need the header "
    "Authorization: Bearer, with the token that the process that started the emulator was given.\n"
)


def control_routes(state: State, token: str) -> list[BaseRoute]:
    """Return the self-description, which everybody may read, and everything under ``/_control``."""

    async def about(_: Request) -> Response:
        return PlainTextResponse(_ABOUT.format(vendors=", ".join(f"/{name}" for name in state.vendors)))

    async def ledger(_: Request) -> Response:
        return JSONResponse({"requests": state.requests(), "runs": state.runs()})

    def change(path: str, act: Callable[..., Any], *, needs: tuple[str, ...] = ()) -> Route:
        async def endpoint(request: Request) -> Response:
            try:
                given = _object_in(await request.body(), needs)
                return JSONResponse({"ok": True, "result": act(**given)})
            except (TypeError, ValueError) as refused:
                return _error(400, str(refused))

        return Route(path, endpoint, methods=["POST"])

    controls = Router(
        [
            Route("/ledger", ledger),
            change("/pace", state.set_pace),
            change("/faults", state.fail, needs=("vendor", "operation", "fault")),
            change("/workflows", state.add_workflow, needs=("vendor", "workflow_id")),
            change("/configure", state.configure, needs=("vendor",)),
            change("/limit", state.limit),
            change("/release", state.release),
            change("/revoke", state.revoke, needs=("vendor",)),
            change("/reset", state.reset),
        ]
    )
    return [
        Route("/", about),
        Route("/_control/", about),
        Mount("/_control", app=_Guarded(controls, state, token)),
    ]


class _Guarded:
    """An application that needs the token, and refuses web pages of other origins."""

    def __init__(self, app: ASGIApp, state: State, token: str) -> None:
        self._app = app
        self._state = state
        self._token = token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await (self._refusal(Request(scope)) or self._app)(scope, receive, send)

    def _refusal(self, request: Request) -> Response | None:
        hosts = [f"{name}:{self._state.port}" for name in ("127.0.0.1", "localhost")]
        # After DNS rebinding a browser sends the name of another host.
        if request.headers.get("host") not in hosts:
            return _error(403, f"The Host of a control request is {hosts[0]} or {hosts[1]}.")
        origins = [f"{self._state.scheme}://{host}" for host in hosts]
        if any(origin not in origins for origin in request.headers.getlist("origin")):
            return _error(403, "Web pages of other origins cannot control the emulator.")
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        valid = hmac.compare_digest(token.encode(), self._token.encode())
        if scheme.lower() != "bearer" or not valid:
            refusal = _error(401, "A control request needs the header Authorization: Bearer <control token>.")
            refusal.headers["WWW-Authenticate"] = "Bearer"
            return refusal
        content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if request.method == "POST" and content_type != "application/json":
            return _error(415, "The Content-Type of a control request is application/json.")
        return None


def _error(status: int, message: str) -> JSONResponse:
    return JSONResponse({"error": message}, status)


def _object_in(raw: bytes, needs: tuple[str, ...]) -> dict[str, Any]:
    """Return the request's JSON object, or raise an error of one sentence."""
    try:
        given = json.loads(raw or b"{}")
    except ValueError:
        given = None
    if not isinstance(given, dict):
        raise TypeError("The body must be a JSON object.")
    missing = [name for name in needs if not isinstance(given.get(name), str)]
    if missing:
        raise ValueError(f"The body must have {', '.join(missing)}, each a string.")
    return given

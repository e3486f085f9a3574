"""The control routes: what the Python API does, over HTTP, for a client in another process."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from airflow_workflow_providers.emulator.server import Emulator

_ABOUT = (
    "This is an emulator of workflow vendors, for tests and demos; nothing here is real. Each vendor answers under its "
    "own name ({vendors}). Under /_control: GET /ledger tells what was called and what runs; POST /pace, /faults, "
    "/workflows, /configure, /release, /revoke and /reset change what happens next, each with a JSON object.\n"
)


def control_routes(emulator: Emulator) -> list[Route | Mount]:
    """Return the self-description and everything under ``/_control``."""

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
                return JSONResponse({"error": str(refused)}, 400)

        return Route(path, endpoint, methods=["POST"])

    return [
        Route("/", about),
        Mount(
            "/_control",
            routes=[
                Route("/", about),
                Route("/ledger", ledger),
                change("/pace", emulator.set_pace),
                change("/faults", emulator.fail, needs=("vendor", "operation", "fault")),
                change("/workflows", emulator.add_workflow, needs=("vendor", "workflow_id")),
                change("/configure", emulator.configure, needs=("vendor",)),
                change("/release", emulator.release),
                change("/revoke", emulator.revoke, needs=("vendor",)),
                change("/reset", emulator.reset),
            ],
        ),
    ]


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

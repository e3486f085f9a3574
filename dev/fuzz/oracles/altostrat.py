"""How responses of Altostrat SDX must be read, and what else the fuzzer knows of it."""

from __future__ import annotations

from dev.fuzz.expected import (
    Expected,
    Response,
    http_error,
    is_ok,
    list_of,
    looked_up,
    members_of,
    only,
    started,
    statuses_of,
)
from dev.fuzz.oracles import EXECUTION_ID, Oracle

_STATES = {
    "pending": "queued",
    "running": "running",
    "awaiting_ui_interaction": "paused",
    "completed": "succeeded",
    "failed": "failed",
}


def expected(response: Response) -> Expected:
    """Return what may and what must be read of a response."""
    if not is_ok(response):
        return http_error(response)
    members = members_of(response.body)
    if response.operation == "start":
        return started(response, (202,), "id")
    if response.operation in ("list", "ping"):
        bare = response.operation == "ping" and isinstance(response.body, list)
        return list_of(response, response.body if bare else members.get("data"), dict)
    if response.operation == "statuses":
        return statuses_of(response, members.get("data"), "id")
    outcome = looked_up(_STATES, members.get("status")) if response.status == 200 else None
    if response.operation == "run":
        return Expected(must=only(outcome and "value"))
    return Expected(members.get("status") == "completed", only(outcome))


#: Whoever has the address of a webhook can start its workflow.
_TOKEN = "Hq4Zt9Lw2Xn8Vr6B"  # noqa: S105  # of nobody

ORACLE = Oracle(
    expected=expected,
    methods={
        "run": ("get_run", {"execution_id": EXECUTION_ID}),
        "list": ("list_runs", {"workflow_id": "fl_1"}),
    },
    secrets={"webhook": (_TOKEN, f"https://v1.api.altostrat.io/workflows/webhooks/whsec_{_TOKEN}")},
)

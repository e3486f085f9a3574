"""What tasks have stored about their executions: the cases of the page, which a DAG pushes to XCom as an operator does."""

from __future__ import annotations

import time
from typing import Any

#: 2026-11-24 14:00:00 UTC.
BEGAN = 1_795_528_800.0
#: The time of the cases that go on: a minute and a half ago, when the DAG is read.
STARTED = time.time() - 94

SCRIPT = "<img src=x onerror=\"document.title='hacked'\"><script>document.title='hacked'</script>"


def execution(**fields: Any) -> dict[str, Any]:
    """Return the data of an execution of Datalab, with some fields replaced."""
    return {
        "version": 1,
        "vendor": "Datalab",
        "conn_id": "datalab_default",
        "base_url": "https://www.datalab.to",
        "workflow_id": "pl_8fk2m1xq",
        "execution_id": "pex_V7c2mW1rQ",
        "url": None,
        "state": "succeeded",
        "status": "completed",
        "began_at": BEGAN,
        "ended_at": BEGAN + 192,
        "changes": [],
        "steps": [],
        "steps_omitted": 0,
        "output": None,
        **fields,
    }


def step(
    name: str, state: str, status: str, began_at: float | None = None, ended_at: float | None = None
) -> dict[str, Any]:
    """Return a step."""
    return {"name": name, "state": state, "status": status, "began_at": began_at, "ended_at": ended_at}


def change(at: float, state: str, status: str, progress: str = "") -> dict[str, Any]:
    """Return a change of the status."""
    return {"at": at, "state": state, "status": status, "progress": progress}


def batch(**fields: Any) -> dict[str, Any]:
    """Return the data of a batch, with some fields of the execution replaced."""
    common = {
        name: value
        for name, value in execution().items()
        if name not in ("execution_id", "url", "state", "status", "changes", "steps", "steps_omitted")
    }
    return {**common, **fields}


#: A batch fills up, and then each second ends 3.1 of its executions, more or less.
_DONE = [0, 12, 160, 420, 690, 1010, 1280, 1600, 1890, 2230, 2520, 2790, 3130, 3460, 3720, 4103]

STEPS = execution(
    changes=[change(BEGAN, "queued", "pending"), change(BEGAN + 192, "succeeded", "completed")],
    steps=[
        step("convert", "succeeded", "completed", BEGAN + 2, BEGAN + 47),
        step("segment", "succeeded", "completed", BEGAN + 48, BEGAN + 71),
        step("extract invoice lines", "succeeded", "completed", BEGAN + 72, BEGAN + 149),
        step("extract totals", "succeeded", "completed", BEGAN + 72, BEGAN + 104),
        step("score", "succeeded", "completed", BEGAN + 150, BEGAN + 191),
    ],
    output={"uri": "s3://lake/invoices/2026-11-24/invoice-0117/result.json", "bytes": 48_213},
)

RECORD = {
    "execution_id": "pex_V7c2mW1rQ",
    "state": "succeeded",
    "status": "completed",
    "output": {"markdown": "# Invoice 117\n\n| item | price |", "page_count": 3, "scores": [0.98, 0.95]},
    "url": None,
}

GOING = execution(
    state="running",
    status="processing",
    began_at=STARTED,
    ended_at=None,
    changes=[
        change(STARTED, "queued", "pending"),
        change(STARTED + 2, "running", "processing", "0 of 5 steps are done"),
        change(STARTED + 60, "running", "processing", "2 of 5 steps are done"),
    ],
    steps=[
        step("convert", "succeeded", "completed", STARTED + 2, STARTED + 41),
        step("segment", "succeeded", "completed", STARTED + 42, STARTED + 60),
        step("extract invoice lines", "running", "processing", STARTED + 61),
        step("extract totals", "running", "processing", STARTED + 61),
        step("score", "queued", "pending"),
    ],
)

FAILED = execution(
    vendor="Refold",
    conn_id="refold_default",
    base_url="https://app.refold.ai",
    workflow_id="sync-contacts",
    execution_id="6744a1f2c8",
    url="https://app.refold.ai/executions/6744a1f2c8?tab=logs",
    state="failed",
    status="FAILED",
    ended_at=BEGAN + 83,
    changes=[
        change(BEGAN, "queued", "QUEUED"),
        change(BEGAN + 9, "running", "RUNNING", "node 1 of 4"),
        change(BEGAN + 34, "paused", "WAITING", "node 2 of 4 waits for an approval"),
        change(BEGAN + 61, "running", "RUNNING", "node 3 of 4"),
        change(BEGAN + 83, "failed", "FAILED", "node 3 of 4"),
    ],
)

BATCH = batch(
    began_at=STARTED - 1260,
    ended_at=None,
    batch={
        "total": 10_000,
        "active": 200,
        "counts": {"succeeded": 4_089, "failed": 11, "stopped": 3},
        "rate": 3.1,
        "unsuccessful": [
            {"index": 12, "execution_id": "pex_Kx81", "state": "failed", "error": "The file is not a PDF."},
            {
                "index": 340,
                "execution_id": "pex_M2aa",
                "state": "failed",
                "error": "Page 7 of 9 could not be read: the image has no pixels. The other pages were converted.",
            },
            {
                "index": 2207,
                "execution_id": None,
                "state": "failed",
                "error": "The start was rejected: HTTP 422.",
            },
            {"index": 2208, "execution_id": "pex_Qw0d", "state": "stopped", "error": "Somebody stopped it."},
        ],
        "unsuccessful_omitted": 10,
        "progress": [{"at": STARTED - 1260 + 90 * n, "done": done} for n, done in enumerate(_DONE)],
    },
)

BATCH_ENDED = batch(
    ended_at=BEGAN + 3120,
    output={"uri": "s3://lake/invoices/2026-11-24/manifest.jsonl", "bytes": 2_310_442},
    batch={
        "total": 10_000,
        "active": 0,
        "counts": {"succeeded": 9_986, "failed": 14},
        "rate": 3.2,
        "unsuccessful": [{"index": 12, "execution_id": "pex_Kx81", "state": "failed", "error": "Not a PDF."}],
        "unsuccessful_omitted": 13,
        "progress": [{"at": BEGAN + 60 * n, "done": min(193 * n, 10_000)} for n in range(53)],
    },
)

#: Every text is odd; an address is a script.
HOSTILE = execution(
    vendor=f"Datalab {SCRIPT}",
    conn_id=SCRIPT,
    base_url="javascript:document.title='hacked'",
    workflow_id='"><svg onload=alert(1)>',
    execution_id="pex_\u202egpj.exe\u0000\u200b" + "x" * 600,
    url="javascript:document.title='hacked'",
    state="failed",
    status=SCRIPT,
    changes=[change(BEGAN, "running", SCRIPT, SCRIPT), change(BEGAN + 5, "failed", "line 1\nline 2", SCRIPT)],
    steps=[
        step(SCRIPT, "failed", SCRIPT, BEGAN, BEGAN + 4),
        step("a" * 400, "running", "b" * 400, BEGAN + 1),
    ],
    output={"uri": f"s3://lake/{SCRIPT}", "bytes": 1},
)

#: Every value is of another type than it should be, or out of range.
ODD = {
    "version": 1,
    "vendor": ["Datalab"],
    "conn_id": {"a": 1},
    "workflow_id": 7,
    "execution_id": 12,
    "url": {"href": "https://example.com"},
    "state": "constructor",
    "status": None,
    "began_at": "yesterday",
    "ended_at": -1,
    "changes": [
        None,
        3,
        {"at": 1e300, "state": 5},
        change(BEGAN + 9, "running", "on"),
        change(BEGAN, "queued", ""),
    ],
    "steps": "three",
    "steps_omitted": "many",
    "output": "s3://lake/",
}

#: The data of each task of the DAG, and what the task does then: it waits in the triggerer, fails, or returns a value.
CASES: dict[str, tuple[Any, Any]] = {
    "steps": (STEPS, RECORD),
    "going": (GOING, "waits"),
    "changes": (GOING, "waits"),
    "failed": (FAILED, "fails"),
    "lost": (
        {**GOING, "began_at": BEGAN, "steps": [], "changes": [change(BEGAN, "running", "processing")]},
        "fails",
    ),
    "batch": (BATCH, "waits"),
    "batch_ended": (BATCH_ENDED, {"version": 1, "manifest": "s3://lake/invoices/2026-11-24/manifest.jsonl"}),
    "hostile": (HOSTILE, {**RECORD, "status": SCRIPT, "output": SCRIPT + "\u202e" + "long " * 10_000}),
    "odd": (ODD, [1, 2]),
    "newer": ({**STEPS, "version": 2}, RECORD),
    # As a custom XCom backend stores it.
    "elsewhere": ("s3://xcoms/1234.json", None),
    "not_ours": (None, None),
}

"""Bodies of error responses that several vendors share, each with the explanation that an error shows; ``None``: there is none."""

from __future__ import annotations

from typing import Any

#: Bodies of error responses without an explanation.
NO_EXPLANATION: list[tuple[Any, str | None]] = [({}, None), ([], None), ("text", None), (b"<html>", None)]

#: FastAPI's lists of problems. The input of a problem is left out: it can hold a secret.
PROBLEMS: list[tuple[Any, str | None]] = [
    (
        {
            "detail": [
                {"type": "int_parsing", "loc": ["path", "workflow_id"], "msg": "Not a number", "input": "x"},
                {"type": "missing", "loc": ["body", "files", 0], "msg": "Field required", "input": {}},
            ]
        },
        "path.workflow_id: Not a number; body.files.0: Field required",
    ),
    ({"detail": [{"loc": "body", "msg": "no"}]}, "body: no"),
    ({"detail": [{"loc": 5, "type": "missing"}]}, "5: missing"),
    ({"detail": [{"loc": None}]}, "rejected"),
    ({"detail": ["plain", None, 7, {"msg": "y"}]}, "plain; null; 7; y"),
    ({"detail": []}, None),
]

"""Datalab's words for what went wrong."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_workflow_providers.apis import datalab as api
from airflow_workflow_providers.core import errors
from airflow_workflow_providers.core.call import Answer
from airflow_workflow_providers.emulator import Emulator
from tests.task import Task
from tests.vendors import DATALAB, answer
from tests.vendors.datalab import QUOTA, SIGNED


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"detail": "Invalid file type."}, "Invalid file type."),
        ({"error": QUOTA, "success": False}, QUOTA),
        ({"detail": "first", "error": "second"}, "first"),
        (
            {
                "detail": [
                    {
                        "type": "int_parsing",
                        "loc": ["path", "workflow_id"],
                        "msg": "Not a number",
                        "input": "x",
                    },
                    {"type": "missing", "loc": ["body", "files", 0], "msg": "Field required", "input": {}},
                ]
            },
            "path.workflow_id: Not a number; body.files.0: Field required",
        ),
        ({"detail": [{"loc": "body", "msg": "no"}]}, "body: no"),
        ({"detail": [{"loc": 5, "type": "missing"}]}, "5: missing"),
        ({"detail": [{"loc": None}]}, "refused"),
        ({"detail": ["plain", None, 7]}, "plain; null; 7"),
        ({"detail": {"code": 7}}, '{"code": 7}'),
        ({"detail": []}, None),
        ({"detail": None}, None),
        ({}, None),
        ([], None),
        ("text", None),
    ],
)
def test_every_envelope_is_read(body: Any, said: str | None) -> None:
    """A text, FastAPI's list of problems, or the member that only the vendor's client reads."""
    assert api.explain(answer(body, 422)) == said
    assert api.explain(Answer(502, {}, b"<html>")) is None


def test_a_problem_is_told_without_the_input_that_it_repeats(emulator: Emulator) -> None:
    """That may be an address with a key in it, or all the addresses."""
    problem = {"type": "url", "loc": ["body", "input_config"], "msg": "Not reachable", "input": SIGNED}
    emulator.fail("datalab", "execute", "status", status=422, body={"detail": [problem]})
    task = Task(lambda: DATALAB.task(101, input_config={"type": "single_file", "file_url": SIGNED}))

    with pytest.raises(errors.RequestRefused, match=r"body\.input_config: Not reachable"):
        task.run()

    assert "5ec2e7" not in task.everything_kept()

"""What Airflow cannot store as it is arrives in the nearest form that it can: held against Airflow's own XCom."""

from __future__ import annotations

import json
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import XCom
from airflow.sdk.execution_time.comms import SetXCom

from airflow_workflow_providers.core.request import Response
from airflow_workflow_providers.core.storable import storable

#: What a vendor's body holds, and what of it must arrive.
ODD = [
    ('{"a": "x\\ud800y"}', {"a": "x\ufffdy"}),
    ('{"\\udc00": 1}', {"\ufffd": 1}),
    ('{"a": "\\ud83d\\ude00"}', {"a": "\U0001f600"}),
    ('{"a": "x\\u0000y"}', {"a": "x\ufffdy"}),
    ("[NaN, Infinity, -Infinity, 1.5]", ["NaN", "Infinity", "-Infinity", 1.5]),
    ("[9223372036854775807, 9223372036854775808]", [2**63 - 1, "9223372036854775808"]),
    ("[-9223372036854775808, -9223372036854775809]", [-(2**63), "-9223372036854775809"]),
    ("1" * 5000, "1" * 5000),
    ('{"a": {"__classname__": "x.Y", "b": 1}}', {"a": '{"__classname__": "x.Y", "b": 1}'}),
    ('{"a": {"__type": "x", "__var": 1}}', {"a": '{"__type": "x", "__var": 1}'}),
]


def taken_through_xcom(value: Any) -> Any:
    """Return a value as the next task gets it: serialised, sent to Airflow, stored as JSON, read back."""
    sent = SetXCom(key="k", value=XCom.serialize_value(value), dag_id="d", run_id="r", task_id="t")
    stored = json.loads(json.dumps(json.loads(sent.model_dump_json())["value"], allow_nan=False))

    class Result:
        value = stored

    return XCom.deserialize_value(Result)


@pytest.mark.parametrize(("body", "arrives"), ODD, ids=[body[:30] for body, _ in ODD])
def test_an_odd_output_arrives_in_the_nearest_form(body: str, arrives: Any) -> None:
    output = Response(200, {}, body.encode()).json()
    stored, changed = storable(output)

    assert taken_through_xcom(stored) == arrives
    assert bool(changed) == (output != arrives)


@pytest.mark.parametrize("depth", [52, 200, 700])
@pytest.mark.parametrize("kind", [("[", "]"), ('{"a":', "}")])
def test_what_is_nested_too_deep_arrives_as_json_text(depth: int, kind: tuple[str, str]) -> None:
    """Nothing of it is lost: the text is JSON."""
    body = kind[0] * depth + "1" + kind[1] * depth
    stored, changed = storable(Response(200, {}, body.encode()).json())

    arrived = taken_through_xcom(stored)

    assert changed == "parts nested too deep as JSON text (1)"
    inner = arrived
    while not isinstance(inner, str):
        inner = next(iter(inner.values())) if isinstance(inner, dict) else inner[0]
    assert inner.count("[") + inner.count("{") == depth - 51


def test_an_ordinary_output_is_not_copied() -> None:
    output = {"rows": [{"a": 1, "b": None, "c": True, "d": "ä", "e": 0.5}]}

    assert storable(output) == (output, "")
    assert storable(output)[0] is output

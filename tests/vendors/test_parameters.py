"""Guarantee 8: every bad value of every parameter of a start is refused by its name, before anything is sent."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import DAG, XComArg
from airflow.sdk import task_group

from airflow_workflow_providers.core import errors
from airflow_workflow_providers.core.fingerprint import fingerprint
from airflow_workflow_providers.hooks.altostrat import AltostratHook
from airflow_workflow_providers.hooks.datalab import DatalabHook
from airflow_workflow_providers.hooks.laminar import LaminarHook, LaminarJobHook
from airflow_workflow_providers.hooks.promptlayer import PromptLayerHook
from airflow_workflow_providers.hooks.refold import RefoldHook
from airflow_workflow_providers.operators.altostrat import AltostratExecuteWorkflowOperator
from airflow_workflow_providers.operators.datalab import DatalabExecuteWorkflowOperator
from airflow_workflow_providers.operators.laminar import LaminarExecuteWorkflowOperator, LaminarRunJobOperator
from airflow_workflow_providers.operators.promptlayer import PromptLayerExecuteWorkflowOperator
from airflow_workflow_providers.operators.refold import (
    RefoldExecuteWorkflowOperator,
    RefoldStopExecutionOperator,
)


class Mute:
    """What cannot be compared or shown: an author's own class may be like that."""

    def __eq__(self, other: object) -> bool:
        raise ValueError("which one?")

    def __hash__(self) -> int:
        return 7

    def __repr__(self) -> str:
        raise TypeError("cannot be shown")


def nested(depth: int) -> dict[str, Any]:
    inner: Any = []
    for _ in range(depth):
        inner = [inner]
    return {"a": inner}


ITSELF: dict[str, Any] = {}
ITSELF["me"] = [ITSELF, ITSELF]
HUGE = 10**5_000

#: What is nothing at all of what a parameter can be.
THINGS: list[Any] = [True, 1.5, math.nan, b"x", [], ["x"], {}, set(), {1}, object(), Mute(), 1 + 2j, range(3)]
TEXTS: list[Any] = ["", " ", "\ud800", "x" * 1_001]
IDS = [None, *THINGS, *TEXTS, ".", "..", "None", HUGE, -HUGE, 2**70]
NAMES = [*THINGS, *TEXTS, 7, HUGE]
#: Sent as a header, which can hold printable ASCII only.
HEADERS = [*NAMES, "ä", "a\r\nx-api-key: other", "a\x00", "x\n"]
INSIDE: list[Any] = [
    *({"a": value} for value in (b"x", {1}, object(), Mute(), math.nan, math.inf, "\ud800", HUGE, 1 + 2j)),
    *({"a": [{"b": value}]} for value in (b"x", object(), "x\udfff", -math.inf)),
    *({key: 1} for key in ("\ud800", (1,), b"x", math.nan)),
    nested(150),
    nested(100_000),
    ITSELF,
]
OBJECTS = [True, 1.5, b"x", [], "", "x", 0, 7, set(), object(), Mute(), HUGE, *INSIDE]
ANY_JSON = [b"x", {1}, object(), Mute(), math.nan, "\ud800", HUGE, *INSIDE]
FLAGS = [None, "False", "", 0, 1, [], {}, object(), Mute(), HUGE]
CHOICES = [None, True, "", "FAIL", "ignore", 7, [], {}, {1}, object(), Mute(), b"fail", HUGE]
NUMBERS = [*THINGS, "1", "", 0, -1, HUGE, -HUGE, 2**63]
SECONDS = [None, True, "", "soon", math.nan, math.inf, -1, HUGE, -HUGE, [], {}, object(), Mute(), b"1"]
CALLBACKS: list[Any] = [
    *("", " ", "s3cret.example/x", "ftp://x/s3cret", "https://", "https:///s3cret", "http://[s3cret", "https://x:s3cret/"),
    *("https://x/s3cret y", "https://x/\ns3cret", "https://x/\x00s3cret", "https://s3cret\uff03.example", "https://x/\ud800"),
    *("https://x/s3cret" + "y" * 8_000, "//x/s3cret", 7, True, [], {}, object(), Mute(), b"https://x/s3cret", HUGE),
]  # fmt: skip
METADATA = [*OBJECTS, {"a": 1}, {"a": None}, {"a": ["x"]}, {1: "x"}]
QUERIES = [
    *OBJECTS,
    *({"a": value} for value in (None, True, [], {}, 2**70, 1e300)),
    *({"": "x"}, {" ": "x"}, {1: "x"}, {"async": "0"}, {"a": "x" * 10_000}, {"x" * 2_000: "a"}),
]
PAYLOADS = [*OBJECTS, {"minicor.teach": 1}, {"minicor": {"teach": 1}}]

#: What the operators of all vendors take besides.
SHARED: dict[str, list[Any]] = {
    "timeout": [*SECONDS, 0],
    "on_lost_start": CHOICES,
    "max_inline_output": [None, True, "", "5 MB", 1.5, math.nan, -1, HUGE, -HUGE, [], {}, object(), Mute()],
}
WAITING: dict[str, list[Any]] = {
    "poll_interval": SECONDS,
    "on_clear": CHOICES,
    "wait_for_completion": FLAGS,
    "deferrable": FLAGS,
}

Row = tuple[
    Callable[..., Any], Callable[..., Any], dict[str, Any], dict[str, list[Any]], dict[str, list[Any]]
]

#: Operator and hook's method, what is right, the bad values that both refuse, and those of the operator alone.
ROWS: dict[str, Row] = {
    "altostrat": (
        AltostratExecuteWorkflowOperator,
        AltostratHook().execute_workflow,
        {"workflow_id": "fl_1"},
        {"workflow_id": IDS, "context": OBJECTS},
        {"nonce_key": NAMES, "on_ui_interaction": CHOICES, **WAITING},
    ),
    "datalab": (
        DatalabExecuteWorkflowOperator,
        DatalabHook().execute_workflow,
        {"workflow_id": 7},
        {"workflow_id": [*IDS, "x", "-1", -1, "1/2", "\u0661"], "input_config": OBJECTS},
        {"on_partial_failure": CHOICES, **WAITING},
    ),
    "laminar": (
        LaminarExecuteWorkflowOperator,
        LaminarHook().execute_workflow,
        {"workflow_id": 39},
        {
            "workflow_id": IDS,
            "payload": ANY_JSON,
            "configuration_id": IDS[1:],
            "response_type": NAMES,
            "start_from_step": [*NUMBERS, 2**31],
            "end_at_step": [*NUMBERS, 2**31],
            "callback_url": CALLBACKS,
        },
        {},
    ),
    "laminar_jobs": (
        LaminarRunJobOperator,
        LaminarJobHook().run_job,
        {"job_path": "sync-invoices"},
        {"job_path": [*IDS, "/", "a//b", "a/../b"], "payload": PAYLOADS, "query": QUERIES, "method": [*CHOICES, "post"]},
        {"on_partial_failure": CHOICES, **WAITING},
    ),
    "promptlayer": (
        PromptLayerExecuteWorkflowOperator,
        PromptLayerHook().run_workflow,
        {"workflow_name": "answer"},
        {
            "workflow_name": IDS,
            "workflow_label_name": NAMES,
            "workflow_version_number": NUMBERS,
            "input_variables": OBJECTS,
            "metadata": METADATA,
            "return_all_outputs": FLAGS,
            "callback_url": CALLBACKS,
        },
        WAITING,
    ),
    "refold": (
        RefoldExecuteWorkflowOperator,
        RefoldHook().execute_workflow,
        {"workflow_id": "a", "slug": "hubspot"},
        {
            "workflow_id": IDS,
            "slug": [None, *HEADERS],
            "payload": OBJECTS,
            "config_id": HEADERS,
            "instance_tag": HEADERS,
            "sync_execution": FLAGS,
            "include_headers": FLAGS,
            "wrap_payload": FLAGS,
        },
        {"on_partial_failure": CHOICES, "on_timeout": CHOICES, "on_sigterm": CHOICES, **WAITING},
    ),
}  # fmt: skip

every_row = pytest.mark.parametrize("row", ROWS)


def wrongly_taken(
    start: Callable[..., Any], right: dict[str, Any], bad: dict[str, list[Any]]
) -> Iterator[str]:
    """Yield what was not refused, or not by its name, or with an error that shows what may be a secret."""
    for name, values in bad.items():
        for place, value in enumerate(values):
            given = f"{name}: number {place}, a {type(value).__name__}"
            try:
                start(**{**right, name: value})
            except errors.InvalidInput as error:
                if name not in str(error) or "s3cret" in str(error) or "s3cret" in repr(error.__cause__):
                    yield f"{given}: {error}"
            except Exception as error:  # noqa: BLE001  # any at all is what is looked for
                yield f"{given}: {type(error).__name__}"
            else:
                yield f"{given}: nothing is raised"


@every_row
def test_a_bad_value_is_refused_when_the_dag_is_parsed(row: str) -> None:
    """One error of ours, which names the parameter, and does not show an address that may hold a secret."""
    operator, _, right, bad, own = ROWS[row]

    def parse(**given: Any) -> Any:
        return operator(task_id="run", **given)

    connection = {operator.hook_class.conn_name_attr: [None, *NAMES]}
    assert list(wrongly_taken(parse, right, {**bad, **own, **SHARED, **connection})) == []
    assert parse(**right).start_call(1.0).starts


@every_row
def test_a_bad_value_is_refused_by_the_hook_before_anything_is_sent(row: str) -> None:
    """There is no connection here: whoever came as far as to send would say so."""
    _, start, right, bad, _ = ROWS[row]

    assert list(wrongly_taken(start, right, bad)) == []


@pytest.mark.parametrize(
    "hook", [AltostratHook, DatalabHook, LaminarHook, LaminarJobHook, PromptLayerHook, RefoldHook]
)
def test_a_hook_needs_the_id_of_a_connection(hook: Any) -> None:
    assert list(wrongly_taken(hook, {}, {hook.conn_name_attr: [None, *NAMES]})) == []


def test_a_stop_refuses_what_is_no_execution_when_the_dag_is_parsed() -> None:
    """Nothing at all is a teardown with nothing to stop: it is skipped when it runs."""
    bad = {"execution_id": [*THINGS, "\ud800", "x" * 1_001, HUGE, ITSELF], "refold_conn_id": [None, *NAMES]}

    def parse(**given: Any) -> Any:
        return RefoldStopExecutionOperator(task_id="stop", **given)

    assert list(wrongly_taken(parse, {"execution_id": "6a31"}, bad)) == []
    assert [parse(execution_id=nothing).execution_id for nothing in (None, "", " ")] == [None, "", " "]


def test_how_long_the_external_call_of_laminars_hook_may_take_is_checked_too() -> None:
    start = LaminarHook().execute_workflow

    assert list(wrongly_taken(start, {"workflow_id": 39}, {"limit": SECONDS[1:]})) == []


@every_row
def test_what_is_known_only_when_the_task_runs_passes(row: str) -> None:
    """An XComArg or a template may stand for each templated field, and deep inside of JSON."""
    operator, _, right, _, _ = ROWS[row]
    with DAG("d", schedule=None):
        other = AltostratExecuteWorkflowOperator(task_id="other", workflow_id="fl_1")
        for value in (XComArg(other), "{{ ds }}", "{% if x %}y{% endif %}"):
            for name in operator.template_fields:
                task = operator(task_id=f"t{len(other.dag.tasks)}", **{**right, name: value})
                assert getattr(task, name) is value
            for name in operator.template_fields_renderers:
                given = {"a": value, "b": [value, {"c": value}]} if name != "metadata" else {"a": value}
                given = {"a": value} if name == "query" else given
                operator(task_id=f"t{len(other.dag.tasks)}", **{**right, name: given})


@every_row
def test_the_argument_of_a_mapped_task_group_passes(row: str) -> None:
    """It is known when the task runs, as an XComArg is, and is none."""
    operator, _, right, _, _ = ROWS[row]
    made: list[Any] = []

    @task_group
    def each(value: Any) -> None:
        made.extend(operator(task_id=name, **{**right, name: value}) for name in operator.template_fields)

    with DAG("d", schedule=None):
        each.expand(value=["a", "b"])

    assert len(made) == len(operator.template_fields)


@every_row
def test_a_start_that_is_taken_can_be_told_from_others(row: str) -> None:
    """Its fingerprint is made before anything is stored: an input as deep as may be has one."""
    operator, _, right, _, _ = ROWS[row]
    name = next(iter(operator.template_fields_renderers))
    task = operator(task_id="run", **{**right, name: nested(98)})

    assert len(fingerprint(task.start_call(1.0).identity)) == 64

"""Guarantee 8: each bad value of each parameter is rejected with an error that names the parameter, before anything is sent."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import DAG, XComArg
from airflow.sdk import task_group

from airflow_workflow_providers.core import errors
from airflow_workflow_providers.core.fingerprint import fingerprint
from airflow_workflow_providers.hooks.laminar import LaminarHook
from airflow_workflow_providers.operators.altostrat import AltostratExecuteWorkflowOperator
from airflow_workflow_providers.operators.datalab import DatalabExecuteWorkflowOperator
from airflow_workflow_providers.operators.laminar import LaminarExecuteWorkflowOperator, LaminarRunJobOperator
from airflow_workflow_providers.operators.promptlayer import PromptLayerExecuteWorkflowOperator
from airflow_workflow_providers.operators.refold import (
    RefoldExecuteWorkflowOperator,
    RefoldStopExecutionOperator,
)
from airflow_workflow_providers.sensors.altostrat import AltostratExecutionSensor
from airflow_workflow_providers.sensors.datalab import DatalabExecutionSensor
from airflow_workflow_providers.sensors.laminar import LaminarJobExecutionSensor
from airflow_workflow_providers.sensors.promptlayer import PromptLayerExecutionSensor
from airflow_workflow_providers.sensors.refold import RefoldExecutionSensor


class Hostile:
    """An object that cannot be compared or shown, as an author's own class may be."""

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

#: No parameter can have one of these values.
THINGS: list[Any] = [
    True,
    1.5,
    math.nan,
    b"x",
    [],
    ["x"],
    {},
    set(),
    {1},
    object(),
    Hostile(),
    1 + 2j,
    range(3),
]
TEXTS: list[Any] = ["", " ", "\ud800", "x" * 1_001]
IDS = [None, *THINGS, *TEXTS, ".", "..", "None", HUGE, -HUGE, 2**70]
NAMES = [*THINGS, *TEXTS, 7, HUGE]
#: A header holds printable ASCII only.
HEADERS = [*NAMES, "ä", "a\r\nx-api-key: other", "a\x00", "x\n"]
INSIDE: list[Any] = [
    *({"a": value} for value in (b"x", {1}, object(), Hostile(), math.nan, math.inf, "\ud800", HUGE, 1 + 2j)),
    *({"a": [{"b": value}]} for value in (b"x", object(), "x\udfff", -math.inf)),
    *({key: 1} for key in ("\ud800", (1,), b"x", math.nan)),
    nested(150),
    nested(100_000),
    ITSELF,
]
OBJECTS = [True, 1.5, b"x", [], "", "x", 0, 7, set(), object(), Hostile(), HUGE, *INSIDE]
ANY_JSON = [b"x", {1}, object(), Hostile(), math.nan, "\ud800", HUGE, *INSIDE]
FLAGS = [None, "False", "", 0, 1, [], {}, object(), Hostile(), HUGE]
CHOICES = [None, True, "", "FAIL", "ignore", 7, [], {}, {1}, object(), Hostile(), b"fail", HUGE]
NUMBERS = [*THINGS, "1", "", 0, -1, HUGE, -HUGE, 2**63]
SECONDS = [None, True, "", "soon", math.nan, math.inf, -1, HUGE, -HUGE, [], {}, object(), Hostile(), b"1"]
CALLBACKS: list[Any] = [
    *("", " ", "{{ var.value.s3cret }}", "s3cret.example/x", "ftp://x/s3cret", "https://", "https:///s3cret", "http://[s3cret", "https://x:s3cret/"),
    *("https://x/s3cret y", "https://x/\ns3cret", "https://x/\x00s3cret", "https://s3cret\uff03.example", "https://x/\ud800"),
    *("https://x/s3cret" + "y" * 8_000, "//x/s3cret", 7, True, [], {}, object(), Hostile(), b"https://x/s3cret", HUGE),
]  # fmt: skip
METADATA = [*OBJECTS, {"a": 1}, {"a": None}, {"a": ["x"]}, {1: "x"}]
QUERIES = [
    *OBJECTS,
    *({"a": value} for value in (None, True, [], {}, 2**70, 1e300)),
    *({"": "x"}, {" ": "x"}, {1: "x"}, {"async": "0"}, {"a": "x" * 10_000}, {"x" * 2_000: "a"}),
]
PAYLOADS = [*OBJECTS, {"minicor.teach": 1}, {"minicor": {"teach": 1}}]

#: The parameters of all operators.
SHARED: dict[str, list[Any]] = {
    "timeout": [*SECONDS, 0],
    "on_lost_start": CHOICES,
    "max_inline_output": [
        None,
        True,
        "",
        "5 MB",
        1.5,
        math.nan,
        -1,
        HUGE,
        -HUGE,
        [],
        {},
        object(),
        Hostile(),
    ],
}
#: The parameters of all operators that wait.
WAITING: dict[str, list[Any]] = {
    "poll_interval": SECONDS,
    "on_clear": CHOICES,
    "wait_for_completion": FLAGS,
    "deferrable": FLAGS,
}


@dataclass(frozen=True)
class Start:
    """
    How one kind of run is started.

    :param operator: the operator.
    :param method: the method of its hook.
    :param right: parameters that both accept.
    :param bad: values that both reject.
    :param operator_only: values of the operator's other parameters that it rejects.
    """

    operator: type[Any]
    method: str
    right: dict[str, Any]
    bad: dict[str, list[Any]]
    operator_only: dict[str, list[Any]] = field(default_factory=dict)

    def parse(self, **given: Any) -> Any:
        """Return the operator, as when a DAG is parsed."""
        return self.operator(**{"task_id": "run", **self.right, **given})

    def call(self, **given: Any) -> Any:
        """Call the method of the hook; there is no connection of this name, so an error says so before anything is sent."""
        return getattr(self.operator.hook_class("nowhere"), self.method)(**{**self.right, **given})


STARTS: dict[str, Start] = {
    "altostrat": Start(
        AltostratExecuteWorkflowOperator,
        "execute_workflow",
        {"workflow_id": "fl_1"},
        {"workflow_id": IDS, "context": OBJECTS},
        {"nonce_key": NAMES, "on_ui_interaction": CHOICES, **WAITING},
    ),
    "datalab": Start(
        DatalabExecuteWorkflowOperator,
        "execute_workflow",
        {"workflow_id": 7},
        {
            "workflow_id": [*IDS, "pl_abc123", "-1", -1, "1/2", "1.0", "101?a=b", "\u0661", "\u00b2"],
            "input_config": OBJECTS,
        },
        {"on_partial_failure": CHOICES, **WAITING},
    ),
    "laminar": Start(
        LaminarExecuteWorkflowOperator,
        "execute_workflow",
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
    ),
    "laminar_jobs": Start(
        LaminarRunJobOperator,
        "run_job",
        {"job_path": "sync-invoices"},
        {
            "job_path": [*IDS, "/", "./a", "a//b", "a/../b"],
            "payload": PAYLOADS,
            "query": QUERIES,
            "method": [*CHOICES, "post"],
        },
        {"on_partial_failure": CHOICES, **WAITING},
    ),
    "promptlayer": Start(
        PromptLayerExecuteWorkflowOperator,
        "run_workflow",
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
    "refold": Start(
        RefoldExecuteWorkflowOperator,
        "execute_workflow",
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
        {"on_partial_failure": CHOICES, "cancel_on_timeout": FLAGS, "cancel_on_kill": FLAGS, **WAITING},
    ),
}

#: Each sensor, and the values of its own parameters that it rejects.
SENSORS: dict[type[Any], dict[str, list[Any]]] = {
    AltostratExecutionSensor: {"on_ui_interaction": CHOICES},
    DatalabExecutionSensor: {"on_partial_failure": CHOICES},
    LaminarJobExecutionSensor: {"on_partial_failure": CHOICES},
    PromptLayerExecutionSensor: {"return_all_outputs": FLAGS},
    RefoldExecutionSensor: {"on_partial_failure": CHOICES},
}

every_start = pytest.mark.parametrize("start", STARTS.values(), ids=STARTS)


def wrongly_accepted(build: Callable[..., Any], bad: dict[str, list[Any]]) -> Iterator[str]:
    """Yield each value that is accepted, or rejected without its parameter's name, or with an error that shows a secret."""
    for name, values in bad.items():
        for place, value in enumerate(values):
            given = f"{name}: number {place}, a {type(value).__name__}"
            try:
                build(**{name: value})
            except errors.InvalidInput as error:
                if name not in str(error) or "s3cret" in f"{error} {error.__cause__!r}":
                    yield f"{given}: {error}"
                if error.__context__ is not None and not error.__suppress_context__:
                    yield f"{given}: {error.__context__!r} would be shown with it"
            except Exception as error:  # noqa: BLE001  # any other error is what the test looks for
                yield f"{given}: {type(error).__name__}"
            else:
                yield f"{given}: nothing is raised"


@every_start
def test_an_operator_rejects_a_bad_value_when_the_dag_is_parsed(start: Start) -> None:
    """The error does not show the address of a callback, which may hold a secret."""
    connection = {start.operator.hook_class.conn_name_attr: [None, *NAMES]}
    bad = {**start.bad, **start.operator_only, **SHARED, **connection}

    assert list(wrongly_accepted(start.parse, bad)) == []
    assert start.parse().build_start_request(1.0).starts_run


@every_start
def test_a_hook_rejects_a_bad_value_before_anything_is_sent(start: Start) -> None:
    assert list(wrongly_accepted(start.call, start.bad)) == []
    with pytest.raises(errors.Unavailable, match="'nowhere'"):
        start.call()


@pytest.mark.parametrize("sensor", SENSORS)
def test_a_sensor_rejects_a_bad_value_when_the_dag_is_parsed(sensor: type[Any]) -> None:
    """An id that is a text may be a template, and is checked when the task runs."""
    shared = {"poke_interval": SECONDS, "deferrable": FLAGS, "max_inline_output": SHARED["max_inline_output"]}
    bad = {
        **SENSORS[sensor],
        **shared,
        "execution_id": THINGS,
        sensor.hook_class.conn_name_attr: [None, *NAMES],
    }

    def parse(**given: Any) -> Any:
        return sensor(**{"task_id": "wait", "execution_id": "7", **given})

    assert list(wrongly_accepted(parse, bad)) == []


def test_a_stop_rejects_a_bad_value_when_the_dag_is_parsed() -> None:
    """But not an empty id: then there is nothing to stop, and the task is skipped when it runs."""
    bad = {
        "execution_id": [*THINGS, "\ud800", "x" * 1_001, HUGE, ITSELF],
        "refold_conn_id": [None, *NAMES],
        "wait_for_completion": FLAGS,
        "poll_interval": SECONDS,
        "timeout": [*SECONDS, 0],
    }

    def parse(**given: Any) -> Any:
        return RefoldStopExecutionOperator(**{"task_id": "stop", "execution_id": "6a31", **given})

    assert list(wrongly_accepted(parse, bad)) == []
    assert [parse(execution_id=nothing).execution_id for nothing in (None, "", " ")] == [None, "", " "]


@pytest.mark.parametrize("hook", dict.fromkeys(start.operator.hook_class for start in STARTS.values()))
def test_a_hook_rejects_a_bad_id_of_a_connection(hook: type[Any]) -> None:
    assert list(wrongly_accepted(hook, {hook.conn_name_attr: [None, *NAMES]})) == []


def test_the_hook_of_the_external_call_rejects_a_bad_timeout() -> None:
    def call(**given: Any) -> Any:
        return LaminarHook("nowhere").execute_workflow(39, **given)

    assert list(wrongly_accepted(call, {"timeout": SECONDS[1:]})) == []


@every_start
def test_a_template_may_stand_for_each_templated_parameter(start: Start) -> None:
    """A text with a template, or the XCom of another task; also inside a JSON object."""
    with DAG("d", schedule=None) as dag:
        other = AltostratExecuteWorkflowOperator(task_id="other", workflow_id="fl_1")
        for value in (XComArg(other), "{{ ds }}", "{% if x %}y{% endif %}"):
            for name in start.operator.template_fields:
                task = start.parse(task_id=f"t{len(dag.tasks)}", **{name: value})
                assert getattr(task, name) is value  # Airflow renders the attribute with the parameter's name
            for name in start.operator.template_fields_renderers:
                flat = name in ("metadata", "query")
                given = {"a": value} if flat else {"a": value, "b": [value, {"c": value}]}
                assert getattr(start.parse(task_id=f"t{len(dag.tasks)}", **{name: given}), name) == given


@every_start
def test_the_argument_of_a_mapped_task_group_may_stand_for_each_templated_parameter(start: Start) -> None:
    """Its value is known when the task runs, like that of an XComArg, but it is not one."""
    made: list[Any] = []

    @task_group
    def each(value: Any) -> None:
        made.extend(start.parse(task_id=name, **{name: value}) for name in start.operator.template_fields)

    with DAG("d", schedule=None):
        each.expand(value=["a", "b"])

    assert len(made) == len(start.operator.template_fields)


@pytest.mark.parametrize(
    "task", [*(start.operator for start in STARTS.values()), *SENSORS, RefoldStopExecutionOperator]
)
def test_the_parameters_that_are_documented_as_templated_are_those_that_airflow_renders(
    task: type[Any],
) -> None:
    """The address of a callback is not one of them: Airflow stores and shows what it renders."""
    docs = [
        vars(base).get("__doc__") or ""
        for base in task.__mro__
        if base.__module__.startswith("airflow_workflow_providers")
    ]
    parameters = [text.partition(":") for text in re.split(r"\n\s*:(?=\w)", "\n".join(docs))]
    documented = {
        name.removeprefix("param ")
        for name, _, text in parameters
        if name.startswith("param ") and "(templated)" in text
    }

    assert documented == set(task.template_fields)
    assert "callback_url" not in task.template_fields


@every_start
def test_each_accepted_input_has_a_fingerprint(start: Start) -> None:
    """It is needed before anything is stored, so also the deepest input has one, and another input has another one."""
    name = next(iter(start.operator.template_fields_renderers))

    def of(value: Any) -> str:
        return fingerprint(start.parse(**{name: value}).build_start_request(1.0).fingerprint_input)

    deep, other = nested(98), nested(97)
    assert re.fullmatch("[0-9a-f]{64}", of(deep))
    assert of(deep) == of(nested(98))
    assert of(deep) != of(other)

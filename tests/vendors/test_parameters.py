"""Guarantee 8: each bad value of each parameter is rejected with an error that names the parameter, before anything is sent."""

from __future__ import annotations

import inspect
import math
import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import DAG, XComArg
from airflow.sdk import task_group

from airflow_workflow_providers.core import errors
from airflow_workflow_providers.core.fingerprint import fingerprint
from tests.vendors import CASES, LAMINAR, REFOLD, VENDORS, VendorCase
from tests.vendors.facts import FACTS
from tests.vendors.facts.bad_values import (
    CHOICES,
    FLAGS,
    HUGE,
    ITSELF,
    NAMES,
    SECONDS,
    THINGS,
    Hostile,
    nested,
)

#: The parameters that operators share; ``unsupported`` of a class names those that it does not have.
SHARED: dict[str, list[Any]] = {
    "timeout": [*SECONDS, 0],
    "on_lost_start": CHOICES,
    "on_changed_input": CHOICES,
    "send_origin": FLAGS,
    "stall_timeout": [*SECONDS[1:], 0],
    "max_inline_output": [None, True, "", "5 MB", 1.5, math.nan, -1, HUGE, -HUGE, [], {}, object(), Hostile()],
    "poll_interval": SECONDS[1:],
    "max_poll_interval": SECONDS[1:],
    "on_clear": CHOICES,
    "wait_for_completion": FLAGS,
    "deferrable": FLAGS,
    "on_partial_failure": CHOICES,
    "cancel_on_timeout": FLAGS,
    "cancel_on_kill": FLAGS,
}  # fmt: skip

#: Those of sensors.
SHARED_BY_SENSORS = {
    "poke_interval": SECONDS[1:],
    "max_poll_interval": SECONDS[1:],
    **{
        name: SHARED[name]
        for name in ("deferrable", "max_inline_output", "on_partial_failure", "stall_timeout")
    },
}

each_vendor = pytest.mark.parametrize("vendor", CASES.values(), ids=str)

#: The operators that stop a run.
STOPS = [vendor.stop_operator for vendor in CASES.values() if vendor.stop]


def bad_values(
    task: type[Any], own: Mapping[str, list[Any]], shared: Mapping[str, list[Any]]
) -> dict[str, list[Any]]:
    """
    Return the bad values of each parameter of an operator or sensor.

    :param own: those of the parameters in its own ``__init__``; none of them may be missing.
    :param shared: those of the parameters that it may share with others.
    """
    parameters = set(inspect.signature(task.__init__).parameters) - {"self", "kwargs", *shared}
    assert parameters == {*own, task.hook_class.conn_name_attr}
    supported = {name: values for name, values in shared.items() if name not in task.unsupported}
    return {**own, **supported, task.hook_class.conn_name_attr: [None, *NAMES]}


def parse(vendor: VendorCase, **given: Any) -> Any:
    """Return the operator, as when a DAG is parsed."""
    return vendor.operator(**{"task_id": "run", **FACTS[vendor.name].right, **given})


def call(vendor: VendorCase, **given: Any) -> Any:
    """Start a run with the hook; there is no connection of this name, so an error says so before anything is sent."""
    method = vendor.operator.start_request.__name__
    return getattr(vendor.hook("nowhere"), method)(**{**FACTS[vendor.name].right, **given})


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


@each_vendor
def test_an_operator_rejects_a_bad_value_when_the_dag_is_parsed(vendor: VendorCase) -> None:
    """The error does not show the address of a callback, which may hold a secret."""
    facts = FACTS[vendor.name]
    bad = bad_values(vendor.operator, {**facts.bad, **facts.operator_only}, SHARED)

    assert list(wrongly_accepted(partial(parse, vendor), bad)) == []
    assert parse(vendor).build_start_request(1.0).starts_run


@each_vendor
def test_a_hook_rejects_a_bad_value_before_anything_is_sent(vendor: VendorCase) -> None:
    bad = {**FACTS[vendor.name].bad, **FACTS[vendor.name].hook_only}

    assert set(inspect.signature(vendor.operator.start_request).parameters) - {"timeout"} == set(bad)
    assert list(wrongly_accepted(partial(call, vendor), bad)) == []
    with pytest.raises(errors.Unavailable, match="'nowhere'"):
        call(vendor)


@pytest.mark.parametrize("vendor", VENDORS, ids=str)
def test_a_sensor_rejects_a_bad_value_when_the_dag_is_parsed(vendor: VendorCase) -> None:
    """An id that is a text may be a template, and is checked when the task runs."""
    bad = {
        **bad_values(vendor.sensor, FACTS[vendor.name].sensor_only, SHARED_BY_SENSORS),
        "execution_id": THINGS,
    }

    def wait(**given: Any) -> Any:
        return vendor.sensor(**{"task_id": "wait", "execution_id": "7", **given})

    assert list(wrongly_accepted(wait, bad)) == []


@pytest.mark.parametrize("operator", STOPS)
def test_a_stop_rejects_a_bad_value_when_the_dag_is_parsed(operator: type[Any]) -> None:
    """But not an empty id: then there is nothing to stop, and the task is skipped when it runs."""
    bad = {
        "execution_id": [*THINGS, "\ud800", "x" * 1_001, HUGE, ITSELF],
        operator.hook_class.conn_name_attr: [None, *NAMES],
        "wait_for_completion": FLAGS,
        "poll_interval": SECONDS,
        "timeout": [*SECONDS, 0],
    }

    def stop(**given: Any) -> Any:
        return operator(**{"task_id": "stop", "execution_id": "6a31", **given})

    assert list(wrongly_accepted(stop, bad)) == []
    assert [stop(execution_id=nothing).execution_id for nothing in (None, "", " ")] == [None, "", " "]


@each_vendor
def test_a_hook_rejects_a_bad_id_of_a_connection(vendor: VendorCase) -> None:
    assert list(wrongly_accepted(vendor.hook, {vendor.hook.conn_name_attr: [None, *NAMES]})) == []


def test_the_hook_of_the_external_call_rejects_a_bad_timeout() -> None:
    assert list(wrongly_accepted(partial(call, LAMINAR), {"timeout": SECONDS[1:]})) == []


@each_vendor
def test_a_template_may_stand_for_each_templated_parameter(vendor: VendorCase) -> None:
    """A text with a template, or the XCom of another task; also inside a JSON object."""
    with DAG("d", schedule=None) as dag:
        other = REFOLD.task(task_id="other")
        for value in (XComArg(other), "{{ ds }}", "{% if x %}y{% endif %}"):
            for name in vendor.operator.template_fields:
                task = parse(vendor, task_id=f"t{len(dag.tasks)}", **{name: value})
                assert getattr(task, name) is value  # Airflow renders the attribute with the parameter's name
            for name in vendor.operator.template_fields_renderers:
                given = {"a": value}
                if name not in FACTS[vendor.name].flat:
                    given["b"] = [value, {"c": value}]
                assert getattr(parse(vendor, task_id=f"t{len(dag.tasks)}", **{name: given}), name) == given


@each_vendor
def test_the_argument_of_a_mapped_task_group_may_stand_for_each_templated_parameter(
    vendor: VendorCase,
) -> None:
    """Its value is known when the task runs, like that of an XComArg, but it is not one."""
    made: list[Any] = []

    @task_group
    def each(value: Any) -> None:
        made.extend(parse(vendor, task_id=name, **{name: value}) for name in vendor.operator.template_fields)

    with DAG("d", schedule=None):
        each.expand(value=["a", "b"])

    assert len(made) == len(vendor.operator.template_fields)


@pytest.mark.parametrize(
    "task",
    [*(vendor.operator for vendor in CASES.values()), *(vendor.sensor for vendor in VENDORS), *STOPS],
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


@pytest.mark.parametrize(
    "vendor", [case for case in CASES.values() if case.operator.template_fields_renderers], ids=str
)
def test_each_accepted_input_has_a_fingerprint(vendor: VendorCase) -> None:
    """It is needed before anything is stored, so also the deepest input has one, and another input has another one."""

    def of(value: Any) -> str:
        return fingerprint(parse(vendor, **{vendor.input: value}).build_start_request(1.0).fingerprint_input)

    deep, other = nested(98), nested(97)
    assert re.fullmatch("[0-9a-f]{64}", of(deep))
    assert of(deep) == of(nested(98))
    assert of(deep) != of(other)

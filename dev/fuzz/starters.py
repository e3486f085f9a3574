"""Everything that takes parameters from a DAG's author: operators, sensors, and the methods of hooks that start a run."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from airflow_workflow_providers.apis import altostrat, datalab, laminar, laminar_jobs, promptlayer, refold
from airflow_workflow_providers.core.fingerprint import fingerprint
from airflow_workflow_providers.core.request import Request
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
from dev.fuzz import target

#: Airflow's own parameters, which a sensor of ours passes on.
_NOT_OURS = {"task_id", "poke_interval", "timeout"}


@dataclass(frozen=True)
class Starter:
    """
    Something that takes parameters, and asks a vendor for something.

    :param name: as in code.
    :param vendor: whose.
    :param make: from parameters to an object; at DAG parse, so that nothing is sent.
    :param describe: from that object to the request, not sent.
    :param right: parameters with which nothing is wrong; the required ones are among them.
    :param parameters: every parameter of ours, with its annotation.
    :param identifies: the parameter that names a workflow or an execution.
    """

    name: str
    vendor: str
    make: Callable[..., Any]
    describe: Callable[[Any], Request[Any] | None]
    right: Mapping[str, Any]
    parameters: Mapping[str, str] = field(repr=False)
    identifies: str


def _operator(cls: Any, vendor: str, identifies: str, **right: Any) -> Starter:
    return Starter(
        cls.__name__,
        vendor,
        lambda **given: cls(task_id="fuzzed", **given),
        lambda made: made.build_start_request(60.0),
        right,
        _parameters(cls),
        identifies,
    )


def _waits(cls: Any, vendor: str) -> Starter:
    return Starter(
        cls.__name__,
        vendor,
        lambda **given: cls(task_id="fuzzed", **given),
        lambda made: made.hook.api.get_status(made.execution_id),
        {"execution_id": target.EXECUTION_ID},
        {name: kind for name, kind in _parameters(cls).items() if name not in _NOT_OURS},
        "execution_id",
    )


def _stops(cls: Any, vendor: str) -> Starter:
    return Starter(
        cls.__name__,
        vendor,
        lambda **given: cls(task_id="fuzzed", **given),
        lambda made: made.hook_class.api.stop(made.execution_id),
        {"execution_id": target.EXECUTION_ID},
        _parameters(cls),
        "execution_id",
    )


def _method(
    vendor: str, name: str, describe: Callable[..., Request[Any]], identifies: str, **right: Any
) -> Starter:
    """Return a hook's method, which describes a request and sends it; here it only gives it back."""
    hook: Any = target.HOOKS[vendor]("fuzzed")
    hook.send = lambda call, **_options: call
    method = getattr(hook, name)
    return Starter(
        f"{type(hook).__name__}.{name}",
        vendor,
        method,
        lambda call: call,
        right,
        # A method that passes on what it is given takes what the description takes.
        _annotations(describe if "parameters" in inspect.signature(method).parameters else method),
        identifies,
    )


def _parameters(cls: type[Any]) -> dict[str, str]:
    """Return the parameters of ours of an operator: those of its class, and of the bases of this package."""
    ours = [
        base
        for base in cls.__mro__
        if base.__module__.startswith(target.PACKAGE.name) and "__init__" in vars(base)
    ]
    return {
        name: kind for base in reversed(ours) for name, kind in _annotations(vars(base)["__init__"]).items()
    }


def _annotations(function: Callable[..., Any]) -> dict[str, str]:
    return {
        name: str(parameter.annotation)
        for name, parameter in inspect.signature(function).parameters.items()
        if name != "self" and parameter.kind not in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL)
    }


STARTERS: list[Starter] = [
    _operator(AltostratExecuteWorkflowOperator, "altostrat", "workflow_id", workflow_id="fl_1"),
    _operator(DatalabExecuteWorkflowOperator, "datalab", "workflow_id", workflow_id=7),
    _operator(LaminarExecuteWorkflowOperator, "laminar", "workflow_id", workflow_id=39),
    _operator(LaminarRunJobOperator, "laminar_jobs", "job_path", job_path="sync-invoices"),
    _operator(PromptLayerExecuteWorkflowOperator, "promptlayer", "workflow_name", workflow_name="answer"),
    _operator(
        RefoldExecuteWorkflowOperator, "refold", "workflow_id", workflow_id="sync-contacts", slug="hubspot"
    ),
    _stops(RefoldStopExecutionOperator, "refold"),
    _waits(AltostratExecutionSensor, "altostrat"),
    _waits(DatalabExecutionSensor, "datalab"),
    _waits(LaminarJobExecutionSensor, "laminar_jobs"),
    _waits(PromptLayerExecutionSensor, "promptlayer"),
    _waits(RefoldExecutionSensor, "refold"),
    _method("altostrat", "execute_workflow", altostrat.execute_workflow, "workflow_id", workflow_id="fl_1"),
    _method("datalab", "execute_workflow", datalab.execute_workflow, "workflow_id", workflow_id=7),
    _method("laminar", "execute_workflow", laminar.execute_workflow, "workflow_id", workflow_id=39),
    _method("laminar_jobs", "run_job", laminar_jobs.run_job, "job_path", job_path="sync-invoices"),
    _method("promptlayer", "run_workflow", promptlayer.run_workflow, "workflow_name", workflow_name="answer"),
    _method(
        "refold", "execute_workflow", refold.execute_workflow, "workflow_id", workflow_id="a", slug="hubspot"
    ),
]


def fingerprint_of(call: Request[Any]) -> str:
    """Return the digest by which a retry knows a start again: it is made before anything is sent."""
    return fingerprint(call.fingerprint_input)

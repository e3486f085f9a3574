"""Everything that takes parameters from a DAG's author: operators, sensors, and the methods of hooks."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from airflow_workflow_providers.core.fingerprint import fingerprint
from airflow_workflow_providers.core.request import Request
from dev.fuzz.oracles import EXECUTION_ID, oracle
from dev.fuzz.target import PACKAGE
from dev.vendors import CASES, VendorCase


@dataclass(frozen=True)
class EntryPoint:
    """
    Something that takes parameters, and makes a request of them.

    :param name: as in code.
    :param vendor: whose.
    :param make: from parameters to an object; as when a DAG is parsed, so nothing is sent.
    :param build: from that object to its request, which is not sent.
    :param right: valid parameters; the required ones are among them.
    :param parameters: the parameters of this package, with their types.
    :param identifies: the parameter that names a workflow or an execution; empty if there is none.
    """

    name: str
    vendor: str
    make: Callable[..., Any]
    build: Callable[[Any], Request[Any] | None]
    right: Mapping[str, Any]
    parameters: Mapping[str, Any] = field(repr=False)
    identifies: str


def _task(
    cls: Any, vendor: str, build: Callable[[Any], Any], right: Mapping[str, Any], identifies: str
) -> EntryPoint:
    def make(**given: Any) -> Any:
        return cls(task_id="fuzzed", **given)

    return EntryPoint(cls.__name__, vendor, make, build, right, _parameters_of(cls), identifies)


def _methods(case: VendorCase) -> Iterator[EntryPoint]:
    """Yield the methods of a hook that build a request and send it; here they only return it."""
    hook = case.hook("fuzzed")
    hook.send = lambda request, **_options: request
    right = {case.workflow: case.succeeds, **case.required, "execution_id": EXECUTION_ID}
    for _, parameters in oracle(case.name).methods.values():
        right = {**parameters, **right}
    for name, method in vars(case.hook).items():
        # Its twin for an event loop builds the same request.
        is_request = hasattr(method, "__wrapped__") and not inspect.iscoroutinefunction(method)
        if inspect.isfunction(method) and is_request and (known := _types(method)):
            yield EntryPoint(
                f"{case.hook.__name__}.{name}",
                case.name,
                getattr(hook, name),
                lambda request: request,
                {given: value for given, value in right.items() if given in known},
                known,
                _required(method),
            )


def _parameters_of(cls: type[Any]) -> dict[str, Any]:
    """Return the parameters of an operator that this package defines: of its class and its bases."""
    ours = [base for base in cls.__mro__ if base.__module__.startswith(PACKAGE.name)]
    known: dict[str, Any] = {}
    for base in reversed(ours):
        if "__init__" in vars(base):
            known |= _types(vars(base)["__init__"])
    # Airflow's own, which a sensor of ours passes on.
    return {name: kind for name, kind in known.items() if name != "timeout" or not hasattr(cls, "poke")}


def _types(function: Callable[..., Any]) -> dict[str, Any]:
    return {
        name: parameter.annotation
        for name, parameter in inspect.signature(function).parameters.items()
        if name != "self" and parameter.kind not in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL)
    }


def _required(function: Callable[..., Any]) -> str:
    """Return the first parameter if it has no default: it names what the request is about."""
    _, *parameters = inspect.signature(function).parameters.values()
    first = next(iter(parameters), None)
    return first.name if first is not None and first.default is first.empty else ""


def _entry_points() -> Iterator[EntryPoint]:
    of_a_run = {"execution_id": EXECUTION_ID}
    for case in CASES.values():
        right = {case.workflow: case.succeeds, **case.required}
        yield _task(
            case.operator, case.name, lambda made: made.build_start_request(60.0), right, case.workflow
        )
        if case.get_status:
            yield _task(
                case.sensor,
                case.name,
                lambda made: made.hook.api.get_status(made.execution_id),
                of_a_run,
                "execution_id",
            )
        yield from _methods(case)
    for case in CASES.values():
        if case.stop:
            yield _task(
                case.stop_operator,
                case.name,
                lambda made: made.hook_class.api.stop(made.execution_id),
                of_a_run,
                "execution_id",
            )


ENTRY_POINTS = list(_entry_points())


def fingerprint_of(request: Request[Any]) -> str:
    """Return the digest by which a retry recognizes a start; it is computed before anything is sent."""
    return fingerprint(request.fingerprint_input)

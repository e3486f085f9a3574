"""The tasks of the chaos suite: one DAG for each vendor, mode and flavour; which workflow it runs stands in its conf."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from importlib import import_module
from typing import TYPE_CHECKING, Any

from airflow.sdk import DAG, get_parsing_context
from airflow.sdk.execution_time.hitl import upsert_hitl_detail

from dev.chaos.surfaces import CROWD, FLAVOURS, SURFACES, Surface, dag_id

if TYPE_CHECKING:
    from airflow.sdk import Context

CONNECTION = '{{ dag_run.conf["connection"] }}'
WORKFLOW = '{{ dag_run.conf["workflow"] }}'


def asking(operator: type[Any]) -> type[Any]:
    """Return an operator that puts a question to a person before it starts, as an author's own subclass may."""

    class Asking(operator):  # type: ignore[misc]  # whichever it is
        def execute(self, context: Context) -> Any:
            upsert_hitl_detail(
                ti_id=context["ti"].id, options=["Yes", "No"], subject="Is this run wanted?", params={}
            )
            return super().execute(context)

    return Asking


def operator_of(surface: Surface) -> type[Any]:
    """Return the operator's class."""
    module, name = surface.operator
    return getattr(import_module(module), name)  # type: ignore[no-any-return]


def options_of(surface: Surface, mode: str, flavour: str) -> dict[str, Any]:
    """Return the parameters of a task, but for its workflow."""
    options: dict[str, Any] = {**surface.needs, **FLAVOURS[flavour]}
    if not surface.stop:
        options.pop("on_timeout", None)
    if "execution_timeout" in options:
        options["execution_timeout"] = timedelta(seconds=options["execution_timeout"])
    if surface.look:
        options = {"poll_interval": 1, **options, "deferrable": mode == "deferred"}
    else:
        options.pop("poll_interval", None)
    if flavour == "changing":
        options[surface.given] = {**options.get(surface.given, {}), "try": "{{ ti.try_number }}"}
    if flavour == "unmarked":
        options |= surface.unmarked
    conn_id = operator_of(surface).hook_class.conn_name_attr
    return {"task_id": "run", "retry_delay": timedelta(seconds=1), conn_id: CONNECTION, **options}


def made(surface: Surface, mode: str, flavour: str) -> DAG:
    """Make one DAG."""
    operator = operator_of(surface)
    if flavour == "asked":
        operator = asking(operator)
    if flavour == "alone":
        # Nobody wants to wait two minutes here.
        operator = type(operator.__name__, (operator,), {"margin": 10.0})
    options = options_of(surface, mode, flavour)
    with DAG(
        dag_id(surface.name, mode, flavour),
        schedule=None,
        start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    ) as dag:
        if flavour == "crowd":
            operator.partial(**options).expand(**{surface.parameter: [WORKFLOW] * CROWD})
        else:
            operator(**{surface.parameter: WORKFLOW}, **options)
    return dag


# A task's process needs no DAG but its own.
_wanted = get_parsing_context().dag_id
for _surface in SURFACES.values():
    for _mode in _surface.modes:
        for _flavour in FLAVOURS:
            _id = dag_id(_surface.name, _mode, _flavour)
            if _wanted in (None, _id):
                globals()[_id] = made(_surface, _mode, _flavour)

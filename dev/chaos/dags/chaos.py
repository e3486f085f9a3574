"""The tasks of the chaos suite: one DAG for each vendor, mode and flavour; which workflow it runs stands in its conf."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from importlib import import_module
from typing import TYPE_CHECKING, Any

from airflow.sdk import DAG
from airflow.sdk.execution_time.hitl import upsert_hitl_detail

from dev.chaos.surfaces import FLAVOURS, SURFACES, Surface, dag_id

if TYPE_CHECKING:
    from airflow.sdk import Context


def asking(operator: type[Any]) -> type[Any]:
    """Return an operator that puts a question to a person before it starts, as an author's own subclass may."""

    class Asking(operator):  # type: ignore[misc]  # whichever it is
        def execute(self, context: Context) -> Any:
            upsert_hitl_detail(
                ti_id=context["ti"].id, options=["Yes", "No"], subject="Is this run wanted?", params={}
            )
            return super().execute(context)

    return Asking


def add(surface: Surface, mode: str, flavour: str) -> DAG:
    """Make one DAG."""
    module, name = surface.operator
    operator = getattr(import_module(module), name)
    options = dict(FLAVOURS[flavour])
    if not surface.stop:
        options.pop("on_timeout", None)
    if "execution_timeout" in options:
        options["execution_timeout"] = timedelta(seconds=options["execution_timeout"])
    if surface.look:
        options |= {"poll_interval": 1}
    if flavour == "asked":
        operator = asking(operator)
    if flavour == "alone":
        # Nobody wants to wait two minutes here.
        operator = type(operator.__name__, (operator,), {"margin": 10.0})
    with DAG(
        dag_id(surface.name, mode, flavour),
        schedule=None,
        start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    ) as dag:
        operator(
            task_id="run",
            deferrable=mode == "deferred",
            retry_delay=timedelta(seconds=1),
            **{surface.parameter: '{{ dag_run.conf["workflow"] }}'},
            **surface.needs,
            **options,
        )
    return dag


for _surface in SURFACES.values():
    for _mode in _surface.modes:
        for _flavour in FLAVOURS:
            _dag = add(_surface, _mode, _flavour)
            globals()[_dag.dag_id] = _dag

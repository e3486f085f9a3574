"""One DAG for each vendor, mode and set of parameters. The conf of a DAG run names the workflow and the connection."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from airflow.sdk import DAG, get_parsing_context
from airflow.sdk.execution_time.hitl import upsert_hitl_detail

from dev.chaos.tasks import CROWD, INPUTS, TASKS, asking_name, crowd_text, dag_id, has_dag, results_of
from dev.vendors import CASES, VendorCase

if TYPE_CHECKING:
    from airflow.sdk import Context

CONNECTION = '{{ dag_run.conf["connection"] }}'
WORKFLOW = '{{ dag_run.conf["workflow"] }}'
CASE = '{{ dag_run.conf["case"] }}'

#: How long Airflow waits for a triggerer after the deadline of a task that has none; the package waits two minutes.
SHORT_MARGIN = 10.0


def asking(operator: type[Any]) -> type[Any]:
    """Return an operator that asks a person a question before it starts, as a subclass of an author can."""

    class Asking(operator):  # type: ignore[misc]  # a class that is known at run time
        def execute(self, context: Context) -> Any:
            upsert_hitl_detail(
                ti_id=context["ti"].id, options=["Yes", "No"], subject="Is this run wanted?", params={}
            )
            return super().execute(context)

    Asking.__name__ = asking_name(operator)
    return Asking


def parameters(vendor: VendorCase, mode: str, task: str) -> dict[str, Any]:
    """Return the parameters of a task without its workflow."""
    chosen: dict[str, Any] = {"poll_interval": 1, "deferrable": mode == "deferred", **TASKS[task]}
    chosen = {name: value for name, value in chosen.items() if name not in vendor.operator.unsupported}
    chosen |= {
        name: timedelta(seconds=chosen[name])
        for name in ("execution_timeout", "retry_delay")
        if name in chosen
    }
    text = {
        "changing_input": f"{CASE}-{{{{ ti.try_number }}}}",
        "crowd": crowd_text(CASE, "{{ ti.map_index }}"),
    }.get(task, CASE)
    start = {**vendor.required, **vendor.input_of(text)}
    if task == "without_nonce":
        start |= vendor.without_nonce
    elif vendor.input not in vendor.with_nonce or text == CASE:
        start |= vendor.with_nonce
    if task == "stored":
        chosen["output_path"] = f"file://{results_of(CASE)}"
    return {
        "task_id": "run",
        "retry_delay": timedelta(seconds=1),
        vendor.conn_id: CONNECTION,
        **start,
        **chosen,
    }


def make_dag(vendor: VendorCase, mode: str, task: str) -> DAG:
    """Return one DAG."""
    if task in ("batch", "changing_batch"):
        return batch_dag(vendor, mode, task)
    operator = vendor.operator
    if task == "asks_a_person":
        operator = asking(operator)
    if task == "no_triggerer":
        operator = type(operator.__name__, (operator,), {"margin": SHORT_MARGIN})
    given = parameters(vendor, mode, task)
    with DAG(
        dag_id(vendor.name, mode, task),
        schedule=None,
        start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    ) as dag:
        if task == "crowd":
            operator.partial(**given).expand(**{vendor.workflow: [WORKFLOW] * CROWD})
        else:
            operator(**{vendor.workflow: WORKFLOW}, **given)
    return dag


def batch_dag(vendor: VendorCase, mode: str, task: str) -> DAG:
    """Return a DAG with one batch."""
    texts = [f"{CASE}-{number}" for number in range(INPUTS)]
    if task == "changing_batch":
        texts[-1] = f"{CASE}-last-{{{{ ti.try_number }}}}"
    # The reference of an uploaded file is the only nonce of some vendors.
    uploaded = (
        {} if task == "changing_batch" else {k: v for k, v in vendor.with_nonce.items() if k == vendor.input}
    )
    common = {k: v for k, v in {**vendor.required, **vendor.with_nonce}.items() if k != vendor.input}
    with DAG(
        dag_id(vendor.name, mode, task),
        schedule=None,
        start_date=datetime(2026, 1, 1, tzinfo=timezone.utc),
    ) as dag:
        vendor.batch_operator(
            task_id="run",
            retry_delay=timedelta(seconds=1),
            inputs=[uploaded or vendor.input_of(text) for text in texts],
            output_path=f"file://{results_of(CASE)}",
            poll_interval=1,
            deferrable=mode == "deferred",
            **{vendor.conn_id: CONNECTION, vendor.workflow: WORKFLOW},
            **common,
            **TASKS[task],
        )
    return dag


# The process of a task needs only its own DAG, and makes no other one.
_wanted = get_parsing_context().dag_id
for _vendor in CASES.values():
    for _mode in _vendor.modes:
        for _task in TASKS:
            _id = dag_id(_vendor.name, _mode, _task)
            if has_dag(_vendor, _task) and _wanted in (None, _id):
                globals()[_id] = make_dag(_vendor, _mode, _task)

"""
What a task asks Airflow for: each request takes 20 to 30 ms of a worker, in each process of the task.

A request is a message from the process of a task to its supervisor, which sends most of them on to Airflow's API server.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from airflow.models.connection import Connection
from airflow.sdk.bases.xcom import BaseXCom
from airflow.sdk.execution_time.supervisor import InProcessSupervisorComms, InProcessTestSupervisor
from airflow.settings import Session
from sqlalchemy import delete

from airflow_workflow_providers import compat, links
from airflow_workflow_providers.emulator import Emulator
from tests.conftest import connect
from tests.vendors import DATALAB, LAMINAR_JOBS, REFOLD, VendorCase

pytestmark = pytest.mark.airflow

#: Of any task: Airflow shows the templated fields, and stores the result and the end of the process.
OF_ANY_TASK = {"SetRenderedFields", "SetXCom return_value", "SucceedTask", "DeferTask"}

#: Of a start; nothing here can be left out.
START = [
    # What an earlier try has started. Also in the first try: its number does not prove that nothing was started before.
    "GetTaskStateStore workflow_execution",
    # The intent, before the start is sent: without it, a retry after a lost start would start a second run.
    "SetTaskStateStore workflow_execution",
    # The id, right after the start: with it, a retry reattaches.
    "SetTaskStateStore workflow_execution",
    # The id for other tasks and for a deferral that fails; Airflow keeps the store above to one task.
    "SetXCom execution_id",
]

#: Of a vendor that has a page for a run: before the wait, so that the button works during it.
LINK = ["SetXCom _link_ExecutionLink"]


#: What a person sees of the run: one write for each change, and one read after a deferral, which adds to it.
PAGE = {"SetXCom remote_execution", "GetXCom remote_execution"}


@dataclass
class Process:
    """One process of a task, on a worker; ``dag.test()`` runs them all in this one."""

    task_id: str
    requests: list[Any] = field(default_factory=list)

    @property
    def names(self) -> list[str]:
        """What was asked for, with the key if there is one."""
        return [
            f"{type(request).__name__} {getattr(request, 'key', '')}".strip() for request in self.requests
        ]

    @property
    def masked(self) -> set[str]:
        """What the supervisor was told to mask; what it picks from a dict depends on Airflow's configuration."""
        values = [request.value for request in self.requests if type(request).__name__ == "MaskSecret"]
        lists = [
            [value] if isinstance(value, str) else value for value in values if not isinstance(value, dict)
        ]
        return {secret for values in lists for secret in values}

    @property
    def own(self) -> list[str]:
        """The same, without what Airflow does around any task, and without the page."""
        return [name for name in self.names if name not in OF_ANY_TASK | PAGE]

    @property
    def page(self) -> list[str]:
        """What is asked for the page."""
        return [name.split()[0] for name in self.names if name in PAGE]


@pytest.fixture
def processes_of(
    dags: dict[str, Any], workflow_emulator_process: Emulator, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], list[Process]]:
    """Return a function that runs a DAG, and returns the processes of its tasks."""
    processes: list[Process] = []
    start = InProcessTestSupervisor.start.__func__  # type: ignore[attr-defined]
    send = InProcessSupervisorComms.send

    def begin(cls: type, *, what: Any, **options: Any) -> Any:
        processes.append(Process(what.task_id))
        compat._masked.clear()  # as in a new process
        return start(cls, what=what, **options)

    def record(comms: InProcessSupervisorComms, msg: Any) -> Any:
        if (
            comms.supervisor.ti is not None
        ):  # not those of a trigger, which dag.test() runs in this process too
            processes[-1].requests.append(msg)
        return send(comms, msg)

    def run(dag_id: str) -> list[Process]:
        processes.clear()
        workflow_emulator_process.reset()
        workflow_emulator_process.set_pace(status_checks=2)
        with monkeypatch.context() as patch:
            patch.setattr(InProcessTestSupervisor, "start", classmethod(begin))
            patch.setattr(InProcessSupervisorComms, "send", record)
            assert dags[dag_id].test().state == "success"
        return list(processes)

    return run


@pytest.fixture
def connections_in_the_database(
    dags: dict[str, Any], workflow_emulator_process: Emulator, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """Store the connections where a worker has to ask for them; a trigger of ``dag.test()`` cannot, and has variables."""
    vendors = (REFOLD, DATALAB)
    fire = InProcessTestSupervisor.run_trigger_in_process.__func__  # type: ignore[attr-defined]

    def run_trigger(cls: type, **options: Any) -> Any:
        with pytest.MonkeyPatch.context() as patch:
            for vendor in vendors:
                connect(patch, vendor, workflow_emulator_process)
            return fire(cls, **options)

    monkeypatch.setattr(InProcessTestSupervisor, "run_trigger_in_process", classmethod(run_trigger))
    for vendor in vendors:
        monkeypatch.delenv(f"AIRFLOW_CONN_{vendor.conn_type.upper()}_DEFAULT", raising=False)
    ids = [f"{vendor.conn_type}_default" for vendor in vendors]
    with Session() as session:
        # Another test may have left its own.
        session.execute(delete(Connection).where(Connection.conn_id.in_(ids)))
        for conn_id, vendor in zip(ids, vendors, strict=True):
            known = workflow_emulator_process.connection(vendor.conn_type)
            extra = json.dumps(known.pop("extra", {}))
            session.add(Connection(conn_id=conn_id, extra=extra, **known))
        session.commit()
    yield
    with Session() as session:
        session.execute(delete(Connection).where(Connection.conn_id.in_(ids)))
        session.commit()


@pytest.mark.newest
@pytest.mark.usefixtures("connections_in_the_database")
@pytest.mark.parametrize(
    ("vendor", "task_id", "start"),
    [
        pytest.param(REFOLD, "sync_contacts", [*START, *LINK], id="refold"),
        pytest.param(DATALAB, "parse", START, id="datalab"),
    ],
)
def test_a_task_asks_airflow_for_nothing_that_no_guarantee_needs(
    processes_of: Callable[[str], list[Process]], vendor: VendorCase, task_id: str, start: list[str]
) -> None:
    """
    Besides what a plain task asks for that reads the connection and returns a value.

    The worker reads the connection once a process, and Airflow masks its fields then. The process after a deferral only reads
    the connection again.
    """
    [connection] = [process.own for process in processes_of("asks") if process.task_id == vendor.conn_type]
    asked = {
        mode: [
            process for process in processes_of(f"{vendor.conn_type}_{mode}") if process.task_id == task_id
        ]
        for mode in ("blocking", "deferred")
    }
    [blocking], [before, after] = asked["blocking"], asked["deferred"]

    assert connection[0] == "GetConnection"
    assert set(connection[1:]) == {"MaskSecret"}
    assert blocking.own == before.own == [*connection, *start]
    assert after.own == connection
    assert before.names[-1] == "DeferTask"
    assert blocking.page == ["SetXCom"] * 3, "the start, one change, and the end"
    assert (before.page, after.page) == (["SetXCom"], ["GetXCom", "SetXCom"])
    assert blocking.names[-2:] == after.names[-2:] == ["SetXCom return_value", "SucceedTask"]


@pytest.mark.newest
@pytest.mark.usefixtures("connections_in_the_database")
def test_a_sensor_only_stores_the_address_of_the_button(
    processes_of: Callable[[str], list[Process]],
) -> None:
    """Besides what a plain task asks for, and the template that names its run."""
    [connection] = [process.own for process in processes_of("asks") if process.task_id == "refold"]
    [before, after] = [process.own for process in processes_of("refold_sensor") if process.task_id == "wait"]

    template = ["GetXComSequenceSlice execution_id"]
    assert before == [*template, *connection, *LINK]
    assert after == [*template, *connection]


@pytest.mark.parametrize("vendor", [LAMINAR_JOBS, REFOLD], ids=str)
def test_the_supervisor_of_each_process_gets_every_secret(
    processes_of: Callable[[str], list[Process]],
    workflow_emulator_process: Emulator,
    monkeypatch: pytest.MonkeyPatch,
    vendor: VendorCase,
) -> None:
    """
    The supervisor writes the log. On every version Airflow sends it the password.

    This package sends what else is a secret; of the vendors, only Laminar has more.
    """
    connect(monkeypatch, vendor, workflow_emulator_process)
    known = workflow_emulator_process.connection(vendor.conn_type)
    secrets = {
        known["password"],
        *(known["extra"][name] for name in vendor.secrets if name in known["extra"]),
    }

    processes = processes_of(f"{vendor.conn_type}_deferred")

    of_ours = {process.task_id for process in processes if "DeferTask" in process.names}
    untold = [
        (process.task_id, process.names)
        for process in processes
        if process.task_id in of_ours and not secrets <= process.masked
    ]
    assert of_ours
    assert untold == []


@pytest.mark.newest
@pytest.mark.usefixtures("connections_in_the_database")
def test_with_a_custom_xcom_backend_airflow_stores_the_address_of_the_button(
    processes_of: Callable[[str], list[Process]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the end of each process, past the backend, which may keep it where the button does not look."""
    monkeypatch.setattr(links, "XCom", type("Backend", (BaseXCom,), {}))

    ours = [process for process in processes_of("refold_deferred") if process.task_id == "sync_contacts"]

    assert [process.names[-1:] for process in ours] == [LINK, LINK]
    first, second = (process.requests[-1].value for process in ours)
    assert first == second
    assert "/refold/logs#" in first

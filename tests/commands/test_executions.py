"""``list``, ``show`` and ``cancel``: which executions are ours, what is printed, and what is stopped."""

from __future__ import annotations

import json
from contextlib import suppress
from importlib import import_module
from typing import Any

import pytest
import yaml
from airflow.providers.common.compat.sdk import TaskDeferred
from airflow.providers_manager import ProvidersManager

from airflow_workflow_providers.commands import airflow_api, runs
from airflow_workflow_providers.emulator import Emulator
from airflow_workflow_providers.get_provider_info import VENDORS
from airflow_workflow_providers.operators.start import StartOperator
from dev.vendors import CASES, DATALAB, DATALAB_DOCUMENTS, REFOLD, VendorCase
from tests.commands.airflow_server import MAXIMUM_PAGE, TOKEN, AirflowServer
from tests.commands.conftest import Command
from tests.contract.test_decorators import decorated, no_input
from tests.fake_airflow import Task

REFOLD_OPERATOR = REFOLD.operator.__name__


def started(vendor: VendorCase, workflow: str | None = None) -> Task:
    """Return a task that has started an execution, and waits for it."""
    task = Task(lambda: vendor.task(workflow or vendor.goes_on, deferrable=True))
    with suppress(TaskDeferred):
        task.execute()
    return task


def added(airflow: AirflowServer, vendor: VendorCase, task: Task, **given: Any) -> str:
    """Add a task to Airflow, and return the id of its execution."""
    airflow.add(vendor.operator.__name__, store=dict(task.store or {}), xcom=dict(task.xcom), **given)
    return str(task.xcom["execution_id"])


def stored(execution_id: str, conn_id: str = "refold_default") -> dict[str, Any]:
    """Return what a task of Refold stores, of which only the id and the connection are read."""
    account = {"conn_id": conn_id, "base_url": "https://refold.example"}
    return {"workflow_execution": {"version": 1, "execution_id": execution_id, "account": account}}


def listed(command: Command, *arguments: str, conn_id: str = "refold_default") -> list[dict[str, Any]]:
    result = command("list", "--conn-id", conn_id, "--output", "json", *arguments)
    assert result.code == 0, result.err
    return json.loads(result.out)


# -- which executions are ours ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("vendor", [case for case in CASES.values() if case.get_status], ids=str)
def test_a_run_of_every_vendor_is_listed_with_its_task(
    airflow: AirflowServer, command: Command, emulator: Emulator, vendor: VendorCase
) -> None:
    execution_id = added(airflow, vendor, started(vendor), state="deferred")

    (row,) = listed(command, conn_id=f"{vendor.conn_type}_default")

    assert row["started_at"].startswith("20")
    assert row == {
        "dag_id": "claims",
        "run_id": "manual__2026-11-30T08:00:00+00:00",
        "task_id": "run",
        "map_index": -1,
        "batch_index": None,
        "task_state": "deferred",
        "execution_id": execution_id,
        "started_at": row["started_at"],
    }


def test_the_tasks_of_every_operator_and_every_decorator_are_searched() -> None:
    """A decorator makes a class of its own, by whose name Airflow knows the task."""
    names = set(runs.operators())
    starting = {
        name
        for vendor in VENDORS
        for name, cls in vars(import_module(f"airflow_workflow_providers.operators.{vendor}")).items()
        if isinstance(cls, type) and issubclass(cls, StartOperator) and hasattr(cls, "start_request")
    }
    made = {
        type(decorated(case, no_input, batch=batch)).__name__
        for case in CASES.values()
        for batch in (False, True)
    }

    assert starting <= names
    assert made <= names


def test_a_run_of_another_connection_is_not_listed_and_not_read(
    airflow: AirflowServer, command: Command
) -> None:
    airflow.add(REFOLD_OPERATOR, store=stored("a"))
    airflow.add(REFOLD_OPERATOR, store=stored("b", "refold_other"), task_id="other")
    airflow.add(
        REFOLD_OPERATOR, rendered={"refold_conn_id": "refold_other"}, store=stored("c"), task_id="rendered"
    )

    assert [row["execution_id"] for row in listed(command)] == ["a"]
    assert airflow.asked("/rendered/state-store") == []


def test_on_airflow_3_2_an_xcom_and_the_rendered_connection_say_whose_it_is(
    airflow: AirflowServer, command: Command
) -> None:
    airflow.has_store = False
    for number, conn_id in enumerate(("refold_default", "refold_other")):
        airflow.add(
            REFOLD_OPERATOR,
            xcom={"execution_id": f"x{number}"},
            rendered={"refold_conn_id": conn_id},
            map_index=number,
        )
    airflow.add(REFOLD_OPERATOR, xcom={"execution_id": "unknown"}, task_id="no_rendered_fields")

    assert [row["execution_id"] for row in listed(command)] == ["x0"]


def test_every_started_input_of_a_batch_is_listed_with_its_place(
    airflow: AirflowServer, command: Command, emulator: Emulator
) -> None:
    task = Task(lambda: REFOLD.batch(REFOLD.inputs(3), deferrable=False))
    task.execute()
    airflow.add(REFOLD.batch_operator.__name__, store=dict(task.store or {}))

    rows = listed(command)

    assert [row["batch_index"] for row in rows] == [0, 1, 2]
    assert {row["execution_id"] for row in rows} == {run["execution_id"] for run in emulator.runs("refold")}


def test_a_damaged_batch_is_named_and_the_others_are_listed(airflow: AirflowServer, command: Command) -> None:
    airflow.add(
        REFOLD.batch_operator.__name__, store={"workflow_batch": {"count": "many"}}, task_id="damaged"
    )
    airflow.add(REFOLD_OPERATOR, store=stored("a"))

    result = command("list", "--conn-id", "refold_default", "--output", "json")

    assert [row["execution_id"] for row in json.loads(result.out)] == ["a"]
    assert "damaged" in result.err


def test_a_store_of_another_kind_is_no_start(airflow: AirflowServer, command: Command) -> None:
    """A custom state backend leaves only a reference in Airflow's database."""
    airflow.add(REFOLD_OPERATOR, store={"workflow_execution": "s3://states/1"}, task_id="reference")
    airflow.add(REFOLD_OPERATOR, store={"workflow_execution": {"intent_at": "soon"}}, task_id="damaged")

    assert listed(command) == []


def test_a_task_of_a_users_own_operator_is_searched_if_it_is_named(
    airflow: AirflowServer, command: Command
) -> None:
    airflow.add("NightlySync", store=stored("a"))

    assert listed(command) == []
    assert [
        row["execution_id"] for row in listed(command, "--operator", f"NightlySync={REFOLD_OPERATOR}")
    ] == ["a"]
    assert command("list", "--conn-id", "c", "--operator", "NightlySync=Unknown").code == 1


def test_the_state_and_the_dag_are_asked_for_and_not_searched_here(
    airflow: AirflowServer, command: Command
) -> None:
    airflow.add(REFOLD_OPERATOR, store=stored("a"), state="failed")
    airflow.add(REFOLD_OPERATOR, store=stored("b"), dag_id="other/dag", state="failed")
    airflow.add(REFOLD_OPERATOR, store=stored("c"), state="running", task_id="runs")

    rows = listed(command, "--state", "failed", "--dag-id", "other/dag")

    assert [row["execution_id"] for row in rows] == ["b"]
    assert len(airflow.asked("/state-store")) == 1


# -- many executions ----------------------------------------------------------------------------------------------------------


def test_all_pages_are_read_and_the_order_stays(airflow: AirflowServer, command: Command) -> None:
    count = 2 * MAXIMUM_PAGE + 50
    for number in range(count):
        airflow.add(REFOLD_OPERATOR, store=stored(str(number)), map_index=number)

    rows = listed(command, "--limit", "0")

    assert [row["execution_id"] for row in rows] == [str(number) for number in reversed(range(count))]
    assert len(airflow.asked("offset=")) == 3 + count


def test_a_limit_ends_the_search_and_says_so(airflow: AirflowServer, command: Command) -> None:
    for number in range(3 * MAXIMUM_PAGE):
        airflow.add(REFOLD_OPERATOR, store=stored(str(number)), map_index=number)

    result = command("list", "--conn-id", "refold_default", "--limit", "5", "--output", "json")

    assert len(json.loads(result.out)) == 5
    assert "more than 5" in result.err
    assert len(airflow.asked("order_by=")) == 1


def test_a_batch_with_more_keys_than_a_page_is_read_whole(airflow: AirflowServer, command: Command) -> None:
    account = {"conn_id": "refold_default", "base_url": "https://refold.example"}
    ranges = MAXIMUM_PAGE + 5
    store: dict[str, Any] = {
        f"workflow_batch_{number:04d}": {"entries": [["f", "n", 1.0, 1, f"run-{number}", "", 1, False, ""]]}
        for number in range(ranges)
    }
    store["workflow_batch"] = {"count": ranges * 100, "account": account, "in_order": True}
    airflow.add(REFOLD.batch_operator.__name__, store=store)

    assert len(listed(command, "--limit", "0")) == ranges


# -- what is printed ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("execution_id", ["007", "1e5", "a[/red]b"])
def test_no_format_changes_an_id(airflow: AirflowServer, command: Command, execution_id: str) -> None:
    airflow.add(REFOLD_OPERATOR, store=stored(execution_id))

    for output in ("table", "plain", "json", "yaml"):
        assert execution_id in command("list", "--conn-id", "refold_default", "--output", output).out
    shown = command("list", "--conn-id", "refold_default", "--output", "yaml").out
    assert yaml.safe_load(shown)[0]["execution_id"] == execution_id


# -- Airflow's API ------------------------------------------------------------------------------------------------------------


def test_without_a_token_one_line_says_how_to_get_one(
    airflow: AirflowServer, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AIRFLOW_CLI_TOKEN")

    result = command("list", "--conn-id", "refold_default")

    assert (result.code, result.out, airflow.requests) == (1, "", [])
    assert result.err.count("\n") == 1
    assert "AIRFLOW_CLI_TOKEN is not set" in result.err
    assert f"{airflow.url}/auth/token" in result.err


def test_a_token_that_airflow_rejects_is_not_shown(
    airflow: AirflowServer, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_CLI_TOKEN", "expired-token-0815")

    result = command("list", "--conn-id", "refold_default")

    assert result.code == 1
    assert "Invalid JWT token" in result.err
    assert "0815" not in result.out + result.err
    assert result.err.count("\n") == 1


def test_the_token_is_not_sent_to_another_address(airflow: AirflowServer, command: Command) -> None:
    other = AirflowServer()
    airflow.redirect_to = other.url

    result = command("list", "--conn-id", "refold_default")

    assert (result.code, other.requests) == (1, [])
    assert TOKEN not in result.err
    other.close()


def test_the_address_can_be_given(airflow: AirflowServer, command: Command) -> None:
    other = AirflowServer()
    other.add(REFOLD_OPERATOR, store=stored("a"))

    assert [row["execution_id"] for row in listed(command, "--api-url", f"{other.url}/")] == ["a"]
    assert airflow.requests == []
    assert command("list", "--conn-id", "c", "--api-url", "ftp://airflow").code == 1
    other.close()


def test_an_airflow_that_does_not_run_is_one_line(
    airflow: AirflowServer, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    airflow.close()
    monkeypatch.setattr(airflow_api, "ATTEMPTS", 1)

    result = command("list", "--conn-id", "refold_default")

    assert (result.code, result.err.count("\n")) == (1, 1)
    assert "Traceback" not in result.err


@pytest.mark.skipif(
    not hasattr(ProvidersManager, "cli_command_functions"), reason="Airflow 3.1 has no commands of providers"
)
def test_airflows_own_parser_has_the_commands() -> None:
    from airflow.cli.cli_parser import get_parser  # noqa: PLC0415  # builds all commands

    args = get_parser().parse_args(
        ["workflow-executions", "list", "--conn-id", "c", "--limit", "0", "-o", "yaml"]
    )

    assert (args.conn_id, args.limit, args.output, args.func.__name__) == ("c", 0, "yaml", "list_executions")


# -- show ---------------------------------------------------------------------------------------------------------------------


def show(command: Command, execution_id: str, *arguments: str) -> dict[str, Any]:
    result = command("show", execution_id, "--conn-id", "refold_default", "--output", "json", *arguments)
    assert result.code == 0, result.err
    (row,) = json.loads(result.out)
    return row


def test_show_has_the_vendors_status_and_the_task_and_the_output_only_if_it_is_wanted(
    airflow: AirflowServer, command: Command, emulator: Emulator
) -> None:
    task = Task(lambda: REFOLD.task(payload={"email": "jane@example.com"}))
    task.execute()
    execution_id = added(airflow, REFOLD, task, map_index=3)

    row = show(command, execution_id)

    assert (row["state"], row["status"], row["map_index"]) == ("succeeded", "COMPLETED", 3)
    assert row["url"].endswith(execution_id)
    assert "output" not in row
    assert show(command, execution_id, "--with-output")["output"] == task.xcom["return_value"]["output"]


def test_show_also_reads_an_execution_that_no_task_has_started(
    airflow: AirflowServer, command: Command, emulator: Emulator
) -> None:
    execution_id = str(started(REFOLD).xcom["execution_id"])

    row = show(command, execution_id)

    assert (row["execution_id"], row["state"]) == (execution_id, "running")
    assert "dag_id" not in row


def test_an_unknown_execution_or_connection_is_one_line(
    airflow: AirflowServer, command: Command, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    emulator.configure("refold", unknown_execution="404")
    monkeypatch.setenv("AIRFLOW_CONN_OTHER", json.dumps({"conn_type": "http", "password": "p"}))
    for execution_id, conn_id in (
        ("6a314c54d4616e99e7fa5a02", "refold_default"),
        ("a", "other"),
        ("../a", "refold_default"),
        ("1", "datalab_default"),
    ):
        result = command("show", execution_id, "--conn-id", conn_id)
        assert (result.code, result.err.count("\n"), result.out) == (1, 1, ""), conn_id
        assert "Traceback" not in result.err


# -- cancel -------------------------------------------------------------------------------------------------------------------


def stops(emulator: Emulator, vendor: VendorCase = REFOLD) -> list[int]:
    return [run["stops"] for run in emulator.runs(vendor.conn_type)]


@pytest.mark.parametrize(
    ("arguments", "answer", "stopped"),
    [((), "y\n", 1), ((), "n\n", 0), ((), "\n", 0), ((), "", 0), (("--yes",), "", 1)],
)
def test_cancel_stops_an_execution_only_after_a_yes(
    airflow: AirflowServer,
    command: Command,
    emulator: Emulator,
    arguments: tuple[str, ...],
    answer: str,
    stopped: int,
) -> None:
    execution_id = added(airflow, REFOLD, started(REFOLD), state="deferred")

    result = command("cancel", execution_id, "--conn-id", "refold_default", *arguments, answer=answer)

    assert stops(emulator) == [stopped]
    assert result.code == (0 if stopped else 1)
    assert execution_id in result.err


def test_cancel_stops_nothing_that_no_task_of_this_airflow_has_stored(
    airflow: AirflowServer, command: Command, emulator: Emulator
) -> None:
    execution_id = str(started(REFOLD).xcom["execution_id"])
    airflow.add(REFOLD_OPERATOR, store=stored(execution_id, "refold_other"))

    result = command("cancel", execution_id, "--conn-id", "refold_default", "--yes")

    assert (result.code, stops(emulator)) == (1, [0])
    assert "has stored execution" in result.err


def test_cancel_stops_nothing_in_another_account(
    airflow: AirflowServer, command: Command, emulator: Emulator
) -> None:
    """The connection leads to another account than when the task began."""
    task = started(REFOLD)
    assert task.store is not None
    task.store["workflow_execution"]["account"]["linked_account_id"] = "acct_of_somebody_else"
    task.store["workflow_execution"]["account"]["base_url"] = "https://elsewhere.example"
    execution_id = added(airflow, REFOLD, task)

    result = command("cancel", execution_id, "--conn-id", "refold_default", "--yes")

    assert (result.code, stops(emulator)) == (1, [0])
    assert "another account" in result.err


def test_cancel_uses_the_linked_account_that_the_task_has_chosen(
    airflow: AirflowServer, command: Command, emulator: Emulator
) -> None:
    emulator.set_pace(status_checks=9)
    task = Task(lambda: REFOLD.task("nightly-sync", deferrable=True, linked_account_id="customer_ada"))
    with suppress(TaskDeferred):
        task.execute()
    execution_id = added(airflow, REFOLD, task)

    assert command("cancel", execution_id, "--conn-id", "refold_default", "--yes").code == 0
    assert stops(emulator) == [1]


def test_an_execution_that_has_ended_is_not_stopped(
    airflow: AirflowServer, command: Command, emulator: Emulator
) -> None:
    task = Task(REFOLD.task)
    task.execute()

    result = command("cancel", added(airflow, REFOLD, task), "--conn-id", "refold_default")

    assert (result.code, stops(emulator)) == (0, [0])
    assert "has ended already" in result.err


def test_cancel_says_that_a_vendor_cannot_stop_an_execution(
    airflow: AirflowServer, command: Command, emulator: Emulator
) -> None:
    execution_id = added(airflow, DATALAB, started(DATALAB))

    result = command("cancel", execution_id, "--conn-id", "datalab_default", "--yes")

    assert result.code == 1
    assert "cannot stop a run" in result.err


def test_an_id_of_two_kinds_of_executions_is_not_guessed(
    airflow: AirflowServer, command: Command, emulator: Emulator
) -> None:
    """Datalab's ids are numbers at some of its endpoints."""
    task = started(DATALAB)
    execution_id = added(airflow, DATALAB, task, dag_id="first")
    airflow.add(DATALAB_DOCUMENTS.operator.__name__, store=dict(task.store or {}), dag_id="second")

    result = command("show", execution_id, "--conn-id", "datalab_default")

    assert result.code == 1
    assert "--dag-id" in result.err
    assert command("show", execution_id, "--conn-id", "datalab_default", "--dag-id", "first").code == 0

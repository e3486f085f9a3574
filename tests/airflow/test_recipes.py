"""The DAGs, commands and settings of docs/recipes.md, with Airflow's own task runner and database."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Callable, Iterator
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from airflow.cli import cli_parser
from airflow.models import Pool
from airflow.secrets.metastore import MetastoreBackend
from airflow.settings import Session
from sqlalchemy import select

from airflow_workflow_providers.emulator import Emulator
from tests.airflow.conftest import dag_bag, xcoms
from tests.test_recipes import KEY, blocks, commands, exported

pytestmark = [pytest.mark.airflow, pytest.mark.newest]

EMAIL = "jane@example.com"


@pytest.fixture(scope="module")
def recipes(dags: dict[str, Any]) -> dict[str, Any]:
    """Return the DAGs of the page; each is in its own file."""
    folder = Path(os.environ["AIRFLOW__CORE__DAGS_FOLDER"]) / "recipes"
    folder.mkdir()
    for number, block in enumerate(blocks("python")):
        (folder / f"recipe_{number}.py").write_text(block)
    bag = dag_bag(folder)
    assert bag.import_errors == {}
    assert len(bag.dags) == len(blocks("python"))
    return bag.dags


@pytest.fixture
def run(recipes: dict[str, Any], workflow_emulator: Emulator) -> Callable[[str], str]:
    """Return a function that runs a DAG of the page and returns its state."""
    return lambda dag_id: recipes[dag_id].test().state


def airflow(command: str) -> None:
    """Run a command of Airflow in this process, which has the database of the tests."""
    arguments = cli_parser.get_parser().parse_args(shlex.split(command)[1:])
    arguments.func(arguments)


@pytest.mark.parametrize("dag_id", ["recipe_output", "recipe_multiple_outputs"])
def test_the_next_task_gets_what_the_workflow_returned(run: Callable[[str], str], dag_id: str) -> None:
    """After a wait on the worker, and after a deferral."""
    assert run(dag_id) == "success"
    assert xcoms(dag_id)["use", -1, "return_value"] == EMAIL


def test_a_template_reads_a_value_of_a_record(run: Callable[[str], str], workflow_emulator: Emulator) -> None:
    assert run("recipe_template") == "success"
    assert [each["input"] for each in workflow_emulator.runs("refold")] == [{"email": EMAIL}] * 2


def test_a_hook_reads_an_execution_in_a_task(run: Callable[[str], str], workflow_emulator: Emulator) -> None:
    assert run("recipe_hook") == "success"
    (execution,) = workflow_emulator.runs("refold")
    assert xcoms("recipe_hook")["read", -1, "return_value"] == execution["status"]


@pytest.mark.parametrize("dag_id", ["recipe_callback", "recipe_notifier"])
def test_a_callback_names_the_execution(
    run: Callable[[str], str], workflow_emulator: Emulator, capfd: pytest.CaptureFixture[str], dag_id: str
) -> None:
    assert run(dag_id) == "failed"
    (execution,) = workflow_emulator.runs("refold")
    line = f"sync failed, execution {execution['execution_id']}"
    assert [each for each in capfd.readouterr().out.splitlines() if each.startswith(line)]


def test_somebody_is_told_of_a_pause_and_the_execution_goes_on(
    run: Callable[[str], str], workflow_emulator: Emulator, capfd: pytest.CaptureFixture[str]
) -> None:
    workflow_emulator.set_pace(status_checks=20)
    assert run("recipe_pause") == "success"
    (execution,) = workflow_emulator.runs("altostrat")
    assert execution["status"] == "completed"
    line = f"Please answer at Altostrat, execution {execution['execution_id']}"
    assert [each for each in capfd.readouterr().out.splitlines() if each.startswith(line)]


def test_concurrency_is_limited_by_an_existing_pool(
    recipes: dict[str, Any], run: Callable[[str], str], workflow_emulator: Emulator
) -> None:
    (command,) = commands("airflow pools")
    airflow(command)
    task = recipes["recipe_concurrency"].get_task("sync").partial_kwargs
    with Session() as session:
        pool = session.scalar(select(Pool).where(Pool.pool == task["pool"]))

    assert (pool.slots, pool.include_deferred) == (20, True)
    assert task["max_active_tis_per_dag"] == 10
    assert run("recipe_concurrency") == "success"
    assert len(workflow_emulator.runs("refold")) == 3


@pytest.mark.parametrize("command", commands("airflow connections"))
def test_a_connection_is_added_from_a_shell(recipes: dict[str, Any], command: str) -> None:
    airflow(command)
    made = MetastoreBackend().get_connection(shlex.split(command)[3])

    assert (made.conn_type, made.password) == ("refold", KEY)
    assert set(made.extra_dejson) == {"linked_account_id"}


@pytest.fixture
def object_storage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Any, Path]]:
    """Return the XCom backend that the page sets, and a folder instead of its bucket."""
    settings = dict(exported(line) for line in commands("export") if "__" in line)
    bucket = settings["AIRFLOW__COMMON_IO__XCOM_OBJECTSTORAGE_PATH"]
    assert re.fullmatch(r"s3://aws_default@[\w-]+/xcom", bucket)
    settings["AIRFLOW__COMMON_IO__XCOM_OBJECTSTORAGE_PATH"] = tmp_path.as_uri()
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    name = settings["AIRFLOW__CORE__XCOM_BACKEND"]
    module = import_module(name.rpartition(".")[0])
    yield getattr(module, name.rpartition(".")[2]), tmp_path
    for cached in ("_get_base_path", "_get_threshold", "_get_compression"):
        with suppress(AttributeError):
            getattr(module, cached).cache_clear()


def test_a_large_output_is_in_the_record_and_the_record_in_object_storage(
    run: Callable[[str], str], workflow_emulator: Emulator, object_storage: tuple[Any, Path]
) -> None:
    """It is larger than the default of ``max_inline_output``."""
    large = "x" * 6_000_000
    workflow_emulator.add_workflow("refold", "sync-contacts", slug="hubspot", output={"text": large})
    assert run("recipe_large_output") == "success"
    record = xcoms("recipe_large_output")["sync", -1, "return_value"]
    assert record["output"] == {"text": large}

    backend, bucket = object_storage
    stored = backend.serialize_value(record, key="return_value", dag_id="d", task_id="t", run_id="r")

    assert len(str(stored)) < 1000
    assert sum(path.stat().st_size for path in bucket.rglob("*") if path.is_file()) > len(large)

    class Row:
        value = stored

    assert backend.deserialize_value(Row) == record

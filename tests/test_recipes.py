"""docs/recipes.md creates the connections that it describes. tests/airflow runs its DAGs and commands."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml
from airflow.sdk import Connection

from airflow_workflow_providers.hooks.laminar import LaminarExtra
from airflow_workflow_providers.hooks.refold import RefoldExtra

PAGE = Path(__file__).parent.parent / "docs" / "recipes.md"
KEY = "pk_a/b+c="  # a URI must encode some of its characters


def blocks(language: str) -> list[str]:
    """Return the page's blocks of one language."""
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)


def commands(beginning: str) -> list[str]:
    """Return the page's commands that start with a word or two."""
    return [
        line for block in blocks("shell") for line in block.splitlines() if line.startswith(f"{beginning} ")
    ]


def exported(command: str) -> tuple[str, str]:
    """Return the name and the value of the variable that a shell sets."""
    name = command.removeprefix("export ").partition("=")[0]
    shown = subprocess.run(
        ["bash", "-c", f'{command}\nprintenv "{name}"'], capture_output=True, text=True, check=True
    )
    return name, shown.stdout.removesuffix("\n")


def connection(name: str, value: str) -> Connection:
    """Return the connection that Airflow reads from a variable."""
    conn_id = name.removeprefix("AIRFLOW_CONN_").lower()
    return (
        Connection.from_json(value, conn_id) if value.startswith("{") else Connection.from_uri(value, conn_id)
    )


def loaded(path: str) -> Any:
    """Return the object that a dotted path names."""
    module, _, name = path.rpartition(".")
    return getattr(import_module(module), name)


def test_every_block_is_of_a_kind_that_a_test_runs() -> None:
    """tests/airflow/test_recipes.py runs the DAGs, the ``airflow`` commands and the ``AIRFLOW__`` settings."""
    fences = re.findall(r"^```(\w+)$", PAGE.read_text(), re.MULTILINE)
    lines = [line for block in blocks("shell") for line in block.splitlines()]

    assert set(fences) == {"python", "shell", "yaml", "json"}
    assert [
        line for line in lines if not line.startswith(("export AIRFLOW_", "airflow ", "python -c "))
    ] == []


@pytest.mark.parametrize("command", [line for line in commands("export") if "AIRFLOW_CONN_REFOLD" in line])
def test_a_connection_is_the_same_as_json_and_as_a_uri(command: str) -> None:
    made = connection(*exported(command))

    assert (made.conn_id, made.conn_type, made.password) == ("refold_default", "refold", KEY)
    assert not made.host
    assert RefoldExtra.from_connection(made).linked_account_id == "acct_42"


def test_a_url_in_a_uri_is_decoded() -> None:
    (command,) = [line for line in commands("export") if "AIRFLOW_CONN_LAMINAR" in line]
    made = connection(*exported(command))
    extra = LaminarExtra.from_connection(made)

    assert (made.conn_type, made.password) == ("laminar", "key")
    assert (extra.trigger_url, extra.trigger_api_key) == ("https://jobs.example.com/m/acme", "key/2")


def test_the_python_command_encodes_the_key_as_the_uri_shows_it() -> None:
    (command,) = commands("python")
    encoded = subprocess.run(shlex.split(command), capture_output=True, text=True, check=True).stdout.strip()

    assert any(f":{encoded}@" in line for line in commands("export"))


def test_the_chart_sets_a_variable_to_the_connection_in_the_kubernetes_secret() -> None:
    secret, values, _ = (yaml.safe_load(block) for block in blocks("yaml"))
    (entry,) = values["secret"]
    made = connection(entry["envName"], secret["stringData"][entry["secretKey"]])

    assert entry["secretName"] == secret["metadata"]["name"]
    assert (made.conn_id, made.conn_type) == ("refold_default", "refold")
    assert RefoldExtra.from_connection(made).linked_account_id == "acct_42"


def test_the_docker_secret_is_read_by_airflows_own_backend(tmp_path: Path) -> None:
    (content,) = blocks("json")
    *_, compose = (yaml.safe_load(block) for block in blocks("yaml"))
    ((name, secret),) = compose["secrets"].items()
    (service,) = compose["services"].values()
    environment: Mapping[str, str] = service["environment"]
    arguments = json.loads(environment["AIRFLOW__SECRETS__BACKEND_KWARGS"])
    assert (service["secrets"], secret["file"]) == ([name], f"./{name}")
    assert arguments == {"connections_file_path": f"/run/secrets/{name}"}
    mounted = tmp_path / name
    mounted.write_text(content)

    backend = loaded(environment["AIRFLOW__SECRETS__BACKEND"])(connections_file_path=str(mounted))
    made = backend.get_connection("refold_default")

    assert (made.conn_type, made.password) == ("refold", "pk_...")
    assert RefoldExtra.from_connection(made).linked_account_id == "acct_42"

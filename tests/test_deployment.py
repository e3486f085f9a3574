"""docs/deployment.md and the files in deploy/ fit together, and what they set exists. No container and no cluster is started."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml
from airflow.cli import cli_parser
from airflow.configuration import retrieve_configuration_description
from airflow.sdk import Connection
from cryptography.fernet import Fernet

from airflow_workflow_providers.core.client import ATTEMPTS, RETRY_AFTER_CAP
from airflow_workflow_providers.get_provider_info import get_provider_info
from airflow_workflow_providers.hooks.extra import HttpExtra
from dev.cluster.run import SETTINGS
from dev.environment import constraints_for
from tests.image import ROOT, copied, dockerfile, lets_through

DEPLOY = ROOT / "deploy"
PAGE = (ROOT / "docs" / "deployment.md").read_text()
VALUES = yaml.safe_load((DEPLOY / "values.yaml").read_text())
SECRET = yaml.safe_load((DEPLOY / "secret.yaml").read_text())
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
FORMS = {form["connection-type"]: form for form in get_provider_info()["connection-types"]}

#: The version of Airflow's Helm chart that deploy/values.yaml is for.
CHART = "1.22.0"

#: The parameters of the chart that deploy/values.yaml uses, and their types, from
#: https://airflow.apache.org/docs/helm-chart/1.22.0/parameters-ref.html
PARAMETERS: dict[str, type] = {
    "airflowVersion": str,
    "apiSecretKeySecretName": str,
    "apiServer.podDisruptionBudget.config.maxUnavailable": int,
    "apiServer.podDisruptionBudget.enabled": bool,
    "apiServer.replicas": int,
    "config": dict,
    "executor": str,
    "fernetKeySecretName": str,
    "images.airflow.repository": str,
    "images.airflow.tag": str,
    "jwtSecretName": str,
    "secret": list,
    "triggerer.podDisruptionBudget.config.maxUnavailable": int,
    "triggerer.podDisruptionBudget.enabled": bool,
    "triggerer.replicas": int,
    "triggerer.resources": dict,
    "triggerer.terminationGracePeriodSeconds": int,
    "workers.celery.podDisruptionBudget.config.maxUnavailable": int,
    "workers.celery.podDisruptionBudget.enabled": bool,
    "workers.celery.replicas": int,
    "workers.celery.resources": dict,
    "workers.celery.terminationGracePeriodSeconds": int,
}

#: The keys that the chart reads from the Secrets that these parameters name, from the same page.
KEYS_OF_SECRETS = {
    "fernetKeySecretName": "fernet-key",
    "apiSecretKeySecretName": "api-secret-key",
    "jwtSecretName": "jwt-secret",
}

#: Programs of the page that need a cluster or a container.
ELSEWHERE = ("docker", "helm", "kubectl")

#: A program that writes down how it is called, and does nothing.
RECORDER = """#!/bin/sh
{ printf '%s\\0' "${0##*/}" "$@"; printf '\\n\\0'; } >> "$RECORD"
"""


@pytest.fixture(scope="module")
def called(tmp_path_factory: pytest.TempPathFactory) -> list[list[str]]:
    """Run all commands of the page in a shell, and return how it calls the programs that need a cluster or a container."""
    folder = tmp_path_factory.mktemp("bin")
    for name in ELSEWHERE:
        (folder / name).write_text(RECORDER)
        (folder / name).chmod(0o755)
    record = folder / "record"
    script = "\n".join(re.findall(r"^```shell\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL))
    path = os.pathsep.join([str(folder), os.environ["PATH"]])
    subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=ROOT,
        env={**os.environ, "PATH": path, "RECORD": str(record)},
        check=True,
        capture_output=True,
    )
    return [line.split("\0")[:-1] for line in record.read_text().split("\n\0")[:-1]]


def calls(called: list[list[str]], *beginning: str) -> list[list[str]]:
    """Return the calls that begin with some words."""
    return [call for call in called if call[: len(beginning)] == list(beginning)]


def option(call: list[str], name: str) -> str:
    """Return the value of an option of a call."""
    return call[call.index(name) + 1]


def leaves(values: dict[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the parameters of the chart that some values set; what is below a parameter is a part of its value."""
    for name, value in values.items():
        full = f"{path}{name}"
        if isinstance(value, dict) and PARAMETERS.get(full) is not dict:
            yield from leaves(value, f"{full}.")
        else:
            yield full, value


def options() -> dict[str, set[str]]:
    """Return the options of each section of Airflow and of this package, and those of Celery that ``make cluster`` sets."""
    known = {
        section: {option.lower() for option in each["options"]}
        for section, each in retrieve_configuration_description().items()
    }
    known["workflow_providers"] = set(get_provider_info()["config"]["workflow_providers"]["options"])
    for variable in SETTINGS:
        _, section, name = variable.lower().split("__")
        known.setdefault(section, set()).add(name)
    return known


def hook_of(connection: Connection) -> Any:
    """Return the hook of a connection's type."""
    module, _, name = FORMS[connection.conn_type]["hook-class-name"].rpartition(".")
    return getattr(import_module(module), name)


# -- the values -------------------------------------------------------------------------------------------------


def test_the_values_are_parameters_of_the_chart_with_their_types() -> None:
    found = dict(leaves(VALUES))

    assert set(found) == set(PARAMETERS)
    assert {name: type(value) for name, value in found.items()} == PARAMETERS


def test_the_values_the_page_and_its_commands_name_one_version_of_the_chart(called: list[list[str]]) -> None:
    [install] = calls(called, "helm", "upgrade")
    comment = (DEPLOY / "values.yaml").read_text().partition("\n")[0]

    assert option(install, "--version") == CHART
    assert f"chart {CHART}:" in comment
    assert set(re.findall(r"helm-chart/([^/]+)/", PAGE)) == {CHART}
    assert f"version {CHART} " in PAGE


def test_every_option_in_the_values_exists() -> None:
    known = options()

    for section, values in VALUES["config"].items():
        assert set(values) <= known[section], section


def test_every_option_on_the_page_exists() -> None:
    named = re.findall(r"`\[(\w+)\] (\w+)`", PAGE)
    known = options()

    assert len(named) > 5
    assert [(section, name) for section, name in named if name not in known[section]] == []
    # These stand without their section, because the section stands before them.
    assert "backend_kwargs" in known["secrets"]
    assert "secrets_backend_kwargs" in known["workers"]


def test_the_times_on_the_page_are_airflows_defaults() -> None:
    described = retrieve_configuration_description(include_providers=False)
    named = re.findall(r"`\[(\w+)\] (\w+)` \((\d+) s\)", PAGE)

    assert named
    for section, name, seconds in named:
        assert float(described[section]["options"][name]["default"]) == float(seconds), name
    assert float(described["triggerer"]["options"]["capacity"]["default"]) == 1000
    assert "default of 1,000 triggers" in PAGE


def test_a_worker_and_a_triggerer_are_as_many_and_as_large_as_in_the_measured_cluster() -> None:
    text = " ".join((ROOT / "docs" / "sizing.md").read_text().split())

    assert VALUES["config"]["celery"]["worker_concurrency"] == int(
        SETTINGS["AIRFLOW__CELERY__WORKER_CONCURRENCY"]
    )
    assert VALUES["workers"]["celery"]["replicas"] == VALUES["triggerer"]["replicas"] == 2
    assert "two workers with four slots each, and two triggerers" in text


def test_a_worker_has_the_cpu_for_a_batch_that_is_busy_all_the_time() -> None:
    table = (ROOT / "docs" / "sizing.md").read_text().partition("<!-- bench: begin -->")[2]
    rows = re.findall(r"^\| ([\d,]+) \| (\d+) \| ([\d.]+) \|", table, re.MULTILINE)
    cores = [int(inputs.replace(",", "")) * float(ms) / 1000 / int(seconds) for inputs, seconds, ms in rows]

    assert len(cores) == 3
    assert float(VALUES["workers"]["celery"]["resources"]["requests"]["cpu"]) >= max(cores)


def test_a_triggerer_has_the_half_core_that_the_page_on_many_executions_allows() -> None:
    text = (ROOT / "docs" / "many-executions.md").read_text()

    assert VALUES["triggerer"]["resources"] == {"requests": {"cpu": "500m"}}
    assert "Keep the sum over all connections below half of a core" in text


def test_a_worker_may_finish_a_start_that_the_vendor_rejects_until_the_last_attempt() -> None:
    fields = HttpExtra()
    longest = ATTEMPTS * (fields.connect_timeout + fields.read_timeout) + (ATTEMPTS - 1) * RETRY_AFTER_CAP
    seconds = VALUES["workers"]["celery"]["terminationGracePeriodSeconds"]

    assert seconds >= longest
    assert f"{seconds} s, the default of the chart, are enough" in PAGE
    assert ATTEMPTS - 1 == 4
    assert "rejects four times with 429" in PAGE


# -- keys -------------------------------------------------------------------------------------------------------


def test_the_commands_make_the_secrets_that_the_values_name(called: list[list[str]]) -> None:
    [keys] = calls(called, "kubectl", "create", "secret", "generic")
    literals = dict(word.removeprefix("--from-literal=").split("=", 1) for word in keys if "literal" in word)
    [apply] = calls(called, "kubectl", "apply")

    assert {name: VALUES[name] for name in KEYS_OF_SECRETS} == dict.fromkeys(KEYS_OF_SECRETS, keys[4])
    assert set(literals) == set(KEYS_OF_SECRETS.values())
    assert Fernet(literals["fernet-key"])
    assert len({*literals.values()}) == len(literals)
    assert min(len(bytes.fromhex(literals[name])) for name in ("api-secret-key", "jwt-secret")) >= 32
    assert ROOT / option(apply, "--filename") == DEPLOY / "secret.yaml"


def test_every_variable_of_the_values_is_a_connection_in_the_secret() -> None:
    assert SECRET["kind"] == "Secret"
    assert {each["envName"]: (each["secretName"], each["secretKey"]) for each in VALUES["secret"]} == {
        f"AIRFLOW_CONN_{conn_id.upper()}": (SECRET["metadata"]["name"], conn_id)
        for conn_id in SECRET["stringData"]
    }


@pytest.mark.parametrize("conn_id", SECRET["stringData"])
def test_a_connection_in_the_secret_is_accepted_by_its_hook(
    conn_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = SECRET["stringData"][conn_id]
    monkeypatch.setenv(f"AIRFLOW_CONN_{conn_id.upper()}", line)
    hook = hook_of(Connection.from_json(line, conn_id))(conn_id)

    assert hook.default_conn_name == conn_id
    assert hook.client.endpoint.settings.base_url == hook.api.base_url


def test_all_commands_use_one_namespace(called: list[list[str]]) -> None:
    [namespace] = calls(called, "kubectl", "create", "namespace")
    others = [call for call in called if call[0] == "kubectl" and call != namespace]
    others += calls(called, "helm", "upgrade")

    assert {option(call, "--namespace") for call in others} == {namespace[3]}


def test_the_commands_in_pods_are_airflows(
    called: list[list[str]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The one that needs no network and no database is run."""
    inner = [call[call.index("--") + 1 :] for call in calls(called, "kubectl", "exec")]
    commands = [words[words.index("airflow") + 1 :] for words in inner]
    [probe] = re.findall(r"`airflow (jobs check [^`]+)`", PAGE)
    parsed = [cli_parser.get_parser().parse_args(words) for words in [*commands, shlex.split(probe)]]
    [asked] = [each for each in parsed if getattr(each, "option", "") == "deployment_id"]
    monkeypatch.setenv(
        "AIRFLOW__WORKFLOW_PROVIDERS__DEPLOYMENT_ID", VALUES["config"]["workflow_providers"]["deployment_id"]
    )

    asked.func(asked)

    assert len(commands) == 3
    assert capsys.readouterr().out.strip().splitlines()[-1] == "production"


# -- the image --------------------------------------------------------------------------------------------------


def test_the_image_has_the_airflow_of_the_constraints_and_a_python_of_the_package() -> None:
    bases = re.findall(r"^FROM apache/airflow:([\d.]+)-python([\d.]+)", dockerfile(), re.MULTILINE)
    [pinned] = re.findall(r"^apache-airflow==(\S+)$", constraints_for("3.3").read_text(), re.MULTILINE)
    project = (ROOT / "pyproject.toml").read_text()

    assert len(bases) == 2
    assert set(bases) == {(pinned, bases[0][1])}
    assert f'"Programming Language :: Python :: {bases[0][1]}"' in project
    assert VALUES["airflowVersion"] == pinned


def test_the_image_has_one_name_everywhere(called: list[list[str]]) -> None:
    [version] = re.findall(r'^version = "(.*)"$', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    [build], [push] = calls(called, "docker", "build"), calls(called, "docker", "push")
    name = option(build, "--tag")
    values = VALUES["images"]["airflow"]

    assert (
        push[2]
        == name
        == COMPOSE["services"]["airflow"]["image"]
        == f"{values['repository']}:{values['tag']}"
    )
    assert values["tag"] == f"{VALUES['airflowVersion']}-workflow-providers-{version}"
    assert ROOT / option(build, "--file") == DEPLOY / "Dockerfile"
    assert build[-1] == "."


def test_the_image_is_built_without_importing_airflow() -> None:
    """Airflow would write its generated keys into the image."""
    commands = re.findall(r"^RUN (.*)$", dockerfile(), re.MULTILINE)

    assert [command.split()[:2] for command in commands] == [["pip", "wheel"], ["pip", "install"]]


def test_docker_is_given_the_files_that_the_image_needs_and_no_others() -> None:
    tracked = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    given = {name for name in tracked.stdout.splitlines() if lets_through(name)}

    assert all((ROOT / name).exists() for name in copied())
    assert {Path(name).parts[0] for name in given} == set(copied())
    assert not lets_through(".git/config")
    assert not lets_through("deploy/secret.yaml")
    assert not lets_through("airflow_workflow_providers/core/__pycache__/http.pyc")


# -- one container ----------------------------------------------------------------------------------------------


def test_the_compose_file_builds_the_same_image_and_publishes_it_on_loopback_only() -> None:
    [service] = COMPOSE["services"].values()
    context = (DEPLOY / service["build"]["context"]).resolve()

    assert context == ROOT
    assert (context / service["build"]["dockerfile"]).read_text() == dockerfile()
    assert [port.split(":")[0] for port in service["ports"]] == ["127.0.0.1"]
    assert {volume.partition(":")[0] for volume in service["volumes"]} >= set(COMPOSE["volumes"])


def test_the_compose_file_sets_variables_that_airflow_reads() -> None:
    [service] = COMPOSE["services"].values()
    known = options()
    connections = {name for name in service["environment"] if name.startswith("AIRFLOW_CONN_")}
    settings = [name.lower().split("__")[1:] for name in set(service["environment"]) - connections]

    assert connections == {"AIRFLOW_CONN_REFOLD_DEFAULT"}
    assert [name for section, name in settings if name not in known[section]] == []
    # Compose takes them from the shell.
    assert {service["environment"][name] for name in connections} == {None}
    assert cli_parser.get_parser().parse_args(shlex.split(service["command"])).func


def test_the_commands_of_compose_name_the_file_and_its_service(called: list[list[str]]) -> None:
    composed = calls(called, "docker", "compose")
    emulated = composed[0][composed[0].index("airflow") + 1 :]

    assert len(composed) == 3
    assert {ROOT / option(call, "--file") for call in composed} == {DEPLOY / "compose.yaml"}
    assert [call[4] for call in composed] == ["run", "up", "exec"]
    # tests/real runs this command of the README.
    assert shlex.join(emulated) in (ROOT / "README.md").read_text()


def test_the_connection_of_the_container_is_accepted_by_its_hook(monkeypatch: pytest.MonkeyPatch) -> None:
    [line] = re.findall(r"AIRFLOW_CONN_REFOLD_DEFAULT='(.*?)'", PAGE)
    monkeypatch.setenv("AIRFLOW_CONN_REFOLD_DEFAULT", line)
    hook = hook_of(Connection.from_json(line, "refold_default"))("refold_default")

    assert hook.client.endpoint.settings.base_url == hook.api.base_url

"""A command is called as Airflow's parser calls it, in this process."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from io import StringIO
from typing import Any, NamedTuple

import pytest

from airflow_workflow_providers.cli import get_cli_commands
from tests.commands.airflow_server import TOKEN, AirflowServer


class Result(NamedTuple):
    """What a command has printed, and its exit code."""

    code: int
    out: str
    err: str


#: Calls a command with its arguments; ``answer`` is what the person types.
Command = Callable[..., Result]


@pytest.fixture
def airflow(monkeypatch: pytest.MonkeyPatch) -> Iterator[AirflowServer]:
    """Yield an Airflow without tasks; the configuration and the token lead to it."""
    server = AirflowServer()
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", server.url)
    monkeypatch.setenv("AIRFLOW_CLI_TOKEN", TOKEN)
    # The commands set it.
    monkeypatch.setenv("_AIRFLOW_PROCESS_CONTEXT", "server")
    yield server
    server.close()


@pytest.fixture
def command(
    airflow: AirflowServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:
    """Return a function that calls a command."""

    def call(name: str, *arguments: str, answer: str = "") -> Result:
        (group,) = get_cli_commands()
        (action,) = [each for each in group.subcommands if each.name == name]
        parser = argparse.ArgumentParser()
        for each in action.args:
            each.add_to_parser(parser)
        args: Any = parser.parse_args(arguments)
        monkeypatch.setattr("sys.stdin", StringIO(answer))
        capsys.readouterr()
        with pytest.raises(SystemExit) as end:
            action.func(args)
        out, err = capsys.readouterr()
        return Result(int(end.value.code or 0), out, err)

    return call

"""What a command prints: its result to stdout, as Airflow's own commands do, and all else to stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any

from typing_extensions import Self


def print_rows(rows: Sequence[Mapping[str, Any]], output: str) -> None:
    """
    Print rows of the same columns.

    Airflow's own function makes a text of every value, and its tables read ids as numbers and brackets as colours.

    :param rows: what to print.
    :param output: ``json``, ``yaml``, ``plain`` or ``table``.
    """
    if output == "json":
        sys.stdout.write(json.dumps([dict(row) for row in rows], ensure_ascii=False) + "\n")
    elif output == "yaml":
        from airflow.utils import yaml  # noqa: PLC0415  # loads the library only if it is needed

        sys.stdout.write(yaml.dump([dict(row) for row in rows], sort_keys=False, allow_unicode=True))
    elif not rows:
        sys.stdout.write("No data found\n")
    elif output == "plain":
        from tabulate import tabulate  # noqa: PLC0415  # as above

        cells = [[_cell(value) for value in row.values()] for row in rows]
        table = tabulate(cells, tablefmt="plain", headers=list(rows[0]), disable_numparse=True)
        sys.stdout.write(f"{table}\n")
    else:
        from airflow.cli.simple_table import AirflowConsole  # noqa: PLC0415  # as above
        from rich.markup import escape  # noqa: PLC0415

        AirflowConsole().print_as_table(
            [{name: escape(_cell(value)) for name, value in row.items()} for row in rows]
        )


def print_one(row: Mapping[str, Any], output: str) -> None:
    """
    Print one thing: as a table, a line for each of its properties.

    :param row: its properties.
    :param output: as for :func:`print_rows`.
    """
    if output in ("json", "yaml"):
        print_rows([row], output)
    else:
        print_rows([{"property": name, "value": value} for name, value in row.items()], output)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def say(message: str) -> None:
    """
    Tell the person something that is not the result.

    :param message: one line.
    """
    sys.stderr.write(f"{message}\n")
    sys.stderr.flush()


def confirmed(question: str) -> bool:
    """
    Ask the person.

    :param question: without its question mark.
    :return: whether the answer is yes. Where nobody can answer, it is no.
    """
    sys.stderr.write(f"{question}? [y/N] ")
    sys.stderr.flush()
    answer = sys.stdin.readline()
    if not answer.endswith("\n"):
        sys.stderr.write("\n")
    return answer.strip().lower() in ("y", "yes")


class Progress:
    """
    How far a long command has come, on stderr; nothing if that is no terminal.

    :param what: what the command does.
    """

    def __init__(self, what: str) -> None:
        self._what = what
        self._status: Any = None

    def __enter__(self) -> Self:
        """Begin, and return itself."""
        if sys.stderr.isatty():
            from rich.console import Console  # noqa: PLC0415  # as above

            self._status = Console(stderr=True).status(self._what)
            self._status.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._status is not None:
            self._status.stop()

    def __call__(self, done: int, total: int) -> None:
        """
        Show how far the command has come.

        :param done: how many are done.
        :param total: how many there are.
        """
        if self._status is not None:
            self._status.update(f"{self._what}: {done:,} of {total:,}")

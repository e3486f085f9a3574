"""What ``airflow workflow-executions reconcile`` finds after all faults, and stops."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from dev.real_airflow import RealAirflow

#: The exit codes of ``reconcile`` if it could check everything: nothing was found, or something was.
_CHECKED = (0, 3)


def reconcile(airflow: RealAirflow, conn_ids: Iterable[str], operators: Mapping[str, str]) -> dict[str, Any]:
    """
    Run the command for some connections, and let it stop what goes on.

    :param operators: the names of operators that inherit from one of the package, with the name of that one.
    :return: ``found``: the lines of its result; ``problems``: what it could not check.
    """
    found: list[dict[str, Any]] = []
    problems: list[str] = []
    for conn_id in sorted(conn_ids):
        arguments = ["--conn-id", conn_id, "--output", "json", "--cancel", "--yes"]
        arguments += [f"--operator={name}={base}" for name, base in operators.items()]
        done = airflow.command("workflow-executions", "reconcile", *arguments)
        # The last line says how many were found, and how many could not be checked.
        if done.returncode not in _CHECKED or ", and 0 could not be checked." not in done.stderr:
            problems.append(f"reconcile of {conn_id}: exit code {done.returncode}: {done.stderr.strip()}")
        if done.stdout.strip():
            found += json.loads(done.stdout)
    return {"found": found, "problems": problems}

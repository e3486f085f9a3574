import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from airflow_workflow_providers.emulator import Emulator
from airflow_workflow_providers.get_provider_info import VENDORS
from dev.matrix import installable
from dev.sdks import airflow_with
from tests.sdks import run_client
from tests.sdks.openlineage import REQUIREMENT

HERE = Path(__file__).parent

FACET = "workflowProviders_execution"


@dataclass(frozen=True)
class Emitted:
    """
    What OpenLineage's provider has emitted in a run of each DAG.

    :param log: of Airflow.
    :param text: all events, as they were written.
    :param data: the folder of the DAGs' files.
    :param runs: the executions, from the emulator.
    :param secrets: the keys of the emulated accounts.
    """

    log: str
    text: str
    data: Path
    runs: list[dict[str, Any]]
    secrets: list[str]

    def event(self, task_id: str, kind: str) -> dict[str, Any]:
        """Return the last event of a task, of this kind; a deferred task starts on two workers."""
        return [each for each in self._events(task_id) if each["eventType"] == kind][-1]

    def kinds(self, task_id: str) -> set[str]:
        """Return the kinds of the events of a task."""
        return {each["eventType"] for each in self._events(task_id)}

    def _events(self, task_id: str) -> list[dict[str, Any]]:
        events = map(json.loads, self.text.splitlines())
        return [each for each in events if each["job"]["name"].endswith(f".{task_id}")]

    def facet(self, task_id: str, kind: str) -> dict[str, Any]:
        """Return our facet of an event, without the fields that every facet has."""
        facet = self.event(task_id, kind)["run"]["facets"][FACET]
        return {name: value for name, value in facet.items() if not name.startswith("_")}

    def files(self, task_id: str, kind: str, way: str) -> Counter[tuple[str, str]]:
        """Return the names of the inputs or outputs of an event; the folder of the DAGs' files is ``/data``."""
        return Counter(
            (each["namespace"], each["name"].replace(str(self.data), "/data"))
            for each in self.event(task_id, kind)[way]
        )


@pytest.fixture(scope="session", params=installable())
def emitted(
    request: pytest.FixtureRequest, running: Emulator, tmp_path_factory: pytest.TempPathFactory
) -> Emitted:
    """Run the DAGs on each Airflow with the provider, whose transport writes the events to a file."""
    python = airflow_with("openlineage", REQUIREMENT, request.param)
    folder = tmp_path_factory.mktemp("openlineage")
    data, events = folder / "data", folder / "events.jsonl"
    (data / "in").mkdir(parents=True)
    (data / "in" / "report.pdf").write_bytes(b"%PDF-1.7 report")
    running.reset()
    running.set_pace(status_checks=2)
    environment = {
        f"AIRFLOW_CONN_{vendor.upper()}_DEFAULT": json.dumps(running.connection(vendor)) for vendor in VENDORS
    }
    transport = {"type": "file", "log_file_path": str(events), "append": True}
    environment |= {
        "AIRFLOW_HOME": str(folder / "airflow"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_FOLDER": str(HERE / "dags"),
        "AIRFLOW__OPENLINEAGE__TRANSPORT": json.dumps(transport),
        "AIRFLOW__OPENLINEAGE__NAMESPACE": "example",
        "AIRFLOW__WORKFLOW_PROVIDERS__POLL_INTERVAL": "0.05",
        "AIRFLOW__WORKFLOW_PROVIDERS__MIN_POLL_INTERVAL": "0.01",
        "AIRFLOW__WORKFLOW_PROVIDERS__INPUT_FOLDERS": str(data),
        "NO_PROXY": "127.0.0.1",
        "DATA": str(data),
    }
    command = [str(python), str(HERE / "run_dags.py"), str(HERE / "dags")]
    done = run_client(command, folder, environment, timeout=600)
    assert done.returncode == 0, done.stderr
    return Emitted(
        log=done.stdout + done.stderr,
        text=events.read_text(),
        data=data,
        runs=[run for vendor in ("datalab", "refold") for run in running.runs(vendor)],
        secrets=[running.account(vendor)["api_key"] for vendor in ("datalab", "refold")],
    )

"""What became of every input, from the ledger of the emulator, the manifest, and Airflow."""

from __future__ import annotations

import json
from collections import Counter
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import httpx
from airflow.sdk import ObjectStoragePath

from airflow_workflow_providers.outputs.manifest import BatchManifest
from dev.cluster.tasks import BATCH, DEFERRED, dag_id, text_of

if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping, Sequence

    from airflow_workflow_providers.emulator import Emulator
    from dev.real_airflow import RealAirflow

_PAGE = 100
#: The end of a task that does not start an execution again because the response to a start was lost.
_LOST_START = "LostStart"


def file_names(emulator: Emulator, trusted: ssl.SSLContext) -> dict[str, str]:
    """Return the name of each file that was uploaded to the emulated Datalab, by its reference, as its API lists them."""
    account = emulator.account("datalab")
    found: dict[str, str] = {}
    files: list[dict[str, Any]] = [{}]
    headers = {"x-api-key": account["api_key"]}
    with httpx.Client(headers=headers, verify=trusted, timeout=30) as client:
        while files:
            query = {"limit": _PAGE, "offset": len(found)}
            files = client.get(f"{account['base_url']}/api/v1/files", params=query).json()["files"]
            found |= {file["reference"]: file["original_filename"] for file in files}
    return found


def of_batch(
    runs: Sequence[Mapping[str, Any]], names: Mapping[str, str], result: Mapping[str, Any] | None, files: int
) -> Counter[str]:
    """
    Return what became of the files of the batch.

    :param runs: of Datalab, from the ledger.
    :param names: of the uploaded files, by their references.
    :param result: what the task has returned, or its manifest as an address; ``None`` if there is none.
    :param files: how many there are.
    """
    of_file = {run["execution_id"]: names.get(run["input"].get("file_url", ""), "") for run in runs}
    references = {run["execution_id"]: run["input"].get("file_url", "") for run in runs}
    started = Counter(name for name in of_file.values() if name)
    found: Counter[str] = Counter(started=started.total(), inputs=files)
    found["duplicated"] = sum(count - 1 for count in started.values())
    lines = {} if result is None else {line["index"]: line for line in BatchManifest(result)}
    for index in range(files):
        line, name = lines.get(index), f"invoice-{index:03}.pdf"
        if line is None:
            found["lost"] += 1
        elif line["state"] == "lost":
            found["lost_starts"] += 1
        elif line["state"] != "succeeded":
            found["failed"] += 1
        else:
            found["finished"] += 1
            reference = references.get(line["execution_id"], "no such execution")
            right = of_file.get(line["execution_id"]) == name and _is_whole(line, reference)
            found["outputs_written"] += 1
            found["outputs_wrong"] += not right
    return found


def _is_whole(line: Mapping[str, Any], reference: str) -> bool:
    """Whether the files of an output are as the manifest says, and the first one, the document, is that of this file."""
    document = b""
    for file in line.get("files", [line]):
        written = ObjectStoragePath(file["uri"]).read_bytes()
        document = document or written
        if len(written) != file["bytes"] or sha256(written).hexdigest() != file["sha256"]:
            return False
    return reference.encode() in document


def of_mapped(
    airflow: RealAirflow, run_ids: Mapping[str, str], runs: Sequence[Mapping[str, Any]], count: int
) -> Counter[str]:
    """
    Return what became of the mapped tasks.

    :param airflow: the cluster.
    :param run_ids: the DAG run of each DAG.
    :param runs: from the ledger, of all vendors.
    :param count: how many tasks each DAG has.
    """
    found: Counter[str] = Counter(inputs=count * len(DEFERRED))
    inputs = [(run["execution_id"], json.dumps(run["input"])) for run in runs]
    for vendor in DEFERRED:
        dag = dag_id(vendor.name)
        instances = {each["map_index"]: each for each in airflow.task_instances(dag, run_ids[dag])}
        mine = [(name, text) for name, text in inputs if f"{vendor.name}-" in text]
        for number in range(count):
            wanted = text_of(vendor.name, number)
            started = [name for name, text in mine if wanted in text]
            found["started"] += len(started)
            found["duplicated"] += max(0, len(started) - 1)
            instance = instances.get(number)
            if instance is None or instance["state"] not in ("success", "failed"):
                found["lost"] += 1
            elif instance["state"] == "success":
                found["finished"] += 1
                returned = airflow.xcom(dag, run_ids[dag], "run", "return_value", number)
                record = json.loads(returned) if isinstance(returned, str) else returned
                found["outputs_wrong"] += str((record or {}).get("execution_id")) not in started
            elif _names_a_lost_start(airflow, dag, run_ids[dag], instance):
                found["lost_starts"] += 1
            else:
                found["failed"] += 1
    return found


def _names_a_lost_start(airflow: RealAirflow, dag: str, run_id: str, instance: Mapping[str, Any]) -> bool:
    log = airflow.task_log(
        dag, run_id, "run", map_index=instance["map_index"], try_number=instance["try_number"]
    )
    return _LOST_START in json.dumps(log)


def result_of_batch(airflow: RealAirflow, run_id: str) -> Any:
    """Return what the batch has returned; if it has failed, the address of its manifest."""
    for key in ("return_value", "manifest"):
        value = airflow.xcom(BATCH, run_id, "parse", key)
        if isinstance(value, str) and value.startswith("{"):
            value = json.loads(value)
        if value:
            return value
    return None

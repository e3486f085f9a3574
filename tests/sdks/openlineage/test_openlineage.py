"""
OpenLineage's provider emits events with the vendor, the run and the files of a task.

The DAGs run on Airflow's own task runner, with the released provider, on every supported Airflow.
"""

import json
from pathlib import Path

import pytest

from tests.sdks.openlineage.conftest import FACET, Emitted

PAGE = Path(__file__).parents[3] / "docs" / "openlineage-event.json"


def outputs(emitted: Emitted, folder: str) -> set[tuple[str, str]]:
    """Return the files below a folder of the DAGs' data, as OpenLineage names them."""
    paths = (emitted.data / folder).rglob("*")
    return {
        ("file", f"/data/{path.relative_to(emitted.data)}")
        for path in paths
        if path.is_file() and not path.name.startswith(".") and ".state" not in str(path)
    }


def test_lineage_fails_no_task(emitted: Emitted):
    """All tasks succeed but the one whose execution fails."""
    assert {
        task: emitted.kinds(task) for task in ("parse", "parse_address", "parse_many", "fails", "download")
    } == {
        "parse": {"START", "COMPLETE"},
        "parse_address": {"START", "COMPLETE"},
        "parse_many": {"START", "COMPLETE"},
        "fails": {"START", "FAIL"},
        "download": {"START", "COMPLETE"},
    }
    assert "lineage of this task is not known" not in emitted.log
    assert "Airflow was not told" not in emitted.log


def test_the_start_names_the_vendor_the_workflow_and_the_files_of_the_input(emitted: Emitted):
    facet = emitted.facet("parse", "START")

    assert facet == {"vendor": "Datalab", "workflow": "pl_parse"}
    assert emitted.files("parse", "START", "inputs") == {("file", "/data/in/report.pdf"): 1}
    assert emitted.files("parse", "START", "outputs") == {}


def test_the_end_names_the_execution_and_each_file_that_was_written_once(emitted: Emitted):
    facet = emitted.facet("parse", "COMPLETE")
    executions = {run["execution_id"] for run in emitted.runs}

    assert facet["executionId"] in executions
    assert (facet["vendor"], facet["workflow"], facet["state"], facet["status"]) == (
        "Datalab",
        "pl_parse",
        "succeeded",
        "completed",
    )
    assert facet["url"].startswith("http://127.0.0.1:")
    assert emitted.files("parse", "COMPLETE", "inputs") == {("file", "/data/in/report.pdf"): 1}
    written = emitted.files("parse", "COMPLETE", "outputs")
    assert dict(written) == dict.fromkeys(outputs(emitted, "out"), 1)
    assert written
    assert all(facet["executionId"] in name for _, name in written)


@pytest.mark.parametrize("task_id", ["parse", "parse_many"])
def test_each_output_has_its_size_in_bytes(emitted: Emitted, task_id: str):
    files = emitted.event(task_id, "COMPLETE")["outputs"]
    sizes = {each["name"]: each["outputFacets"]["outputStatistics"]["size"] for each in files}

    assert sizes == {name: Path(name).stat().st_size for name in sizes}
    assert sizes


def test_an_address_has_neither_its_query_nor_its_upper_case(emitted: Emitted):
    name = ("https://files.example", "in/a.pdf")

    assert emitted.files("parse_address", "START", "inputs") == {name: 1}
    assert emitted.files("parse_address", "COMPLETE", "inputs") == {name: 1}


def test_a_batch_names_all_its_files_its_manifest_and_its_counts(emitted: Emitted):
    facet = emitted.facet("parse_many", "COMPLETE")

    assert facet["counts"] == {"succeeded": 3}
    assert facet["manifest"].startswith(f"file://{emitted.data}/many/")
    assert "executionId" not in facet
    assert set(emitted.files("parse_many", "START", "inputs")) == {
        ("https://files.example", f"in/{number}.pdf") for number in range(3)
    }
    written = emitted.files("parse_many", "COMPLETE", "outputs")
    assert dict(written) == dict.fromkeys(outputs(emitted, "many"), 1)
    assert len(written) > 3


def test_a_failure_names_the_execution_its_page_and_its_status(emitted: Emitted):
    facet = emitted.facet("fails", "FAIL")

    assert (facet["vendor"], facet["workflow"], facet["state"]) == ("Refold", "always-fails", "failed")
    assert facet["executionId"] in facet["url"]
    assert facet["status"]


def test_an_asset_that_stands_for_a_workflow_is_a_dataset(emitted: Emitted):
    """The kind is a part of the namespace, as the bucket of a file is."""
    assert emitted.files("syncs", "COMPLETE", "inputs") == {
        ("datalab://pipeline", "pl_parse"): 1,
        ("promptlayer://workflow", "My%20workflow"): 1,
    }
    assert emitted.files("syncs", "COMPLETE", "outputs") == {("refold://workflow", "sync-contacts"): 1}


def test_a_task_that_calls_a_hook_has_the_files_that_it_has_downloaded(emitted: Emitted):
    """Airflow's collector is told of them, and OpenLineage reads it."""
    assert dict(emitted.files("download", "COMPLETE", "outputs")) == dict.fromkeys(
        outputs(emitted, "downloaded"), 1
    )
    assert outputs(emitted, "downloaded")


def test_no_event_has_a_secret(emitted: Emitted):
    for secret in ("s3cret", *emitted.secrets):
        assert secret not in emitted.text


def test_the_page_shows_an_event_as_it_is_emitted(emitted: Emitted):
    """Without the facets of others, and with other ids; if this fails, the page needs what the test shows."""
    event = emitted.event("parse", "COMPLETE")
    facet = emitted.facet("parse", "COMPLETE")
    shown = {
        "eventType": event["eventType"],
        "job": {"namespace": event["job"]["namespace"], "name": event["job"]["name"]},
        "run": {"facets": {FACET: facet}},
        "inputs": [{name: each[name] for name in ("namespace", "name")} for each in event["inputs"]],
        "outputs": [
            {
                "namespace": each["namespace"],
                "name": each["name"],
                "outputFacets": {
                    "outputStatistics": {
                        name: value
                        for name, value in each["outputFacets"]["outputStatistics"].items()
                        if not name.startswith("_")
                    }
                },
            }
            for each in event["outputs"]
        ],
    }
    text = json.dumps(shown).replace(str(emitted.data), "/data")
    text = text.replace(facet["executionId"], "pex_d1743a3d76c9").replace(
        facet["url"], "https://www.datalab.to"
    )

    assert json.loads(text) == json.loads(PAGE.read_text())

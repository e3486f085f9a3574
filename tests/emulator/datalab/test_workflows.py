"""Datalab: workflows that a test adds."""

import pytest

from tests.emulator.datalab import EXECUTIONS, TWO, WORKFLOWS, cells


def test_an_added_workflow_has_its_options(emulator, execute, get_execution):
    added = emulator.add_workflow(
        "datalab", "7", steps=["a"], ends="FAILED", error="no", failing_files=1, status_checks=1
    )
    assert added == {"workflow_id": "7"}
    execution = get_execution(execute(7, TWO))
    assert (execution["status"], execution["error"]) == ("FAILED", "no")
    assert cells(execution, "status", "error") == [("COMPLETED", None), ("FAILED", "no")]
    emulator.add_workflow("datalab", "7", ends="CANCELED", seconds=0)
    assert get_execution(execute(7))["status"] == "CANCELED"


@pytest.mark.parametrize(
    ("workflow_id", "options", "named"),
    [
        *((workflow_id, {}, "whole number") for workflow_id in ("", "0", "-1", "a", "1/2", "٣")),
        ("7", {"ends": 1}, "'ends'"),
        ("7", {"error": None}, "'error'"),
        ("7", {"bare": "yes"}, "'bare'"),
        ("7", {"steps": "parse"}, "'steps'"),
        ("7", {"steps": [1]}, "'steps'"),
        ("7", {"failing_files": -1}, "`failing_files`"),
        ("7", {"failing_files": True}, "'failing_files'"),
        ("7", {"status_checks": 0}, "`status_checks`"),
    ],
)
def test_an_invalid_workflow_is_refused(emulator, workflow_id, options, named):
    with pytest.raises(ValueError, match=named):
        emulator.add_workflow("datalab", workflow_id, **options)


@pytest.mark.parametrize(
    "options",
    [{"start_id_field": "uuid"}, {"steps": "deep"}, {"queued": 1}, {"mood": "good"}, {"steps": ["flat"]}],
)
def test_an_unknown_variant_is_refused(emulator, options):
    with pytest.raises(ValueError, match="start_id_field: execution_id or id"):
        emulator.configure("datalab", **options)


def test_reset_goes_back_to_the_default_workflows_and_variants(emulator, datalab, execute):
    emulator.add_workflow("datalab", "7")
    emulator.configure("datalab", start_id_field="id", steps="flat", queued=True)
    emulator.reset()
    assert datalab.post(f"{WORKFLOWS}/7/execute").status_code == 404
    gone = execute()
    emulator.reset()
    assert datalab.get(f"{EXECUTIONS}/{gone}").status_code == 404
    execution = datalab.get(f"{EXECUTIONS}/{execute()}").json()
    assert execution["steps"]["parse"] == {"aggregated": {"id": 1, "file_ids": [], "status": "PENDING"}}

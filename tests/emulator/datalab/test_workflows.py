"""Datalab: workflows that a test adds; the literals here were written from the vendor's pages, not from the emulator."""

import pytest

from tests.emulator.datalab import EXECUTIONS, TWO, WORKFLOWS, cells


def test_workflows_are_listed_as_they_were_made(emulator, datalab):
    emulator.add_workflow("datalab", "7", name="w", steps=["parse", "extract"])
    answer = datalab.get(WORKFLOWS).json()
    assert answer.keys() == {"workflows"}
    assert {flow["id"]: flow["name"] for flow in answer["workflows"]} == {
        101: "parse-files",
        102: "always-fails",
        103: "never-ends",
        104: "partly-fails",
        105: "null-steps",
        106: "bare",
        7: "w",
    }
    flow = answer["workflows"][-1]
    assert flow.keys() == {"id", "name", "team_id", "steps", "created", "updated"}
    first = {"id": 1, "step_key": "marker_parse", "unique_name": "parse", "name": "parse", "version": "1.0.0"}
    assert flow["steps"][0] == {**first, "settings": {}, "depends_on": []}
    assert flow["steps"][1]["depends_on"] == ["parse"]
    mine = flow["team_id"]
    assert datalab.get(WORKFLOWS, params={"team_id": mine}).json() == answer
    assert datalab.get(WORKFLOWS, params={"team_id": mine + 1}).json() == {"workflows": []}


def test_an_added_workflow_runs_as_described(emulator, execute, look):
    added = emulator.add_workflow(
        "datalab", "7", steps=["a"], ends="FAILED", error="no", failing_files=1, looks=1
    )
    assert added == {"workflow_id": "7"}
    execution = look(execute(7, TWO))
    assert (execution["status"], execution["error"]) == ("FAILED", "no")
    assert cells(execution, "status", "error") == [("COMPLETED", None), ("FAILED", "no")]
    emulator.add_workflow("datalab", "7", ends="CANCELED", seconds=0)
    assert look(execute(7))["status"] == "CANCELED"


@pytest.mark.parametrize("workflow_id", ["", "0", "-1", "a", "1/2", "٣"])
def test_a_workflow_has_a_number(emulator, workflow_id):
    with pytest.raises(ValueError, match="whole number"):
        emulator.add_workflow("datalab", workflow_id)


@pytest.mark.parametrize(
    "options",
    [
        {"colour": "red"},
        {"ends": 1},
        {"error": None},
        {"bare": "yes"},
        {"steps": "parse"},
        {"steps": [1]},
        {"failing_files": -1},
        {"failing_files": True},
        {"seconds": 1, "looks": 1},
        {"looks": 0},
    ],
)
def test_what_no_workflow_can_be_is_refused(emulator, options):
    with pytest.raises((TypeError, ValueError)):
        emulator.add_workflow("datalab", "7", **options)


@pytest.mark.parametrize(
    "options",
    [{"started_as": "uuid"}, {"steps": "deep"}, {"queued": 1}, {"mood": "good"}, {"steps": ["flat"]}],
)
def test_what_cannot_be_chosen_is_refused(emulator, options):
    with pytest.raises(ValueError, match="Datalab cannot"):
        emulator.configure("datalab", **options)


def test_reset_goes_back_to_what_is_built_in(emulator, datalab, execute):
    emulator.add_workflow("datalab", "7")
    emulator.configure("datalab", started_as="id", steps="flat", queued=True)
    emulator.reset()
    assert datalab.post(f"{WORKFLOWS}/7/execute").status_code == 404
    gone = execute()
    emulator.reset()
    assert datalab.get(f"{EXECUTIONS}/{gone}").status_code == 404
    execution = datalab.get(f"{EXECUTIONS}/{execute()}").json()
    assert execution["steps"]["parse"] == {"aggregated": {"id": 1, "file_ids": [], "status": "PENDING"}}

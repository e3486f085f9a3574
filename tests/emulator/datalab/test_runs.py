"""Datalab: runs and their steps."""

from datetime import datetime

import pytest

from tests.emulator.datalab import ONE, TWO, cells


@pytest.mark.parametrize("queued", [False, True])
def test_a_run_passes_the_documented_statuses(emulator, execute, get_execution, queued):
    emulator.configure("datalab", queued=queued)
    statuses = (
        ["PENDING", "QUEUED", "IN_PROGRESS", "COMPLETED"]
        if queued
        else ["PENDING", "IN_PROGRESS", "COMPLETED"]
    )
    emulator.set_pace(status_checks=len(statuses))
    execution_id = execute()
    assert emulator.runs()[0]["status"] == "PENDING"
    assert [get_execution(execution_id)["status"] for _ in statuses] == statuses
    assert get_execution(execution_id)["status"] == "COMPLETED"


def test_a_finished_execution_is_nested_by_file(emulator, finished):
    execution = finished(101, TWO)
    at = execution["created"]
    execution_id = execution["execution_id"]
    datetime.strptime(at, "%Y-%m-%dT%H:%M:%S")  # noqa: DTZ007  # the page's times have no zone
    addresses = [address for (address,) in cells(execution, "output_url")]
    base = f"{emulator.url}/datalab/"
    assert len(set(addresses)) == 4
    assert all(address.startswith(base) for address in addresses)
    signed = "X-Amz-Signature=" + emulator.account("datalab")["signature"]
    assert all(signed in address for address in addresses)
    done = {"status": "COMPLETED", "started_at": at, "finished_at": at}
    one, two = {**done, "file_ids": ["file-1"]}, {**done, "file_ids": ["file-2"]}
    assert execution == {
        "execution_id": execution_id,
        "workflow_id": 101,
        "status": "COMPLETED",
        "input_config": TWO,
        "created": at,
        "updated": at,
        "steps": {
            "parse": {
                "file-1": {"id": 1, **one, "output_url": addresses[0]},
                "file-2": {"id": 2, **two, "output_url": addresses[1]},
            },
            "extract": {
                "file-1": {"id": 3, **one, "output_url": addresses[2]},
                "file-2": {"id": 4, **two, "output_url": addresses[3]},
            },
        },
    }


@pytest.mark.parametrize("given", [ONE, {"bucket": "b", "storage_type": "s3"}, {}, None])
def test_an_execution_shows_the_input_that_it_was_started_with(execute, get_execution, given):
    """The vendor's client reads it."""
    assert get_execution(execute(101, given))["input_config"] == given


@pytest.mark.parametrize(
    ("given", "keys"),
    [
        (ONE, ["file-1"]),
        ({"file_url": "https://example.com/a", "file_urls": ["https://example.com/b"]}, ["file-1", "file-2"]),
        ({"bucket": "b", "prefix": "path/", "storage_type": "r2"}, ["aggregated"]),
        ({"file_urls": []}, ["aggregated"]),
        ({}, ["aggregated"]),
        (None, ["aggregated"]),
    ],
)
def test_cells_are_by_file_or_aggregated(finished, given, keys):
    steps = finished(101, given)["steps"]
    assert [list(step) for step in steps.values()] == [keys, keys]
    files = [] if keys == ["aggregated"] else keys[:1]
    assert steps["parse"][keys[0]]["file_ids"] == files


def test_flat_steps_of_a_running_run_are_as_on_the_page(emulator, execute, get_execution):
    emulator.configure("datalab", steps="flat")
    emulator.add_workflow("datalab", "7", steps=["parse", "extract", "segment"])
    emulator.set_pace(status_checks=3)
    execution_id = execute(7, TWO)
    waiting = {"status": "PENDING"}
    assert get_execution(execution_id)["steps"] == {"parse": waiting, "extract": waiting, "segment": waiting}
    seen = get_execution(execution_id)
    address = seen["steps"]["parse"].pop("output_url")
    assert "X-Amz-Signature=" in address
    assert (seen["status"], seen["steps"]) == (
        "IN_PROGRESS",
        {
            "parse": {"status": "COMPLETED", "started_at": seen["created"], "completed_at": seen["created"]},
            "extract": {"status": "IN_PROGRESS", "started_at": seen["created"]},
            "segment": {"status": "PENDING"},
        },
    )
    assert get_execution(execution_id)["steps"]["segment"]["status"] == "COMPLETED"


def test_the_error_of_a_failed_run_is_at_the_top_and_in_its_cells(finished):
    error = "Step parse failed: document is encrypted"
    execution = finished(102, TWO)
    assert (execution["status"], execution["error"]) == ("FAILED", error)
    assert cells(execution, "status", "error") == [("FAILED", error)] * 2 + [("PENDING", None)] * 2
    assert [bool(address) for (address,) in cells(execution, "output_url")] == [True, True, False, False]


def test_the_error_of_a_failed_run_is_in_flat_steps_too(emulator, finished):
    emulator.configure("datalab", steps="flat")
    error = "Step parse failed: document is encrypted"
    steps = finished(102, TWO)["steps"]
    assert (steps["parse"]["status"], steps["parse"]["error"]) == ("FAILED", error)
    assert steps["extract"] == {"status": "PENDING"}


@pytest.mark.parametrize("given", [TWO, ONE, None])
def test_a_completed_run_may_have_a_cell_that_failed(finished, given):
    execution = finished(104, given)
    assert execution["status"] == "COMPLETED"
    assert "error" not in execution
    parse = list(execution["steps"]["parse"].values())
    assert [cell["status"] for cell in parse] == ["COMPLETED"] * (len(parse) - 1) + ["FAILED"]
    assert parse[-1]["error"] == "page 3 could not be read"
    assert [status for (status,) in cells(execution, "status")].count("FAILED") == 1


def test_a_run_that_never_ends_keeps_running(emulator, execute, get_execution):
    emulator.set_pace(status_checks=2)
    execution_id = execute(103)
    assert [get_execution(execution_id)["status"] for _ in range(4)] == ["PENDING"] + ["IN_PROGRESS"] * 3


def test_steps_may_be_null(finished):
    execution = finished(105, TWO)
    assert (execution["status"], execution["steps"]) == ("COMPLETED", None)


def test_an_execution_may_have_a_status_only(finished):
    execution = finished(106, TWO)
    assert execution == {
        "execution_id": execution["execution_id"],
        "workflow_id": 106,
        "status": "COMPLETED",
    }

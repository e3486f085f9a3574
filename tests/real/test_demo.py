"""`make demo` in a fresh copy: it ends well, says so to people and programs, and leaves nothing behind."""

import json
import re

import pytest

from tests.real.newcomer import processes_in

pytestmark = pytest.mark.real

FIELDS = {
    "dag_id",
    "vendor",
    "task_id",
    "map_index",
    "execution_id",
    "state",
    "expected",
    "deferred",
    "seconds",
}


@pytest.fixture
def report(demo):
    return json.loads((demo.folder / ".demo" / "report.json").read_text())


def test_the_demo_ends_well_and_says_so(demo):
    count = re.search(r"^(\d+) of (\d+) ended as expected", demo.output, re.MULTILINE)

    assert demo.exit_code == 0, demo.output
    assert count is not None, demo.output
    assert count[1] == count[2] != "0"


def test_the_report_tells_of_every_vendor_task(report):
    assert report
    for row in report:
        assert set(row) == FIELDS
        assert row["state"] == row["expected"], row


def test_a_wait_in_the_demo_holds_no_worker(report):
    assert [row for row in report if row["deferred"] and row["execution_id"]]


def test_the_demo_leaves_no_process(demo):
    assert processes_in(demo.folder) == []

"""`make demo` in a new copy: it succeeds, prints that, writes a report, and leaves no process."""

import hashlib
import json
import re
from pathlib import Path

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
    "outputs",
}


@pytest.fixture
def report(demo):
    return json.loads((demo.folder / ".demo" / "report.json").read_text())


def test_the_demo_succeeds_and_prints_that(demo):
    count = re.search(r"^(\d+) of (\d+) ended as expected", demo.output, re.MULTILINE)

    assert demo.exit_code == 0, demo.output
    assert count is not None, demo.output
    assert count[1] == count[2] != "0"


def test_the_report_has_each_vendor_task_in_its_expected_state(report):
    assert report
    for row in report:
        assert set(row) == FIELDS
        assert row["state"] == row["expected"], row


def test_the_documents_lie_in_the_folder_with_the_digests_that_the_report_names(report):
    """A local PDF through a pipeline and through a workflow; the Markdown of both is there."""
    stored = [(row["task_id"], output) for row in report for output in row["outputs"]]
    assert {task_id for task_id, _ in stored} == {"pipeline", "workflow"}
    for _, output in stored:
        content = Path(output["uri"].removeprefix("file://")).read_bytes()
        assert (len(content), hashlib.sha256(content).hexdigest()) == (output["bytes"], output["sha256"])
        assert json.loads(content)["markdown"].startswith("# ")


def test_tasks_of_the_demo_wait_in_the_triggerer(report):
    assert [row for row in report if row["deferred"] and row["execution_id"]]


def test_the_demo_leaves_no_process(demo):
    assert processes_in(demo.folder) == []

"""The short form of `make bench`: it runs, its rows are complete, and we are not late. It says nothing about speed."""

import json
import subprocess
import sys
from xml.etree import ElementTree as ET

import pytest

from dev.bench import report
from dev.environment import ROOT

pytestmark = pytest.mark.real

CONTESTANTS = {"floor", "ours", "databricks"}


@pytest.fixture(scope="module")
def output(tmp_path_factory):
    path = tmp_path_factory.mktemp("bench") / "bench.json"
    command = [sys.executable, "-m", "dev.bench", "waits", "--short", "--output", str(path)]
    subprocess.run(command, cwd=ROOT, check=True, timeout=900)
    return path


@pytest.fixture(scope="module")
def rows(output):
    return {row["contestant"]: row for row in json.loads(output.read_text())}


def test_each_contestant_has_a_row_with_every_figure(rows):
    assert rows.keys() == CONTESTANTS
    for row in rows.values():
        assert (row["where"], row["n"]) == ("loop", 200)
        assert set(report.FIGURES) <= row.keys()


def test_we_keep_up_and_notice_each_end_of_a_run(rows):
    row = rows["ours"]

    assert report.keeps_up(row), row
    assert row["delay_s_median"] > 0
    assert row["passes"][0]["ended"] == 200


def test_the_picture_has_a_bar_for_each_contestant(output):
    drawn = ET.parse(output.with_suffix(".svg"))  # noqa: S314  # our own file

    assert set(drawn.getroot().itertext()) >= CONTESTANTS

"""The files of constraints, and the versions of Airflow that a Python can have."""

import re

import pytest

from dev import environment
from dev.matrix import NEWEST, VERSIONS, installable

pytestmark = pytest.mark.real


@pytest.mark.parametrize("minor", VERSIONS)
def test_constraints_name_a_version_of_each_package_and_no_address(minor):
    lines = environment.constraints_for(minor).read_text().splitlines()
    pinned = [line for line in lines if not line.startswith("#")]

    assert any(line.startswith(f"apache-airflow=={minor}.") for line in pinned)
    assert [line for line in pinned if not re.fullmatch(r"[\w.-]+==[\w.+!]+( ; .+)?", line)] == []


def test_only_a_pre_release_of_airflow_is_later_than_the_newest_release():
    later = VERSIONS[VERSIONS.index(NEWEST) + 1 :]

    for minor in VERSIONS:
        found = re.search(
            r"^apache-airflow==(\S+)", environment.constraints_for(minor).read_text(), re.MULTILINE
        )
        assert found
        assert bool(re.search(r"(a|b|rc)\d+$", found[1])) == (minor in later)


def test_an_airflow_that_needs_a_newer_python_is_left_out():
    assert installable((3, 10)) == ("3.1", "3.2", "3.3")
    assert installable((3, 11)) == VERSIONS

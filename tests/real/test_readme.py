"""The commands of the pages do what the pages say, on a machine without this project."""

import ast
import os
import re
import sqlite3
from pathlib import Path

import pytest
from airflow.api_fastapi.auth.managers.simple.simple_auth_manager import SimpleAuthManager
from airflow.configuration import conf

from tests.real.newcomer import (
    FIRST_DAGS,
    README,
    SET_UP,
    commands,
    comparable,
    files,
    project_urls,
    records,
    repository,
    run_in,
    steps,
)

pytestmark = pytest.mark.real

REFOLD = next(page for page in FIRST_DAGS if page.stem == "refold")
DEMO = "make demo\nmake test\n"  # tests/real/test_demo.py runs the demo, and `make test` this test


@pytest.fixture(scope="session")
def followed(tmp_path_factory):
    """Follow the README from the clone on, then the page of each vendor, in one shell in an empty folder."""
    folder = tmp_path_factory.mktemp("newcomer") / "empty"
    folder.mkdir()
    environment = repository(folder.parent / "repository")
    script = [step for page in (README, *FIRST_DAGS) for step in steps(page) if step != DEMO]
    return run_in(folder, "\n".join(script), environment)


def test_the_readme_opens_with_a_clone_the_demo_and_the_tests():
    clone = f"git clone {project_urls()['Source']}\ncd airflow-workflow-providers\n"

    assert commands(README)[:2] == [clone, DEMO]


def test_a_first_run_takes_at_most_eight_lines():
    lines = [line for block in commands(README) if block != DEMO for line in block.splitlines()]

    assert 0 < len(lines) <= 8


def test_the_readme_and_the_pages_have_the_same_commands_files_and_records():
    assert [*commands(SET_UP), *commands(REFOLD)] == [block for block in commands(README) if block != DEMO]
    assert files(REFOLD) == files(README)
    assert records(REFOLD) == records(README)


@pytest.mark.parametrize("page", [README, SET_UP], ids=lambda page: page.name)
def test_a_page_that_starts_airflow_names_its_address_and_the_file_of_the_password(page):
    """Both are the defaults of this Airflow."""
    text = page.read_text()
    password = Path(SimpleAuthManager.get_generated_password_file())

    assert "emulator airflow standalone\n" in text
    assert f"<http://localhost:{conf.get('api', 'port')}>" in text
    assert [user.username for user in SimpleAuthManager.get_users()] == ["admin"]
    assert "The user is `admin`" in text
    assert f"`$AIRFLOW_HOME/{password.relative_to(os.environ['AIRFLOW_HOME'])}`" in text


def test_every_command_works_in_an_empty_folder(followed):
    """The folder of each file exists when the page tells the reader to save the file."""
    assert followed.exit_code == 0, followed.output


def test_each_page_ends_in_a_run_that_succeeded(followed):
    with sqlite3.connect(followed.folder / "first-dag" / "airflow" / "airflow.db") as database:
        ended = database.execute("select dag_id, state from dag_run order by id").fetchall()

    pages = [f"first_{page.stem}" for page in FIRST_DAGS]
    assert ended == [(dag_id, "success") for dag_id in ("first_refold", *pages)], followed.output


def test_each_run_prints_the_record_that_its_page_shows(followed):
    printed = re.findall(r"^\{'execution_id'.*\}$", followed.output, re.MULTILINE)

    shown = [record for page in (README, *FIRST_DAGS) for record in records(page)]
    assert [comparable(ast.literal_eval(line)) for line in printed] == shown, followed.output

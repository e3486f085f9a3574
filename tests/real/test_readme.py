"""What the pages say to type does what they say, on a machine that has seen nothing of this project."""

import sqlite3

import pytest

from tests.real.newcomer import FIRST_DAGS, README, SET_UP, commands, copy_of_project, files, run_in

pytestmark = pytest.mark.real


@pytest.fixture(scope="session")
def followed(tmp_path_factory):
    """Do all that the README says after its opening, then each vendor's page, in one shell in an empty folder."""
    folder = tmp_path_factory.mktemp("newcomer") / "empty"
    copy_of_project(folder / "airflow-workflow-providers")
    _, *first = commands(README)
    script = list(first)
    for page in (README, *FIRST_DAGS):
        for name, content in files(page).items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
    for page in FIRST_DAGS:
        script += commands(page)
    return run_in(folder, "\n".join(script))


def test_the_readme_opens_with_the_demo_and_the_tests():
    assert commands(README)[0].splitlines() == ["make demo", "make test"]


def test_a_first_run_takes_at_most_six_commands():
    _, *first = commands(README)

    assert 0 < sum(len(block.splitlines()) for block in first) <= 6


def test_the_readme_and_the_pages_say_the_same():
    """So what was followed from the README was followed from the site too."""
    (set_up,) = commands(SET_UP)
    refold = next(page for page in FIRST_DAGS if page.stem == "refold")

    assert [set_up, *commands(refold)] == commands(README)[1:]
    assert files(refold) == files(README)


def test_every_command_works_in_an_empty_folder(followed):
    assert followed.exit_code == 0, followed.output


def test_each_page_ends_in_a_run_that_succeeded(followed):
    with sqlite3.connect(followed.folder / "airflow" / "airflow.db") as database:
        ended = database.execute("select dag_id, state from dag_run order by id").fetchall()

    pages = [f"first_{page.stem}" for page in FIRST_DAGS]
    assert ended == [(dag_id, "success") for dag_id in ("first_refold", *pages)], followed.output

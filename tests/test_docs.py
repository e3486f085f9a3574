"""The pages say what the code says; what Sphinx checks (links, anchors, includes) is left to `make docs`."""

from __future__ import annotations

import ast
import json
import re
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk import Connection

from airflow_workflow_providers.get_provider_info import VENDORS, get_provider_info
from airflow_workflow_providers.operators.altostrat import AltostratExecuteWorkflowOperator
from dev import pictures
from tests.real.newcomer import project_urls

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
FORMS = {form["connection-type"]: form for form in get_provider_info()["connection-types"]}
every_vendor = pytest.mark.parametrize("vendor", VENDORS)


def rows(page: Path) -> dict[str, list[str]]:
    """Return the rows of the page's tables by their first cell, without its backticks."""
    table = [line.strip("| ").split(" | ") for line in page.read_text().splitlines() if line.startswith("| ")]
    return {cells[0].strip("`"): cells[1:] for cells in table}


@every_vendor
def test_a_connections_page_has_every_field_by_its_label(vendor: str) -> None:
    form = FORMS[vendor]
    labels = {**form["ui-field-behaviour"]["relabeling"]}
    labels |= {name: field["label"] for name, field in form["conn-fields"].items()}
    said = {**rows(DOCS / "connections" / "index.md"), **rows(DOCS / "connections" / f"{vendor}.md")}

    assert {name: said[name][0] for name in labels} == labels
    assert f"`{form['ui-field-behaviour']['placeholders']['host']}`" in said["host"][1]


@every_vendor
def test_a_connections_page_has_a_line_that_makes_one(vendor: str) -> None:
    """The variable's JSON is a connection of the type, with no field that the form does not have."""
    page = (DOCS / "connections" / f"{vendor}.md").read_text()
    (name, line) = re.findall(r"^export (AIRFLOW_CONN_\w+)='(.*)'$", page, re.MULTILINE)[0]
    connection = Connection.from_json(line)
    module, _, hook = FORMS[vendor]["hook-class-name"].rpartition(".")
    cls: Any = getattr(import_module(module), hook)

    assert name == f"AIRFLOW_CONN_{vendor.upper()}_DEFAULT"
    assert connection.conn_type == vendor
    assert connection.password
    assert set(connection.extra_dejson) <= set(FORMS[vendor]["conn-fields"])
    cls.extra_model.model_validate(connection.extra_dejson)


@every_vendor
def test_an_operators_page_includes_every_example_and_has_every_status(vendor: str) -> None:
    page = DOCS / "operators" / f"{vendor}.md"
    included = set(re.findall(r"literalinclude\} \.\./\.\./example_dags/(\w+\.py)", page.read_text()))
    api: Any = import_module(f"airflow_workflow_providers.apis.{vendor}")
    if vendor == "laminar":
        api = import_module("airflow_workflow_providers.apis.laminar_jobs")
    words = {word for cell in rows(page) for word in re.split(r"`?, `?", cell)}

    assert included == {path.name for path in (ROOT / "example_dags").glob(f"{vendor}_*.py")}
    assert set(getattr(api, "STATUSES", None) or api.NODE_STATUSES) <= words


def test_the_pictures_show_the_forms_as_they_are() -> None:
    """Where this fails a form has changed: `make pictures` makes them again."""
    assert json.loads(pictures.NOTE.read_text()) == pictures.forms()


@pytest.mark.parametrize("name", ["CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md"])
def test_links_between_files_lead_somewhere(name: str) -> None:
    targets = re.findall(r"\]\((?!https?://|#)([^)#]+)", (ROOT / name).read_text())

    assert [target for target in targets if not (ROOT / target).exists()] == []


def in_repository(url: str) -> bool:
    """Return whether an address below the repository's names a file or a folder that is there."""
    below = url.removeprefix(project_urls()["Source"])
    kind, _, path = below.partition("/main/")
    path = path.partition("#")[0]
    return below in ("", "/issues") or {"/blob": Path.is_file, "/tree": Path.is_dir}[kind](ROOT / path)


def test_the_readme_can_be_read_elsewhere() -> None:
    """It is the package's description: each link is a whole address, and those into the repository lead to what is there."""
    text = (ROOT / "README.md").read_text()
    defined = dict(re.findall(r"^\[([^\]]+)\]: (\S+)$", text, re.MULTILINE))
    links = [*re.findall(r"\]\(([^)]+)\)", text), *defined.values()]
    source = project_urls()["Source"]

    assert set(re.findall(r"\]\[([^\]]+)\]", text)) == set(defined)
    assert [link for link in links if not link.startswith("https://")] == []
    assert [link for link in links if link.startswith(source) and not in_repository(link)] == []


def test_the_repository_has_one_address() -> None:
    """The one in ``[project.urls]``, wherever a page names it."""
    urls = project_urls()
    pages = [ROOT / "README.md", *DOCS.rglob("*.md")]
    named = {
        url for page in pages for url in re.findall(r"https://github\.com/[\w-]+/[\w-]+", page.read_text())
    }

    assert set(urls) == {"Homepage", "Documentation", "Source", "Issues", "Changelog"}
    assert [
        url for url in urls.values() if not url.startswith(urls["Source"]) or not in_repository(url)
    ] == []
    assert named == {urls["Source"]}


def test_the_nonce_on_altostrats_page_is_sent_under_its_key() -> None:
    page = (DOCS / "operators" / "altostrat.md").read_text()
    (block,) = re.findall(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    (call,) = [node for node in ast.walk(ast.parse(block)) if isinstance(node, ast.Call)]
    given = {keyword.arg: ast.literal_eval(keyword.value) for keyword in call.keywords}
    task: Any = AltostratExecuteWorkflowOperator(**given)
    task.nonce = "new for each start"

    assert task.start_call(1.0).body["context"] == {**given["context"], given["nonce_key"]: task.nonce}


def test_every_setting_is_on_the_operators_page_with_its_default() -> None:
    said = rows(DOCS / "operators" / "index.md")
    (section,) = get_provider_info()["config"].items()

    for name, option in section[1]["options"].items():
        variable, default, _ = said[name]
        assert variable == f"`AIRFLOW__{section[0].upper()}__{name.upper()}`"
        assert float(default) == float(option["default"])


def test_a_commit_runs_what_a_contributor_runs() -> None:
    assert "entry: make check\n" in (ROOT / ".pre-commit-config.yaml").read_text()

"""The pages agree with the code. `make docs` checks links, anchors and includes."""

from __future__ import annotations

import ast
import inspect
import json
import re
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk import Connection

from airflow_workflow_providers.core.rate_limit import SHARES
from airflow_workflow_providers.core.status_list import MOST_BELIEVED
from airflow_workflow_providers.emulator import Emulator
from airflow_workflow_providers.emulator.faults import FAULTS
from airflow_workflow_providers.get_provider_info import VENDORS, get_provider_info
from airflow_workflow_providers.operators.altostrat import AltostratExecuteWorkflowOperator
from dev import pictures
from dev.vendors import CASES, VendorCase
from tests.real.newcomer import project_urls

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
FORMS = {form["connection-type"]: form for form in get_provider_info()["connection-types"]}
every_vendor = pytest.mark.parametrize("vendor", VENDORS)


def load_extension() -> Any:
    """Return ``docs/api_reference.py``, which Sphinx finds in the folder of its configuration."""
    spec = spec_from_file_location("api_reference", DOCS / "api_reference.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


REFERENCE = load_extension()

#: Every operator, sensor, trigger and hook of every vendor.
CLASSES = [
    cls
    for kind in REFERENCE.KINDS
    for group in get_provider_info()[kind]
    for module in group["python-modules"]
    for cls in vars(import_module(module)).values()
    if REFERENCE.has_parameters(cls) and cls.__module__ == module
]


def rows(page: Path) -> dict[str, list[str]]:
    """Return the rows of the page's tables by their first cell, without its backticks."""
    table = [line.strip("| ").split(" | ") for line in page.read_text().splitlines() if line.startswith("| ")]
    return {cells[0].strip("`"): cells[1:] for cells in table}


def default_limit(vendor: str) -> float | None:
    """Return the requests a second of a connection whose field is empty."""
    module, _, hook = FORMS[vendor]["hook-class-name"].rpartition(".")
    limit: float | None = getattr(import_module(module), hook).extra_model().requests_per_second
    return limit


@every_vendor
def test_the_table_of_vendors_has_a_link_to_each_page_of_a_vendor(vendor: str) -> None:
    """Other pages have only a link to this table."""
    links = re.findall(r"\((\S+)\)", (DOCS / "index.md").read_text())

    for folder in ("first-dag", "connections", "operators"):
        assert f"{folder}/{vendor}.md" in links
        assert (DOCS / folder / f"{vendor}.md").is_file()


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_the_readmes_table_has_the_connection_type_and_the_classes_of_a_vendor(case: VendorCase) -> None:
    classes = [case.operator, *([case.sensor] if case.get_status else [])]
    table = [cells for cells in rows(ROOT / "README.md").values() if cells[0] == f"`{case.conn_type}`"]

    assert [row for row in table if all(f"`{cls.__name__}`" in " ".join(row) for cls in classes)]


@every_vendor
def test_a_connections_page_names_every_field_by_its_label(vendor: str) -> None:
    form = FORMS[vendor]
    labels = {**form["ui-field-behaviour"]["relabeling"]}
    labels |= {name: field["label"] for name, field in form["conn-fields"].items()}
    cells = {**rows(DOCS / "connections" / "index.md"), **rows(DOCS / "connections" / f"{vendor}.md")}

    assert {name: cells[name][0] for name in labels} == labels
    assert f"`{form['ui-field-behaviour']['placeholders']['host']}`" in cells["host"][1]


@every_vendor
def test_a_connections_page_says_which_limit_an_empty_field_means(vendor: str) -> None:
    limit = default_limit(vendor)
    meaning = rows(DOCS / "connections" / f"{vendor}.md")["requests_per_second"][1]

    assert f"empty: {'no limit' if limit is None else format(limit, 'g')}" in meaning
    assert "documents" in meaning


def test_the_table_of_a_triggerers_share_follows_from_the_defaults() -> None:
    """A list has 100 executions on a page, and each execution is also checked itself now and then."""
    text = (DOCS / "many-executions.md").read_text()
    limits = {vendor: default_limit(vendor) for vendor in VENDORS}

    assert {vendor for vendor, limit in limits.items() if limit} == {"refold", "datalab"}
    for vendor, row in {"refold": "Refold", "datalab": "Datalab, pipelines"}.items():
        rate = (limits[vendor] or 0.0) * SHARES["triggerer"]
        listed = rate * 60 / (1 / 100 + 1 / MOST_BELIEVED)
        assert f"| {row} | {rate:g} | {rate * 60:g} | {listed:,.0f} |" in text


@every_vendor
def test_a_connections_page_sets_a_variable_that_airflow_reads(vendor: str) -> None:
    """The variable's JSON is a connection of the vendor's type. Its form has all the fields of the JSON."""
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
    """Or the example is one of the five real DAGs."""
    page = DOCS / "operators" / f"{vendor}.md"
    text = page.read_text() + (DOCS / "five-dags.md").read_text()
    included = set(re.findall(rf"literalinclude\}} [./]+/example_dags/({vendor}_\w+\.py)", text))
    api: Any = import_module(f"airflow_workflow_providers.apis.{vendor}")
    if vendor == "laminar":
        api = import_module("airflow_workflow_providers.apis.laminar_jobs")
    words = {word for cell in rows(page) for word in re.split(r"`?, `?", cell)}

    assert included == {path.name for path in (ROOT / "example_dags").glob(f"{vendor}_*.py")}
    assert set(getattr(api, "STATUSES", None) or api.NODE_STATUSES) <= words


def test_the_pictures_show_the_forms_the_page_and_the_question_as_they_are() -> None:
    """If this fails, a form, the page of an execution or the question to a person has changed: run `make pictures`."""
    assert json.loads(pictures.NOTE.read_text()) == pictures.shown()


@pytest.mark.parametrize("name", ["CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md"])
def test_links_between_files_lead_to_files(name: str) -> None:
    targets = re.findall(r"\]\((?!https?://|#)([^)#]+)", (ROOT / name).read_text())

    assert [target for target in targets if not (ROOT / target).exists()] == []


def in_repository(url: str) -> bool:
    """Return whether a URL of the repository leads to an existing file or folder."""
    below = url.removeprefix(project_urls()["Source"])
    kind, _, path = below.partition("/main/")
    path = path.partition("#")[0]
    return below in ("", "/issues") or {"/blob": Path.is_file, "/tree": Path.is_dir}[kind](ROOT / path)


def test_the_readmes_links_work_on_other_sites() -> None:
    """The README is the package's description: each link is a complete URL, and those of the repository lead to a file."""
    text = (ROOT / "README.md").read_text()
    defined = dict(re.findall(r"^\[([^\]]+)\]: (\S+)$", text, re.MULTILINE))
    links = [*re.findall(r"\]\(([^)]+)\)", text), *defined.values()]
    source = project_urls()["Source"]

    assert set(re.findall(r"\]\[([^\]]+)\]", text)) == set(defined)
    assert [link for link in links if not link.startswith("https://")] == []
    assert [link for link in links if link.startswith(source) and not in_repository(link)] == []


def test_every_page_names_the_repository_by_one_url() -> None:
    """The URL is the one in ``[project.urls]``."""
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


def test_the_nonce_in_the_example_on_altostrats_page_is_sent_under_its_key() -> None:
    page = (DOCS / "operators" / "altostrat.md").read_text()
    (block,) = re.findall(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    (call,) = [node for node in ast.walk(ast.parse(block)) if isinstance(node, ast.Call)]
    given = {keyword.arg: ast.literal_eval(keyword.value) for keyword in call.keywords}
    task: Any = AltostratExecuteWorkflowOperator(**given)
    task.nonce = "new for each start"

    assert task.build_start_request(1.0).body["context"] == {
        **given["context"],
        given["nonce_key"]: task.nonce,
    }


def test_every_setting_is_on_the_operators_page_with_its_default() -> None:
    cells = rows(DOCS / "operators" / "index.md")
    (section,) = get_provider_info()["config"].items()

    for name, option in section[1]["options"].items():
        variable, default, _ = cells[name]
        assert variable == f"`AIRFLOW__{section[0].upper()}__{name.upper()}`"
        if option["type"] == "float":
            assert float(default) == float(option["default"])
        else:
            assert default == (option["default"] or "none")


def test_every_method_of_the_emulator_on_the_page_takes_the_parameters_that_it_names() -> None:
    table = (DOCS / "testing.md").read_text()
    for call in re.findall(r"^\| `(\w+\(.*?\))` \|", table, re.MULTILINE):
        (documented,) = ast.parse(f"def {call}: ...").body
        assert isinstance(documented, ast.FunctionDef)
        named = [*documented.args.args, *documented.args.kwonlyargs]
        defaults = [ast.literal_eval(each) for each in documented.args.defaults]
        taken = inspect.signature(getattr(Emulator, documented.name)).parameters

        assert {each.arg for each in named} <= set(taken), call
        for each, default in zip(reversed(named), reversed(defaults), strict=False):
            assert taken[each.arg].default == default, call


def test_every_fault_of_the_emulator_is_on_the_page() -> None:
    table = (DOCS / "testing.md").read_text().partition("| fault |")[2].partition("\n\n")[0]
    first = re.findall(r"^\| (`.*?`) \|", table, re.MULTILINE)

    assert sorted(re.findall(r"`(\w+)`", " ".join(first))) == sorted(FAULTS)


# -- the API reference ------------------------------------------------------------------------------------------


@every_vendor
def test_the_reference_has_every_module_of_a_vendor(vendor: str) -> None:
    name, url = VENDORS[vendor]
    page = REFERENCE.pages(get_provider_info())[f"vendors/{vendor}.md"]

    assert page.startswith(f"# {name}\n")
    assert url in page
    assert re.findall(r"automodule:: airflow_workflow_providers\.(\S+)", page) == [
        f"{kind}.{vendor}" for kind in REFERENCE.KINDS
    ]


def test_a_new_vendor_is_in_the_reference_by_its_description_alone() -> None:
    """Its page has the kinds of classes that the vendor has, and no other page changes."""
    info = get_provider_info()
    before = REFERENCE.pages(info)
    name = {"integration-name": "Sixth Vendor"}
    info["integrations"].append({**name, "external-doc-url": "https://docs.example.com/"})
    info["operators"].append({**name, "python-modules": ["airflow_workflow_providers.operators.refold"]})

    after = REFERENCE.pages(info)

    page = after.pop("vendors/sixth-vendor.md")
    assert after == before
    assert re.findall(r"^#+ .*$", page, re.MULTILINE) == ["# Sixth Vendor", "## Operators"]
    assert "automodule:: airflow_workflow_providers.operators.refold" in page


def test_a_page_of_a_vendor_that_is_gone_is_deleted(tmp_path: Path) -> None:
    """The page that is written by hand stays, and a page that has not changed is not written again."""
    (tmp_path / "index.md").write_text("by hand")
    REFERENCE.write(tmp_path, {"errors.md": "errors", "vendors/gone.md": "gone"})
    written = (tmp_path / "errors.md").stat().st_mtime_ns

    REFERENCE.write(tmp_path, {"errors.md": "errors", "vendors/new.md": "new"})

    assert sorted(page.name for page in tmp_path.rglob("*.md")) == ["errors.md", "index.md", "new.md"]
    assert (tmp_path / "errors.md").stat().st_mtime_ns == written


def documented(cls: type) -> list[str]:
    """Return the names of the parameters on the page of a class."""
    lines = inspect.cleandoc(cls.__doc__ or "").splitlines()
    REFERENCE.add_inherited_parameters(cls, lines)
    return [found[1] for line in lines if (found := re.match(r":param (?:[^:]* )?(\w+):", line))]


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_the_reference_has_every_parameter_that_a_class_takes_once(cls: Any) -> None:
    """Its own, and those of its bases in this package, except those that do nothing for its vendor."""
    taken = {
        name
        for base in cls.__mro__
        if base.__module__.startswith(REFERENCE.PACKAGE) and "__init__" in vars(base)
        for name, parameter in list(inspect.signature(base.__init__).parameters.items())[1:]
        if parameter.kind is not parameter.VAR_KEYWORD
    }
    if hasattr(cls, "conn_name_attr"):  # a hook, which gives this to its base under its own name
        taken.remove("conn_id")

    assert sorted(documented(cls)) == sorted(taken - getattr(cls, "unsupported", frozenset()))


class _Grandparent:
    """
    Wait.

    :param timeout: how long to wait.
    :param on_clear: what a cleared task does.
    """


class _Parent(_Grandparent):
    """
    Start and wait.

    :param poll_interval: seconds between two status checks,
        or a timedelta.
    :param timeout: how long to wait.
    :param cancel_on_kill: whether to stop the execution.
    :raises WorkflowError: if it fails.
    """


class _Child(_Parent):
    """
    Start an execution.

    :param workflow_id: the workflow
        (templated).
    :param timeout: one hour.
    :raises InvalidInput: if a parameter is wrong.
    """

    unsupported = frozenset({"cancel_on_kill"})


class _Plain(_Parent):
    """Start an execution."""


def page_of(monkeypatch: pytest.MonkeyPatch, cls: type) -> list[str]:
    """Return the docstring of one of the classes above as it is on its page, as if the class were in this package."""
    for each in (_Grandparent, _Parent, _Child, _Plain):
        monkeypatch.setattr(each, "__module__", f"{REFERENCE.PACKAGE}.operators.base")
    lines = inspect.cleandoc(cls.__doc__ or "").splitlines()
    REFERENCE.add_inherited_parameters(cls, lines)
    return lines


def test_inherited_parameters_follow_the_own_ones_in_the_order_of_the_bases(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A class leaves out what it documents itself, and what is unsupported; its errors stay last."""
    assert page_of(monkeypatch, _Child) == [
        "Start an execution.",
        "",
        ":param workflow_id: the workflow",
        "    (templated).",
        ":param timeout: one hour.",
        ":param poll_interval: seconds between two status checks,",
        "    or a timedelta.",
        ":param on_clear: what a cleared task does.",
        ":raises InvalidInput: if a parameter is wrong.",
    ]


def test_a_class_without_parameters_of_its_own_has_those_of_its_bases(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert page_of(monkeypatch, _Plain) == [
        "Start an execution.",
        "",
        ":param poll_interval: seconds between two status checks,",
        "    or a timedelta.",
        ":param timeout: how long to wait.",
        ":param cancel_on_kill: whether to stop the execution.",
        ":param on_clear: what a cleared task does.",
        "",
    ]

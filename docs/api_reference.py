"""A Sphinx extension: it writes the pages of the API reference, and adds inherited parameters to them."""  # noqa: INP001  # a folder of pages, not a package

from __future__ import annotations

import inspect
import re
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from airflow.providers.common.compat.sdk import BaseHook, BaseOperator
from airflow.triggers.base import BaseTrigger

from airflow_workflow_providers.get_provider_info import get_provider_info

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sphinx.application import Sphinx

PACKAGE = "airflow_workflow_providers"

#: The kinds of classes that each vendor has, by their keys in the provider's description.
KINDS = ("operators", "sensors", "triggers", "hooks")

#: The pages that are the same for all vendors: title, introduction, and directives of autodoc.
_OTHER_PAGES = {
    "errors": ("Errors", "The errors of all vendors.", (f"automodule:: {PACKAGE}.core.errors",)),
    "executions": (
        "Executions",
        "What a hook returns for an execution.",
        (f"automodule:: {PACKAGE}.core.execution",),
    ),
    "retries": (
        "Retry policy",
        "A retry policy for Airflow 3.3 and later.",
        (f"automodule:: {PACKAGE}.retries",),
    ),
    "manifest": (
        "Manifest of a batch",
        "[Thousands of executions in one task](../batches.md) describes it.",
        (f"autoclass:: {PACKAGE}.outputs.manifest.BatchManifest",),
    ),
    "webhooks": (
        "Webhooks",
        "[Webhooks](../hooks.md#webhooks) has an example.",
        (f"automodule:: {PACKAGE}.webhooks",),
    ),
    "emulator": (
        "Emulator and pytest plugin",
        "[Testing your own DAGs](../testing.md) has examples.",
        (f"autoclass:: {PACKAGE}.emulator.Emulator", f"automodule:: {PACKAGE}.pytest_plugin"),
    ),
}

_FIELD = re.compile(r"^:(?P<kind>\w+)(?:\s+(?P<name>[^:]+?))?:")


class _Field(NamedTuple):
    """A field of a docstring, such as ``:param name: ...``, with its first line and the line after it."""

    kind: str
    name: str
    begin: int
    end: int


def pages(info: Mapping[str, Any]) -> dict[str, str]:
    """
    Return the pages of the API reference, by their paths below ``docs/api``.

    :param info: the provider's description, as from :func:`get_provider_info`. Each of its integrations gets a page.
    """
    vendors = {each["integration-name"]: each["external-doc-url"] for each in info["integrations"]}
    made = {}
    for vendor, url in vendors.items():
        sections = [(kind.capitalize(), _automodules(_modules(info, kind, vendor))) for kind in KINDS]
        introduction = f"[{vendor}'s own documentation]({url})."
        made[f"vendors/{_file_name(vendor)}.md"] = _page(vendor, introduction, sections)
    made["bases.md"] = _page(
        "Base classes",
        "What the classes of all vendors inherit. You need these classes only if you add a vendor.",
        [(kind.capitalize(), _automodules(modules)) for kind, modules in _base_modules(info).items()],
    )
    links = dict.fromkeys(path.rpartition(".")[0] for path in info["extra-links"])
    made["links.md"] = _page("Links", "The button of a task.", [("", _automodules(links))])
    for name, (title, introduction, directives) in _OTHER_PAGES.items():
        made[f"{name}.md"] = _page(title, introduction, [("", directives)])
    return made


def write(folder: Path, made: Mapping[str, str]) -> None:
    """
    Write the pages into a folder, and delete what an earlier build has left there.

    :param folder: where the pages go. Its ``index.md`` is written by hand, and stays.
    :param made: the pages, by their paths.
    """
    keep = {folder / "index.md", *(folder / name for name in made)}
    for page in folder.rglob("*.md"):
        if page not in keep:
            page.unlink()
    for name, text in made.items():
        page = folder / name
        page.parent.mkdir(exist_ok=True)
        # Sphinx reads a page again only if its file has changed.
        if not page.exists() or page.read_text() != text:
            page.write_text(text)


def add_inherited_parameters(cls: type, lines: list[str]) -> None:
    """
    Add the parameters that a class inherits to its docstring, after its own parameters.

    A base class of this package documents its parameters once. A class leaves out those that it documents itself, and
    those in its ``unsupported``.

    :param cls: an operator, a sensor, a trigger or a hook.
    :param lines: the lines of its docstring, which are changed in place.
    """
    fields = list(_fields(lines))
    own = [field for field in fields if field.kind == "param"]
    inherited = _inherited(cls, {field.name for field in own})
    if not inherited:
        return
    if own:
        place = own[-1].end
    elif fields:
        place = fields[0].begin
    else:
        place = len(lines)
        # A list of fields begins after a blank line.
        inherited = ["", *inherited, ""]
    lines[place:place] = inherited


def _inherited(cls: type, own: set[str]) -> list[str]:
    """Return the fields of the parameters that a class inherits, without those that it documents itself."""
    left_out = own | set(getattr(cls, "unsupported", ())) | _renamed(cls)
    inherited: list[str] = []
    for base in filter(_is_ours, cls.__mro__[1:]):
        lines = inspect.cleandoc(vars(base).get("__doc__") or "").splitlines()
        for field in _fields(lines):
            if field.kind == "param" and field.name not in left_out:
                left_out.add(field.name)
                inherited += lines[field.begin : field.end]
    return inherited


def has_parameters(obj: Any) -> bool:
    """Return whether an object is a class that a user gives parameters to, of a kind that has base classes here."""
    return inspect.isclass(obj) and _is_ours(obj) and issubclass(obj, (BaseOperator, BaseTrigger, BaseHook))


def _modules(info: Mapping[str, Any], kind: str, vendor: str | None = None) -> list[str]:
    return [
        module
        for group in info.get(kind, ())
        if vendor in {None, group["integration-name"]}
        for module in group["python-modules"]
    ]


def _base_modules(info: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return the modules of the base classes, by the kind of the classes that inherit from them."""
    seen = {module for kind in KINDS for module in _modules(info, kind)}
    found: dict[str, list[str]] = {kind: [] for kind in KINDS}
    for kind in KINDS:
        for module in _modules(info, kind):
            for cls in vars(import_module(module)).values():
                if has_parameters(cls) and cls.__module__ == module:
                    for base in cls.__mro__:
                        if _is_ours(base) and base.__module__ not in seen:
                            seen.add(base.__module__)
                            found[kind].append(base.__module__)
    return found


def _is_ours(cls: type) -> bool:
    return cls.__module__.partition(".")[0] == PACKAGE


def _renamed(cls: type) -> set[str]:
    """Return the parameters of a base that a class takes by another name: a hook's ``conn_id``, by its vendor's name."""
    name = getattr(cls, "conn_name_attr", "conn_id")
    return set() if name == "conn_id" else {"conn_id"}


def _fields(lines: Sequence[str]) -> Iterator[_Field]:
    for begin, line in enumerate(lines):
        if match := _FIELD.match(line):
            end = begin + 1
            while end < len(lines) and lines[end][:1].isspace():
                end += 1
            yield _Field(match["kind"], (match["name"] or "").rpartition(" ")[2], begin, end)


def _automodules(modules: Sequence[str] | Mapping[str, None]) -> tuple[str, ...]:
    return tuple(f"automodule:: {module}" for module in modules)


def _page(title: str, introduction: str, sections: Sequence[tuple[str, Sequence[str]]]) -> str:
    parts = [f"# {title}", introduction]
    for heading, directives in sections:
        if heading and directives:
            parts.append(f"## {heading}")
        parts += [
            f"```{{eval-rst}}\n.. {directive}\n   :members:\n   :show-inheritance:\n```"
            for directive in directives
        ]
    return "\n\n".join(parts) + "\n"


def _file_name(vendor: str) -> str:
    return re.sub(r"\W+", "-", vendor.lower())


def _write_pages(app: Sphinx) -> None:
    write(Path(app.srcdir) / "api", pages(get_provider_info()))


def _process_docstring(
    _app: Sphinx, what: str, _name: str, obj: Any, _options: Any, lines: list[str]
) -> None:
    if what == "class" and has_parameters(obj):
        add_inherited_parameters(obj, lines)


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect this extension to Sphinx."""
    app.connect("builder-inited", _write_pages)
    app.connect("autodoc-process-docstring", _process_docstring)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

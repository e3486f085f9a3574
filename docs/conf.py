"""How Sphinx makes the site: `make docs` writes it to build/docs, and any warning is an error."""

from __future__ import annotations

import os
import pkgutil
import tempfile
from importlib import import_module, metadata
from typing import TYPE_CHECKING, Any

# Reading the docstrings imports Airflow, which makes itself a home: not in that of who builds the site.
os.environ["AIRFLOW_HOME"] = tempfile.mkdtemp(prefix="docs-airflow-")

if TYPE_CHECKING:
    from docutils import nodes
    from sphinx.addnodes import pending_xref
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

project = "airflow-workflow-providers"
author = "the authors of airflow-workflow-providers"
html_show_copyright = False
release = version = metadata.version(project)

extensions = ["myst_parser", "sphinx.ext.autodoc"]
myst_heading_anchors = 3
html_theme = "furo"
html_title = f"{project} {release}"
html_show_sphinx = False

# Every name of ours that a docstring points at must be there, but for the inside of the package, which signatures name;
# Airflow's and Python's names are not looked up.
nitpicky = True
nitpick_ignore_regex = [
    (r"py:.*", r"(?!airflow_workflow_providers\b).*"),
    (
        r"py:.*",
        r"airflow_workflow_providers\.(core\.(call|session|watch)|hooks\.(extra|shared)|operators\.(starting|waiting))\b.*",
    ),
]
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
autodoc_typehints_format = "short"
python_maximum_signature_line_length = 80

# All at once and first: autodoc writes into the annotations of classes that it documents, which pydantic reads.
_PACKAGE = import_module("airflow_workflow_providers")
for _module in pkgutil.walk_packages(_PACKAGE.__path__, f"{_PACKAGE.__name__}."):
    if not _module.name.endswith("__main__"):
        import_module(_module.name)

_ERRORS = "airflow_workflow_providers.core.errors"


def _find_error(
    app: Sphinx, env: BuildEnvironment, node: pending_xref, content: nodes.TextElement
) -> nodes.reference | None:
    """Let `:raises LostStart:` lead to the error, which a docstring need not name by its module."""
    target = node.get("reftarget", "")
    if node.get("refdomain") != "py" or not hasattr(import_module(_ERRORS), target):
        return None
    domain: Any = env.get_domain("py")
    found: nodes.reference | None = domain.resolve_xref(
        env, node["refdoc"], app.builder, "class", f"{_ERRORS}.{target}", node, content
    )
    return found


def setup(app: Sphinx) -> None:
    """Is called by Sphinx."""
    app.connect("missing-reference", _find_error)

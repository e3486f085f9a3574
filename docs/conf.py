"""How Sphinx builds the site: `make docs` writes it to build/docs, and any warning is an error."""

from __future__ import annotations

import os
import pkgutil
import sys
import tempfile
from importlib import import_module, metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

# Importing Airflow, for its docstrings, creates AIRFLOW_HOME. The home of the user stays as it is.
os.environ["AIRFLOW_HOME"] = tempfile.mkdtemp(prefix="docs-airflow-")
# For `api_reference`, the extension in this folder.
sys.path.insert(0, str(Path(__file__).parent))

if TYPE_CHECKING:
    from docutils import nodes
    from sphinx.addnodes import pending_xref
    from sphinx.application import Sphinx
    from sphinx.domains import Domain
    from sphinx.environment import BuildEnvironment

project = "airflow-workflow-providers"
author = "the authors of airflow-workflow-providers"
html_show_copyright = False
release = version = metadata.version(project)

extensions = ["myst_parser", "sphinx.ext.autodoc", "api_reference"]
myst_heading_anchors = 3
html_theme = "furo"
html_title = f"{project} {release}"
html_show_sphinx = False

# Every full name of this package in a docstring must exist: see `_is_internal`. Names of Airflow and of Python are not
# looked up.
nitpicky = True
nitpick_ignore_regex = [(r"py:.*", r"(?!airflow_workflow_providers\b).*")]
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
autodoc_typehints_format = "short"
python_maximum_signature_line_length = 80

# All modules are imported here, before autodoc runs. autodoc changes the annotations of the classes that it documents, and
# pydantic reads these annotations at import.
_PACKAGE = import_module("airflow_workflow_providers")
for _module in pkgutil.walk_packages(_PACKAGE.__path__, f"{_PACKAGE.__name__}."):
    if not _module.name.endswith("__main__"):
        import_module(_module.name)

_ERRORS = "airflow_workflow_providers.core.errors"


def _find_error(
    app: Sphinx, env: BuildEnvironment, node: pending_xref, content: nodes.TextElement
) -> nodes.reference | None:
    """Link the short name in `:raises LostStart:` to the error."""
    target = node.get("reftarget", "")
    if node.get("refdomain") != "py" or not hasattr(import_module(_ERRORS), target):
        return None
    domain: Any = env.get_domain("py")
    found: nodes.reference | None = domain.resolve_xref(
        env, node["refdoc"], app.builder, "class", f"{_ERRORS}.{target}", node, content
    )
    return found


def _is_internal(_app: Sphinx, _domain: Domain | None, node: pending_xref) -> bool | None:
    """Allow a name of this package that exists and has no page, such as a type in a signature."""
    module, *names = node.get("reftarget", "").split(".")
    found: Any = sys.modules.get(module)
    for name in names:
        module = f"{module}.{name}"
        # A field of a dataclass is an annotation only.
        known = sys.modules.get(module) or getattr(found, "__annotations__", {}).get(name)
        found = getattr(found, name, known)
        if found is None:
            return None
    return True


def setup(app: Sphinx) -> None:
    """Connect these functions to Sphinx, which calls this one."""
    app.connect("missing-reference", _find_error)
    app.connect("warn-missing-reference", _is_internal)

"""An input that is a file beside the DAG: JSON or YAML, with an object in it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TypeGuard

from airflow_workflow_providers.core.errors import InvalidInput
from airflow_workflow_providers.core.parameters import quoted

if TYPE_CHECKING:
    from jinja2 import Environment

#: How the name of such a file ends.
SUFFIXES = (".json", ".yaml", ".yml")


def is_file_name(value: object) -> TypeGuard[str]:
    """
    Return whether an input is the name of a file.

    :param value: the input; one that is an object, or not rendered yet, is none.
    """
    return isinstance(value, str) and value.endswith(SUFFIXES) and "{{" not in value and "{%" not in value


def load(parameter: str, name: str, environment: Environment) -> dict[str, Any] | None:
    """
    Read a file.

    :param parameter: the name of the parameter, for the error.
    :param name: of the file, below the folder of the DAG or another folder of its ``template_searchpath``.
    :param environment: of the DAG's templates, which knows these folders.
    :return: the object in it, not rendered; ``None`` if there is no such file.
    :raises InvalidInput: if it cannot be read, or has no object in it; the error does not show what it has.
    """
    from jinja2 import TemplateNotFound  # noqa: PLC0415  # only for tasks that have such a file

    if environment.loader is None:
        return None
    try:
        text = environment.loader.get_source(environment, name)[0]
        found = json.loads(text) if name.endswith(".json") else _yaml(text)
    except TemplateNotFound:
        return None
    except UnicodeDecodeError:
        why = "is not UTF-8"
    except OSError as error:
        why = f"cannot be read ({type(error).__name__})"
    except json.JSONDecodeError as error:
        why = f"is not JSON: {error}"
    except ValueError as error:
        why = f"is not YAML: {error}"
    except RecursionError:
        why = "is nested too deep"
    else:
        if isinstance(found, dict):
            return found
        why = f"has no object in it, but {type(found).__name__}"
    raise InvalidInput(f"{parameter}: file {quoted(name)} {why}.")


def _yaml(text: str) -> Any:
    import yaml  # noqa: PLC0415  # the same

    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        # Its own text shows what is in the file.
        mark = getattr(error, "problem_mark", None)
        where = f" in line {mark.line + 1}" if mark else ""
        raise ValueError(f"{type(error).__name__}{where}") from None

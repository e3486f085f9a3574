"""What requests name: the files of an ``input_config``, the fields of a form, numbers; and the problems in them."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from airflow_workflow_providers.emulator.messages import Incoming

#: The reason for a refusal, the location in the request, and the value there.
Problem = tuple[str, list[str | int], Any]
#: A whole number as it is written in a path or a query: FastAPI takes one of any size that Python can read.
INTEGER = re.compile(r"-?[0-9]{1,4000}")
#: The texts that FastAPI reads as a bool.
_BOOLS = frozenset({"true", "false", "1", "0", "on", "off", "yes", "no", "t", "f", "y", "n"})
_OUTPUT_FORMATS = ("json", "html", "markdown", "chunks")
_PAGE_RANGE = re.compile(r"[0-9]+(-[0-9]+)?(,[0-9]+(-[0-9]+)?)*")


def problems_in(given: dict[str, Any] | None) -> list[Problem]:
    """
    Return what is wrong with the files of an input; null is the same as no input.

    The specification lets ``input_config`` hold anything, and no page shows a refusal. The page Execute Workflow says
    that a file is a URL, the page on uploads that it may be ``datalab://``. The refusals are those of FastAPI, which
    the vendor's specification comes from.
    """
    named = given or {}
    one, many = named.get("file_url"), named.get("file_urls")
    listed: list[tuple[list[str | int], Any]] = [] if one is None else [(["file_url"], one)]
    found: list[Problem] = []
    if isinstance(many, list):
        listed += [(["file_urls", n], value) for n, value in enumerate(many)]
    elif many is not None:
        found.append(("list_type", ["file_urls"], many))
    found += [
        (kind, location, value) for location, value in listed if (kind := url_problem(value)) is not None
    ]
    return found


def files_of(given: dict[str, Any] | None) -> list[str]:
    """Return the URLs that an input names; the files in a bucket are not known here."""
    named = given or {}
    return [file for file in (named.get("file_url"), *(named.get("file_urls") or ())) if file is not None]


def without_secrets(url: str) -> str:
    """Return a URL without its query, user and password."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()


def problems_in_form(form: dict[str, Any] | None, sources: tuple[str, ...]) -> list[Problem]:
    """
    Return what is wrong with the form of a document: where it comes from, and the options that all forms have.

    The pages have the types of the fields, and neither a refusal nor that a document is needed: that is inferred, and
    from the vendor's client, which sends exactly one.

    :param form: its fields; None if it cannot be read.
    :param sources: the fields of which exactly one says where the document comes from.
    """
    if form is None:
        return [("form_parsing", ["body"], None)]
    texts = {name: value for name, value in form.items() if isinstance(value, str)}
    found: list[Problem] = [
        ("string_type", ["body", name], value) for name, value in form.items() if name not in {*texts, "file"}
    ]
    if "file" in texts:
        found.append(("file_type", ["body", "file"], texts["file"]))
    if sum(name in form for name in sources) != 1:
        found.append(("one_source", ["body"], None))
    checks: dict[str, Callable[[str], str | None]] = {
        "file_url": url_problem,
        "output_format": _output_format_problem,
        "page_range": lambda value: None if _PAGE_RANGE.fullmatch(value.replace(" ", "")) else "page_range",
        "run_evals": lambda value: None if value.lower() in _BOOLS else "bool_parsing",
        "skip_cache": lambda value: None if value.lower() in _BOOLS else "bool_parsing",
        "version": lambda value: None if re.fullmatch("[0-9]{1,9}", value) else "int_parsing",
    }
    return found + [
        (kind, ["body", name], texts[name])
        for name, check in checks.items()
        if name in texts and (kind := check(texts[name])) is not None
    ]


def _output_format_problem(value: str) -> str | None:
    """Say what is wrong with the formats, of which there may be several (Convert)."""
    return None if set(value.split(",")) <= set(_OUTPUT_FORMATS) else "output_format"


def whole_number(
    incoming: Incoming, name: str, default: int, *, lowest: int = 0, highest: int | None = None
) -> int | Problem:
    """Return a whole number of the query, or what is wrong with it."""
    given = incoming.query.get(name, str(default))
    if not INTEGER.fullmatch(given):
        return "int_parsing", ["query", name], given
    if int(given) < lowest:
        return "greater_than_equal", ["query", name], given
    if highest is not None and int(given) > highest:
        return "less_than_equal", ["query", name], given
    return int(given)


def is_true(given: str | None) -> bool:
    """Return a bool of a query or form as FastAPI reads it."""
    return given is not None and given.lower() in ("true", "1", "on", "yes", "t", "y")


def truth(incoming: Incoming, name: str, *, default: bool) -> bool | Problem:
    """Return a bool of the query, or what is wrong with it."""
    given = incoming.query.get(name)
    if given is not None and given.lower() not in _BOOLS:
        return "bool_parsing", ["query", name], given
    return default if given is None else is_true(given)


def url_problem(url: Any) -> str | None:
    """Say what is wrong with the URL of a file."""
    if not isinstance(url, str):
        return "string_type"
    try:
        parts = urlsplit(url)
    except ValueError:
        return "url_parsing"
    if parts.scheme and parts.scheme not in ("http", "https", "datalab"):
        return "url_scheme"
    return None if parts.scheme and parts.hostname else "url_parsing"

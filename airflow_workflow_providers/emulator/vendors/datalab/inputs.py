"""The files that an ``input_config`` names, and the problems in it."""

from typing import Any
from urllib.parse import urlsplit

#: The reason for a refusal, the location in the request, and the value there.
Problem = tuple[str, list[str | int], Any]


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
    found += [(kind, location, value) for location, value in listed if (kind := _problem(value)) is not None]
    return found


def files_of(given: dict[str, Any] | None) -> list[str]:
    """Return the URLs that an input names; the files in a bucket are not known here."""
    named = given or {}
    return [file for file in (named.get("file_url"), *(named.get("file_urls") or ())) if file is not None]


def without_secrets(url: str) -> str:
    """Return a URL without its query, user and password."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()


def _problem(url: Any) -> str | None:
    if not isinstance(url, str):
        return "string_type"
    try:
        parts = urlsplit(url)
    except ValueError:
        return "url_parsing"
    if parts.scheme and parts.scheme not in ("http", "https", "datalab"):
        return "url_scheme"
    return None if parts.scheme and parts.hostname else "url_parsing"

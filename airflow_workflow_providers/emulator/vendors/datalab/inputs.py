"""The files that an ``input_config`` names, and what is wrong with how it names them."""

from typing import Any
from urllib.parse import urlsplit

#: A place in the request and in it the value, with the reason why that is refused.
Problem = tuple[str, list[str | int], Any]


def problems_in(given: dict[str, Any] | None) -> list[Problem]:
    """Return what is wrong with the files of an input; null is as good as nothing.

    The specification lets ``input_config`` hold anything, and its pages show no refusal. That a file is an address is
    on the page Execute Workflow, and that it may be ``datalab://`` on that of uploads; how it is refused is what
    FastAPI does, by which the vendor's specification is written.
    """
    named = given or {}
    one, many = named.get("file_url"), named.get("file_urls")
    listed: list[tuple[list[str | int], Any]] = [] if one is None else [(["file_url"], one)]
    found: list[Problem] = []
    if isinstance(many, list):
        listed += [(["file_urls", n], value) for n, value in enumerate(many)]
    elif many is not None:
        found.append(("list_type", ["file_urls"], many))
    found += [(kind, place, value) for place, value in listed if (kind := _wrong_with(value)) is not None]
    return found


def files_of(given: dict[str, Any] | None) -> list[str]:
    """Return the addresses that an input names; which files lie in a bucket nobody here can know."""
    named = given or {}
    return [file for file in (named.get("file_url"), *(named.get("file_urls") or ())) if file is not None]


def without_secrets(address: str) -> str:
    """Return an address without its query, its user and its password."""
    parts = urlsplit(address)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()


def _wrong_with(address: Any) -> str | None:
    if not isinstance(address, str):
        return "string_type"
    try:
        parts = urlsplit(address)
    except ValueError:
        return "url_parsing"
    if parts.scheme and parts.scheme not in ("http", "https", "datalab"):
        return "url_scheme"
    return None if parts.scheme and parts.hostname else "url_parsing"

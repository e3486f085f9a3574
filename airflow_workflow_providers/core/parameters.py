"""Checks of parameters: each returns the value as it is sent, or raises the error that names the parameter."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from airflow_workflow_providers.core.call import json_bytes
from airflow_workflow_providers.core.call import json_object as as_json_object
from airflow_workflow_providers.core.call import segment as as_segment
from airflow_workflow_providers.core.errors import InvalidInput
from airflow_workflow_providers.core.secret import stripped
from airflow_workflow_providers.core.text import shown

#: The longest id, name or label, in characters.
NAME_LIMIT = 1000

#: The longest address, or query of one, in characters: RFC 9110 asks servers to read 8,000, and most read no more.
#: https://www.rfc-editor.org/rfc/rfc9110#section-4.1
ADDRESS_LIMIT = 8000

#: How deep lists and objects of an input may lie in each other. JSON itself goes deeper, but Airflow, which renders and
#: stores the input, does not.
NESTING_LIMIT = 100

#: The longest wait; a moment much further away is none that Airflow can store.
LONGEST = timedelta(days=3650)

#: The greatest whole number that JSON columns, and most readers of JSON, hold.
GREATEST = 2**63 - 1


def quoted(value: object) -> str:
    """Return a value as an error may show it: Python cannot write every value, nor should an error hold every one."""
    try:
        return shown(repr(value), limit=100)
    except Exception:  # noqa: BLE001  # a number of 4,301 digits, a list in itself, an author's own __repr__
        return f"a value of type {type(value).__name__} that cannot be shown"


def seconds(name: str, value: object, *, least: float = 0.0) -> float:
    """
    Return a duration in seconds.

    :param name: the parameter that it came from, for the error.
    :param value: a timedelta, or a number of seconds.
    :param least: the shortest that is allowed, in seconds.
    :raises InvalidInput: if it is none, or too short, or longer than 3650 days.
    """
    number = value.total_seconds() if isinstance(value, timedelta) else value
    if (
        isinstance(number, bool)
        or not isinstance(number, (int, float))
        or not least <= number <= LONGEST.total_seconds()
    ):
        raise InvalidInput(
            f"{name} must be a number of seconds or a timedelta, from {least:g} s to {LONGEST.days} days; got "
            f"{quoted(value)}."
        )
    return float(number)


def flag(name: str, value: object) -> bool:
    """
    Return a value that is True or False.

    :param name: the parameter that it came from, for the error.
    :param value: what its author has chosen; text is refused, for ``"False"`` would be true.
    :raises InvalidInput: if it is something else.
    """
    if not isinstance(value, bool):
        raise InvalidInput(f"{name} must be True or False; got {quoted(value)}.")
    return value


def whole_number(name: str, value: object, *, least: int = 0, most: int = GREATEST) -> int:
    """
    Return a whole number.

    :param name: the parameter that it came from, for the error.
    :param value: the number; True and False are none.
    :param least: the smallest that is allowed.
    :param most: the greatest that is allowed.
    :raises InvalidInput: if it is something else.
    """
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise InvalidInput(f"{name} must be a whole number from {least} to {most}; got {quoted(value)}.")
    return int(value)


def text(name: str, value: object) -> str:
    """
    Return a text that says something, and that can be sent.

    :param name: the parameter that it came from, for the error.
    :param value: the text, of 1,000 characters at the most.
    :raises InvalidInput: if it is something else.
    """
    if not isinstance(value, str):
        raise InvalidInput(f"{name} must be a text; got {quoted(value)}.")
    plain = str.__str__(value)  # of a member of an enumeration its value
    if not plain.strip():
        raise InvalidInput(f"{name} is empty.")
    if len(plain) > NAME_LIMIT:
        raise InvalidInput(f"{name} has {len(plain)} characters; the limit is {NAME_LIMIT}.")
    json_bytes(name, plain)
    return plain


def id_or_name(name: str, value: object) -> str:
    """
    Return an id or a name as text.

    :param name: the parameter that it came from, for the error.
    :param value: a text, or a whole number.
    :raises InvalidInput: if it is something else.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        return str(whole_number(name, value, least=-GREATEST))
    if not isinstance(value, str):
        raise InvalidInput(f"{name} must be a text or a whole number; got {quoted(value)}.")
    return text(name, value)


def segment(name: str, value: object) -> str:
    """
    Return an id or a name as one segment of a path, percent-encoded.

    :param name: the parameter that it came from, for the error.
    :param value: a text, or a whole number.
    :raises InvalidInput: if it is something else, or would climb the path.
    """
    return as_segment(name, id_or_name(name, value))


def json_value(name: str, value: Any) -> Any:
    """
    Return a value that can be sent as JSON.

    :param name: the parameter that it came from, for the error.
    :param value: JSON of any type.
    :raises InvalidInput: if it holds what JSON or UTF-8 cannot say, or is nested deeper than 100 levels.
    """
    json_bytes(name, value)
    _check_nesting(name, value)
    return value


def json_object(name: str, value: Any) -> dict[str, Any]:
    """
    Return a dict that can be sent as a JSON object.

    :param name: the parameter that it came from, for the error.
    :param value: the dict.
    :raises InvalidInput: if it is something else; see :func:`json_value`.
    """
    given = as_json_object(name, value)
    _check_nesting(name, given)
    return given


def callback(name: str, value: object) -> str | None:
    """
    Return the address of a callback, without what was pasted around it.

    :param name: the parameter that it came from, for the error, which does not show the address: it may hold a secret.
    :param value: the address; ``None`` for none.
    :raises InvalidInput: if it is no http or https address.
    """
    if value is None:
        return None
    address = stripped(str.__str__(value)) if isinstance(value, str) else ""
    if not _is_address(address):
        raise InvalidInput(
            f"{name} must be an http:// or https:// address with a host, of {ADDRESS_LIMIT} characters at the most. It is "
            "not shown here: it may hold a secret."
        )
    return address


def _is_address(address: str) -> bool:
    if len(address) > ADDRESS_LIMIT or not address.isprintable() or " " in address:
        return False
    try:
        parts = urlsplit(address)
        parts.port  # noqa: B018  # raises if it is no number
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def _check_nesting(name: str, value: Any) -> None:
    # A list in itself has been refused before: it would be read for ever here.
    level: list[Any] = [value]
    for _ in range(NESTING_LIMIT + 1):
        level = [item for holder in level for item in _items(holder) if isinstance(item, (dict, list, tuple))]
        if not level:
            return
    raise InvalidInput(f"{name} is nested deeper than {NESTING_LIMIT} levels.")


def _items(holder: Any) -> Iterable[Any]:
    if isinstance(holder, dict):
        return holder.values()
    return holder if isinstance(holder, (list, tuple)) else ()

"""Checks of parameters: each returns the value as it is sent, or raises the error that names the parameter."""

import json
from collections.abc import Iterable
from datetime import date, datetime, timedelta, timezone
from typing import Any
from urllib.parse import quote, urlsplit

from airflow_workflow_providers.core.errors import InvalidInput
from airflow_workflow_providers.core.secret import stripped, unsendable
from airflow_workflow_providers.core.text import shown

#: The longest id, name or label, in characters.
NAME_LIMIT = 1000

#: The longest address, or query of one, in characters: RFC 9110 asks servers to read 8,000, and most read no more.
#: https://www.rfc-editor.org/rfc/rfc9110#section-4.1
ADDRESS_LIMIT = 8000

#: How deep lists and objects of an input may be nested. JSON itself goes deeper, but Airflow, which renders and stores the
#: input, does not.
NESTING_LIMIT = 100

#: The longest wait; Airflow cannot store a moment that is much further away.
LONGEST = timedelta(days=3650)

#: The greatest whole number that JSON columns, and most readers of JSON, hold.
GREATEST = 2**63 - 1


def quoted(value: object) -> str:
    """Return a value as an error may show it: Python cannot write every value, and an error should be short."""
    try:
        return shown(repr(value), limit=100)
    except Exception:  # noqa: BLE001  # a number of 4,301 digits, a list that holds itself, an author's own __repr__
        return f"a value of type {type(value).__name__} that cannot be shown"


def one_of(name: str, value: Any, choices: tuple[str, ...]) -> Any:
    """Return ``value`` if it is one of ``choices``; the error names ``name``."""
    if not isinstance(value, str) or value not in choices:
        raise InvalidInput(f"{name} must be one of {', '.join(map(repr, choices))}; got {quoted(value)}.")
    return value


def seconds(name: str, value: object, *, least: float = 0.0) -> float:
    """Return a duration in seconds, from a number or a timedelta, of at least ``least`` and at most 3650 days."""
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


def moment(name: str, value: object) -> float:
    """Return a time in seconds since the epoch, from a datetime or a text in ISO 8601; in UTC unless it says otherwise."""
    at = time_of(value.strip() if isinstance(value, str) else value)
    if at is None:
        raise InvalidInput(
            f"{name} must be a datetime, or a text in ISO 8601 such as 2026-01-31T06:00:00+00:00; got {quoted(value)}."
        )
    return max(0.0, at)


def time_of(value: object) -> float | None:
    """Return a datetime or a text in ISO 8601 in seconds since the epoch, in UTC unless it says otherwise; ``None`` for all else."""
    known = value
    if isinstance(value, str):
        try:
            known = datetime.fromisoformat(value.replace("Z", "+00:00"))
        except ValueError:
            return None
    if not isinstance(known, datetime):
        return None
    return (known if known.tzinfo else known.replace(tzinfo=timezone.utc)).timestamp()


def flag(name: str, value: object) -> bool:
    """Return True or False; a text is rejected, because ``"False"`` would be true."""
    if not isinstance(value, bool):
        raise InvalidInput(f"{name} must be True or False; got {quoted(value)}.")
    return value


def whole_number(name: str, value: object, *, least: int = 0, most: int = GREATEST) -> int:
    """Return a whole number from ``least`` to ``most``; bool is rejected."""
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise InvalidInput(f"{name} must be a whole number from {least} to {most}; got {quoted(value)}.")
    return int(value)


def text(name: str, value: object) -> str:
    """Return a text that is not blank, can be sent, and has at most 1,000 characters."""
    if not isinstance(value, str):
        raise InvalidInput(f"{name} must be a text; got {quoted(value)}.")
    plain = str.__str__(value)  # the value of an enumeration's member
    if not plain.strip():
        raise InvalidInput(f"{name} is empty.")
    if len(plain) > NAME_LIMIT:
        raise InvalidInput(f"{name} has {len(plain)} characters; the limit is {NAME_LIMIT}.")
    json_bytes(name, plain)
    return plain


def id_or_name(name: str, value: object) -> str:
    """Return an id or a name as text, from a text or a whole number."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(whole_number(name, value, least=-GREATEST))
    if not isinstance(value, str):
        raise InvalidInput(f"{name} must be a text or a whole number; got {quoted(value)}.")
    return text(name, value)


def segment(name: str, value: object) -> str:
    """Return an id or a name as one percent-encoded segment of a path, so that it cannot climb the path."""
    plain = id_or_name(name, value).strip()
    if plain in (".", "..", "None"):
        raise InvalidInput(f"{name} must be an id or a name that the vendor knows; got {plain!r}.")
    return quote(plain, safe="")


def query_value(name: str, value: object) -> str:
    """Return the value of a query parameter as text, from a text, a whole number, a flag, a date or a time."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, date):
        return value.isoformat()
    return id_or_name(name, value)


def header(name: str, value: object) -> str:
    """Return the value of a header; the error never shows it, because it may be a secret."""
    plain = value if isinstance(value, str) else str(value)
    if not plain.strip():
        raise InvalidInput(f"{name} is empty; it is sent as an HTTP header.")
    wrong = unsendable(plain) or ("a space at its end" if plain != plain.strip() else None)
    if wrong:
        raise InvalidInput(
            f"{name} is sent as an HTTP header, which can only hold printable ASCII: it has {wrong}."
        )
    return plain


def json_bytes(name: str, value: object) -> bytes:
    """Return ``value`` as the JSON that is sent; what JSON or UTF-8 cannot express is rejected."""
    try:
        return json.dumps(value, allow_nan=False, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:
        why = "a lone surrogate, which UTF-8 cannot encode"
    except RecursionError:
        why = "nested too deep"
    except (TypeError, ValueError) as error:
        why = shown(str(error))
    raise InvalidInput(f"{name} cannot be sent as JSON: {why}.")


def json_value(name: str, value: Any) -> Any:
    """Return a value that can be sent as JSON and is nested at most 100 levels deep."""
    json_bytes(name, value)
    # A list that holds itself was rejected above: this loop would not end.
    level: list[Any] = [value]
    for _ in range(NESTING_LIMIT + 1):
        level = [item for holder in level for item in _items(holder) if isinstance(item, (dict, list, tuple))]
        if not level:
            return value
    raise InvalidInput(f"{name} is nested deeper than {NESTING_LIMIT} levels.")


def json_object(name: str, value: Any) -> dict[str, Any]:
    """Return a dict that can be sent as a JSON object; ``None`` is an empty one. See :func:`json_value`."""
    given = {} if value is None else value
    if not isinstance(given, dict):
        raise InvalidInput(f"{name} must be a dict, to be sent as a JSON object; got {type(given).__name__}.")
    json_value(name, given)
    return given


def file_address(name: str, value: object, *, scheme: str) -> str:
    """Return the address of a file that the vendor reads, or its own reference, which begins with ``scheme``; stripped."""
    address = stripped(str.__str__(value)) if isinstance(value, str) else ""
    known = address.startswith(f"{scheme}://") and len(address) > len(scheme) + 3
    if not _is_address(address.replace(f"{scheme}://", "https://", 1) if known else address):
        raise InvalidInput(
            f"{name} must be an http:// or https:// address with a host, or a reference, {scheme}://..., of "
            f"{ADDRESS_LIMIT} characters at the most. It is not shown here: it may be signed."
        )
    return address


def callback(name: str, value: object) -> str | None:
    """Return the address of a callback, stripped, or ``None``; the error does not show it: it may hold a secret."""
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
        parts.port  # noqa: B018  # raises if it is not a number
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def _items(holder: Any) -> Iterable[Any]:
    if isinstance(holder, dict):
        return holder.values()
    return holder if isinstance(holder, (list, tuple)) else ()

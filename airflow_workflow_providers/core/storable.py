"""An output in the nearest form that Airflow can store: a run that has succeeded must not fail because of it."""

import json
import math
from collections import Counter
from typing import Any

#: The whole numbers that JSON columns, and most readers of JSON, hold.
_LEAST, _GREATEST = -(2**63), 2**63 - 1

#: How deep lists and objects may be nested. Airflow and the databases have limits of some hundred levels; no output that
#: somebody wants to read is as deep.
_DEEPEST = 50

#: Keys by which Airflow recognises what it has serialised itself; an object that has one cannot be stored.
_RESERVED = frozenset({"__classname__", "__id__", "__version__", "__data__", "__type", "__var"})


def storable(output: Any) -> tuple[Any, str]:
    """
    Return an output as Airflow can store it, and what was changed.

    :param output: JSON, as a vendor's response had it; it may hold what only Python accepts as JSON.
    :return: the output, a copy only if something was changed; and for the log what was changed, empty if nothing was.
        Lone surrogates are replaced; NaN, infinities and whole numbers of more than 64 bits become text; a part that is
        nested too deep, or has keys that Airflow reserves, becomes its JSON as text.
    """
    changed: Counter[str] = Counter()
    stored = _near(output, 0, changed)
    if not changed:
        return output, ""
    return stored, ", ".join(f"{what} ({count})" for what, count in changed.items())


def _near(value: Any, depth: int, changed: Counter[str]) -> Any:
    if isinstance(value, str):
        return _text(value, changed)
    if isinstance(value, (list, dict)):
        return _nested(value, depth, changed)
    if isinstance(value, float) and not math.isfinite(value):
        changed["numbers that are not finite as text"] += 1
        return json.dumps(value)
    if isinstance(value, int) and not _LEAST <= value <= _GREATEST:
        changed["numbers of more than 64 bits as text"] += 1
        return str(value)
    return value


def _nested(value: list[Any] | dict[str, Any], depth: int, changed: Counter[str]) -> Any:
    if depth > _DEEPEST:
        return _as_json(value, "parts nested too deep as JSON text", changed)
    if isinstance(value, list):
        return [_near(item, depth + 1, changed) for item in value]
    if not _RESERVED.isdisjoint(value):
        return _as_json(value, "objects with keys that Airflow reserves as JSON text", changed)
    return {_text(key, changed): _near(item, depth + 1, changed) for key, item in value.items()}


def _as_json(value: Any, what: str, changed: Counter[str]) -> str:
    changed[what] += 1
    try:
        return _text(json.dumps(value, ensure_ascii=False), changed)
    except RecursionError:  # it was parsed on a less deep stack
        return "…"


def _text(value: str, changed: Counter[str]) -> str:
    try:
        value.encode()
    except UnicodeEncodeError:
        changed["lone surrogates replaced in texts"] += 1
        value = value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if "\0" in value:  # PostgreSQL cannot store it
        changed["NUL characters replaced in texts"] += 1
        value = value.replace("\0", "\ufffd")
    return value

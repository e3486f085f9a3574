"""JSON that `json` cannot write: tokens such as NaN, and objects with two members of one name."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import dataclass
from typing import Any

#: Deeper than any of these bodies.
DEEPEST = 6_000

_REPEATED = re.compile(r"(.{1,90}?)\1{19,}", re.DOTALL)


@dataclass(frozen=True)
class Raw:
    """
    A JSON text to be written as it is, such as ``NaN``, or an integer of 5,000 digits.

    :param text: the text.
    """

    text: str

    def __repr__(self) -> str:
        """Return its text, with the middle left out if it is long."""
        return f"Raw({short(self.text)})"


@dataclass(frozen=True)
class Pairs:
    """
    An object whose members may have the same name.

    :param members: name and value, in the order in which they are written.
    """

    members: tuple[tuple[str, Any], ...]


def write(tree: Any, *, ascii_only: bool = True) -> str:
    """Return a value as JSON text."""
    texts: list[str] = []

    def placeholder(node: Any) -> str:
        if isinstance(node, Raw):
            texts.append(node.text)
        else:
            inner = (
                f"{json.dumps(name)}: {write(value, ascii_only=ascii_only)}" for name, value in node.members
            )
            texts.append("{" + ", ".join(inner) + "}")
        return f"@raw {len(texts) - 1}@"

    written = json.dumps(tree, default=placeholder, ensure_ascii=ascii_only)
    for number, text in enumerate(texts):
        written = written.replace(f'"@raw {number}@"', text)
    return written


def readings(tree: Any) -> list[Any]:
    """
    Return the values that the two kinds of parser read: of two members with one name the first counts, or the last.

    A :class:`Raw` number is read. Of a raw list or object it is only read that it is one, because nothing that is nested
    so deep decides. Any other raw text stays as it is, and equals no value.
    """
    last = _read(tree, first=False)
    first = _read(tree, first=True)
    return [last] if first == last else [last, first]


def _read(node: Any, *, first: bool) -> Any:
    if isinstance(node, Pairs):
        members: dict[str, Any] = {}
        for name, value in node.members:
            if not (first and name in members):
                members[name] = _read(value, first=first)
        return members
    if isinstance(node, dict):
        return {name: _read(value, first=first) for name, value in node.items()}
    if isinstance(node, list):
        return [_read(item, first=first) for item in node]
    if isinstance(node, Raw):
        containers: dict[str, Any] = {"{": {}, "[": [[]]}
        return containers[node.text[0]] if node.text[:1] in containers else parsed(node.text, node)
    return node


def parsed(text: str, otherwise: Any) -> Any:
    """Return the value of a JSON text of any depth; ``otherwise`` if it is not JSON."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(limit + DEEPEST)
    try:
        return json.loads(text, parse_int=lambda digits: int(digits) if len(digits) < 25 else Raw(digits))
    except (ValueError, RecursionError):
        return otherwise
    finally:
        sys.setrecursionlimit(limit)


def nested(opening: str, closing: str, depth: int, inside: str = "") -> Raw:
    """Return JSON that is nested ``depth`` deep."""
    return Raw(opening * depth + inside + closing * depth)


def written(value: Any) -> str:
    """Return the ``repr`` of a text or bytes, shortened so that a person can write it again."""
    shown = repr(value)
    if 1_000 < len(shown) < 1_000_000:  # in a longer one the search for repetitions takes seconds
        shown = _REPEATED.sub(lambda found: f"<{found[1]} x {len(found[0]) // len(found[1])}>", shown)
    return shown if len(shown) <= 4_000 else short(value, 4_000)


def short(value: Any, limit: int = 400) -> str:
    """Return the ``repr`` of a text, bytes or value, with its middle left out if it is long."""
    shown = repr(value)
    if len(shown) <= limit:
        return shown
    half = limit // 2
    return f"{shown[:half]} [... {len(shown) - 2 * half} characters ...] {shown[-half:]}"

"""Options that a test gives by keyword: the fields of a dataclass, checked against their types."""

from dataclasses import fields
from types import UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")


def from_options(kind: type[T], options: dict[str, Any], subject: str) -> T:
    """
    Return an instance of a dataclass with these options.

    :param kind: the dataclass.
    :param options: values of its fields.
    :param subject: what the options belong to, for the error.
    :raises ValueError: if there is no such option, or it cannot have this value; the sentence names it.
    """
    hints = get_type_hints(kind)
    known = [field.name for field in fields(kind) if field.init]  # type: ignore[arg-type]  # only dataclasses come here
    for name, value in options.items():
        if name not in known:
            raise ValueError(f"There is no option {name!r} of {subject}; it has {', '.join(known)}.")
        if not _fits(value, hints[name]):
            raise ValueError(f"Option {name!r} of {subject} cannot be {value!r}.")
    return kind(**options)


def _fits(value: Any, hint: Any) -> bool:
    """Whether a value is of this type; a bool is not a number, and a list may stand for a tuple."""
    origin, parts = get_origin(hint) or hint, get_args(hint)
    if origin is Literal:
        return value in parts
    if origin in (Union, UnionType):
        return any(_fits(value, part) for part in parts)
    if origin is tuple:
        return isinstance(value, list | tuple) and all(_fits(item, parts[0]) for item in value)
    if isinstance(value, bool):
        return origin in (bool, Any)
    return origin is Any or isinstance(value, (int, float) if origin is float else origin)

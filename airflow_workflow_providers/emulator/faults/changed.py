"""Faults that change one thing in the vendor's own reply."""

import json
from dataclasses import dataclass, replace
from typing import Any

from typing_extensions import override

from airflow_workflow_providers.emulator.faults.base import ChangesReply, Vendor
from airflow_workflow_providers.emulator.messages import Reply, Route

#: A placeholder for the deep value: the json module cannot write one that deep.
_DEEP = "here the body is deep"


@dataclass(frozen=True, kw_only=True)
class UnknownStatus(ChangesReply):
    """A run has a status that no page names."""

    name = "unknown_status"

    status: str = "HIBERNATING"

    @override
    def fits(self, route: Route) -> bool:
        return route.returns_status

    @override
    def change(self, reply: Reply, vendor: Vendor) -> Reply:
        return replace(reply, body=vendor.with_status(reply.body, self.status))


@dataclass(frozen=True, kw_only=True)
class Garbled(ChangesReply):
    """
    One field has another value.

    :param field: a path, as ``nodes.0.node_name``: a number is a place in a list, ``*`` is all of a list or an object,
        and what does not exist is made. Without a path it is the status, wherever the vendor has it.
    :param value: anything that JSON can say.
    """

    name = "garbled"

    field: str | None = None
    value: Any = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.field is not None:
            _path(self.name, self.field)
        try:
            json.dumps(self.value)
        except (TypeError, ValueError):
            raise ValueError("Option 'value' of fault 'garbled' is anything that JSON can say.") from None

    @override
    def fits(self, route: Route) -> bool:
        return self.field is not None or route.returns_status

    @override
    def change(self, reply: Reply, vendor: Vendor) -> Reply:
        if self.field is None:
            body = vendor.with_status(reply.body, self.value)
        else:
            body = with_value_at(reply.body, self.field.split("."), self.value)
        changed = replace(reply, body=body)
        readable = (reply.execution_id or "").encode() in changed.encoded()
        return changed if readable else replace(changed, execution_id=None)


@dataclass(frozen=True, kw_only=True)
class DeepJson(ChangesReply):
    """One field is nested ``depth`` times; ``field`` is a path as for ``garbled``."""

    name = "deep_json"

    depth: int = 1500
    field: str = "deep"

    def __post_init__(self) -> None:
        super().__post_init__()
        _path(self.name, self.field)
        if self.depth < 1:
            raise ValueError("Option 'depth' of fault 'deep_json' is from 1.")

    @override
    def change(self, reply: Reply, vendor: Vendor) -> Reply:
        text = json.dumps(with_value_at(reply.body, self.field.split("."), _DEEP))
        deep = "[" * self.depth + "]" * self.depth
        body = text.replace(json.dumps(_DEEP), deep).encode()
        return replace(reply, body=body, media_type="application/json")


@dataclass(frozen=True, kw_only=True)
class Huge(ChangesReply):
    """The output is this many bytes of JSON."""

    name = "huge"

    bytes: int = 1_000_000

    @override
    def change(self, reply: Reply, vendor: Vendor) -> Reply:
        return replace(reply, body=vendor.with_output_size(reply.body, self.bytes))


@dataclass(frozen=True, kw_only=True)
class Truncated(ChangesReply):
    """The first half of the body, with headers that fit it."""

    name = "truncated"

    @override
    def change(self, reply: Reply, vendor: Vendor) -> Reply:
        whole = reply.encoded()
        return replace(reply, body=whole[: max(len(whole) // 2, 1)], execution_id=None)


def with_value_at(body: Any, path: list[str], value: Any) -> Any:
    """Return a body with the value at this path; what is not an object there becomes one."""
    if not path:
        return value
    step, *rest = path
    if isinstance(body, list) and (step == "*" or step.isdecimal()):
        items = body + [None] * (0 if step == "*" else int(step) + 1 - len(body))
        return [
            with_value_at(item, rest, value) if step in ("*", str(n)) else item
            for n, item in enumerate(items)
        ]
    if isinstance(body, dict) and step == "*":
        return {name: with_value_at(inner, rest, value) for name, inner in body.items()}
    known = body if isinstance(body, dict) else {}
    return {**known, step: with_value_at(known.get(step), rest, value)}


def _path(fault: str, field: str) -> None:
    """Refuse a path with an empty step."""
    if not all(field.split(".")):
        raise ValueError(f"Option 'field' of fault {fault!r} is names with dots between them.")

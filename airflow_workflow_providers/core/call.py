"""Calls as values: what to send, and how to read the answer. Nothing here sends."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar
from urllib.parse import quote

from pydantic import BaseModel, ValidationError

from airflow_workflow_providers.core.errors import InvalidInput, UnreadableAnswer

T = TypeVar("T")
M = TypeVar("M", bound=BaseModel)

# Some vendors write the slashes of JSON with a backslash before each.
_SIGNED = re.compile(r"(https?:(?:\\?/){2}[^\s?\"'<>]+)\?[^\s\"'<>]+")

#: How much of an answer an error message shows.
EXCERPT = 500


@dataclass(frozen=True)
class Answer:
    """
    An HTTP answer, read whole.

    :param status: the HTTP status.
    :param headers: header names in lower case.
    :param content: the body.
    :param secrets: what :meth:`quote` leaves out.
    """

    status: int
    headers: Mapping[str, str]
    content: bytes = field(repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)

    @property
    def ok(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status < 300

    def quote(self, text: str | None = None) -> str:
        """
        Return what an error may show: on one line, without secrets, and not too long.

        :param text: the vendor's words; default: the body.
        """
        if text is None:
            text = self.content[: 8 * EXCERPT].decode("utf-8", "replace")
        # Secrets go first: a cut could leave half of one.
        return redact(" ".join(text.split()), self.secrets)[:EXCERPT]

    def json(self) -> Any:
        """
        Return the parsed body.

        :raises UnreadableAnswer: if it is not JSON.
        """
        try:
            return json.loads(self.content)
        except ValueError as error:
            raise self._unreadable("not JSON") from error

    def json_object(self) -> dict[str, Any]:
        """Return the parsed body if it is a JSON object, else an empty one: for looking at what may be anything."""
        try:
            body = json.loads(self.content)
        except ValueError:
            return {}
        return body if isinstance(body, dict) else {}

    def parse(self, model: type[M]) -> M:
        """
        Return the body as ``model``.

        :raises UnreadableAnswer: if it is not JSON or not of that shape; names the fields, and shows the body.
        """
        try:
            return model.model_validate_json(self.content)
        except ValidationError as error:
            reasons = "; ".join(
                f"{'.'.join(str(part) for part in e['loc']) or 'the body'}: {e['msg']}"
                for e in error.errors(include_url=False, include_input=False)[:5]
            )
            # The pydantic error repeats the body: it stays out of the chain, for a body may hold anything.
            raise self._unreadable(reasons) from None

    def _unreadable(self, why: str) -> UnreadableAnswer:
        return UnreadableAnswer(
            f"answered HTTP {self.status} with something else than documented ({why}): {self.quote()!r}",
            status=self.status,
        )


def redact(text: str, secrets: tuple[str, ...]) -> str:
    """Return ``text`` without the secrets, in any of the forms in which an answer may repeat them."""
    for secret in secrets:
        for form in {secret, quote(secret, safe=""), json.dumps(secret)[1:-1]}:
            text = text.replace(form, "***")
    # A signed address is a key to whatever lies there; the signature is in its query.
    return _SIGNED.sub(r"\1?***", text)


def _ok(answer: Answer) -> bool:
    return answer.ok


@dataclass(frozen=True)
class Call(Generic[T]):
    """
    One request, and how to read its answer.

    :param doing: what it does, as it stands in an error message: ``"start workflow sync-contacts"``.
    :param method: the HTTP method.
    :param path: below the connection's base URL; ids in it are percent-encoded (see :func:`segment`).
    :param read: turns an answer that the call ``expects`` into its value; raises ``UnreadableAnswer`` if it cannot.
    :param query: query parameters; those that are ``None`` are left out.
    :param headers: headers besides the connection's own; those that are ``None`` are left out.
    :param body: JSON to send, if any.
    :param secrets: what no message may repeat, besides the connection's own: a callback's address, for one.
    :param starts: True if it may start a run: then it is sent again only where nothing can have started.
    :param identity: of a start, what makes another one the same: the workflow and its input, but no label, no callback
        address, and nothing that only says how to answer.
    :param expects: which answers ``read`` is made for; every other answer becomes an error. Default: 2xx.
    :param limit: seconds for the whole exchange; default: the connection's read timeout.
    """

    doing: str
    method: str
    path: str
    read: Callable[[Answer], T]
    query: Mapping[str, str | None] = field(default_factory=dict, repr=False)
    headers: Mapping[str, str | None] = field(default_factory=dict)
    body: Any = field(default=None, repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)
    starts: bool = False
    identity: Mapping[str, Any] = field(default_factory=dict, repr=False)
    expects: Callable[[Answer], bool] = _ok
    limit: float | None = None


def segment(name: str, value: object) -> str:
    """
    Return ``value`` as one segment of a path, percent-encoded.

    :param name: the parameter that it came from, for the error.
    :param value: an id or a name; slashes and spaces are encoded.
    :raises InvalidInput: if it is empty or would climb the path.
    """
    text = str(value).strip() if value is not None else ""
    if text in ("", ".", "..", "None"):
        raise InvalidInput(f"{name} must name something that the vendor knows; got {value!r}.")
    return quote(text, safe="")


def header(name: str, value: object) -> str:
    """
    Return ``value`` as the value of a header.

    :param name: the parameter that it came from, for the error.
    :raises InvalidInput: if it is empty, or has characters that no header may carry.
    """
    text = value if isinstance(value, str) else str(value)
    if not text.strip() or not text.isascii() or not text.isprintable():
        raise InvalidInput(f"{name} is sent as an HTTP header: printable ASCII, not empty; got {value!r}.")
    return text


def json_object(name: str, value: object) -> dict[str, Any]:
    """
    Return ``value`` if it can be sent as a JSON object.

    :param name: the parameter that it came from, for the error.
    :raises InvalidInput: if it is no mapping, or holds what JSON cannot say.
    """
    if not isinstance(value, dict):
        raise InvalidInput(f"{name} must be a dict, to be sent as a JSON object; got {type(value).__name__}.")
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise InvalidInput(f"{name} cannot be sent as JSON: {error}.") from error
    return value


def problems(items: list[Any]) -> str:
    """
    Return a list of what was wrong with a request as text, in the shape in which FastAPI gives it with a 422.

    The ``input`` that each repeats is left out: it may be an address with a key in it.

    :param items: each with ``loc``, ``msg`` and ``type``, or anything.
    """
    return "; ".join(_problem(item) for item in items)


def _problem(item: Any) -> str:
    if not isinstance(item, dict):
        return str(item)
    where, what = item.get("loc"), item.get("msg") or item.get("type") or "refused"
    place = ".".join(map(str, where)) if isinstance(where, list) else str(where or "")
    return f"{place}: {what}" if place else str(what)

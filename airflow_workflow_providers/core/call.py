"""Calls as values: what to send, and how to read the answer. Nothing here sends."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Generic, TypeVar
from urllib.parse import quote

from pydantic import BaseModel, PlainValidator, ValidationError

from airflow_workflow_providers.core.errors import InvalidInput, UnreadableAnswer
from airflow_workflow_providers.core.secret import unsendable
from airflow_workflow_providers.core.text import LIMIT, shown

T = TypeVar("T")
M = TypeVar("M", bound=BaseModel)

#: The longest number that is read as one; https://docs.python.org/3/library/stdtypes.html#int-max-str-digits
_DIGITS = 4000

#: How deep a body is read where Python cannot read all of it.
_DEEPEST = 200

_NESTING = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}]', re.DOTALL)

#: The longest id that is believed, in characters.
ID_LIMIT = 200


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

    def quote(self, text: object = None) -> str:
        """
        Return what an error may show: see :func:`~airflow_workflow_providers.core.text.shown`.

        :param text: the vendor's words; default: the body.
        """
        if text is None:
            text = self.content[: 8 * LIMIT].decode("utf-8", "replace")
        return shown(text, self.secrets)

    def json(self) -> Any:
        """
        Return the parsed body.

        Nothing is refused that need not be: bytes that are no UTF-8 and halves of surrogate pairs are let through, for
        they may stand in a field that nobody needs.

        :raises UnreadableAnswer: if it is not JSON, or nothing but brackets.
        """
        text = self.content.decode(json.detect_encoding(self.content), "replace").removeprefix("\ufeff")
        try:
            return _parsed(text)
        except ValueError:
            why = "not JSON"
        except RecursionError:
            why = "JSON that is nested too deep"
        raise self._unreadable(why)

    def json_object(self) -> dict[str, Any]:
        """Return the parsed body if it is a JSON object, else an empty one: for looking at what may be anything."""
        try:
            body = self.json()
        except UnreadableAnswer:
            return {}
        return body if isinstance(body, dict) else {}

    def parse(self, model: type[M]) -> M:
        """
        Return the body as ``model``.

        :raises UnreadableAnswer: if it is not JSON or not of that shape; names the fields, and shows the body.
        """
        body = self.json()
        try:
            return model.model_validate(body)
        except ValidationError as error:
            reasons = "; ".join(
                f"{'.'.join(str(part) for part in e['loc']) or 'the body'}: {'not a JSON object' if e['type'] == 'model_type' else e['msg']}"
                for e in error.errors(include_url=False, include_input=False, include_context=False)[:5]
            )
        # The pydantic error repeats the body: it stays out of the chain, for a body may hold anything.
        raise self._unreadable(reasons)

    def _unreadable(self, why: str) -> UnreadableAnswer:
        return UnreadableAnswer(
            f"answered HTTP {self.status} with something else than documented ({why}): {self.quote()!r}",
            status=self.status,
        )


def _parsed(text: str) -> Any:
    """Return the value of a JSON text; what is nested deeper than Python can read is text in it."""
    try:
        return json.loads(text, parse_int=_whole)
    except RecursionError:
        return json.loads(_shallow(text), parse_int=_whole)


def _shallow(text: str) -> str:
    """Return a JSON text in which each part that lies too deep stands as a string that holds its JSON."""
    pieces: list[str] = []
    depth = done = began = 0
    for token in _NESTING.finditer(text):
        if token.group() in "[{":
            depth += 1
            if depth == _DEEPEST:
                pieces.append(text[done : token.start()])
                began = token.start()
        elif token.group() in "]}":
            if depth == _DEEPEST:
                done = token.end()
                pieces.append(json.dumps(text[began:done], ensure_ascii=False))
            depth -= 1
    return "".join([*pieces, text[done:]])


def _whole(digits: str) -> int | str:
    """Return a whole number; Python reads no number of more than 4,300 digits, which stays text."""
    return int(digits) if len(digits) <= _DIGITS else digits


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
    :param value: an id or a name, a text or a whole number; slashes and spaces are encoded.
    :raises InvalidInput: if it is something else, is empty, or would climb the path.
    """
    kind = type(value).__name__
    if not isinstance(value, (str, int)) or isinstance(value, bool):
        raise InvalidInput(f"{name} must be an id or a name that the vendor knows; got a {kind}.")
    try:
        text = str(value).strip()
        segment = quote(text, safe="")
    except UnicodeEncodeError:
        raise InvalidInput(f"{name} holds half of a surrogate pair, which no address can carry.") from None
    except ValueError:
        raise InvalidInput(f"{name} has more digits than Python writes.") from None
    if text in ("", ".", "..", "None"):
        raise InvalidInput(f"{name} must be an id or a name that the vendor knows; got {value!r}.")
    return segment


def header(name: str, value: object) -> str:
    """
    Return ``value`` as the value of a header.

    :param name: the parameter that it came from, for the error, which never shows the value: it may be a secret.
    :raises InvalidInput: if it is empty, or has characters that no header may carry.
    """
    text = value if isinstance(value, str) else str(value)
    if not text.strip():
        raise InvalidInput(f"{name} is empty; it is sent as an HTTP header.")
    wrong = unsendable(text) or ("a space at its end" if text != text.strip() else None)
    if wrong:
        raise InvalidInput(
            f"{name} is sent as an HTTP header, which can only hold printable ASCII: it has {wrong}."
        )
    return text


def execution_id(value: object, answer: Answer) -> str:
    """
    Return the id of a run as the vendor gave it: it is checked, and never changed.

    :param value: a text, or a whole number.
    :param answer: where it was found.
    :raises UnreadableAnswer: if no path or log line can carry it, or it stands for nothing.
    """
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) and value > 0 else value
    if (
        isinstance(text, str)
        and 0 < len(text) <= ID_LIMIT
        and text.isprintable()
        and not any(char.isspace() or char in "/\\?#%" for char in text)
        and text not in (".", "..", "None", "null")
        and answer.quote(text) == text
    ):
        return text
    raise UnreadableAnswer(
        f"returned HTTP {answer.status} without an execution id that can be used: {answer.quote()!r}",
        status=answer.status,
    )


def json_bytes(name: str, value: object) -> bytes:
    """
    Return ``value`` as the JSON that is sent.

    :param name: the parameter that it came from, for the error.
    :raises InvalidInput: if it holds what JSON, or UTF-8, cannot say.
    """
    try:
        return json.dumps(value, allow_nan=False, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:
        why = "half of a surrogate pair, which UTF-8 cannot say"
    except RecursionError:
        why = "nested too deep"
    except (TypeError, ValueError) as error:
        why = shown(str(error))
    raise InvalidInput(f"{name} cannot be sent as JSON: {why}.")


def json_object(name: str, value: object) -> dict[str, Any]:
    """
    Return ``value`` if it can be sent as a JSON object.

    :param name: the parameter that it came from, for the error.
    :raises InvalidInput: if it is no mapping, or holds what JSON cannot say.
    """
    if not isinstance(value, dict):
        raise InvalidInput(f"{name} must be a dict, to be sent as a JSON object; got {type(value).__name__}.")
    json_bytes(name, value)
    return value


#: How many reasons an error names; more of them would be cut from the message anyway.
MOST_REASONS = 20


def problems(items: list[Any], answer: Answer) -> str:
    """
    Return a list of what was wrong with a request as text, in the shape in which FastAPI gives it with a 422.

    The ``input`` that each repeats is left out: it may be an address with a key in it.

    :param items: each with ``loc``, ``msg`` and ``type``, or anything.
    :param answer: where they were found.
    """
    return "; ".join(_problem(item, answer) for item in items[:MOST_REASONS])


def _problem(item: Any, answer: Answer) -> str:
    if not isinstance(item, dict):
        return shown(item, answer.secrets)
    where, what = item.get("loc"), answer.quote(item.get("msg") or item.get("type") or "refused")
    parts = where[:MOST_REASONS] if isinstance(where, list) else [where] if where else []
    place = ".".join(shown(part, answer.secrets) for part in parts)
    return f"{place}: {what}" if place else what


def text_id(value: object, answer: Answer) -> str:
    """
    Return the id of a run where the vendor documents a text: a number is none, for it would be changed.

    :param value: see :func:`execution_id`.
    :param answer: where it was found.
    :raises UnreadableAnswer: if it is no text, or one that no path or log line can carry.
    """
    return execution_id(value if isinstance(value, str) else None, answer)


def found_id(value: object, answer: Answer) -> str | None:
    """
    Return the id of a run in a list; ``None`` if it cannot be used: one odd entry must not hide the others.

    :param value: see :func:`text_id`.
    :param answer: where it was found.
    """
    try:
        return text_id(value, answer)
    except UnreadableAnswer:
        return None


def _word(value: object) -> str:
    if isinstance(value, str):
        return value
    raise ValueError("not a text")  # pydantic makes its own error of it


#: A field that decides. It must be a text, and is read as it is: half of a surrogate pair in it, which ``str`` would
#: refuse, makes it a word that is not known.
Word = Annotated[str, PlainValidator(_word)]

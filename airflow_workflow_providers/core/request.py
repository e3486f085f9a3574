"""Requests as values: what to send, and how to read the response. Nothing here sends."""

import json
import re
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Annotated, Any, Generic, TypeAlias, TypeVar

from pydantic import BaseModel, PlainValidator, ValidationError

from airflow_workflow_providers.core.errors import UnexpectedResponse
from airflow_workflow_providers.core.execution import State
from airflow_workflow_providers.core.parameters import id_or_name, query_value, segment, time_of
from airflow_workflow_providers.core.text import LIMIT, shown

T = TypeVar("T")
V = TypeVar("V")
M = TypeVar("M", bound=BaseModel)

#: The longest execution id that is accepted, in characters.
ID_LIMIT = 200

#: How many reasons an error names; more of them would be cut from the message anyway.
MAX_REASONS = 20

#: The longest number that is read as one; https://docs.python.org/3/library/stdtypes.html#int-max-str-digits
_DIGITS = 4000

#: The HTTP status of a server that does not support what was asked for.
NOT_IMPLEMENTED = 501

#: How deep a body is read where Python cannot read all of it.
_DEEPEST = 200

_NESTING = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}]', re.DOTALL)


@dataclass(frozen=True)
class Response:
    """
    An HTTP response, read whole.

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

    @property
    def may_pass(self) -> bool:
        """
        Whether the same request may succeed later: after 408, 429 and 5xx.

        Not after 501: the server does not support what was asked for, https://www.rfc-editor.org/rfc/rfc9110#section-15.6.2
        """
        return self.status in (408, 429) or (self.status >= 500 and self.status != NOT_IMPLEMENTED)

    def quote(self, text: object = None) -> str:
        """
        Return what an error may show: see :func:`~airflow_workflow_providers.core.text.shown`.

        :param text: the vendor's text; default: the body.
        """
        if text is None:
            text = self.content[: 8 * LIMIT].decode("utf-8", "replace")
        return shown(text, self.secrets)

    def json(self) -> Any:
        """
        Return the parsed body.

        Bytes that are not UTF-8 and lone surrogates are accepted: they may be in a field that nobody needs.

        :raises UnexpectedResponse: if it is not JSON, or nothing but brackets.
        """
        text = self.content.decode(json.detect_encoding(self.content), "replace").removeprefix("\ufeff")
        try:
            return _parsed(text)
        except ValueError:
            why = "not JSON"
        except RecursionError:
            why = "JSON that is nested too deep"
        raise self.unexpected(
            f", but the body does not match the documented schema ({why}): {self.quote()!r}"
        )

    def json_object(self) -> dict[str, Any]:
        """Return the parsed body if it is a JSON object, else an empty one: for reading what may be anything."""
        try:
            body = self.json()
        except UnexpectedResponse:
            return {}
        return body if isinstance(body, dict) else {}

    def json_or_text(self) -> Any:
        """
        Return a body that is an output, in whatever form: parsed JSON, or text.

        A text is an output also if it is called HTML: PHP does so by default. But a whole HTML page comes from a proxy on the
        way, and JSON can be cut.

        :raises UnexpectedResponse: if it is such a page, or JSON that cannot be read.
        """
        try:
            return self.json()
        except UnexpectedResponse:
            text = self.content.decode("utf-8", "replace")
            media_type, begin = self.headers.get("content-type", "").lower(), text.lstrip("\ufeff \t\r\n")
            if media_type.startswith("application/json") and begin.startswith(("{", "[")):
                raise
            if media_type.startswith("text/html") and begin.lower().startswith(("<!doctype", "<html")):
                raise self.unexpected(f" with an HTML page: {self.quote()!r}") from None
            return text

    def parse(self, model: type[M]) -> M:
        """
        Return the body as ``model``.

        :raises UnexpectedResponse: if it does not fit; the error names the fields and shows the body.
        """
        body = self.json()
        try:
            return model.model_validate(body)
        except ValidationError as error:
            reasons = "; ".join(
                f"{'.'.join(str(part) for part in e['loc']) or 'the body'}: {'not a JSON object' if e['type'] == 'model_type' else e['msg']}"
                for e in error.errors(include_url=False, include_input=False, include_context=False)[:5]
            )
        # The pydantic error repeats the body, which may hold a secret: it stays out of the exception chain.
        raise self.unexpected(
            f", but the body does not match the documented schema ({reasons}): {self.quote()!r}"
        )

    def execution_id(self, value: object, *, number: bool = False) -> str:
        """
        Return an execution id as the vendor gave it: it is checked and never changed.

        :param value: where the id was found.
        :param number: whether the vendor documents a whole number; it is returned as text.
        :raises UnexpectedResponse: if a path or a log line cannot carry it.
        """
        if number and isinstance(value, int) and not isinstance(value, bool) and value > 0:
            value = str(value)
        if (
            isinstance(value, str)
            and 0 < len(value) <= ID_LIMIT
            and value.isprintable()
            and not any(char.isspace() or char in "/\\?#%" for char in value)
            and value not in (".", "..", "None", "null")
            and self.quote(value) == value
        ):
            return value
        raise self.unexpected(f" without a usable execution id: {self.quote()!r}")

    def explain(self, *names: str) -> str | None:
        """
        Return the vendor's explanation from an error body: the first of these fields that it has, the second in brackets.

        :param names: a field that holds a list is read like FastAPI's 422: each problem with its location.
        """
        body = self.json_object()
        found = [body[name] for name in names if body.get(name)]
        texts = [self._problems(item) if isinstance(item, list) else self.quote(item) for item in found[:2]]
        return f"{texts[0]} ({texts[1]})" if len(texts) > 1 else "".join(texts) or None

    def reasons(self, reasons: Iterable[str]) -> str | None:
        """Return several reasons as one text that an error may show; ``None`` if there are none."""
        text = "; ".join(islice(reasons, MAX_REASONS))
        return self.quote(text) if text else None

    def find_id(self, value: object) -> str | None:
        """Return an execution id from a list, or ``None``: one odd entry must not hide the others."""
        try:
            return self.execution_id(value)
        except UnexpectedResponse:
            return None

    def _problems(self, items: list[Any]) -> str:
        # The ``input`` of each problem is left out: it may be an address with a key in it.
        return "; ".join(self._problem(item) for item in items[:MAX_REASONS])

    def _problem(self, item: Any) -> str:
        if not isinstance(item, dict):
            return shown(item, self.secrets)
        where, what = item.get("loc"), self.quote(item.get("msg") or item.get("type") or "rejected")
        parts = where[:MAX_REASONS] if isinstance(where, list) else [where] if where else []
        place = ".".join(shown(part, self.secrets) for part in parts)
        return f"{place}: {what}" if place else what

    def unexpected(self, what: str) -> UnexpectedResponse:
        """Return the error of a response that is not what the vendor documents; ``what`` follows the status."""
        return UnexpectedResponse(f"returned HTTP {self.status}{what}", status=self.status)


def _ok(response: Response) -> bool:
    return response.ok


@dataclass(frozen=True)
class Request(Generic[T]):
    """
    One request, and how to read its response.

    :param summary: what it does, as an error message says it: ``"start workflow sync-contacts"``.
    :param method: the HTTP method.
    :param path: below the connection's base URL; ids in it are percent-encoded.
    :param parse: turns a response that ``accepts`` allows into the value; raises ``UnexpectedResponse`` if it cannot.
    :param query: query parameters; those that are ``None`` are left out.
    :param headers: headers besides the connection's own; those that are ``None`` are left out.
    :param body: JSON to send, if any; with another ``media_type`` a text.
    :param media_type: of the body.
    :param secrets: what no message may repeat, besides the connection's own secrets: a callback address, for one.
    :param starts_run: whether it may start a run: then it is sent again only if no run can have been started.
    :param creates: what it may create that is no run, ``"configuration store"`` for one, if a second request could create
        a second one: then it is sent again only if nothing can have been created.
    :param fingerprint_input: of a start, what makes another start the same: the workflow and its input, but no label and
        no callback address.
    :param goes_first: whether it waits for no turn of the connection's rate limit: a stop.
    :param accepts: which responses ``parse`` can read; every other response becomes an error. Default: 2xx.
    :param timeout: seconds for the whole exchange; default: the connection's read timeout.
    """

    summary: str
    method: str
    path: str
    parse: Callable[[Response], T]
    query: Mapping[str, str | None] = field(default_factory=dict, repr=False)
    headers: Mapping[str, str | None] = field(default_factory=dict)
    body: Any = field(default=None, repr=False)
    media_type: str = "application/json"
    secrets: tuple[str, ...] = field(default=(), repr=False)
    starts_run: bool = False
    creates: str = ""
    fingerprint_input: Mapping[str, Any] = field(default_factory=dict, repr=False)
    goes_first: bool = False
    accepts: Callable[[Response], bool] = _ok
    timeout: float | None = None

    @property
    def makes(self) -> str:
        """What must not be made twice: a run, or what it creates. Empty: it may be sent again, whatever became of it."""
        return "run" if self.starts_run else self.creates

    def read_as(self, summary: str, parse: Callable[[Response], V]) -> "Request[V]":
        """
        Return the same request with another purpose.

        :param summary: what it does.
        :param parse: how its response is read.
        """
        return replace(self, summary=summary, parse=parse)  # type: ignore[arg-type, return-value]  # another type


class JsonObject(BaseModel):
    """A JSON object, whatever it holds."""


def read_request(
    summary: str,
    path: str,
    *,
    model: type[BaseModel] = JsonObject,
    query: Mapping[str, Any] | None = None,
) -> Request[Any]:
    """
    Return a request that reads something, and returns it as the vendor sent it.

    :param summary: what it does, as an error message says it.
    :param path: where it is; ids in it are percent-encoded.
    :param model: what the body must fit; a model names only what decides whether it is the right body at all.
    :param query: query parameters by the vendor's names; those that are ``None`` are left out.
    :raises InvalidInput: if a query parameter is no text, number, flag or date.
    """

    def parse(response: Response) -> Any:
        response.parse(model)
        return response.json()

    given = {name: query_value(name, value) for name, value in (query or {}).items() if value is not None}
    return Request(summary, "GET", path, query=given, parse=parse)


def execution_request(
    execution_id: str,
    path: str,
    read: Callable[[str, Response], T],
    *,
    action: str = "read",
    method: str = "GET",
    **options: Any,
) -> Request[T]:
    """
    Return a request about one execution.

    :param execution_id: its id.
    :param path: where it is, with ``{}`` for its id.
    :param read: reads the response; it gets the id too.
    :param action: what the request does with the execution, as an error message says it.
    :param method: the HTTP method.
    :param options: more parameters of :class:`Request`.
    :raises InvalidInput: if it is no id.
    """
    known = id_or_name("execution_id", execution_id)
    return Request(
        f"{action} execution {known}",
        method,
        path.format(segment("execution_id", known)),
        parse=lambda response: read(known, response),
        **options,
    )


@dataclass(frozen=True)
class StatusPage:
    """
    The statuses of a page of a vendor's list.

    :param statuses: the id and the status of each run, raw and in the vendor's order: they are compared and never shown.
    :param more: whether there may be another page with runs that have begun since the time that was asked for.
    """

    statuses: tuple[tuple[str, str], ...] = field(repr=False)
    more: bool


def list_request(
    listed: Request[Any], read: Callable[[Response], tuple[list[Any], bool]], id_field: str
) -> Request[StatusPage]:
    """
    Return the request for the statuses on a page of a vendor's list.

    An entry that is no object, or whose id or status is no text, is left out: one odd entry must not hide the others.

    :param listed: the request for the page.
    :param read: from its response to the entries, and whether there may be another page that is needed.
    :param id_field: the field of an entry that has the id.
    """

    def parse(response: Response) -> StatusPage:
        entries, more = read(response)
        found = [(run.get(id_field), run.get("status")) for run in entries if isinstance(run, dict)]
        known = ((run, status) for run, status in found if isinstance(run, str) and isinstance(status, str))
        return StatusPage(tuple(known), more)

    return listed.read_as("read the list of executions", parse)


def newest_request(
    listed: Request[Any],
    entries: Callable[[Response], list[Any]],
    id_field: str,
    time_field: str,
    since: float,
) -> Request[str | None]:
    """
    Return the request for the id of the newest run begun since then on a page of a vendor's list.

    An entry without a usable id or time is left out: one odd entry must not hide the others.

    :param listed: the request for the page that has the newest runs.
    :param entries: from its response to the entries.
    :param id_field: the field of an entry that has the id.
    :param time_field: the field of an entry that says when the run began.
    :param since: in seconds since the epoch.
    """

    def parse(response: Response) -> str | None:
        runs = (run for run in entries(response) if isinstance(run, dict))
        found = ((time_of(run.get(time_field)), response.find_id(run.get(id_field))) for run in runs)
        # A vendor may write its times to the second.
        begun = [
            (at, known) for at, known in found if at is not None and known is not None and at >= int(since)
        ]
        return max(begun, key=lambda each: each[0])[1] if begun else None

    return listed.read_as("find the newest execution in the list", parse)


@dataclass(frozen=True)
class ListedRun:
    """
    A run as a vendor's list shows it.

    :param execution_id: its id, checked.
    :param state: our state for the status that the list shows.
    :param began_at: when it began, in seconds since the epoch.
    :param ended_at: when it ended, in seconds since the epoch; ``None`` if the list does not say.
    :param from_airflow: whether it carries the label of a start of this package.
    """

    execution_id: str
    state: State
    began_at: float
    ended_at: float | None = None
    from_airflow: bool = False


@dataclass(frozen=True)
class RunPage:
    """
    A page of a vendor's list of runs, newest first.

    :param runs: the runs.
    :param more: whether there may be another page with runs that have begun since the time that was asked for.
    """

    runs: tuple[ListedRun, ...]
    more: bool


def runs_request(
    listed: Request[Any],
    read: Callable[[Response], tuple[list[Any], bool]],
    *,
    id_field: str,
    began_field: str,
    ended_field: str,
    state: Callable[[str], State],
    from_airflow: Callable[[dict[Any, Any]], bool] = lambda _: False,
) -> Request[RunPage]:
    """
    Return the request for the runs on a page of a vendor's list.

    An entry without a usable id, status or time of its begin is left out: one odd entry must not hide the others.

    :param listed: the request for the page.
    :param read: from its response to the entries, and whether there may be another page that is needed.
    :param id_field: the field of an entry that has the id.
    :param began_field: the field that says when the run began.
    :param ended_field: the field that says when it ended.
    :param state: from the vendor's status to our state.
    :param from_airflow: from an entry to whether it carries the label of a start of this package; default: no run does.
    """

    def parse(response: Response) -> RunPage:
        entries, more = read(response)
        runs = (_listed_run(response, each) for each in entries if isinstance(each, dict))
        return RunPage(tuple(run for run in runs if run is not None), more)

    def _listed_run(response: Response, entry: dict[Any, Any]) -> ListedRun | None:
        known, status = response.find_id(entry.get(id_field)), entry.get("status")
        began_at = time_of(entry.get(began_field))
        if known is None or began_at is None or not isinstance(status, str):
            return None
        return ListedRun(known, state(status), began_at, time_of(entry.get(ended_field)), from_airflow(entry))

    return listed.read_as("read the list of executions", parse)


@dataclass(frozen=True)
class Pause:
    """
    What a flow yields to wait.

    :param seconds: how long.
    """

    seconds: float


#: An operation of several requests: it yields requests, receives their values, and returns its own. A request that fails
#: raises inside of it. The client runs it; the flow itself does no I/O.
Flow: TypeAlias = Generator[Request[Any] | Pause, Any, T]


def paged(page: Callable[[int], Request[tuple[list[T], bool]]], pages: int) -> Flow[list[T]]:
    """
    Read the pages of a list.

    :param page: the request for a page, from 1; its value has the items, and whether there is another page.
    :param pages: how many pages are read at the most.
    :return: the items of all pages.
    """
    found: list[T] = []
    for number in range(1, pages + 1):
        items, more = yield page(number)
        found += items
        if not more:
            break
    return found


def texts(value: Any) -> Iterator[str]:
    """Yield every text in a JSON value, names of members too."""
    rest: list[Any] = [value]
    while rest:
        each = rest.pop()
        if isinstance(each, dict):
            rest += [*each, *each.values()]
        elif isinstance(each, list):
            rest += each
        elif isinstance(each, str):
            yield each


def _word(value: object) -> str:
    if isinstance(value, str):
        return value
    raise ValueError("not a text")  # pydantic turns this into its own error


#: A field that decides. It must be a text and is read as it is. A lone surrogate in it, which ``str`` would reject, makes
#: it an unknown word.
Word = Annotated[str, PlainValidator(_word)]


def _parsed(text: str) -> Any:
    """Return the value of a JSON text; what is nested deeper than Python can read is text in it."""
    try:
        return _DECODER.decode(text)
    except RecursionError:
        return _DECODER.decode(_shallow(text))


def _shallow(text: str) -> str:
    """Return a JSON text in which each part that is nested too deep is a string that holds its JSON."""
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


#: Made once: to make one costs as much as to read a status.
_DECODER = json.JSONDecoder(parse_int=_whole)

"""A vendor as one connection reaches it: which requests there are, and what a response means."""

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar
from urllib.parse import quote

from airflow_workflow_providers.core import errors, http
from airflow_workflow_providers.core.execution import Execution
from airflow_workflow_providers.core.request import NOT_IMPLEMENTED, Flow, Request, Response, RunPage
from airflow_workflow_providers.core.text import shown, without_secrets
from airflow_workflow_providers.core.vendor import VendorApi

T = TypeVar("T")

#: The longest error message, in characters.
ERROR_LIMIT = 1500


@dataclass(frozen=True)
class Endpoint:
    """
    A vendor as one connection reaches it.

    :param vendor: the vendor's name, for messages.
    :param api: what the vendor has.
    :param settings: how to reach it.
    :param conn_id: the id of the connection; empty outside of Airflow.
    :param fields: the vendor's own extra fields of the connection that are set and are not secret.
    :param expires_at: when its credentials expire, in seconds since the epoch, so that the connection must be read again.
    :param page: the address of the page of a run, with ``{execution_id}`` in it, if the connection has one.
    """

    vendor: str
    api: VendorApi
    settings: http.HttpSettings
    conn_id: str = ""
    fields: Mapping[str, Any] = field(default_factory=dict)
    expires_at: float = math.inf
    page: str | None = None

    @property
    def has_expired(self) -> bool:
        """Whether its credentials are too old."""
        return time.time() >= self.expires_at

    @property
    def account(self) -> dict[str, Any]:
        """
        What tells the account of this connection from others, without a secret.

        The connection id, the base URL and the vendor's own fields: a run of one account is not a run of another.
        """
        return {"conn_id": self.conn_id, "base_url": self.settings.base_url, **self.fields}

    def ping(self) -> Request[Any]:
        """Return the request that tests the connection."""
        if self.api.ping is None:
            raise errors.NotSupported(f"{self.vendor} has no request that only tests a connection.")
        return self.api.ping(**self.fields)

    def get_status(self, execution_id: str, *, with_details: bool = False) -> Request[Execution]:
        """Return the request for the status of a run, and for what it does too if that is wanted."""
        return self._read(
            self.api.get_status_with_details if with_details else self.api.get_status, execution_id
        )

    def find_newest(self, workflow_id: str, since: float) -> Request[str | None]:
        """Return the request for the id of the newest run of a workflow begun since then."""
        if self.api.find_newest is None:
            raise errors.NotSupported(f"{self.vendor} has no list of the runs of a workflow.")
        return self.api.find_newest(workflow_id, since)

    def list_begun(self, workflow_id: str, since: float, page: int) -> Request[RunPage]:
        """Return the request for a page of the list of the runs of a workflow begun since then."""
        if self.api.list_begun is None:
            raise errors.NotSupported(f"{self.vendor} has no list of the runs of a workflow.")
        return self.api.list_begun(workflow_id, since, page)

    def get_execution(self, execution_id: str, *, require_output: bool = False) -> Flow[Execution]:
        """
        Read a run with its output and the address of its page.

        :param execution_id: the run.
        :param require_output: raise if it cannot be determined whether the run has an output. If False, the run is returned
            without one, and with the reason.
        """
        execution: Execution = yield self._read(self.api.get_execution, execution_id)
        search = self.api.find_output and self.api.find_output(execution)
        if search is not None:
            try:
                execution = yield search
            except (errors.RateLimited, errors.Unavailable, errors.UnexpectedResponse) as error:
                if require_output:
                    raise
                execution = replace(execution, output_missing=str(error))
        return self.with_url(execution)

    @property
    def can_stop(self) -> bool:
        """Whether the vendor can stop a run."""
        return self.api.stop is not None

    def stop(self, execution_id: str) -> Request[str]:
        """Return the request that stops a run; the only place that says that a vendor cannot."""
        if self.api.stop is None:
            message = f"{self.vendor} cannot stop a run: execution {execution_id} goes on."
            raise errors.NotSupported(message, execution_id=execution_id)
        return replace(self.api.stop(execution_id), goes_first=True)

    def execution_url(self, execution_id: str) -> str | None:
        """Return the page where a person sees the run; ``None`` if neither the connection nor the vendor's documentation has one."""
        if self.page is not None:
            return self.page.replace("{execution_id}", quote(execution_id, safe=""))
        url = self.api.execution_url
        return None if url is None else url(self.settings.base_url, execution_id)

    def with_url(self, execution: Execution) -> Execution:
        """Return the run with the address of its page."""
        if execution.execution_id is None:
            return execution
        return replace(execution, url=self.execution_url(execution.execution_id))

    def build(self, request: Request[Any]) -> http.BuiltRequest:
        """
        Serialise a request whole, so that whatever is wrong with it is reported before anything is sent.

        :raises InvalidInput: if it cannot be sent.
        """
        try:
            return http.build(self.settings, request)
        except errors.InvalidInput as error:
            raise self.explain(request, error) from None

    def receive(self, request: Request[T], response: Response) -> T:
        """
        Return what a request reads from its response; all text of the vendor in it is fit to be shown.

        :raises WorkflowError: if the response is an error, or not what the vendor documents. Of a start it is a
            :class:`LostStart`, unless the vendor has certainly started nothing; so it is of a request that creates something.
        """
        try:
            known = Response(response.status, response.headers, response.content, self._secrets(request))
            return self._parse(request, known)
        except errors.WorkflowError as error:
            failure = self.explain(request, error)
        except Exception as error:  # noqa: BLE001  # whatever a parser raises is about this response
            what = f", but the body cannot be read ({type(error).__name__})"
            failure = self.explain(request, response.unexpected(what))
        raise failure

    def explain(self, request: Request[Any], error: errors.WorkflowError) -> errors.WorkflowError:
        """Return ``error`` in whole sentences: who, what was asked, what came back, and what that means."""
        what = str(error).rstrip(".")
        message = f"{self.vendor} could not {request.summary}: {what}{'' if what.endswith('?') else '.'}"
        if self.conn_id and not isinstance(error, errors.InvalidInput):
            message += f" The connection is {self.conn_id!r}."
        # After a success, whatever went wrong did so with a run.
        lost = (
            isinstance(error, errors.UnexpectedResponse)
            or (isinstance(error, errors.Unavailable) and error.sent)
            or 200 <= (error.status or 0) < 300
        )
        if request.makes and lost:
            verb = "start" if request.starts_run else "create"
            message += (
                f" The request had been sent, so a {request.makes} may exist. It is not sent again, because that could "
                f"{verb} a second {request.makes}."
            )
            error = errors.LostStart("", status=error.status)
        elif request.makes:
            message += f" Nothing was {'started' if request.starts_run else 'created'}."
        error.args = (shown(message, self._secrets(request), limit=ERROR_LIMIT),)
        return error

    def open(self, transport: Callable[[http.HttpSettings], T]) -> T:
        """
        Return a transport to this vendor.

        :param transport: makes it from the settings.
        :raises InvalidInput: if nothing can be sent with these settings, or with the proxy of the environment.
        """
        try:
            return transport(self.settings)
        except errors.InvalidInput as error:
            reason = error
        where = f" with connection {self.conn_id!r}" if self.conn_id else ""
        # What was pasted into the wrong field may be the key.
        raise errors.InvalidInput(
            shown(f"{self.vendor} cannot be reached{where}: {reason}", self.settings.secrets)
        )

    def timeout(self, request: Request[Any]) -> float:
        """Return the seconds that one exchange of a request may take."""
        return self.settings.read_timeout if request.timeout is None else request.timeout

    def _secrets(self, request: Request[Any]) -> tuple[str, ...]:
        own = self.settings.secrets
        return (*own, *request.secrets) if request.secrets else own

    def _read(
        self, read: Callable[[str], Request[Execution]] | None, execution_id: str
    ) -> Request[Execution]:
        if read is None:
            name = shown(execution_id)
            raise errors.NotSupported(
                f"{self.vendor} gives such a run no id, so execution {name} cannot be read."
            )
        return read(execution_id)

    def _parse(self, request: Request[T], response: Response) -> T:
        if not request.accepts(response):
            raise self._error(response)
        value = request.parse(response)
        return _fit_to_show(value, response) if isinstance(value, Execution) else value  # type: ignore[return-value]

    def _error(self, response: Response) -> errors.WorkflowError:
        status = response.status
        explain = self.api.error_message
        text = response.quote(explain and explain(response))
        message = f"HTTP {status}: {text}" if text else f"HTTP {status} (empty body)"
        address = http.address(self.settings)
        if status in (401, 403):
            return errors.AuthFailed(message, status=status)
        if status == 404:
            return errors.NotFound(f"{message}. The base URL is {address}", status=status)
        if status == 429:
            return errors.RateLimited(message, status=status, retry_after=retry_after(response))
        if response.may_pass:
            return errors.Unavailable(message, status=status, retry_after=retry_after(response))
        if 300 <= status < 400 and status != 303:
            target = response.quote(response.headers.get("location", "").partition("?")[0])
            message = f"HTTP {status}, a redirect to {target!r}; is the base URL {address!r} right?"
        rejected = status == NOT_IMPLEMENTED or (300 <= status < 500 and status != 303)
        kind = errors.RequestRejected if rejected else errors.UnexpectedResponse
        return kind(message, status=status)


def _fit_to_show(execution: Execution, response: Response) -> Execution:
    """Return a run whose text is fit to be shown, and whose output and details do not repeat a secret."""
    status = response.quote(execution.status) or "(no status)"
    others = (execution.message, execution.note, execution.output, execution.details)
    if status == execution.status and others == (None, None, None, None):
        return execution  # as after most status checks
    fit = {
        "status": status,
        "message": response.quote(execution.message) if execution.message else None,
        "note": response.quote(execution.note) if execution.note else None,
        "output": without_secrets(execution.output, response.secrets),
        "details": without_secrets(execution.details, response.secrets),
    }
    return replace(execution, **fit)


def retry_after(response: Response) -> float | None:
    """
    Return the seconds that a Retry-After header asks for.

    It is a number or a date: https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3

    :return: ``None`` if the standard does not know such a value.
    """
    value = response.headers.get("retry-after", "").strip()
    if value.isascii() and value.isdecimal():
        return float(value[:9])  # 31 years
    try:
        moment = parsedate_to_datetime(value)
        # HTTP dates are in UTC, whether they name a zone or not.
        moment = moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
        return max(0.0, (moment - datetime.now(timezone.utc)).total_seconds())
    except (ValueError, TypeError, IndexError, OverflowError):
        return None

"""From an Airflow connection to a client, and the calls that all vendors have as methods."""

from __future__ import annotations

import asyncio
import functools
import inspect
import json
import time
from collections.abc import Callable, Collection, Coroutine, Mapping
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any, ClassVar, Concatenate, ParamSpec, TypeVar, get_args

from airflow.providers.common.compat.sdk import AirflowNotFoundException, BaseHook, Connection

from airflow_workflow_providers import compat
from airflow_workflow_providers.core import errors
from airflow_workflow_providers.core.async_client import AsyncClient
from airflow_workflow_providers.core.client import Client
from airflow_workflow_providers.core.endpoint import Endpoint
from airflow_workflow_providers.core.execution import Execution
from airflow_workflow_providers.core.http import BuiltRequest, HttpSettings
from airflow_workflow_providers.core.parameters import text
from airflow_workflow_providers.core.rate_limit import Role
from airflow_workflow_providers.core.request import Flow, Request
from airflow_workflow_providers.core.start import account_changes
from airflow_workflow_providers.core.vendor import VendorApi
from airflow_workflow_providers.hooks.extra import (
    HttpExtra,
    base_url,
    is_loopback,
    page_template,
    secret_of,
)
from airflow_workflow_providers.hooks.widgets import field_behaviour, form_widgets
from airflow_workflow_providers.lineage import Lineage, report
from airflow_workflow_providers.metrics import Metrics
from airflow_workflow_providers.outputs.folder import OutputFolder
from airflow_workflow_providers.outputs.result import store

if TYPE_CHECKING:
    from airflow.sdk import ObjectStoragePath

P = ParamSpec("P")
T = TypeVar("T")

#: A person waits for a connection test, in seconds.
TEST_LIMIT = 15.0

#: How long the exchange of a secret for a token may take, with its retries, in seconds.
LOGIN_LIMIT = 30.0

#: A shorter secret of a request, part of a callback address, is not masked in Airflow's logs: it may be an ordinary word.
MASKED_FROM = 12

#: Which warnings were logged for which connection.
_warned: set[tuple[str, str]] = set()


def _maskable(request: Request[Any]) -> tuple[str, ...]:
    return tuple(secret for secret in request.secrets if len(secret) >= MASKED_FROM)


class WorkflowHook(BaseHook):
    """
    What the hooks of all vendors share.

    A vendor's hook names its API, its form and, if the form has fields of its own, their model. Its methods are its API's
    requests, made with :func:`sends`.

    :param conn_id: the connection.
    :param sleep: waits between two attempts of a request; an operator gives one that a kill ends.
    :param account: the account that the connection must lead to, as in :attr:`.Endpoint.account`; default: the one that it
        leads to when it is first read. Ids of runs belong to one account, so a hook never uses another.
    """

    api: ClassVar[VendorApi]
    form: ClassVar[dict[str, Any]]
    extra_model: ClassVar[type[HttpExtra]] = HttpExtra

    #: The parameters with which a task chooses the account itself; its hook and its trigger have them too.
    account_parameters: ClassVar[tuple[str, ...]] = ()

    # Airflow's names of a hook; all follow from the form.
    conn_type: ClassVar[str]
    hook_name: ClassVar[str]
    conn_name_attr: ClassVar[str]
    default_conn_name: ClassVar[str]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.conn_type = cls.form["connection-type"]
        cls.hook_name = cls.form["hook-name"]
        cls.conn_name_attr = f"{cls.conn_type}_conn_id"
        cls.default_conn_name = f"{cls.conn_type}_default"
        # Airflow 3.1 looks for these in the class itself; it does not see what is inherited.
        for method in ("get_connection_form_widgets", "get_ui_field_behaviour"):
            setattr(cls, method, WorkflowHook.__dict__[method])

    def __init__(
        self,
        conn_id: str,
        *,
        sleep: Callable[[float], None] = time.sleep,
        account: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.conn_id = text(self.conn_name_attr, conn_id)
        self.account = account
        self.client = Client(self._read_connection, sleep=sleep)
        #: The metrics of the connection.
        self.metrics = Metrics(self.conn_type, self.conn_id)

    @classmethod
    def account_of(cls, task: Any) -> dict[str, Any]:
        """
        Return the parameters with which a task chooses the account, for another hook or trigger of the task.

        :param task: an operator, a sensor, a trigger or a hook.
        :return: those that are set, by name.
        :raises InvalidInput: if the author has set one, and its template or XCom has no value.
        """
        chosen = {name: getattr(task, name) for name in cls.account_parameters}
        missing = [name for name, value in chosen.items() if value is None]
        if missing and getattr(task, "chooses_account", False):
            raise errors.InvalidInput(
                f"{', '.join(missing)} has no value: what it was set to is None. The account of the connection is not used "
                "in its place."
            )
        return {name: value for name, value in chosen.items() if value is not None}

    def send(self, request: Request[T], *, built: BuiltRequest | None = None, **limits: Any) -> T:
        """
        Send a request on the worker.

        The other parameters are keywords: ``attempts``, ``retry_for`` and ``budget`` of :meth:`.Client.send`.

        :param request: what to send.
        :param built: the same request, if it is serialised already and its turn was taken.
        :return: what the request reads from the response.
        :raises WorkflowError: one of the tree in :mod:`~airflow_workflow_providers.core.errors`.
        """
        self.client.endpoint  # noqa: B018  # reads the connection, and masks its secrets, first
        compat.mask(*_maskable(request))
        return self.client.send(request, built=built, **limits)

    async def asend(self, request: Request[T], **limits: Any) -> T:
        """
        Send a request from an event loop of a worker, as in ``@task async def``.

        Requests that are sent at the same time share connections. Those of ``async with hook.async_client(role="worker")``
        keep them open until its end. The other parameters are keywords: ``attempts`` and ``budget`` of
        :meth:`.AsyncClient.send`.

        :param request: what to send.
        :return: what the request reads from the response.
        :raises WorkflowError: one of the tree in :mod:`~airflow_workflow_providers.core.errors`.
        """
        async with self.async_client(role="worker") as client:
            await client.open()  # reads the connection, and masks its secrets, first
            await asyncio.to_thread(compat.mask, *_maskable(request))
            return await client.send(request, **limits)

    def async_client(self, *, role: Role = "triggerer") -> AbstractAsyncContextManager[AsyncClient]:
        """
        Return the client of this event loop, shared with every other user of the connection for the same kind of runs.

        :param role: where it runs, which decides its share of the connection's limit.
        :return: for ``async with``; the last user closes its connections.
        """
        account = json.dumps([self.account, self.account_of(self)], sort_keys=True)
        # A vendor with several kinds of runs has an API for each, and the ids of one mean nothing to another.
        key = (type(self).__name__, self.conn_id, account, role)
        read = self._aread_connection
        if role == "worker":
            # A worker asks Airflow in threads only: its blocking and asynchronous requests would get into each other's way.
            read = functools.partial(asyncio.to_thread, self._read_connection)
        return AsyncClient.shared(key, read, role=role)

    def get_status(self, execution_id: str) -> Execution:
        """
        Read the status of a run once, as cheaply as the vendor allows.

        :param execution_id: the vendor's id of the run.
        :return: its ``state`` and ``status``; the output may be missing, :meth:`get_execution` reads it.
        :raises WorkflowError: if it cannot be read.
        """
        return self.client.get_status(execution_id)

    def get_execution(self, execution_id: str) -> Execution:
        """
        Read a run with its output.

        :param execution_id: the vendor's id of the run.
        :return: an :class:`~airflow_workflow_providers.core.execution.Execution`, with its ``output``, if it has one yet,
            and its ``url``, if the vendor has a page for it. If it has ended and no output was found, ``output_missing`` says
            why, for a vendor whose output may be missing.
        :raises WorkflowError: if it cannot be read.
        """
        return self.client.get_execution(execution_id)

    async def aget_status(self, execution_id: str) -> Execution:
        """
        Read the status of a run once, from an event loop of a worker; see :meth:`get_status`.

        :param execution_id: the vendor's id of the run.
        :return: its ``state`` and ``status``.
        :raises WorkflowError: if it cannot be read.
        """
        async with self.async_client(role="worker") as client:
            return await client.get_status(execution_id)

    async def aget_execution(self, execution_id: str) -> Execution:
        """
        Read a run with its output, from an event loop of a worker; see :meth:`get_execution`.

        :param execution_id: the vendor's id of the run.
        :return: the run.
        :raises WorkflowError: if it cannot be read.
        """
        async with self.async_client(role="worker") as client:
            return await client.get_execution(execution_id)

    async def astop_execution(self, execution_id: str) -> str:
        """
        Ask the vendor to stop a run, from an event loop of a worker; see :meth:`stop_execution`.

        :param execution_id: the vendor's id of the run.
        :return: the vendor's acknowledgement.
        :raises NotSupported: if the vendor cannot stop a run; nothing was sent.
        :raises WorkflowError: if it refused, or could not be asked.
        """
        async with self.async_client(role="worker") as client:
            return await client.stop(execution_id)

    def download_result(
        self, execution_id: str, output_path: str | ObjectStoragePath
    ) -> list[dict[str, Any]]:
        """
        Store the result of a run in object storage: its files, or its output if the vendor keeps no files.

        :param execution_id: the vendor's id of the run, which has ended.
        :param output_path: a folder, such as ``s3://conn_id@bucket/out``.
        :return: for each file ``name``, ``uri``, ``bytes``, ``sha256`` and ``media_type``.
        :raises InvalidInput: if Airflow cannot use that folder.
        :raises WorkflowError: if the run cannot be read, or a file could not be fetched or stored.
        """
        folder = OutputFolder(output_path)
        stored = store(self.client, self.get_execution(execution_id), folder, execution_id)
        report(self, lambda: Lineage(outputs=stored))
        return stored

    def stop_execution(self, execution_id: str) -> str:
        """
        Ask the vendor to stop a run.

        :param execution_id: the vendor's id of the run.
        :return: the vendor's acknowledgement.
        :raises NotSupported: if the vendor cannot stop a run; nothing was sent.
        :raises WorkflowError: if it refused, or could not be asked.
        """
        return self.client.stop(execution_id)

    def execution_url(self, execution_id: str) -> str | None:
        """
        Return the page where a person sees the run.

        :param execution_id: the vendor's id of the run.
        :return: its address, from ``execution_url`` of the connection, or as the vendor documents it; ``None`` without both.
        :raises WorkflowError: if the connection cannot be read.
        """
        return self.client.endpoint.execution_url(execution_id)

    def close(self) -> None:
        """Close the connections of this worker; the next request opens them again."""
        self.metrics.held_back(self.client.take_held_back())
        self.client.close()

    def test_connection(self) -> tuple[bool, str]:
        """
        Send a cheap request with this connection.

        :return: whether it succeeded, and one sentence.
        """
        try:
            said = self.send(self.client.endpoint.ping(), attempts=1, budget=TEST_LIMIT)
        except errors.NotSupported as error:
            return False, f"Not checkable: {error}"
        except errors.WorkflowError as error:
            return False, str(error)
        finally:
            self.close()
        return True, said if isinstance(said, str) else f"{self.hook_name} accepts this connection."

    def address(self, connection: Connection, extra: Any) -> tuple[str, str]:  # noqa: ARG002  # a vendor may use it
        """
        Return the base URL, and the secret.

        :param connection: the connection.
        :param extra: its extra fields, read.
        :return: the base URL, and the password of the connection, which may be empty.
        :raises InvalidInput: if a field is wrong; the error names it and shows no value.
        """
        return base_url(connection, self.api.base_url), secret_of(connection)

    def read_extra(self, connection: Connection) -> Any:
        """
        Return the extra fields of the connection, with what the task has chosen itself.

        :param connection: the connection.
        :return: an object of :attr:`extra_model`.
        :raises InvalidInput: if a field is wrong; the error names it and shows no value.
        """
        return self.extra_model.from_connection(connection)

    def login(self, endpoint: Endpoint) -> Flow[Endpoint] | None:  # noqa: ARG002  # a vendor may use it
        """
        Exchange the secret of the connection for a token, for a vendor that has such tokens.

        :param endpoint: the connection, with its secret.
        :return: requests that lead to the connection with a token; ``None`` if the secret itself authenticates.
        """
        return None

    @classmethod
    def get_connection_form_widgets(cls) -> dict[str, Any]:
        """
        Return the form's extra fields, for Airflow 3.1; later ones read ``get_provider_info``.

        :return: a WTForms field for each, by its name.
        """
        return form_widgets(cls.form)

    @classmethod
    def get_ui_field_behaviour(cls) -> dict[str, Any]:
        """
        Return how the form's standard fields are shown, for Airflow 3.1.

        :return: ``hidden_fields``, ``relabeling`` and ``placeholders``.
        """
        return field_behaviour(cls.form)

    # -- reading the connection -------------------------------------------------------------------------------

    def _read_connection(self) -> Endpoint:
        try:
            connection = self.get_connection(self.conn_id)
        except Exception as error:
            raise self._no_connection(error) from error
        endpoint = self._endpoint(connection)
        # Airflow has masked the password as it is in the connection. It masks no other field for certain.
        compat.mask(*(secret for secret in endpoint.settings.secrets if secret != connection.password))
        if (login := self.login(endpoint)) is None:
            return endpoint
        client = Client(lambda: endpoint, sleep=self.client.sleep)
        try:
            logged_in = client.run(login, budget=LOGIN_LIMIT)
        finally:
            client.close()
        compat.mask(*logged_in.settings.secrets)
        return logged_in

    async def _aread_connection(self) -> Endpoint:
        try:
            connection = await self.aget_connection(self.conn_id)
        except Exception as error:
            raise self._no_connection(error) from error
        endpoint = self._endpoint(connection)
        await compat.amask(*endpoint.settings.secrets)
        if (login := self.login(endpoint)) is None:
            return endpoint

        async def read() -> Endpoint:
            return endpoint

        client = AsyncClient(read)
        try:
            logged_in = await client.run(login, budget=LOGIN_LIMIT)
        finally:
            await client.close()
        await compat.amask(*logged_in.settings.secrets)
        return logged_in

    def _no_connection(self, error: Exception) -> errors.WorkflowError:
        # Airflow also says "not found" if a secrets backend or its own API server does not answer at the moment. So a wait
        # continues, and everything else is left to the task's retry.
        if isinstance(error, AirflowNotFoundException):
            return errors.Unavailable(
                f"There is no connection {self.conn_id!r}, or Airflow could not read it. Create it under Admin, "
                f"Connections, with the type {self.conn_type!r}.",
                sent=False,
            )
        return errors.Unavailable(f"Airflow could not read connection {self.conn_id!r}: {error}", sent=False)

    def _endpoint(self, connection: Connection) -> Endpoint:
        if connection.conn_type != self.conn_type:
            kind = f"of type {connection.conn_type!r}" if connection.conn_type else "without a type"
            raise errors.InvalidInput(
                f"Connection {self.conn_id!r} is {kind}; {self.hook_name} needs one of type {self.conn_type!r}."
            )
        extra = self.read_extra(connection)
        url, secret = self.address(connection, extra)
        if not secret:
            raise errors.InvalidInput(
                f"Connection {self.conn_id!r} has no password: the {self.hook_name} key or token goes there."
            )
        own = extra.model_dump(exclude=set(HttpExtra.model_fields))
        hosts = own.pop("download_hosts", None) or ""
        try:
            headers = self.api.auth_headers(secret, **own)
        except errors.InvalidInput as error:
            raise errors.InvalidInput(f"Connection {self.conn_id!r}: {error}") from None
        secrets = [secret, secret_of(connection), *(own[name] for name in extra.secret_fields)]
        settings = HttpSettings(
            url,
            headers,
            tuple(dict.fromkeys(filter(None, secrets))),
            max_response=extra.max_response_mb * 1024 * 1024,
            download_hosts=frozenset(host.strip().lower() for host in hosts.split(",")) - {""},
            **extra.model_dump(include=set(HttpExtra.model_fields) - {"max_response_mb", "execution_url"}),
        )
        self._warn(settings)
        fields = {
            name: value
            for name, value in own.items()
            if name not in extra.secret_fields and value is not None
        }
        page = page_template(connection, extra.execution_url)
        endpoint = Endpoint(self.hook_name, self.api, settings, self.conn_id, fields, page=page)
        self._keep_account(endpoint.account)
        return endpoint

    def _keep_account(self, account: Mapping[str, Any]) -> None:
        """Reject a connection that was changed to another account: the same id can be somebody else's run there."""
        if self.account is None:
            self.account = account
        if account != self.account:
            raise errors.AuthFailed(
                f"Connection {self.conn_id!r} leads to another account than before "
                f"({account_changes(self.account, account)}), so nothing was sent with it."
            )

    def _warn(self, settings: HttpSettings) -> None:
        """Log once a process what makes a connection unsafe."""
        what = ""
        if settings.base_url.startswith("http://") and not is_loopback(settings.base_url):
            what = "the key is sent over plain http:// and can be read on the way; use https://"
        elif settings.base_url.startswith("https://") and not settings.verify:
            what = (
                "verify is false: the server's certificate is not checked, and the key can be read on the way"
            )
        if what and (self.conn_id, what) not in _warned:
            _warned.add((self.conn_id, what))
            self.log.warning("Connection %r: %s.", self.conn_id, what)


def sends(
    build: Callable[P, Request[T]], *, fields: Collection[str] = ()
) -> tuple[
    Callable[Concatenate[WorkflowHook, P], T], Callable[Concatenate[WorkflowHook, P], Coroutine[Any, Any, T]]
]:
    """
    Make two methods of a hook from a function of ``apis/`` that builds a request: one for a thread, one for an event loop.

    :param build: builds the request; the methods have its parameters and its docstring.
    :param fields: the parameters that come from the connection's own fields of the same names, unless they are given.
    :return: methods that send the request and return its value; the second one is awaited.
    """

    def missing(endpoint: Endpoint, given: Mapping[str, Any]) -> dict[str, Any]:
        return {name: endpoint.fields.get(name) for name in fields if given.get(name) is None}

    def method(self: WorkflowHook, /, *args: P.args, **kwargs: P.kwargs) -> T:
        if fields:
            kwargs.update(missing(self.client.endpoint, kwargs))
        return self.send(build(*args, **kwargs))

    async def amethod(self: WorkflowHook, /, *args: P.args, **kwargs: P.kwargs) -> T:
        async with self.async_client(role="worker") as client:
            if fields:
                kwargs.update(missing(await client.open(), kwargs))
            return await self.asend(build(*args, **kwargs))

    signature = inspect.signature(build)
    this = inspect.Parameter("self", inspect.Parameter.POSITIONAL_ONLY)
    (value,) = get_args(signature.return_annotation)
    shown = signature.replace(parameters=[this, *signature.parameters.values()], return_annotation=value)
    each: Any
    for each in (method, amethod):
        functools.update_wrapper(each, build)
        each.__signature__ = shown
    amethod.__name__ = f"a{build.__name__}"
    return method, amethod

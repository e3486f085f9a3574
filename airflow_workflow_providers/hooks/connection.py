"""A connection as a hook sees it: read it, send with it, and read it anew when a key was changed."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from airflow.providers.common.compat.sdk import AirflowNotFoundException, BaseHook

from airflow_workflow_providers import compat
from airflow_workflow_providers.core.errors import AuthFailed, InvalidInput, Unavailable, WorkflowError
from airflow_workflow_providers.core.http import HttpSettings
from airflow_workflow_providers.core.session import ATTEMPTS, Session
from airflow_workflow_providers.hooks.extra import HttpExtra, base_url, is_loopback, secret_of
from airflow_workflow_providers.hooks.shared import SharedSession, shared_session

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Connection

    from airflow_workflow_providers.core.call import Call
    from airflow_workflow_providers.core.vendor import Vendor

T = TypeVar("T")

#: A part of a callback's address is told to Airflow's masker from this length on, in characters.
MASKED_FROM = 12

#: What was said of which connection.
_warned: set[tuple[str, str]] = set()


class ConnectedHook(BaseHook):
    """
    The half of a hook that is the same for any HTTP API.

    :param conn_id: the connection.
    :param sleep: waits between two attempts of a call; an operator gives one that a kill can end.
    """

    api: ClassVar[Vendor]
    extra_model: ClassVar[type[HttpExtra]] = HttpExtra
    conn_type: ClassVar[str]
    hook_name: ClassVar[str]

    def __init__(self, conn_id: str, *, sleep: Callable[[float], None] = time.sleep, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.conn_id = conn_id
        self.sleep = sleep
        self._session: Session | None = None
        self._account: dict[str, Any] = {"conn_id": conn_id}

    def send(
        self,
        call: Call[T],
        *,
        attempts: int = ATTEMPTS,
        patience: float = math.inf,
        budget: float = math.inf,
    ) -> T:
        """
        Send a call on the worker.

        :param call: what to send.
        :param attempts: how often at the most, where it may be sent again at all.
        :param patience: seconds after which no further attempt is begun.
        :param budget: seconds that each sending may take, all its attempts and responses included: until a deadline.
        :return: what the call reads from the answer.
        :raises WorkflowError: one of the tree in :mod:`~airflow_workflow_providers.core.errors`.
        """
        session = self.session
        # Airflow hides what it is told in every log of the process: a short path may be an ordinary word.
        compat.mask(*(secret for secret in call.secrets if len(secret) >= MASKED_FROM))
        try:
            return session.send(call, attempts=attempts, patience=patience, budget=budget)
        except AuthFailed as error:
            fresh = self._read_connection() if error.status == 401 else session
            if fresh.settings == session.settings:
                raise
        session.close()
        self._session = fresh
        return fresh.send(call, attempts=attempts, patience=patience, budget=budget)

    async def asend(
        self,
        shared: SharedSession,
        call: Call[T],
        *,
        attempts: int = ATTEMPTS,
        limit: float = math.inf,
        apart: bool = False,
    ) -> T:
        """
        Do what :meth:`send` does on an event loop, with the session that all triggers share.

        :param shared: what :meth:`shared_session` gives.
        :param call: what to send.
        :param attempts: how often at the most, where it may be sent again at all; default: 5.
        :param limit: seconds for each attempt, where that is less than the call's own limit.
        :param apart: use a connection of its own: for what must arrive whatever else hangs.
        :return: what the call reads from the answer.
        :raises AuthFailed: if the vendor refused the credentials; after a 401 the connection was read anew before, and
            what is new in it was tried.
        :raises WorkflowError: one of the tree in :mod:`~airflow_workflow_providers.core.errors`.
        """
        session = await shared.current()
        try:
            return await session.asend(call, attempts=attempts, limit=limit, apart=apart)
        except AuthFailed as error:
            fresh = await shared.refresh(session) if error.status == 401 else None
            if fresh is None:
                raise
        return await fresh.asend(call, attempts=attempts, limit=limit, apart=apart)

    def close(self) -> None:
        """Close the connections of this worker; the next call opens them again."""
        if self._session is not None:
            self._session.close()

    @property
    def session(self) -> Session:
        """The session of this worker; the connection is read when it is first asked for."""
        if self._session is None:
            self._session = self._read_connection()
        return self._session

    def _read_connection(self) -> Session:
        try:
            connection = self.get_connection(self.conn_id)
        except Exception as error:
            raise self._no_connection(error) from error
        session = self._open(connection)
        compat.mask(*session.settings.secrets)
        return session

    def _no_connection(self, error: Exception) -> WorkflowError:
        # Airflow says "not found" too where a secrets backend or its own API server could not be asked just then; so a
        # wait goes on, and anything else is tried again by the task's retry.
        if isinstance(error, AirflowNotFoundException):
            return Unavailable(
                f"There is no connection {self.conn_id!r}, or Airflow could not read it: it is of type "
                f"{self.conn_type!r}, and is made in Admin, Connections.",
                sent=False,
            )
        return Unavailable(f"Airflow could not read connection {self.conn_id!r}: {error}", sent=False)

    def shared_session(self) -> AbstractAsyncContextManager[SharedSession]:
        """
        Return the session of this event loop, shared with every other user of the connection.

        :return: for ``async with``; the connection is read at the first call, and the last user to leave closes all.
        """

        async def open_session() -> Session:
            try:
                connection = await self.aget_connection(self.conn_id)
            except Exception as error:
                raise self._no_connection(error) from error
            session = self._open(connection)
            await compat.amask(*session.settings.secrets)
            return session

        return shared_session((self.conn_type, self.conn_id), open_session)

    def address(self, connection: Connection, extra: Any) -> tuple[str, str]:  # noqa: ARG002  # a vendor may use it
        """
        Return where paths begin, and the secret.

        :param connection: the connection.
        :param extra: its extra fields, read.
        :return: the base URL, and the password of the connection, which may be empty here.
        :raises InvalidInput: if a field is wrong; it is named, and no value is shown.
        """
        return base_url(connection, self.api.BASE_URL), secret_of(connection)

    @property
    def account(self) -> dict[str, Any]:
        """
        What tells the account of this connection from others, without a secret: runs of one are not those of another.

        The connection's id, the base URL, and the vendor's own fields that are no secrets.
        """
        return self._account

    def _open(self, connection: Connection) -> Session:
        if connection.conn_type != self.conn_type:
            said = f"of type {connection.conn_type!r}" if connection.conn_type else "without a type"
            raise InvalidInput(
                f"Connection {self.conn_id!r} is {said}; {self.hook_name} needs one of type {self.conn_type!r}."
            )
        extra = self.extra_model.from_connection(connection)
        url, secret = self.address(connection, extra)
        if not secret:
            raise InvalidInput(
                f"Connection {self.conn_id!r} has no password: the {self.hook_name} key or token goes there."
            )
        own = extra.model_dump(exclude=set(HttpExtra.model_fields))
        try:
            headers = self.api.credentials(secret, **own)
        except InvalidInput as error:
            raise InvalidInput(f"Connection {self.conn_id!r}: {error}") from None
        secrets = dict.fromkeys(
            [secret, secret_of(connection), *(getattr(extra, name) for name in extra.secret_fields)]
        )
        common = extra.model_dump(include=set(HttpExtra.model_fields) - {"max_response_mb"})
        settings = HttpSettings(
            url,
            headers,
            tuple(filter(None, secrets)),
            max_response=extra.max_response_mb * 1024 * 1024,
            **common,
        )
        self._account = {
            "conn_id": self.conn_id,
            "base_url": url,
            **{
                name: value
                for name, value in own.items()
                if name not in extra.secret_fields and value is not None
            },
        }
        self._warn(settings)
        return Session(self.hook_name, settings, self.api.explain, self.sleep, self.conn_id)

    def _warn(self, settings: HttpSettings) -> None:
        """Say once a process what makes a connection unsafe."""
        if settings.base_url.startswith("http://") and not is_loopback(settings.base_url):
            self._warn_once("the key is sent over plain http:// and can be read on the way; use https://")
        elif settings.base_url.startswith("https://") and not settings.verify:
            self._warn_once(
                "verify is false: the server's certificate is not checked, and the key can be read on the way"
            )

    def _warn_once(self, what: str) -> None:
        if (self.conn_id, what) not in _warned:
            _warned.add((self.conn_id, what))
            self.log.warning("Connection %r: %s.", self.conn_id, what)

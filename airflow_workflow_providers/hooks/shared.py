"""One session for all triggers of a connection in an event loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from airflow_workflow_providers.core.session import Session

#: How long a connection that still says the same is not read again, in seconds, however many tasks are refused.
REREAD_AFTER = 10.0

# By event loop, because connections belong to the loop that opened them: a triggerer has one loop for years,
# dag.test() has one for each deferral.
_shared: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[tuple[str, str], SharedSession]] = (
    WeakKeyDictionary()
)


class SharedSession:
    """
    A session that its users open, refresh and close together.

    :param open_session: reads the connection and returns a new session.
    """

    def __init__(self, open_session: Callable[[], Awaitable[Session]]) -> None:
        self.open_session = open_session
        self.users = 0
        self._lock = asyncio.Lock()
        self._session: Session | None = None
        self._replaced: list[Session] = []
        self._unchanged_until = 0.0

    async def current(self) -> Session:
        """
        Return the session; the first to ask opens it.

        :return: the newest, if it was refreshed.
        :raises WorkflowError: if the connection cannot be read, or is wrong; the next caller tries again.
        """
        if self._session is not None:  # not behind somebody who reads the connection anew
            return self._session
        async with self._lock:
            if self._session is None:
                self._session = await self.open_session()
            return self._session

    async def refresh(self, refused: Session) -> Session | None:
        """
        Return a session with the connection as it is now, read once for all who wait here.

        :param refused: the session whose credentials the vendor refused.
        :return: ``None`` if the connection still says the same: then there is nothing to try again.
        """
        async with self._lock:
            if self._session is refused:
                now = asyncio.get_running_loop().time()
                if now < self._unchanged_until:
                    return None
                fresh = await self.open_session()
                if fresh.settings == refused.settings:
                    self._unchanged_until = now + REREAD_AFTER
                    return None
                # Others may be in the middle of a request: the old one is closed when all have left.
                self._replaced.append(refused)
                self._session = fresh
            return self._session

    async def close(self) -> None:
        """Close every session that was opened."""
        opened = [*self._replaced, *([self._session] if self._session else [])]
        self._replaced, self._session = [], None
        # Together, and each of them shielded: one caller that is cancelled leaves no socket open.
        await asyncio.gather(*(session.aclose() for session in opened))


@asynccontextmanager
async def shared_session(
    key: tuple[str, str], open_session: Callable[[], Awaitable[Session]]
) -> AsyncIterator[SharedSession]:
    """
    Use the session that belongs to ``key`` in this event loop; the last to leave closes it.

    :param key: connection type and connection id.
    :param open_session: reads the connection and returns a new session; the one that the first user gives counts.
    :yield: what the users of this key share; nothing is opened before :meth:`SharedSession.current` is asked.
    """
    here = _shared.setdefault(asyncio.get_running_loop(), {})
    shared = here.setdefault(key, SharedSession(open_session))
    shared.users += 1
    try:
        yield shared
    finally:
        shared.users -= 1
        if not shared.users:
            here.pop(key, None)
            await shared.close()

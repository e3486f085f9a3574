"""Refold's authentication: an API key with a linked account, or a token that replaces both; and its session tokens."""

import secrets
import time
from dataclasses import dataclass

from airflow_workflow_providers.emulator.messages import Incoming, Reply
from airflow_workflow_providers.emulator.vendors.refold.replies import error

#: The account that the page of session tokens shows as unknown.
UNKNOWN_ACCOUNT = "user_99999"

#: What only an API key may do, as the specification says.
_KEY_ONLY = ("get_workflow", "list_accounts", "session_token")

#: What is for the whole organisation, so that a key needs no linked account.
_OF_ORGANISATION = ("list_accounts", "session_token")


def new_account() -> dict[str, str]:
    """Return a key of the test environment (``tk``), a linked account, and a personal access token of it."""
    return {
        "api_key": f"tk_{secrets.token_hex(20)}",
        "linked_account_id": f"acct_{secrets.token_hex(8)}",
        "token": f"st_{secrets.token_hex(32)}",
    }


@dataclass(frozen=True)
class Session:
    """A session token of a linked account, and when it expires, on the clock of the process."""

    token: str
    account: str
    expires_at: float

    @property
    def expires_in(self) -> int:
        """How many seconds are left."""
        return int(self.expires_at - time.monotonic())


class Sessions:
    """The session tokens that were created."""

    def __init__(self) -> None:
        self._known: dict[str, Session] = {}

    def create(self, account: str, lifetime: float, *, force_refresh: bool) -> Session:
        """Return a token for an account: one that is valid is used again, unless the caller wants a new one."""
        if not force_refresh:
            for session in self._known.values():
                if session.account == account and session.expires_in > 0:
                    return session
        session = Session(f"ey{secrets.token_hex(40)}", account, time.monotonic() + lifetime)
        self._known[session.token] = session
        return session

    def account_of(self, token: str) -> str | None:
        """Return the account of a token that is valid."""
        session = self._known.get(token)
        return session.account if session is not None and time.monotonic() < session.expires_at else None

    def revoke(self) -> None:
        """Forget all tokens."""
        self._known.clear()


def authenticate(incoming: Incoming, account: dict[str, str], sessions: Sessions) -> Reply | None:
    """
    Refuse a wrong key or token, and a key without a linked account.

    A token replaces both headers (Refold API reference, Authentication). Where both are sent the key counts.
    """
    key = incoming.headers.get("x-api-key")
    if key is None:
        valid = linked_account(incoming, account, sessions) and incoming.operation not in _KEY_ONLY
        return None if valid else error(incoming.operation, 401)
    if key != account["api_key"]:
        return error(incoming.operation, 401)
    if incoming.operation not in _OF_ORGANISATION and not incoming.headers.get("linked_account_id"):
        return error(incoming.operation, 400, "linked_account_id or org_id is required")
    return None


def linked_account(incoming: Incoming, account: dict[str, str], sessions: Sessions) -> str:
    """Return the linked account that a request is for; a token's own, whatever a header says. Empty: there is none."""
    if "x-api-key" in incoming.headers:
        return incoming.headers.get("linked_account_id", "")
    token = incoming.headers.get("authorization", "").removeprefix("Bearer ")
    return account["linked_account_id"] if token == account["token"] else sessions.account_of(token) or ""

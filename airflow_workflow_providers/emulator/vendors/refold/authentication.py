"""Refold's authentication: an API key with a linked account, or a session token that replaces both."""

import secrets

from airflow_workflow_providers.emulator.messages import Incoming, Reply
from airflow_workflow_providers.emulator.vendors.refold.replies import error


def new_account() -> dict[str, str]:
    """Return a key of the test environment (``tk``), a linked account, and a session token."""
    return {
        "api_key": f"tk_{secrets.token_hex(20)}",
        "linked_account_id": f"acct_{secrets.token_hex(8)}",
        "token": f"st_{secrets.token_hex(32)}",
    }


def authenticate(incoming: Incoming, account: dict[str, str]) -> Reply | None:
    """
    Refuse a wrong key or token, and a key without a linked account.

    A session token replaces both headers (Refold API reference, Authentication). Where both are sent the key counts.
    """
    key = incoming.headers.get("x-api-key")
    if key is None:
        valid = incoming.headers.get("authorization") == f"Bearer {account['token']}"
        return None if valid else error(incoming.operation, 401)
    if key != account["api_key"]:
        return error(incoming.operation, 401)
    if not incoming.headers.get("linked_account_id"):
        return error(incoming.operation, 400, "linked_account_id or org_id is required")
    return None


def linked_account(incoming: Incoming, account: dict[str, str]) -> str:
    """Return the linked account that a request is for; a token's own, whatever a header says."""
    if "x-api-key" in incoming.headers:
        return incoming.headers.get("linked_account_id", "")
    return account["linked_account_id"]

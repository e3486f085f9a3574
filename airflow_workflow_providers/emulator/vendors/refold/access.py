"""Who may call Refold: an API key with a linked account, or a session token that stands for both."""

import secrets

from airflow_workflow_providers.emulator.shape import Answer, Asked
from airflow_workflow_providers.emulator.vendors.refold.answers import envelope

#: Operations that belong to the organisation and not to an account: they take the key alone, and no session token.
_KEY_ONLY = frozenset({"list_linked_accounts"})
_TOKEN_ONLY = frozenset({"active_linked_account"})


def new_account() -> dict[str, str]:
    """Return a key of the test environment (``tk``), the account, and a session token."""
    return {
        "api_key": f"tk_{secrets.token_hex(20)}",
        "linked_account_id": f"acct_{secrets.token_hex(8)}",
        "token": f"st_{secrets.token_hex(32)}",
    }


def refusal(asked: Asked, account: dict[str, str]) -> Answer | None:
    """Refuse a wrong key or token, and a key without an account where one is needed.

    A session token replaces both headers (Refold API reference, Authentication); where both ways are tried at once
    the key counts.
    """
    key = asked.headers.get("x-api-key")
    if key is None:
        right = asked.headers.get("authorization") == f"Bearer {account['token']}"
        return None if right and asked.operation not in _KEY_ONLY else envelope(asked.operation, 401)
    if key != account["api_key"] or asked.operation in _TOKEN_ONLY:
        return envelope(asked.operation, 401)
    if asked.operation not in _KEY_ONLY and not asked.headers.get("linked_account_id"):
        return envelope(asked.operation, 400, "linked_account_id or org_id is required")
    return None


def caller(asked: Asked, account: dict[str, str]) -> str:
    """Return the linked account that a call is for; a token's own, whatever a header says."""
    if "x-api-key" in asked.headers:
        return asked.headers.get("linked_account_id", "")
    return account["linked_account_id"]

"""
Checks of webhooks: whether a request that arrived was sent by the vendor.

An Airflow worker cannot receive a webhook; these functions are for the service that does, and starts a DAG run with it. The same
webhook can arrive more than once, at both vendors.
"""

from __future__ import annotations

import hashlib
import hmac
import json

__all__ = ["promptlayer_signature_matches", "refold_signature_matches"]


def refold_signature_matches(body: bytes, signature: str | None, *, api_key: str) -> bool:
    """
    Return whether a webhook was sent by Refold.

    It is described at https://docs.refold.ai/v3/connectors/my-app/webhooks

    :param body: the body of the request, as it arrived.
    :param signature: its header ``x-cobalt-signature``; ``None`` if it has none.
    :param api_key: the API key of the organisation and environment that has the webhook.
    :return: ``False`` if the body or the signature was changed, or the key is another one.
    :raises ValueError: if the key is empty: everybody could sign with it.
    """
    return _matches(body, signature, api_key)


def promptlayer_signature_matches(body: bytes, signature: str | None, *, secret: str) -> bool:
    """
    Return whether a webhook was sent by PromptLayer.

    PromptLayer signs not the body but its JSON with sorted keys, as Python writes it:
    https://docs.promptlayer.com/features/prompt-registry/webhooks

    :param body: the body of the request, as it arrived.
    :param signature: its header ``X-PromptLayer-Signature``; ``None`` if it has none.
    :param secret: the secret of the webhook.
    :return: ``False`` if the content or the signature was changed, the secret is another one, or the body is no JSON.
    :raises ValueError: if the secret is empty: everybody could sign with it.
    """
    try:
        signed = json.dumps(json.loads(body), sort_keys=True).encode()
    except (ValueError, RecursionError):
        signed = None
    return _matches(signed or b"", signature, secret) and signed is not None


def _matches(signed: bytes, signature: str | None, key: str) -> bool:
    if not key:
        raise ValueError("The key of a signature is empty.")
    expected = hmac.new(key.encode(), signed, hashlib.sha256).hexdigest()
    # As bytes: a signature that is not ASCII is a wrong one, and no error.
    return hmac.compare_digest(expected.encode(), (signature or "").encode(errors="replace"))

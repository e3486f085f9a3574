"""A webhook is believed only if the vendor has signed it; the signatures here were made with openssl."""

from __future__ import annotations

import pytest

from airflow_workflow_providers.webhooks import promptlayer_signature_matches, refold_signature_matches

REFOLD_BODY = b'{"event": "Workflow Completed","instance_id":"656f"}'
REFOLD = "d0c32ede028409d665f75fa5cd9923b5dc7092c5ec42b01632716fc3b520e952"

#: What is signed has its keys in order, spaces after the signs, and ASCII only.
PROMPTLAYER_BODY = '{"event_type":"agent_run_finished","details":{"agent_name":"na\u00efve"}}'.encode()
PROMPTLAYER = "5aed42f6990056a26223385af94b7fe1a5c487a602b6afc4258bae068ee849e3"

#: Of no webhook: a wrong one, none, and what is no signature at all.
WRONG = [REFOLD[:-1] + "3", REFOLD.upper(), "", None, "\u00e4", "\ud800"]


def test_what_refold_signed_is_believed_and_nothing_else() -> None:
    assert refold_signature_matches(REFOLD_BODY, REFOLD, api_key="tk_key")
    assert not refold_signature_matches(REFOLD_BODY, REFOLD, api_key="tk_other")
    # The body counts as it arrived, and not what it says.
    assert not refold_signature_matches(REFOLD_BODY.replace(b": ", b":"), REFOLD, api_key="tk_key")
    assert not any(refold_signature_matches(REFOLD_BODY, wrong, api_key="tk_key") for wrong in WRONG)


def test_what_promptlayer_signed_is_believed_and_nothing_else() -> None:
    spaced = PROMPTLAYER_BODY.replace(b":", b" : ")

    assert promptlayer_signature_matches(PROMPTLAYER_BODY, PROMPTLAYER, secret="whs_1")
    assert promptlayer_signature_matches(spaced, PROMPTLAYER, secret="whs_1")
    assert not promptlayer_signature_matches(PROMPTLAYER_BODY, PROMPTLAYER, secret="whs_2")
    changed = PROMPTLAYER_BODY.replace(b"finished", b"started")
    assert not promptlayer_signature_matches(changed, PROMPTLAYER, secret="whs_1")
    assert not any(promptlayer_signature_matches(PROMPTLAYER_BODY, wrong, secret="whs_1") for wrong in WRONG)


@pytest.mark.parametrize("body", [b"", b"no JSON", b"\xff", b"[" * 100_000, b"9" * 10_000])
def test_a_body_that_is_no_json_was_not_sent_by_promptlayer(body: bytes) -> None:
    """Also if the signature is the right one of an empty text."""
    of_nothing = "6799537a262d5912d187fdc73868d997b9888c4acd693f8b106290742678dabd"

    assert not promptlayer_signature_matches(body, of_nothing, secret="whs_1")


def test_an_empty_key_is_an_error() -> None:
    """Everybody can sign with it."""
    with pytest.raises(ValueError, match="empty"):
        refold_signature_matches(REFOLD_BODY, REFOLD, api_key="")
    with pytest.raises(ValueError, match="empty"):
        promptlayer_signature_matches(PROMPTLAYER_BODY, PROMPTLAYER, secret="")

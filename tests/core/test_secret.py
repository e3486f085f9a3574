"""A secret as it is read: what was pasted around it is taken off, what cannot be sent is named and not shown."""

from __future__ import annotations

import pytest

from airflow_workflow_providers.core.errors import InvalidInput
from airflow_workflow_providers.core.parameters import header
from airflow_workflow_providers.core.secret import address_secrets, stripped

PASTED = ["\n", "\r\n", "\t", " ", "\u00a0", "\ufeff", "\u200b", "\u2060", " \ufeff\n\u200b\t", "\u2028"]


@pytest.mark.parametrize("around", PASTED)
@pytest.mark.parametrize("where", ["before", "after", "around"])
def test_what_is_pasted_around_a_secret_is_taken_off(around: str, where: str) -> None:
    pasted = {"before": around + "k3y", "after": "k3y" + around, "around": around + "k3y" + around}[where]

    assert stripped(pasted) == "k3y"


@pytest.mark.parametrize(
    ("inside", "kind"),
    [
        ("\n", "a line feed"),
        ("\r", "a carriage return"),
        ("\t", "a tab"),
        ("\0", "a NUL character"),
        ("\x1b", "a control character"),
        ("\ufeff", "a byte order mark"),
        ("\u200b", "a zero-width space"),
        ("\u00a0", "a no-break space"),
        ("ä", "a character that is not ASCII"),
    ],
)
def test_what_cannot_be_sent_is_named_by_kind_and_position(inside: str, kind: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        header("password", f"secret{inside}key")

    assert (
        f"password is sent as an HTTP header, which can only hold printable ASCII: it has {kind} at position 7 of 10."
        in str(refused.value)
    )
    assert "secret" not in str(refused.value)
    assert "key" not in str(refused.value)


def test_of_an_address_the_host_is_no_secret() -> None:
    """An error may name the host; the path, the query and the user are what nobody can guess."""
    address = "https://user:pa55word@hooks.example/T0K3N/run?sig=5ig"

    assert set(address_secrets(address)) == {"T0K3N/run?sig=5ig", "user", "pa55word"}

"""A secret as it is read and sent: what is pasted around it, what cannot be sent, and what of an address is one."""

from __future__ import annotations

from urllib.parse import urlsplit

#: A shorter text is no key; looking for it would hide ordinary words.
SHORTEST = 4


def address_secrets(address: str) -> tuple[str, ...]:
    """
    Return what of an address is secret: its path and query, and its user and password, but not the host.

    :param address: an address that somebody can be reached at, such as a callback's.
    :return: the address, and the parts by which a piece of it is recognised.
    """
    try:
        parts = urlsplit(address)
    except ValueError:
        return (address,)
    rest = address.partition("://")[2].partition("/")[2]
    pieces = [rest, parts.username or "", parts.password or ""]
    return tuple(piece for piece in pieces if len(piece) >= SHORTEST)


#: What a character is called in an error that must not show it.
_CALLED = {
    "\n": "a line feed",
    "\r": "a carriage return",
    "\t": "a tab",
    "\0": "a NUL character",
    " ": "a space",
    "\u00a0": "a no-break space",
    "\ufeff": "a byte order mark",
    "\u200b": "a zero-width space",
}


def unsendable(text: str) -> str | None:
    """
    Say which character of a text no HTTP header can carry, without showing it.

    :param text: what is to be sent.
    :return: the kind of the first such character and its position, from 1; ``None`` if there is none.
    """
    for place, char in enumerate(text, 1):
        if char.isascii() and char.isprintable():
            continue
        kind = _CALLED.get(char) or (
            "a control character" if char.isascii() else "a character that is not ASCII"
        )
        return f"{kind} at position {place} of {len(text)}"
    return None


#: What is pasted around a key without being seen, besides white space: a byte order mark and zero-width characters.
_INVISIBLE = "\ufeff\u200b\u200c\u200d\u2060\u180e\u00ad\u200e\u200f"


def stripped(secret: str) -> str:
    """
    Return a secret without the white space and the invisible characters around it.

    :param secret: as it stands in the connection.
    """
    before = None
    while before != secret:
        before, secret = secret, secret.strip().strip(_INVISIBLE)
    return secret

"""A secret as it is read and sent: what is stripped, what cannot be sent, and which parts of an address are secret."""

from urllib.parse import urlsplit

#: A shorter text is not a key; hiding it would hide ordinary words.
SHORTEST = 4


def address_secrets(address: str) -> tuple[str, ...]:
    """
    Return the secret parts of an address: its path and query, and its user and password, but not the host.

    :param address: an address, such as that of a callback.
    :return: its secret parts.
    """
    try:
        parts = urlsplit(address)
    except ValueError:
        return (address,)
    rest = address.partition("://")[2].partition("/")[2]
    pieces = [rest, parts.username or "", parts.password or ""]
    return tuple(piece for piece in pieces if len(piece) >= SHORTEST)


#: The names of characters, for an error that must not show them.
_NAMES = {
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
    Return which character of a text an HTTP header cannot hold, without showing it.

    :param text: the text to send.
    :return: the kind of the first such character and its position, from 1; ``None`` if there is none.
    """
    for place, char in enumerate(text, 1):
        if char.isascii() and char.isprintable():
            continue
        kind = _NAMES.get(char) or (
            "a control character" if char.isascii() else "a character that is not ASCII"
        )
        return f"{kind} at position {place} of {len(text)}"
    return None


#: Invisible characters that are pasted around a key, besides white space: a byte order mark and zero-width characters.
_INVISIBLE = "\ufeff\u200b\u200c\u200d\u2060\u180e\u00ad\u200e\u200f"


def stripped(secret: str) -> str:
    """
    Return a secret without the white space and the invisible characters around it.

    :param secret: as it is in the connection.
    """
    before = None
    while before != secret:
        before, secret = secret, secret.strip().strip(_INVISIBLE)
    return secret

"""The files of the page, as an ASGI application."""

from collections.abc import Awaitable, Callable, MutableMapping
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

#: What is served: the type of each file by its name.
TYPES = {
    "index.html": "text/html; charset=utf-8",
    "page.css": "text/css; charset=utf-8",
    "page.js": "text/javascript; charset=utf-8",
    "draw.js": "text/javascript; charset=utf-8",
    "read.js": "text/javascript; charset=utf-8",
    "say.js": "text/javascript; charset=utf-8",
    "show.js": "text/javascript; charset=utf-8",
    "values.js": "text/javascript; charset=utf-8",
}

#: The page may load its own files and read Airflow's API. Nothing else is loaded, and no text can become a script: the
#: browser refuses scripts and styles in the page itself, and every way to turn a text into elements.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'; require-trusted-types-for 'script'; trusted-types 'none'"
)

_FOLDER = Path(__file__).parent / "page"


class PageFiles:
    """
    Serves the files, and nothing else, with a content security policy.

    They are the same for everybody and hold no data of a run, so they need no login. The page reads the data from Airflow's
    API, which asks for one.
    """

    async def __call__(
        self,
        scope: MutableMapping[str, Any],
        _receive: Callable[[], Awaitable[MutableMapping[str, Any]]],
        send: Callable[[MutableMapping[str, Any]], Awaitable[None]],
    ) -> None:
        """Answer a request, as ASGI describes it."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1000})
        elif scope["method"] not in ("GET", "HEAD"):
            await _respond(send, 405, {"allow": "GET, HEAD"})
        # What is before the last slash depends on where Airflow is mounted, and on its proxy.
        elif (name := scope["path"].rpartition("/")[2]) not in TYPES:
            await _respond(send, 404)
        else:
            content, etag = _file(name)
            headers = {"content-type": TYPES[name], "etag": etag, "content-security-policy": POLICY}
            if dict(scope["headers"]).get(b"if-none-match") == etag.encode():
                await _respond(send, 304, headers)
            else:
                headers["content-length"] = str(len(content))
                await _respond(send, 200, headers, content if scope["method"] == "GET" else b"")


@cache
def _file(name: str) -> tuple[bytes, str]:
    """Return the content of a file and its entity tag."""
    content = (_FOLDER / name).read_bytes()
    return content, f'"{sha256(content).hexdigest()[:16]}"'


async def _respond(
    send: Callable[[MutableMapping[str, Any]], Awaitable[None]],
    status: int,
    headers: dict[str, str] | None = None,
    body: bytes = b"",
) -> None:
    every = {
        # A browser asks each time whether the file has changed, so an upgrade needs no other address.
        "cache-control": "no-cache",
        "cross-origin-resource-policy": "same-origin",
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
    }
    fields = [(name.encode(), value.encode()) for name, value in {**every, **(headers or {})}.items()]
    await send({"type": "http.response.start", "status": status, "headers": fields})
    await send({"type": "http.response.body", "body": body})

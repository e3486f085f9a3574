"""How the body of a request is read: as JSON or text, as a form, or as a file that may be large."""

import hashlib
import json
from typing import Any, Literal

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request

#: What the body of an operation is.
BodyKind = Literal["json", "form", "file"]
#: A larger file is counted and digested, and not kept.
MAX_KEPT_BYTES = 8 * 1024 * 1024
_FORMS = ("multipart/form-data", "application/x-www-form-urlencoded")


async def read_body(request: Request, kind: BodyKind) -> tuple[Any, bytes]:
    """
    Return the body as it is recorded, and its bytes where they are kept.

    :param request: the request, whose body nobody has read.
    :param kind: what the body is: ``json`` becomes its value, or its text where it is no JSON; ``form`` its fields, a
        file among them being described; ``file`` a description: ``bytes`` (how many) and ``sha256``.
    :raises starlette.requests.ClientDisconnect: if the client leaves before the body is complete.
    """
    if kind == "form":
        return await _form(request), b""
    if kind == "file":
        return await _file(request)
    raw = await request.body()
    return _parsed(raw), raw


async def _form(request: Request) -> dict[str, Any] | None:
    """Return the fields of a form; none with another kind of body, and None where the form cannot be read."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() not in _FORMS:
        await request.body()
        return {}
    try:
        # This needs python-multipart, which Airflow's own API depends on. A file of more than 1 MB is on the disk.
        async with request.form() as form:
            return {
                name: await _described(value) if isinstance(value, UploadFile) else value
                for name, value in form.items()
            }
    except HTTPException:
        return None


async def _described(file: UploadFile) -> dict[str, Any]:
    digest, size = hashlib.sha256(), 0
    while piece := await file.read(64 * 1024):
        digest.update(piece)
        size += len(piece)
    return {
        "filename": file.filename,
        "content_type": file.content_type,
        "bytes": size,
        "sha256": digest.hexdigest(),
    }


async def _file(request: Request) -> tuple[dict[str, Any], bytes]:
    """Return the description of a file, and its bytes if it is not larger than what is kept."""
    digest, size, kept = hashlib.sha256(), 0, bytearray()
    async for piece in request.stream():
        digest.update(piece)
        size += len(piece)
        if size <= MAX_KEPT_BYTES:
            kept += piece
        else:
            kept.clear()
    return {"bytes": size, "sha256": digest.hexdigest()}, bytes(kept)


def _parsed(raw: bytes) -> Any:
    """Return JSON where the body is JSON, its text where it is not, None where it is empty."""
    if not raw:
        return None
    try:
        return json.loads(raw)
    except ValueError:
        return raw.decode("utf-8", "replace")

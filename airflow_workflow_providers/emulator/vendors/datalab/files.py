"""
The files of the team: their upload, their list, and the storage service behind signed URLs.

The pages are those of the group *files* in the API reference
(documentation.datalab.to/api-reference/files/request-upload-url and others).
"""

import itertools
import secrets
import time
from dataclasses import dataclass, field
from typing import Any

from airflow_workflow_providers.emulator.body import MAX_KEPT_BYTES
from airflow_workflow_providers.emulator.messages import Incoming, Reply, Route
from airflow_workflow_providers.emulator.vendor import EmulatedVendor
from airflow_workflow_providers.emulator.vendors.datalab import replies
from airflow_workflow_providers.emulator.vendors.datalab.inputs import Problem, whole_number

#: What a signed URL for an upload lives, in seconds (Request Upload Url).
_UPLOAD_SECONDS = 3600
#: The limits of `expires_in` for a download: the maximum is on the page, the minimum in the vendor's client only.
_DOWNLOAD_SECONDS = range(60, 86401)


@dataclass
class StoredFile:
    """A file, from the request for its upload URL on. ``content`` is None before its upload."""

    file_id: int
    hashid: str
    filename: str
    content_type: str
    status: str = "pending"
    created: float = field(default_factory=time.time)
    content: dict[str, Any] | None = None
    kept: bytes = b""

    @property
    def reference(self) -> str:
        """How a workflow or a pipeline names it."""
        return f"datalab://file-{self.hashid}"

    def metadata(self) -> dict[str, Any]:
        """Return the reply of Get File Metadata. The size is required there; that of a file not uploaded is 0, inferred."""
        return {
            "file_id": self.file_id,
            "original_filename": self.filename,
            "content_type": self.content_type,
            "file_size": self.content["bytes"]
            if self.content is not None and self.status == "completed"
            else 0,
            "upload_status": self.status,
            "created": replies.naive(self.created),
            "reference": self.reference,
        }


class Files:
    """The files of the team, and the storage service that has their bytes."""

    def __init__(self, vendor: EmulatedVendor[Any]) -> None:
        self._vendor = vendor
        self._ids = itertools.count(501)
        self.reset()

    def reset(self) -> None:
        """Forget all files."""
        self._files: dict[int, StoredFile] = {}

    def routes(self) -> tuple[Route, ...]:
        """Return the routes of the API, and those of the storage service."""
        one = "/api/v1/files/{file_id}"
        return (
            Route("upload_file", "POST", "/api/v1/files/upload", self._upload),
            Route("confirm_file", "GET", f"{one}/confirm", self._confirm),
            Route("download_file", "GET", f"{one}/download", self._download),
            Route("list_files", "GET", "/api/v1/files", self._list),
            Route("get_file", "GET", one, self._get),
            Route("delete_file", "DELETE", one, self._delete),
            Route("put_file", "PUT", "/storage/{key}", self._put, takes="file"),
            Route("stored_file", "GET", "/storage/{key}", self._stored),
        )

    @property
    def refuses(self) -> bool:
        """Whether a reference to a file that cannot be used is refused at once; else its run fails."""
        return bool(self._vendor.variant["unusable_file"] == "refused")

    def problem_with(self, *urls: str) -> str | None:
        """Say which file cannot be used: it does not exist, or its upload has not been confirmed. URLs of others can."""
        for url in urls:
            if url.startswith("datalab://"):
                file = self._named(url.removeprefix("datalab://file-"))
                if file is None or file.status != "completed":
                    return f"File not found: {url}"
        return None

    def _upload(self, incoming: Incoming) -> Reply:
        """Request Upload Url."""
        body = incoming.body
        if not isinstance(body, dict):
            return replies.invalid(("model_attributes_type", ["body"], body))
        problems: list[Problem] = []
        for name in ("filename", "content_type"):
            if name not in body:
                problems.append(("missing", ["body", name], body))
            elif not isinstance(body[name], str):
                problems.append(("string_type", ["body", name], body[name]))
        if problems:
            return replies.invalid(*problems)
        # The pages write the id in a reference as `abc123` and `{id}`; here it is never the number.
        file = StoredFile(next(self._ids), f"f{secrets.token_hex(4)}", body["filename"], body["content_type"])
        self._files[file.file_id] = file
        return Reply(
            200,
            {
                "file_id": file.file_id,
                "upload_url": self._signed(incoming, file, _UPLOAD_SECONDS),
                "reference": file.reference,
                "expires_in": _UPLOAD_SECONDS,
            },
        )

    def _confirm(self, incoming: Incoming) -> Reply:
        """Confirm Upload; what it returns where nothing has been uploaded is inferred."""
        file = self._named(incoming.path_params["file_id"])
        if file is None:
            return self._vendor.error("confirm_file", 404, "File not found")
        if file.content is None:
            return self._vendor.error("confirm_file", 400, "File not found in storage")
        file.status = "completed"
        body = {"success": True, "file_id": file.file_id, "reference": file.reference}
        return Reply(200, {**body, "message": "File upload confirmed"})

    def _list(self, incoming: Incoming) -> Reply:
        """List Files; its order is on no page, and its fields besides the files are those that the vendor's client reads."""
        limit, offset = whole_number(incoming, "limit", 50), whole_number(incoming, "offset", 0)
        if isinstance(limit, tuple) or isinstance(offset, tuple):
            return replies.invalid(*[each for each in (limit, offset) if isinstance(each, tuple)])
        limit = min(limit, 100)
        newest_first = sorted(self._files.values(), key=lambda file: file.file_id, reverse=True)
        shown = [file.metadata() for file in newest_first[offset : offset + limit]]
        return Reply(200, {"files": shown, "total": len(self._files), "limit": limit, "offset": offset})

    def _get(self, incoming: Incoming) -> Reply:
        """Get File Metadata."""
        file = self._named(incoming.path_params["file_id"])
        if file is None:
            return self._vendor.error("get_file", 404, "File not found")
        return Reply(200, file.metadata())

    def _download(self, incoming: Incoming) -> Reply:
        """Get File Download Url; its refusals are inferred."""
        file = self._named(incoming.path_params["file_id"])
        seconds = whole_number(incoming, "expires_in", 3600)
        if isinstance(seconds, tuple):
            return replies.invalid(seconds)
        if seconds not in _DOWNLOAD_SECONDS:
            return self._vendor.error("download_file", 400, "expires_in is from 60 to 86400")
        if file is None or file.status != "completed":
            return self._vendor.error("download_file", 404, "File not found")
        return Reply(
            200,
            {
                "download_url": self._signed(incoming, file, seconds),
                "expires_in": seconds,
                "file_id": file.file_id,
                "original_filename": file.filename,
            },
        )

    def _delete(self, incoming: Incoming) -> Reply:
        """Delete File."""
        file = self._named(incoming.path_params["file_id"])
        if file is None:
            return self._vendor.error("delete_file", 404, "File not found")
        del self._files[file.file_id]
        return Reply(200, {"success": True, "message": f"File {file.file_id} deleted successfully"})

    def _put(self, incoming: Incoming) -> Reply:
        """Take the bytes of a file, as the storage service does."""
        file = self._named(incoming.path_params["key"])
        if file is None:
            return self._vendor.error("put_file", 404)
        file.content, file.kept = incoming.body, incoming.raw
        return Reply(200, b"", {"ETag": f'"{file.content["sha256"][:32]}"'}, media_type="application/xml")

    def _stored(self, incoming: Incoming) -> Reply:
        """Return the bytes of a file, as the storage service does."""
        file = self._named(incoming.path_params["key"])
        if file is None or file.content is None:
            return self._vendor.error("stored_file", 404)
        if len(file.kept) != file.content["bytes"]:
            text = f"The emulator keeps the bytes of files of at most {MAX_KEPT_BYTES} bytes."
            return self._vendor.error("stored_file", 501, text)
        name = replies.quoted(file.filename)
        return Reply(
            200,
            file.kept,
            {"Content-Disposition": f"attachment; filename*=UTF-8''{name}"},
            media_type=file.content_type,
        )

    def _named(self, name: str) -> StoredFile | None:
        """Return a file by its number or its hashid: Confirm Upload takes both, the vendor's client gives both anywhere."""
        if name.isascii() and name.isdecimal():
            return self._files.get(int(name))
        return next((file for file in self._files.values() if file.hashid == name), None)

    def _signed(self, incoming: Incoming, file: StoredFile, seconds: int) -> str:
        signature = f"X-Amz-Expires={seconds}&X-Amz-Signature={self._vendor.account['signature']}"
        return f"{replies.base_url(incoming)}/storage/{file.hashid}?{signature}"

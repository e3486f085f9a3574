"""
Datalab, the files of a team.

Pages: "File Upload API" and the operations on files of the API reference at https://documentation.datalab.to/. Where they
leave something open, a comment names the page.
"""

from typing import Any, NamedTuple

from pydantic import BaseModel

from airflow_workflow_providers.core.parameters import id_or_name, segment, text, whole_number
from airflow_workflow_providers.core.request import Request, Response, Word, read_request
from airflow_workflow_providers.core.text import shown

#: The files that Datalab takes, with the media type of each extension: https://documentation.datalab.to/docs/common/supportedfiletypes
CONTENT_TYPES = {
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".tif": "image/tiff",
    ".tiff": "image/tiff",
    ".webp": "image/webp",
    ".doc": "application/msword",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".odt": "application/vnd.oasis.opendocument.text",
    ".xls": "application/vnd.ms-excel",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".xlsm": "application/vnd.ms-excel.sheet.macroEnabled.12",
    ".xltx": "application/vnd.openxmlformats-officedocument.spreadsheetml.template",
    ".ods": "application/vnd.oasis.opendocument.spreadsheet",
    ".csv": "text/csv",
    ".ppt": "application/vnd.ms-powerpoint",
    ".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ".odp": "application/vnd.oasis.opendocument.presentation",
    ".html": "text/html",
    ".epub": "application/epub+zip",
}

#: The largest file, in bytes: https://documentation.datalab.to/docs/common/limits
MAX_BYTES = 200 * 1024 * 1024

_FILE = "/api/v1/files/{}"


class Upload(NamedTuple):
    """Where a file is to be uploaded: its id, the signed address, and the reference by which an input names it."""

    file_id: str
    address: str
    reference: str


class _Upload(BaseModel):
    file_id: Any
    upload_url: Word
    reference: Word


class _Confirmed(BaseModel):
    success: Any = None


class _Listed(BaseModel):
    files: list[Any]


class _Address(BaseModel):
    download_url: Word


def request_upload(filename: str, *, content_type: str) -> Request[Upload]:
    """
    Ask for an address to upload a file to.

    :param filename: its name, without folders.
    :param content_type: its media type.
    :return: its id, the signed address, which is valid for an hour, and the reference.
    :raises InvalidInput: if a parameter is wrong; nothing was sent.
    """

    def read(response: Response) -> Upload:
        found = response.parse(_Upload)
        # The id is a number, or a text: https://documentation.datalab.to/docs/welcome/sdk/file-management
        file_id = response.execution_id(found.file_id, number=True)
        if not found.reference.startswith("datalab://"):
            raise response.unexpected(" without the reference of the file")
        return Upload(file_id, found.upload_url, found.reference)

    body = {"filename": text("filename", filename), "content_type": text("content_type", content_type)}
    return Request(f"upload file {shown(filename)}", "POST", "/api/v1/files/upload", body=body, parse=read)


def confirm_upload(file_id: str | int) -> Request[None]:
    """
    Tell Datalab that a file was uploaded.

    :param file_id: its id.
    :raises InvalidInput: if it is no id; nothing was sent.
    :raises UnexpectedResponse: if Datalab does not have the file.
    """

    def read(response: Response) -> None:
        if response.parse(_Confirmed).success is False:
            raise response.unexpected(f", but the file was not received: {response.quote()!r}")

    # The page shows a GET: https://documentation.datalab.to/docs/recipes/file-management/file-upload-api
    return _about("confirm the upload of", file_id, "/confirm", read)


def list_files(*, limit: int = 50, offset: int = 0) -> Request[dict[str, Any]]:
    """
    List the uploaded files of the team.

    :param limit: how many at the most; default: 50.
    :param offset: how many are left out before; default: 0.
    :return: Datalab's page: ``files``, ``total``, ``limit`` and ``offset``.
    :raises InvalidInput: if a parameter is wrong; nothing was sent.
    """
    query = {"limit": whole_number("limit", limit, least=1), "offset": whole_number("offset", offset)}
    return read_request("list files", "/api/v1/files", model=_Listed, query=query)


def get_file(file_id: str | int) -> Request[dict[str, Any]]:
    """
    Read what Datalab knows of an uploaded file.

    :param file_id: its id.
    :return: ``file_id``, ``original_filename``, ``content_type``, ``reference``, ``upload_status`` and so on.
    :raises InvalidInput: if it is no id; nothing was sent.
    :raises NotFound: if there is no such file.
    """
    return _about("read", file_id, "", lambda response: response.json_object())


def get_file_address(file_id: str | int, *, expires_in: int = 3600) -> Request[str]:
    """
    Ask for an address to download an uploaded file from.

    :param file_id: its id.
    :param expires_in: seconds for which it is valid, 60 to 86400; default: 3600.
    :return: the signed address; whoever has it has the file.
    :raises InvalidInput: if a parameter is wrong; nothing was sent.
    :raises NotFound: if there is no such file.
    """
    query = {"expires_in": str(whole_number("expires_in", expires_in, least=60, most=86400))}
    return _about(
        "download", file_id, "/download", lambda response: response.parse(_Address).download_url, query=query
    )


def delete_file(file_id: str | int) -> Request[None]:
    """
    Delete an uploaded file.

    :param file_id: its id.
    :raises InvalidInput: if it is no id; nothing was sent.
    :raises NotFound: if there is no such file.
    """
    return _about("delete", file_id, "", lambda response: None, method="DELETE")  # noqa: ARG005  # nothing in it decides


def _about(
    action: str, file_id: str | int, path: str, read: Any, *, method: str = "GET", **options: Any
) -> Request[Any]:
    name = id_or_name("file_id", file_id)
    address = _FILE.format(segment("file_id", name)) + path
    return Request(f"{action} file {shown(name)}", method, address, parse=read, **options)

"""The fields of a connection: read and checked. An error names the field and shows no value."""

import ipaddress
from collections.abc import Callable
from importlib import import_module
from typing import Annotated, Any, ClassVar
from urllib.parse import urlsplit

from airflow.providers.common.compat.sdk import Connection
from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator

from airflow_workflow_providers.core.errors import InvalidInput
from airflow_workflow_providers.core.http import LANES
from airflow_workflow_providers.core.parameters import callback
from airflow_workflow_providers.core.secret import stripped
from airflow_workflow_providers.core.text import shown
from airflow_workflow_providers.get_provider_info import VENDORS

#: The account's limit; with a tiny number a request would wait for years.
RequestsPerSecond = Annotated[float, Field(ge=0.01, le=10_000, allow_inf_nan=False)]


class HttpExtra(BaseModel):
    """The extra fields that every connection has; a vendor adds its own. The form saves empty fields as null."""

    # An id of digits only may be written without quotation marks.
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True, coerce_numbers_to_str=True)

    #: The fields that hold a secret.
    secret_fields: ClassVar[tuple[str, ...]] = ()

    connect_timeout: float = Field(default=10.0, gt=0, le=300, allow_inf_nan=False)
    read_timeout: float = Field(default=30.0, gt=0, le=3600, allow_inf_nan=False)
    max_response_mb: int = Field(default=64, ge=1, le=4096)
    #: A vendor that documents a limit has it as its default.
    requests_per_second: RequestsPerSecond | None = None
    concurrent_requests: int = Field(default=LANES, ge=1, le=LANES)
    verify: bool = True
    ca_bundle: str | None = None
    client_certificate: str | None = None
    client_key: str | None = None
    execution_url: str | None = None

    @classmethod
    def from_connection(cls, connection: Connection) -> Any:
        """
        Read the extra of a connection.

        :param connection: the connection; one without an extra has every default.
        :return: an object of this class; a field that is null or empty has its default.
        :raises InvalidInput: one error that names each wrong field, and shows no value.
        """
        try:
            return cls.model_validate_json(connection.extra or "{}")
        except ValidationError as error:
            problems = error.errors(include_url=False, include_input=False, include_context=False)
        except (TypeError, UnicodeEncodeError):
            problems = [{"loc": (), "msg": "not a JSON object", "type": "json_invalid"}]  # type: ignore[typeddict-item]
        reasons = "; ".join(
            f"{'.'.join(str(part) for part in problem['loc']) or 'all of it'}: "
            + (
                cls._unknown(str(problem["loc"][0]))
                if problem["type"] == "extra_forbidden"
                else problem["msg"]
            )
            for problem in problems
        )
        # A key may have been pasted as the name of a field.
        secrets = tuple(filter(None, [stripped(str(connection.password or ""))]))
        raise InvalidInput(
            shown(f"Connection {connection.conn_id!r}, extra: {reasons}.", secrets, limit=1000)
        )

    @classmethod
    def _unknown(cls, name: str) -> str:
        """Explain an unknown field: another connection type may have it."""
        for vendor, (title, _) in VENDORS.items():
            form = import_module(f"airflow_workflow_providers.forms.{vendor}").FORM
            if name in form["conn-fields"]:
                return f"a field of connections of type {vendor!r} ({title}), not of this type"
        return f"not a field of this connection type, which has {', '.join(cls.model_fields)}"

    @field_validator("*", mode="before")
    @classmethod
    def _empty_is_absent(cls, value: Any, info: ValidationInfo) -> Any:
        if info.field_name in cls.secret_fields and isinstance(value, str):
            value = stripped(value)
        return cls.model_fields[str(info.field_name)].default if value in (None, "") else value


def page_template(connection: Connection, template: str | None) -> str | None:
    """
    Return the address of the vendor's page of an execution, as the connection has it.

    :param connection: the connection.
    :param template: its extra field ``execution_url``.
    :return: the address, with ``{execution_id}`` in it; ``None`` if the field is empty.
    :raises InvalidInput: if it is no such address; it is not shown.
    """
    if template is None:
        return None
    address = stripped(template)
    try:
        callback("execution_url", address)
        with_place = urlsplit(address).netloc.count("{") == 0 and address.count("{execution_id}") == 1
    except (InvalidInput, ValueError):
        with_place = False
    if not with_place or "@" in urlsplit(address).netloc:
        raise InvalidInput(
            f"Connection {connection.conn_id!r}, execution_url: it must be an http:// or https:// address without a user, which has "
            "{execution_id} once, after the host, such as https://vendor.example/runs/{execution_id}."
        )
    return address


def secret_of(connection: Connection) -> str:
    """
    Return the password of a connection, without white space and invisible characters around it.

    :param connection: the connection.
    :return: the secret as it is sent; an empty text if the connection has no password.
    :raises InvalidInput: if the password is neither text nor a number; its value is not shown.
    """
    secret: Any = connection.password
    if secret is None:
        return ""
    if isinstance(secret, bool) or not isinstance(secret, (str, int)):
        raise InvalidInput(f"Connection {connection.conn_id!r}: password must be text.")
    return stripped(str(secret))


def base_url(connection: Connection, default: str) -> str:
    """
    Return the base URL. ``host`` is a whole URL, or a name or ``name/path``, with ``schema`` and ``port`` in their own fields.

    :param connection: the connection; the default of ``schema`` is ``https``.
    :param default: the vendor's own base URL, for a connection without a ``host``.
    :return: a URL without a slash at its end.
    :raises InvalidInput: if a field is wrong or contradicts another one; the error names it and shows no value.
    """

    def wrong(name: str, why: str) -> InvalidInput:
        return InvalidInput(f"Connection {connection.conn_id!r}, {name}: {why}.")

    host, port = stripped(str(connection.host or "")), connection.port or None
    schema = str(connection.schema or "https").strip().lower()
    if not host:
        if port:
            raise wrong("port", "it needs a host")
        return default
    if "://" not in host:
        if schema not in ("http", "https"):
            raise wrong("schema", "it must be http or https")
        host = f"{schema}://{_bracketed(host.rstrip('/'))}"
    elif port:
        raise wrong("port", "host is a whole URL, so the port belongs there")
    if port is not None and not (type(port) is int and 0 < port < 65536):
        raise wrong("port", "it must be a whole number from 1 to 65535")
    return checked_address(host, lambda why: wrong("host", why), port=port)


def _bracketed(host: str) -> str:
    """Return a host as a URL holds it: an IPv6 address with brackets."""
    try:
        return f"[{host}]" if ipaddress.ip_address(host).version == 6 else host
    except ValueError:
        return host


def checked_address(address: str, refuse: Callable[[str], InvalidInput], *, port: int | None = None) -> str:
    """
    Check a base URL.

    :param address: http or https, with a host, and without a user, query or fragment.
    :param refuse: makes the error from the reason, without the URL.
    :param port: the port, if the URL has none.
    :return: the URL, with a scheme in lower case and no slash at its end.
    :raises InvalidInput: made by ``refuse``.
    """
    if not address.isprintable() or any(char.isspace() or char in "\\<>\"'{}|^`" for char in address):
        raise refuse("it has white space or a character that a URL cannot have")
    try:
        parts = urlsplit(address)
        known_port, name = parts.port, parts.hostname
    except ValueError:
        raise refuse("it is not a valid base URL") from None
    if parts.scheme not in ("http", "https"):
        raise refuse("the scheme must be http or https")
    if "@" in parts.netloc:
        raise refuse("it must not hold a user or a password; the key goes into the connection's password")
    if "?" in address or "#" in address:
        raise refuse("it must not hold a query or a fragment")
    if not name or known_port == 0 or any(len(label) > 63 for label in name.split(".")) or ".." in name:
        raise refuse("it is not a valid base URL")
    if known_port and port:
        raise refuse("it has a port already, so the connection's port must be empty")
    netloc = f"{parts.netloc.rstrip(':')}:{port}" if port else parts.netloc
    return f"{parts.scheme}://{netloc}{parts.path.rstrip('/')}"


def is_loopback(address: str) -> bool:
    """
    Return whether a URL leads to this machine.

    :param address: http or https.
    :return: True for 127.0.0.0/8, ::1 and localhost.
    """
    host = urlsplit(address).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")

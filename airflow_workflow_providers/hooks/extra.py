"""What a connection holds besides its password: read, checked, and refused in one sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator

from airflow_workflow_providers.core.errors import InvalidInput

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Connection


class HttpExtra(BaseModel):
    """The extra fields that every connection has; a vendor adds its own. The form saves empty fields as null."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    connect_timeout: float = Field(default=10.0, gt=0)
    read_timeout: float = Field(default=30.0, gt=0)
    verify: bool = True
    ca_bundle: str | None = None
    client_certificate: str | None = None
    client_key: str | None = None

    @classmethod
    def from_connection(cls, connection: Connection) -> Any:
        """
        Read the extra of a connection.

        :param connection: the connection; one without an extra has every default.
        :return: an object of this class; a field that is null or empty has its default.
        :raises InvalidInput: one error that names each field that is wrong, and no value.
        """
        where = f"Connection {connection.conn_id!r}, extra"
        try:
            return cls.model_validate_json(connection.extra or "{}")
        except ValidationError as error:
            reasons = "; ".join(
                f"{'.'.join(str(part) for part in e['loc']) or 'the whole'}: "
                + (
                    f"not a field of this connection type; there are {', '.join(cls.model_fields)}"
                    if e["type"] == "extra_forbidden"
                    else e["msg"]
                )
                for e in error.errors(include_url=False, include_input=False)
            )
            raise InvalidInput(f"{where}: {reasons}.") from None

    @field_validator("*", mode="before")
    @classmethod
    def _empty_is_absent(cls, value: Any, info: ValidationInfo) -> Any:
        return cls.model_fields[str(info.field_name)].default if value in (None, "") else value


def base_url(connection: Connection, default: str) -> str:
    """
    Return where paths begin: ``host`` may be a whole address, or a name with ``schema`` and ``port`` beside it.

    :param connection: the connection; ``https`` goes before a name without a ``schema``.
    :param default: the vendor's own address, for a connection without a ``host``.
    :return: an address; a slash at the end of ``host`` is taken off.
    """
    host = (connection.host or "").strip().rstrip("/")
    if not host:
        return default
    if "://" in host:
        return host
    port = f":{connection.port}" if connection.port else ""
    return f"{connection.schema or 'https'}://{host}{port}"

"""Connection forms as data: what Airflow's Connections page shows. Imports nothing heavy."""

from typing import Any


def field(label: str, description: str, kind: str = "string", **schema: Any) -> dict[str, Any]:
    """
    Return a field of a form, which may stay empty.

    :param label: its label.
    :param description: the help text below it.
    :param kind: the JSON type of its value.
    :param schema: more of its JSON schema.
    """
    return {"label": label, "description": description, "schema": {"type": [kind, "null"], **schema}}


def _requests_per_second(default: str) -> dict[str, Any]:
    return field(
        "Requests a second",
        f"The limit of your account. A triggerer uses at most half of it, a worker process a quarter. Empty: {default}.",
        "number",
        minimum=0.01,
        maximum=10_000,
    )


#: The fields that every vendor's connection has besides its own.
HTTP_FIELDS = {
    "connect_timeout": field(
        "Connect timeout (s)", "Seconds to open a connection. Empty: 10.", "integer", minimum=1, maximum=300
    ),
    "read_timeout": field(
        "Read timeout (s)", "Seconds for one whole request. Empty: 30.", "integer", minimum=1, maximum=3600
    ),
    "max_response_mb": field(
        "Largest response (MB)",
        "A larger response is an error. Empty: 64.",
        "integer",
        minimum=1,
        maximum=4096,
    ),
    "requests_per_second": _requests_per_second("no limit"),
    "concurrent_requests": field(
        "Requests at once", "Of one process. Empty: 48.", "integer", minimum=1, maximum=48
    ),
    "verify": field(
        "Verify TLS certificate",
        "Switch off only for a test server: the key can be read on the way.",
        "boolean",
        default=True,
    ),
    "ca_bundle": field(
        "CA bundle", "File or folder of certificate authorities to trust besides the usual ones."
    ),
    "client_certificate": field("Client certificate", "PEM file that this client shows to the server."),
    "client_key": field(
        "Client certificate's key file", "PEM file with the key, if it is not in the certificate's file."
    ),
    "execution_url": field(
        "Page of an execution",
        "Where a person sees an execution at the vendor: an address with {execution_id} in it. Empty: as the vendor documents.",
    ),
}


def form(
    conn_type: str,
    name: str,
    *,
    host: str,
    password: str,
    requests_per_second: float | None = None,
    fields: dict[str, dict[str, Any]] | None = None,
) -> dict[str, Any]:
    """
    Return an item of the provider's ``connection-types``.

    :param conn_type: Airflow's connection type, and the name of the hook's module.
    :param name: the name of the type in the list, and of the hook's class without ``Hook``.
    :param host: the base URL that is used if the field stays empty.
    :param password: the label of the secret.
    :param requests_per_second: the limit that is used if the field stays empty, if the vendor documents one.
    :param fields: the vendor's own fields, if it has any; those of :data:`HTTP_FIELDS` follow them.
    """
    conn_fields = {**(fields or {}), **HTTP_FIELDS}
    if requests_per_second is not None:
        default = f"{requests_per_second:g}, as {name} documents"
        conn_fields["requests_per_second"] = _requests_per_second(default)
    return {
        "connection-type": conn_type,
        "hook-class-name": f"airflow_workflow_providers.hooks.{conn_type}.{name}Hook",
        "hook-name": name,
        "ui-field-behaviour": {
            "hidden-fields": ["schema", "port", "login", "extra"],
            "relabeling": {"host": "Base URL", "password": password},
            "placeholders": {"host": host},
        },
        "conn-fields": conn_fields,
    }

"""Connection forms as data: what Airflow's Connections page shows, and nothing else. Imports nothing heavy."""

from __future__ import annotations

from typing import Any

#: What every vendor's connection has besides its own fields: companies sit behind proxies.
HTTP_FIELDS: dict[str, dict[str, Any]] = {
    "connect_timeout": {
        "label": "Connect timeout (s)",
        "description": "Seconds until a connection must stand. Empty: 10.",
        "schema": {"type": ["integer", "null"], "minimum": 1, "maximum": 300},
    },
    "read_timeout": {
        "label": "Read timeout (s)",
        "description": "Seconds for one request and its whole answer. Empty: 30.",
        "schema": {"type": ["integer", "null"], "minimum": 1, "maximum": 3600},
    },
    "max_response_mb": {
        "label": "Largest response (MB)",
        "description": "A larger response is an error; decoded size. Empty: 64.",
        "schema": {"type": ["integer", "null"], "minimum": 1, "maximum": 4096},
    },
    "verify": {
        "label": "Verify TLS certificate",
        "description": "Switch off only against a test server: the key could be read on the way.",
        "schema": {"type": ["boolean", "null"], "default": True},
    },
    "ca_bundle": {
        "label": "CA bundle",
        "description": "File or folder of certificate authorities to trust besides the usual ones.",
        "schema": {"type": ["string", "null"]},
    },
    "client_certificate": {
        "label": "Client certificate",
        "description": "PEM file that this client shows to the server.",
        "schema": {"type": ["string", "null"]},
    },
    "client_key": {
        "label": "Client certificate's key file",
        "description": "PEM file with the key, if it is not in the certificate's file.",
        "schema": {"type": ["string", "null"]},
    },
}


def form(
    conn_type: str,
    name: str,
    hook_class_name: str,
    *,
    host: str,
    password: str,
    fields: dict[str, dict[str, Any]] | None = None,
) -> dict[str, Any]:
    """
    Return an item of the provider's ``connection-types``.

    :param conn_type: Airflow's connection type.
    :param name: what the type is called in the list.
    :param hook_class_name: the full path of the hook.
    :param host: the address that is used when the field stays empty.
    :param password: the label of the secret.
    :param fields: the vendor's own fields, if it has any; those of :data:`HTTP_FIELDS` follow them.
    """
    return {
        "connection-type": conn_type,
        "hook-class-name": hook_class_name,
        "hook-name": name,
        "ui-field-behaviour": {
            "hidden-fields": ["schema", "port", "login", "extra"],
            "relabeling": {"host": "Base URL", "password": password},
            "placeholders": {"host": host},
        },
        "conn-fields": {**(fields or {}), **HTTP_FIELDS},
    }

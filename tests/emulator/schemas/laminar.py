"""Laminar: the documents in the pages "Remote Workflow Execution" and "Managing Configurations"."""

from typing import Any

from tests.emulator.schemas import (
    INT64,
    INTEGER,
    OBJECT,
    STRING,
    X_API_KEY,
    answer,
    array,
    body,
    document,
    fields,
    parameter,
    ref,
)

_EXTERNAL_ID = parameter("store", "path", STRING, example="{configuration_id}")
_WORKSPACE = parameter("workspaceId", "query", INT64, required=True, example="{workspace_id}")
_SENT = array(ref("PropertyDTO"))


def _store(
    method: str, status: str, schema: dict[str, Any] | None, *parameters: Any, **options: Any
) -> dict[str, Any]:
    """Return an operation on a store, which also refuses a wrong key and an unknown store."""
    return {
        method: {
            "parameters": [_EXTERNAL_ID, *parameters],
            "responses": {status: answer(schema), "401": answer(), "404": answer()},
            **options,
        }
    }


_STEP = {**INTEGER, "format": "int32"}

DOCUMENT = document(
    "Laminar",
    X_API_KEY,
    {
        "/workflow/execute/external/{workflow}": {
            "post": {
                "parameters": [
                    parameter("workflow", "path", STRING, example="39"),
                    parameter("configuration_id", "query", STRING),
                    parameter("response_type", "query", STRING),
                    parameter("start_from_step", "query", _STEP),
                    parameter("end_at_step", "query", _STEP),
                    parameter("callback_url", "query", STRING),
                ],
                # The page has a text of any type.
                "requestBody": body({}, example={"email": "a@example.com"}),
                "responses": {status: answer(OBJECT) for status in ("200", "400", "401")},
            }
        },
        "/configurations/external": {
            "post": {
                "parameters": [],
                "requestBody": body(ref("CreateConfigurationStoreRequest"), required=True),
                "responses": {"201": answer(ref("ConfigurationStore"))},
            }
        },
        "/configurations/{store}/external": _store("delete", "204", None),
        "/configurations/{store}/restore/external": _store("put", "200", ref("ConfigurationStore")),
        "/configurations/{store}/keys/external": _store(
            "get", "200", ref("ConfigurationKeysResponse"), _WORKSPACE
        ),
        "/configurations/{store}/properties/external": _store(
            "put",
            "200",
            ref("ConfigurationStore"),
            _WORKSPACE,
            requestBody=body(fields("properties", properties=_SENT), required=True),
        ),
        "/configurations/{store}/properties/{key}/external": _store(
            "delete", "200", None, parameter("key", "path", STRING, example="PORTAL_USER"), _WORKSPACE
        ),
    },
    CreateConfigurationStoreRequest=fields(
        *("externalId", "name", "properties", "workspaceId"),
        workspaceId=INT64,
        name=STRING,
        externalId=STRING,
        properties=_SENT,
    ),
    PropertyDTO=fields("key", "value", key=STRING, value=STRING),
    ConfigurationStore=fields(
        "properties",
        id=INT64,
        workspaceId=INT64,
        name=STRING,
        externalId=STRING,
        archivedAt={**STRING, "format": "date-time"},
        properties={**array(ref("Property")), "uniqueItems": True},
    ),
    Property=fields("key", "value", id=INT64, key=STRING, value=STRING),
    ConfigurationKeysResponse=fields(
        "externalId", "keys", "name", keys=array(STRING), externalId=STRING, name=STRING
    ),
)

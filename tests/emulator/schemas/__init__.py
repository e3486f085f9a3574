"""
What the vendors' own schemas say of their answers, as OpenAPI documents that we have written down from them.

Each vendor's module has the operations that the emulator has and the vendor describes. A document only says what the vendor's
does: where that requires no field, neither does this.
"""

import re
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import httpx
from jsonschema import Draft202012Validator

from airflow_workflow_providers.emulator import Emulator

#: The vendors with a document.
VENDORS = ("altostrat", "datalab", "laminar", "promptlayer", "refold")

#: The variants in which the emulator does what a vendor has been seen to do, or has said elsewhere, against its own schema.
#: By vendor and variant: the value, and where that is said.
EXCEPTIONS = {
    ("promptlayer", "error_field"): (
        "error",
        "the schema ErrorResponse: either field; List Workflows requires one",
    ),
    ("promptlayer", "raw_error"): ("object", "older samples of the callback's page have an object"),
}


def document_of(vendor: str) -> dict[str, Any]:
    """Return the vendor's document."""
    return import_module(f"tests.emulator.schemas.{vendor}").DOCUMENT


@dataclass(frozen=True)
class Operation:
    """An operation in a document."""

    vendor: str
    method: str
    path: str
    described: dict[str, Any]

    def matches(self, method: str, path: str) -> bool:
        """Say whether a request is for it; the path is as it was sent."""
        return (
            method == self.method and re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", self.path), path) is not None
        )

    def problems(self, status: int, body: Any) -> list[str]:
        """Return what is wrong with the body of an answer; nothing if the vendor does not describe it."""
        responses = self.described["responses"]
        response = responses.get(str(status), responses.get("default", {}))
        schema = response.get("content", {}).get("application/json", {}).get("schema")
        if schema is None:
            return []
        whole = {**schema, "components": document_of(self.vendor).get("components", {})}
        errors = Draft202012Validator(whole).iter_errors(body)
        return [f"{self.vendor} {self.path} {status} {error.json_path}: {error.message}" for error in errors]


def operations(vendor: str) -> list[Operation]:
    """Return the operations in the vendor's document; a path without parameters comes first."""
    paths = sorted(document_of(vendor)["paths"].items(), key=lambda each: each[0].count("{"))
    return [
        Operation(vendor, method.upper(), path, described)
        for path, methods in paths
        for method, described in methods.items()
    ]


def find(vendor: str, method: str, path: str) -> Operation | None:
    """Return the operation that a request is for, if the vendor describes it."""
    return next((each for each in operations(vendor) if each.matches(method, path)), None)


def check(emulator: Emulator, response: httpx.Response) -> None:
    """Hold an answer to its vendor's schema, unless a fault or a variant of the exceptions may have changed it."""
    url = response.request.url
    base, _, path = url.raw_path.decode().partition("?")[0].removeprefix("/").partition("/")
    operation = find(base, response.request.method, f"/{path}") if base in VENDORS else None
    if operation is None or url.port != emulator.port or _may_differ(emulator, base):
        return
    if response.headers.get("content-type") != "application/json" or not response.read():
        return
    if problems := operation.problems(response.status_code, response.json()):
        raise AssertionError("\n".join(problems))


def _may_differ(emulator: Emulator, vendor: str) -> bool:
    variants = emulator.by_name[vendor].variant
    return any(request["fault"] for request in emulator.requests(vendor)) or any(
        named == vendor and variants[variant] == value for (named, variant), (value, _) in EXCEPTIONS.items()
    )


# -- words of the documents -----------------------------------------------------------------------------------

STRING = {"type": "string"}
INTEGER = {"type": "integer"}
INT64 = {"type": "integer", "format": "int64"}
BOOLEAN = {"type": "boolean"}
OBJECT = {"type": "object"}

BEARER = {"type": "http", "scheme": "bearer"}
X_API_KEY = {"type": "apiKey", "in": "header", "name": "X-API-KEY"}

#: As an example it stands for a run that was started; so the name of a field of the account does for that field.
RUN = "{run}"


def nullable(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a schema that also takes null."""
    return {**schema, "type": [schema["type"], "null"]}


def fields(*required: str, **properties: Any) -> dict[str, Any]:
    """Return an object with these fields; the names before them are required."""
    return {"type": "object", "properties": properties, "required": list(required)}


def exactly(**properties: Any) -> dict[str, Any]:
    """Return an object with all of these fields, and no others."""
    return {**fields(*properties, **properties), "additionalProperties": False}


def array(items: dict[str, Any]) -> dict[str, Any]:
    """Return an array."""
    return {"type": "array", "items": items}


def ref(name: str) -> dict[str, Any]:
    """Return a schema of the document, by name."""
    return {"$ref": f"#/components/schemas/{name}"}


def answer(schema: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return an answer of JSON; without a schema nothing is said of its body."""
    content = {} if schema is None else {"content": {"application/json": {"schema": schema}}}
    return {"description": "", **content}


def parameter(
    name: str, place: str, schema: dict[str, Any], *, required: bool = False, example: Any = None
) -> dict[str, Any]:
    """Return a parameter of a request."""
    known = {} if example is None else {"example": example}
    return {"name": name, "in": place, "required": required or place == "path", "schema": schema, **known}


def body(schema: dict[str, Any], *, required: bool = False, example: Any = None) -> dict[str, Any]:
    """Return a body of JSON."""
    known = {} if example is None else {"example": example}
    return {"required": required, "content": {"application/json": {"schema": schema, **known}}}


def document(title: str, key: dict[str, Any], paths: dict[str, Any], **schemas: Any) -> dict[str, Any]:
    """Return a document; each of its operations needs the key."""
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": "0"},
        "security": [{"key": []}],
        "paths": paths,
        "components": {"schemas": schemas, "securitySchemes": {"key": key}},
    }

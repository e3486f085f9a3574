"""
Schemathesis, unmodified and in an environment of its own, finds nothing against the vendors' schemas but what is named.

It sends what a document allows and what it forbids, and judges each answer by the document.
"""

import json
import os
import subprocess
from pathlib import Path

import httpx
import pytest

from airflow_workflow_providers.emulator import Emulator
from dev.sdks import python_sdk
from tests.emulator import schemas
from tests.emulator.test_every_vendor import starts_of
from tests.emulator.test_schemas import EXCHANGES

_NO_WORKSPACE = "the document has no 400, and no page says what a request without its workspace gets"

#: The path of a sheet of PromptLayer's tables.
_SHEET = "/api/public/v2/tables/{table_id}/sheets/{sheet_id}"

#: What it finds and the emulator is right to do: by vendor, operation and finding. ``*`` stands for all.
EXCEPTIONS = {
    (
        "*",
        "*",
        "UnsupportedMethodResponse",
    ): "no page says what another method gets; here it is a 404 and not a 405",
    ("laminar", "POST /workflow/execute/external/{workflow}", "UndefinedStatusCode"): (
        "the document has no 404, and no page says what an unknown workflow gets"
    ),
    ("laminar", "POST /configurations/external", "UndefinedStatusCode"): (
        "the document has the 201 alone, and no page says what a refusal is"
    ),
    ("laminar", "POST /configurations/external", "RejectedPositiveData"): (
        "the document allows an empty id, with which no other operation has a path"
    ),
    ("laminar", "GET /configurations/{store}/keys/external", "UndefinedStatusCode"): _NO_WORKSPACE,
    ("laminar", "PUT /configurations/{store}/properties/external", "UndefinedStatusCode"): _NO_WORKSPACE,
    (
        "laminar",
        "DELETE /configurations/{store}/properties/{key}/external",
        "UndefinedStatusCode",
    ): _NO_WORKSPACE,
    ("datalab", "*", "UndefinedStatusCode"): (
        "the document has neither 401 nor 404, which the page about errors has"
    ),
    ("datalab", "*", "AllowHeaderMismatch"): "as for another method: the header names one method of a path",
    ("altostrat", "POST /workflows/{workflow}/execute", "UndefinedStatusCode"): (
        "the document has no 422; a context that is no object gets what the vendor's framework gives"
    ),
    ("altostrat", "POST /workflows/runs/{run}/rerun", "UndefinedStatusCode"): (
        "no page says what a run that goes on gets"
    ),
    ("altostrat", "POST /workflows/runs/{run}/resume-from/{node}", "UndefinedStatusCode"): (
        "no page says what a run that has not failed gets"
    ),
    ("altostrat", "POST /workflows/sync/{workflow}", "UndefinedStatusCode"): (
        "no page says what a workflow without the trigger gets, or a payload that is no object"
    ),
    ("altostrat", "GET /workflows/{workflow}/executions", "AcceptedNegativeData"): (
        "the lists of the vendor's framework take any page for the first"
    ),
    ("promptlayer", "POST /workflows/{workflow}/run", "RejectedPositiveData"): (
        "label and version are exclusive, which the document says in words only"
    ),
    ("promptlayer", "GET /workflows", "RejectedPositiveData"): (
        "external_source and external_id need each other, which the document says in words only"
    ),
    ("promptlayer", "GET /workflows/{workflow}", "RejectedPositiveData"): (
        "label and version are exclusive, which the document says in words only"
    ),
    ("promptlayer", f"POST {_SHEET}/operations", "RejectedPositiveData"): (
        "a token that PromptLayer has not given confirms nothing; the document takes any text"
    ),
    ("promptlayer", f"OPTIONS {_SHEET}/operations/{{operation_id}}", "AllowHeaderMismatch"): (
        "as for another method: the header names one method of a path"
    ),
    **{
        ("promptlayer", operation, "UndefinedStatusCode"): (
            "the document has no 401, which the operation that creates one has"
        )
        for operation in (
            f"GET {_SHEET}/operations/{{operation_id}}",
            f"DELETE {_SHEET}/operations/{{operation_id}}",
            f"POST {_SHEET}/scorecard/recalculate",
            f"GET {_SHEET}/scorecard/calculations/{{calculation_id}}",
        )
    },
    ("refold", "POST /api/v2/public/workflow/{workflow}/execute", "RejectedPositiveData"): (
        "the page says that a slug is required; the document allows an empty one"
    ),
    ("refold", "GET /api/v2/public/execution/{execution}/nodes/{node}/batches", "ServerError"): (
        "the page has the 501 of a node that works on no batches"
    ),
    ("refold", "POST /api/v2/public/execution/{execution}/rerun", "RejectedPositiveData"): (
        "the page says that it is for an execution that failed or was stopped; the document cannot"
    ),
    ("refold", "POST /api/v2/public/session-token", "RejectedPositiveData"): (
        "the page has the 400 of a missing account; the document requires none"
    ),
    ("refold", "*", "AcceptedNegativeData"): (
        "no page says that the vendor refuses a wrong header or query; a client that depends on it would be wrong"
    ),
}
SECONDS = 120


@pytest.fixture(scope="session")
def schemathesis() -> Path:
    return python_sdk("schemathesis", "schemathesis==4.32.5").parent / "schemathesis"


@pytest.mark.parametrize("vendor", schemas.VENDORS)
def test_nothing_is_found_but_the_exceptions(emulator: Emulator, schemathesis: Path, tmp_path: Path, vendor):
    emulator.set_pace(seconds=0)
    if vendor == "refold":
        # By default a request for an unknown execution hangs, as was seen live.
        emulator.configure("refold", unknown_execution="404")
    account = emulator.account(vendor)
    headers = {
        name: value.format(**account) for name, value in starts_of(vendor).STARTS[vendor].headers.items()
    }
    method, path, body, status = EXCHANGES[vendor][0]
    started = httpx.request(method, account["base_url"] + path, headers=headers, json=body, trust_env=False)
    assert started.status_code == status
    run = emulator.runs(vendor)[0]["execution_id"]
    described = tmp_path / "openapi.json"
    text = json.dumps(schemas.document_of(vendor))
    for name, value in {"run": run, **account}.items():
        text = text.replace(f'"{{{name}}}"', value if value.isdecimal() else json.dumps(value))
    described.write_text(text)
    report = tmp_path / "report.json"
    # The slug is a parameter of the document.
    headers.pop("slug", None)
    ended = subprocess.run(
        [
            str(schemathesis),
            *("run", str(described), "--url", account["base_url"]),
            *(word for name, value in headers.items() for word in ("--header", f"{name}:{value}")),
            *("--seed", "1", "--max-examples", "50", "--generation-database", "none"),
            *("--continue-on-failure", "--no-color", "--report", "json", "--report-json-path", str(report)),
        ],
        cwd=tmp_path,
        env=os.environ,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert report.exists(), ended.stderr
    result = json.loads(report.read_text())
    assert (result["errors"], result["complete"]) == ([], True), ended.stdout
    found = [
        (vendor, operation, failure["type"])
        for failure in result["failures"]
        for operation in failure["operations"]
    ]
    assert [each for each in found if not is_exception(*each)] == [], ended.stdout
    assert result["operations"]["tested"] == len(schemas.operations(vendor))
    assert len(emulator.requests(vendor)) > 50 * result["operations"]["tested"]


def is_exception(vendor: str, operation: str, finding: str) -> bool:
    return any(
        (known in (vendor, "*"), where in (operation, "*"), what) == (True, True, finding)
        for known, where, what in EXCEPTIONS
    )

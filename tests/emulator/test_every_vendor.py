"""What is the same for every vendor: how a start meets each fault, connections, secrets, and the workflow of a request."""

import json
from dataclasses import dataclass

import httpx
import pytest

from tests.emulator import ids_received, recorded, wait_until


@dataclass(frozen=True)
class Start:
    """How a vendor starts a run, and its own response to that."""

    vendor: str
    operation: str
    path: str
    workflow_id: str
    status: int
    headers: dict[str, str]
    has_id: bool = True


STARTS = {
    "refold": Start(
        "refold",
        "execute",
        "/api/v2/public/workflow/sync-contacts/execute",
        "sync-contacts",
        200,
        {"x-api-key": "{api_key}", "linked_account_id": "{linked_account_id}", "slug": "hubspot"},
    ),
    "datalab": Start(
        "datalab",
        "execute",
        "/api/v1/workflows/workflows/101/execute",
        "101",
        200,
        {"X-API-Key": "{api_key}"},
    ),
    "promptlayer": Start(
        "promptlayer",
        "run",
        "/workflows/support%2Ftriage%20v2/run",
        "support/triage v2",
        201,
        {"X-API-KEY": "{api_key}"},
    ),
    "altostrat": Start(
        "altostrat",
        "execute",
        "/workflows/fl_sync_sites/execute",
        "fl_sync_sites",
        202,
        {"Authorization": "Bearer {api_key}"},
    ),
    "laminar": Start(
        "laminar",
        "execute",
        "/workflow/execute/external/39",
        "39",
        200,
        {"X-API-KEY": "{api_key}"},
        has_id=False,
    ),
    "laminar job": Start(
        "laminar",
        "run_job",
        "/m/acme/nested/path%20job?async=1",
        "nested/path job",
        202,
        {"x-api-key": "{trigger_api_key}"},
    ),
}


@pytest.fixture(params=STARTS.values(), ids=STARTS)
def start(request) -> Start:
    return request.param


@pytest.fixture
def send(emulator, reach, start):
    """Send the start of a vendor, by default with its credentials."""
    emulator.set_pace(seconds=0)
    account = emulator.account(start.vendor)
    headers = {name: value.format(**account) for name, value in start.headers.items()}
    client = reach(account["base_url"], headers)
    return lambda **options: client.post(start.path, json={}, **options)


@pytest.mark.parametrize(
    ("fault", "options", "error", "runs"),
    [
        ("lost_response", {}, httpx.ReadError, 1),
        ("lost_response", {"clean": True}, httpx.RemoteProtocolError, 1),
        ("reset", {}, httpx.ReadError, 0),
        ("reset", {"clean": True}, httpx.RemoteProtocolError, 0),
        ("hang", {}, httpx.ReadTimeout, 0),
        ("hang", {"carry_out": True}, httpx.ReadTimeout, 1),
        ("slow", {"seconds": 60}, httpx.ReadTimeout, 1),
    ],
)
def test_a_start_without_a_response(emulator, start, send, fault, options, error, runs):
    """The ledger has its run, if there is one, and says that the client never received its id."""
    emulator.fail(start.vendor, start.operation, fault, **options)
    with pytest.raises(error):
        send(timeout=0.1)
    # A busy machine may not have read the request yet when its client gives up.
    wait_until(lambda: recorded(emulator) == [(None, fault)] and ids_received(emulator) == [False] * runs)
    (request,) = emulator.requests()
    assert [request["execution_id"]] * runs == [run["execution_id"] for run in emulator.runs()]


@pytest.mark.parametrize(
    ("fault", "options", "status", "runs"),
    [
        ("server_error", {}, 500, 0),
        ("server_error", {"status": 529}, 529, 0),
        ("server_error", {"status": 502, "carry_out": True}, 502, 1),
        ("status", {}, 429, 0),
        ("status", {"status": 403}, 403, 0),
        ("status", {"status": 409, "carry_out": True}, 409, 1),
        ("rate_limit", {"retry_after": 7}, 429, 0),
        ("echo_secret", {}, 401, 0),
        ("html", {}, 200, 1),
        ("html", {"status": 502}, 502, 1),
        ("html", {"carry_out": False}, 200, 0),
        ("list_body", {}, 200, 1),
        ("list_body", {"carry_out": False}, 200, 0),
        ("not_json", {}, 200, 1),
        ("not_json", {"carry_out": False}, 200, 0),
        ("truncated", {}, None, 1),
    ],
)
def test_a_start_whose_response_has_no_id(emulator, start, send, fault, options, status, runs):
    """None as the status is the vendor's own."""
    emulator.fail(start.vendor, start.operation, fault, **options)
    response = send()
    assert response.status_code == (status or start.status)
    assert ids_received(emulator) == [False] * runs
    assert recorded(emulator) == [(status or start.status, fault)]
    assert response.headers.get("retry-after") == ("7" if fault == "rate_limit" else None)


@pytest.mark.parametrize(
    ("fault", "options"),
    [("slow", {"seconds": 0.01}), ("huge", {"bytes": 5000}), ("deep_json", {"depth": 3})],
)
def test_a_start_whose_response_is_odd_but_has_the_id(emulator, start, send, fault, options):
    emulator.fail(start.vendor, start.operation, fault, **options)
    response = send()
    (run,) = emulator.runs()
    assert response.status_code == start.status
    assert run["id_received"] is start.has_id
    assert run["execution_id"] in response.text or not start.has_id
    assert len(response.content) == 5000 or fault != "huge"


def test_echo_secret_repeats_the_key_which_the_ledger_never_has(emulator, start, send):
    emulator.fail(start.vendor, start.operation, "echo_secret", status=403)
    response = send()
    account = emulator.account(start.vendor)
    keys = {account[name] for name in ("api_key", "trigger_api_key") if name in account}
    assert response.status_code == 403
    assert [key for key in keys if key in response.text]
    assert not [key for key in keys if key in json.dumps(emulator.requests())]


def test_a_fault_for_a_workflow_meets_its_start_even_without_credentials(emulator, start, no_tls):
    """A request names its workflow in the path, however the vendor writes it there."""
    emulator.fail(start.vendor, start.operation, "server_error", workflow_id=start.workflow_id, status=599)
    url = emulator.account(start.vendor)["base_url"] + start.path
    assert httpx.post(url, json={}, verify=no_tls).status_code == 599
    assert emulator.requests()[0]["workflow_id"] == start.workflow_id


def test_after_a_revocation_the_old_key_starts_nothing(emulator, start, send):
    emulator.revoke(start.vendor)
    assert send().status_code == 401
    assert emulator.runs() == []
    assert recorded(emulator) == [(401, None)]


@pytest.mark.parametrize("vendor", ["datalab", "promptlayer", "altostrat"])
def test_a_connection_has_the_base_url_and_the_key(emulator, vendor):
    account = emulator.account(vendor)
    assert account["base_url"] == f"{emulator.url}/{vendor}"
    assert len(account["api_key"]) >= 20
    assert emulator.connection(vendor) == {
        "conn_type": vendor,
        "host": account["base_url"],
        "password": account["api_key"],
        "extra": {},
    }

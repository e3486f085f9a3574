"""What is the same for every vendor: how a start meets each fault, connections, secrets, and the workflow of a request."""

import json
from importlib import import_module
from types import ModuleType

import httpx
import pytest

from dev.vendors import CASES, NAMES, VendorCase
from tests.emulator import Start, ids_received, recorded, wait_until


def starts_of(vendor: str) -> ModuleType:
    """Return the module of a vendor that has its facts; a vendor without one is an error."""
    return import_module(f"tests.emulator.{vendor}.starts")


@pytest.fixture(params=CASES.values(), ids=CASES)
def case(request) -> VendorCase:
    return request.param


@pytest.fixture
def start(case) -> Start:
    return starts_of(case.conn_type).STARTS[case.name]


@pytest.fixture
def send(emulator, reach, case, start):
    """Send the start of a vendor, by default with its credentials."""
    emulator.set_pace(seconds=0)
    account = emulator.account(case.conn_type)
    headers = {name: value.format(**account) for name, value in start.headers.items()}
    client = reach(account["base_url"], headers)
    return lambda **options: client.post(start.path, **start.body, **options)


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
def test_a_start_without_a_response(emulator, case, send, fault, options, error, runs):
    """The ledger has its run, if there is one, and says that the client never received its id."""
    emulator.fail(case.conn_type, case.start, fault, **options)
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
def test_a_start_whose_response_has_no_id(emulator, case, start, send, fault, options, status, runs):
    """None as the status is the vendor's own."""
    emulator.fail(case.conn_type, case.start, fault, **options)
    response = send()
    assert response.status_code == (status or start.status)
    assert ids_received(emulator) == [False] * runs
    assert recorded(emulator) == [(status or start.status, fault)]
    assert response.headers.get("retry-after") == ("7" if fault == "rate_limit" else None)


@pytest.mark.parametrize(
    ("fault", "options"),
    [("slow", {"seconds": 0.01}), ("huge", {"bytes": 5000}), ("deep_json", {"depth": 3})],
)
def test_a_start_whose_response_is_odd_but_has_the_id(emulator, case, start, send, fault, options):
    emulator.fail(case.conn_type, case.start, fault, **options)
    response = send()
    (run,) = emulator.runs()
    assert response.status_code == start.status
    assert run["id_received"] is bool(case.get_status)
    assert run["execution_id"] in response.text or not case.get_status
    assert len(response.content) == 5000 or fault != "huge"


def test_echo_secret_repeats_the_key_which_the_ledger_never_has(emulator, case, send):
    emulator.fail(case.conn_type, case.start, "echo_secret", status=403)
    response = send()
    account = emulator.account(case.conn_type)
    keys = {
        account[name] for row in CASES.values() if row.conn_type == case.conn_type for name in row.secrets
    }
    assert response.status_code == 403
    assert [key for key in keys if key in response.text]
    assert not [key for key in keys if key in json.dumps(emulator.requests())]


def test_a_fault_for_a_workflow_meets_its_start_even_without_credentials(emulator, case, start, no_tls):
    """A request names its workflow in the path, however the vendor writes it there."""
    emulator.fail(case.conn_type, case.start, "server_error", workflow_id=start.workflow_id, status=599)
    url = emulator.account(case.conn_type)["base_url"] + start.path
    assert httpx.post(url, **start.body, verify=no_tls).status_code == 599
    assert emulator.requests()[0]["workflow_id"] == start.workflow_id


def test_after_a_revocation_the_old_key_starts_nothing(emulator, case, send):
    emulator.revoke(case.conn_type)
    assert send().status_code == 401
    assert emulator.runs() == []
    assert recorded(emulator) == [(401, None)]


@pytest.mark.parametrize("vendor", NAMES)
def test_a_connection_has_the_base_url_the_key_and_its_own_fields(emulator, vendor):
    account = emulator.account(vendor)
    assert account["base_url"] == f"{emulator.url}/{vendor}"
    assert len(account["api_key"]) >= 20
    assert emulator.connection(vendor) == {
        "conn_type": vendor,
        "host": account["base_url"],
        "password": account["api_key"],
        "extra": {
            **{name: account.get(name, "127.0.0.1") for name in starts_of(vendor).EXTRA},
            "requests_per_second": 10_000,
        },
    }


@pytest.mark.parametrize("vendor", NAMES)
def test_a_path_with_a_line_feed_is_the_vendors_and_recorded(emulator, reach, vendor):
    """Starlette's own routes end before one."""
    response = reach(emulator.account(vendor)["base_url"]).get("/nothing%0Ahere")
    assert (response.status_code, response.headers["content-type"]) == (404, "application/json")
    (request,) = emulator.requests()
    assert (request["vendor"], request["operation"], request["path"]) == (
        vendor,
        "unknown",
        "/nothing\nhere",
    )

"""Who may use the control address: whoever knows the token, from a program on this machine, and no web page."""

import http.client

import pytest

from airflow_workflow_providers.emulator import Emulator

READS = ["/ledger"]
CHANGES = ["/pace", "/faults", "/workflows", "/configure", "/release", "/revoke", "/reset"]


@pytest.fixture
def stranger(emulator, reach):
    """Return a client of the control address that knows no token."""
    return reach(emulator.control_url)


@pytest.fixture
def owner(emulator, reach):
    """Return a client of the control address with the token."""
    return reach(emulator.control_url, {"Authorization": f"Bearer {emulator.control_token}"})


def state(emulator) -> tuple:
    """Return what a control request could have changed."""
    return (emulator.account("refold"), emulator.runs(), emulator._clock.pace, emulator._faults.releases)


@pytest.mark.parametrize("scheme", ["", "Bearer", "Bearer {}x", "Bearer x{}", "Basic {}", "{}", "bearer é"])
@pytest.mark.parametrize("path", [*READS, *CHANGES, "/nothing"])
def test_nothing_is_told_or_changed_without_the_token(emulator, stranger, start, path, scheme):
    """A path does not say whether it exists, and a wrong token opens as little as none."""
    start("sync-contacts")
    before = state(emulator)
    headers = {"Authorization": scheme.format(emulator.control_token)} if scheme else {}
    method = "GET" if path in READS else "POST"
    content = None if path in READS else b'{"vendor": "refold", "looks": 1}'
    sent = {k: v.encode() for k, v in headers.items()} | {"Content-Type": b"application/json"}

    answer = stranger.request(method, path, content=content, headers=sent)

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.json().keys() == {"error"}
    assert emulator.control_token not in answer.text
    assert state(emulator) == before


def test_the_token_opens_every_path(owner):
    """Shown on the requests that a stranger is refused."""
    assert owner.get("/ledger").status_code == 200
    assert owner.post("/revoke", json={"vendor": "refold"}).status_code == 200
    assert owner.post("/nothing", json={}).status_code == 404


def test_the_token_in_the_address_opens_nothing(emulator, stranger):
    """An address ends up in logs and histories."""
    for name in ("token", "control_token", "access_token"):
        assert stranger.get("/ledger", params={name: emulator.control_token}).status_code == 401


@pytest.mark.parametrize(
    "kind",
    [None, "text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/jsonx"],
)
def test_a_change_is_taken_as_json_only(emulator, owner, kind):
    """A page can send the other kinds anywhere without asking first."""
    before = state(emulator)
    headers = {} if kind is None else {"Content-Type": kind}
    answer = owner.post("/revoke", content=b'{"vendor": "refold"}', headers=headers)
    assert (answer.status_code, answer.json().keys()) == (415, {"error"})
    assert state(emulator) == before


def test_the_kind_may_name_its_characters(owner):
    headers = {"Content-Type": "Application/JSON; charset=utf-8"}
    assert owner.post("/pace", content=b'{"looks": 1}', headers=headers).status_code == 200


@pytest.mark.parametrize(
    "origin",
    ["http://example.com", "null", "https://127.0.0.1:{port}", "http://127.0.0.1:1", "http://127.0.0.1"],
)
@pytest.mark.parametrize("path", ["/ledger", "/reset"])
def test_a_page_from_elsewhere_is_refused_even_with_the_token(emulator, owner, path, origin):
    headers = {"Origin": origin.format(port=emulator._listener.port)}
    answer = owner.request("POST" if path == "/reset" else "GET", path, json={}, headers=headers)
    assert (answer.status_code, answer.json().keys()) == (403, {"error"})
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_the_emulators_own_page_is_let_in(emulator, owner, host):
    own = f"{host}:{emulator._listener.port}"
    assert owner.get("/ledger", headers={"Origin": f"http://{own}", "Host": own}).status_code == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example:{port}", "127.0.0.1", "127.0.0.1:1", "127.0.0.1.evil.example:{port}", "localhost", ""],
)
def test_a_name_that_somebody_let_lead_here_is_refused(emulator, owner, host):
    """DNS rebinding: to the browser the page and the emulator are of one origin then."""
    own = host.format(port=emulator._listener.port)
    answer = owner.get("/ledger", headers={"Host": own, "Origin": f"http://{own}"})
    assert answer.status_code == 403
    assert owner.get("/ledger", headers={"Host": own}).status_code == 403


def test_a_request_without_a_host_is_refused(emulator):
    """HTTP/1.0 allows one."""
    connection = http.client.HTTPConnection("127.0.0.1", emulator._listener.port, timeout=10)
    connection._http_vsn, connection._http_vsn_str = 10, "HTTP/1.0"
    connection.putrequest("GET", "/_control/ledger", skip_host=True)
    connection.putheader("Authorization", f"Bearer {emulator.control_token}")
    connection.endheaders()
    assert connection.getresponse().status == 403
    connection.close()


@pytest.mark.parametrize("path", ["/", "/_control/"])
def test_what_everybody_may_read_holds_no_secret(emulator, stranger, path):
    said = stranger.get(emulator.url + path)
    assert said.status_code == 200
    assert not [secret for secret in {*emulator.secrets(), emulator.control_token} if secret in said.text]


def test_each_emulator_has_a_token_of_its_own_that_a_reset_keeps(emulator):
    token = emulator.control_token
    emulator.reset()
    emulator.revoke("refold")
    assert emulator.control_token == token
    assert len(token) >= 32
    assert Emulator().control_token != token
    assert token not in emulator.control_url

"""The control URL is for programs on this machine that know the token, and for no web page of another origin."""

import http.client

import pytest

from airflow_workflow_providers.emulator import Emulator

READS = ["/ledger"]
CHANGES = ["/pace", "/faults", "/workflows", "/configure", "/release", "/revoke", "/reset"]


@pytest.fixture
def stranger(emulator, reach):
    """Return a client of the control URL without the token."""
    return reach(emulator.control_url)


@pytest.fixture
def owner(emulator, reach):
    """Return a client of the control URL with the token."""
    return reach(emulator.control_url, {"Authorization": f"Bearer {emulator.control_token}"})


@pytest.fixture
def state(emulator, start):
    """Return what a control request could have changed; there is a run, and a response that is held back."""
    start("sync-contacts")
    emulator.fail("refold", "get", "hold")
    hold = emulator.faults.due("refold", "get", None, end_reported=False)
    return lambda: (
        emulator.account("refold"),
        emulator.runs(),
        emulator.clock.pace,
        len(emulator.faults._entries),
        hold.released.is_set(),
    )


@pytest.mark.parametrize("scheme", ["", "Bearer", "Bearer {}x", "Bearer x{}", "Basic {}", "{}", "bearer é"])
def test_nothing_is_read_or_changed_without_the_token(emulator, stranger, state, scheme):
    """A path does not say whether it exists, and a wrong token is refused like none."""
    before = state()
    headers = {"Content-Type": b"application/json"}
    if scheme:
        headers["Authorization"] = scheme.format(emulator.control_token).encode()
    for path in (*READS, *CHANGES, "/nothing"):
        method, content = (
            ("GET", None) if path in READS else ("POST", b'{"vendor": "refold", "status_checks": 1}')
        )
        response = stranger.request(method, path, content=content, headers=headers)
        assert response.status_code == 401, path
        assert response.headers["www-authenticate"] == "Bearer"
        assert response.json().keys() == {"error"}
        assert emulator.control_token not in response.text
    assert state() == before


def test_with_the_token_the_same_requests_are_accepted(owner):
    assert owner.get("/ledger").status_code == 200
    assert owner.post("/revoke", json={"vendor": "refold"}).status_code == 200
    assert owner.post("/nothing", json={}).status_code == 404


def test_the_token_in_the_query_is_not_accepted(emulator, stranger):
    """A URL ends up in logs and histories."""
    for name in ("token", "control_token", "access_token"):
        assert stranger.get("/ledger", params={name: emulator.control_token}).status_code == 401


@pytest.mark.parametrize(
    "kind",
    [None, "text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/jsonx"],
)
def test_a_change_is_accepted_as_json_only(owner, state, kind):
    """A web page can send the other types to any origin without a preflight request."""
    before = state()
    headers = {} if kind is None else {"Content-Type": kind}
    response = owner.post("/revoke", content=b'{"vendor": "refold"}', headers=headers)
    assert (response.status_code, response.json().keys()) == (415, {"error"})
    assert state() == before


def test_the_content_type_may_have_a_charset(owner):
    headers = {"Content-Type": "Application/JSON; charset=utf-8"}
    assert owner.post("/pace", content=b'{"status_checks": 1}', headers=headers).status_code == 200


@pytest.mark.parametrize(
    "origin",
    ["http://example.com", "null", "https://127.0.0.1:{port}", "http://127.0.0.1:1", "http://127.0.0.1"],
)
@pytest.mark.parametrize("path", ["/ledger", "/reset"])
def test_a_page_of_another_origin_is_refused_even_with_the_token(emulator, owner, path, origin):
    headers = {"Origin": origin.format(port=emulator.port)}
    response = owner.request("POST" if path == "/reset" else "GET", path, json={}, headers=headers)
    assert (response.status_code, response.json().keys()) == (403, {"error"})
    assert "access-control-allow-origin" not in response.headers


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_the_emulators_own_page_is_accepted(emulator, owner, host):
    own = f"{host}:{emulator.port}"
    assert owner.get("/ledger", headers={"Origin": f"http://{own}", "Host": own}).status_code == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example:{port}", "127.0.0.1", "127.0.0.1:1", "127.0.0.1.evil.example:{port}", "localhost", ""],
)
def test_another_host_name_is_refused(emulator, owner, host):
    """After DNS rebinding the page and the emulator have one origin for the browser."""
    own = host.format(port=emulator.port)
    response = owner.get("/ledger", headers={"Host": own, "Origin": f"http://{own}"})
    assert response.status_code == 403
    assert owner.get("/ledger", headers={"Host": own}).status_code == 403


def test_a_request_without_a_host_is_refused(emulator):
    """HTTP/1.0 allows one."""
    connection = http.client.HTTPConnection("127.0.0.1", emulator.port, timeout=10)
    connection._http_vsn, connection._http_vsn_str = 10, "HTTP/1.0"
    connection.putrequest("GET", "/_control/ledger", skip_host=True)
    connection.putheader("Authorization", f"Bearer {emulator.control_token}")
    connection.endheaders()
    assert connection.getresponse().status == 403
    connection.close()


@pytest.mark.parametrize("path", ["/", "/_control/"])
def test_what_everybody_may_read_contains_no_secret(emulator, stranger, path):
    response = stranger.get(emulator.url + path)
    assert response.status_code == 200
    assert not [secret for secret in {*emulator.secrets(), emulator.control_token} if secret in response.text]


def test_each_emulator_has_its_own_token_and_a_reset_keeps_it(emulator):
    token = emulator.control_token
    emulator.reset()
    emulator.revoke("refold")
    assert emulator.control_token == token
    assert len(token) >= 32
    assert Emulator().control_token != token
    assert token not in emulator.control_url

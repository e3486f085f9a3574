"""Laminar: the configuration stores of the workspace."""

import pytest

PROPERTIES = [{"key": "PORTAL_USER", "value": "zoe"}, {"key": "PORTAL_PASSWORD", "value": "s3cret"}]


@pytest.fixture
def create(laminar, account):
    def create(**changes: object):
        body = {
            "workspaceId": int(account["workspace_id"]),
            "name": "Customer 7",
            "externalId": "customer-7",
            "properties": PROPERTIES,
            **changes,
        }
        return laminar.post("/configurations/external", json=body)

    return create


@pytest.fixture
def ask(laminar, account):
    """Send a request about the store of customer 7, in the account's workspace."""

    def ask(method: str, below: str, **options: object):
        options = {"params": {"workspaceId": account["workspace_id"]}, **options}
        return laminar.request(method, f"/configurations/customer-7{below}/external", **options)

    return ask


def values(response) -> dict[str, str]:
    return {each["key"]: each["value"] for each in response.json()["properties"]}


def test_a_store_is_created_changed_deleted_and_restored(account, create, ask):
    created = create()
    assert created.status_code == 201
    assert created.json()["externalId"] == "customer-7"
    assert created.json()["workspaceId"] == int(account["workspace_id"])
    assert values(created) == {"PORTAL_USER": "zoe", "PORTAL_PASSWORD": "s3cret"}

    changed = ask(
        "PUT",
        "/properties",
        json={"properties": [{"key": "PORTAL_USER", "value": "ada"}, {"key": "X", "value": ""}]},
    )
    assert values(changed) == {"PORTAL_USER": "ada", "PORTAL_PASSWORD": "s3cret", "X": ""}
    assert changed.json()["properties"][0]["id"] == created.json()["properties"][0]["id"]

    removed = ask("DELETE", "/properties/X")
    assert (removed.status_code, removed.content) == (200, b"")
    assert ask("DELETE", "/properties/X").status_code == 404
    assert ask("GET", "/keys").json() == {
        "keys": ["PORTAL_USER", "PORTAL_PASSWORD"],
        "externalId": "customer-7",
        "name": "Customer 7",
    }

    deleted = ask("DELETE", "")
    assert (deleted.status_code, deleted.content) == (204, b"")
    gone = [
        ask("GET", "/keys"),
        ask("DELETE", ""),
        ask("PUT", "/properties", json={"properties": PROPERTIES}),
    ]
    assert [response.status_code for response in gone] == [404, 404, 404]

    assert values(ask("PUT", "/restore")) == {"PORTAL_USER": "ada", "PORTAL_PASSWORD": "s3cret"}
    assert ask("PUT", "/restore").status_code == 404
    assert ask("GET", "/keys").status_code == 200


def test_an_external_id_stays_taken(create, ask):
    """No page says so; a client must survive it."""
    assert [create().status_code for _ in range(2)] == [201, 409]
    ask("DELETE", "")
    assert create().status_code == 409


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"workspaceId": "7"}, 400),
        ({"workspaceId": True}, 400),
        ({"workspaceId": 7}, 404),
        ({"name": None}, 400),
        ({"externalId": ""}, 400),
        ({"properties": None}, 400),
        ({"properties": {"a": "b"}}, 400),
        ({"properties": [{"key": "a"}]}, 400),
        ({"properties": [{"key": "a", "value": 7}]}, 400),
    ],
)
def test_a_store_that_the_page_does_not_allow_is_refused(create, ask, change, status):
    assert create(**change).status_code == status
    assert ask("GET", "/keys").status_code == 404


@pytest.mark.parametrize(
    ("method", "below"), [("GET", "/keys"), ("PUT", "/properties"), ("DELETE", "/properties/PORTAL_USER")]
)
def test_a_store_is_found_in_its_workspace_only(create, ask, method, below):
    create()
    body = {"json": {"properties": []}} if method == "PUT" else {}
    found = [ask(method, below, params={"workspaceId": known}, **body) for known in ("7", "mine")]
    assert [response.status_code for response in found] == [404, 400]
    assert ask(method, below, params={}, **body).status_code == 400
    assert ask(method, below, **body).status_code == 200


def test_every_request_needs_the_key(emulator, create, ask):
    create()
    emulator.revoke("laminar")
    refused = [
        create(),
        ask("GET", "/keys"),
        ask("PUT", "/properties", json={"properties": PROPERTIES}),
        ask("DELETE", "/properties/PORTAL_USER"),
        ask("DELETE", ""),
        ask("PUT", "/restore"),
    ]
    assert {response.status_code for response in refused} == {401}


def test_a_reset_forgets_stores(emulator, create, ask):
    create()
    emulator.reset()
    assert ask("GET", "/keys").status_code == 404

"""PromptLayer: its workflows."""

import pytest

from tests.emulator.promptlayer import node_statuses


def test_the_list_has_the_documented_page(client):
    body = client.get("/workflows", params={"page": 5, "per_page": 2}).json()
    assert body == {
        "items": [
            {
                "id": body["items"][0]["id"],
                "workspace_id": 1,
                "user_id": None,
                "name": "answer-question",
                "is_deleted": False,
                "latest_version_number": 3,
                "release_labels": ["production"],
                "external_ids": [],
            }
        ],
        "page": 5,
        "per_page": 2,
        "total": 9,
        "pages": 5,
        "has_next": False,
        "has_prev": True,
        "next_num": None,
        "prev_num": 4,
    }


def test_the_first_page_has_thirty_items(emulator, client):
    for number in range(30):
        emulator.add_workflow("promptlayer", f"mine {number}")
    body = client.get("/workflows").json()
    items = body.pop("items")
    assert [len(items), items[0]["name"]] == [30, "mine 29"]
    assert body == {
        "page": 1,
        "per_page": 30,
        "total": 39,
        "pages": 2,
        "has_next": True,
        "has_prev": False,
        "next_num": 2,
        "prev_num": None,
    }


def test_a_page_in_the_middle_has_both_neighbours(client):
    body = client.get("/workflows", params={"page": 2, "per_page": 4}).json()
    assert [body[name] for name in ("has_prev", "prev_num", "has_next", "next_num")] == [True, 1, True, 3]
    assert len(body["items"]) == 4


@pytest.mark.parametrize(
    ("name", "value", "status"),
    [
        ("page", "0", 422),
        ("page", "x", 422),
        ("page", "-1", 422),
        ("page", "9" * 9999, 422),
        ("per_page", "0", 422),
        ("per_page", "101", 422),
        ("per_page", "100", 200),
        ("per_page", "1", 200),
    ],
    ids=lambda value: str(value)[:9],
)
def test_a_page_is_from_1_and_its_size_from_1_to_100(client, name, value, status):
    assert client.get("/workflows", params={name: value}).status_code == status


def test_an_unknown_workflow_is_not_found(client):
    for name in ("nobodys", "100", "answer-question/labels"):
        assert client.post(f"/workflows/{name}/run", json={}).status_code == 404, name


def test_an_added_workflow_has_its_options(emulator, start, get_results):
    nodes = [
        {"name": "Look up", "status": "FAILED", "error": "no such customer"},
        {"name": "Reply", "value": {"to": ["{input}"]}, "is_output": True},
        {"name": "Note", "status": "EVAPORATED", "is_output": None},
    ]
    added = emulator.add_workflow(
        "promptlayer", "a/b", nodes=nodes, labels=["beta"], versions=[2, 5], seconds=0
    )
    assert added == {"workflow_id": added["workflow_id"], "workflow_name": "a/b"}
    assert start("a%2Fb", workflow_version_number=1).status_code == 404
    assert start("a%2Fb", workflow_version_number=5).status_code == 201
    started = start(str(added["workflow_id"]), workflow_label_name="beta", input_variables={"x": 1})
    assert node_statuses(get_results(started)) == ["FAILED", "SUCCESS", "EVAPORATED"]
    assert get_results(started).json()["Note"]["is_output_node"] is None
    assert get_results(started, "false").json() == {"to": [{"x": 1}]}


def test_an_added_workflow_may_never_end_or_keep_its_own_pace(emulator, start, get_results):
    emulator.set_pace(seconds=0)
    emulator.add_workflow("promptlayer", "stuck", never_ends=True)
    emulator.add_workflow("promptlayer", "paced", status_checks=2)
    assert get_results(start("stuck")).status_code == 202
    started = start("paced")
    assert [get_results(started).status_code for _ in range(2)] == [202, 200]


def test_a_node_may_still_run_in_a_run_that_has_ended(emulator, start, get_results):
    emulator.set_pace(seconds=0)
    emulator.add_workflow("promptlayer", "stuck", nodes=[{"name": "A", "status": "RUNNING"}, {"name": "B"}])
    response = get_results(start("stuck"))
    assert (response.status_code, node_statuses(response)) == (202, ["RUNNING", "SUCCESS"])


def test_a_workflow_that_is_added_again_keeps_its_id(emulator):
    first = emulator.add_workflow("promptlayer", "mine")
    emulator.add_workflow("promptlayer", "other")
    assert emulator.add_workflow("promptlayer", "mine", labels=["beta"]) == first


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"nodes": []}, "at least one node"),
        ({"nodes": [{"name": "A"}, {"name": "A"}]}, "its own name"),
        ({"nodes": [{"name": "A", "is_output": "yes"}]}, "'is_output'"),
        ({"nodes": [{"name": "A", "error": 7}]}, "'error'"),
        ({"nodes": [{"name": 7}]}, "'name'"),
        ({"nodes": [{"name": "A", "colour": "red"}]}, "'colour' of a node"),
        ({"nodes": [7]}, "'nodes'"),
        ({"nodes": {"name": "A"}}, "'nodes'"),
        ({"labels": "beta"}, "'labels'"),
        ({"required": [7]}, "'required'"),
        ({"versions": [0]}, "`versions`"),
        ({"versions": []}, "`versions`"),
        ({"versions": [True]}, "'versions'"),
        ({"labels": {"beta": 2}}, "`labels`"),
        ({"labels": {"beta": "1"}}, "`labels`"),
        ({"external_ids": {"crm": 7}}, "`external_ids`"),
        ({"created_at": "yesterday"}, "`created_at`"),
        ({"never_ends": "yes"}, "'never_ends'"),
    ],
    ids=str,
)
def test_an_invalid_workflow_is_refused(emulator, start, options, named):
    with pytest.raises(ValueError, match=named):
        emulator.add_workflow("promptlayer", "mine", **options)
    assert start("mine").status_code == 404


@pytest.mark.parametrize("named", ["101", "answer-question"])
def test_a_workflow_is_returned_in_the_documented_form_and_as_an_object(client, named):
    body = client.get(f"/workflows/{named}", params={"version": 3}).json()
    assert body["workflow"] == {
        "id": 101,
        "workspace_id": 1,
        "user_id": None,
        "name": "answer-question",
        "is_draft": False,
        "is_deleted": False,
    }
    assert (body["workflow_id"], body["workflow_name"], body["version"]) == (101, "answer-question", 3)
    assert body["release_labels"] == ["production"]
    assert [(node["name"], node["is_output_node"]) for node in body["nodes"]] == [
        ("Draft", False),
        ("Answer", True),
    ]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/workflows/nobody", 404),
        ("/workflows/answer-question?label=nothing", 404),
        ("/workflows/answer-question?version=4", 404),
        ("/workflows/answer-question?version=0", 422),
        ("/workflows/answer-question?version=1&label=production", 400),
        ("/workflows/nobody/labels", 404),
        ("/workflows/support%2Ftriage%20v2/labels", 200),
        ("/workflows/support%2Ftriage%20v2", 200),
        ("/workflows/answer-question?label=production", 200),
    ],
)
def test_a_workflow_that_is_not_there(client, path, status):
    assert client.get(path).status_code == status


def test_each_label_points_to_its_version(emulator, client, start):
    """A workflow by its label is the version to which the label points, with the labels of that version."""
    emulator.add_workflow("promptlayer", "a/b", versions=[1, 2, 3], labels={"production": 2, "beta": 3})
    labels = client.get("/workflows/a%2Fb/labels").json()["release_labels"]
    shown = {label["release_label"]: label["workflow_version_number"] for label in labels}
    assert shown == {"production": 2, "beta": 3}
    for label in labels:
        body = client.get("/workflows/a%2Fb", params={"label": label["release_label"]}).json()
        assert (body["version"], body["workflow_version_id"], body["release_labels"]) == (
            label["workflow_version_number"],
            label["workflow_version_id"],
            [label["release_label"]],
        )
    assert len({label["release_label_id"] for label in labels}) == 2
    assert client.get("/workflows/a%2Fb", params={"version": 1}).json()["release_labels"] == []
    assert client.get("/workflows/a%2Fb").json()["version"] == 3
    assert start("a%2Fb", workflow_label_name="production").status_code == 201


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"created_after": "2026-03-01T00:00:00Z"}, ["c", "b"]),
        ({"created_after": "2026-03-01T01:00:01+01:00"}, ["c"]),
        ({"updated_after": "2026-02-01T00:00:00Z", "updated_before": "2026-03-01T00:00:00Z"}, ["b"]),
        ({"created_before": "2025-12-31T23:59:59"}, ["a"]),
        ({"external_source": "crm", "external_id": "7"}, ["b"]),
        ({"external_source": "cms", "external_id": "7"}, []),
        ({"created_by_email": "a@example.com"}, []),
    ],
    ids=str,
)
def test_the_list_has_the_filters_of_the_page(emulator, client, query, found):
    emulator.add_workflow("promptlayer", "a", created_at="2025-01-01T00:00:00Z")
    emulator.add_workflow(
        "promptlayer", "b", created_at="2026-03-01T00:00:00Z", external_ids={"crm": "7", "cms": "8"}
    )
    emulator.add_workflow("promptlayer", "c", created_at="2026-04-01T00:00:00Z")
    body = client.get("/workflows", params=query).json()
    assert [item["name"] for item in body["items"]] == found
    assert body["total"] == len(found)


def test_the_list_is_sorted_by_what_the_query_names(emulator, client):
    emulator.add_workflow("promptlayer", "zebra", created_at="2025-01-01T00:00:00Z")
    emulator.add_workflow("promptlayer", "aardvark", created_at="2027-01-01T00:00:00Z")

    def first(**query):
        return client.get("/workflows", params={"per_page": 1, **query}).json()["items"][0]["name"]

    assert [first(), first(sort_by="id"), first(sort_by="id", sort_order="asc")] == [
        "aardvark",
        "aardvark",
        "answer-question",
    ]
    assert [first(sort_by="name"), first(sort_by="name", sort_order="asc")] == ["zebra", "aardvark"]
    for field in ("created_at", "updated_at"):
        assert [first(sort_by=field), first(sort_by=field, sort_order="asc")] == ["aardvark", "zebra"]


@pytest.mark.parametrize(
    "query",
    [
        {"created_after": "yesterday"},
        {"updated_before": ""},
        {"external_source": "crm"},
        {"external_id": "7"},
        {"sort_by": "size"},
        {"sort_order": "ascending"},
    ],
    ids=str,
)
def test_an_invalid_filter_is_refused(client, query):
    refused = client.get("/workflows", params=query)
    assert refused.status_code == 422
    assert next(iter(query)).partition("_")[0] in refused.json()["message"]

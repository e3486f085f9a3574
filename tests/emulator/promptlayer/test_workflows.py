"""PromptLayer: its workflows; the literals here were written from the vendor's pages, not from the emulator."""

import pytest

from tests.emulator.promptlayer import words


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


def test_the_list_begins_with_a_page_of_thirty(emulator, client):
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
def test_a_page_is_from_1_and_of_1_to_100(client, name, value, status):
    assert client.get("/workflows", params={name: value}).status_code == status


def test_a_workflow_is_answered_flat_and_as_an_object(emulator, client):
    """The specification has the flat members, the vendor's Python client reads `workflow.id`."""
    number = emulator.add_workflow("promptlayer", "mine", required=["user_message"])["workflow_id"]
    body = client.get("/workflows/mine").json()
    draft, answer = body.pop("nodes")
    assert draft == {
        "id": draft["id"],
        "workflow_version_id": body["workflow_version_id"],
        "name": "Draft",
        "node_type": "PROMPT_TEMPLATE",
        "is_output_node": False,
        "configuration": {},
        "dependencies": [],
    }
    assert (answer["name"], answer["is_output_node"]) == ("Answer", True)
    assert body == {
        "success": True,
        "workflow_id": number,
        "workflow_name": "mine",
        "version": 1,
        "workflow_version_id": body["workflow_version_id"],
        "commit_message": None,
        "required_input_variables": {"user_message": "string"},
        "release_labels": [],
        "created_at": "2026-01-01T00:00:00Z",
        "edges": [],
        "workflow": {
            "id": number,
            "workspace_id": 1,
            "user_id": None,
            "name": "mine",
            "is_draft": False,
            "is_deleted": False,
        },
    }


@pytest.mark.parametrize(
    ("query", "status", "version", "labels"),
    [
        ({}, 200, 3, ["production"]),
        ({"version": "2"}, 200, 2, []),
        ({"label": "production"}, 200, 3, ["production"]),
        ({"version": "4"}, 404, None, None),
        ({"label": "staging"}, 404, None, None),
        ({"version": "0"}, 422, None, None),
        ({"version": "two"}, 422, None, None),
        ({"version": "3", "label": "production"}, 422, None, None),
    ],
    ids=str,
)
def test_a_version_of_a_workflow_is_asked_for_by_number_or_label(client, query, status, version, labels):
    answer = client.get("/workflows/answer-question", params=query)
    assert answer.status_code == status
    assert (answer.json().get("version"), answer.json().get("release_labels")) == (version, labels)


def test_an_unknown_workflow_is_not_found(client):
    for name in ("nobodys", "100", "answer-question/labels", ""):
        assert client.get(f"/workflows/{name}").status_code == 404, name


def test_an_added_workflow_runs_as_described(emulator, begin, look):
    nodes = [
        {"name": "Look up", "status": "FAILED", "error": "no such customer"},
        {"name": "Reply", "value": {"to": ["{input}"]}, "is_output": True},
        {"name": "Note", "status": "EVAPORATED", "is_output": None},
    ]
    added = emulator.add_workflow(
        "promptlayer", "a/b", nodes=nodes, labels=["beta"], versions=[2, 5], seconds=0
    )
    assert added == {"workflow_id": added["workflow_id"], "workflow_name": "a/b"}
    assert begin("a%2Fb", workflow_version_number=1).status_code == 404
    assert begin("a%2Fb", workflow_version_number=5).status_code == 201
    started = begin(str(added["workflow_id"]), workflow_label_name="beta", input_variables={"x": 1})
    assert words(look(started)) == ["FAILED", "SUCCESS", "EVAPORATED"]
    assert look(started).json()["Note"]["is_output_node"] is None
    assert look(started, "false").json() == {"to": [{"x": 1}]}


def test_an_added_workflow_may_never_end_or_keep_its_own_pace(emulator, begin, look):
    emulator.set_pace(seconds=0)
    emulator.add_workflow("promptlayer", "stuck", never_ends=True)
    emulator.add_workflow("promptlayer", "paced", looks=2)
    assert look(begin("stuck")).status_code == 202
    started = begin("paced")
    assert [look(started).status_code for _ in range(2)] == [202, 200]


def test_a_node_may_be_stuck_in_a_run_that_is_over(emulator, begin, look):
    emulator.set_pace(seconds=0)
    emulator.add_workflow("promptlayer", "stuck", nodes=[{"name": "A", "status": "RUNNING"}, {"name": "B"}])
    answer = look(begin("stuck"))
    assert (answer.status_code, words(answer)) == (202, ["RUNNING", "SUCCESS"])


def test_a_workflow_that_is_described_again_keeps_its_id(emulator):
    first = emulator.add_workflow("promptlayer", "mine")
    emulator.add_workflow("promptlayer", "other")
    assert emulator.add_workflow("promptlayer", "mine", labels=["beta"]) == first


@pytest.mark.parametrize(
    "options",
    [
        {"colour": "red"},
        {"nodes": []},
        {"nodes": [{"name": "A"}, {"name": "A"}]},
        {"nodes": [{"status": "SUCCESS"}]},
        {"nodes": [{"name": "A", "is_output": "yes"}]},
        {"nodes": [{"name": "A", "error": 7}]},
        {"nodes": [{"name": 7}]},
        {"nodes": {"name": "A"}},
        {"labels": "beta"},
        {"required": [7]},
        {"versions": [0]},
        {"versions": []},
        {"never_ends": "yes"},
        {"seconds": 1, "looks": 1},
    ],
    ids=str,
)
def test_a_workflow_that_cannot_be_is_refused(emulator, client, options):
    with pytest.raises((TypeError, ValueError)):
        emulator.add_workflow("promptlayer", "mine", **options)
    assert client.get("/workflows/mine").status_code == 404

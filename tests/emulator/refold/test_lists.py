"""Refold: its lists; the literals here were written from the vendor's pages, not from the emulator."""

import pytest


@pytest.fixture
def three(emulator, start, sync):
    """Start a finished failure, a synchronous success and a run that goes on."""
    emulator.set_pace(seconds=0)
    ids = [start("always-fails")]
    ids.append(sync("sync-contacts").json()["execution_id"])
    ids.append(start("never-ends"))
    return ids


def test_a_list_is_paged_as_documented_with_the_newest_first(refold, three):
    body = refold.get("/execution", params={"limit": 2}).json()
    assert [item["_id"] for item in body.pop("docs")] == [three[2], three[1]]
    assert body == {
        "totalDocs": 3,
        "limit": 2,
        "page": 1,
        "totalPages": 2,
        "pagingCounter": 1,
        "hasPrevPage": False,
        "hasNextPage": True,
        "prevPage": None,
        "nextPage": 2,
    }
    body = refold.get("/execution", params={"limit": 2, "page": 2}).json()
    assert [item["_id"] for item in body["docs"]] == [three[0]]
    assert (body["pagingCounter"], body["prevPage"], body["nextPage"]) == (3, 1, None)


def test_an_item_of_a_list_says_how_and_when_it_began(refold, three):
    item = refold.get("/execution", params={"sortAsc": "true"}).json()["docs"][1]
    assert item["trigger_application_event"] == "API Call"
    assert item["type_of_execution"] == "SYNC"
    assert item["createdAt"][10] == "T"
    assert item["createdAt"].endswith("Z")
    assert item["status"] == "COMPLETED"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, [0, 1, 2]),
        ({"page": "1"}, [0, 1, 2]),
        ({"status": "COMPLETED"}, [1]),
        ({"slug": "hubspot,salesforce"}, [0, 1, 2]),
        ({"slug": "salesforce"}, []),
        ({"workflow_name": "never-ends"}, [2]),
        ({"execution_type": "SYNC"}, [1]),
        ({"execution_type": "ASYNC"}, [0, 2]),
        ({"execution_source": "API Call"}, [0, 1, 2]),
        ({"execution_source": "API_CALL"}, [0, 1, 2]),
        ({"execution_source": "Schedule"}, []),
        ({"start_date": "2020-01-01"}, [0, 1, 2]),
        ({"end_date": "2020-01-01"}, []),
        ({"start_date": "2020-01-01T00:00:00.000Z", "end_date": "2020-01-02T00:00:00.000Z"}, []),
    ],
)
def test_a_list_can_be_narrowed(refold, three, query, found):
    items = refold.get("/execution", params={**query, "sortAsc": "true"}).json()["docs"]
    assert [three.index(item["_id"]) for item in items] == found


def test_a_list_can_be_narrowed_to_an_execution_or_a_workflow(refold, three):
    workflow = refold.get("/workflow", params={"name": "^never"}).json()["docs"][0]["_id"]
    by_execution = refold.get("/execution", params={"execution_id": three[1]}).json()["docs"]
    by_workflow = refold.get("/execution", params={"workflow_id": workflow}).json()["docs"]
    assert [item["_id"] for item in by_execution + by_workflow] == [three[1], three[2]]


@pytest.mark.parametrize(
    "query", [{"page": 0}, {"limit": "many"}, {"execution_type": "x"}, {"start_date": "soon"}]
)
def test_a_list_refuses_a_query_that_it_cannot_read(refold, query):
    assert refold.get("/execution", params=query).status_code == 400


def test_workflows_are_listed_with_what_a_start_needs(refold):
    body = refold.get("/workflow", params={"name": "draft", "published": "false"}).json()
    assert [(flow["name"], flow["published"], flow["slug"]) for flow in body["docs"]] == [
        ("draft", False, "hubspot")
    ]
    assert {"schema", "totalDocs", "limit", "page", "totalPages", "hasNextPage"} <= body.keys()

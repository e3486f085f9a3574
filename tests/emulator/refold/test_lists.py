"""Refold: lists of executions."""

import time

import pytest


@pytest.fixture
def three(emulator, start, sync):
    """Start a run that fails, one that succeeds synchronously, and one that never ends."""
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


@pytest.fixture
def many(emulator, start):
    """Start 205 runs within a minute, more than two pages have."""
    before = time.time()
    started = [start("sync-contacts", {"n": n}) for n in range(205)]
    assert time.time() - before < 60
    return started


def followed(refold, **query: object) -> list[dict]:
    """Return all pages of a list of executions."""
    pages, number = [], 1
    while number is not None:
        pages.append(refold.get("/execution", params={**query, "page": number}).json())
        number = pages[-1]["nextPage"]
    return pages


@pytest.mark.parametrize("oldest_first", [True, False])
def test_pages_can_be_followed_and_none_is_longer_than_100(refold, many, oldest_first):
    """Each run is on one page, in order; a larger limit does not make a page longer."""
    pages = followed(refold, limit=1000, sortAsc=str(oldest_first).lower())

    seen = [item["_id"] for page in pages for item in page["docs"]]
    assert seen == (many if oldest_first else many[::-1])
    assert [len(page["docs"]) for page in pages] == [100, 100, 5]
    assert [page["hasNextPage"] for page in pages] == [True, True, False]
    assert {(page["limit"], page["totalDocs"], page["totalPages"]) for page in pages} == {(100, 205, 3)}


def test_pages_of_the_runs_since_a_time_can_be_followed(refold, many):
    """The look-up of a lost start asks for these, by a time in milliseconds."""
    created = {
        item["_id"]: item["createdAt"] for page in followed(refold, limit=100) for item in page["docs"]
    }
    since = created[many[50]]

    pages = followed(refold, limit=100, start_date=since, sortAsc="true")

    assert [item["_id"] for page in pages for item in page["docs"]] == [
        one for one in many if created[one] >= since
    ]
    assert len(pages) == 2


def test_a_page_after_the_last_is_empty(refold, three):
    body = refold.get("/execution", params={"page": 5, "limit": 100}).json()
    assert (body["docs"], body["hasNextPage"], body["totalDocs"]) == ([], False, 3)


def test_an_item_of_a_list_says_how_and_when_it_started(refold, three):
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
def test_a_list_can_be_filtered(refold, three, query, found):
    items = refold.get("/execution", params={**query, "sortAsc": "true"}).json()["docs"]
    assert [three.index(item["_id"]) for item in items] == found


def test_a_list_can_be_of_an_execution_or_of_a_workflow(emulator, refold, three):
    workflow = emulator.add_workflow("refold", "never-ends", ends=None)["workflow_id"]
    by_execution = refold.get("/execution", params={"execution_id": three[1]}).json()["docs"]
    by_workflow = refold.get("/execution", params={"workflow_id": workflow}).json()["docs"]
    assert [item["_id"] for item in by_execution + by_workflow] == [three[1], three[2]]


@pytest.mark.parametrize(
    "query", [{"page": 0}, {"limit": "many"}, {"execution_type": "x"}, {"start_date": "soon"}]
)
def test_an_invalid_query_is_refused(refold, query):
    assert refold.get("/execution", params=query).status_code == 400


def test_a_list_is_a_status_check_of_the_executions_on_its_page(emulator, refold, start):
    """Runs that are paced by checks end when a client polls lists only; those on other pages do not move on."""
    emulator.set_pace(status_checks=3)
    ids = [start("sync-contacts") for _ in range(3)]

    def listed(**query: object) -> dict[str, str]:
        docs = refold.get("/execution", params={"limit": 2, **query}).json()["docs"]
        return {item["_id"]: item["status"] for item in docs}

    seen = [listed() for _ in range(3)]

    assert [set(page.values()) for page in seen] == [{"QUEUED"}, {"RUNNING"}, {"COMPLETED"}]
    assert list(seen[2]) == ids[:0:-1]
    assert [run["is_terminal"] for run in emulator.runs()] == [False, True, True]
    assert listed(page=2) == {ids[0]: "QUEUED"}


def test_a_list_of_one_status_has_no_other(emulator, refold, start):
    """Also where its own status check moves a run on."""
    emulator.set_pace(status_checks=2)
    execution_id = start("sync-contacts")

    def listed(status: str) -> dict[str, str]:
        docs = refold.get("/execution", params={"status": status}).json()["docs"]
        return {item["_id"]: item["status"] for item in docs}

    assert listed("COMPLETED") == {}
    assert listed("QUEUED") == {execution_id: "QUEUED"}
    assert listed("QUEUED") == {}
    assert listed("COMPLETED") == {execution_id: "COMPLETED"}

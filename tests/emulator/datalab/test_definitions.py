"""Datalab: definitions of workflows and of pipelines."""

import pytest

from tests.emulator.datalab import EXECUTION, PIPELINES, WORKFLOWS

STEP = {"step_key": "marker_parse", "unique_name": "parse", "settings": {"max_pages": 5}}
STEPS = [
    STEP,
    {"step_key": "marker_extract", "unique_name": "extract", "settings": {}, "depends_on": ["parse"]},
]
CONVERT = {"type": "convert", "settings": {"mode": "fast"}}
EXTRACT = {"type": "extract", "settings": {}, "eval_rubric_id": 42}


@pytest.fixture
def create(datalab):
    """Create a pipeline, and return it."""
    return lambda *steps: datalab.post(PIPELINES, json={"steps": steps}).json()


@pytest.fixture
def change(datalab):
    """Send a change of a pipeline, and return its reply."""

    def change(method: str, path: str, body: dict | None = None) -> dict:
        response = datalab.request(method, f"{PIPELINES}/{path}", json=body)
        assert response.status_code == 200, response.text
        return response.json()

    return change


def test_a_created_workflow_is_shown_listed_and_run(emulator, datalab, execute, get_execution):
    response = datalab.post(WORKFLOWS, json={"name": "two steps", "steps": STEPS, "team_id": 12})
    body = response.json()
    assert response.status_code == 200
    assert body == {
        "id": body["id"],
        "name": "two steps",
        "team_id": body["team_id"],
        "steps": [
            {"id": 1, "name": "parse", "version": "1.0.0", "depends_on": [], **STEP},
            {"id": 2, "name": "extract", "version": "1.0.0", **STEPS[1]},
        ],
        "created": body["created"],
        "updated": body["updated"],
    }
    assert datalab.get(f"{WORKFLOWS}/{body['id']}").json() == body
    assert body in datalab.get(WORKFLOWS).json()["workflows"]
    emulator.set_pace(seconds=0)
    assert list(get_execution(execute(body["id"]))["steps"]) == ["parse", "extract"]


def test_a_workflow_is_deleted_unless_it_has_executions(datalab, execute):
    created = datalab.post(WORKFLOWS, json={"name": "w", "steps": STEPS}).json()["id"]
    assert datalab.delete(f"{WORKFLOWS}/{created}").json()["success"] is True
    assert datalab.delete(f"{WORKFLOWS}/{created}").status_code == 404
    execute(101)
    assert datalab.delete(f"{WORKFLOWS}/101").status_code == 400
    assert datalab.get(f"{WORKFLOWS}/101").status_code == 200


@pytest.mark.parametrize(
    ("body", "locations"),
    [
        ([], [["body"]]),
        ({}, [["body", "name"], ["body", "steps"]]),
        ({"name": 7, "steps": []}, [["body", "name"]]),
        ({"name": "w", "steps": [{"step_key": "marker_parse"}]}, [["body", "steps", 0, "unique_name"]]),
    ],
)
def test_an_invalid_workflow_is_refused_with_every_problem(datalab, body, locations):
    response = datalab.post(WORKFLOWS, json=body)
    assert response.status_code == 422
    assert [problem["loc"] for problem in response.json()["detail"]] == locations


def test_a_key_sees_the_workflows_of_its_own_team_alone(datalab):
    whole = datalab.get(WORKFLOWS).json()["workflows"]
    team = whole[0]["team_id"]
    assert datalab.get(WORKFLOWS, params={"team_id": team}).json()["workflows"] == whole
    assert datalab.get(WORKFLOWS, params={"team_id": team + 1}).json()["workflows"] == []
    refused = datalab.get(WORKFLOWS, params={"team_id": "ours"})
    assert (refused.status_code, refused.json()["detail"][0]["loc"]) == (422, ["query", "team_id"])


@pytest.mark.parametrize("key", ["type", "step_type"])
def test_the_types_of_steps_are_listed(emulator, datalab, key):
    """The vendor's recipe and the page of its client differ in one key."""
    emulator.configure("datalab", step_type_key=key)
    types = datalab.get("/api/v1/workflows/step-types").json()["step_types"]
    assert {"marker_parse", "conditional"} <= {each[key] for each in types}
    assert types[0].keys() == {key, "version", "name", "description", "settings_schema"}


def test_a_pipeline_is_a_draft_until_it_is_saved_and_published(datalab, create, change):
    created = create(CONVERT)
    name = created["pipeline_id"]
    assert name.startswith("pl_")
    assert created == {
        "id": created["id"],
        "pipeline_id": name,
        "name": None,
        "steps": [CONVERT],
        "is_saved": False,
        "archived": False,
        "active_version": 0,
        "created": created["created"],
        "updated": created["updated"],
    }
    saved = change("PUT", f"{name}/save", {"name": "invoices"})
    assert (saved["name"], saved["is_saved"], saved["active_version"]) == ("invoices", True, 0)
    version = change("POST", f"{name}/versions", {"description": "first"})
    assert (version["version"], version["steps"], version["description"]) == (1, [CONVERT], "first")
    assert change("GET", name)["active_version"] == 1
    change("POST", f"{name}/versions", {})
    listed = change("GET", f"{name}/versions")
    assert ([each["version"] for each in listed["versions"]], listed["total"]) == ([2, 1], 2)
    assert change("PUT", f"{create(CONVERT)['pipeline_id']}/save", {"name": ""})["name"]


def test_a_run_takes_the_active_version_or_the_one_it_names(datalab, create, change):
    """0 is the draft; without a published version that is what runs."""
    name = create(CONVERT)["pipeline_id"]

    def run(**version: str) -> tuple[int, list[str], list]:
        form = {"file_url": "https://example.com/a.pdf", **version}
        body = datalab.post(f"{PIPELINES}/{name}/run", data=form).json()
        kinds = [step["step_type"] for step in body["steps"]]
        return body["pipeline_version"], kinds, body["config_snapshot"]["steps"]

    assert run() == (0, ["convert"], [CONVERT])
    change("POST", f"{name}/versions", {})
    change("PUT", name, {"steps": [CONVERT, EXTRACT]})
    assert run() == run(version="1") == (1, ["convert"], [CONVERT])
    assert run(version="0") == (0, ["convert", "extract"], [CONVERT, EXTRACT])
    change("POST", f"{name}/versions", {})
    assert run() == (2, ["convert", "extract"], [CONVERT, EXTRACT])


def test_a_draft_goes_back_to_a_published_version(datalab, create, change):
    name = create(CONVERT)["pipeline_id"]
    assert datalab.post(f"{PIPELINES}/{name}/discard", json={}).status_code == 404
    change("POST", f"{name}/versions", {})
    change("PUT", name, {"steps": [EXTRACT]})
    change("POST", f"{name}/versions", {})
    change("PUT", name, {"steps": [CONVERT, CONVERT]})
    assert change("POST", f"{name}/discard", {})["steps"] == [EXTRACT]
    assert change("POST", f"{name}/discard", {"version": 1})["steps"] == [CONVERT]


def test_the_list_has_saved_pipelines_that_are_not_archived(datalab, create, change):
    """Other pipelines are there for who asks."""
    draft, archived = create(CONVERT)["pipeline_id"], "pl_fails"
    assert change("POST", f"{archived}/archive")["archived"] is True

    def listed(**query: object) -> set[str]:
        body = datalab.get(PIPELINES, params=query).json()
        assert body["total"] == len(body["pipelines"])
        return {each["pipeline_id"] for each in body["pipelines"]}

    saved = {"pl_parse", "pl_never_ends", "pl_partly"}
    assert listed() == saved
    assert listed(saved_only="false") == {*saved, draft}
    assert listed(include_archived="true") == {*saved, archived}
    assert change("POST", f"{archived}/unarchive")["archived"] is False
    assert listed() == {*saved, archived}
    page = datalab.get(PIPELINES, params={"limit": 1, "offset": 1}).json()
    assert (len(page["pipelines"]), page["total"]) == (1, 4)
    wrong = {"saved_only": "maybe", "include_archived": "", "limit": 201, "offset": -1}
    refused = datalab.get(PIPELINES, params=wrong)
    assert refused.status_code == 422
    assert {problem["loc"][1] for problem in refused.json()["detail"]} == wrong.keys()


@pytest.mark.parametrize("query", ["", "?processing_location=eu"])
def test_a_pipeline_has_a_rate(change, query):
    assert change("GET", f"pl_parse/rate{query}").keys() == {"rate_per_1000_pages_cents", "rate_breakdown"}


@pytest.mark.parametrize("body", [[], {}, {"steps": []}, {"steps": [{}]}, {"steps": ["convert"]}])
def test_an_invalid_pipeline_is_refused(datalab, body):
    assert datalab.post(PIPELINES, json=body).status_code == 422
    assert datalab.put(f"{PIPELINES}/pl_parse", json=body).status_code == 422


@pytest.mark.parametrize(
    ("method", "path"),
    [
        *(("GET", path) for path in ("", "/versions", "/rate")),
        *(("PUT", path) for path in ("", "/save")),
        *(("POST", path) for path in ("/archive", "/unarchive", "/versions", "/discard")),
    ],
)
def test_a_pipeline_that_does_not_exist_is_404(datalab, method, path):
    response = datalab.request(method, f"{PIPELINES}/pl_none{path}", json={"steps": [CONVERT]})
    assert (response.status_code, response.json()) == (404, {"detail": "Pipeline not found"})


def test_a_change_of_a_pipeline_does_not_change_its_executions(datalab, run_pipeline, change):
    execution_id = run_pipeline()
    change("PUT", "pl_parse", {"steps": [CONVERT]})
    assert len(datalab.get(f"{EXECUTION}/{execution_id}").json()["steps"]) == 2


def test_reset_forgets_changes(emulator, datalab, create, change):
    name = create(CONVERT)["pipeline_id"]
    change("POST", "pl_parse/archive")
    emulator.reset()
    assert datalab.get(f"{PIPELINES}/{name}").status_code == 404
    assert change("GET", "pl_parse")["archived"] is False

"""What a hook reads of workflows, their logs and the authorizations; the secret of a webhook is in none of it."""

from __future__ import annotations

import json
from contextlib import closing
from typing import Any

import pytest

from airflow_workflow_providers.apis import altostrat, altostrat_workflows
from airflow_workflow_providers.core import errors
from airflow_workflow_providers.core.request import Request
from airflow_workflow_providers.emulator import Emulator
from airflow_workflow_providers.hooks.altostrat import AltostratHook
from tests.vendors import misread, response
from tests.vendors.altostrat import WEBHOOK

#: The same without its secret.
HIDDEN = "https://v1.api.altostrat.io/workflows/webhooks/***"

#: Each request whose response may have a workflow or the output of a step in it, and a body with its place for one.
READS: list[tuple[Request[Any], Any]] = [
    (altostrat_workflows.list_workflows(), [{}]),
    (altostrat_workflows.list_workflows(), {"data": [{}]}),
    (altostrat_workflows.get_workflow("w"), {}),
    (altostrat_workflows.list_workflow_logs("w"), [{}]),
    (altostrat_workflows.list_recent_logs(), [{}]),
    (altostrat_workflows.get_log_statistics("w"), {}),
    (altostrat_workflows.list_authorizations(), [{}]),
    (altostrat.get_run("r"), {"status": "failed"}),
    (altostrat.list_runs("w"), {"data": [{}]}),
]


def test_a_workflow_is_read_by_the_id_that_the_list_shows() -> None:
    with closing(AltostratHook()) as hook:
        listed = {each["id"]: each for each in hook.list_workflows()}
        workflow = hook.get_workflow("fl_sync_sites")
        with pytest.raises(errors.NotFound, match=r"read workflow fl_no_such_workflow.*\(not_found\)"):
            hook.get_workflow("fl_no_such_workflow")

    assert workflow.items() >= listed["fl_sync_sites"].items()
    assert [node["id"] for node in workflow["nodes"]] == ["n1", "n2"]
    assert [(edge["source"], edge["target"]) for edge in workflow["edges"]] == [("n1", "n2")]


def test_logs_and_their_statistics_are_those_of_the_runs() -> None:
    with closing(AltostratHook()) as hook:
        execution_id = str(hook.execute_workflow("fl_always_fails").execution_id)
        while hook.get_status(execution_id).status != "failed":
            pass
        logs, recent = hook.list_workflow_logs("fl_always_fails"), hook.list_recent_logs()
        run, statistics = hook.get_run(execution_id), hook.get_log_statistics("fl_always_fails")
        (authorization,) = hook.list_authorizations()

    assert logs == run["logs"]
    assert recent == run["logs"][-1:]
    assert statistics == {
        "log_statuses": {"success": 1, "error": 1},
        "recent_runs": {"failed": 1},
        "total_runs": 1,
        "success_rate": 0.0,
    }
    assert (authorization["provider"], authorization["status"]) == ("altostrat", "active")


def test_no_method_returns_the_secret_of_the_webhook_that_the_vendor_sends(emulator: Emulator) -> None:
    with closing(AltostratHook()) as hook:
        workflow, whole = hook.get_workflow("fl_on_webhook"), hook.list_workflows()

    base_url = emulator.account("altostrat")["base_url"]
    assert workflow["webhook_url"] == f"{base_url}/workflows/webhooks/***"
    assert workflow["webhook_url"] in {each["webhook_url"] for each in whole}
    assert "whsec_" not in f"{workflow}{whole}"


@pytest.mark.parametrize(("request_", "body"), READS)
def test_the_secret_of_a_webhook_is_hidden_wherever_it_is(request_: Request[Any], body: Any) -> None:
    """Also in the configuration of a node, in the output of a step, and in the workflow that older pages show of a run."""
    deep: Any = [f"POST {WEBHOOK} failed, {WEBHOOK}"]
    for _ in range(300):
        deep = {"a": deep}
    place = body["data"][0] if "data" in body else body[0] if isinstance(body, list) else body
    place |= {
        "webhook_url": WEBHOOK,
        "workflow": {"webhook_url": WEBHOOK},
        "nodes": [{"data": {"url": WEBHOOK}}],
    }

    value = request_.parse(response(json.dumps(body).replace("/", "\\/").encode()))
    read = value[0] if isinstance(value, list) else value["data"][0] if "data" in value else value

    assert read["webhook_url"] == read["workflow"]["webhook_url"] == read["nodes"][0]["data"]["url"] == HIDDEN
    place["deep"] = deep
    assert "abc123" not in str(request_.parse(response(body)))


def test_a_webhook_address_of_another_form_is_hidden_whole() -> None:
    """Only examples show the form of its secret."""

    def read(address: Any) -> Any:
        return altostrat_workflows.get_workflow("w").parse(response({"webhook_url": address}))["webhook_url"]

    cases: list[tuple[Any, Any]] = [
        (f"{WEBHOOK}.more?x=1", HIDDEN),
        ("https://hooks.altostrat.io/5ig9cZ7rQ2mWk8Tx/", "***"),
        ("https://hooks.altostrat.io/?token=5ig9cZ7rQ2mWk8Tx", "***"),
        ("", ""),
        (None, None),
        (7, 7),
    ]
    assert misread(read, cases) == {}


def test_what_has_no_secret_is_returned_as_it_was_sent() -> None:
    workflow = {
        "id": "fl_1",
        "webhook_url": None,
        "nodes": [{"data": ["https://a.example/?x=1", 7, None, True]}],
    }

    assert altostrat_workflows.get_workflow("w").parse(response(workflow)) == workflow
    assert altostrat_workflows.list_workflows().parse(response([workflow, None, "x"])) == [
        workflow,
        None,
        "x",
    ]


def test_a_list_is_an_array_or_the_items_of_a_page() -> None:
    wrong = [{}, {"data": None}, {"data": ["text"]}, {"message": "Unauthenticated."}, None, "text", 7]
    cases: list[tuple[Any, Any]] = [
        ([], []),
        ({"data": [{"id": "a"}], "links": {}, "meta": 7}, [{"id": "a"}]),
        *((body, errors.UnexpectedResponse) for body in wrong),
    ]

    for listed in (altostrat_workflows.list_workflows(), altostrat_workflows.list_workflow_logs("w")):
        assert misread(lambda body, parse=listed.parse: parse(response(body)), cases) == {}


def test_an_id_is_one_segment_of_a_path() -> None:
    for build, below in (
        (altostrat_workflows.get_workflow, ""),
        (altostrat_workflows.list_workflow_logs, "/logs"),
        (altostrat_workflows.get_log_statistics, "/logs/stats"),
    ):
        assert build("a/../b").path == f"/workflows/a%2F..%2Fb{below}"
        assert misread(build, [(bad, errors.InvalidInput) for bad in ("", "..", "None", None, [])]) == {}

"""Altostrat: one workflow, what its runs have logged, and the authorizations."""

import re


def test_a_workflow_has_its_nodes_and_edges(altostrat):
    flow = altostrat.get("/workflows/fl_continues_on_error").json()

    listed = {each["id"]: each for each in altostrat.get("/workflows").json()}
    assert {name: flow[name] for name in flow.keys() - {"nodes", "edges"}} == listed["fl_continues_on_error"]
    assert [(node["id"], node["data"]) for node in flow["nodes"]] == [
        ("n1", {"componentId": "manual_trigger"}),
        ("n2", {"componentId": "webhook"}),
        ("n3", {"componentId": "text_transform"}),
    ]
    assert [(edge["source"], edge["target"]) for edge in flow["edges"]] == [("n1", "n2"), ("n2", "n3")]


def test_a_workflow_with_a_webhook_has_its_address_and_no_other_has_one(altostrat):
    address = altostrat.get("/workflows/fl_on_webhook").json()["webhook_url"]

    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/altostrat/workflows/webhooks/whsec_[0-9a-f]{32}", address)
    addresses = {each["id"]: each["webhook_url"] for each in altostrat.get("/workflows").json()}
    assert {name: url for name, url in addresses.items() if url} == {"fl_on_webhook": address}


def test_logs_are_those_of_all_runs_of_a_workflow_up_to_now(emulator, altostrat, send_start, get_run):
    """To read them is no status check."""
    emulator.set_pace(status_checks=3)
    older, newer = [send_start().json()["id"] for _ in range(2)]
    send_start("fl_always_fails")
    for _ in range(3):
        whole = get_run(older)["logs"]
    for _ in range(2):
        begun = get_run(newer)["logs"]

    logs = [altostrat.get("/workflows/fl_sync_sites/logs").json() for _ in range(5)]

    assert (len(whole), len(begun)) == (2, 1)
    assert logs == [begun + whole] * 5


def test_recent_logs_have_the_latest_entry_of_each_workflow(emulator, altostrat, send_start, get_run):
    assert altostrat.get("/workflows/logs/recent").json() == []
    emulator.set_pace(seconds=0)
    runs = [send_start(name).json()["id"] for name in ("fl_sync_sites", "fl_sync_sites", "fl_always_fails")]

    latest = [get_run(run)["logs"][-1] for run in runs[1:]]

    assert altostrat.get("/workflows/logs/recent").json() == latest


def test_statistics_count_logs_and_runs_by_their_status(emulator, altostrat, send_start):
    emulator.set_pace(seconds=0)
    emulator.add_workflow("altostrat", "fl_mine")
    for _ in range(2):
        send_start("fl_mine")
    emulator.add_workflow("altostrat", "fl_mine", ends="failed")
    send_start("fl_mine")

    assert altostrat.get("/workflows/fl_mine/logs/stats").json() == {
        "log_statuses": {"success": 5, "error": 1},
        "recent_runs": {"failed": 1, "completed": 2},
        "total_runs": 3,
        "success_rate": 66.7,
    }
    assert altostrat.get("/workflows/fl_sync_sites/logs/stats").json()["total_runs"] == 0


def test_authorizations_are_listed_as_an_array(altostrat):
    (known,) = altostrat.get("/workflows/authorization").json()

    assert known.keys() == {"id", "user_id", "provider", "status", "created_at"}
    assert re.fullmatch(r"auth_[0-9a-z]{26}", known["id"])

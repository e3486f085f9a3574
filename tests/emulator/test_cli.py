import json
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_the_command_prints_one_line_of_json_and_ends_well_when_asked(ending):
    command = [sys.executable, "-m", "airflow_workflow_providers.emulator", "--port", "0", "--seconds", "0"]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            said = json.loads(process.stdout.readline())
            answer = use(said)
            process.send_signal(ending)
            rest, errors = process.communicate(timeout=10)
        finally:
            process.kill()
    assert answer["status"] == "COMPLETED"
    assert process.returncode == 0
    assert rest == ""
    assert errors == ""


def use(said: dict) -> dict:
    """Check the line, and run a workflow with nothing but what stands in it."""
    assert said.keys() == {"url", "control_url", "vendors"}
    assert int(said["url"].rpartition(":")[2]) < 32768
    assert said["control_url"] == said["url"] + "/_control"
    vendor = said["vendors"]["refold"]
    assert vendor.keys() == {"base_url", "api_key", "linked_account_id", "token", "connection"}
    assert vendor["connection"] == {
        "conn_type": "refold",
        "host": vendor["base_url"],
        "password": vendor["api_key"],
        "extra": {"linked_account_id": vendor["linked_account_id"]},
    }
    headers = {
        "x-api-key": vendor["api_key"],
        "linked_account_id": vendor["linked_account_id"],
        "slug": "hubspot",
    }
    with httpx.Client(base_url=vendor["base_url"] + "/api/v2/public", headers=headers) as client:
        told = client.post("/workflow/sync-contacts/execute", json={}).json()
        return client.get(f"/execution/{told['execution_id']}").json()

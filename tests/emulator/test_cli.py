import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from airflow_workflow_providers.get_provider_info import VENDORS

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_it_prints_one_line_of_json_and_exits_with_0_at_a_signal(ending):
    command = [sys.executable, "-m", "airflow_workflow_providers.emulator", "--port", "0", "--seconds", "0"]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            line = json.loads(process.stdout.readline())
            response = use(line)
            process.send_signal(ending)
            rest, errors = process.communicate(timeout=10)
        finally:
            process.kill()
    assert response["status"] == "COMPLETED"
    assert process.returncode == 0
    assert rest == ""
    assert errors == ""


def use(line: dict) -> dict:
    """Check the line, and run a workflow with nothing but what it contains."""
    assert line.keys() == {"url", "control_url", "control_token", "vendors"}
    assert int(line["url"].rpartition(":")[2]) < 32768
    assert line["control_url"] == line["url"] + "/_control"
    control = {"Authorization": f"Bearer {line['control_token']}"}
    assert httpx.get(line["control_url"] + "/ledger", headers=control).json() == {"requests": [], "runs": []}
    vendor = line["vendors"]["refold"]
    assert vendor.keys() == {"base_url", "api_key", "linked_account_id", "token", "connection"}
    assert vendor["connection"] == {
        "conn_type": "refold",
        "host": vendor["base_url"],
        "password": vendor["api_key"],
        "extra": {"linked_account_id": vendor["linked_account_id"], "requests_per_second": 10_000},
    }
    headers = {
        "x-api-key": vendor["api_key"],
        "linked_account_id": vendor["linked_account_id"],
        "slug": "hubspot",
    }
    with httpx.Client(base_url=vendor["base_url"] + "/api/v2/public", headers=headers) as client:
        started = client.post("/workflow/sync-contacts/execute", json={}).json()
        return client.get(f"/execution/{started['execution_id']}").json()


#: A program that runs a workflow with nothing but its environment, and exits with its argument.
PROGRAM = """
import json, os, sys
import httpx

connections = {name: json.loads(value) for name, value in os.environ.items() if name.startswith("AIRFLOW_CONN_")}
datalab = connections["AIRFLOW_CONN_DATALAB_DEFAULT"]
response = httpx.post(
    datalab["host"] + "/api/v1/workflows/workflows/101/execute",
    headers={"X-Api-Key": datalab["password"]},
    json={"input_config": {"file_urls": ["https://example.com/a.pdf"]}},
)
print(len(connections), response.status_code)
sys.exit(int(sys.argv[1]))
"""


@pytest.mark.parametrize("code", [0, 3])
def test_a_command_has_a_connection_to_every_vendor_and_its_exit_code_is_passed_on(code):
    done = emulating(sys.executable, "-c", PROGRAM, str(code))

    assert (done.returncode, done.stdout) == (code, f"{len(VENDORS)} 200\n"), done.stderr


#: The default poll interval of a task, and the shortest one.
INTERVALS = ["AIRFLOW__WORKFLOW_PROVIDERS__POLL_INTERVAL", "AIRFLOW__WORKFLOW_PROVIDERS__MIN_POLL_INTERVAL"]


@pytest.mark.parametrize(
    ("already", "seen"), [({}, ["1", "0.05"]), ({INTERVALS[0]: "", INTERVALS[1]: "5"}, ["", "5"])]
)
def test_a_command_polls_quickly_unless_its_environment_says_otherwise(already, seen):
    """
    A run on the emulator takes 2 s; with the usual default of 10 s a first task would mostly wait.

    The command does not learn the control URL: that is for the process that started the emulator.
    """
    program = (
        f"import os; print([os.environ[name] for name in {INTERVALS}], 'CONTROL' in str(os.environ).upper())"
    )
    inherited = {name: value for name, value in os.environ.items() if name not in INTERVALS}

    done = emulating(sys.executable, "-c", program, env={**inherited, **already})

    assert done.stdout == f"{seen} False\n", done.stderr
    assert "token" not in done.stderr


def test_a_signal_is_passed_on_to_the_command():
    command = [sys.executable, "-m", "airflow_workflow_providers.emulator"]
    waits = [sys.executable, "-c", "import signal; print('up', flush=True); signal.pause()"]
    with subprocess.Popen([*command, *waits], cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout.readline() == "up\n"
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=10) == 128 + signal.SIGTERM
        finally:
            process.kill()


def test_a_command_that_does_not_exist_is_named():
    done = emulating("no-such-command")

    assert done.returncode == 127
    assert "no-such-command cannot be run" in done.stderr


def emulating(*command: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "airflow_workflow_providers.emulator", *command],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

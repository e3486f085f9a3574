"""Datalab's command, `datalab`, of the same release as its client."""

import json
import re

STEPS = json.dumps([{"step_key": "marker_parse", "unique_name": "parse", "settings": {}}])


def test_it_executes_a_workflow_polls_and_downloads_what_was_made(emulator, command_line, tmp_path):
    given = json.dumps({"file_urls": ["https://example.com/file.pdf"]})
    code, output, errors = command_line("execute-workflow", "--workflow_id", "101", "--input_config", given)
    assert code == 0, errors
    (run,) = emulator.runs("datalab")
    assert f"Execution ID: {run['execution_id']}" in output
    assert run["input"] == json.loads(given)

    code, output, errors = command_line(
        *("get-execution-status", "--execution_id", run["execution_id"]),
        *("--max_polls", "3", "--download", "--output", "made"),
    )
    assert (code, "Status: COMPLETED" in output) == (0, True), errors
    made = json.loads((tmp_path / "made.json").read_text())
    assert made["steps"]["parse"]["file-1"]["downloaded_data"]["markdown"] == "# file-1\n\nparse\n"
    assert [each["status"] for each in emulator.requests("datalab", "output")] == [200, 200]


def test_it_says_nothing_of_a_failure_in_its_exit_code(emulator, command_line):
    """A named exception: a script that relies on the exit code takes a failed execution for a success."""
    command_line("execute-workflow", "--workflow_id", "102", "--input_config", "{}")
    (run,) = emulator.runs("datalab")
    code, output, _ = command_line(
        "get-execution-status", "--execution_id", run["execution_id"], "--max_polls", "3"
    )
    assert (code, "Status: FAILED" in output) == (0, True)


def test_it_sends_no_input_of_the_kind_on_the_page(emulator, command_line):
    """A named exception: it drops `type` and `file_url`, which the page Execute Workflow still shows."""
    given = json.dumps({"type": "single_file", "file_url": "https://example.com/file.pdf"})
    code, _, _ = command_line("execute-workflow", "--workflow_id", "101", "--input_config", given)
    assert (code, emulator.runs("datalab")[0]["input"]) == (0, {})


def test_it_shows_workflows_and_types_of_steps(command_line):
    code, output, errors = command_line("get-workflow", "--workflow_id", "101")
    assert (code, "parse-files" in output) == (0, True), errors
    code, output, errors = command_line("list-workflows")
    assert (code, "Found 6 workflow(s)" in output) == (0, True), errors
    code, output, errors = command_line("get-step-types")
    assert (code, re.findall(r"Key: +(\S+)", output)[0]) == (0, "marker_parse"), errors


def test_it_cannot_create_a_workflow(emulator, command_line):
    """A named exception: the command gives the client a `team_id` that this release no longer takes."""
    code, _, errors = command_line("create-workflow", "--name", "w", "--team_id", "12", "--steps", STEPS)
    assert code == 1
    assert "unexpected keyword argument 'team_id'" in errors
    assert emulator.requests("datalab") == []


def test_it_converts_and_segments_a_document(emulator, command_line, document, tmp_path):
    code, output, errors = command_line("convert", str(document), "--output_dir", "out")
    assert code == 0, errors
    assert (tmp_path / "out" / "report" / "report.md").read_text() == "# report.pdf\n\nconvert\n"
    schema = json.dumps({"segments": []})
    code, output, errors = command_line(
        *("segment", str(document), "--segmentation_schema", schema, "--output_dir", "out")
    )
    assert code == 0, output + errors
    assert [run["workflow_id"] for run in emulator.runs("datalab")] == ["convert", "segment"]


def test_it_refuses_a_wrong_key(emulator, command_line):
    code, _, errors = command_line("list-workflows", "--api_key", "wrong")
    assert (code, "401" in errors) == (1, True)
    assert [each["status"] for each in emulator.requests("datalab")] == [401]

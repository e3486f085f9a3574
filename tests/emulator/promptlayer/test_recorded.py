"""The emulator gives what the vendor's own server has been recorded to give: the same status, fields and types."""

from typing import Any

import httpx
import pytest

from tests.vendors.promptlayer.recorded import NODES, STARTED, TOKEN, VALUE, WORKFLOW, Recorded


@pytest.fixture
def replay(emulator, client):
    """Send what was sent when an answer was recorded."""

    def replay(recorded: Recorded, **query: object) -> httpx.Response:
        params = {**recorded.query, **query}
        return client.request(recorded.method, recorded.path, params=params, json=recorded.sent)

    emulator.set_pace(seconds=0)
    return replay


def missing(recorded: Any, emulated: Any, path: str = "") -> list[str]:
    """Return which recorded fields are missing, or are of another type; there may be more fields."""
    if type(recorded) is not type(emulated):
        return [f"{path}: {type(emulated).__name__}"]
    if isinstance(recorded, dict):
        return [
            problem
            for name, value in recorded.items()
            for problem in (
                missing(value, emulated[name], f"{path}/{name}") if name in emulated else [f"{path}/{name}"]
            )
        ]
    if isinstance(recorded, list):
        return [] if recorded == emulated else [path]
    return []


@pytest.mark.parametrize("recorded", [WORKFLOW, TOKEN, STARTED], ids=lambda recorded: recorded.path)
def test_an_answer_has_the_recorded_fields_and_types(replay, recorded):
    response = replay(recorded)
    assert response.status_code == recorded.status
    assert missing(recorded.body, response.json()) == []


def test_the_results_are_as_recorded(replay):
    started = replay(STARTED).json()["workflow_version_execution_id"]
    for recorded in (NODES, VALUE):
        response = replay(recorded, workflow_version_execution_id=started)
        assert (response.status_code, response.json()) == (recorded.status, recorded.body)


def test_a_token_is_valid_for_an_hour_and_for_its_channel(replay):
    issued, recorded = replay(TOKEN).json()["token_details"], TOKEN.body["token_details"]
    assert issued["expires"] - issued["issued"] == recorded["expires"] - recorded["issued"]
    assert issued["capability"] == recorded["capability"]

"""What the tests of the emulated PromptLayer share."""

import httpx

RESULTS = "/workflow-version-execution-results"

LOOKS_LIKE = {"Other": {"status": "FAILED", "value": None, "error_message": "no", "is_output_node": True}}


def node_statuses(response: httpx.Response) -> list[str]:
    return [node["status"] for node in response.json().values()]

"""What the tests of the emulated PromptLayer share; written from the vendor's pages, not from the emulator."""

import httpx

RESULTS = "/workflow-version-execution-results"

LOOKS_LIKE = {"Other": {"status": "FAILED", "value": None, "error_message": "no", "is_output_node": True}}


def words(answer: httpx.Response) -> list[str]:
    return [node["status"] for node in answer.json().values()]

"""What the tests of the emulated Datalab share."""

WORKFLOWS = "/api/v1/workflows/workflows"
EXECUTIONS = "/api/v1/workflows/executions"
PIPELINES = "/api/v1/pipelines"
EXECUTION = "/api/v1/pipelines/executions"
ONE = {"type": "single_file", "file_url": "https://example.com/file.pdf"}
TWO = {"file_urls": ["https://example.com/file1.pdf", "https://example.com/file2.pdf"]}


def cells(execution: dict, *names: str) -> list[tuple]:
    """Return these fields of every cell, steps and files in order."""
    return [
        tuple(cell.get(name) for name in names)
        for step in execution["steps"].values()
        for cell in step.values()
    ]

"""
Datalab: the document in the page "Execute Workflow", which has this operation alone.

``tests/emulator/datalab/schemas.py`` has what the other pages say. This document is for Schemathesis.
"""

from tests.emulator.schemas import (
    INTEGER,
    STRING,
    answer,
    array,
    body,
    document,
    fields,
    nullable,
    parameter,
)

_PROBLEM = fields("loc", "msg", "type", loc=array({"type": ["string", "integer"]}), msg=STRING, type=STRING)

DOCUMENT = document(
    "Datalab",
    {"type": "apiKey", "in": "header", "name": "X-API-Key"},
    {
        "/api/v1/workflows/workflows/{workflow}/execute": {
            "post": {
                "parameters": [parameter("workflow", "path", INTEGER, example=101)],
                "requestBody": body(
                    fields(input_config=nullable({"type": "object", "additionalProperties": True})),
                    example={
                        "input_config": {"type": "single_file", "file_url": "https://example.com/file.pdf"}
                    },
                ),
                "responses": {"200": answer({}), "422": answer(fields(detail=array(_PROBLEM)))},
            }
        }
    },
)

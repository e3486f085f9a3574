"""Laminar: the document in the page "Remote Workflow Execution", which has the external call alone."""

from tests.emulator.schemas import INTEGER, OBJECT, STRING, X_API_KEY, answer, body, document, parameter

_STEP = {**INTEGER, "format": "int32"}

DOCUMENT = document(
    "Laminar",
    X_API_KEY,
    {
        "/workflow/execute/external/{workflow}": {
            "post": {
                "parameters": [
                    parameter("workflow", "path", STRING, example="39"),
                    parameter("configuration_id", "query", STRING),
                    parameter("response_type", "query", STRING),
                    parameter("start_from_step", "query", _STEP),
                    parameter("end_at_step", "query", _STEP),
                    parameter("callback_url", "query", STRING),
                ],
                # The page has a text of any type.
                "requestBody": body({}, example={"email": "a@example.com"}),
                "responses": {status: answer(OBJECT) for status in ("200", "400", "401")},
            }
        }
    },
)

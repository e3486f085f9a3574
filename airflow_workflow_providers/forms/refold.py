"""The connection type ``refold``."""

from airflow_workflow_providers.forms import field, form

FORM = form(
    "refold",
    "Refold",
    host="https://app.refold.ai",
    password="API key or token",
    requests_per_second=20,
    fields={
        "auth_type": field(
            "Authentication",
            "api_key: an API key (pk... or tk...) for the linked account below. session_token: the same, and each request "
            "carries a session token that is created with it. bearer: a session token or personal access token, which "
            "belongs to an account of its own.",
            enum=["api_key", "session_token", "bearer"],
            default="api_key",
        ),
        "linked_account_id": field(
            "Linked account id",
            "The account whose workflows are run. Needed with an API key, unused with a token.",
        ),
    },
)

"""The connection type ``refold``."""

from airflow_workflow_providers.forms import form

FORM = form(
    "refold",
    "Refold",
    "airflow_workflow_providers.hooks.refold.RefoldHook",
    host="https://app.refold.ai",
    password="API key or token",
    fields={
        "auth_type": {
            "label": "Sign in with",
            "description": "api_key: an API key (pk... or tk...) that acts for the linked account below. "
            "bearer: a session token or personal access token, which names its own account.",
            "schema": {"type": ["string", "null"], "enum": ["api_key", "bearer"], "default": "api_key"},
        },
        "linked_account_id": {
            "label": "Linked account id",
            "description": "The account whose workflows are run. Needed with an API key, unused with a token.",
            "schema": {"type": ["string", "null"]},
        },
    },
)

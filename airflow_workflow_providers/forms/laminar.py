"""The connection type ``laminar``."""

from airflow_workflow_providers.forms import form

FORM = form(
    "laminar",
    "Laminar",
    "airflow_workflow_providers.hooks.laminar.LaminarHook",
    host="https://api.laminar.run",
    password="Workspace API key",
    fields={
        "region": {
            "label": "Region",
            "description": "Where the workspace is: us, or ca for Canada. A base URL above wins.",
            "schema": {"type": ["string", "null"], "enum": ["us", "ca"], "default": "us"},
        },
        "trigger_url": {
            "label": "Trigger URL",
            "description": "For jobs (LaminarRunJobOperator): where your jobs are called, with its path prefix.",
            "schema": {"type": ["string", "null"]},
        },
        "trigger_api_key": {
            "label": "Trigger API key",
            "description": "For jobs: the key of the trigger URL. It is not the workspace's key.",
            "schema": {"type": ["string", "null"], "format": "password"},
        },
        "workspace_id": {
            "label": "Workspace id",
            "description": "For the connection test only: an API key can read nothing but a configuration store.",
            "schema": {"type": ["string", "null"]},
        },
        "configuration_id": {
            "label": "Configuration store",
            "description": "For the connection test only: the external id of any configuration store.",
            "schema": {"type": ["string", "null"]},
        },
    },
)

"""The connection type ``laminar``."""

from airflow_workflow_providers.forms import field, form

FORM = form(
    "laminar",
    "Laminar",
    host="https://api.laminar.run",
    password="Workspace API key",
    fields={
        "region": field(
            "Region",
            "The region of the workspace: us, or ca for Canada. A base URL above takes precedence.",
            enum=["us", "ca"],
            default="us",
        ),
        "trigger_url": field(
            "Trigger URL", "For jobs (LaminarRunJobOperator): the address of your jobs, with its path prefix."
        ),
        "trigger_api_key": field(
            "Trigger API key", "For jobs: the key of the trigger URL, not the workspace's.", format="password"
        ),
        "workspace_id": field(
            "Workspace id", "For configuration stores, and for the connection test; see the next field."
        ),
        "configuration_id": field(
            "Configuration store",
            "For the connection test only: the external id of a configuration store. An API key can read nothing else.",
        ),
    },
)

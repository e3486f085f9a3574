"""The connection type ``promptlayer``."""

from airflow_workflow_providers.forms import form

FORM = form(
    "promptlayer",
    "PromptLayer",
    "airflow_workflow_providers.hooks.promptlayer.PromptLayerHook",
    host="https://api.promptlayer.com",
    password="API key",
)

"""The connection type ``datalab``."""

from airflow_workflow_providers.forms import form

FORM = form(
    "datalab",
    "Datalab",
    "airflow_workflow_providers.hooks.datalab.DatalabHook",
    host="https://www.datalab.to",
    password="API key",
)

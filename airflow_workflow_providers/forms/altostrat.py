"""The connection type ``altostrat``."""

from airflow_workflow_providers.forms import form

FORM = form("altostrat", "Altostrat", host="https://v1.api.altostrat.io", password="API key or token")

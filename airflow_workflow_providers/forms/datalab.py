"""The connection type ``datalab``."""

from airflow_workflow_providers.forms import form

FORM = form("datalab", "Datalab", host="https://www.datalab.to", password="API key")

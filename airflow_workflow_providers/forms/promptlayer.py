"""The connection type ``promptlayer``."""

from airflow_workflow_providers.forms import form

FORM = form("promptlayer", "PromptLayer", host="https://api.promptlayer.com", password="API key")

"""The connection type ``datalab``."""

from airflow_workflow_providers.forms import field, form

FORM = form(
    "datalab",
    "Datalab",
    host="https://www.datalab.to",
    password="API key",
    requests_per_second=6,
    fields={
        "download_hosts": field(
            "Hosts of results",
            "Results are fetched over https from public addresses. Hosts listed here, separated by commas, need not be public.",
        )
    },
)

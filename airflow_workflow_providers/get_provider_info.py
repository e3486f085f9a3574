"""What Airflow reads about this package. Data only: nothing heavy is imported."""

from __future__ import annotations

from importlib import import_module
from typing import Any

#: A vendor is one row here: the module's name in every room, and the vendor's page.
VENDORS = {
    "laminar": ("Laminar", "https://docs.laminar.run/"),
    "datalab": ("Datalab", "https://documentation.datalab.to/"),
    "refold": ("Refold", "https://docs.refold.ai/"),
    "promptlayer": ("PromptLayer", "https://docs.promptlayer.com/"),
    "altostrat": ("Altostrat", "https://altostrat.io/docs/"),
}

_ROOM = "airflow_workflow_providers"


def get_provider_info() -> dict[str, Any]:
    """Return the provider's description, in the form of Airflow's ``provider_info.schema.json``."""

    def modules(room: str) -> list[dict[str, Any]]:
        return [
            {"integration-name": name, "python-modules": [f"{_ROOM}.{room}.{vendor}"]}
            for vendor, (name, _) in VENDORS.items()
        ]

    return {
        "package-name": "airflow-workflow-providers",
        "name": "Workflow engines",
        "description": "Runs workflows on SaaS workflow engines: starts, waits, stops, and passes results on.",
        "integrations": [
            {"integration-name": name, "external-doc-url": url, "tags": ["service"]}
            for name, url in VENDORS.values()
        ],
        "hooks": modules("hooks"),
        "operators": modules("operators"),
        "sensors": modules("sensors"),
        "triggers": modules("triggers"),
        "connection-types": [import_module(f"{_ROOM}.forms.{vendor}").FORM for vendor in VENDORS],
        "config": {
            "workflow_providers": {
                "description": "Defaults for all operators and sensors of airflow-workflow-providers.",
                "options": {
                    "poll_interval": {
                        "description": "Seconds between two status checks of a run, where a task does not say.",
                        "version_added": "0.1.0",
                        "type": "float",
                        "example": None,
                        "default": "10.0",
                    },
                    "min_poll_interval": {
                        "description": "The least number of seconds between two status checks; a task that asks for "
                        "fewer gets these.",
                        "version_added": "0.1.0",
                        "type": "float",
                        "example": None,
                        "default": "1.0",
                    },
                },
            }
        },
        "extra-links": [f"{_ROOM}.links.ExecutionLink"],
    }

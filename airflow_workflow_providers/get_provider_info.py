"""What Airflow reads about this package. Data only: nothing heavy is imported."""

from importlib import import_module
from typing import Any

#: A vendor is one row here: the name of its module in every folder, its name, and its page.
VENDORS = {
    "laminar": ("Laminar", "https://docs.laminar.run/"),
    "datalab": ("Datalab", "https://documentation.datalab.to/"),
    "refold": ("Refold", "https://docs.refold.ai/"),
    "promptlayer": ("PromptLayer", "https://docs.promptlayer.com/"),
    "altostrat": ("Altostrat", "https://altostrat.io/docs/"),
}

#: The decorators, ``@task.<name>``, by the vendor's module.
DECORATORS = {
    "laminar": ("laminar", "laminar_job"),
    "datalab": ("datalab", "datalab_pipeline"),
    "refold": ("refold",),
    "promptlayer": ("promptlayer",),
    "altostrat": ("altostrat",),
}

_PACKAGE = "airflow_workflow_providers"


def get_provider_info() -> dict[str, Any]:
    """Return the provider's description, in the form of Airflow's ``provider_info.schema.json``."""

    def modules(folder: str) -> list[dict[str, Any]]:
        return [
            {"integration-name": name, "python-modules": [f"{_PACKAGE}.{folder}.{vendor}"]}
            for vendor, (name, _) in VENDORS.items()
        ]

    def seconds(description: str, default: str) -> dict[str, Any]:
        option = {"description": description, "type": "float", "default": default}
        return {**option, "version_added": "0.1.0", "example": None}

    options = {
        "poll_interval": seconds(
            "The least seconds between two status checks of a run, unless a task sets it.", "10.0"
        ),
        "max_poll_interval": seconds(
            "The most seconds between two status checks of a run, unless a task sets an interval: the interval grows to a "
            "tenth of the time that the run has taken so far.",
            "60.0",
        ),
        "min_poll_interval": seconds(
            "The least number of seconds between two status checks; a smaller value of a task is raised to it.",
            "1.0",
        ),
        "deployment_id": {
            "description": "The name of this Airflow. A run that can be labelled carries it, so that a person at the vendor can "
            "tell the runs of several Airflows with one account apart.",
            "type": "string",
            "default": "",
            "version_added": "0.1.0",
            "example": "production",
        },
        "input_folders": {
            "description": "The local folders below which a task may read an input file, separated by commas. By default "
            "there is none, because what a DAG run renders could otherwise send any file of a worker to a vendor.",
            "type": "string",
            "default": "",
            "version_added": "0.1.0",
            "example": "/data/in,/mnt/scans",
        },
        "execution_page": {
            "description": "Whether each task instance has the tab Remote execution in Airflow's UI, and tasks store in XCom what it "
            "shows. The API server reads this when it starts.",
            "type": "boolean",
            "default": "True",
            "version_added": "0.1.0",
            "example": None,
        },
    }
    return {
        "package-name": "airflow-workflow-providers",
        "name": "Workflow engines",
        "description": "Runs workflows on SaaS workflow engines: starts them, waits, stops them, and passes results on.",
        "integrations": [
            {"integration-name": name, "external-doc-url": url, "tags": ["service"]}
            for name, url in VENDORS.values()
        ],
        **{folder: modules(folder) for folder in ("hooks", "operators", "sensors", "triggers")},
        "connection-types": [import_module(f"{_PACKAGE}.forms.{vendor}").FORM for vendor in VENDORS],
        "config": {
            "workflow_providers": {
                "description": "Defaults for all operators and sensors of airflow-workflow-providers.",
                "options": options,
            }
        },
        "task-decorators": [
            {"name": name, "class-name": f"{_PACKAGE}.decorators.{vendor}.{name}_task"}
            for vendor, names in DECORATORS.items()
            for name in names
        ],
        "asset-uris": [
            {
                "schemes": [vendor],
                "handler": f"{_PACKAGE}.assets.sanitize_uri",
                "factory": f"{_PACKAGE}.assets.create_{vendor}_asset",
                "to_openlineage_converter": f"{_PACKAGE}.assets.convert_asset_to_openlineage",
            }
            for vendor in VENDORS
        ],
        "extra-links": [f"{_PACKAGE}.links.ExecutionLink"],
        # Airflow 3.1 does not read it.
        "cli": [f"{_PACKAGE}.cli.get_cli_commands"],
    }

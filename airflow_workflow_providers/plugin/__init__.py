"""The tab *Remote execution* of a task instance in Airflow's UI."""

from typing import Any

from airflow.providers.common.compat.sdk import AirflowPlugin

from airflow_workflow_providers.settings import execution_page

#: The page's folder below Airflow's base URL. The page finds Airflow's API beside it.
FOLDER = "remote-execution"


class ExecutionPagePlugin(AirflowPlugin):
    """
    Adds the page to each task instance, unless ``[workflow_providers] execution_page`` is False.

    Every process of Airflow loads plugins, and only the API server serves the page. So the module imports no web framework,
    and what the page consists of is read when a browser asks for it.
    """

    name = "airflow_workflow_providers"

    @classmethod
    def on_load(cls, *_args: Any, **_kwargs: Any) -> None:
        """Register the page. Airflow calls this once in a process, before it reads what a plugin has."""
        cls.fastapi_apps, cls.external_views = [], []
        if not execution_page():
            return
        from airflow_workflow_providers.plugin.files import PageFiles  # noqa: PLC0415  # not needed without the page

        cls.fastapi_apps = [{"app": PageFiles(), "url_prefix": f"/{FOLDER}", "name": "Remote execution"}]
        cls.external_views = [
            {
                "name": "Remote execution",
                "destination": "task_instance",
                "url_route": FOLDER,
                # Without a slash at the beginning, the browser looks for it below Airflow's base URL, whatever its path is.
                # Airflow leaves {MAP_INDEX} as it is if the task is not mapped, and 3.1 does not percent-encode the ids.
                "href": f"{FOLDER}/index.html?dag={{DAG_ID}}&run={{RUN_ID}}&task={{TASK_ID}}&map={{MAP_INDEX}}",
            }
        ]

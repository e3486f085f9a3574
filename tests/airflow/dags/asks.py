"""What any task asks Airflow for that reads a connection and returns a value: not a task of this package."""

from airflow.sdk import BaseHook, dag, task


@dag(schedule=None)
def asks() -> None:
    """One task for each connection."""

    @task
    def read(conn_id: str) -> str:
        """Read a connection as a hook does."""
        return BaseHook.get_connection(conn_id).conn_id

    for vendor in ("refold", "datalab"):
        read.override(task_id=vendor)(f"{vendor}_default")


asks()

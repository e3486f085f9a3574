"""Settings of a whole Airflow: the section ``[workflow_providers]`` of its configuration, and one of Airflow's own."""

from airflow.providers.common.compat.sdk import conf

#: The least seconds between two status checks, unless a task sets it: ``[workflow_providers] poll_interval``.
POLL_INTERVAL: float = conf.getfloat("workflow_providers", "poll_interval", fallback=10.0)

#: The most seconds between two status checks, unless a task sets it: ``[workflow_providers] max_poll_interval``.
MAX_POLL_INTERVAL: float = conf.getfloat("workflow_providers", "max_poll_interval", fallback=60.0)

#: Whether tasks wait in the triggerer, unless a task sets it: ``[operators] default_deferrable``.
DEFERRABLE: bool = conf.getboolean("operators", "default_deferrable", fallback=False)


def min_poll_interval() -> float:
    """
    Return the least number of seconds between two status checks; a smaller value of a task is raised to it.

    :return: ``[workflow_providers] min_poll_interval``; 1 s unless the configuration says otherwise.
    """
    return float(conf.getfloat("workflow_providers", "min_poll_interval", fallback=1.0))


def traces_are_on() -> bool:
    """
    Return whether Airflow makes traces.

    :return: ``[traces] otel_on``.
    """
    return bool(conf.getboolean("traces", "otel_on", fallback=False))


def deployment_id() -> str:
    """
    Return the name of this Airflow, which tells its runs from those of another one that uses the same account.

    :return: ``[workflow_providers] deployment_id``; empty unless the configuration says otherwise.
    """
    return str(conf.get("workflow_providers", "deployment_id", fallback="")).strip()


def input_folders() -> list[str]:
    """
    Return the local folders below which a task may read an input file.

    :return: ``[workflow_providers] input_folders``, separated by commas; none unless the configuration says otherwise.
    """
    listed = conf.get("workflow_providers", "input_folders", fallback="")
    return [folder.strip() for folder in str(listed).split(",") if folder.strip().startswith("/")]


def execution_page() -> bool:
    """
    Return whether Airflow's UI has the page of an execution, as a tab of each task instance.

    :return: ``[workflow_providers] execution_page``; True unless the configuration says otherwise.
    """
    return bool(conf.getboolean("workflow_providers", "execution_page", fallback=True))

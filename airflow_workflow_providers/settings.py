"""What a whole Airflow is set to: the section ``[workflow_providers]`` of its configuration, and a default of its own."""

from __future__ import annotations

from airflow.providers.common.compat.sdk import conf

#: Seconds between two status checks, where a task does not say: ``[workflow_providers] poll_interval``.
POLL_INTERVAL: float = conf.getfloat("workflow_providers", "poll_interval", fallback=10.0)

#: Whether tasks wait in the triggerer, where a task does not say: ``[operators] default_deferrable``.
DEFERRABLE: bool = conf.getboolean("operators", "default_deferrable", fallback=False)


def min_poll_interval() -> float:
    """
    Return the least number of seconds between two status checks; a task that asks for fewer gets these.

    :return: ``[workflow_providers] min_poll_interval``; 1 s unless the configuration says otherwise.
    """
    return float(conf.getfloat("workflow_providers", "min_poll_interval", fallback=1.0))

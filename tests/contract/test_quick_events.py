"""How soon a trigger may send its event."""

from airflow.executors.base_executor import BaseExecutor

from airflow_workflow_providers.emulator import Emulator
from tests.contract import trigger_for
from tests.vendors import REFOLD


def test_a_trigger_sends_no_event_in_its_first_seconds_unless_the_scheduler_bears_it(
    emulator: Emulator,
) -> None:
    """The scheduler of Airflow 3.4 does; ``dag.test()``, whose triggers have no id, has none."""
    bears_it = hasattr(BaseExecutor, "_drain_events_with_task_ids")
    trigger = trigger_for(REFOLD, "ex-1")
    assert trigger.least_delay == 0.0

    trigger.trigger_id = 1

    assert trigger.least_delay == (0.0 if bears_it else 5.0)

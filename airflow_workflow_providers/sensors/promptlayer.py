"""PromptLayer."""

from typing import Any, ClassVar

from airflow_workflow_providers.apis import promptlayer as api
from airflow_workflow_providers.core.execution import Execution
from airflow_workflow_providers.core.parameters import flag
from airflow_workflow_providers.hooks.promptlayer import (
    PromptLayerHook,
    PromptLayerScorecardHook,
    PromptLayerSheetHook,
)
from airflow_workflow_providers.operators.validation import conn_id
from airflow_workflow_providers.sensors.base import ExecutionSensor
from airflow_workflow_providers.triggers.base import ExecutionTrigger
from airflow_workflow_providers.triggers.promptlayer import (
    PromptLayerExecutionTrigger,
    PromptLayerScorecardExecutionTrigger,
    PromptLayerSheetExecutionTrigger,
)


class PromptLayerExecutionSensor(ExecutionSensor):
    """
    Wait for an execution of a PromptLayer workflow that another task, DAG or person has started.

    The request is "Get Workflow Version Execution Results" of PromptLayer's API reference, https://docs.promptlayer.com/. The task returns
    the same record as :class:`~airflow_workflow_providers.operators.promptlayer.PromptLayerExecuteWorkflowOperator`.

    :param return_all_outputs: return every node; False returns the value of the output node that succeeded.
    :param promptlayer_conn_id: the connection, of type ``promptlayer`` (templated).
    """

    template_fields = ("execution_id", "promptlayer_conn_id")
    hook_class = PromptLayerHook
    trigger_class = PromptLayerExecutionTrigger

    def __init__(
        self,
        *,
        return_all_outputs: bool = False,
        promptlayer_conn_id: str = "promptlayer_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.return_all_outputs = flag("return_all_outputs", return_all_outputs)
        self.promptlayer_conn_id = conn_id("promptlayer_conn_id", promptlayer_conn_id)

    def select_output(self, execution: Execution) -> Execution:
        """
        Return the execution with the final output alone, unless the author wants all.

        :param execution: the execution, with every node as its output.
        :return: with ``return_all_outputs`` the same; else with the value of the first output node that succeeded.
        """
        return execution if self.return_all_outputs else api.final_output(execution)


class PromptLayerSheetExecutionSensor(ExecutionSensor):
    """
    Wait for the recalculation of a sheet that another task, DAG or person has started.

    The request is "Get Operation" of PromptLayer's API reference, https://docs.promptlayer.com/. ``execution_id`` is
    ``<table>.<sheet>.<operation>``. The task returns
    the same record as :class:`~airflow_workflow_providers.operators.promptlayer.PromptLayerRecalculateSheetOperator`.

    :param promptlayer_conn_id: the connection, of type ``promptlayer`` (templated).
    """

    template_fields = ("execution_id", "promptlayer_conn_id")
    hook_class: ClassVar[type[PromptLayerHook]] = PromptLayerSheetHook
    trigger_class: ClassVar[type[ExecutionTrigger]] = PromptLayerSheetExecutionTrigger

    def __init__(self, *, promptlayer_conn_id: str = "promptlayer_default", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.promptlayer_conn_id = conn_id("promptlayer_conn_id", promptlayer_conn_id)


class PromptLayerScorecardExecutionSensor(PromptLayerSheetExecutionSensor):
    """
    Wait for the recalculation of a scorecard that another task, DAG or person has started.

    The request is "Get Scorecard Calculation" of PromptLayer's API reference, https://docs.promptlayer.com/. ``execution_id`` is
    ``<table>.<sheet>.<calculation>``. The task returns
    the same record as :class:`~airflow_workflow_providers.operators.promptlayer.PromptLayerRecalculateScorecardOperator`.
    """

    hook_class = PromptLayerScorecardHook
    trigger_class = PromptLayerScorecardExecutionTrigger

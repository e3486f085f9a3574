"""PromptLayer."""

from airflow_workflow_providers.decorators.base import decorator
from airflow_workflow_providers.operators.promptlayer import (
    PromptLayerExecuteWorkflowBatchOperator,
    PromptLayerExecuteWorkflowOperator,
)

promptlayer_task = decorator(
    PromptLayerExecuteWorkflowOperator,
    "promptlayer",
    returns="input_variables",
    batch_operator=PromptLayerExecuteWorkflowBatchOperator,
)

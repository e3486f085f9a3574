"""A DAG for each vendor, with a connection that a person has made in the form."""

from airflow.sdk import DAG

from airflow_workflow_providers.operators.altostrat import AltostratExecuteWorkflowOperator
from airflow_workflow_providers.operators.datalab import DatalabExecuteWorkflowOperator
from airflow_workflow_providers.operators.laminar import LaminarRunJobOperator
from airflow_workflow_providers.operators.promptlayer import PromptLayerExecuteWorkflowOperator
from airflow_workflow_providers.operators.refold import RefoldExecuteWorkflowOperator

with DAG("by_form_altostrat", schedule=None):
    AltostratExecuteWorkflowOperator(
        task_id="run", workflow_id="fl_sync_sites", altostrat_conn_id="altostrat_by_form"
    )

with DAG("by_form_datalab", schedule=None):
    DatalabExecuteWorkflowOperator(
        task_id="run",
        workflow_id=101,
        input_config={"file_urls": ["https://example.com/a.pdf"]},
        datalab_conn_id="datalab_by_form",
    )

with DAG("by_form_laminar", schedule=None):
    LaminarRunJobOperator(task_id="run", job_path="sync-invoices", laminar_conn_id="laminar_by_form")

with DAG("by_form_promptlayer", schedule=None):
    PromptLayerExecuteWorkflowOperator(
        task_id="run", workflow_name="answer-question", promptlayer_conn_id="promptlayer_by_form"
    )

with DAG("by_form_refold", schedule=None):
    RefoldExecuteWorkflowOperator(
        task_id="run", workflow_id="sync-contacts", slug="hubspot", refold_conn_id="refold_by_form"
    )

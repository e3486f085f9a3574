"""
Datalab (datalab.to): workflows, the newer pipelines, files, and documents, under ``/api/v1``.

Page titles here are those of documentation.datalab.to. The API cannot stop a run and has no idempotency key, and it lists
only the executions of a pipeline; so does the emulator. What no page says is marked as inferred. Custom processors, extraction
schemas, collections, and the processors besides convert, extract and segment are not emulated.
"""

from airflow_workflow_providers.emulator.vendors.datalab.routes import Datalab

__all__ = ["Datalab"]

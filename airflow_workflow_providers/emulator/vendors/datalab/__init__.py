"""
Datalab (datalab.to), the Workflows API under ``/api/v1``; its newer Pipelines API is not emulated.

Page titles here are those of documentation.datalab.to. The API cannot stop or list runs and has no idempotency key, so
the emulator has neither.
"""

from airflow_workflow_providers.emulator.vendors.datalab.routes import Datalab

__all__ = ["Datalab"]

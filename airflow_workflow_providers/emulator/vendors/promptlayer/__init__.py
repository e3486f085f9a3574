"""PromptLayer (promptlayer.com), the workflow calls of its REST API (docs.promptlayer.com/openapi.json).

A run has no status of its own: it is what its nodes and the HTTP status say. It can be neither stopped nor listed; only
the id that its start answers leads to it. ``calls`` says what each call does, ``workflows`` what a workflow is.
"""

from airflow_workflow_providers.emulator.vendors.promptlayer.calls import PromptLayer

__all__ = ["PromptLayer"]

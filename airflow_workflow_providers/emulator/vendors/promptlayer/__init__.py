"""
PromptLayer (promptlayer.com), the workflow routes of its REST API (docs.promptlayer.com/openapi.json).

A run has no status of its own: its nodes and the HTTP status say it. It cannot be stopped or listed; the id in the reply
to its start is the only way to it.
"""

from airflow_workflow_providers.emulator.vendors.promptlayer.routes import PromptLayer

__all__ = ["PromptLayer"]

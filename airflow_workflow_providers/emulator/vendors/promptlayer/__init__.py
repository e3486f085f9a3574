"""
PromptLayer (promptlayer.com), the routes of workflows and of recalculations in its REST API (docs.promptlayer.com/openapi.json).

A run of a workflow has no status of its own: its nodes and the HTTP status say it. It cannot be stopped or listed; the id in the
reply to its start is the only way to it. Of tables only the recalculation of a sheet and of its scorecard is emulated.
"""

from airflow_workflow_providers.emulator.vendors.promptlayer.routes import PromptLayer

__all__ = ["PromptLayer"]

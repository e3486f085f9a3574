"""Datalab (datalab.to), the Workflows API under ``/api/v1``; its newer Pipelines API is not emulated.

Page titles here are those of the vendor's documentation at documentation.datalab.to. Nothing there stops a run, lists
runs, or makes a second start harmless, so nothing here does.

``calls`` says what each call does, ``inputs`` what a start may name, ``answers`` how bodies look, ``workflows`` what a
workflow is, and those that are there from the start.
"""

from airflow_workflow_providers.emulator.vendors.datalab.calls import Datalab

__all__ = ["Datalab"]

"""Altostrat SDX Workflows (altostrat.io), version 1.0.0 of the public API, of which no page can stop a run.

``calls`` says what each call does, ``answers`` how bodies look, ``workflows`` what a workflow is, and those that are
there from the start.
"""

from airflow_workflow_providers.emulator.vendors.altostrat.calls import Altostrat

__all__ = ["Altostrat"]

"""Altostrat SDX Workflows (altostrat.io), version 1.0.0 of the public API, in which nothing can stop a run."""

from airflow_workflow_providers.emulator.vendors.altostrat.routes import Altostrat

__all__ = ["Altostrat"]

"""Refold (refold.ai, formerly Cobalt), public REST API v1.0.0 under ``/api/v2/public``."""

from airflow_workflow_providers.emulator.vendors.refold.routes import Refold

__all__ = ["Refold"]

"""Refold (refold.ai, formerly Cobalt), public REST API v1.0.0 under ``/api/v2/public``.

``calls`` says what each call does, ``access`` who may make it, ``answers`` and ``nodes`` how bodies look, ``lists`` how
lists are asked for and paged, ``workflows`` what a workflow is, and those that are there from the start.
"""

from airflow_workflow_providers.emulator.vendors.refold.calls import Refold

__all__ = ["Refold"]

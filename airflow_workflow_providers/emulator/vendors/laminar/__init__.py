"""
Laminar (laminar.run, now Minicor): the external workflow API, and the jobs engine behind a trigger URL.

The two have their own keys and ids. The first is written from "Remote Workflow Execution" and "Managing Configurations"
(docs.laminar.run), the second from "Calling jobs" (laminar-run/platform-documentation, api/calling-jobs.mdx). Neither
can stop a run.
"""

from airflow_workflow_providers.emulator.vendors.laminar.routes import Laminar

__all__ = ["Laminar"]

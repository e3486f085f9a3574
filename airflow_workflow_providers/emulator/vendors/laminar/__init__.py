"""Laminar (laminar.run, now Minicor): the external workflow API, and the jobs engine behind a trigger URL.

The two have keys, ids and manners of their own. What the first does is from "Remote Workflow Execution" and "Managing
Configurations" (docs.laminar.run), what the second does from "Calling jobs" (laminar-run/platform-documentation,
api/calling-jobs.mdx). Nothing can stop a run of either.

``calls`` says what each call does, ``workflows`` what a workflow or a job is, and those that are there from the start.
"""

from airflow_workflow_providers.emulator.vendors.laminar.calls import Laminar

__all__ = ["Laminar"]

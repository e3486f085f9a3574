"""Wait for a run that another task, DAG or person has started."""

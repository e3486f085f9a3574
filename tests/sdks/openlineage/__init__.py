"""OpenLineage's provider for Airflow, on a real task runner of each Airflow."""

#: The newest release, as it is on PyPI.
REQUIREMENT = "apache-airflow-providers-openlineage==2.20.3"

"""The commands of ``airflow workflow-executions``; ``cli.py`` says which there are, and imports this only when one runs."""

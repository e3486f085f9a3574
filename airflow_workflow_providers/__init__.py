"""Apache Airflow provider for workflows on Laminar, Datalab, Refold, PromptLayer and Altostrat."""

__version__ = "0.1.0"

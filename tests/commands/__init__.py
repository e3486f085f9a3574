"""``airflow workflow-executions``, against the emulator and a loopback server that answers as Airflow's API does."""

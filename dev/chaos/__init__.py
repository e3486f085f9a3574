"""Faults for tasks on a real Airflow; the emulator's ledger says what happened to their executions."""

"""Chaos: what becomes of runs when anything dies or a person steps in, on a real Airflow, by the emulator's ledger."""

"""A cluster on this machine: PostgreSQL, Redis, two triggerers and two workers of Celery, in front of the emulated vendors."""

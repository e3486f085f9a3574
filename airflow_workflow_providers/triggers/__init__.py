"""What survives a restart of the triggerer: the wait for a run."""

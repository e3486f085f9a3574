"""Wait for a run that somebody else has started."""

"""Start a run, wait for it or not, and pass its id and result to the next task."""

"""Start a run, wait for it or not, and pass its id and result on."""

"""What is true of every vendor: errors, calls as values, the one session, decisions about a run."""
